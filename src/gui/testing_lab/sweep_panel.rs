//! Accuracy against cost of a run's sweep: a line a model on one plot with intervals, the figures below it, and what is cheapest
//! without a shown loss.

use std::time::{Duration, Instant};

use egui::{Grid, RichText, Stroke, Ui, WidgetInfo};
use egui_plot::{Corner, Legend, Line, LineStyle, Plot, PlotPoints, Points};

use super::figures_panel::{DIFFERENCE, Fitting, RowWords, both_words, difference_words, figure_ui, head_ui, right_ui, verdict_ui};
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::model_colours::ModelColours;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{error_state, number, section, skeleton};
use crate::wire::comparison::{Figure, Measure};
use crate::wire::ids::RunId;
use crate::wire::run::{Run, RunState};
use crate::wire::sweep::{Sweep, SweepLine, SweepPoint};

const PLOT_HEIGHT: f32 = 240.0;
/// While a run is under way the figures follow it at most this often.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// What is known of the sweep of the open run.
#[derive(Default)]
pub struct SweepView {
    sweep: Remote<Sweep>,
    asked: Option<(RunId, u64, Instant)>,
}

/// Whether a run is a sweep.
#[must_use]
pub fn is_sweep(run: &Run) -> bool {
    run.columns.iter().any(|column| column.image.is_some())
}

impl SweepView {
    /// Asks again; what is known stays until it is known better.
    pub fn reload(&mut self) {
        self.asked = None;
    }

    pub fn logic(&mut self, run: &Run, ctx: &AreaCtx<'_>) {
        self.sweep.poll();
        if !is_sweep(run) || run.counts.completed == 0 || self.sweep.is_pending() {
            return;
        }
        let done = run.counts.finished();
        match self.asked {
            Some((id, known, _)) if id == run.id && known == done => return,
            Some((id, _, at)) if id == run.id && run.state == RunState::Running => {
                if let Some(wait) = ASK_EVERY.checked_sub(at.elapsed()) {
                    ctx.egui.request_repaint_after(wait);
                    return;
                }
            }
            Some((id, ..)) if id != run.id => self.sweep = Remote::default(),
            _ => {}
        }
        self.asked = Some((run.id, done, Instant::now()));
        let id = run.id;
        ctx.ask(&mut self.sweep, |client| async move { client.sweep(id).await });
    }

    /// Draws plot and table, where the run is a sweep.
    pub fn ui(&mut self, ui: &mut Ui, run: &Run, tokens: &Tokens) {
        if !is_sweep(run) {
            return;
        }
        section::heading(ui, "Accuracy against cost");
        if let Some(failure) = self.sweep.failure().map(ToString::to_string)
            && error_state::ui(ui, "The sweep could not be read", &failure)
        {
            (self.sweep, self.asked) = (Remote::default(), None);
        }
        let Some(sweep) = self.sweep.value() else {
            if self.sweep.failure().is_none() {
                skeleton::lines(ui, 4);
            }
            return;
        };
        let of = if sweep.measure == Measure::F1 {
            "F1 against the labels of the photos"
        } else {
            "Agreement with the photo as it is usually sent; photos with labels would say what is right"
        };
        ui.label(
            RichText::new(format!("{of}. Cost is the mean of an answer, of a known one what it cost when it was asked. Bars are 95 % intervals"))
                .size(theme::TEXT_SMALL)
                .color(tokens.muted),
        );
        ui.add_space(theme::GAP_4);
        let colours = ModelColours::new(sweep.lines.iter().map(|line| line.model.as_str()));
        if sweep.lines.iter().flat_map(|line| &line.points).any(|point| point.cost.is_some() && point.accuracy.is_some()) {
            plot_ui(ui, sweep, &colours, tokens);
        } else {
            ui.label(RichText::new("No answer has a known cost, so there is nothing to plot against").color(tokens.muted));
        }
        for line in &sweep.lines {
            ui.add_space(theme::GAP_12);
            line_ui(ui, line, sweep.measure, tokens);
        }
        ui.add_space(theme::GAP_16);
    }
}

fn name(line: &SweepLine) -> String {
    format!("{} · {}", line.prompt_name, line.model)
}

fn image_words(point: &SweepPoint) -> String {
    point.image.map_or_else(
        || "As usual".to_owned(),
        |image| {
            let words = image.words();
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        },
    )
}

