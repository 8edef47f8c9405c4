//! Pipeline control: which prompt, model and rules are live, and how they are changed.

mod changes;
mod data;
mod dialogs;
mod draft;
mod editor_panel;
mod models;
mod prompt_list;
mod providers;
mod rules;
mod template_check;
mod versions;
mod wishes;
mod writes;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use egui::{CentralPanel, Frame, Key, Margin, Panel, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, Route, ToastKind};
use crate::gui::theme;
use crate::gui::widgets::prompt_editor::PromptEditor;
use crate::gui::widgets::{empty_state, skeleton};
use crate::wire::config::ProcessingRules;
use crate::wire::event::Event;
use crate::wire::ids::{PromptId, PromptVersionId};
use data::Data;
use dialogs::Dialog;
use draft::{Draft, Heard};
use prompt_list::Renaming;
use providers::{Asked, ProviderPages};
use rules::RulesForm;
use template_check::CheckedText;
use writes::Writes;

/// Drafts are handed over within this time when the window closes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a panel asks for; done after drawing, in one place.
enum Wish {
    Reload,
    Open(PromptId),
    NewPrompt,
    StartRename(PromptId),
    Rename(PromptId, String),
    /// A version read-only, or (`None`) the text in the editor.
    View(Option<PromptVersionId>),
    Restore(PromptVersionId),
    Choose(Side),
    RetryDraft,
    GoToLine(u32),
    Activate(String),
    /// Shows a provider's page; the model goes live when its key is there.
    OpenProvider {
        name: String,
        then_activate: Option<String>,
    },
    CloseProvider,
    AddProvider,
    Provider(Asked),
    ApplyRules(ProcessingRules),
}

/// Whose text a conflict ends with.
enum Side {
    Mine,
    Theirs,
}

/// A dialog that has just closed keeps the keyboard from others for a frame more.
const FOCUS_FRAMES: u8 = 3;

/// The parts of the right panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Versions,
    Models,
    Rules,
    Changes,
}

impl Tab {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Versions, "Versions"), (Self::Models, "Models"), (Self::Rules, "Rules"), (Self::Changes, "Changes")];
}

/// The state of the area.
#[derive(Default)]
pub struct PipelineControl {
    data: Data,
    writes: Writes,
    /// Texts of the prompts that were opened; kept until the window closes.
    drafts: HashMap<PromptId, Draft>,
    open: Option<PromptId>,
    viewing: Option<PromptVersionId>,
    tab: Tab,
    renaming: Renaming,
    dialog: Option<Dialog>,
    providers: ProviderPages,
    rules: RulesForm,
    other_model: String,
    editors: Editors,
    /// Nothing is asked for before the area was looked at or told to do something.
    is_wanted: bool,
}

/// The editors' memory, and what they are to do in the next frame.
#[derive(Default)]
struct Editors {
    draft: PromptEditor,
    version: PromptEditor,
    theirs: PromptEditor,
    draft_check: CheckedText,
    version_check: CheckedText,
    /// Frames for which the editor still asks for the keyboard.
    focus_for: u8,
    go_to_line: Option<u32>,
    cursor: Option<(u32, u32)>,
}

impl Area for PipelineControl {
    fn id(&self) -> AreaId {
        AreaId::PipelineControl
    }

    fn on_event(&mut self, event: &Event, _ctx: &mut AreaCtx<'_>) {
        self.data.on_event(event);
    }

    fn logic(&mut self, ctx: &mut AreaCtx<'_>) {
        if !self.is_wanted {
            return;
        }
        self.data.poll();
        self.data.ask(ctx);
        for written in self.writes.logic(ctx) {
            self.take_written(written, ctx);
        }
        let mut wishes = Vec::new();
        if self.providers.logic(ctx, &mut wishes) {
            self.data.reload_providers();
            self.data.reload_models();
        }
        for wish in wishes {
            self.fulfil(wish, ctx);
        }
        self.open_something();
        self.follow_drafts(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.is_wanted = true;
        let mut wishes = Vec::new();
        let width = ui.available_width();
        let left = Panel::left("prompts")
            .resizable(true)
            .default_size((width * 0.17).clamp(140.0, 190.0))
            .size_range(120.0..=(width * 0.26).clamp(140.0, 320.0));
        let gap = |left: i8, right: i8| Frame::new().inner_margin(Margin { left, right, top: 16, bottom: 12 });
        left.frame(gap(16, 12)).show(ui, |ui| {
            // A panel is as wide as its content: what is short must not make it narrow.
            ui.set_min_width(ui.available_width());
            self.left_ui(ui, ctx, &mut wishes);
        });
        let right = Panel::right("versions, models, rules").resizable(true).default_size((width * 0.3).clamp(256.0, 340.0));
        let right = right.size_range(240.0..=(width * 0.42).clamp(250.0, 560.0));
        right.frame(gap(12, 16)).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            self.right_ui(ui, ctx, &mut wishes);
        });
        CentralPanel::default().frame(gap(12, 12)).show(ui, |ui| self.middle_ui(ui, ctx, &mut wishes));
        self.dialogs_ui(ui, ctx, &mut wishes);
        for wish in wishes {
            self.fulfil(wish, ctx);
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut AreaCtx<'_>) -> bool {
        self.is_wanted |= matches!(command, Command::NewPrompt | Command::SavePromptVersion | Command::MakePromptLive);
        match command {
            Command::NewPrompt => self.fulfil(Wish::NewPrompt, ctx),
            Command::SavePromptVersion => self.ask_to_save(false, ctx),
            Command::MakePromptLive => self.make_live(ctx),
            Command::Reload => {
                self.data.reload();
                // Every area reloads.
                return false;
            }
            _ => return false,
        }
        true
    }

