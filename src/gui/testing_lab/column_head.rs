//! The heads of the matrix's columns: prompt, model, figures, how each stands against the baseline, and the pin that makes
//! one of them the baseline.

use egui::{Button, FontId, Id, Rect, RichText, Sense, Ui, WidgetInfo, pos2, vec2};

use super::column_summary::ColumnSummary;
use super::figures_panel;
use super::matrix::{MatrixAnswer, MatrixView};
use crate::gui::theme::model_colours::ModelColours;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{elided, number};
use crate::wire::comparison::{ColumnComparison, Figure, Measure, Verdict};
use crate::wire::run::RunColumn;

/// Points: prompt, model and two lines of figures, and one more where there is a baseline, and where there are repeats.
const HEIGHT: f32 = 82.0;
const LINE: f32 = 18.0;
const PIN: f32 = 24.0;

#[must_use]
pub fn height(view: &MatrixView<'_>) -> f32 {
    let more = [view.run.baseline.is_some(), view.run.repeats > 1].into_iter().filter(|is_there| *is_there).count();
    HEIGHT + more as f32 * LINE
}

/// Draws them; returns which column a person pins.
pub fn ui(ui: &mut Ui, header: Rect, offset: f32, width: f32, view: &MatrixView<'_>, tokens: &Tokens) -> Option<MatrixAnswer> {
    let mut answer = None;
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(header));
    ui.set_clip_rect(header.intersect(ui.clip_rect()));
    for (at, column) in view.run.columns.iter().enumerate() {
        let rect = Rect::from_min_size(pos2(header.left() + at as f32 * width - offset, header.top()), vec2(width, header.height()));
        if !rect.intersects(header) {
            continue;
        }
        head_ui(&ui, rect, rect.intersect(header), at, view, tokens);
        let can_pin = view.run.columns.len() > 1;
        if can_pin && pin_ui(&mut ui, rect, at, column, view, tokens) {
            answer = Some(MatrixAnswer::Pin(Some(at as u32).filter(|column| view.run.baseline != Some(*column))));
        }
    }
    answer
}

fn head_ui(ui: &Ui, rect: Rect, visible: Rect, at: usize, view: &MatrixView<'_>, tokens: &Tokens) {
    let column = &view.run.columns[at];
    let response = ui.interact(visible, Id::unique(("column", view.run.id, at)), Sense::hover());
    let inner = rect.shrink2(vec2(10.0, 6.0));
    paint_name(ui, inner, column, view.colours, tokens);
    let compared = view.baseline.column(at);
    let lines = view.open.summaries().get(at).map(|summary| summary_lines(summary, compared)).unwrap_or_default();
    let words = lines.iter().filter(|line| !line.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ");
    let stands = view.run.baseline.map(|baseline| if baseline as usize == at { "Baseline" } else { compared.map_or("", |compared| &compared.words) });
    response.widget_info(|| {
        let stands = stands.filter(|words| !words.is_empty()).map(|words| format!(". {words}")).unwrap_or_default();
        WidgetInfo::labeled(egui::Role::ColumnHeader, true, format!("{}: {words}{stands}", column.label()))
    });
    let small = FontId::proportional(theme::TEXT_SMALL);
    let mut bottom = inner.bottom() - if stands.is_some() { LINE } else { 0.0 };
    for line in lines.iter().rev() {
        let figures = elided::text(ui, line, small.clone(), inner.width(), tokens.muted);
        bottom -= figures.size().y;
        ui.painter().galley(pos2(inner.left(), bottom), figures, tokens.muted);
    }
    if let Some(stands) = stands {
        let verdict = compared.map_or(Verdict::None, |compared| compared.verdict);
        let icon = if view.run.baseline == Some(at as u32) { Some(icons::ICON_KEEP) } else { figures_panel::verdict_icon(verdict) };
        let colour = figures_panel::verdict_colour(verdict, tokens);
        let beside = if icon.is_some() { 18.0 } else { 0.0 };
        let galley = elided::text(ui, stands, FontId::proportional(theme::TEXT_SMALL), inner.width() - beside, colour);
        let top = inner.bottom() - galley.size().y;
        if let Some(icon) = icon {
            let middle = pos2(inner.left(), top + galley.size().y / 2.0);
            ui.painter().text(middle, egui::Align2::LEFT_CENTER, icon.codepoint, FontId::proportional(theme::TEXT_STRONG), colour);
        }
        ui.painter().galley(pos2(inner.left() + beside, top), galley, colour);
    }
    response.on_hover_ui(|ui| about_ui(ui, column, &words, compared, tokens));
}

fn about_ui(ui: &mut Ui, column: &RunColumn, words: &str, compared: Option<&ColumnComparison>, tokens: &Tokens) {
    ui.set_max_width(420.0);
    ui.strong(column.label());
    ui.label(words);
    for one in compared.iter().flat_map(|compared| &compared.measures) {
        let words = format!("{} {}", one.measure.label(), figures_panel::figure_words(one.measure, &one.figure));
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    let excerpt: String = column.prompt_content.chars().take(800).collect();
    ui.label(RichText::new(excerpt).monospace().size(theme::TEXT_SMALL));
}

fn pin_ui(ui: &mut Ui, rect: Rect, at: usize, column: &RunColumn, view: &MatrixView<'_>, tokens: &Tokens) -> bool {
    let is_pinned = view.run.baseline == Some(at as u32);
    let room = Rect::from_min_size(pos2(rect.right() - PIN - 4.0, rect.top() + 3.0), vec2(PIN, PIN));
    let colour = if is_pinned { tokens.accent } else { tokens.muted };
    let icon = if is_pinned { icons::ICON_KEEP_OFF } else { icons::ICON_KEEP };
    let button = Button::new(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour)).frame_when_inactive(false);
    let response = ui.push_id(("pin", at), |ui| ui.put(room, button)).inner;
    let verb = if is_pinned { "Unpin" } else { "Pin" };
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_pinned, format!("{verb} {} as the baseline", column.label())));
    let about = if is_pinned {
        "The others are held against this column; press to hold them against none (P)"
    } else {
        "Hold the other columns against this one (P)"
    };
    response.on_hover_text(about).clicked()
}

