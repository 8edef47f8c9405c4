//! The most that a run may spend: a field beside the estimate, and what is told of a run that has come to its limit.

use egui::{Button, Frame, Id, Label, Margin, RichText, TextEdit, Ui, WidgetInfo};

use super::open_run::OpenRun;
use crate::gui::ctx::{AreaCtx, kept};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::wire::cost::{Estimate, unknown_words};
use crate::wire::money::UsdMicros;
use crate::wire::run::{Run, RunState};

const FIELD_WIDTH: f32 = 84.0;

/// What a person has written into the field; empty: no limit. Kept over a restart.
#[derive(Debug, Clone, Default)]
pub struct SpendMost {
    text: String,
    is_loaded: bool,
}

impl SpendMost {
    fn id() -> Id {
        Id::unique("the most that a run may spend")
    }

    pub fn load(&mut self, ctx: &egui::Context) {
        if !std::mem::replace(&mut self.is_loaded, true) {
            self.text = ctx.data_mut(|data| data.get_persisted::<String>(Self::id())).unwrap_or_default();
        }
    }

    /// `None`: no limit, or one that can't be read.
    #[must_use]
    pub fn usd(&self) -> Option<UsdMicros> {
        self.read().ok().flatten()
    }

    fn read(&self) -> Result<Option<UsdMicros>, String> {
        if self.text.trim().is_empty() { Ok(None) } else { self.text.parse().map(Some) }
    }

    /// Why a run with this limit would not begin. Without an estimate only what is written wrong is known.
    #[must_use]
    pub fn problem(&self, estimate: Option<&Estimate>) -> Option<String> {
        let most = match self.read() {
            Err(why) => return Some(format!("The limit can't be read: {why}")),
            Ok(most) => most?,
        };
        let total = estimate?.total;
        if let Some(unknown) = unknown_words(total.unknown_calls) {
            return Some(format!("With a limit every cost must be known, and there are {unknown}. Leave them out, or clear the limit"));
        }
        let high = total.cost.high_usd;
        (high > most).then(|| format!("This may cost up to {high} and would stop before its end. Raise the limit, or choose less"))
    }

    /// Draws the field, and below it why a run would not begin.
    pub fn ui(&mut self, ui: &mut Ui, problem: Option<&str>, tokens: &Tokens) {
        ui.horizontal(|ui| {
            let label = ui.label("Spend at most $");
            let about = "No call is begun that might bring the run above it. Empty: no limit";
            let field = TextEdit::singleline(&mut self.text).hint_text("no limit").desired_width(FIELD_WIDTH).char_limit(14);
            let field = ui.add(field).labelled_by(label.id).on_hover_text(about);
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Spend at most, in USD"));
            if field.changed() {
                kept::keep(ui.ctx(), Self::id(), self.text.clone());
            }
        });
        if let Some(problem) = problem {
            let words = format!("{} {problem}", icons::ICON_WARNING.codepoint);
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
        }
    }
}

/// Whether the run has stopped at its limit. A provider that holds calls back is another reason, and is told by itself.
#[must_use]
pub fn is_reached(run: &Run, open: &OpenRun) -> bool {
    run.state == RunState::Interrupted && run.counts.waiting > 0 && run.stopped_at_limit && open.held_back().is_empty() && run.stopped.is_empty()
}

/// The limit that a run which has stopped at its own is given by a person.
#[derive(Debug, Default)]
pub struct RaisedLimit {
    text: Option<String>,
}

impl RaisedLimit {
    /// Tells that the run has stopped at its limit; returns the limit with which it is to go on.
    pub fn ui(&mut self, ui: &mut Ui, run: &Run, open: &OpenRun, is_busy: bool, ctx: &AreaCtx<'_>) -> Option<UsdMicros> {
        if !is_reached(run, open) {
            self.text = None;
            return None;
        }
        let tokens = ctx.tokens();
        let mut given = None;
        ui.add_space(theme::GAP_8);
        let frame = Frame::new().fill(tokens.warn.gamma_multiply(0.12)).stroke((1.0, tokens.warn)).corner_radius(theme::RADIUS_4);
        frame.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(icons::ICON_PAUSE_CIRCLE.codepoint).size(theme::TEXT_HEADING).color(tokens.warn));
                ui.label(RichText::new(words(run)).font(theme::semibold(theme::TEXT_BODY)));
            });
            ui.horizontal_wrapped(|ui| {
                let text = self.text.get_or_insert_with(|| suggested(run, open.dearest()));
                let label = ui.label("Go on and spend at most $");
                let field = ui.add(TextEdit::singleline(text).desired_width(FIELD_WIDTH).char_limit(14)).labelled_by(label.id);
                field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Go on and spend at most, in USD"));
                let most: Result<UsdMicros, String> = text.parse();
                let spent = spent(run);
                let most = most.ok().filter(|most| *most > spent);
                let button = ui.add_enabled(most.is_some() && !is_busy, Button::new((icons::ICON_REPLAY.codepoint, "Go on")));
                button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, most.is_some() && !is_busy, "Go on"));
                let button = button.on_hover_text("Ask what is missing within this limit");
                let button = button.on_disabled_hover_text(format!("Write a number of USD above the {spent} that are spent, or may be"));
                if button.clicked() {
                    given = most;
                }
            });
        });
        given
    }
}

