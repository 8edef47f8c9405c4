//! What a run is made of: the prompts and models that are on offer, and what is chosen of them.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher as _};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::kept_choice::KeptChoice;
use super::spend_limit::SpendMost;
use crate::gui::ctx::{AreaCtx, KeysSeen, Remote};
use crate::wire::ids::{PhotoId, PromptId, PromptVersionId};
use crate::wire::model::{KeyState, ModelInfo};
use crate::wire::page::Page;
use crate::wire::prompt::{Prompt, PromptVersion};
use crate::wire::prompt_parts::{Effort, Parameters};
use crate::wire::run::{RunPrompt, StartRun};
use crate::wire::sweep::{SentImage, Variants};

/// Takes whole pixels: no size or quality is another one for it.
const ON_DEVICE: &str = "on-device";

/// A prompt with all its versions, newest first.
#[derive(Debug, Clone)]
pub struct PromptOffer {
    pub prompt: Prompt,
    pub versions: Vec<PromptVersion>,
}

/// One prompt that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PromptChoice {
    Version(PromptVersionId),
    /// What is in the editor now.
    Draft(PromptId),
}

/// The offers and the choice.
pub struct Setup {
    pub prompts: Remote<Vec<PromptOffer>>,
    pub models: Remote<Page<ModelInfo>>,
    pub chosen_prompts: BTreeSet<PromptChoice>,
    pub chosen_models: BTreeSet<String>,
    /// 1–20.
    pub repeats: u32,
    /// Calls in flight at once, 1–64.
    pub concurrency: u32,
    /// Sizes and qualities in which photos are sent beside the usual ones.
    pub sizes: BTreeSet<u32>,
    pub qualities: BTreeSet<u8>,
    /// In hundredths: in place of what the prompts say.
    pub temperatures: BTreeSet<u16>,
    pub efforts: BTreeSet<Effort>,
    /// Asks even what is known already.
    pub ask_again: bool,
    pub spend_most: SpendMost,
    /// Counts the lists that have come: a draft may have other words in the next.
    lists: u64,
    prompts_behind: bool,
    models_behind: bool,
    keys_seen: KeysSeen,
    /// The defaults were set once; after that the choice is the person's.
    prompts_set: bool,
    models_set: bool,
    /// What is chosen outlives the window.
    kept: KeptChoice,
    /// The live model is to be chosen as soon as it is known.
    wants_live_model: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            prompts: Remote::default(),
            models: Remote::default(),
            chosen_prompts: BTreeSet::new(),
            chosen_models: BTreeSet::new(),
            repeats: 1,
            concurrency: 4,
            sizes: BTreeSet::new(),
            qualities: BTreeSet::new(),
            temperatures: BTreeSet::new(),
            efforts: BTreeSet::new(),
            ask_again: false,
            spend_most: SpendMost::default(),
            lists: 0,
            prompts_behind: true,
            models_behind: true,
            keys_seen: KeysSeen::default(),
            prompts_set: false,
            models_set: false,
            kept: KeptChoice::default(),
            wants_live_model: false,
        }
    }
}

impl Setup {
    pub fn reload_prompts(&mut self) {
        self.prompts_behind = true;
    }

    pub fn reload_models(&mut self) {
        self.models_behind = true;
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.spend_most.load(ctx.egui);
        self.restore(ctx.egui);
        if self.prompts.poll() && self.prompts.failure().is_none() {
            self.take_in_prompts();
        }
        if self.models.poll() && self.models.failure().is_none() {
            self.take_in_models();
        }
        self.models_behind |= self.keys_seen.changed(ctx.keys);
        // A change while an answer is under way asks once more after it, not once a change.
        if self.prompts_behind && !self.prompts.is_pending() {
            self.prompts_behind = false;
            ctx.ask(&mut self.prompts, |client| async move {
                let prompts = client.prompts().await?.items;
                let with_versions = stream::iter(prompts).map(|prompt| {
                    let client = client.clone();
                    async move { client.prompt_version_outlines(prompt.id).await.map(|versions| PromptOffer { versions: versions.items, prompt }) }
                });
                with_versions.buffered(8).try_collect().await
            });
        }
        if self.models_behind && !self.models.is_pending() {
            self.models_behind = false;
            let own = ctx.own_keys();
            ctx.ask(&mut self.models, |client| async move {
                let mut models = client.models().await?;
                if let Some(own) = own {
                    own.fill_models(&mut models.items).await;
                }
                Ok(models)
            });
        }
        self.keep(ctx.egui);
    }

    /// Chooses once what was chosen when the window was closed.
    fn restore(&mut self, egui: &egui::Context) {
        if let Some((prompts, models)) = self.kept.load(egui) {
            (self.chosen_prompts, self.chosen_models) = (prompts, models);
        }
    }

