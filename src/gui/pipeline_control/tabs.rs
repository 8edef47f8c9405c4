//! The tabs of the right panel: their names where there is room for all, else their icons, with the name of the one that is shown
//! behind them. They stand in one row, and none moves when another is chosen.

use egui::{Align, Button, FontId, Layout, RichText, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use super::findings;
use crate::gui::theme::{self, icons};
use crate::wire::prompt_analysis::PromptAnalysis;

/// Points between a name and the edges of its tab, and between tabs.
const PADDING: f32 = 4.0;
const GAP: f32 = 2.0;
/// A tab that shows its icon alone, and the one whose icon has a number beside it.
const ICON_WIDTH: f32 = 24.0;
const COUNTED_WIDTH: f32 = 38.0;
/// The longest that the first tab says: what it counts must not move the others.
const WIDEST: &str = "Findings 88";

/// The parts of the right panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    Findings,
    #[default]
    Versions,
    Deploy,
    Models,
    Rules,
    Changes,
}

impl Tab {
    const ALL: [(Self, &'static str, MaterialIcon, &'static str); 6] = [
        (Self::Findings, "Findings", icons::ICON_LIGHTBULB, "What the analysis finds in the prompt, and what a photo takes"),
        (Self::Versions, "Versions", icons::ICON_HISTORY, "What was saved of the prompt, compared, labelled and searched"),
        (Self::Deploy, "Deploy", icons::ICON_ROCKET_LAUNCH, "What staging and production use, and used before"),
        (Self::Models, "Models", icons::ICON_MEMORY, "The models there are, and the live one"),
        (Self::Rules, "Rules", icons::ICON_TUNE, "Thresholds, limits, and how hard the pipeline works"),
        (Self::Changes, "Changes", icons::ICON_RECEIPT_LONG, "Every change of configuration, and the way back"),
    ];
}

/// Draws them in one row.
pub fn ui(ui: &mut Ui, chosen: &mut Tab, analysis: Option<&PromptAnalysis>) {
    let font = FontId::proportional(theme::TEXT_BODY);
    let width_of = |ui: &Ui, words: &str| ui.painter().layout_no_wrap(words.to_owned(), font.clone(), egui::Color32::PLACEHOLDER).size().x.ceil();
    let wide: Vec<f32> =
        Tab::ALL.iter().map(|(tab, name, ..)| width_of(ui, if *tab == Tab::Findings { WIDEST } else { name }) + 2.0 * PADDING).collect();
    let has_room = wide.iter().sum::<f32>() + GAP * (wide.len() - 1) as f32 <= ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        ui.spacing_mut().button_padding.x = 0.0;
        for ((tab, name, icon, what), width) in Tab::ALL.into_iter().zip(wide) {
            let counted = analysis.filter(|_| tab == Tab::Findings);
            let icon = RichText::new(icon.codepoint).size(16.0);
            let (button, width) = match counted.map(findings::count).filter(|count| *count > 0) {
                _ if has_room => {
                    (Button::selectable(*chosen == tab, counted.map_or_else(|| name.to_owned(), |value| findings::tab_words(Some(value)))), width)
                }
                Some(count) => (Button::selectable(*chosen == tab, (icon, RichText::new(count.to_string()))).gap(2.0), COUNTED_WIDTH),
                None if tab == Tab::Findings => (Button::selectable(*chosen == tab, icon), COUNTED_WIDTH),
                None => (Button::selectable(*chosen == tab, icon), ICON_WIDTH),
            };
            let button = ui.add_sized(vec2(width, theme::CONTROL_HEIGHT), button);
            let (is_chosen, found) = (*chosen == tab, findings::summary(counted));
            let said = if found.is_empty() { name.to_owned() } else { format!("{name}: {found}") };
            button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, &said));
            if button.on_hover_text(format!("{said}. {what}")).clicked() {
                *chosen = tab;
            }
        }
        if !has_room {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let name = Tab::ALL.iter().find(|(tab, ..)| tab == chosen).map_or("", |(_, name, ..)| name);
                let font = theme::semibold(theme::TEXT_BODY);
                // Half a name says less than the icon.
                if ui.painter().layout_no_wrap(name.to_owned(), font.clone(), egui::Color32::PLACEHOLDER).size().x > ui.available_width() {
                    return;
                }
                let words = RichText::new(name).font(font);
                ui.add(egui::Label::new(words).truncate().show_tooltip_when_elided(false));
            });
        }
    });
}
