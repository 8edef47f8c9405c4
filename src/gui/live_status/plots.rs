//! How the queue went: how many jobs waited, how many were done, how long they waited, over an hour, a day or a week.

mod flow;

use chrono::{DateTime, Utc};
use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Color32, FontId, Key, Label, RichText, ScrollArea, Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{Bar, BarChart, GridMark, Line, LineStyle, PlotPoints, PlotUi, Points, VLine};

use crate::gui::ctx::{AreaCtx, Command, LinkState, Route};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{empty_state, error_state, number, skeleton, time_axis, time_plot};
use crate::wire::metric::MetricType;
pub use flow::FlowRange;
use flow::{Flow, FlowData};

const PLOT_HEIGHT: f32 = 190.0;
/// From this width on plots stand beside each other.
const TWO_COLUMNS_FROM: f32 = 900.0;

/// One plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Figure {
    Depth,
    Throughput,
    Wait,
    Failures,
}

impl Figure {
    const ALL: [Self; 4] = [Self::Depth, Self::Throughput, Self::Wait, Self::Failures];

    fn title(self) -> &'static str {
        match self {
            Self::Depth => "Queue depth",
            Self::Throughput => "Throughput",
            Self::Wait => "Queue wait",
            Self::Failures => "Failed tries",
        }
    }

    /// What the axis counts, and how it came about.
    fn unit(self) -> &'static str {
        match self {
            Self::Depth => "jobs, looked at once a minute",
            Self::Throughput => "completed tries per hour",
            Self::Wait => "of the tries that ended; quantile ± 1 %",
            Self::Failures => "share of all tries",
        }
    }

    fn value_unit(self) -> time_plot::Unit {
        match self {
            Self::Depth | Self::Throughput => time_plot::Unit::Whole,
            Self::Wait => time_plot::Unit::Milliseconds,
            Self::Failures => time_plot::Unit::Plain,
        }
    }

    /// What the axis reaches at least: where nothing is above zero, it would have no scale.
    fn least_span(self) -> f64 {
        match self {
            Self::Depth | Self::Throughput => 1.0,
            Self::Wait => 10.0,
            Self::Failures => 0.01,
        }
    }

    fn words(self, value: f64) -> String {
        match self {
            Self::Depth | Self::Throughput if value < 10.0 && value.fract() > 0.05 => format!("{value:.1}"),
            Self::Depth => number::count(value.round().max(0.0) as u64),
            Self::Throughput => number::count(value.round().max(0.0) as u64),
            Self::Wait => number::duration_ms(value.max(0.0)),
            Self::Failures => number::percent(value.max(0.0)),
        }
    }

    fn series(self, tokens: &Tokens) -> Vec<Series> {
        let series = |metric, name, colour, style| Series { metric, name, colour, style };
        match self {
            Self::Depth => vec![
                series(MetricType::QueueDepth, "waiting", tokens.accent, LineStyle::Solid),
                series(MetricType::Processing, "processing", tokens.good, LineStyle::Dashed { length: 6.0 }),
                series(MetricType::RetryWait, "waiting to retry", tokens.warn, LineStyle::Dotted { spacing: 4.0 }),
            ],
            Self::Throughput => vec![series(MetricType::ThroughputPerHour, "completed", tokens.accent, LineStyle::Solid)],
            Self::Wait => vec![
                series(MetricType::QueueWaitP95Ms, "p95", tokens.warn, LineStyle::Dashed { length: 6.0 }),
                series(MetricType::QueueWaitAvgMs, "average", tokens.accent, LineStyle::Solid),
            ],
            Self::Failures => vec![series(MetricType::ErrorRate, "failed", tokens.bad, LineStyle::Solid)],
        }
    }
}

/// One line of a plot.
struct Series {
    metric: MetricType,
    name: &'static str,
    colour: Color32,
    style: LineStyle,
}

/// The state of the view.
#[derive(Default)]
pub struct Plots {
    data: FlowData,
    /// The step under the cursor, in all plots.
    cursor: Option<usize>,
}

