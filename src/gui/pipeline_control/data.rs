//! What the area asks the platform for, kept current by events.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::config::{ConfigChange, PipelineConfig};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::model::ModelInfo;
use crate::wire::page::Page;
use crate::wire::prompt::{Prompt, PromptVersion};
use crate::wire::provider::ProviderList;

/// Measured figures of models are asked for again after this long, while they are looked at.
const MODELS_KEEP: Duration = Duration::from_secs(30);

/// Everything the area knows of the platform.
#[derive(Default)]
pub struct Data {
    pub prompts: Remote<Page<Prompt>>,
    /// Of the prompts that were opened.
    versions: HashMap<PromptId, Remote<Page<PromptVersion>>>,
    pub config: Remote<PipelineConfig>,
    pub models: Remote<Page<ModelInfo>>,
    pub changes: Remote<Page<ConfigChange>>,
    pub providers: Remote<ProviderList>,
    wants: Wants,
}

/// What has to be asked again although there is an answer.
#[derive(Default)]
struct Wants {
    prompts: bool,
    config: bool,
    models: bool,
    changes: bool,
    providers: bool,
    versions: HashSet<PromptId>,
}

impl Data {
    /// Takes in answers.
    pub fn poll(&mut self) {
        self.prompts.poll();
        self.config.poll();
        self.models.poll();
        self.changes.poll();
        self.providers.poll();
        for versions in self.versions.values_mut() {
            versions.poll();
        }
    }

    /// Asks for what is missing or old. Prompts and configuration are always wanted.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>) {
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
            ctx.ask(versions, |client| async move { client.prompt_versions(id).await });
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

    /// Asks for the journal, while it is looked at.
    pub fn ask_changes(&mut self, ctx: &AreaCtx<'_>) {
        if std::mem::take(&mut self.wants.changes) || self.changes.is_untouched() {
            ctx.ask(&mut self.changes, |client| async move { client.config_changes().await });
        }
    }

    pub fn reload(&mut self) {
        let versions = self.versions.keys().copied().collect();
        self.wants = Wants { prompts: true, config: true, models: true, changes: true, providers: true, versions };
    }

    pub fn reload_prompts(&mut self) {
        self.wants.prompts = true;
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

    #[must_use]
    pub fn live_version(&self) -> Option<PromptVersionId> {
        self.config.value().map(|config| config.live_prompt_version_id)
    }

    /// The text that the platform holds of a prompt: its draft, else its newest version; `None` where that is not known yet.
    #[must_use]
    pub fn text_of<'d>(&'d self, prompt: &'d Prompt) -> Option<&'d str> {
        match (&prompt.draft, prompt.latest_version) {
            (Some(draft), _) => Some(draft),
            (None, 0) => Some(""),
            (None, newest) => self.newest_version(prompt.id).filter(|version| version.version >= newest).map(|version| version.content.as_str()),
        }
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

    /// The configuration as a write or an event tells it.
    pub fn set_config(&mut self, config: PipelineConfig, change: Option<ConfigChange>) {
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
        if let Some(models) = self.models.value_mut() {
            for model in &mut models.items {
                model.is_live = model.name == config.live_model;
            }
            self.wants.models |= models.items.iter().all(|model| !model.is_live);
        }
        self.config.set(config);
        if let (Some(change), Some(page)) = (change, self.changes.value_mut())
            && page.items.iter().all(|known| known.id != change.id)
        {
            page.items.insert(0, change);
        }
        // An undo marks the entry that it undid.
        self.wants.changes = true;
    }

    pub fn on_event(&mut self, event: &Event) {
        match &event.what {
            Happened::ConfigChanged { config, change } => self.set_config(config.clone(), change.clone()),
            Happened::PromptChanged(prompt) => self.set_prompt(prompt.clone()),
            Happened::PromptVersionSaved(version) => self.add_version(version.clone()),
            Happened::Resync => self.reload(),
            _ => {}
        }
    }
}
