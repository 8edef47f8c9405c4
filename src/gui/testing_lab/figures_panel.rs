//! The figures of a run: every measure of every column with its interval, beside the baseline's, and what is better or worse.

use egui::{Align, Grid, Label, Layout, RichText, ScrollArea, Ui, WidgetInfo};
use egui_material_icons::MaterialIcon;

use super::baseline::Baseline;
use super::sweep_panel::SweepView;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::badge::{self, Tone};
use crate::gui::widgets::{empty_state, error_state, number, skeleton};
use crate::wire::comparison::{ColumnComparison, Figure, Measure, MeasureComparison, RunComparison, TagComparison, Verdict};
use crate::wire::run::{Run, RunState};

/// Draws them in place of the matrix; returns whether to ask once more.
pub fn ui(ui: &mut Ui, run: &Run, baseline: &Baseline, sweep: &mut SweepView, tokens: &Tokens) -> bool {
    let mut again = false;
    if let Some(failure) = baseline.failure() {
        again = error_state::ui(ui, "The figures could not be taken", &failure);
    }
    let Some(comparison) = baseline.comparison() else {
        match () {
            () if run.counts.completed == 0 => drop(empty_state::ui(ui, "There are figures when the first photo is answered", None)),
            () if baseline.failure().is_none() => skeleton::lines(ui, 8),
            () => {}
        }
        return again;
    };
    ScrollArea::vertical().id_salt(("figures of the run", run.id)).auto_shrink(false).show(ui, |ui| {
        sweep.ui(ui, run, tokens);
        let is_old = baseline.is_renewed() && (comparison.baseline != run.baseline || run.state != RunState::Running);
        let hint = match (run.columns.len(), comparison.baseline) {
            _ if is_old => Some("Working out the figures of what has changed…"),
            (2.., None) => Some("Pin a column as the baseline (P in the matrix) to see what is better or worse"),
            _ if comparison.labelled_photos == 0 => Some("No photo of the run has labels: nothing says which tags are right"),
            _ => None,
        };
        if let Some(hint) = hint {
            ui.label(RichText::new(hint).color(tokens.muted));
            ui.add_space(theme::GAP_8);
        }
        if comparison.alike_photos > 0 {
            ui.label(RichText::new(alike_words(comparison.alike_photos)).color(tokens.muted));
            ui.add_space(theme::GAP_8);
        }
        for column in &comparison.columns {
            column_ui(ui, run, comparison, column, tokens);
            ui.add_space(theme::GAP_16);
        }
        ui.add(Label::new(RichText::new(&comparison.method).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    });
    again
}

fn alike_words(photos: u32) -> String {
    let photos = if photos == 1 { "1 photo looks".to_owned() } else { format!("{} photos look", number::count(u64::from(photos))) };
    format!("{photos} like another one of the run: together they count as one")
}

/// Points that the longest word of a verdict needs, with its sign.
const VERDICT_LEAST: f32 = 96.0;
/// Of the sign beside a verdict.
const SIGN_WIDTH: f32 = 22.0;

/// How a table of figures has room for its verdicts, which come first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitting {
    /// Between the figures of a row.
    pub gap: f32,
    /// Figures have their intervals beside them; else they tell them when they are hovered. The difference always has its own.
    pub has_intervals: bool,
}

/// What a row of such a table says.
pub struct RowWords {
    /// What stands first, with no interval.
    pub names: Vec<String>,
    /// Each with its interval, and without.
    pub figures: Vec<[String; 2]>,
    pub difference: String,
    pub verdict: Verdict,
}

impl Fitting {
    /// The roomiest in which every row has its place. `heads`: above names, figures, difference and verdict.
    #[must_use]
    pub fn of(ui: &Ui, heads: &[&str], rows: &[RowWords]) -> Self {
        let all = [(theme::GAP_24, true), (theme::GAP_12, true), (theme::GAP_24, false), (theme::GAP_12, false)];
        let room = ui.available_width().min(ui.clip_rect().right() - ui.cursor().left()) - theme::GAP_16;
        let fits = |(gap, has_intervals): &(f32, bool)| width_of(ui, heads, rows, *has_intervals) + gap * (heads.len() - 1) as f32 <= room;
        let (gap, has_intervals) = all.into_iter().find(fits).unwrap_or((theme::GAP_12, false));
        Self { gap, has_intervals }
    }

    /// For rows of [`measure_ui`].
    #[must_use]
    pub fn of_measures(ui: &Ui, heads: [&str; 5], measures: &[MeasureComparison]) -> Self {
        let row_words = |one: &MeasureComparison| RowWords {
            names: vec![one.measure.label().to_owned()],
            figures: vec![both_words(one.measure, Some(&one.figure)), both_words(one.measure, one.baseline.as_ref())],
            difference: one.difference.map_or_else(String::new, |figure| difference_words(one.measure, &figure)),
            verdict: one.verdict,
        };
        Self::of(ui, &heads, &measures.iter().map(row_words).collect::<Vec<_>>())
    }
}

fn width_of(ui: &Ui, heads: &[&str], rows: &[RowWords], has_intervals: bool) -> f32 {
    let width =
        |words: &str, size: f32| ui.painter().layout_no_wrap(words.to_owned(), egui::FontId::proportional(size), egui::Color32::PLACEHOLDER).size().x;
    let mut widths: Vec<f32> = heads.iter().map(|words| width(words, theme::TEXT_SMALL)).collect();
    for row in rows {
        let figures = row.figures.iter().map(|[whole, value]| if has_intervals { whole } else { value });
        let words = row.names.iter().chain(figures).chain([&row.difference]);
        let cells = words.map(|words| width(words, theme::TEXT_BODY)).chain([SIGN_WIDTH + width(row.verdict.words(), theme::TEXT_BODY)]);
        for (widest, cell) in widths.iter_mut().zip(cells) {
            *widest = widest.max(cell);
        }
    }
    widths.iter().sum()
}

/// A figure with its interval, and without.
#[must_use]
pub fn both_words(measure: Measure, figure: Option<&Figure>) -> [String; 2] {
    figure.map_or_else(Default::default, |figure| [figure_words(measure, figure), value_words(measure, figure.value)])
}

fn column_ui(ui: &mut Ui, run: &Run, comparison: &RunComparison, column: &ColumnComparison, tokens: &Tokens) {
    let Some(name) = run.columns.get(column.column as usize) else { return };
    let is_baseline = comparison.baseline == Some(column.column);
    ui.horizontal_wrapped(|ui| {
        // A badge is higher than words, which stand in the middle of it.
        ui.set_row_height(theme::CONTROL_HEIGHT);
        ui.label(RichText::new(name.label()).font(theme::semibold(theme::TEXT_STRONG)));
        if is_baseline {
            badge::ui(ui, Tone::Info, icons::ICON_KEEP, "Baseline");
        } else if comparison.baseline.is_some() {
            match verdict_icon(column.verdict) {
                Some(icon) => drop(badge::ui(ui, verdict_tone(column.verdict), icon, &column.words)),
                None => drop(ui.label(RichText::new(&column.words).color(tokens.muted))),
            }
            let photos = format!("{} photos answered by both", number::count(u64::from(column.paired_photos)));
            ui.label(RichText::new(photos).size(theme::TEXT_SMALL).color(tokens.muted));
        }
    });
    ui.add_space(theme::GAP_4);
    let is_compared = comparison.baseline.is_some() && !is_baseline;
    let heads = ["Measure", "This column", "Baseline", DIFFERENCE, "Verdict"];
    let fitting = Fitting::of_measures(ui, heads, &column.measures);
    let grid = Grid::new(("measures", run.id, column.column)).num_columns(if is_compared { 5 } else { 2 }).striped(true);
    grid.spacing([fitting.gap, theme::GAP_4]).show(ui, |ui| {
        if is_compared {
            head_ui(ui, heads, tokens);
        } else {
            left_head_ui(ui, ["Measure", "This column"], tokens);
        }
        for one in &column.measures {
            measure_ui(ui, one, is_compared.then_some(fitting), tokens);
        }
    });
    if !column.tags.is_empty() {
        let title = format!("By tag ({})", column.tags.len());
        ui.push_id(("tags", column.column), |ui| {
            egui::CollapsingHeader::new(title).id_salt("by tag").show(ui, |ui| {
                let fitting = Fitting::of(ui, &TAG_HEADS, &column.tags.iter().map(tag_words).collect::<Vec<_>>());
                Grid::new("tags").num_columns(6).striped(true).spacing([fitting.gap, theme::GAP_4]).show(ui, |ui| {
                    tag_head_ui(ui, is_compared, tokens);
                    for tag in &column.tags {
                        tag_ui(ui, tag, is_compared.then_some(fitting), tokens);
                    }
                });
            });
        });
    }
}

pub const DIFFERENCE: &str = "Difference (95 %)";
const TAG_HEADS: [&str; 6] = ["F1 of the tag", "Photos", "This column", "Baseline", DIFFERENCE, "Verdict"];

fn head(words: &str, tokens: &Tokens) -> RichText {
    RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)
}