/// Two lines: the prompt, then the model with its colour.
fn paint_name(ui: &Ui, inner: Rect, column: &RunColumn, colours: &ModelColours, tokens: &Tokens) {
    let painter = ui.painter();
    let name = elided::text(ui, &column.prompt_name, FontId::proportional(theme::TEXT_BODY), inner.width() - PIN, tokens.text);
    painter.galley(inner.min, name, tokens.text);
    let middle = inner.top() + 26.0;
    painter.circle_filled(pos2(inner.left() + 4.0, middle), 4.0, colours.get(&column.model, tokens));
    let model = elided::text(ui, &column.model, FontId::proportional(theme::TEXT_SMALL), inner.width() - 14.0, tokens.text);
    painter.galley(pos2(inner.left() + 13.0, middle - model.size().y / 2.0), model, tokens.text);
}

/// `F1 71 % (62–79 %) · 24 answered · 1 failed`, and below it `$0.0123 · p50 146 ms · mean 62 %`: what is cut in a narrow column is what
/// matters least. With repeats a line says how far they agree.
fn summary_lines(summary: &ColumnSummary, compared: Option<&ColumnComparison>) -> Vec<String> {
    let f1 = compared.and_then(|compared| compared.measure(Measure::F1)).map(|one| format!("F1 {}", share_words(&one.figure)));
    let mut first: Vec<String> = f1.into_iter().collect();
    first.push(format!("{} answered", number::count(summary.completed)));
    if summary.failed > 0 {
        first.push(format!("{} failed", number::count(summary.failed)));
    }
    let mut second = Vec::new();
    let then = Some(summary.cost_then).filter(|then| then.0 > 0).map(|then| format!("{then} then"));
    match (summary.cost.0, summary.cost_unknown) {
        (0, 0) => {}
        (0, _) => second.push("cost unknown".to_owned()),
        (_, 0) => second.push(summary.cost.to_string()),
        _ => second.push(format!("{} + unknown", summary.cost)),
    }
    if let Some(then) = then {
        // Beside what this run was charged.
        let charged = second.pop().map(|charged| format!("{charged} + ")).unwrap_or_default();
        second.push(format!("{charged}{then}"));
    }
    second.extend(summary.latency_p50_ms.map(|ms| format!("p50 {}", number::duration_ms(ms))));
    second.extend(summary.mean_confidence.map(|mean| format!("mean {}", number::percent(mean))));
    let agree =
        compared.and_then(|compared| compared.measure(Measure::Repeatability)).map(|one| format!("Repeats agree {}", share_words(&one.figure)));
    [first.join(" · "), second.join(" · ")].into_iter().chain(agree).collect()
}

/// `71 % (62–79 %)`.
fn share_words(figure: &Figure) -> String {
    let interval = figure.interval().map(|(low, high)| format!(" ({:.0}–{})", low * 100.0, number::percent(high))).unwrap_or_default();
    format!("{}{interval}", number::percent(figure.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::comparison::MeasureComparison;
    use crate::wire::money::UsdMicros;

    #[test]
    fn a_column_says_how_right_it_is_with_its_interval_and_what_it_cost() {
        let summary = ColumnSummary {
            completed: 24,
            failed: 1,
            latency_p50_ms: Some(146.0),
            mean_confidence: Some(0.62),
            cost: UsdMicros(12_300),
            cost_then: UsdMicros::default(),
            cost_unknown: 0,
        };
        let known = ColumnSummary { cost: UsdMicros(0), cost_then: UsdMicros(45_600), ..summary.clone() };
        assert_eq!(summary_lines(&known, None)[1], "$0.0456 then · p50 146 ms · mean 62 %");
        let partly = ColumnSummary { cost_then: UsdMicros(45_600), ..summary.clone() };
        assert_eq!(summary_lines(&partly, None)[1], "$0.0123 + $0.0456 then · p50 146 ms · mean 62 %");
        assert_eq!(summary_lines(&summary, None), ["24 answered · 1 failed", "$0.0123 · p50 146 ms · mean 62 %"]);
        let figure = Figure { value: 0.71, low: Some(0.62), high: Some(0.79) };
        let of = |measure| MeasureComparison { measure, photos: 24, units: 24, figure, baseline: None, difference: None, verdict: Verdict::None };
        let compared = ColumnComparison {
            column: 0,
            paired_photos: 0,
            verdict: Verdict::None,
            words: String::new(),
            measures: vec![of(Measure::F1), of(Measure::Repeatability)],
            tags: Vec::new(),
        };
        let lines = summary_lines(&summary, Some(&compared));
        assert_eq!((lines[0].as_str(), lines[2].as_str()), ("F1 71 % (62–79 %) · 24 answered · 1 failed", "Repeats agree 71 % (62–79 %)"));
    }
}