    fn keep(&mut self, egui: &egui::Context) {
        if self.prompts_set && self.models_set {
            self.kept.store(&self.chosen_prompts, &self.chosen_models, egui);
        }
    }

    fn take_in_prompts(&mut self) {
        self.lists += 1;
        let Some(offers) = self.prompts.value_mut() else { return };
        // The prompt that is live first, then what was worked on last.
        offers.sort_by_key(|offer| (offer.prompt.live_version.is_none(), std::cmp::Reverse(offer.prompt.updated_at)));
        let offers = &*offers;
        let on_offer = |choice: &PromptChoice| match choice {
            PromptChoice::Version(id) => offers.iter().flat_map(|offer| &offer.versions).any(|version| version.id == *id),
            PromptChoice::Draft(id) => offers.iter().any(|offer| offer.prompt.id == *id && has_draft(&offer.prompt)),
        };
        self.chosen_prompts.retain(on_offer);
        if !self.prompts_set && self.chosen_prompts.is_empty() {
            let versions = || offers.iter().flat_map(|offer| &offer.versions);
            let default = versions().find(|version| version.is_live).or_else(|| versions().next());
            self.chosen_prompts.extend(default.map(|version| PromptChoice::Version(version.id)));
            self.kept.prompts_by_default(&self.chosen_prompts);
        }
        self.prompts_set |= !self.chosen_prompts.is_empty();
    }

    /// Chooses these versions and the live model, in place of what is chosen; what the lists do not have falls out when they come.
    pub fn choose_versions(&mut self, versions: &[PromptVersionId]) {
        self.chosen_prompts = versions.iter().copied().map(PromptChoice::Version).collect();
        (self.prompts_set, self.prompts_behind) = (true, true);
        self.wants_live_model = true;
        self.take_in_models();
    }

    fn take_in_models(&mut self) {
        let Some(page) = self.models.value() else { return };
        let live = page.items.iter().find(|model| model.is_live && is_usable(model)).filter(|_| self.wants_live_model);
        if let Some(live) = live {
            self.chosen_models = BTreeSet::from([live.name.clone()]);
            (self.models_set, self.wants_live_model) = (true, false);
        }
        self.chosen_models.retain(|name| page.items.iter().any(|model| model.name == *name && is_usable(model)));
        if !self.models_set && self.chosen_models.is_empty() {
            let default = page.items.iter().find(|model| model.provider == "on-device").or_else(|| page.items.iter().find(|model| is_usable(model)));
            self.chosen_models.extend(default.map(|model| model.name.clone()));
            self.kept.models_by_default(&self.chosen_models);
        }
        self.models_set |= !self.chosen_models.is_empty();
    }

    /// The prompts and models as columns, in the order of the lists; `None` while one of them is not chosen.
    #[must_use]
    pub fn start(&self, photo_ids: Vec<PhotoId>, name: String) -> StartRun {
        let prompts = self.prompts.value().map(|offers| offers.iter().flat_map(|offer| self.chosen_of(offer)).collect()).unwrap_or_default();
        let models = self.models.value().map_or(&[][..], |page| &page.items).iter().map(|model| model.name.clone());
        StartRun {
            name,
            photo_ids,
            photo_set: None,
            prompts,
            models: models.filter(|name| self.chosen_models.contains(name)).collect(),
            repeats: self.repeats,
            concurrency: self.concurrency,
            ask_again: self.ask_again,
        }
    }

    fn chosen_of(&self, offer: &PromptOffer) -> Vec<RunPrompt> {
        let versions = offer.versions.iter().rev().filter(|version| self.chosen_prompts.contains(&PromptChoice::Version(version.id)));
        let mut chosen: Vec<RunPrompt> = versions.map(|version| RunPrompt::Version { id: version.id }).collect();
        if has_draft(&offer.prompt) && self.chosen_prompts.contains(&PromptChoice::Draft(offer.prompt.id)) {
            chosen.push(draft_of(offer));
        }
        chosen
    }

