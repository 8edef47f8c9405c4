//! What is done about what the panels ask for, and about the platform's answers.

use super::dialogs::{Answer, Dialog, NewPrompt, SaveVersion};
use super::providers::Outcome;
use super::writes::Written;
use super::{FOCUS_FRAMES, PipelineControl, Side, Tab, Wish};
use crate::gui::ctx::{AreaCtx, ToastKind};

impl PipelineControl {
    pub(super) fn fulfil(&mut self, wish: Wish, ctx: &mut AreaCtx<'_>) {
        match wish {
            Wish::Reload => self.data.reload(),
            Wish::Open(id) => {
                self.is_wanted = true;
                self.providers.open = None;
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    draft.hurry();
                }
                self.open = Some(id);
                self.viewing = None;
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
                    self.writes.rename(id, prompt.revision, name, ctx);
                }
            }
            Wish::View(version) => {
                self.viewing = version;
                self.editors.focus_for = if version.is_none() { FOCUS_FRAMES } else { 0 };
            }
            Wish::Restore(version) => {
                let content = self.open.and_then(|open| self.data.version(open, version)).map(|version| version.content.clone());
                if let (Some(draft), Some(content)) = (self.open.and_then(|open| self.drafts.get_mut(&open)), content) {
                    draft.replace(&content, ctx.egui);
                    self.viewing = None;
                    self.editors.focus_for = FOCUS_FRAMES;
                }
            }
            Wish::Choose(side) => {
                if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) {
                    match side {
                        Side::Mine => draft.keep_mine(),
                        Side::Theirs => draft.take_theirs(ctx.egui),
                    }
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
                self.editors.go_to_line = Some(line);
            }
            Wish::Activate(name) => self.activate(name, ctx),
            Wish::OpenProvider { name, then_activate } => self.providers.show(&name, then_activate),
            Wish::CloseProvider => self.providers.open = None,
            Wish::AddProvider => self.providers.show_adding(),
            Wish::Provider(asked) => {
                if let Some(config) = self.data.config.value()
                    && !self.writes.is_changing_config()
                {
                    self.providers.begin(&asked);
                    self.writes.change_provider(config.revision, asked, ctx);
                }
            }
            Wish::ApplyRules(rules) => {
                if let Some(config) = self.data.config.value() {
                    self.rules.trouble = None;
                    self.writes.apply_rules(config.revision, rules, ctx);
                }
            }
        }
    }

    fn activate(&mut self, name: String, ctx: &AreaCtx<'_>) {
        if self.writes.is_changing_config() {
            return;
        }
        let known = self.data.models.value().and_then(|page| page.items.iter().find(|model| model.name == name));
        let shown_as = known.map_or_else(|| name.clone(), |model| model.display_name.clone());
        self.writes.activate(name, shown_as, ctx);
    }

    /// Opens the dialog that saves a version; says so when there is nothing to save.
    pub(super) fn ask_to_save(&mut self, makes_live: bool, ctx: &AreaCtx<'_>) {
        let Some(prompt) = self.open.and_then(|id| self.data.prompt(id)) else {
            ctx.commands.toast(ToastKind::Info, "Open a prompt first");
            return;
        };
        let text = self.drafts.get(&prompt.id).map_or("", |draft| &draft.text);
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
        let Some(open) = self.open else {
            ctx.commands.toast(ToastKind::Info, "Open a prompt first");
            return;
        };
        let viewed = self.viewing.and_then(|id| self.data.version(open, id));
        if viewed.is_none() && self.is_edited(open) {
            self.ask_to_save(true, ctx);
            return;
        }
        let Some(version) = viewed.or_else(|| self.data.newest_version(open)) else {
            ctx.commands.toast(ToastKind::Info, "Write something into the prompt first");
            return;
        };
        if self.data.live_version() == Some(version.id) {
            ctx.commands.toast(ToastKind::Info, format!("{} is live already", version.label()));
        } else if !self.writes.is_changing_config() {
            self.writes.deploy(version.id, ctx);
        }
    }

    pub(super) fn take_answer(&mut self, answer: Answer, ctx: &AreaCtx<'_>) {
        match answer {
            Answer::Close => self.dialog = None,
            Answer::GoToLine(line) => {
                self.dialog = None;
                self.editors.go_to_line = Some(line);
            }
            Answer::Create { name, copies } => {
                let content = self.open.filter(|_| copies).and_then(|open| self.drafts.get(&open)).map(|draft| draft.text.clone());
                self.writes.create(name, content, ctx);
            }
            Answer::Save { note, makes_live } => {
                let Some(Dialog::SaveVersion(save)) = &mut self.dialog else { return };
                save.trouble = None;
                if let Some(draft) = self.drafts.get(&save.prompt) {
                    self.writes.save_version(save.prompt, draft.text.clone(), note, makes_live, ctx);
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
            Written::Renamed(prompt) => self.data.set_prompt(prompt),
            Written::Saved(version, makes_live) => {
                self.dialog = None;
                self.tab = Tab::Versions;
                if let Some(draft) = self.drafts.get_mut(&version.prompt_id) {
                    draft.version_saved(&version.content);
                }
                let id = version.id;
                self.data.add_version(version);
                self.data.reload_prompts();
                if makes_live && !self.writes.is_changing_config() {
                    self.writes.deploy(id, ctx);
                }
            }
            Written::NotSaved(why) => match &mut self.dialog {
                Some(Dialog::SaveVersion(save)) => save.trouble = Some(why),
                _ => ctx.commands.toast(ToastKind::Bad, format!("The version was not saved. {why}")),
            },
            Written::Config(changed) => self.data.set_config(changed.config, changed.change),
            Written::Applied(changed) => {
                self.rules.clear();
                self.data.set_config(changed.config, changed.change);
            }
            Written::ProviderSet(changed) => {
                self.data.set_config(changed.config, changed.change);
                self.data.reload_providers();
                self.data.reload_models();
                self.providers.end(Outcome::Done, ctx);
            }
            Written::ProviderNotSet { code, why } => {
                self.data.reload_config();
                self.providers.end(Outcome::Refused { code, why }, ctx);
            }
            Written::NotApplied { why, is_stale } => {
                self.data.reload_config();
                let stale = "The configuration was changed elsewhere meanwhile. Yours is kept here: look at it again and apply it";
                self.rules.trouble = Some(if is_stale { stale.to_owned() } else { why });
            }
        }
    }
}