/// The heads of a grid of measures: the first and the last stand over words, the others over figures.
pub fn head_ui(ui: &mut Ui, heads: [&str; 5], tokens: &Tokens) {
    for (at, words) in heads.into_iter().enumerate() {
        match at {
            0 | 4 => drop(ui.label(head(words, tokens))),
            _ => drop(ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(head(words, tokens)))),
        }
    }
    ui.end_row();
}

fn left_head_ui(ui: &mut Ui, heads: [&str; 2], tokens: &Tokens) {
    for words in heads {
        ui.label(head(words, tokens));
    }
    ui.end_row();
}

fn tag_head_ui(ui: &mut Ui, is_compared: bool, tokens: &Tokens) {
    let [name, photos, figure, others @ .., verdict] = TAG_HEADS;
    ui.label(head(name, tokens));
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(head(photos, tokens)));
    if is_compared {
        for words in [figure].into_iter().chain(others) {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(head(words, tokens)));
        }
        ui.label(head(verdict, tokens));
    } else {
        ui.label(head(figure, tokens));
    }
    ui.end_row();
}

/// One row: the measure, and where it is `compared` the baseline's figure, the difference and the verdict.
pub fn measure_ui(ui: &mut Ui, one: &MeasureComparison, compared: Option<Fitting>, tokens: &Tokens) {
    let name = ui.label(one.measure.label()).on_hover_text(one.measure.about());
    name.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, row_words(one)));
    if let Some(fitting) = compared {
        figure_ui(ui, fitting, both_words(one.measure, Some(&one.figure)));
        figure_ui(ui, fitting, both_words(one.measure, one.baseline.as_ref()));
        right_ui(ui, one.difference.map_or_else(String::new, |figure| difference_words(one.measure, &figure)));
        verdict_ui(ui, one.verdict, tokens);
    } else {
        // The last column of a grid takes all room: on its right side figures would stand far from their names.
        ui.label(figure_words(one.measure, &one.figure));
    }
    ui.end_row();
}

