//! In which ways each prompt is asked of each model: other parameters than the prompt's own, and photos in other sizes and
//! qualities.

use std::collections::BTreeSet;

use egui::{CollapsingHeader, Label, RichText, Ui, WidgetInfo};

use super::setup::Setup;
use crate::gui::theme;
use crate::wire::prompt_parts::Effort;

const SIZES_PX: [u32; 6] = [256, 512, 768, 1_024, 1_536, 2_048];
const QUALITIES: [u8; 5] = [40, 60, 75, 85, 95];
/// In hundredths.
const TEMPERATURES: [u16; 6] = [0, 20, 50, 70, 100, 150];

/// Draws the choices, folded away until they are wanted.
pub fn ui(ui: &mut Ui, setup: &mut Setup) {
    let parameters = setup.parameters().len();
    let title = if parameters == 0 { "Parameters".to_owned() } else { format!("Parameters ({parameters} in place of the prompt's)") };
    CollapsingHeader::new(title).id_salt("parameters").default_open(parameters > 0).show(ui, |ui| {
        muted_ui(ui, "Asks once with each. What a model does not take makes no difference to it, and is not asked twice");
        muted_ui(ui, "Temperature");
        let temperature = |hundredths: &u16| format!("{}", f64::from(*hundredths) / 100.0);
        toggles_ui(ui, &TEMPERATURES, &mut setup.temperatures, temperature, |value| format!("Ask with temperature {value}"));
        muted_ui(ui, "Thinking");
        toggles_ui(ui, &Effort::ALL, &mut setup.efforts, |effort| effort.label().to_owned(), |value| format!("Ask with thinking {value}"));
    });
    let images = setup.images().len();
    let title = if images == 0 { "Sizes and qualities".to_owned() } else { format!("Sizes and qualities ({images} beside the usual)") };
    CollapsingHeader::new(title).id_salt("sweep").default_open(images > 0).show(ui, |ui| {
        muted_ui(ui, "Asks with smaller photos as well, and shows what that saves and what it loses. Models on this machine see whole pixels");
        muted_ui(ui, "Longer edge, in pixels");
        toggles_ui(ui, &SIZES_PX, &mut setup.sizes, u32::to_string, |value| format!("Send at {value} px"));
        muted_ui(ui, "JPEG quality");
        toggles_ui(ui, &QUALITIES, &mut setup.qualities, u8::to_string, |value| format!("Send in quality {value}"));
    });
}

fn muted_ui(ui: &mut Ui, words: &str) {
    let words = RichText::new(words).size(theme::TEXT_SMALL).color(theme::tokens(ui.ctx()).muted);
    ui.add(Label::new(words).wrap());
}

fn toggles_ui<T: Copy + Ord>(ui: &mut Ui, offered: &[T], chosen: &mut BTreeSet<T>, label: impl Fn(&T) -> String, words: impl Fn(&str) -> String) {
    ui.horizontal_wrapped(|ui| {
        for value in offered {
            let (is_chosen, label) = (chosen.contains(value), label(value));
            let button = ui.selectable_label(is_chosen, &label);
            button.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, is_chosen, words(&label)));
            if button.clicked() && !chosen.remove(value) {
                chosen.insert(*value);
            }
        }
    });
}
