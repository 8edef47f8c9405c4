//! The analysis as it is asked for: the models that could be used, their figures, and the findings.

use super::super::{Core, DomainError, Result, config, models, prompts, providers};
use super::{ModelFacts, Subject, figures, findings};
use crate::platform::store;
use crate::providers::KeyNeed;
use crate::wire::config::PipelineConfig;
use crate::wire::ids::PromptId;
use crate::wire::model::KeyState;
use crate::wire::prompt_analysis::{AnalyzePrompt, Finding, IgnoreFinding, PromptAnalysis};

/// Models that a provider's own list has beyond what the program knows; an aggregator offers hundreds.
const OFFERED_MOST: usize = 12;
/// Bytes of a finding's key.
const KEY_MOST: usize = 120;

/// Analyses a prompt. Nothing of it is kept but counts of tokens.
pub async fn analyze(core: &Core, asked: AnalyzePrompt) -> Result<PromptAnalysis> {
    let config = config::current(core).await?;
    let facts = facts(core, &config, &asked.models).await?;
    let figures = figures::of(core, &config, &asked, &facts).await?;
    let findings = look(core, asked, facts).await?;
    Ok(PromptAnalysis { findings, ..figures })
}

/// The findings alone, those that are ignored marked. Asks nobody anything.
pub async fn findings_of(core: &Core, config: &PipelineConfig, asked: AnalyzePrompt) -> Result<Vec<Finding>> {
    let facts = facts(core, config, &asked.models).await?;
    look(core, asked, facts).await
}

async fn look(core: &Core, asked: AnalyzePrompt, facts: Vec<ModelFacts>) -> Result<Vec<Finding>> {
    let ignored = match asked.prompt_id {
        Some(prompt) => store::prompt_findings::ignored(&core.db, core.org, prompt).await?,
        None => Vec::new(),
    };
    // A long text takes some milliseconds of a core, which is too long for a thread that answers requests.
    let mut findings = core.on_a_core(move || findings(&Subject::new(&asked, &facts))).await?;
    for finding in &mut findings {
        finding.is_ignored = ignored.contains(&finding.key);
    }
    Ok(findings)
}

/// Remembers that a finding of a prompt is right as it is, or shows it again.
pub async fn ignore(core: &Core, prompt: PromptId, asked: &IgnoreFinding) -> Result<()> {
    let key = asked.key.trim();
    if key.is_empty() || key.len() > KEY_MOST || !key.contains(':') {
        let message = "The key must be one that the analysis gave, such as 'vague_word:0123456789abcdef'".to_owned();
        return Err(DomainError::Invalid { code: "finding_key", message });
    }
    let mut change = core.change().await?;
    prompts::get(core, prompt).await?;
    if asked.ignored {
        store::prompt_findings::ignore(&mut change.tx, core.org, prompt, key, core.now()).await?;
    } else {
        store::prompt_findings::show_again(&mut change.tx, core.org, prompt, key).await?;
    }
    change.commit().await
}

/// The models that could be used now: those on this computer, those whose key is there, the live one and those asked about.
async fn facts(core: &Core, config: &PipelineConfig, asked: &[String]) -> Result<Vec<ModelFacts>> {
    let mut all = Vec::new();
    for provider in core.providers.iter() {
        let is_usable = match providers::key_state(core, provider.as_ref()).await {
            KeyState::NotNeeded | KeyState::Present { .. } => true,
            KeyState::Missing { .. } => provider.key_need() == KeyNeed::Optional,
        };
        let mut entries = provider.catalogue();
        let offered = providers::known_offered(core, provider.name());
        let others = offered.iter().filter(|model| model.takes_photos != Some(false) && entries.iter().all(|entry| entry.model != model.id));
        let others: Vec<_> = others.take(OFFERED_MOST).map(|model| models::unlisted_entry(&model.id)).collect();
        entries.extend(others);
        let wanted = std::iter::once(&config.live_model)
            .chain(asked)
            .filter_map(|name| core.providers.find(name))
            .filter(|(owner, _)| owner.name() == provider.name());
        let unlisted: Vec<String> =
            wanted.map(|(_, model)| model.to_owned()).filter(|model| entries.iter().all(|entry| entry.model != *model)).collect();
        entries.extend(unlisted.iter().map(|model| models::unlisted_entry(model)));
        for entry in entries {
            let name = models::full_name(provider.name(), &entry.model);
            let (is_live, is_asked) = (name == config.live_model, asked.contains(&name));
            if is_usable || is_live || is_asked {
                let told = offered.iter().find(|model| model.id == entry.model).and_then(|model| model.context_tokens);
                all.push(ModelFacts {
                    provider: provider.name().to_owned(),
                    display_name: entry.display_name,
                    is_live,
                    is_asked,
                    captions: entry.captions,
                    follows_prompt: entry.follows_prompt,
                    takes: provider.takes(&entry.model),
                    refuses_undefined_fields: provider.refuses_undefined_fields(),
                    context_tokens: told.or_else(|| provider.context_tokens(&entry.model)),
                    name,
                });
            }
        }
    }
    all.sort_by_key(|model| !model.is_live);
    Ok(all)
}