    /// Another number for another choice, without a look at the photos.
    #[must_use]
    pub fn fingerprint(&self, photos_revision: u64) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        (photos_revision, self.lists, &self.chosen_prompts, &self.chosen_models, self.repeats, self.concurrency, self.ask_again).hash(&mut hasher);
        (&self.sizes, &self.qualities, &self.temperatures, &self.efforts).hash(&mut hasher);
        hasher.finish()
    }

    /// Calls of a run over so many photos.
    #[must_use]
    pub fn calls(&self, photos: usize) -> u64 {
        photos as u64 * self.chosen_prompts.len() as u64 * self.variants() * u64::from(self.repeats)
    }

    /// What photos are sent as beside the usual way, the largest first.
    #[must_use]
    pub fn images(&self) -> Vec<SentImage> {
        let largest_first: Vec<u32> = self.sizes.iter().rev().copied().collect();
        SentImage::all(&largest_first, &self.qualities.iter().rev().copied().collect::<Vec<u8>>())
    }

    /// What models are asked with in place of what the prompts say.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameters> {
        let temperatures: Vec<f64> = self.temperatures.iter().map(|hundredths| f64::from(*hundredths) / 100.0).collect();
        Parameters::all(&temperatures, &self.efforts.iter().copied().collect::<Vec<Effort>>())
    }

    /// Chosen models, each as often as it is asked in another way.
    #[must_use]
    pub fn variants(&self) -> u64 {
        let (images, parameters) = (self.images(), self.parameters());
        let known = self.models.value().map(|page| page.items.as_slice()).unwrap_or_default();
        let ways = |name: &String| {
            let sent = if name == ON_DEVICE { 1 } else { 1 + images.len() };
            let takes = known.iter().find(|model| model.name == *name).map(|model| &model.takes);
            sent * takes.map_or(1, |takes| Variants { images: &[], parameters: &parameters }.parameters_of(takes).len())
        };
        self.chosen_models.iter().map(ways).sum::<usize>() as u64
    }

    /// Why there is nothing to run yet, in the order of the choices.
    #[must_use]
    pub fn missing(&self, photos: usize) -> Option<&'static str> {
        if photos == 0 {
            Some("Choose at least one photo")
        } else if self.chosen_prompts.is_empty() {
            Some("Choose at least one prompt")
        } else if self.chosen_models.is_empty() {
            Some("Choose at least one model")
        } else {
            None
        }
    }
}

/// Such as `Photo tags draft`.
fn draft_name(offer: &PromptOffer) -> String {
    format!("{} draft", offer.prompt.name)
}

/// Whether a run can ask the model now.
/// Whether something of a prompt is no version yet.
#[must_use]
pub fn has_draft(prompt: &Prompt) -> bool {
    prompt.draft.is_some() || prompt.draft_parts.is_some()
}

/// A draft with all its parts: what is no draft of it is as in the newest version.
fn draft_of(offer: &PromptOffer) -> RunPrompt {
    let newest = offer.versions.iter().max_by_key(|version| version.version);
    let content = offer.prompt.draft.clone().or_else(|| newest.map(|version| version.content.clone())).unwrap_or_default();
    let parts = offer.prompt.draft_parts.clone().or_else(|| newest.map(|version| version.parts.clone())).unwrap_or_default();
    RunPrompt::Inline { name: draft_name(offer), content, parts }
}

