//! Why cells of a run were not asked: a provider holds its calls back, or the run has come to its end.

use std::collections::BTreeMap;

use egui::{Align, Frame, Label, Layout, Margin, RichText, Ui};

use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::number;
use crate::wire::provider::{provider_label, provider_of};
use crate::wire::result::{Fault, FaultKind};
use crate::wire::run::{Cell, CellState, Run, RunState};

/// Points that are kept for the button.
const BUTTON_WIDTH: f32 = 200.0;

/// A provider of a run that refuses all its calls, as one cell has told.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldBack {
    pub provider: String,
    pub fault: Fault,
    /// Cells that wait for it.
    pub unasked: u64,
}

impl HeldBack {
    /// The providers of a run that hold calls back, by name.
    pub fn of<'c>(run: &Run, cells: impl Iterator<Item = &'c Cell>) -> Vec<Self> {
        let mut by_provider: BTreeMap<&str, (Option<&Fault>, u64)> = BTreeMap::new();
        for cell in cells {
            let Some(column) = run.columns.get(cell.column as usize) else { continue };
            let (said, unasked) = by_provider.entry(provider_of(&column.model)).or_default();
            match (cell.state, &cell.fault) {
                (CellState::Failed, Some(fault)) if fault.holds_back() => *said = Some(fault),
                (CellState::Waiting, _) => *unasked += 1,
                _ => {}
            }
        }
        let held = by_provider.into_iter().filter_map(|(provider, (fault, unasked))| Some((provider, fault?.clone(), unasked)));
        held.map(|(provider, fault, unasked)| Self { provider: provider.to_owned(), fault, unasked }).collect()
    }
}

/// What stands in a cell of each column that was not asked; `None`: it waits for its turn.
#[must_use]
pub fn unasked_words(run: &Run, held: &[HeldBack]) -> Vec<Option<String>> {
    let by_itself = match run.state {
        RunState::Cancelled => Some("Not asked: the run was cancelled"),
        RunState::Interrupted | RunState::Completed => Some("Not asked: the run stopped before it"),
        RunState::Paused => Some("Not asked yet: the run is paused"),
        RunState::Running => None,
    };
    let of = |(at, model): (usize, &str)| {
        if let Some(stopped) = run.stopped.iter().find(|stopped| stopped.column as usize == at) {
            return Some(format!("Not asked: {}", stopped_words(stopped.fault.kind)));
        }
        let held = held.iter().find(|held| held.provider == provider_of(model));
        let words = held.map(|held| format!("Not asked: {}", first_low(&held.fault.held_back_words(&held.provider))));
        words.or_else(|| by_itself.map(str::to_owned))
    };
    run.columns.iter().enumerate().map(|(at, column)| of((at, &column.model))).collect()
}

/// Why a column stopped early.
fn stopped_words(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::UnknownModel => "the provider does not know the model",
        FaultKind::RetiredModel => "the provider has retired the model",
        FaultKind::Permission => "the key may not use the model",
        _ => "the provider is down",
    }
}

/// With a small letter at the beginning.
fn first_low(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Tells it above the matrix, a line for each provider with the way to mend it.
pub fn ui(ui: &mut Ui, held: &[HeldBack], ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    for held in held {
        ui.add_space(theme::GAP_8);
        let frame = Frame::new().fill(tokens.bad.gamma_multiply(0.12)).stroke((1.0, tokens.bad)).corner_radius(theme::RADIUS_4);
        frame.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(icons::ICON_PAUSE_CIRCLE.codepoint).size(theme::TEXT_HEADING).color(tokens.bad));
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - BUTTON_WIDTH).max(120.0));
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.add(Label::new(RichText::new(head_words(held)).font(theme::semibold(theme::TEXT_BODY))).truncate());
                    let said = RichText::new(held.fault.said()).size(theme::TEXT_SMALL).color(tokens.muted);
                    ui.add(Label::new(said).truncate()).on_hover_text(held.fault.said());
                });
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let open = ui.button(format!("Open {}", provider_label(&held.provider)));
                    if open.on_hover_text("Its key, address and limits, and the button that lets calls through again").clicked() {
                        ctx.send(Command::GoTo(Route::Provider(held.provider.clone())));
                    }
                });
            });
        });
    }
}

