//! What can be done with a version: behind the dots at its row's end, and behind the right mouse button.

use egui::containers::menu::MenuButton;
use egui::{Button, RichText, Ui, WidgetInfo};

use super::{Asked, Shown};
use crate::gui::pipeline_control::Wish;
use crate::gui::pipeline_control::compare::End;
use crate::gui::theme::{self, icons};
use crate::wire::prompt::PromptVersion;

/// Draws the dots.
pub fn button_ui(ui: &mut Ui, shown: &Shown<'_>, version: &PromptVersion, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let dots = RichText::new(icons::ICON_MORE_VERT.codepoint).size(16.0).color(tokens.muted);
    let name = format!("More for version {}", version.version);
    let (response, _) =
        MenuButton::from_button(Button::new(dots).frame_when_inactive(false).small()).ui(ui, |ui| self::ui(ui, shown, version, wishes));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    response.on_hover_text("Compare, test, label, export");
}

/// Draws the menu.
pub fn ui(ui: &mut Ui, shown: &Shown<'_>, version: &PromptVersion, wishes: &mut Vec<Wish>) {
    let prompt = shown.prompt;
    let versions = shown.data.versions(prompt).and_then(|remote| remote.value()).map_or(&[][..], |page| &page.items);
    let here = End::Version(version.id);
    let mut compare = |ui: &mut Ui, words: &str, ends: Option<(End, End)>| {
        let Some((left, right)) = ends else { return };
        if ui.button(words).clicked() {
            wishes.push(Wish::Versions(Asked::Compare(prompt, left, right)));
        }
    };
    let before = versions.iter().find(|other| other.version < version.version);
    compare(ui, "Compare with the one before", before.map(|before| (End::Version(before.id), here)));
    let live = shown.data.live_version().filter(|live| *live != version.id);
    compare(ui, "Compare with what is live", live.map(|live| (End::Version(live), here)));
    compare(ui, "Compare with the draft", shown.has_draft.then_some((here, End::Draft)));
    if ui.button("Choose for a comparison").on_hover_text("Or Ctrl-click the version").clicked() {
        wishes.push(Wish::Versions(Asked::Pick(version.id)));
    }
    ui.separator();
    let mut to_test: Vec<_> = live.into_iter().collect();
    to_test.push(version.id);
    let words = if live.is_some() { "Test against what is live…" } else { "Test in the lab…" };
    if ui.button(words).on_hover_text("Opens the testing lab with the versions chosen, and the live model").clicked() {
        wishes.push(Wish::Versions(Asked::Test(to_test)));
    }
    if ui.button("Restore into the editor").on_hover_text("Put this text into the editor; Ctrl-Z brings yours back").clicked() {
        wishes.push(Wish::Restore(version.id));
    }
    ui.separator();
    if ui.button("Labels…").clicked() {
        wishes.push(Wish::Versions(Asked::Label(version.id)));
    }
    if ui.button("Export…").on_hover_text("As Markdown with front matter; it can be imported again").clicked() {
        wishes.push(Wish::Versions(Asked::Export(version.id)));
    }
}