/// What counts towards the limit.
fn spent(run: &Run) -> UsdMicros {
    run.limit.as_ref().map_or(run.cost_usd, |limit| limit.spent(run.cost_usd, run.cost_unknown_cells))
}

fn words(run: &Run) -> String {
    let most = run.limit.as_ref().map(|limit| format!(" of {}", limit.most_usd)).unwrap_or_default();
    let left =
        if run.counts.waiting == 1 { "the call that is left".to_owned() } else { format!("each of the {} left", number::count(run.counts.waiting)) };
    let why = match run.cost_unknown_cells {
        0 => "calls cost more than was expected".to_owned(),
        1 => "the cost of 1 call is not known and counts as all that was set aside for it".to_owned(),
        unknown => format!("the costs of {} calls are not known and count as all that was set aside for them", number::count(unknown)),
    };
    format!("Stopped at its limit{most}: {why}, and {left} might cross it. What is answered stays")
}

/// Room for all that is left, each as dear as the dearest so far.
fn suggested(run: &Run, dearest: UsdMicros) -> String {
    let call = run.limit.as_ref().map_or(dearest, |limit| limit.call_usd.max(dearest));
    let most = spent(run).0.saturating_add(call.0.saturating_mul(run.counts.waiting as i64));
    // Up to the next cent.
    let cents = most.max(0).cast_unsigned().div_ceil(10_000);
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cost::{CostRange, EstimatedTotal};

    fn estimate(high: i64, unknown_calls: u64) -> Estimate {
        let cost = CostRange { low_usd: UsdMicros(0), high_usd: UsdMicros(high) };
        let total = EstimatedTotal { cost, unknown_calls, time_ms: None };
        Estimate { calls: 24, columns: Vec::new(), total, prices_checked: chrono::NaiveDate::default(), notes: Vec::new(), reused: 0 }
    }

    #[test]
    fn a_limit_that_would_stop_a_run_says_so_beforehand() {
        let most = |text: &str| SpendMost { text: text.to_owned(), is_loaded: true };
        assert_eq!((most("  ").usd(), most(" ").problem(Some(&estimate(50_000, 3)))), (None, None), "no limit, no problem");
        assert_eq!((most("$0.05").usd(), most("0.05").problem(Some(&estimate(50_000, 0)))), (Some(UsdMicros(50_000)), None));
        let problem = most("0.03").problem(Some(&estimate(50_000, 0))).expect("too little");
        assert_eq!(problem, "This may cost up to $0.0500 and would stop before its end. Raise the limit, or choose less");
        assert!(most("1").problem(Some(&estimate(0, 3))).is_some_and(|problem| problem.contains("3 calls of unknown price")));
        assert!(most("a lot").problem(None).is_some_and(|problem| problem.contains("such as 0.50")));
    }

    #[test]
    fn a_run_at_its_limit_is_offered_room_for_all_that_is_left() {
        let run = serde_json::json!({
            "id": crate::wire::ids::RunId::fresh(), "name": "", "state": "interrupted", "photo_ids": [], "repeats": 1, "concurrency": 1,
            "columns": [], "counts": {"waiting": 12, "running": 0, "completed": 3, "failed": 0}, "cost_usd": 0.023_625,
            "cost_unknown_cells": 0, "limit": {"most_usd": 0.03, "call_usd": 0.0007}, "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        let run: Run = serde_json::from_value(run).expect("a run");
        assert_eq!(suggested(&run, UsdMicros(7_875)), "0.12", "0.023625 + 12 · 0.007875");
        assert_eq!(
            words(&run),
            "Stopped at its limit of $0.0300: calls cost more than was expected, and each of the 12 left might cross it. What is answered stays"
        );
        let run = Run { cost_usd: UsdMicros(0), cost_unknown_cells: 42, ..run };
        assert_eq!(suggested(&run, UsdMicros(0)), "0.04", "(42 + 12) · 0.0007");
        assert!(words(&run).contains("the costs of 42 calls are not known and count as all that was set aside for them"));
    }
}