fn plot_ui(ui: &mut Ui, sweep: &Sweep, colours: &ModelColours, tokens: &Tokens) {
    let money = |value: f64| crate::wire::money::UsdMicros((value * 1e6).round() as i64).to_string();
    let plot = Plot::new(("sweep", sweep.run_id))
        .height(PLOT_HEIGHT)
        // What costs most and finds least is rare: there the legend hides nothing.
        .legend(Legend::default().position(Corner::RightBottom))
        .show_grid([false, true])
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .x_axis_label("USD an answer")
        .y_axis_label(if sweep.measure == Measure::F1 { "F1" } else { "Agreement" })
        .x_axis_formatter(move |mark, _| money(mark.value))
        .y_axis_formatter(|mark, _| number::percent(mark.value))
        .include_x(0.0)
        .include_y(0.0)
        .include_y(1.0);
    let response = plot.show(ui, |plot| {
        for line in &sweep.lines {
            let colour = colours.get(&line.model, tokens);
            let known: Vec<(&SweepPoint, Figure, Figure)> =
                line.points.iter().filter_map(|point| Some((point, point.cost?, point.accuracy?))).collect();
            let at: Vec<[f64; 2]> = known.iter().map(|(_, cost, accuracy)| [cost.value, accuracy.value]).collect();
            plot.line(Line::new(name(line), PlotPoints::from(at.clone())).color(colour).width(1.0).style(LineStyle::dashed_loose()));
            plot.points(Points::new(name(line), PlotPoints::from(at)).color(colour).radius(4.0));
            for (_, cost, accuracy) in known {
                let stroke = Stroke::new(1.0, colour);
                if let Some((low, high)) = accuracy.interval() {
                    plot.line(Line::new(name(line), PlotPoints::from(vec![[cost.value, low], [cost.value, high]])).stroke(stroke));
                }
                if let Some((low, high)) = cost.interval() {
                    plot.line(Line::new(name(line), PlotPoints::from(vec![[low, accuracy.value], [high, accuracy.value]])).stroke(stroke));
                }
            }
        }
    });
    response
        .response
        .widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "Accuracy against cost, a line a model; the table below has the figures"));
}

fn line_ui(ui: &mut Ui, line: &SweepLine, measure: Measure, tokens: &Tokens) {
    ui.label(RichText::new(name(line)).font(theme::semibold(theme::TEXT_BODY)));
    if let Some(advice) = &line.advice {
        ui.horizontal(|ui| {
            ui.label(RichText::new(icons::ICON_SAVINGS.codepoint).color(tokens.good));
            ui.label(advice);
        });
    }
    let heads = ["Photo", if measure == Measure::F1 { "F1" } else { "Agreement" }, "USD an answer", DIFFERENCE, "Verdict"];
    let words_of = |measure, figure: Option<&Figure>| {
        figure.map_or_else(|| ["not known", "not known"].map(str::to_owned), |figure| both_words(measure, Some(figure)))
    };
    let difference_of = |point: &SweepPoint| point.difference.map_or_else(String::new, |difference| difference_words(measure, &difference));
    let row_words = |point: &SweepPoint| RowWords {
        names: vec![image_words(point)],
        figures: vec![words_of(measure, point.accuracy.as_ref()), words_of(Measure::Cost, point.cost.as_ref())],
        difference: difference_of(point),
        verdict: point.verdict,
    };
    let fitting = Fitting::of(ui, &heads, &line.points.iter().map(row_words).collect::<Vec<_>>());
    let spacing = [fitting.gap, theme::GAP_4];
    Grid::new(("sweep", &line.prompt_name, &line.model)).num_columns(5).striped(true).spacing(spacing).show(ui, |ui| {
        head_ui(ui, heads, tokens);
        for point in &line.points {
            let words = image_words(point);
            let (accuracy, cost) = (words_of(measure, point.accuracy.as_ref()), words_of(Measure::Cost, point.cost.as_ref()));
            let label = ui.label(&words);
            label.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{words}: {} for {}", accuracy[0], cost[0])));
            figure_ui(ui, fitting, accuracy);
            figure_ui(ui, fitting, cost);
            right_ui(ui, difference_of(point));
            verdict_ui(ui, point.verdict, tokens);
            ui.end_row();
        }
    });
}
