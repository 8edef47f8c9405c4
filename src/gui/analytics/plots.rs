//! The four plots over time: results, latency, confidence, cost. One cursor runs through all of them;
//! it follows the pointer, or the arrow keys while a plot has the keyboard.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Key, Label, RichText, Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{Bar, BarChart, FilledArea, GridMark, Line, LineStyle, PlotPoints, PlotUi, Points, VLine};

use super::range::TimeRange;
use super::series::{Plotted, Series};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{choice, number, time_plot};
use crate::wire::analytics::PerformancePoint;
use crate::wire::money::UsdMicros;

const PLOT_HEIGHT: f32 = 180.0;
/// So far the axis of the cost reaches where nothing cost anything.
const LEAST_COST_USD: f64 = 0.01;

/// Which plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    Results,
    Latency,
    Confidence,
    Cost,
}

impl Metric {
    pub const ALL: [Self; 4] = [Self::Results, Self::Latency, Self::Confidence, Self::Cost];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Results => "Results",
            Self::Latency => "Latency",
            Self::Confidence => "Mean confidence",
            Self::Cost => "Cost",
        }
    }

    /// What a value of its axis says.
    fn unit(self) -> time_plot::Unit {
        match self {
            Self::Results => time_plot::Unit::Whole,
            Self::Latency => time_plot::Unit::Milliseconds,
            Self::Confidence | Self::Cost => time_plot::Unit::Plain,
        }
    }

    fn tick(self, value: f64) -> String {
        match self {
            Self::Results => number::count(value.round().max(0.0) as u64),
            Self::Latency => number::duration_ms(value),
            Self::Confidence => number::percent(value),
            Self::Cost => {
                let cost = UsdMicros((value * 1e6).round() as i64).to_string();
                if cost.contains('.') { cost.trim_end_matches('0').trim_end_matches('.').to_owned() } else { cost }
            }
        }
    }
}

/// What the reader has set.
#[derive(Debug, Default)]
pub struct PlotState {
    /// The step under the cursor.
    pub cursor: Option<usize>,
    /// Cost as a running sum.
    pub cumulative: bool,
    /// Whose latency is shown; all models together when empty or not there.
    pub latency_of: Option<String>,
}

/// One entry above a plot: what is drawn and, at the cursor, its value.
struct Entry {
    colour: Color32,
    name: String,
    value: Option<String>,
}

/// Draws one plot with its title and entries into the width that there is.
pub fn ui(ui: &mut Ui, metric: Metric, plotted: &Plotted, range: TimeRange, state: &mut PlotState, tokens: &Tokens) {
    egui::Frame::new().fill(tokens.surface).stroke((1.0, tokens.border)).corner_radius(theme::RADIUS_8).inner_margin(theme::GAP_12).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            let title = ui.label(RichText::new(metric.title()).size(theme::TEXT_STRONG));
            if metric == Metric::Latency {
                title.on_hover_text("Quantiles come from a histogram: exact below 128 ms, above right to ± 0.8 %");
            }
            match metric {
                Metric::Cost => {
                    ui.checkbox(&mut state.cumulative, "Running sum");
                }
                Metric::Latency => latency_of_ui(ui, plotted, state),
                Metric::Results | Metric::Confidence => {}
            }
            let when = state.cursor.map(|step| range.step_words(plotted.grid.start(step)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(RichText::new(when.unwrap_or_default()).size(theme::TEXT_SMALL).color(tokens.muted));
            });
        });
        entries_ui(ui, &entries(metric, plotted, state, tokens), tokens);
        plot_ui(ui, metric, plotted, range, state, tokens);
    });
}

fn latency_of_ui(ui: &mut Ui, plotted: &Plotted, state: &mut PlotState) {
    if plotted.models.len() < 2 {
        return;
    }
    let shown = state.latency_of.clone().unwrap_or_else(|| "All models".to_owned());
    let list = egui::ComboBox::from_id_salt("latency of").selected_text(shown.clone()).truncate().width(150.0);
    let models = plotted.models.iter().map(|model| (Some(model.name.clone()), model.name.as_str()));
    choice::ui(ui, list, &mut state.latency_of, std::iter::once((None, "All models")).chain(models))
        .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Latency of {shown}")));
}

