//! What the area asks the platform for, kept current by events.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::draft::Contents;
use crate::gui::ctx::{AreaCtx, KeysSeen, Remote};
use crate::wire::config::{ConfigChange, PHOTO_SET_FIELD, PipelineConfig, TRUTH_FIELD};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::model::ModelInfo;
use crate::wire::page::Page;
use crate::wire::prompt::{Prompt, PromptVersion};
use crate::wire::prompt_label::VersionLabels;
use crate::wire::prompt_parts::PromptParts;
use crate::wire::provider::{ProviderInfo, ProviderList};

/// Measured figures of models are asked for again after this long, while they are looked at.
const MODELS_KEEP: Duration = Duration::from_secs(30);

/// Whether an undo or redo was about prompts: which of them there are, their names, versions and labels.
fn touches_prompts(change: &ConfigChange) -> bool {
    let fields = change.after.as_object().into_iter().flat_map(serde_json::Map::keys);
    fields.into_iter().any(|field| field.starts_with("prompt:") || field.starts_with("version:"))
}

/// Everything the area knows of the platform.
#[derive(Default)]
pub struct Data {
    pub prompts: Remote<Page<Prompt>>,
    /// Of the prompts that were opened.
    versions: HashMap<PromptId, Remote<Page<PromptVersion>>>,
    /// Of the versions that were looked at: the list has only the start of their texts.
    whole: HashMap<PromptVersionId, Remote<PromptVersion>>,
    pub config: Remote<PipelineConfig>,
    pub models: Remote<Page<ModelInfo>>,
    pub providers: Remote<ProviderList>,
    /// Grows whenever the configuration may have changed.
    pub config_news: u64,
    /// Who changed the configuration last, as far as it was heard here.
    pub changed_by: Option<String>,
    wants: Wants,
    keys_seen: KeysSeen,
}

/// What has to be asked again although there is an answer.
#[derive(Default)]
struct Wants {
    prompts: bool,
    config: bool,
    models: bool,
    providers: bool,
    versions: HashSet<PromptId>,
}

impl Data {
    /// Takes in answers.
    pub fn poll(&mut self) {
        self.prompts.poll();
        self.config.poll();
        self.models.poll();
        self.providers.poll();
        for versions in self.versions.values_mut() {
            versions.poll();
        }
        for version in self.whole.values_mut() {
            version.poll();
        }
    }