    fn go_to(&mut self, route: &Route, ctx: &mut AreaCtx<'_>) {
        match route {
            Route::Models => self.tab = Tab::Models,
            Route::Rules => self.tab = Tab::Rules,
            Route::Providers => {
                self.is_wanted = true;
                let list = self.data.providers.value();
                let first = list.and_then(|list| list.items.iter().find(|provider| provider.is_remote)).map(|provider| provider.name.clone());
                self.providers.open = self.providers.open.take().or(first).or_else(|| Some("gemini".to_owned()));
            }
            Route::Provider(name) => {
                self.is_wanted = true;
                self.providers.show(name, None);
            }
            Route::Prompt(id) => self.fulfil(Wish::Open(*id), ctx),
            _ => {}
        }
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("Tab", "Indent the line, or the lines that are selected"),
            ("Shift Tab", "Move the lines out"),
            ("Esc", "Leave the editor"),
            ("Ctrl Z", "Undo in the editor"),
            ("Ctrl Shift Z", "Redo in the editor"),
            ("F2", "Rename the prompt"),
        ]
    }

    fn on_exit(&mut self, ctx: &mut AreaCtx<'_>) {
        let deadline = Instant::now() + LAST_WORDS;
        for draft in self.drafts.values_mut() {
            draft.hurry();
        }
        while self.drafts.values().any(|draft| !draft.is_settled()) && Instant::now() < deadline {
            self.data.poll();
            self.data.ask(ctx);
            self.follow_drafts(ctx);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl PipelineControl {
    /// Opens the live prompt, or the first, when none is open.
    fn open_something(&mut self) {
        let Some(page) = self.data.prompts.value() else { return };
        if self.open.is_some_and(|open| self.data.prompt(open).is_some()) {
            return;
        }
        let live = page.items.iter().find(|prompt| prompt.live_version.is_some());
        self.open = live.or(page.items.first()).map(|prompt| prompt.id);
        self.viewing = None;
    }

    /// Makes the open prompt's draft as soon as its text is known, sends what is due, and holds what is heard against what is typed.
    fn follow_drafts(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(id) = self.open {
            self.data.ask_versions(id, ctx);
            if !self.drafts.contains_key(&id)
                && let Some(prompt) = self.data.prompt(id)
                && let Some(text) = self.data.text_of(prompt)
            {
                self.drafts.insert(id, Draft::new(prompt, text));
            }
        }
        for (id, draft) in &mut self.drafts {
            if let Some(since) = draft.stale_since() {
                let is_fresh = self.data.prompts.received_at().is_some_and(|at| at > since);
                if !is_fresh {
                    if !self.data.prompts.is_pending() {
                        self.data.reload_prompts();
                        self.data.reload_versions(*id);
                    }
                    ctx.egui.request_repaint_after(Duration::from_millis(50));
                    continue;
                }
            }
            self.data.ask_versions(*id, ctx);
            let Some(prompt) = self.data.prompt(*id) else { continue };
            match self.data.text_of(prompt).map(|text| draft.hear(prompt, text, ctx.egui)) {
                Some(Heard::Adopted) => {
                    ctx.commands.toast(ToastKind::Info, format!("{} was changed elsewhere; the editor shows the new text", prompt.name));
                }
                Some(Heard::Conflict) => {
                    ctx.commands.toast(ToastKind::Warn, format!("{} was changed elsewhere while you typed. Choose which text stays", prompt.name));
                }
                Some(Heard::Nothing) => {}
                // The newest version's text is on its way; where it isn't, it is asked for.
                None if self.data.versions(*id).is_some_and(|versions| !versions.is_pending() && versions.failure().is_none()) => {
                    self.data.reload_versions(*id);
                }
                None => {}
            }
            draft.logic(ctx);
        }
    }

    /// Whether a prompt's text here is no version.
    fn is_edited(&self, id: PromptId) -> bool {
        let Some(prompt) = self.data.prompt(id) else { return false };
        match (self.drafts.get(&id), self.data.newest_version(id)) {
            (Some(draft), Some(newest)) => draft.text != newest.content,
            (Some(draft), None) => prompt.latest_version == 0 && !draft.text.is_empty(),
            (None, _) => prompt.draft.is_some(),
        }
    }

    /// The prompts above, the providers below.
    fn left_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
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

    fn prompts_ui(&mut self, ui: &mut Ui, wishes: &mut Vec<Wish>) {
        let ids = self.data.prompts.value().into_iter().flat_map(|page| page.items.iter().map(|prompt| prompt.id));
        let edited: Vec<PromptId> = ids.filter(|id| self.is_edited(*id)).collect();
        let open = self.open.filter(|_| self.providers.open.is_none());
        prompt_list::ui(ui, &self.data, open, &edited, &mut self.renaming, wishes);
        let may_rename = self.renaming.of.is_none() && self.dialog.is_none() && !self.providers.has_dialog() && self.providers.open.is_none();
        if may_rename
            && let Some(open) = self.open
            && ui.input(|input| input.key_pressed(Key::F2))
        {
            wishes.push(Wish::StartRename(open));
        }
    }

    fn right_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.spacing_mut().button_padding.x = 8.0;
            for (tab, name) in Tab::ALL {
                let button = ui.add(egui::Button::selectable(self.tab == tab, name).min_size(egui::vec2(0.0, theme::CONTROL_HEIGHT)));
                if button.clicked() {
                    self.tab = tab;
                }
            }
        });
        ui.add_space(theme::GAP_8);
        let is_busy = self.writes.is_changing_config();
        match self.tab {
            Tab::Versions => {
                if let Some(open) = self.open {
                    versions::ui(ui, &self.data, open, self.viewing, self.is_edited(open), ctx.now, wishes);
                }
            }
            Tab::Models => {
                self.data.ask_models(ctx);
                models::ui(ui, &self.data, &mut self.other_model, is_busy, wishes);
            }
            Tab::Rules => rules::ui(ui, &self.data, &mut self.rules, is_busy, wishes),
            Tab::Changes => {
                self.data.ask_changes(ctx);
                changes::ui(ui, &self.data, ctx, wishes);
            }
        }
    }

    fn middle_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        if let Some(name) = &self.providers.open {
            let is_busy = self.writes.is_changing_config();
            let found = self.data.providers.value().map(|list| list.items.iter().find(|provider| provider.name == *name));
            match found {
                Some(Some(provider)) => self.providers.page_ui(ui, provider, is_busy, ctx, wishes),
                // It was removed, here or elsewhere.
                Some(None) if !self.data.providers.is_pending() => wishes.push(Wish::CloseProvider),
                Some(None) | None => skeleton::lines(ui, 10),
            }
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
        let viewing = self.viewing.and_then(|id| self.data.version(prompt.id, id));
        let shown = match viewing {
            Some(version) => Some(version.id),
            None if self.is_edited(prompt.id) => None,
            None => self.data.newest_version(prompt.id).map(|version| version.id),
        };
        let is_live = shown.is_some() && shown == self.data.live_version();
        let holds = match viewing {
            Some(version) => format!("v{}", version.version),
            None if shown.is_some() => format!("v{}", prompt.latest_version),
            None => "draft".to_owned(),
        };
        let is_busy = self.writes.is_saving() || self.writes.is_changing_config();
        if let Some(command) = editor_panel::toolbar_ui(ui, prompt, viewing, &holds, is_live, is_busy) {
            ctx.send(command);
        }
        ui.add_space(theme::GAP_4);
        let editors = &mut self.editors;
        if let Some(version) = viewing {
            let facts = editors.version_check.facts(&version.content);
            editor_panel::version_ui(ui, &mut editors.version, version, facts, ctx.now, wishes);
            return;
        }
        let Some(draft) = self.drafts.get_mut(&prompt.id) else {
            skeleton::lines(ui, 10);
            return;
        };
        editor_panel::conflict_ui(ui, &mut editors.theirs, draft, wishes);
        let facts = editors.draft_check.facts(&draft.text);
        let takes_focus = editors.focus_for > 0;
        if takes_focus {
            editors.focus_for -= 1;
            ui.request_repaint();
        }
        let asked = (takes_focus, editors.go_to_line.take(), editors.cursor);
        let edit = editor_panel::draft_ui(ui, &mut editors.draft, draft, facts, asked, wishes);
        editors.cursor = edit.cursor;
        if edit.changed {
            draft.edited(Instant::now());
        }
        if edit.lost_focus {
            draft.hurry();
        }
    }

    fn dialogs_ui(&mut self, ui: &Ui, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        if let Some(dialog) = &mut self.dialog {
            let text = self.open.and_then(|id| self.drafts.get(&id)).map(|draft| draft.text.as_str());
            let facts = text.map(|text| self.editors.draft_check.facts(text));
            let is_busy = self.writes.is_creating() || self.writes.is_saving();
            if let Some(answer) = dialog.ui(ui, facts, is_busy) {
                self.take_answer(answer, ctx);
            }
        }
        self.providers.dialog_ui(ui, self.writes.is_changing_config(), wishes);
    }
}