/// The series that the latency plot shows, and its colour.
fn latency_series<'p>(plotted: &'p Plotted, state: &PlotState, tokens: &Tokens) -> (&'p Series, Color32) {
    let chosen = state.latency_of.as_ref().and_then(|name| plotted.models.iter().find(|model| model.name == *name));
    match chosen.or(plotted.models.first().filter(|_| plotted.models.len() == 1)) {
        Some(model) => (model, plotted.colours.get(&model.name, tokens)),
        None => (&plotted.all, tokens.accent),
    }
}

type Value = fn(&PerformancePoint) -> Option<f64>;

/// The quantiles from the widest reach to the middle, so that the middle is drawn on top.
fn quantiles() -> [(&'static str, Value, LineStyle, f32, f32); 4] {
    [
        ("p99", |point| point.latency_p99_ms, LineStyle::Dotted { spacing: 4.0 }, 1.2, 0.6),
        ("p95", |point| point.latency_p95_ms, LineStyle::Solid, 1.0, 0.75),
        ("p90", |point| point.latency_p90_ms, LineStyle::Dashed { length: 5.0 }, 1.0, 0.75),
        ("p50", |point| point.latency_p50_ms, LineStyle::Solid, 2.0, 1.0),
    ]
}

fn entries(metric: Metric, plotted: &Plotted, state: &PlotState, tokens: &Tokens) -> Vec<Entry> {
    let at = |series: &Series, value: &dyn Fn(&PerformancePoint) -> Option<f64>| {
        state.cursor.map(|step| series.at(step).and_then(value).map_or_else(|| "–".to_owned(), |value| metric.tick(value)))
    };
    if metric == Metric::Latency {
        let (series, colour) = latency_series(plotted, state, tokens);
        return quantiles()
            .into_iter()
            .rev()
            .map(|(name, value, _, _, strength)| Entry { colour: colour.gamma_multiply(strength), name: name.to_owned(), value: at(series, &value) })
            .collect();
    }
    let mut entries: Vec<Entry> = plotted
        .models
        .iter()
        .map(|model| {
            let value = match metric {
                Metric::Results => at(model, &|point| Some(point.completed as f64)),
                Metric::Confidence => at(model, &|point| point.mean_confidence),
                Metric::Cost | Metric::Latency => cost_words(model, state),
            };
            Entry { colour: plotted.colours.get(&model.name, tokens), name: model.name.clone(), value }
        })
        .collect();
    if metric == Metric::Results && plotted.all.slots.iter().flatten().any(|point| point.failed > 0) {
        let value = at(&plotted.all, &|point| Some(point.failed as f64));
        entries.push(Entry { colour: tokens.bad, name: "failed".to_owned(), value });
    }
    entries
}

/// The cost at the cursor, with what is not known of it.
fn cost_words(model: &Series, state: &PlotState) -> Option<String> {
    let step = state.cursor?;
    let first = if state.cumulative { 0 } else { step };
    let points = model.slots.iter().take(step + 1).skip(first).flatten();
    let (cost, unknown) = points.fold((UsdMicros(0), 0), |(cost, unknown), point| (cost + point.cost_usd, unknown + point.cost_unknown));
    Some(match (unknown, cost) {
        (0, _) => cost.to_string(),
        (_, UsdMicros(0)) => "unknown".to_owned(),
        _ => format!("{cost} + unknown for {unknown}"),
    })
}

fn entries_ui(ui: &mut Ui, entries: &[Entry], tokens: &Tokens) {
    let least_height = if ui.available_width() < 460.0 { 38.0 } else { 18.0 };
    // Panels beside each other keep one height, whether their entries take one line or two.
    ui.vertical(|ui| {
        ui.set_min_height(least_height);
        ui.spacing_mut().item_spacing = vec2(theme::GAP_12, 2.0);
        ui.spacing_mut().interact_size.y = 18.0;
        ui.horizontal_wrapped(|ui| {
            for entry in entries {
                // One label, so that a dot never stands at the end of a line without its name.
                let mut words = LayoutJob::default();
                let font = FontId::proportional(theme::TEXT_SMALL);
                let dot = TextFormat::simple(FontId::new(9.0, icons::ICON_CIRCLE.font_family()), entry.colour);
                words.append(icons::ICON_CIRCLE.codepoint, 0.0, dot);
                words.append(&entry.name, 5.0, TextFormat::simple(font.clone(), tokens.muted));
                if let Some(value) = &entry.value {
                    words.append(value, 5.0, TextFormat::simple(font, tokens.text));
                }
                ui.add(Label::new(words).extend());
            }
        });
    });
}

fn plot_ui(ui: &mut Ui, metric: Metric, plotted: &Plotted, range: TimeRange, state: &mut PlotState, tokens: &Tokens) {
    let grid = plotted.grid;
    let width = ui.available_width();
    let mut plot = time_plot::new(("analytics", metric), width, PLOT_HEIGHT, tokens)
        .x_grid_spacer(move |input| {
            let (from, to) = input.bounds;
            let marks = range.marks(from.max(grid.from), to.min(grid.to), width);
            marks.into_iter().map(|value| GridMark { value, step_size: grid.to - grid.from }).collect()
        })
        .x_axis_formatter(move |mark, _| range.tick(mark.value))
        .y_axis_formatter(move |mark, _| if mark.value < 0.0 { String::new() } else { metric.tick(mark.value) })
        .y_grid_spacer(time_plot::value_marks(PLOT_HEIGHT, metric.unit()));
    if metric == Metric::Confidence {
        let quarters = |_| (0..=4).map(|quarter| GridMark { value: f64::from(quarter) / 4.0, step_size: 1.0 }).collect();
        plot = plot.include_y(1.0).y_grid_spacer(quarters);
    }
    if metric == Metric::Cost && plotted.models.iter().all(costs_nothing) {
        // Where nothing cost anything, the axis would have no height of its own.
        plot = plot.include_y(LEAST_COST_USD);
    }
    let response = plot.show(ui, |plot_ui| {
        plot_ui.set_plot_bounds_x(grid.from..=grid.to);
        match metric {
            Metric::Results => results(plot_ui, plotted, tokens),
            Metric::Latency => latency(plot_ui, plotted, state, tokens),
            Metric::Confidence => confidence(plot_ui, plotted, tokens),
            Metric::Cost => cost(plot_ui, plotted, state.cumulative, tokens),
        }
        if let Some(step) = state.cursor {
            plot_ui.vline(VLine::new("", grid.middle(step)).color(tokens.muted).width(1.0).allow_hover(false));
        }
        plot_ui.pointer_coordinate()
    });
    let plot_response = response.response;
    plot_response.widget_info(|| WidgetInfo::labeled(egui::Role::Figure, true, format!("{} over time", metric.title())));
    if plot_response.hovered() {
        state.cursor = response.inner.and_then(|at| grid.step_at(at.x));
    }
    if plot_response.has_focus() {
        move_cursor(ui, &plot_response, plotted, state);
        let ring = Stroke::new(1.0, tokens.focus);
        ui.painter().rect_stroke(plot_response.rect, theme::RADIUS_4, ring, egui::StrokeKind::Outside);
    }
}

/// Left and right walk over the steps that have results.
fn move_cursor(ui: &Ui, response: &egui::Response, plotted: &Plotted, state: &mut PlotState) {
    let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let (left, right) = ui.input(|input| (input.key_pressed(Key::ArrowLeft), input.key_pressed(Key::ArrowRight)));
    let has_results = |step: &usize| plotted.all.at(*step).is_some();
    let last = plotted.all.slots.len();
    if left {
        let from = state.cursor.unwrap_or(last);
        state.cursor = (0..from).rev().find(has_results).or(state.cursor);
    } else if right {
        let from = state.cursor.map_or(0, |step| step + 1);
        state.cursor = (from..last).find(has_results).or(state.cursor);
    }
}

/// Bars of completed results stacked by model, the failed ones on top.
fn results(plot_ui: &mut PlotUi<'_>, plotted: &Plotted, tokens: &Tokens) {
    let grid = plotted.grid;
    let mut charts: Vec<BarChart> = Vec::new();
    let mut heights = vec![0.0; plotted.all.slots.len()];
    let mut stack = |series: &Series, colour: Color32, value: &dyn Fn(&PerformancePoint) -> f64| {
        let mut bars = Vec::new();
        for (at, slot) in series.slots.iter().enumerate() {
            let Some(height) = slot.as_ref().map(value).filter(|height| *height > 0.0) else { continue };
            bars.push(Bar::new(grid.middle(at), height).base_offset(heights[at]).width(grid.step * 0.86).fill(colour).stroke(Stroke::NONE));
            heights[at] += height;
        }
        charts.push(BarChart::new(series.name.clone(), bars).allow_hover(false));
    };
    for model in &plotted.models {
        stack(model, plotted.colours.get(&model.name, tokens), &|point| point.completed as f64);
    }
    stack(&plotted.all, tokens.bad, &|point| point.failed as f64);
    for chart in charts {
        plot_ui.bar_chart(chart);
    }
}

/// A band from p50 to p95 and four lines.
fn latency(plot_ui: &mut PlotUi<'_>, plotted: &Plotted, state: &PlotState, tokens: &Tokens) {
    let (series, colour) = latency_series(plotted, state, tokens);
    let lows = series.lines(plotted.grid, |point| point.latency_p95_ms.and(point.latency_p50_ms));
    let highs = series.lines(plotted.grid, |point| point.latency_p50_ms.and(point.latency_p95_ms));
    for (low, high) in lows.iter().zip(&highs) {
        let xs: Vec<f64> = low.iter().map(|point| point[0]).collect();
        let (bottom, top): (Vec<f64>, Vec<f64>) = low.iter().zip(high).map(|(low, high)| (low[1], high[1])).unzip();
        plot_ui.add(FilledArea::new("p50 to p95", &xs, &bottom, &top).fill_color(colour.gamma_multiply(0.16)).allow_hover(false));
    }
    for (name, value, style, width, strength) in quantiles() {
        lines(plot_ui, name, &series.lines(plotted.grid, value), Stroke::new(width, colour.gamma_multiply(strength)), style);
    }
}

fn confidence(plot_ui: &mut PlotUi<'_>, plotted: &Plotted, tokens: &Tokens) {
    for model in &plotted.models {
        let stroke = Stroke::new(1.5, plotted.colours.get(&model.name, tokens));
        lines(plot_ui, &model.name, &model.lines(plotted.grid, |point| point.mean_confidence), stroke, LineStyle::Solid);
    }
}

/// Known cost by model: per step, or as a running sum, which has no gaps.
fn cost(plot_ui: &mut PlotUi<'_>, plotted: &Plotted, cumulative: bool, tokens: &Tokens) {
    for model in &plotted.models {
        let stroke = Stroke::new(1.5, plotted.colours.get(&model.name, tokens));
        let drawn = if cumulative {
            let mut sum = 0.0;
            let running = model.slots.iter().enumerate().map(|(at, slot)| {
                sum += slot.map_or(0.0, |point| point.cost_usd.as_usd());
                [plotted.grid.middle(at), sum]
            });
            vec![running.collect()]
        } else {
            // A step whose every result has an unknown cost is not a step that cost nothing.
            model.lines(plotted.grid, |point| (point.cost_unknown < point.completed + point.failed).then(|| point.cost_usd.as_usd()))
        };
        lines(plot_ui, &model.name, &drawn, stroke, LineStyle::Solid);
    }
}

fn costs_nothing(model: &Series) -> bool {
    model.slots.iter().flatten().all(|point| point.cost_usd.0 == 0)
}

/// Lines with gaps between them; a step alone is a dot.
fn lines(plot_ui: &mut PlotUi<'_>, name: &str, lines: &[Vec<[f64; 2]>], stroke: Stroke, style: LineStyle) {
    let mut alone: Vec<[f64; 2]> = Vec::new();
    for line in lines {
        if let [point] = line.as_slice() {
            alone.push(*point);
        } else {
            plot_ui.line(Line::new(name, PlotPoints::from(line.clone())).stroke(stroke).style(style).allow_hover(false));
        }
    }
    if !alone.is_empty() {
        plot_ui.points(Points::new(name, PlotPoints::from(alone)).color(stroke.color).radius(stroke.width + 0.8).allow_hover(false));
    }
}
