//! Two versions of prompts held against each other: which two, what they differ in as the platform tells it, and what can be done next.

mod layout;
mod rows;
mod view;

use egui::{Align, ComboBox, Key, Layout, Modifiers, RichText, ScrollArea, Ui};

use super::Wish;
use super::data::Data;
use super::versions::Asked;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, error_state, skeleton};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt_diff::PromptDiff;
pub use view::DiffView;

/// Narrower than this, buttons are icons.
const TIGHT: f32 = 560.0;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    Version(PromptVersionId),
    /// What is in the editor, as far as the platform has it.
    Draft,
}

impl End {
    /// As the API's paths have it.
    fn word(self) -> String {
        match self {
            Self::Version(id) => id.to_string(),
            Self::Draft => "draft".to_owned(),
        }
    }
}

/// A comparison that is open.
pub struct Compare {
    pub prompt: PromptId,
    pub left: End,
    pub right: End,
    diff: Remote<PromptDiff>,
    /// What the newest question was about: the ends, and the revision of the prompt, since a draft changes.
    asked: Option<(End, End, u64)>,
    /// Counts answers.
    number: u64,
    view: DiffView,
}

impl Compare {
    #[must_use]
    pub fn new(prompt: PromptId, left: End, right: End) -> Self {
        Self { prompt, left, right, diff: Remote::default(), asked: None, number: 0, view: DiffView::default() }
    }

    /// Takes in the answer, and asks when there is another question.
    pub fn logic(&mut self, data: &Data, ctx: &AreaCtx<'_>) {
        if self.diff.poll() && self.diff.failure().is_none() {
            self.number += 1;
        }
        let has_draft = self.left == End::Draft || self.right == End::Draft;
        let revision = if has_draft { data.prompt(self.prompt).map_or(0, |prompt| prompt.revision) } else { 0 };
        let question = (self.left, self.right, revision);
        if self.asked != Some(question) {
            self.asked = Some(question);
            let (id, left, right) = (self.prompt, self.left.word(), self.right.word());
            ctx.ask(&mut self.diff, |client| async move { client.prompt_diff(id, &left, &right).await });
        }
    }

    /// Draws it into all the room that is left.
    pub fn ui(&mut self, ui: &mut Ui, data: &Data, has_draft: bool, wishes: &mut Vec<Wish>) {
        let tokens = theme::tokens(ui.ctx());
        self.head_ui(ui, data, has_draft, tokens, wishes);
        ui.add_space(theme::GAP_4);
        if let Some(failure) = self.diff.failure().map(ToString::to_string) {
            if error_state::ui(ui, "The versions could not be compared", &failure) {
                self.asked = None;
            }
            return;
        }
        match self.diff.value() {
            Some(diff) => self.view.ui(ui, diff, self.number),
            None => skeleton::lines(ui, 12),
        }
        // Escape leaves, unless a popup or a field takes it.
        let is_free = !egui::Popup::is_any_open(ui.ctx()) && !ui.ctx().text_edit_focused();
        if is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            wishes.push(Wish::Versions(Asked::StopComparing));
        }
    }

    fn head_ui(&mut self, ui: &mut Ui, data: &Data, has_draft: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) {
        let is_tight = ui.available_width() < TIGHT;
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let sized = |tool: Tool<'static>| if is_tight { tool.icon_only() } else { tool };
                let close = Tool::new(icons::ICON_CLOSE, "Stop comparing").tooltip("Back to the editor (Esc)").icon_only();
                if close.ui(ui).clicked() {
                    wishes.push(Wish::Versions(Asked::StopComparing));
                }
                if let (End::Version(left), End::Version(right)) = (self.left, self.right) {
                    let test = Tool::new(icons::ICON_SCIENCE, "Test both…").tooltip("Choose both in the testing lab, with the live model");
                    if sized(test).ui(ui).clicked() {
                        wishes.push(Wish::Versions(Asked::Test(vec![left, right])));
                    }
                }
                let swap = Tool::new(icons::ICON_SWAP_HORIZ, "Swap the sides").icon_only();
                if swap.ui(ui).clicked() {
                    std::mem::swap(&mut self.left, &mut self.right);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_4;
                    if !is_tight {
                        ui.label(RichText::new("Compare").font(theme::semibold(theme::TEXT_STRONG)));
                    }
                    let (prompt, mut left, mut right) = (self.prompt, self.left, self.right);
                    end_ui(ui, "From version", prompt, &mut left, data, has_draft);
                    ui.label(RichText::new(icons::ICON_ARROW_FORWARD.codepoint).color(tokens.muted));
                    end_ui(ui, "To version", prompt, &mut right, data, has_draft);
                    (self.left, self.right) = (left, right);
                });
            });
        });
    }
}

/// Chooses a version of the prompt, its draft, or the live version of whatever prompt.
fn end_ui(ui: &mut Ui, name: &str, prompt: PromptId, end: &mut End, data: &Data, has_draft: bool) {
    let versions = data.versions(prompt).and_then(Remote::value).map_or(&[][..], |page| &page.items);
    let live = data.live_version();
    let label = |version: &crate::wire::prompt::PromptVersion| {
        let live = if live == Some(version.id) { " · live" } else { "" };
        format!("v{}{live}", version.version)
    };
    let elsewhere = live.filter(|live| versions.iter().all(|version| version.id != *live));
    let elsewhere_words = || data.config.value().map_or_else(|| "Live".to_owned(), |config| format!("{} · live", config.live_prompt));
    let shown = match *end {
        End::Draft => "Draft".to_owned(),
        End::Version(id) if Some(id) == elsewhere => elsewhere_words(),
        End::Version(id) => versions.iter().find(|version| version.id == id).map_or_else(|| "…".to_owned(), label),
    };
    let combo = ComboBox::from_id_salt(name).selected_text(&shown).width(78.0).height(320.0);
    let response = choice::shown(ui, combo, |ui| {
        ui.set_min_width(180.0);
        if has_draft || *end == End::Draft {
            let response = ui.selectable_value(end, End::Draft, "Draft");
            choice::close_when_chosen(ui, &response);
        }
        if let Some(live) = elsewhere {
            let response = ui.selectable_value(end, End::Version(live), elsewhere_words());
            choice::close_when_chosen(ui, &response);
        }
        let height = ui.spacing().interact_size.y;
        ScrollArea::vertical().max_height(260.0).show_rows(ui, height, versions.len(), |ui, visible| {
            for version in versions.get(visible).unwrap_or_default() {
                let note = version.note.trim();
                let words = if note.is_empty() { label(version) } else { format!("{}  {note}", label(version)) };
                let button = egui::Button::selectable(*end == End::Version(version.id), words).truncate();
                let response = ui.add(button);
                if response.clicked() {
                    *end = End::Version(version.id);
                }
                choice::close_when_chosen(ui, &response);
            }
        });
    });
    let said = format!("{name}: {shown}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &said));
    response.on_hover_text(said);
}
