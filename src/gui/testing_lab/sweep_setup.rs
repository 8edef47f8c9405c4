//! Which sizes and qualities photos are sent in beside the usual ones: what a sweep compares.

use std::collections::BTreeSet;

use egui::{RichText, Ui, WidgetInfo};

use super::setup::Setup;
use crate::gui::theme;

const SIZES_PX: [u32; 6] = [256, 512, 768, 1_024, 1_536, 2_048];
const QUALITIES: [u8; 5] = [40, 60, 75, 85, 95];

/// Draws the choice, folded away until it is wanted.
pub fn ui(ui: &mut Ui, setup: &mut Setup) {
    let tokens = theme::tokens(ui.ctx());
    let images = setup.images().len();
    let title = if images == 0 { "Sizes and qualities".to_owned() } else { format!("Sizes and qualities ({images} beside the usual)") };
    egui::CollapsingHeader::new(title).id_salt("sweep").default_open(images > 0).show(ui, |ui| {
        let about = "Asks with smaller photos as well, and shows what that saves and what it loses. Models on this machine see whole pixels";
        ui.add(egui::Label::new(RichText::new(about).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        ui.label(RichText::new("Longer edge, in pixels").size(theme::TEXT_SMALL).color(tokens.muted));
        toggles_ui(ui, &SIZES_PX, &mut setup.sizes, "px");
        ui.label(RichText::new("JPEG quality").size(theme::TEXT_SMALL).color(tokens.muted));
        toggles_ui(ui, &QUALITIES, &mut setup.qualities, "quality");
    });
}

fn toggles_ui<T: Copy + Ord + std::fmt::Display>(ui: &mut Ui, offered: &[T], chosen: &mut BTreeSet<T>, unit: &str) {
    ui.horizontal_wrapped(|ui| {
        for value in offered {
            let is_chosen = chosen.contains(value);
            let button = ui.selectable_label(is_chosen, value.to_string());
            let words = if unit == "px" { format!("Send at {value} px") } else { format!("Send in quality {value}") };
            button.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, is_chosen, &words));
            if button.clicked() && !chosen.remove(value) {
                chosen.insert(*value);
            }
        }
    });
}
