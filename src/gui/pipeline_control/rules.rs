//! The rules by which results are accepted, reviewed or rejected, and how hard the pipeline works.

use egui::{Align2, DragValue, FontId, Rect, RichText, ScrollArea, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use super::Wish;
use super::data::Data;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{error_state, section, skeleton};
use crate::wire::config::ProcessingRules;
use crate::wire::money::UsdMicros;

/// The rules as they are being changed; `None` shows those of the platform.
#[derive(Default)]
pub struct RulesForm {
    edited: Option<ProcessingRules>,
    /// Why the platform did not take them.
    pub trouble: Option<String>,
}

impl RulesForm {
    /// The platform has taken them, or they are given up.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Draws the form.
pub fn ui(ui: &mut Ui, data: &Data, form: &mut RulesForm, is_busy: bool, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let Some(config) = data.config.value() else {
        match data.config.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The rules could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    let mut rules = form.edited.unwrap_or(config.rules);
    ScrollArea::vertical().id_salt("rules").auto_shrink(false).show(ui, |ui| {
        section::heading(ui, "Confidence");
        zones_ui(ui, rules, tokens);
        threshold_ui(
            ui,
            "Accept from",
            "Results with a mean confidence of at least this are accepted",
            &mut rules.accept_threshold,
            rules.reject_threshold..=1.0,
        );
        threshold_ui(
            ui,
            "Reject below",
            "Results with a mean confidence below this are rejected",
            &mut rules.reject_threshold,
            0.0..=rules.accept_threshold,
        );
        ui.label(RichText::new(in_words(rules)).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.add_space(theme::GAP_16);
        section::heading(ui, "Work");
        count_ui(ui, "Workers", "Photos worked on at the same time, 1 to 64", &mut rules.workers, 1..=64);
        count_ui(ui, "Tries of a job", "A job fails for good after so many tries, 1 to 10", &mut rules.max_attempts, 1..=10);
        ui.add_space(theme::GAP_16);
        section::heading(ui, "Spending of the pipeline");
        limit_ui(ui, "Limit a day", "No photo is begun that might cross it; jobs wait for the next day (UTC)", &mut rules.daily_limit_usd);
        limit_ui(ui, "Limit a month", "No photo is begun that might cross it; jobs wait for the next month (UTC)", &mut rules.monthly_limit_usd);
        let note = "Comparisons in the Testing lab do not count towards it. While the live model's price is unknown, jobs wait";
        ui.add(egui::Label::new(RichText::new(note).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        ui.add_space(theme::GAP_12);
        form.edited = (rules != config.rules).then_some(rules);
        if let Some(trouble) = &form.trouble {
            ui.label(RichText::new(trouble).color(tokens.bad));
        }
        ui.horizontal(|ui| {
            let can = form.edited.is_some() && !is_busy;
            if ui.add_enabled(can, egui::Button::new("Apply")).clicked() {
                wishes.push(Wish::ApplyRules(rules));
            }
            if ui.add_enabled(can, egui::Button::new("Discard")).clicked() {
                form.clear();
            }
            if is_busy {
                ui.spinner();
            }
        });
    });
}

/// What the thresholds do.
fn in_words(rules: ProcessingRules) -> String {
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    let (accept, reject) = (percent(rules.accept_threshold), percent(rules.reject_threshold));
    let review = if accept == reject { "nothing is kept for review".to_owned() } else { format!("{reject} to {accept} is kept for review") };
    format!("{accept} and more is accepted, {review}, less than {reject} is rejected")
}

/// The three zones from 0 to 100 %.
fn zones_ui(ui: &mut Ui, rules: ProcessingRules, tokens: &Tokens) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, in_words(rules)));
    let bar = Rect::from_min_size(rect.min + vec2(0.0, 4.0), vec2(rect.width(), 10.0));
    let x = |share: f32| bar.left() + bar.width() * share.clamp(0.0, 1.0);
    let zones = [
        (0.0, rules.reject_threshold, "Rejected", tokens.bad),
        (rules.reject_threshold, rules.accept_threshold, "Review", tokens.warn),
        (rules.accept_threshold, 1.0, "Accepted", tokens.good),
    ];
    for (from, to, word, colour) in zones {
        let zone = Rect::from_min_max(pos2(x(from) + 1.0, bar.top()), pos2((x(to) - 1.0).max(x(from) + 1.0), bar.bottom()));
        ui.painter().rect_filled(zone, 2, colour.gamma_multiply(0.75));
        let words = ui.painter().layout_no_wrap(word.to_owned(), FontId::proportional(theme::TEXT_SMALL), colour);
        if words.size().x + 2.0 <= zone.width() {
            ui.painter().text(pos2(zone.center().x, bar.bottom() + 4.0), Align2::CENTER_TOP, word, FontId::proportional(theme::TEXT_SMALL), colour);
        }
    }
}

fn threshold_ui(ui: &mut Ui, name: &str, tooltip: &str, value: &mut f32, range: std::ops::RangeInclusive<f32>) {
    let mut percent = (*value * 100.0).round();
    // The slider spans the whole scale, so that both stand under each other; the other threshold stops it.
    let within = (*range.start() * 100.0).round()..=(*range.end() * 100.0).round();
    ui.horizontal(|ui| {
        let label = name_ui(ui, name).on_hover_text(tooltip);
        ui.spacing_mut().slider_width = (ui.available_width() - 76.0).max(60.0);
        let slider = ui.add(Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).suffix(" %")).labelled_by(label.id).on_hover_text(tooltip);
        if slider.changed() {
            *value = percent.clamp(*within.start(), *within.end()) / 100.0;
        }
    });
}

/// The name of a field, as wide as the others.
fn name_ui(ui: &mut Ui, name: &str) -> egui::Response {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let shown = ui.allocate_ui_with_layout(vec2(92.0, theme::CONTROL_HEIGHT), layout, |ui| {
        ui.set_min_width(92.0);
        ui.label(name)
    });
    shown.inner
}

fn count_ui(ui: &mut Ui, name: &str, tooltip: &str, value: &mut u32, range: std::ops::RangeInclusive<u32>) {
    ui.horizontal(|ui| {
        let label = name_ui(ui, name).on_hover_text(tooltip);
        ui.add(DragValue::new(value).range(range).speed(0.1)).labelled_by(label.id).on_hover_text(tooltip);
    });
}

/// An amount of USD; 0 is none.
fn limit_ui(ui: &mut Ui, name: &str, tooltip: &str, limit: &mut Option<UsdMicros>) {
    ui.horizontal(|ui| {
        let label = name_ui(ui, name).on_hover_text(tooltip);
        let mut usd = limit.map_or(0.0, UsdMicros::as_usd);
        let field = DragValue::new(&mut usd)
            .range(0.0..=1e6)
            .speed(0.1)
            .custom_formatter(|usd, _| if usd == 0.0 { "no limit".to_owned() } else { format!("${usd:.2}") })
            .custom_parser(
                |text| if text.trim().starts_with("no") { Some(0.0) } else { text.trim().trim_start_matches('$').replace(',', "").parse().ok() },
            );
        if ui.add(field).labelled_by(label.id).on_hover_text(tooltip).changed() {
            *limit = (usd > 0.0).then(|| UsdMicros((usd * 1e6).round() as i64));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thresholds_are_told_in_words() {
        let rules = |accept, reject| ProcessingRules {
            accept_threshold: accept,
            reject_threshold: reject,
            workers: 1,
            max_attempts: 1,
            daily_limit_usd: None,
            monthly_limit_usd: None,
        };
        assert_eq!(in_words(rules(0.6, 0.2)), "60 % and more is accepted, 20 % to 60 % is kept for review, less than 20 % is rejected");
        assert!(in_words(rules(0.5, 0.5)).contains("nothing is kept for review"));
    }
}
