//! What each environment uses: how a prompt version comes there, what is checked before, and how it goes back.
//!
//! Production is what the pipeline asks with; staging is a pointer beside it, so that a version can be tried on a paired sample
//! and in the Testing Lab before it matters. Both are part of the configuration: every change of either is journalled and
//! undone like any other, and stands in the history, however it came about.

pub mod blast_radius;
mod checks;
pub mod compare;
mod findings;
mod gates;
mod parts;
mod record;

use std::sync::Arc;

pub(super) use record::{About, record};

use super::{Core, DomainError, Result, config, config_journal, page, prompts};
use crate::platform::store;
use crate::wire::config::{ConfigChanged, PipelineConfig};
use crate::wire::deployment::{CheckState, DeployPrompt, DeployReview, Deployment, DeploymentsQuery, Environment, ReviewQuery};
use crate::wire::ids::{DeploymentId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt::PromptVersion;

/// Characters of a note and of a reason.
const WORDS_MOST: usize = 500;

/// What an environment uses.
#[must_use]
pub(super) fn used(config: &PipelineConfig, environment: Environment) -> Option<PromptVersionId> {
    match environment {
        Environment::Staging => config.staged_prompt_version_id,
        Environment::Production => Some(config.live_prompt_version_id),
    }
}

/// Puts a version into an environment. Production wants the checks passed, or a reason.
pub async fn deploy(core: &Arc<Core>, asked: &DeployPrompt) -> Result<ConfigChanged> {
    let note = check_words("note", "The note", &asked.note)?;
    let reason = check_words("override_reason", "The reason", asked.override_reason.as_deref().unwrap_or_default())?;
    let version = version(core, asked.prompt_version_id).await?;
    // No reason helps a text that gives no question.
    prompts::check_renders((&version).into())?;
    let config = config::current(core).await?;
    let (environment, id) = (asked.environment, version.id);
    check_place(&config, asked, &version)?;
    let verdict = checks::all(core, &config, &version, environment, asked.report_id).await?;
    let needs_reason = environment == Environment::Production && verdict.validation.needs_override();
    if needs_reason && reason.is_empty() {
        let why: Vec<String> = verdict
            .checks
            .iter()
            .filter(|check| matches!(check.state, CheckState::Fail | CheckState::Missing))
            .map(|check| format!("{}: {}", check.title, check.why))
            .collect();
        let message = format!("{} is not validated. {}. Mend it, or give a reason to deploy it all the same", version.label(), why.join("; "));
        return Err(DomainError::Conflict { code: "override_needed", message });
    }
    let about = About {
        note: note.to_owned(),
        validation: verdict.validation,
        checks: verdict.checks,
        override_reason: needs_reason.then(|| reason.to_owned()),
        report_id: verdict.report_id,
    };
    let changed = config::deploy(core, about, |config| {
        // Somebody may have been faster.
        check_place(config, asked, &version)?;
        match environment {
            Environment::Staging => (config.staged_prompt_version_id, config.staged_prompt) = (Some(id), Some(version.label())),
            Environment::Production => (config.live_prompt_version_id, config.live_prompt) = (id, version.label()),
        }
        Ok(())
    })
    .await?;
    if environment == Environment::Staging {
        // That is what staging is for. Where it would cost money, a person is asked first.
        blast_radius::begin_if_free(core, id).await;
    }
    Ok(changed)
}

/// Refuses what is there already, and what was decided about another version than is there now.
fn check_place(config: &PipelineConfig, asked: &DeployPrompt, version: &PromptVersion) -> Result<()> {
    let (there, word) = (used(config, asked.environment), asked.environment.word());
    if there == Some(version.id) {
        let message = format!("{} is in {word} already; nothing was changed", version.label());
        return Err(DomainError::Conflict { code: "already_there", message });
    }
    if asked.replaces.is_some() && asked.replaces != there {
        let label = match asked.environment {
            Environment::Staging => config.staged_prompt.as_deref().unwrap_or("nothing"),
            Environment::Production => &config.live_prompt,
        };
        let message = format!("Meanwhile {word} uses {label}. Look at the difference to that, and decide again");
        return Err(DomainError::Stale { message });
    }
    Ok(())
}

fn check_words<'w>(code: &'static str, what: &str, words: &'w str) -> Result<&'w str> {
    let words = words.trim();
    if words.chars().count() > WORDS_MOST {
        return Err(DomainError::Invalid { code, message: format!("{what} has more than {WORDS_MOST} characters; shorten it") });
    }
    Ok(words)
}

async fn version(core: &Core, id: PromptVersionId) -> Result<PromptVersion> {
    store::prompts::version(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "prompt version" })
}

/// All that can be known of a deployment before it is done. Asks no model.
pub async fn review(core: &Core, query: ReviewQuery) -> Result<DeployReview> {
    let version = version(core, query.prompt_version_id).await?;
    let config = config::current(core).await?;
    let verdict = checks::all(core, &config, &version, query.environment, None).await?;
    let replaces = match used(&config, query.environment) {
        Some(id) => store::prompts::version(&core.db, core.org, id).await?,
        None => None,
    };
    let newest = store::deployments::list(&core.db, core.org, Some(query.environment), None, 1).await?.pop();
    let replaces_since = newest.filter(|newest| newest.to.as_ref().map(|to| to.id) == replaces.as_ref().map(|version| version.id));
    Ok(DeployReview {
        environment: query.environment,
        replaces_since: replaces_since.map(|newest| newest.at),
        replaces,
        version,
        live_model: config.live_model,
        checks: verdict.checks,
        validation: verdict.validation,
        report_id: verdict.report_id,
    })
}

/// The history, newest first.
pub async fn list(core: &Core, query: &DeploymentsQuery) -> Result<Page<Deployment>> {
    let after = query.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, DeploymentId(id)));
    let limit = page::limit(query.limit);
    let items = store::deployments::list(&core.db, core.org, query.environment, after, limit).await?;
    let next_cursor = page::next_cursor(&items, limit, |deployment| (deployment.at, deployment.id.0));
    Ok(Page { items, next_cursor, total: None })
}

/// Puts back what a deployment replaced: an undo of its entry in the journal. Refused when its environment uses another
/// version by now.
pub async fn roll_back(core: &Core, id: DeploymentId) -> Result<ConfigChanged> {
    let deployment = store::deployments::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "deployment" })?;
    let label = |version: &Option<crate::wire::deployment::DeployedVersion>| {
        version.as_ref().map_or_else(|| "nothing".to_owned(), |version| version.label.clone())
    };
    if let Some(by) = &deployment.rolled_back_by {
        let message = format!("This deployment of {} was rolled back already, by {by}", label(&deployment.to));
        return Err(DomainError::Conflict { code: "rolled_back", message });
    }
    match config_journal::undo(core, deployment.change_id).await {
        Err(DomainError::Conflict { code: "changed_since", .. }) => {
            let config = config::current(core).await?;
            let now = match deployment.environment {
                Environment::Staging => config.staged_prompt.unwrap_or_else(|| "nothing".to_owned()),
                Environment::Production => config.live_prompt,
            };
            let message = format!(
                "{} uses {now} by now, so this deployment can't be taken back. Deploy {} again instead",
                deployment.environment.label(),
                label(&deployment.from)
            );
            Err(DomainError::Conflict { code: "changed_since", message })
        }
        outcome => outcome,
    }
}
