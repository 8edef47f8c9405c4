//! The versions of the open prompt, found through all prompts, labelled, and two of them held against each other.

mod asked;
mod labels;
mod list;
mod menu;
mod search;

use egui::{Align, Layout, RichText, Ui};

use super::Wish;
use super::compare::{Compare, End};
use super::data::Data;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt_label::ChangeLabels;
use labels::Labels;
use search::Search;

/// What is asked for here, done where all wishes are.
pub enum Asked {
    /// Holds two texts of a prompt against each other.
    Compare(PromptId, End, End),
    /// The newest against what is live, or against the one before.
    CompareByDefault,
    StopComparing,
    /// Chooses a version to be compared, or no more; the second one opens the comparison.
    Pick(PromptVersionId),
    /// Chooses versions in the testing lab.
    Test(Vec<PromptVersionId>),
    /// Shows a version of whatever prompt.
    Show(PromptId, PromptVersionId),
    /// Opens the dialog with a version's labels.
    Label(PromptVersionId),
    ChangeLabels(PromptId, u32, ChangeLabels),
    /// Writes a version to a file.
    Export(PromptVersionId),
}

/// What is kept of it.
#[derive(Default)]
pub struct Versions {
    pub compare: Option<Compare>,
    /// At most one: the second one opens the comparison.
    picked: Option<PromptVersionId>,
    search: Search,
    labels: Labels,
}

/// What the list shows.
pub struct Shown<'s> {
    pub data: &'s Data,
    pub prompt: PromptId,
    /// The version that is shown read-only.
    pub viewing: Option<PromptVersionId>,
    /// The editor's text is no version yet.
    pub has_draft: bool,
    pub now: chrono::DateTime<chrono::Utc>,
}

impl Versions {
    pub fn on_event(&mut self, event: &Event) {
        match &event.what {
            Happened::PromptVersionSaved(_) | Happened::PromptLabelsChanged(_) | Happened::ConfigChanged { .. } | Happened::Resync => {
                self.search.mark_behind();
            }
            _ => {}
        }
    }

    /// Takes in answers and asks for what is missing.
    pub fn logic(&mut self, data: &mut Data, ctx: &AreaCtx<'_>) {
        self.search.logic(ctx);
        self.labels.logic(data, ctx);
        if let Some(compare) = &mut self.compare {
            compare.logic(data, ctx);
        }
    }

    /// Another prompt or version is shown in the middle.
    pub fn leave(&mut self) {
        self.compare = None;
        self.picked = None;
    }

    #[must_use]
    pub fn has_dialog(&self) -> bool {
        self.labels.is_open()
    }

    /// Draws search, list and what is chosen.
    pub fn ui(&mut self, ui: &mut Ui, shown: &Shown<'_>, wishes: &mut Vec<Wish>) {
        let tokens = theme::tokens(ui.ctx());
        self.head_ui(ui, shown, wishes);
        if let Some(picked) = self.picked.and_then(|id| shown.data.version(shown.prompt, id)) {
            let words = format!("v{} is chosen. Ctrl-click another version to compare them", picked.version);
            let id = picked.id;
            hint_ui(ui, &words, id, tokens, wishes);
        }
        ui.add_space(theme::GAP_4);
        if self.search.is_on() {
            self.search.results_ui(ui, shown.now, wishes);
        } else {
            let marks = list::Marks { picked: self.picked, compared: self.compare.as_ref().map(|compare| [compare.left, compare.right]) };
            list::ui(ui, shown, &marks, wishes);
        }
    }

    /// The search through all prompts, and the way to a comparison.
    fn head_ui(&mut self, ui: &mut Ui, shown: &Shown<'_>, wishes: &mut Vec<Wish>) {
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let count = shown.data.versions(shown.prompt).and_then(|remote| remote.value()).map_or(0, |page| page.items.len());
                let live_is_elsewhere = shown.data.live_version().is_some_and(|live| shown.data.version(shown.prompt, live).is_none());
                let can = count > 1 || (count == 1 && (shown.has_draft || live_is_elsewhere));
                let tool = Tool::new(icons::ICON_DIFFERENCE, "Compare versions").icon_only().selected(self.compare.is_some()).enabled(can);
                let tip = "Compare the newest with what is live, or with the one before. Ctrl-click two versions to choose others";
                let tool = tool.tooltip(if can { tip } else { "There is only one version yet" });
                if tool.ui(ui).clicked() {
                    wishes.push(Wish::Versions(if self.compare.is_some() { Asked::StopComparing } else { Asked::CompareByDefault }));
                }
                self.search.field_ui(ui);
            });
        });
        self.search.filter_ui(ui);
    }

    /// Draws the dialogs.
    pub fn dialog_ui(&mut self, ui: &Ui, data: &Data, wishes: &mut Vec<Wish>) {
        self.labels.ui(ui, data, wishes);
    }
}

/// What can be done with the version that is chosen.
fn hint_ui(ui: &mut Ui, words: &str, id: PromptVersionId, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if Tool::new(icons::ICON_CLOSE, "Choose none").icon_only().ui(ui).clicked() {
                wishes.push(Wish::Versions(Asked::Pick(id)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
            });
        });
    });
}