/// Whether a run can ask the model now.
#[must_use]
pub fn is_usable(model: &ModelInfo) -> bool {
    !matches!(model.key, KeyState::Missing { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::prompt_parts::PromptParts;

    fn version(prompt: &Prompt, number: u32, is_live: bool) -> PromptVersion {
        PromptVersion {
            id: PromptVersionId::fresh(),
            prompt_id: prompt.id,
            prompt_name: prompt.name.clone(),
            version: number,
            content: format!("Text {number}"),
            parts: PromptParts::default(),
            note: String::new(),
            author: String::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            is_live,
            labels: Vec::new(),
            is_outline: false,
        }
    }

    fn offer(draft: Option<&str>) -> PromptOffer {
        let prompt = Prompt {
            id: PromptId::fresh(),
            name: "Photo tags".to_owned(),
            draft: draft.map(str::to_owned),
            draft_parts: None,
            latest_version: 2,
            live_version: Some(1),
            revision: 1,
            updated_at: chrono::DateTime::UNIX_EPOCH,
            updated_by: String::new(),
        };
        PromptOffer { versions: vec![version(&prompt, 2, false), version(&prompt, 1, true)], prompt }
    }

    fn model(name: &str, key: KeyState) -> ModelInfo {
        ModelInfo {
            name: name.to_owned(),
            provider: name.split('/').next().unwrap_or_default().to_owned(),
            display_name: name.to_owned(),
            description: String::new(),
            captions: false,
            takes: crate::wire::prompt_parts::Takes::default(),
            follows_prompt: true,
            input_usd_per_million: None,
            usd_per_thousand_photos: None,
            output_usd_per_million: None,
            key,
            is_live: false,
            measured: None,
            next_price: None,
            retires: None,
            context_tokens: None,
            health: None,
            cost_per_photo: None,
            accuracy: None,
            expected: None,
        }
    }

    fn setup(offer: PromptOffer) -> Setup {
        let mut setup = Setup::default();
        setup.prompts.set(vec![offer]);
        setup.take_in_prompts();
        let models = vec![model("gemini/x", KeyState::Missing { why: "no key".to_owned() }), model("on-device", KeyState::NotNeeded)];
        setup.models.set(Page { items: models, next_cursor: None, total: None });
        setup.take_in_models();
        setup
    }

    #[test]
    fn a_newcomer_has_the_live_prompt_and_the_model_that_needs_no_key() {
        let offer = offer(None);
        let live = offer.versions[1].id;
        let setup = setup(offer);
        let start = setup.start(vec![PhotoId::fresh()], String::new());
        assert_eq!(start.prompts, [RunPrompt::Version { id: live }]);
        assert_eq!(start.models, ["on-device"]);
        assert_eq!(setup.missing(1), None);
        assert_eq!(setup.missing(0), Some("Choose at least one photo"));
    }

    #[test]
    fn what_a_person_unchose_stays_unchosen_when_the_lists_come_again() {
        let mut setup = setup(offer(None));
        setup.chosen_prompts.clear();
        setup.chosen_models.clear();
        setup.take_in_prompts();
        setup.take_in_models();
        assert_eq!(setup.calls(10), 0);
        assert_eq!(setup.missing(10), Some("Choose at least one prompt"));
    }

    /// A setup in a window that keeps what `egui` remembers.
    fn opened(egui: &egui::Context, offer: &PromptOffer) -> Setup {
        let mut setup = Setup::default();
        setup.restore(egui);
        setup.prompts.set(vec![offer.clone()]);
        setup.take_in_prompts();
        let models = vec![model("gemini/x", KeyState::NotNeeded), model("on-device", KeyState::NotNeeded)];
        setup.models.set(Page { items: models, next_cursor: None, total: None });
        setup.take_in_models();
        setup.keep(egui);
        setup
    }

    #[test]
    fn what_was_chosen_is_chosen_when_the_window_is_opened_again() {
        let (egui, offer) = (egui::Context::default(), offer(None));
        let (newest, live) = (PromptChoice::Version(offer.versions[0].id), PromptChoice::Version(offer.versions[1].id));
        let mut setup = opened(&egui, &offer);
        assert_eq!((&setup.chosen_prompts, setup.chosen_models.len()), (&BTreeSet::from([live]), 1));
        setup.chosen_prompts = BTreeSet::from([newest]);
        setup.chosen_models.insert("gemini/x".to_owned());
        setup.keep(&egui);
        let again = opened(&egui, &offer);
        assert_eq!((&again.chosen_prompts, again.chosen_models.len()), (&BTreeSet::from([newest]), 2));
        // On a platform that has none of them it is as on the first day.
        let other = opened(&egui, &super::tests::offer(None));
        assert_eq!(other.chosen_prompts.len(), 1);
    }

    #[test]
    fn who_chose_nothing_has_the_prompt_that_is_live_now() {
        let (egui, offer) = (egui::Context::default(), offer(None));
        opened(&egui, &offer);
        let mut deployed = offer;
        (deployed.versions[0].is_live, deployed.versions[1].is_live) = (true, false);
        let again = opened(&egui, &deployed);
        assert_eq!(again.chosen_prompts, BTreeSet::from([PromptChoice::Version(deployed.versions[0].id)]));
    }

    #[test]
    fn versions_that_are_to_be_tested_take_the_place_of_what_was_chosen_on_the_live_model() {
        let offer = offer(None);
        let (newest, live) = (offer.versions[0].id, offer.versions[1].id);
        let mut setup = setup(offer);
        setup.chosen_models.clear();
        let mut models = vec![model("gemini/x", KeyState::NotNeeded), model("on-device", KeyState::NotNeeded)];
        models[0].is_live = true;
        setup.models.set(Page { items: models, next_cursor: None, total: None });
        setup.choose_versions(&[live, newest]);
        let start = setup.start(vec![PhotoId::fresh()], String::new());
        assert_eq!(start.prompts, [RunPrompt::Version { id: live }, RunPrompt::Version { id: newest }]);
        assert_eq!(start.models, ["gemini/x"]);
    }

    #[test]
    fn a_draft_runs_as_text_after_the_versions_and_goes_when_it_is_saved() {
        let offer = offer(Some("New words"));
        let mut setup = setup(offer.clone());
        setup.chosen_prompts.insert(PromptChoice::Version(offer.versions[0].id));
        setup.chosen_prompts.insert(PromptChoice::Draft(offer.prompt.id));
        let prompts = setup.start(Vec::new(), String::new()).prompts;
        let inline = RunPrompt::inline("Photo tags draft", "New words");
        assert_eq!(prompts, [RunPrompt::Version { id: offer.versions[1].id }, RunPrompt::Version { id: offer.versions[0].id }, inline]);
        assert_eq!(setup.calls(3), 9);

        setup.prompts.set(vec![PromptOffer { prompt: Prompt { draft: None, ..offer.prompt }, versions: offer.versions }]);
        setup.take_in_prompts();
        assert_eq!(setup.chosen_prompts.len(), 2);
    }
}