/// The whole row for someone who can't see it.
fn row_words(one: &MeasureComparison) -> String {
    let difference = one.difference.map(|figure| format!(", difference {}", difference_words(one.measure, &figure))).unwrap_or_default();
    let verdict = if one.verdict == Verdict::None { String::new() } else { format!(": {}", one.verdict.words()) };
    format!("{} {}{difference}{verdict}", one.measure.label(), figure_words(one.measure, &one.figure))
}

fn tag_words(tag: &TagComparison) -> RowWords {
    RowWords {
        names: vec![tag.tag.clone(), number::count(u64::from(tag.photos))],
        figures: vec![both_words(Measure::F1, Some(&tag.f1)), both_words(Measure::F1, tag.baseline_f1.as_ref())],
        difference: tag.difference.map_or_else(String::new, |figure| difference_words(Measure::F1, &figure)),
        verdict: tag.verdict,
    }
}

fn tag_ui(ui: &mut Ui, tag: &TagComparison, compared: Option<Fitting>, tokens: &Tokens) {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), number::percent);
    let about = format!("Precision {}, recall {}", share(tag.precision), share(tag.recall));
    ui.label(&tag.tag).on_hover_text(about);
    right_ui(ui, number::count(u64::from(tag.photos)));
    if let Some(fitting) = compared {
        figure_ui(ui, fitting, both_words(Measure::F1, Some(&tag.f1)));
        figure_ui(ui, fitting, both_words(Measure::F1, tag.baseline_f1.as_ref()));
        right_ui(ui, tag.difference.map_or_else(String::new, |figure| difference_words(Measure::F1, &figure)));
        verdict_ui(ui, tag.verdict, tokens);
    } else {
        ui.label(figure_words(Measure::F1, &tag.f1));
    }
    ui.end_row();
}

/// A figure with its interval beside it, or when it is hovered.
pub fn figure_ui(ui: &mut Ui, fitting: Fitting, [whole, value]: [String; 2]) {
    let shown = if fitting.has_intervals { whole.clone() } else { value };
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(shown)).inner.on_hover_text(whole);
}

pub fn right_ui(ui: &mut Ui, words: String) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(words));
}

/// The last of a row: it has what the window leaves, in two lines where that is little, and the row is as high as they are.
pub fn verdict_ui(ui: &mut Ui, verdict: Verdict, tokens: &Tokens) {
    let (words, colour) = (verdict.words(), verdict_colour(verdict, tokens));
    let room = (ui.clip_rect().right() - ui.cursor().left() - theme::GAP_16).max(VERDICT_LEAST);
    let icon = verdict_icon(verdict);
    let beside = if icon.is_some() { SIGN_WIDTH } else { 0.0 };
    let font = egui::FontId::proportional(theme::TEXT_BODY);
    let galley = ui.painter().layout(words.to_owned(), font, colour, room - beside);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(beside + galley.size().x, galley.size().y), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, words));
    if let Some(icon) = icon {
        let middle = egui::pos2(rect.left(), rect.center().y);
        ui.painter().text(middle, egui::Align2::LEFT_CENTER, icon.codepoint, egui::FontId::proportional(theme::TEXT_STRONG), colour);
    }
    ui.painter().galley(egui::pos2(rect.left() + beside, rect.top()), galley, colour);
}