impl Plots {
    pub fn mark_behind(&mut self) {
        self.data.mark_behind();
    }

    pub fn reload(&mut self) {
        self.data.reload();
    }

    pub fn poll(&mut self) {
        self.data.poll();
    }

    pub fn ui(&mut self, ui: &mut Ui, at: Option<DateTime<Utc>>, ctx: &AreaCtx<'_>) {
        self.data.ask(ctx, at);
        self.ranges_ui(ui, ctx);
        ui.add_space(theme::GAP_8);
        let Some(flow) = self.data.flow() else {
            match self.data.failure() {
                Some(failure) => {
                    if error_state::ui(ui, "The figures could not be read", &failure) {
                        self.data.reload();
                    }
                }
                None => skeleton::lines(ui, 8),
            }
            return;
        };
        if flow.is_empty() {
            if empty_state::ui(ui, "Nothing was done in this time", Some("Show the jobs")) {
                ctx.send(Command::GoTo(Route::Jobs(None)));
            }
            return;
        }
        let (range, cursor, tokens) = (self.data.range(), &mut self.cursor, ctx.tokens());
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let columns = if ui.available_width() >= TWO_COLUMNS_FROM { 2 } else { 1 };
            for row in Figure::ALL.chunks(columns) {
                ui.columns(columns, |uis| {
                    for (figure, ui) in row.iter().zip(uis) {
                        panel_ui(ui, *figure, flow, range, cursor, tokens);
                    }
                });
                ui.add_space(theme::GAP_12);
            }
        });
    }

    fn ranges_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal_wrapped(|ui| {
            for range in FlowRange::ALL {
                let is_shown = self.data.range() == range;
                let button = ui.add(Button::selectable(is_shown, range.label()));
                button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_shown, format!("Last {}", range.label())));
                if button.clicked() {
                    self.data.show(range);
                    self.cursor = None;
                }
            }
            if let LinkState::Lost { why, .. } = ctx.link {
                ui.label(RichText::from(icons::ICON_CLOUD_OFF).color(tokens.warn));
                ui.label(RichText::new("Stale: the platform is not heard").color(tokens.warn)).on_hover_text(why);
            } else if let Some(failure) = self.data.failure().filter(|_| self.data.flow().is_some()) {
                ui.label(RichText::new(format!("These figures are old: {failure}")).color(tokens.warn));
            }
        });
    }
}

/// One plot with its title, unit and entries.
fn panel_ui(ui: &mut Ui, figure: Figure, flow: &Flow, range: FlowRange, cursor: &mut Option<usize>, tokens: &Tokens) {
    egui::Frame::new().fill(tokens.surface).stroke((1.0, tokens.border)).corner_radius(theme::RADIUS_8).inner_margin(theme::GAP_12).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(figure.title()).size(theme::TEXT_STRONG));
            let small = |words: String| Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate();
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(step) = *cursor {
                    ui.add(small(range.step_words(flow.start(step))));
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| ui.add(small(figure.unit().to_owned())));
            });
        });
        entries_ui(ui, figure, flow, *cursor, tokens);
        plot_ui(ui, figure, flow, range, cursor, tokens);
    });
}

/// What is drawn and, at the cursor, its value.
fn entries_ui(ui: &mut Ui, figure: Figure, flow: &Flow, cursor: Option<usize>, tokens: &Tokens) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP_12, 2.0);
        ui.spacing_mut().interact_size.y = 18.0;
        for series in figure.series(tokens) {
            let mut words = LayoutJob::default();
            let font = FontId::proportional(theme::TEXT_SMALL);
            let dot = TextFormat::simple(FontId::new(9.0, icons::ICON_CIRCLE.font_family()), series.colour);
            words.append(icons::ICON_CIRCLE.codepoint, 0.0, dot);
            words.append(series.name, 5.0, TextFormat::simple(font.clone(), tokens.muted));
            if let Some(step) = cursor {
                let value = flow.at(series.metric, step).map_or_else(|| "–".to_owned(), |value| figure.words(value));
                words.append(&value, 5.0, TextFormat::simple(font, tokens.text));
            }
            ui.add(Label::new(words).extend());
        }
    });
}