    /// Asks for what is missing or old. Prompts and configuration are always wanted.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>) {
        if self.keys_seen.changed(ctx.keys) {
            (self.wants.models, self.wants.providers) = (true, true);
        }
        if std::mem::take(&mut self.wants.prompts) || self.prompts.is_untouched() {
            ctx.ask(&mut self.prompts, |client| async move { client.prompts().await });
        }
        if std::mem::take(&mut self.wants.config) || self.config.is_untouched() {
            ctx.ask(&mut self.config, |client| async move { client.config().await });
        }
    }

    pub fn ask_versions(&mut self, id: PromptId, ctx: &AreaCtx<'_>) {
        let versions = self.versions.entry(id).or_default();
        if self.wants.versions.remove(&id) || versions.is_untouched() {
            ctx.ask(versions, |client| async move { client.prompt_version_outlines(id).await });
        }
    }

    /// Asks for the models, while they are looked at.
    pub fn ask_models(&mut self, ctx: &AreaCtx<'_>) {
        let age = self.models.received_at().map(|at| at.elapsed());
        let is_old = age.is_some_and(|age| age >= MODELS_KEEP) && !self.models.is_pending();
        if std::mem::take(&mut self.wants.models) || self.models.is_untouched() || is_old {
            ctx.ask(&mut self.models, |client| async move { client.models().await });
        }
        ctx.egui.request_repaint_after(MODELS_KEEP);
    }

    /// Asks for the providers, while they are looked at.
    pub fn ask_providers(&mut self, ctx: &AreaCtx<'_>) {
        let age = self.providers.received_at().map(|at| at.elapsed());
        let is_old = age.is_some_and(|age| age >= MODELS_KEEP) && !self.providers.is_pending();
        if std::mem::take(&mut self.wants.providers) || self.providers.is_untouched() || is_old {
            let own = ctx.own_keys();
            ctx.ask(&mut self.providers, |client| async move {
                let mut providers = client.providers().await?;
                if let Some(own) = own {
                    own.fill_providers(&mut providers.items).await;
                }
                Ok(providers)
            });
        }
        ctx.egui.request_repaint_after(MODELS_KEEP);
    }

    /// Whether the list of providers shows the settings that the configuration has.
    #[must_use]
    pub fn shows_providers_as_set(&self) -> bool {
        let (Some(list), Some(config)) = (self.providers.value(), self.config.value()) else { return false };
        let as_set = |listed: &ProviderInfo| listed.setting == config.providers.get(&listed.name).cloned().unwrap_or_default();
        list.items.iter().all(as_set)
    }

    pub fn reload(&mut self) {
        let versions = self.versions.keys().copied().collect();
        self.config_news += 1;
        self.wants = Wants { prompts: true, config: true, models: true, providers: true, versions };
    }

    pub fn reload_prompts(&mut self) {
        self.wants.prompts = true;
    }

    /// Whether the prompts are asked for, or about to be.
    #[must_use]
    pub fn prompts_are_due(&self) -> bool {
        self.wants.prompts || self.prompts.is_pending()
    }

    pub fn reload_versions(&mut self, id: PromptId) {
        self.wants.versions.insert(id);
    }

    pub fn reload_models(&mut self) {
        self.wants.models = true;
    }

    pub fn reload_providers(&mut self) {
        self.wants.providers = true;
    }

    pub fn reload_config(&mut self) {
        self.wants.config = true;
    }

    #[must_use]
    pub fn prompt(&self, id: PromptId) -> Option<&Prompt> {
        self.prompts.value()?.items.iter().find(|prompt| prompt.id == id)
    }

    /// Versions of a prompt, newest first, where they were asked for.
    #[must_use]
    pub fn versions(&self, id: PromptId) -> Option<&Remote<Page<PromptVersion>>> {
        self.versions.get(&id)
    }

    #[must_use]
    pub fn newest_version(&self, id: PromptId) -> Option<&PromptVersion> {
        self.versions.get(&id)?.value()?.items.first()
    }

    #[must_use]
    pub fn version(&self, prompt: PromptId, id: PromptVersionId) -> Option<&PromptVersion> {
        self.versions.get(&prompt)?.value()?.items.iter().find(|version| version.id == id)
    }

    /// Asks for all of a version that the list has the start of.
    pub fn ask_whole(&mut self, prompt: PromptId, id: PromptVersionId, ctx: &AreaCtx<'_>) {
        let Some(number) = self.version(prompt, id).filter(|version| version.is_outline).map(|version| version.version) else { return };
        let whole = self.whole.entry(id).or_default();
        if whole.is_untouched() {
            ctx.ask(whole, |client| async move { client.prompt_version(prompt, number).await });
        }
    }

    /// All of a version, once it is known; labels are those of the list.
    #[must_use]
    pub fn whole_version(&self, prompt: PromptId, id: PromptVersionId) -> Option<&PromptVersion> {
        self.version(prompt, id).filter(|version| !version.is_outline).or_else(|| self.whole.get(&id)?.value())
    }

    /// Why a version could not be read; asking again forgets it.
    #[must_use]
    pub fn whole_failure(&self, id: PromptVersionId) -> Option<String> {
        self.whole.get(&id)?.failure().map(ToString::to_string)
    }

    pub fn forget_whole(&mut self, id: PromptVersionId) {
        self.whole.remove(&id);
    }

    #[must_use]
    pub fn live_version(&self) -> Option<PromptVersionId> {
        self.config.value().map(|config| config.live_prompt_version_id)
    }

    /// What the platform holds of a prompt: its draft, else its newest version; `None` where that is not known yet.
    #[must_use]
    pub fn contents_of(&self, prompt: &Prompt) -> Option<Contents> {
        let newest = || self.newest_version(prompt.id).filter(|version| version.version >= prompt.latest_version);
        let version = if prompt.latest_version > 0 && (prompt.draft.is_none() || prompt.draft_parts.is_none()) { Some(newest()?) } else { None };
        let user = prompt.draft.as_deref().or(version.map(|version| version.content.as_str())).unwrap_or_default();
        let none = PromptParts::default();
        let parts = prompt.draft_parts.as_ref().or(version.map(|version| &version.parts)).unwrap_or(&none);
        Some(Contents::of(user, parts))
    }

    /// A prompt's newest state, from an event or an answer.
    pub fn set_prompt(&mut self, prompt: Prompt) {
        let Some(page) = self.prompts.value_mut() else { return };
        match page.items.iter_mut().find(|known| known.id == prompt.id) {
            Some(known) if known.revision <= prompt.revision => *known = prompt,
            Some(_) => {}
            None => page.items.push(prompt),
        }
    }

    /// A version that was saved, from an event or an answer.
    pub fn add_version(&mut self, version: PromptVersion) {
        if let Some(prompt) = self.prompts.value_mut().and_then(|page| page.items.iter_mut().find(|prompt| prompt.id == version.prompt_id)) {
            prompt.latest_version = prompt.latest_version.max(version.version);
        }
        let Some(page) = self.versions.get_mut(&version.prompt_id).and_then(Remote::value_mut) else { return };
        if page.items.iter().all(|known| known.id != version.id) {
            let at = page.items.partition_point(|known| known.version > version.version);
            page.items.insert(at, version);
        }
    }

    /// The labels of a version, from an event or an answer.
    pub fn set_labels(&mut self, now: &VersionLabels) {
        let page = self.versions.get_mut(&now.prompt_id).and_then(Remote::value_mut);
        if let Some(version) = page.and_then(|page| page.items.iter_mut().find(|version| version.id == now.version_id)) {
            version.labels.clone_from(&now.labels);
        }
    }

    /// The configuration as a write or an event tells it.
    pub fn set_config(&mut self, config: PipelineConfig) {
        if self.config.value().is_some_and(|known| known.revision > config.revision) {
            return;
        }
        if self.config.value().is_some_and(|known| known.providers != config.providers) {
            (self.wants.providers, self.wants.models) = (true, true);
        }
        if self.config.value().is_none_or(|known| known.live_prompt_version_id != config.live_prompt_version_id) {
            // Which prompt is live stands in the prompts.
            self.wants.prompts = true;
        }
        if self.config.value().is_some_and(|known| known.live_model != config.live_model || known.fallbacks != config.fallbacks) {
            // What is expected of the others is told against the live one.
            self.wants.models = true;
        }
        if let Some(models) = self.models.value_mut() {
            for model in &mut models.items {
                model.is_live = model.name == config.live_model;
            }
            self.wants.models |= models.items.iter().all(|model| !model.is_live);
        }
        self.config.set(config);
        self.config_news += 1;
    }

    pub fn on_event(&mut self, event: &Event) {
        match &event.what {
            Happened::ConfigChanged { config, change } => {
                self.set_config(config.clone());
                if let Some(change) = change {
                    self.changed_by = Some(change.actor.clone());
                }
                if change.as_ref().is_some_and(|change| change.touches(PHOTO_SET_FIELD) || change.touches(TRUTH_FIELD)) {
                    self.config_news += 1;
                }
                if change.as_ref().is_some_and(touches_prompts) {
                    self.wants.prompts = true;
                    self.wants.versions.extend(self.versions.keys().copied());
                    // The configuration is the same, the journal is not.
                    self.config_news += 1;
                }
            }
            Happened::PromptChanged(prompt) => {
                // That it is new or renamed stands in the journal, a draft does not.
                let is_journalled = self.prompt(prompt.id).is_none_or(|known| known.name != prompt.name);
                self.config_news += u64::from(is_journalled);
                self.set_prompt(prompt.clone());
            }
            Happened::PromptVersionSaved(version) => {
                self.config_news += 1;
                self.add_version(version.clone());
            }
            Happened::PromptLabelsChanged(now) => {
                self.config_news += 1;
                self.set_labels(now);
            }
            Happened::Resync => self.reload(),
            _ => {}
        }
    }
}
