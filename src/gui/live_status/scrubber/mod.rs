//! The time scrubber: a strip of what happened, on which a moment is chosen that cards, queue, plots and health then show.

mod marks;
mod strip;

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use egui::{Key, Modifiers, RichText, Ui, WidgetInfo};

use super::plots::FlowRange;
use crate::gui::ctx::{AreaCtx, Command, Remote};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{number, relative_time, time_axis};
use crate::wire::config::PipelineState;
use crate::wire::metric::{MetricQuery, MetricType, Metrics};
use marks::Marks;
use strip::{Bars, Chosen};

/// The strip moves on by itself.
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);

/// What is known of the moment that is looked at.
pub struct Then<'a> {
    /// Of the pipeline; `None`: what was then is still on its way.
    pub state: Option<PipelineState>,
    /// Why the moment can't be shown.
    pub problem: Option<&'a str>,
    /// The first moment that there is a record of.
    pub first: Option<DateTime<Utc>>,
}

impl Then<'_> {
    /// A moment as it can be asked about: in whole milliseconds, as the platform answers, and not before the first one.
    fn recorded(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let at = at.trunc_subsecs(3);
        self.first.map_or(at, |first| at.max(first))
    }
}

/// The state of the scrubber.
#[derive(Default)]
pub struct Scrubber {
    is_open: bool,
    range: FlowRange,
    /// The moment that is looked at; `None`: the present.
    at: Option<DateTime<Utc>>,
    metrics: Remote<Metrics>,
    bars: Option<Bars>,
    marks: Marks,
    asked_at: Option<Instant>,
    wants_focus: bool,
}

impl Scrubber {
    /// The moment that is looked at; `None`: the present.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.at
    }

    /// Opens the strip, or closes it and goes back to the present.
    pub fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.at = None;
        self.wants_focus = self.is_open;
        self.reload();
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn reload(&mut self) {
        self.asked_at = None;
        self.marks.reload();
    }

    /// Draws the strip where it is open, with what says that the past is shown.
    pub fn ui(&mut self, ui: &mut Ui, then: &Then<'_>, ctx: &AreaCtx<'_>) {
        if !self.is_open {
            return;
        }
        self.ask(ctx);
        let frame = egui::Frame::new().fill(ctx.tokens().surface).corner_radius(theme::RADIUS_8).inner_margin(theme::GAP_8);
        frame.show(ui, |ui| {
            self.header_ui(ui, then, ctx);
            if let Some(problem) = then.problem.filter(|_| self.at.is_some()) {
                ui.label(RichText::new(problem).color(ctx.tokens().bad));
            }
            ui.add_space(theme::GAP_4);
            if let Some(failure) = self.metrics.failure() {
                ui.label(RichText::new(format!("What happened could not be read. {failure}")).color(ctx.tokens().bad));
            }
            let focus = std::mem::take(&mut self.wants_focus);
            if let Some(chosen) = strip::ui(ui, self.bars.as_ref(), &self.marks, self.range, (self.at, then.first), focus, ctx) {
                self.at = match chosen {
                    Chosen::Live => None,
                    Chosen::Past(at) => Some(then.recorded(at)),
                };
            }
        });
        ui.add_space(theme::GAP_8);
    }

    fn ask(&mut self, ctx: &AreaCtx<'_>) {
        if self.metrics.poll()
            && let Some(metrics) = self.metrics.take()
        {
            self.bars = Some(Bars::new(&metrics));
        }
        self.marks.poll();
        let is_due = self.asked_at.is_none_or(|at| at.elapsed() >= AT_LEAST_EVERY);
        // Under someone who looks back the strip stands still.
        if is_due && !self.metrics.is_pending() && (self.at.is_none() || self.bars.is_none()) {
            self.asked_at = Some(Instant::now());
            let metric_type = Some([MetricType::Completed, MetricType::Failed].map(MetricType::as_str).join(","));
            let query = MetricQuery { metric_type, ..self.range.query(ctx.now, None) };
            ctx.ask(&mut self.metrics, move |client| async move { client.metrics(&query).await });
            self.marks.ask(ctx);
        }
        ctx.egui.request_repaint_after(AT_LEAST_EVERY);
    }

    fn header_ui(&mut self, ui: &mut Ui, then: &Then<'_>, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal_wrapped(|ui| {
            match self.at {
                None => {
                    ui.label(RichText::from(icons::ICON_HISTORY).size(theme::TEXT_STRONG).color(tokens.muted));
                    ui.label("Drag along the strip to see a moment in the past");
                }
                Some(at) => self.moment_ui(ui, at, then, ctx),
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let close = ui.button(RichText::from(icons::ICON_CLOSE));
                close.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Close the time strip"));
                if close.on_hover_text("Close the strip, back to the present").clicked() {
                    ctx.send(Command::LookBack);
                }
                for range in FlowRange::ALL.into_iter().rev() {
                    let response = ui.selectable_label(self.range == range, range.label());
                    response.widget_info(|| {
                        WidgetInfo::selected(egui::Role::RadioButton, true, self.range == range, format!("Strip of {}", range.label()))
                    });
                    if response.clicked() && self.range != range {
                        self.range = range;
                        self.bars = None;
                        self.metrics = Remote::default();
                        self.reload();
                    }
                }
            });
        });
    }

    /// Which moment is shown, and ways on from it.
    fn moment_ui(&mut self, ui: &mut Ui, at: DateTime<Utc>, then: &Then<'_>, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.label(RichText::from(icons::ICON_HISTORY).size(theme::TEXT_STRONG).color(tokens.warn));
        let is_first = then.first == Some(at);
        let state = match then.state {
            None if then.problem.is_none() => ", loading…",
            None => "",
            Some(PipelineState::Running) => ", pipeline running",
            Some(PipelineState::Draining) => ", pipeline draining",
            Some(PipelineState::Paused) => ", pipeline paused",
        };
        let first = if is_first { ", where the record begins" } else { "" };
        let words = format!("{}, {}{first}{state}", moment_words(at), relative_time::words(at, ctx.now));
        ui.label(RichText::new(words).color(tokens.warn).strong());
        let (back, on) = (RichText::from(icons::ICON_CHEVRON_LEFT), RichText::from(icons::ICON_CHEVRON_RIGHT));
        let step = number::duration_ms(self.range.step().num_milliseconds() as f64);
        for (icon, label, by) in [(back, "earlier", -self.range.step()), (on, "later", self.range.step())] {
            let label = format!("{step} {label}");
            let is_offered = !is_first || by > TimeDelta::zero();
            let button = ui.add_enabled(is_offered, egui::Button::new(icon));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, is_offered, &label));
            let why_not = "There is no record of what was before";
            if button.on_hover_text(label).on_disabled_hover_text(why_not).clicked() {
                self.at = moved(at, by, ctx.now).map(|at| then.recorded(at));
            }
        }
        let live = ui.button((RichText::from(icons::ICON_PLAY_ARROW), "Back to live"));
        live.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Back to live"));
        let is_free = !ui.ctx().egui_wants_keyboard_input() || ui.memory(|memory| memory.has_focus(strip::id()));
        let escaped = is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if live.on_hover_text("Show the present (Esc)").clicked() || escaped {
            self.at = None;
        }
    }
}

/// The moment after a step; the present where it would be passed.
fn moved(at: DateTime<Utc>, by: TimeDelta, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(at + by).filter(|at| *at < now)
}

/// A moment in words of the clock on the wall.
#[must_use]
pub fn moment_words(at: DateTime<Utc>) -> String {
    time_axis::local(at.timestamp_millis() as f64 / 1e3).format("%a %-d %b, %H:%M:%S").to_string()
}
