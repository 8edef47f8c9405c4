//! What is done about what the panels ask for, and about the platform's answers.

use super::dialogs::{Answer, Dialog, NewPrompt, SaveVersion};
use super::document::Part;
use super::draft::{Contents, Draft};
use super::providers::Outcome;
use super::writes::Written;
use super::{FOCUS_FRAMES, PipelineControl, Side, Tab, Wish, deploy, models};
use crate::gui::ctx::{AreaCtx, ToastKind};
use crate::wire::deployment::{DeployPrompt, Environment};
use crate::wire::model::SetModelParameters;
use crate::wire::prompt::PromptVersion;

impl PipelineControl {
    pub(super) fn fulfil(&mut self, wish: Wish, ctx: &mut AreaCtx<'_>) {
        match wish {
            Wish::Reload => self.data.reload(),
            Wish::Open(id) => {
                self.is_wanted = true;
                self.providers.open = None;
                self.deploy.open = None;
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    draft.hurry();
                }
                if self.data.prompt(id).is_none() {
                    self.data.reload_prompts();
                }
                self.open = Some(id);
                self.viewing = None;
                self.versions.leave();
                self.editors.cursor = None;
            }
            Wish::NewPrompt => {
                let like = self.open.and_then(|id| self.data.prompt(id)).map(|prompt| prompt.name.clone());
                self.dialog = Some(Dialog::NewPrompt(NewPrompt::new(like)));
            }
            Wish::StartRename(id) => {
                if let Some(prompt) = self.data.prompt(id) {
                    self.renaming.start(prompt);
                }
            }
            Wish::Rename(id, name) => {
                if let Some(prompt) = self.data.prompt(id) {
                    self.writes.rename(prompt, name, ctx);
                }
            }
            Wish::Import => self.files.import.choose(ctx),
            Wish::Versions(asked) => self.fulfil_versions(asked, ctx),
            Wish::View(version) => {
                self.deploy.open = None;
                self.versions.leave();
                self.viewing = version;
                self.editors.focus_for = if version.is_none() { FOCUS_FRAMES } else { 0 };
            }
            Wish::Restore(version) => self.restoring = self.open.map(|open| (open, version)),
            Wish::Choose(side) => {
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    match side {
                        Side::Mine => draft.keep_mine(),
                        Side::Theirs => draft.take_theirs(),
                    }
                    self.editors.focus_for = FOCUS_FRAMES;
                }
            }
            Wish::Merge(merged) => {
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    draft.take_merged(&merged);
                    self.editors.focus_for = FOCUS_FRAMES;
                }
            }
            Wish::RetryDraft => {
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    draft.hurry();
                }
            }
            Wish::GoToLine(line) => {
                self.viewing = None;
                self.document.part = Part::Prompt;
                self.editors.go_to_line = Some(line);
            }
            Wish::Activate(name) => self.activate(name, false, ctx),
            Wish::ActivateAllTheSame(name) => self.activate(name, true, ctx),
            Wish::SetFallbacks(fallbacks) => {
                if let Some(config) = self.data.config.value().filter(|_| !self.writes.is_changing_config()) {
                    let called: Vec<String> = fallbacks.iter().map(|fallback| self.called(&fallback.model)).collect();
                    self.writes.set_fallbacks(config.revision, fallbacks, called.join(", then "), ctx);
                }
            }
            Wish::SetParameters(model, parameters) => {
                if let Some(config) = self.data.config.value().filter(|_| !self.writes.is_changing_config()) {
                    let called = self.called(&model);
                    self.writes.set_parameters(config.revision, SetModelParameters { model, parameters }, called, ctx);
                }
            }
            Wish::Deploy(asked) => self.fulfil_deploy(asked, ctx),
            Wish::OpenProvider { name, then_activate } => self.providers.show(&name, then_activate),
            Wish::CloseProvider => self.providers.open = None,
            Wish::AddProvider => self.providers.show_adding(),
            Wish::Provider(asked) => {
                if !self.data.shows_providers_as_set() {
                    // Somebody has just set something else: the page shows it in a moment, beside what is typed.
                    self.data.reload_providers();
                } else if let Some(config) = self.data.config.value()
                    && !self.writes.is_changing_config()
                {
                    self.providers.begin(&asked);
                    self.writes.change_provider(config.revision, asked, ctx);
                }
            }
            Wish::Finding(asked) => self.do_about_finding(asked, ctx),
            Wish::ApplyRules { rules, confirmed } => {
                if let Some(config) = self.data.config.value() {
                    self.rules.forget_trouble();
                    self.writes.apply_rules(config.revision, *rules, confirmed, ctx);
                }
            }
        }
    }

    fn fulfil_deploy(&mut self, asked: deploy::Asked, ctx: &mut AreaCtx<'_>) {
        match asked {
            deploy::Asked::Review(version, environment) => {
                self.providers.open = None;
                self.deploy.review(version, environment);
            }
            deploy::Asked::Close => self.deploy.open = None,
            deploy::Asked::Deploy(body) if !self.writes.is_changing_config() => self.writes.deploy(body, ctx),
            deploy::Asked::RollBack(id) if !self.writes.is_changing_config() => self.writes.roll_back(id, ctx),
            deploy::Asked::Deploy(_) | deploy::Asked::RollBack(_) => {}
            deploy::Asked::ShowFinding(found) => {
                let (version, finding) = *found;
                self.fulfil(Wish::Open(version.prompt_id), ctx);
                self.show_checked(&version, finding);
            }
        }
    }

    /// Puts a version into the editor as soon as all of it is known.
    pub(super) fn follow_restoring(&mut self, ctx: &AreaCtx<'_>) {
        let Some((prompt, version)) = self.restoring.filter(|(prompt, _)| self.open == Some(*prompt)) else {
            self.restoring = None;
            return;
        };
        self.data.ask_whole(prompt, version, ctx);
        if let Some(why) = self.data.whole_failure(version) {
            ctx.commands.toast(ToastKind::Bad, format!("The version was not restored. {why}"));
            self.data.forget_whole(version);
            self.restoring = None;
            return;
        }
        let contents = self.data.whole_version(prompt, version).map(|version| Contents::of(&version.content, &version.parts));
        if let (Some(draft), Some(contents)) = (self.drafts.get_mut(&prompt), contents) {
            draft.replace(&contents);
            self.restoring = None;
            self.viewing = None;
            self.versions.leave();
            self.editors.focus_for = FOCUS_FRAMES;
        }
    }

    /// The version that is looked at, else the newest; `None`, and said why, where there is none or the text is no version yet.
    fn version_shown(&self, ctx: &AreaCtx<'_>) -> Option<PromptVersion> {
        let viewed = self.open.and_then(|open| self.viewing.and_then(|id| self.data.version(open, id)));
        let version = viewed.or_else(|| self.open.and_then(|open| self.data.newest_version(open)));
        if version.is_none() {
            let words = if self.open.is_none() { "Open a prompt first" } else { "Write something into the prompt first" };
            ctx.commands.toast(ToastKind::Info, words);
        }
        version.cloned()
    }

    /// Whether what is shown is a text that is no version yet.
    fn shows_draft(&self) -> bool {
        let Some(open) = self.open else { return false };
        let views = self.viewing.is_some_and(|id| self.data.version(open, id).is_some());
        !views && self.is_edited(open)
    }

    /// Shows the page before a deployment of what is shown; a text that is no version is saved first.
    pub(super) fn review(&mut self, environment: Environment, ctx: &AreaCtx<'_>) {
        if self.shows_draft() && self.deploy.open.is_none() {
            self.review_after = Some(environment);
            self.ask_to_save(false, ctx);
        } else if let Some(review) = &mut self.deploy.open {
            review.environment = environment;
        } else if let Some(version) = self.version_shown(ctx) {
            self.providers.open = None;
            self.deploy.review(version.id, environment);
        }
    }

    /// A model as people tell it from the others, by its full name.
    fn called(&self, name: &str) -> String {
        models::called_by_name(name, self.data.models.value().map(|page| page.items.as_slice()).unwrap_or_default())
    }

    fn activate(&mut self, name: String, confirmed: bool, ctx: &AreaCtx<'_>) {
        if self.writes.is_changing_config() {
            return;
        }
        let shown_as = self.called(&name);
        let models = self.data.models.value().map(|page| page.items.as_slice()).unwrap_or_default();
        let listed = models.iter().find(|model| model.name == name);
        let expected = listed.map_or_else(|| Some(models::PRICE_UNKNOWN.to_owned()), models::expected_cost);
        self.writes.activate(name, confirmed, (shown_as, expected), ctx);
    }

    /// Opens the dialog that saves a version; says so when there is nothing to save.
    pub(super) fn ask_to_save(&mut self, makes_live: bool, ctx: &AreaCtx<'_>) {
        let Some(prompt) = self.open.and_then(|id| self.data.prompt(id)) else {
            ctx.commands.toast(ToastKind::Info, "Open a prompt first");
            return;
        };
        let text = self.drafts.get(&prompt.id).map_or("", Draft::text);
        if !self.is_edited(prompt.id) && prompt.latest_version > 0 {
            let words = format!("The text is the same as version {}, which is saved", prompt.latest_version);
            ctx.commands.toast(ToastKind::Info, words);
            return;
        }
        if text.trim().is_empty() {
            ctx.commands.toast(ToastKind::Info, "Write something into the prompt first");
            return;
        }
        self.viewing = None;
        let label = format!("{} v{}", prompt.name, prompt.latest_version + 1);
        self.dialog = Some(Dialog::SaveVersion(SaveVersion::new(prompt.id, label, makes_live)));
    }

    /// Makes live what is shown: the version that is looked at, else the newest; a text that is no version is saved first.
    pub(super) fn make_live(&mut self, ctx: &AreaCtx<'_>) {
        if self.shows_draft() {
            self.ask_to_save(true, ctx);
            return;
        }
        let Some(version) = self.version_shown(ctx) else { return };
        if self.data.live_version() == Some(version.id) {
            ctx.commands.toast(ToastKind::Info, format!("{} is live already", version.label()));
        } else if !self.writes.is_changing_config() {
            self.writes.deploy(DeployPrompt::to_production(version.id), ctx);
        }
    }

    pub(super) fn take_answer(&mut self, answer: Answer, ctx: &AreaCtx<'_>) {
        match answer {
            Answer::Close => {
                self.dialog = None;
                self.review_after = None;
            }
            Answer::GoToLine(line) => {
                self.dialog = None;
                self.document.part = Part::Prompt;
                self.editors.go_to_line = Some(line);
            }
            Answer::Create { name, copies } => {
                let copied = self.open.filter(|_| copies).and_then(|open| self.drafts.get(&open)).map(Draft::contents);
                let parts = copied.as_ref().map(Contents::parts).unwrap_or_default();
                self.writes.create(name, copied.map(|copied| copied.user), parts, ctx);
            }
            Answer::Save { note, makes_live } => {
                let Some(Dialog::SaveVersion(save)) = &mut self.dialog else { return };
                save.trouble = None;
                if let Some(draft) = self.drafts.get(&save.prompt) {
                    let contents = draft.contents();
                    let parts = contents.parts();
                    self.writes.save_version(save.prompt, (contents.user, parts), note, makes_live, ctx);
                }
            }
        }
    }

    pub(super) fn take_written(&mut self, written: Written, ctx: &mut AreaCtx<'_>) {
        match written {
            Written::Created(prompt) => {
                self.dialog = None;
                let id = prompt.id;
                self.data.set_prompt(prompt);
                self.fulfil(Wish::Open(id), ctx);
                self.editors.focus_for = FOCUS_FRAMES;
            }
            Written::NotCreated(why) => match &mut self.dialog {
                Some(Dialog::NewPrompt(new)) => new.refused(why),
                _ => ctx.commands.toast(ToastKind::Bad, format!("The prompt was not created. {why}")),
            },
            Written::Renamed(prompt) => self.data.set_prompt(prompt),
            Written::NotRenamed(id, name, why) => match self.data.prompt(id) {
                Some(prompt) if self.renaming.is_free_for(id) => self.renaming.refused(prompt, name, why),
                _ => ctx.commands.toast(ToastKind::Bad, format!("The prompt was not renamed. {why}")),
            },
            Written::Saved(version, makes_live) => {
                self.dialog = None;
                self.tab = Tab::Versions;
                if let Some(draft) = self.drafts.get_mut(&version.prompt_id) {
                    draft.version_saved(&version);
                }
                let id = version.id;
                self.data.add_version(version);
                self.data.reload_prompts();
                if let Some(environment) = self.review_after.take() {
                    self.deploy.review(id, environment);
                } else if makes_live && !self.writes.is_changing_config() {
                    self.writes.deploy(DeployPrompt::to_production(id), ctx);
                }
            }
            Written::NotSaved(why) => match &mut self.dialog {
                Some(Dialog::SaveVersion(save)) => save.trouble = Some(why),
                _ => ctx.commands.toast(ToastKind::Bad, format!("The version was not saved. {why}")),
            },
            Written::Config(changed) => self.data.set_config(changed.config),
            Written::NotActivated { name, code, why } => {
                if !self.models.refuse(&name, &code, &why) {
                    ctx.commands.toast(ToastKind::Bad, format!("What is live did not change. {why}"));
                }
            }
            Written::ConfigBehind => self.data.reload_config(),
            Written::Deployed(changed) => {
                self.deploy.close_deployed();
                self.data.set_config(changed.config);
                self.deploy.reload();
            }
            Written::NotDeployed { body, code, why } => {
                self.data.reload_config();
                // What stands against it is shown where it can be answered.
                if self.deploy.open.is_none() && matches!(code.as_str(), "override_needed" | "stale") {
                    self.providers.open = None;
                    self.deploy.review(body.prompt_version_id, body.environment);
                }
                if !self.deploy.refuse(&code, &why) {
                    ctx.commands.toast(ToastKind::Bad, format!("What is live did not change. {why}"));
                }
            }
            Written::Applied(changed) => {
                self.rules.clear();
                self.data.set_config(changed.config);
            }
            Written::ProviderSet(changed) => {
                self.data.set_config(changed.config);
                self.data.reload_providers();
                self.data.reload_models();
                self.providers.end(Outcome::Done, ctx);
            }
            Written::ProviderNotSet { code, why } => {
                self.data.reload_config();
                self.data.reload_providers();
                self.providers.end(Outcome::Refused { code, why }, ctx);
            }
            Written::NotApplied { code, why } => {
                self.data.reload_config();
                let stale = "The configuration was changed elsewhere meanwhile. Yours is kept here: look at it again and apply it";
                let why = if code == "stale" { stale.to_owned() } else { why };
                self.rules.refused(&code, why);
            }
        }
    }
}
