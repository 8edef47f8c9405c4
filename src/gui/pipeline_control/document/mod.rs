//! The parts of a prompt: tabs under the toolbar, and what stands below them where it is not the user text.

pub mod answer;
pub mod panel;
pub mod preview;
mod schema_form;
pub mod settings;

use std::collections::HashMap;

use egui::{Button, RichText, Ui, WidgetInfo, vec2};

use crate::gui::theme::{self, icons};
use crate::gui::widgets::prompt_editor::PromptEditor;
use crate::wire::prompt_analysis::Setting;
use crate::wire::prompt_parts::PromptParts;
use answer::AnswerTab;
use preview::Preview;

/// What is shown of a prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    Prompt,
    System,
    Answer,
    Settings,
    Preview,
}

impl Part {
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Prompt, "Prompt", "The text that goes to the model with the photo"),
        (Self::System, "System", "Instructions that go before the text, where a model takes them"),
        (Self::Answer, "Answer", "What the answer must hold, as a form or as a JSON Schema"),
        (Self::Settings, "Settings", "Parameters of the model, and variables of your own"),
        (Self::Preview, "Preview", "Exactly what is sent, for a photo and a model"),
    ];
}

/// The memory of the tabs.
#[derive(Default)]
pub struct Document {
    pub part: Part,
    pub system: PromptEditor,
    pub system_version: PromptEditor,
    /// The line that the system text's editor is to show.
    pub system_line: Option<u32>,
    /// The same of a version's.
    pub version_line: Option<u32>,
    /// The setting that is to be shown.
    pub shows_setting: Option<Setting>,
    /// The editor that is shown takes the keyboard in this frame.
    pub takes_focus: bool,
    pub answer: AnswerTab,
    pub answer_version: AnswerTab,
    pub preview: Preview,
    /// Values that stand for variables in the preview alone.
    pub preview_values: HashMap<String, String>,
}

impl Document {
    /// The parts with the values of the preview.
    #[must_use]
    pub fn previewed(&self, parts: &PromptParts) -> PromptParts {
        let mut parts = parts.clone();
        for variable in &mut parts.variables {
            if let Some(value) = self.preview_values.get(&variable.name) {
                variable.value.clone_from(value);
            }
        }
        parts
    }
}

/// Draws the tabs. `faulty`: the parts in which something is wrong; `filled`: those that say something.
pub fn tabs_ui(ui: &mut Ui, shown: &mut Part, faulty: &[Part], filled: &[Part]) {
    let tokens = theme::tokens(ui.ctx());
    // Where one row is too narrow for all of them the last ones stand below.
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
        ui.spacing_mut().button_padding.x = if ui.available_width() < 380.0 { 6.0 } else { 10.0 };
        for (part, name, what) in Part::ALL {
            let (is_faulty, is_filled) = (faulty.contains(&part), filled.contains(&part));
            let mark = match () {
                () if is_faulty => Some(RichText::new(icons::ICON_ERROR.codepoint).size(13.0).color(tokens.bad)),
                () if is_filled => Some(RichText::new("•").color(tokens.accent)),
                () => None,
            };
            let button = match mark {
                Some(mark) => Button::selectable(*shown == part, (RichText::new(name), mark)),
                None => Button::selectable(*shown == part, name),
            };
            let response = ui.add(button.gap(4.0).min_size(vec2(0.0, theme::CONTROL_HEIGHT)));
            let said = format!("Part: {name}{}", if is_faulty { ", has a fault" } else { "" });
            response.widget_info(|| WidgetInfo::selected(egui::Role::Tab, true, *shown == part, &said));
            if response.on_hover_text(what).clicked() {
                *shown = part;
            }
        }
    });
    ui.add_space(theme::GAP_4);
}