fn plot_ui(ui: &mut Ui, figure: Figure, flow: &Flow, range: FlowRange, cursor: &mut Option<usize>, tokens: &Tokens) {
    let (from, to, width) = (flow.from(), flow.to(), ui.available_width());
    let plot = time_plot::new(("live", figure), width, PLOT_HEIGHT, tokens)
        .include_y(figure.least_span())
        .x_grid_spacer(move |input| {
            let marks = time_axis::marks(input.bounds.0.max(from), input.bounds.1.min(to), width, range.least_mark());
            marks.into_iter().map(|value| GridMark { value, step_size: to - from }).collect()
        })
        .x_axis_formatter(move |mark, _| range.tick(mark.value))
        .y_axis_formatter(move |mark, _| if mark.value < 0.0 { String::new() } else { figure.words(mark.value) })
        .y_grid_spacer(time_plot::value_marks(PLOT_HEIGHT, figure.value_unit()));
    let shown = plot.show(ui, |plot_ui| {
        plot_ui.set_plot_bounds_x(from..=to);
        for series in figure.series(tokens) {
            if figure == Figure::Throughput { bars(plot_ui, flow, &series) } else { lines(plot_ui, flow, &series) }
        }
        if let Some(step) = *cursor {
            plot_ui.vline(VLine::new("", flow.middle(step)).color(tokens.muted).width(1.0).allow_hover(false));
        }
        plot_ui.pointer_coordinate()
    });
    let response = shown.response;
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Figure, true, format!("{} over time", figure.title())));
    if response.hovered() {
        *cursor = shown.inner.and_then(|at| flow.step_at(at.x));
    }
    if response.has_focus() {
        move_cursor(ui, &response, flow.steps(), cursor);
        ui.painter().rect_stroke(response.rect, theme::RADIUS_4, Stroke::new(1.0, tokens.focus), egui::StrokeKind::Outside);
    }
}

/// Left and right walk over the steps.
fn move_cursor(ui: &Ui, response: &egui::Response, steps: usize, cursor: &mut Option<usize>) {
    let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let (left, right) = ui.input(|input| (input.key_pressed(Key::ArrowLeft), input.key_pressed(Key::ArrowRight)));
    if left {
        *cursor = Some(cursor.map_or(steps, |at| at).saturating_sub(1));
    } else if right {
        *cursor = Some(cursor.map_or(0, |at| at + 1).min(steps.saturating_sub(1)));
    }
}

fn bars(plot_ui: &mut PlotUi<'_>, flow: &Flow, series: &Series) {
    let bar = |(step, value): (usize, f64)| Bar::new(flow.middle(step), value).width(flow.step() * 0.86).fill(series.colour).stroke(Stroke::NONE);
    let bars = flow.points(series.metric).filter(|(_, value)| *value > 0.0).map(bar).collect();
    plot_ui.bar_chart(BarChart::new(series.name, bars).allow_hover(false));
}

/// Lines with gaps where nothing was seen; a step alone is a dot.
fn lines(plot_ui: &mut PlotUi<'_>, flow: &Flow, series: &Series) {
    let mut alone: Vec<[f64; 2]> = Vec::new();
    for line in flow.lines(series.metric) {
        match line.as_slice() {
            [point] => alone.push(*point),
            _ => {
                let line = Line::new(series.name, PlotPoints::from(line)).stroke(Stroke::new(1.5, series.colour)).style(series.style);
                plot_ui.line(line.allow_hover(false));
            }
        }
    }
    if !alone.is_empty() {
        plot_ui.points(Points::new(series.name, PlotPoints::from(alone)).color(series.colour).radius(2.3).allow_hover(false));
    }
}