/// Tells which columns stopped early, a line for each.
pub fn stopped_ui(ui: &mut Ui, run: &Run, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    for stopped in &run.stopped {
        let Some(column) = run.columns.get(stopped.column as usize) else { continue };
        ui.add_space(theme::GAP_8);
        let frame = Frame::new().fill(tokens.warn.gamma_multiply(0.12)).stroke((1.0, tokens.warn)).corner_radius(theme::RADIUS_4);
        frame.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(icons::ICON_CLOUD_OFF.codepoint).size(theme::TEXT_HEADING).color(tokens.warn));
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    let kind = stopped.fault.kind;
                    let then = if kind.can_heal() { "once the provider is well again" } else { "once that is mended" };
                    let words = format!("{}. Resume asks what is missing {then}", stopped.words(&column.label()));
                    ui.add(Label::new(RichText::new(words).font(theme::semibold(theme::TEXT_BODY))).wrap());
                    let said = RichText::new(&stopped.fault.message).size(theme::TEXT_SMALL).color(tokens.muted);
                    ui.add(Label::new(said).truncate()).on_hover_text(&stopped.fault.message);
                });
            });
        });
    }
}

/// `Calls to Google Gemini are held back: key not accepted. 11 photos were not asked about`.
fn head_words(held: &HeldBack) -> String {
    let words = held.fault.held_back_words(&held.provider);
    match held.unasked {
        0 => words,
        1 => format!("{words}. 1 cell was not asked"),
        many => format!("{words}. {} cells were not asked", number::count(many)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};
    use crate::wire::run::StoppedColumn;

    fn run(state: &str) -> Run {
        let column = |model: &str| serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": model});
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": state, "photo_ids": [], "repeats": 1, "concurrency": 1, "cost_usd": 0,
            "columns": [column("gemini/a"), column("on-device"), column("gemini/b")],
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    fn cell(run: &Run, column: u32, state: CellState, kind: Option<FaultKind>) -> Cell {
        let fault = kind.map(|kind| Fault::new(kind, "no"));
        Cell {
            id: CellId::fresh(),
            run_id: run.id,
            photo_id: PhotoId::fresh(),
            column,
            repeat: 0,
            state,
            answer: None,
            fault,
            latency_ms: None,
            trace: Vec::new(),
            reused: None,
        }
    }

    #[test]
    fn who_is_not_asked_says_whose_calls_are_held_back_and_why() {
        let run = run("interrupted");
        let failed = cell(&run, 0, CellState::Failed, Some(FaultKind::QuotaSpent));
        let waiting = [0, 2, 2, 1].map(|column| cell(&run, column, CellState::Waiting, None));
        let held = HeldBack::of(&run, std::iter::once(&failed).chain(&waiting));
        assert_eq!(held.iter().map(|held| (held.provider.as_str(), held.unasked)).collect::<Vec<_>>(), [("gemini", 3)]);
        assert_eq!(head_words(&held[0]), "Calls to Google Gemini are held back: quota spent. 3 cells were not asked");
        let words = unasked_words(&run, &held);
        assert_eq!(words[0].as_deref(), Some("Not asked: calls to Google Gemini are held back: quota spent"));
        assert_eq!((words[1].as_deref(), &words[2]), (Some("Not asked: the run stopped before it"), &words[0]));
    }

    #[test]
    fn a_column_that_stopped_early_says_whether_the_provider_or_the_model_is_why() {
        for (kind, words) in [
            (FaultKind::Server, "Not asked: the provider is down"),
            (FaultKind::UnknownModel, "Not asked: the provider does not know the model"),
            (FaultKind::RetiredModel, "Not asked: the provider has retired the model"),
            (FaultKind::Permission, "Not asked: the key may not use the model"),
        ] {
            let stopped = vec![StoppedColumn { column: 1, faults: 5, fault: Fault::new(kind, "no") }];
            let run = Run { stopped, ..run("completed") };
            assert_eq!(unasked_words(&run, &[])[1].as_deref(), Some(words));
        }
    }

    #[test]
    fn a_fault_of_one_call_holds_nobody_back_and_a_run_under_way_waits() {
        let run = run("running");
        let failed = cell(&run, 0, CellState::Failed, Some(FaultKind::RateLimited));
        let held = HeldBack::of(&run, std::iter::once(&failed));
        assert_eq!((held.as_slice(), unasked_words(&run, &held)), (&[][..], vec![None, None, None]));
    }
}
