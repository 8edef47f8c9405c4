//! The left panel: the four areas, and below them how things stand and where the settings are.

use std::time::{Duration, Instant};

use egui::{Align, Button, Color32, Label, Layout, RichText, Ui, vec2};

use crate::gui::ctx::{AreaId, Command, LinkState, Route};
use crate::gui::theme::{self, icons};
use crate::wire::config::{PipelineConfig, PipelineState};

/// What the panel shows besides the areas.
pub struct Standing<'a> {
    pub shown: AreaId,
    pub link: Option<&'a LinkState>,
    pub config: Option<&'a PipelineConfig>,
    /// The platform's address when it is a team's.
    pub remote: Option<&'a str>,
}

/// Draws the panel; returns what was chosen.
pub fn ui(ui: &mut Ui, standing: &Standing<'_>) -> Option<Command> {
    let tokens = theme::tokens(ui.ctx());
    let mut command = None;
    ui.add_space(theme::GAP_8);
    ui.horizontal(|ui| {
        ui.add_space(theme::GAP_4);
        ui.label(RichText::new("Minerva").family(egui::FontFamily::Name(theme::SEMIBOLD.into())).size(theme::TEXT_HEADING));
    });
    ui.add_space(theme::GAP_12);
    for area in AreaId::ALL {
        if area_ui(ui, area, area == standing.shown).clicked() {
            command = Some(Command::GoTo(Route::Area(area)));
        }
    }
    ui.with_layout(Layout::bottom_up(Align::Min).with_cross_justify(true), |ui| {
        ui.add_space(theme::GAP_4);
        for (icon, short, given) in [
            (icons::ICON_SETTINGS, "Settings", Command::OpenSettings),
            (icons::ICON_KEYBOARD, "Shortcuts", Command::ShowShortcuts),
            (icons::ICON_SEARCH, "Commands", Command::OpenPalette),
        ] {
            if small_button(ui, icon.codepoint, short, &given).clicked() {
                command = Some(given);
            }
        }
        ui.separator();
        if let Some(config) = standing.config
            && live_ui(ui, config)
        {
            command = Some(Command::GoTo(Route::Models));
        }
        if let Some(remote) = standing.remote {
            ui.add(Label::new(RichText::new(remote).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
        }
        link_ui(ui, standing.link);
    });
    command
}

fn area_ui(ui: &mut Ui, area: AreaId, shown: bool) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    let icon = match area {
        AreaId::LiveStatus => icons::ICON_MONITORING,
        AreaId::PipelineControl => icons::ICON_TUNE,
        AreaId::TestingLab => icons::ICON_COMPARE,
        AreaId::Analytics => icons::ICON_BAR_CHART,
    };
    let keys = Command::GoTo(Route::Area(area)).shortcut().map(|shortcut| ui.ctx().format_shortcut(&shortcut)).unwrap_or_default();
    let colour = if shown { tokens.text } else { tokens.muted };
    let text =
        (RichText::new(icon.codepoint).size(18.0).color(if shown { tokens.accent } else { tokens.muted }), RichText::new(area.label()).color(colour));
    let button = Button::selectable(shown, text).right_text(RichText::new(keys).size(theme::TEXT_SMALL).color(tokens.muted));
    let response = ui.add(button.min_size(vec2(ui.available_width(), 34.0))).on_hover_text(area.question());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, shown, area.label()));
    response
}

fn small_button(ui: &mut Ui, icon: &str, label: &str, command: &Command) -> egui::Response {
    let tokens = theme::tokens(ui.ctx());
    let keys = command.shortcut().map_or_else(|| "?".to_owned(), |shortcut| ui.ctx().format_shortcut(&shortcut));
    let text = (RichText::new(icon).size(theme::TEXT_STRONG).color(tokens.muted), RichText::new(label).color(tokens.muted));
    let button = Button::new(text).frame(false).right_text(RichText::new(keys).size(theme::TEXT_SMALL).color(tokens.muted));
    let response = ui.add(button.min_size(vec2(ui.available_width(), 26.0)));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, label));
    response
}

/// The live model and prompt; returns whether they were clicked.
fn live_ui(ui: &mut Ui, config: &PipelineConfig) -> bool {
    let tokens = theme::tokens(ui.ctx());
    let state = match config.state {
        PipelineState::Running => "Live",
        PipelineState::Paused => "Paused",
    };
    let words = |text: &str, colour: Color32| RichText::new(text).size(theme::TEXT_SMALL).color(colour);
    // The layout runs from the bottom up.
    let prompt = ui.add(Label::new(words(&config.live_prompt, tokens.text)).truncate().sense(egui::Sense::click()));
    let model = ui.add(Label::new(words(&config.live_model, tokens.text)).truncate().sense(egui::Sense::click()));
    ui.label(words(state, tokens.muted));
    let hover = "The model and prompt that the pipeline uses; click to change them";
    model.on_hover_text(hover).clicked() || prompt.on_hover_text(hover).clicked()
}

fn link_ui(ui: &mut Ui, link: Option<&LinkState>) {
    let tokens = theme::tokens(ui.ctx());
    let now = Instant::now();
    let (icon, colour, words, hover) = match link {
        None | Some(LinkState::Connecting) => (icons::ICON_SYNC, tokens.muted, "Connecting…".to_owned(), String::new()),
        Some(LinkState::Live { last_event }) => {
            let age = now.saturating_duration_since(*last_event);
            ui.ctx().request_repaint_after(if age < Duration::from_secs(60) { Duration::from_secs(5) } else { Duration::from_secs(30) });
            (icons::ICON_CLOUD_DONE, tokens.good, "Connected".to_owned(), format!("Last event {}", age_words(age)))
        }
        Some(LinkState::Lost { why, since, retry_at }) => {
            ui.ctx().request_repaint_after(Duration::from_millis(500));
            let wait = retry_at.saturating_duration_since(now).as_secs_f32().ceil();
            let lost = format!("Connection lost {}, next try in {wait:.0} s", age_words(now.saturating_duration_since(*since)));
            (icons::ICON_CLOUD_OFF, tokens.bad, lost, why.clone())
        }
    };
    let age = if matches!(link, Some(LinkState::Live { .. })) { hover.clone() } else { String::new() };
    if !age.is_empty() {
        ui.label(RichText::new(age).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    let line = ui.with_layout(Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
        ui.label(RichText::new(words).size(theme::TEXT_SMALL));
    });
    if !hover.is_empty() {
        line.response.on_hover_text(hover);
    }
}

fn age_words(age: Duration) -> String {
    match age.as_secs() {
        0..=4 => "just now".to_owned(),
        seconds @ 5..=59 => format!("{} s ago", seconds / 5 * 5),
        seconds @ 60..=3_599 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3_600),
    }
}