/// The sign of a verdict; a colour alone says nothing.
#[must_use]
pub fn verdict_icon(verdict: Verdict) -> Option<MaterialIcon> {
    match verdict {
        Verdict::Better => Some(icons::ICON_TRENDING_UP),
        Verdict::Worse => Some(icons::ICON_TRENDING_DOWN),
        Verdict::Higher => Some(icons::ICON_ARROW_UPWARD),
        Verdict::Lower => Some(icons::ICON_ARROW_DOWNWARD),
        Verdict::NoDifferenceShown => Some(icons::ICON_TRENDING_FLAT),
        Verdict::TooFewPhotos | Verdict::None => None,
    }
}

#[must_use]
pub fn verdict_colour(verdict: Verdict, tokens: &Tokens) -> egui::Color32 {
    match verdict {
        Verdict::Better => tokens.good,
        Verdict::Worse => tokens.bad,
        _ => tokens.muted,
    }
}

fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Better => Tone::Good,
        Verdict::Worse => Tone::Bad,
        _ => Tone::Neutral,
    }
}

/// `71 % (62–79 %)`, `1.24 s (1.10–1.40 s)`, `$0.000842`.
#[must_use]
pub fn figure_words(measure: Measure, figure: &Figure) -> String {
    let value = |value: f64| value_words(measure, value);
    // What is free is so without a doubt.
    let is_free = |ends: &(f64, f64)| matches!(measure, Measure::Cost) && figure.value == 0.0 && *ends == (0.0, 0.0);
    let interval = figure.interval().filter(|ends| !is_free(ends));
    let interval = interval.map(|(low, high)| format!(" ({} – {})", value(low), value(high))).unwrap_or_default();
    format!("{}{interval}", value(figure.value))
}

fn value_words(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Latency => number::duration_ms(value),
        Measure::Cost => crate::wire::money::UsdMicros((value * 1e6).round() as i64).to_string(),
        _ => number::percent(value),
    }
}

/// `−27 pt (−41 to −14)`, `−40 ms (−45 to −38 ms)`; `no difference` where nothing differed anywhere.
#[must_use]
pub fn difference_words(measure: Measure, figure: &Figure) -> String {
    let words = |value: f64| if measure.is_share() { format!("{:.1}", value * 100.0) } else { value_words(measure, value) };
    let zero = words(0.0);
    let signed = |value: f64| {
        let sign = if value < 0.0 { "−" } else { "+" };
        let size = words(value.abs());
        if size == zero { size } else { format!("{sign}{size}") }
    };
    let ends = figure.interval().unwrap_or((figure.value, figure.value));
    if [figure.value, ends.0, ends.1].iter().all(|value| words(value.abs()) == zero) {
        return "no difference".to_owned();
    }
    let unit = if measure.is_share() { " pt" } else { "" };
    let interval = figure.interval().map(|(low, high)| format!(" ({} to {})", signed(low), signed(high))).unwrap_or_default();
    format!("{}{unit}{interval}", signed(figure.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_with_their_units_and_intervals() {
        let figure = |value, low, high| Figure { value, low: Some(low), high: Some(high) };
        assert_eq!(figure_words(Measure::F1, &figure(0.71, 0.62, 0.79)), "71 % (62 % – 79 %)");
        assert_eq!(figure_words(Measure::Cost, &figure(0.0, 0.0, 0.0)), "$0");
        assert_eq!(figure_words(Measure::Latency, &Figure { value: 1_240.0, low: None, high: None }), "1.24 s");
        assert_eq!(difference_words(Measure::F1, &figure(-0.273, -0.41, 0.02)), "−27.3 pt (−41.0 to +2.0)");
        assert_eq!(difference_words(Measure::Latency, &figure(-40.0, -45.0, -38.0)), "−40 ms (−45 ms to −38 ms)");
        assert_eq!(difference_words(Measure::Cost, &figure(0.000_842, 0.0, 0.001)), "+$0.000842 ($0 to +$0.001000)");
        assert_eq!(difference_words(Measure::Cost, &figure(0.0, 0.0, 0.0)), "no difference");
        assert_eq!(difference_words(Measure::F1, &figure(0.0, -0.000_4, 0.000_2)), "no difference");
        assert_eq!(difference_words(Measure::F1, &figure(0.0, -0.1, 0.1)), "0.0 pt (−10.0 to +10.0)");
        assert_eq!(difference_words(Measure::Latency, &Figure { value: 0.0, low: None, high: None }), "no difference");
    }
}
