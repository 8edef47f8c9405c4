//! What stands where: prompts and providers on the left, the open prompt or a page in the middle, the tabs on the right, dialogs over all.

use std::time::Instant;

use egui::{Frame, Key, Margin, Panel, Ui};

use super::document::preview::GoTo;
use super::document::settings::Settings;
use super::document::{self, Part, panel};
use super::tabs::{self, Tab};
use super::versions::Shown;
use super::{PipelineControl, Wish, deploy, editor_panel, findings, prompt_list, rules};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme;
use crate::gui::widgets::{empty_state, error_state, skeleton};
use crate::wire::ids::PromptId;
use crate::wire::prompt_analysis::PromptPart;

impl PipelineControl {
    /// The prompts above, the providers below.
    pub(super) fn left_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        self.data.ask_providers(ctx);
        let height = ui.available_height();
        let below = Panel::bottom("providers").resizable(true).default_size((height * 0.4).clamp(120.0, 320.0)).size_range(72.0..=height * 0.7);
        below.frame(Frame::new().inner_margin(Margin { left: 0, right: 0, top: 8, bottom: 0 })).show(ui, |ui| {
            // It keeps its height while the list is on its way.
            ui.set_min_height(ui.available_height());
            self.providers.list_ui(ui, &self.data.providers, wishes);
        });
        self.prompts_ui(ui, wishes);
    }

    pub(super) fn prompts_ui(&mut self, ui: &mut Ui, wishes: &mut Vec<Wish>) {
        let ids = self.data.prompts.value().into_iter().flat_map(|page| page.items.iter().map(|prompt| prompt.id));
        let edited: Vec<PromptId> = ids.filter(|id| self.is_edited(*id)).collect();
        let open = self.open.filter(|_| self.providers.open.is_none() && self.deploy.open.is_none());
        prompt_list::ui(ui, &self.data, open, &edited, &mut self.renaming, wishes);
        let may_rename = self.renaming.of.is_none()
            && self.dialog.is_none()
            && !self.versions.has_dialog()
            && !self.files.has_dialog()
            && !self.providers.has_dialog()
            && self.providers.open.is_none()
            && self.deploy.open.is_none();
        if may_rename
            && let Some(open) = self.open
            && ui.input(|input| input.key_pressed(Key::F2))
        {
            wishes.push(Wish::StartRename(open));
        }
    }

    pub(super) fn right_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        tabs::ui(ui, &mut self.tab, self.analysis.value());
        ui.add_space(theme::GAP_8);
        let is_busy = self.writes.is_changing_config();
        match self.tab {
            Tab::Findings => findings::ui(ui, &self.analysis, wishes),
            Tab::Versions => {
                if let Some(open) = self.open {
                    let has_draft = self.is_edited(open);
                    let shown = Shown { data: &self.data, prompt: open, viewing: self.viewing, has_draft, now: ctx.now };
                    self.versions.ui(ui, &shown, wishes);
                }
            }
            Tab::Deploy => self.deploy_tab_ui(ui, ctx, wishes),
            Tab::Models => {
                self.data.ask_models(ctx);
                self.models.ui(ui, &self.data, is_busy, ctx, wishes);
            }
            Tab::Rules => rules::ui(ui, &self.data, &mut self.rules, is_busy, ctx, wishes),
            Tab::Changes => self.changes.ui(ui, ctx),
        }
    }

    pub(super) fn middle_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        if let Some(name) = &self.providers.open {
            let is_busy = self.writes.is_changing_config();
            let found = self.data.providers.value().map(|list| list.items.iter().find(|provider| provider.name == *name));
            match found {
                Some(Some(provider)) => {
                    let who = self.data.changed_by.as_deref().filter(|who| !ctx.client.is_me(who));
                    self.providers.page_ui(ui, provider, (is_busy, who), ctx, wishes);
                }
                // It was removed, here or elsewhere.
                Some(None) if !self.data.providers.is_pending() => wishes.push(Wish::CloseProvider),
                Some(None) | None => skeleton::lines(ui, 10),
            }
            return;
        }
        if self.deploy.open.is_some() {
            self.deploy.page_ui(ui, self.writes.is_changing_config(), ctx, wishes);
            return;
        }
        let Some(prompt) = self.open.and_then(|id| self.data.prompt(id)) else {
            if self.data.prompts.value().is_some_and(|page| page.items.is_empty()) {
                if empty_state::ui(ui, "A prompt tells the model what to look for in a photo", Some("New prompt…")) {
                    wishes.push(Wish::NewPrompt);
                }
            } else if self.data.prompts.failure().is_none() {
                skeleton::lines(ui, 10);
            }
            return;
        };
        let has_draft = self.is_edited(prompt.id);
        if let Some(compare) = &mut self.versions.compare {
            compare.ui(ui, &self.data, has_draft, wishes);
            return;
        }
        let listed = self.viewing.and_then(|id| self.data.version(prompt.id, id));
        let viewing = listed.and_then(|listed| self.data.whole_version(prompt.id, listed.id));
        let shown = match listed {
            Some(version) => Some(version.id),
            None if self.is_edited(prompt.id) => None,
            None => self.data.newest_version(prompt.id).map(|version| version.id),
        };
        let is_live = shown.is_some() && shown == self.data.live_version();
        let holds = match listed {
            Some(version) => format!("v{}", version.version),
            None if shown.is_some() => format!("v{}", prompt.latest_version),
            None => self.same_as(prompt).map_or_else(|| "draft".to_owned(), |version| format!("draft, the same as v{version}")),
        };
        let is_busy = self.writes.is_saving() || self.writes.is_changing_config();
        if let Some(command) = editor_panel::toolbar_ui(ui, prompt, listed, &holds, is_live, is_busy) {
            ctx.send(command);
        }
        ui.add_space(theme::GAP_4);
        if let (Some(listed), None) = (listed, viewing) {
            let (id, label) = (listed.id, listed.label());
            let Some(why) = self.data.whole_failure(id) else { return skeleton::lines(ui, 10) };
            if error_state::ui(ui, &format!("{label} could not be read"), &why) {
                self.data.forget_whole(id);
            }
            return;
        }
        let (editors, document) = (&mut self.editors, &mut self.document);
        if matches!(document.part, Part::Settings | Part::Preview) {
            self.wants_models = true;
        }
        let models = self.data.models.value().map(|page| page.items.as_slice()).unwrap_or_default();
        let live_model = self.data.config.value().map(|config| config.live_model.as_str());
        if let Some(version) = viewing {
            let own = &version.parts.variables;
            let shown = Settings { parameters: version.parts.parameters, variables: own.clone() };
            document::tabs_ui(ui, &mut document.part, &[], &panel::filled(&version.parts.system, &version.parts.schema, &shown));
            let facts = editors.version_check.facts(&version.content, own, ui.ctx());
            if document.part == Part::Prompt {
                let shown = (facts, editors.version_line.take());
                editor_panel::version_ui(ui, &mut editors.version, version, shown, ctx.now, wishes);
            } else {
                editor_panel::version_bar_ui(ui, version, ctx.now, wishes);
                let system = editors.system_check.facts(&version.parts.system, own, ui.ctx());
                let known = panel::Known { user: facts, system, models, live_model, marks: [&[], &[]] };
                panel::version_ui(ui, ctx, document, version, &known);
            }
            return;
        }
        let Some(draft) = self.drafts.get_mut(&prompt.id) else {
            skeleton::lines(ui, 10);
            return;
        };
        let settings = Settings::read(&draft.settings.typed);
        let facts = editors.draft_check.facts(draft.text(), &settings.variables, ui.ctx());
        let system = editors.system_check.facts(&draft.system.typed, &settings.variables, ui.ctx());
        let faulty = panel::faulty(document, draft, &settings, facts, system);
        document::tabs_ui(ui, &mut document.part, &faulty, &panel::filled(&draft.system.typed, &draft.schema.typed, &settings));
        editor_panel::not_kept_ui(ui, draft);
        editor_panel::conflict_ui(ui, &mut editors.merging, draft, wishes);
        let takes_focus = editors.focus_for > 0;
        if takes_focus {
            ui.request_repaint();
        }
        editors.focus_for = editors.focus_for.saturating_sub(1);
        let (changed, lost_focus);
        if document.part == Part::Prompt {
            let asked = (takes_focus, editors.go_to_line.take(), editors.cursor);
            let edit = editor_panel::draft_ui(ui, &mut editors.draft, draft, (facts, system, self.analysis.marks(PromptPart::User)), asked, wishes);
            editors.cursor = edit.cursor;
            (changed, lost_focus) = (edit.changed, edit.lost_focus);
        } else {
            let marks = [PromptPart::System, PromptPart::Schema].map(|part| self.analysis.marks(part));
            let known = panel::Known { user: facts, system, models, live_model, marks };
            document.takes_focus = takes_focus;
            let outcome = panel::draft_ui(ui, ctx, document, draft, &known, wishes);
            (changed, lost_focus) = (outcome.changed, outcome.lost_focus);
            if let Some(GoTo { part, line }) = outcome.go_to {
                document.part = part;
                match (part, line) {
                    (Part::Prompt, line) => editors.go_to_line = line,
                    (Part::System, line) => document.system_line = line,
                    (Part::Answer, Some(line)) => document.answer.show_line(line),
                    _ => {}
                }
            }
        }
        // At once, not in the next frame: a crash must not come first.
        draft.flush();
        if changed {
            draft.edited(Instant::now());
        }
        if lost_focus {
            draft.hurry();
        }
    }

    pub(super) fn deploy_tab_ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        let config = self.data.config.value();
        self.deploy.ask_for_tab(config, ctx);
        let drafts = self.open.filter(|open| self.is_edited(*open)).and_then(|open| self.data.prompt(open));
        let standing = deploy::Standing {
            config,
            trouble: self.data.config.failure().map(ToString::to_string),
            draft: drafts.map(|prompt| format!("{}, not saved as a version", prompt.name)),
            is_busy: self.writes.is_changing_config(),
        };
        self.deploy.tab_ui(ui, &standing, ctx, wishes);
    }

    pub(super) fn dialogs_ui(&mut self, ui: &Ui, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        if let Some(dialog) = &mut self.dialog {
            let draft = self.open.and_then(|id| self.drafts.get(&id));
            let check = &mut self.editors.draft_check;
            let settings = draft.map(|draft| Settings::read(&draft.settings.typed)).unwrap_or_default();
            let facts = draft.map(|draft| check.facts(draft.text(), &settings.variables, ui.ctx()));
            let system_check = &mut self.editors.system_check;
            let system = draft.map(|draft| system_check.facts(&draft.system.typed, &settings.variables, ui.ctx()));
            let faulty = match (draft, facts, system) {
                (Some(draft), Some(facts), Some(system)) => panel::faulty(&mut self.document, draft, &settings, facts, system),
                _ => Vec::new(),
            };
            let others: Vec<&str> =
                Part::ALL.iter().filter(|(part, ..)| *part != Part::Prompt && faulty.contains(part)).map(|(_, name, _)| *name).collect();
            let is_busy = self.writes.is_creating() || self.writes.is_saving();
            let prompts = self.data.prompts.value().map(|page| page.items.as_slice()).unwrap_or_default();
            if let Some(answer) = dialog.ui(ui, prompts, (facts, &others), is_busy) {
                self.take_answer(answer, ctx);
            }
        }
        self.versions.dialog_ui(ui, &self.data, wishes);
        self.files.ui(ui, ctx);
        self.providers.dialog_ui(ui, self.writes.is_changing_config(), wishes);
        self.changes.dialogs_ui(ui, ctx);
    }

    /// Ctrl Z and Ctrl Shift Z outside of a text are about the configuration.
    pub(super) fn undo_keys(&self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let focused = ui.memory(egui::Memory::focused);
        let is_typing = focused.is_some_and(|id| egui::TextEdit::load_state(ui.ctx(), id).is_some());
        if is_typing || self.dialog.is_some() || self.changes.has_dialog() || self.providers.has_dialog() {
            return;
        }
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::Z) || pressed(egui::Modifiers::COMMAND, Key::Y) {
            ctx.send(Command::RedoConfigChange);
        } else if pressed(egui::Modifiers::COMMAND, Key::Z) {
            ctx.send(Command::UndoConfigChange);
        }
    }
}
