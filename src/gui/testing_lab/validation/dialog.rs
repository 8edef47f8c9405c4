//! What is validated, on which set, and the gates that it must pass.

use egui::{Button, Checkbox, ComboBox, DragValue, Grid, Id, Modal, RichText, Ui};

use super::super::estimate_panel;
use super::super::setup::{Setup, is_usable};
use crate::gui::ctx::{AreaCtx, Remote, modal};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::choice;
use crate::wire::cost::Estimate;
use crate::wire::ids::{PhotoSetId, PromptVersionId};
use crate::wire::money::UsdMicros;
use crate::wire::photo_set::{PhotoSet, SetChoice};
use crate::wire::prompt::PromptVersion;
use crate::wire::validation::{Gate, Gates, StartValidation};

const CALLS_AT_ONCE: u32 = 4;

/// A gate of the form: whether it is looked at, and its limit in the unit that is shown.
struct Row {
    gate: Gate,
    is_on: bool,
    value: f64,
}

/// The open dialog.
pub struct ValidateDialog {
    set: Option<PhotoSetId>,
    version: Option<PromptVersionId>,
    /// `None`: the live one.
    model: Option<String>,
    rows: Vec<Row>,
    estimate: Remote<Estimate>,
    /// What the estimate is of.
    estimated: Option<StartValidation>,
    /// What would be asked now.
    wanted: Option<StartValidation>,
}

/// What the cost depends on.
fn costs_of(asked: &StartValidation) -> (PromptVersionId, SetChoice, Option<&str>, bool) {
    (asked.prompt_version_id, asked.photo_set, asked.model.as_deref(), asked.gates.f1_drop.is_some())
}

/// What was decided.
pub enum Decision {
    Close,
    Start(StartValidation),
}

impl ValidateDialog {
    /// With the limits that were asked for last.
    #[must_use]
    pub fn new(set: Option<PhotoSetId>, version: Option<PromptVersionId>, limits: &Gates) -> Self {
        let row = |gate, limit: Option<f64>, usual: f64| Row { gate, is_on: limit.is_some(), value: limit.unwrap_or(usual) };
        let percent = |share: Option<f64>| share.map(|share| share * 100.0);
        let rows = vec![
            row(Gate::ValidAnswers, percent(limits.valid_answers), 98.0),
            row(Gate::F1, limits.f1, 0.7),
            row(Gate::F1Drop, limits.f1_drop, 0.02),
            row(Gate::P95, limits.p95_ms.map(|ms| ms as f64), 10_000.0),
            row(Gate::CostPerPhoto, limits.cost_per_photo_usd.map(|cost| cost.0 as f64 / 1e6), 0.01),
            row(Gate::Refusals, percent(limits.refusals), 2.0),
        ];
        Self { set, version, model: None, rows, estimate: Remote::default(), estimated: None, wanted: None }
    }

    /// Keeps the cost beside the choice.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.estimate.poll();
        let Some(wanted) = self.wanted.clone().filter(|wanted| wanted.gates != Gates::none()) else { return };
        if !self.estimate.is_pending() && self.estimated.as_ref().is_none_or(|known| costs_of(known) != costs_of(&wanted)) {
            self.estimated = Some(wanted.clone());
            ctx.ask(&mut self.estimate, |client| async move { client.estimate_validation(&wanted).await });
        }
    }

    /// Whether the cost of what would be asked now is told, or can't be.
    fn is_estimated(&self) -> bool {
        let is_of_this = self.wanted.as_ref().zip(self.estimated.as_ref()).is_some_and(|(wanted, known)| costs_of(wanted) == costs_of(known));
        self.wanted.as_ref().is_none_or(|wanted| wanted.gates == Gates::none()) || (is_of_this && !self.estimate.is_pending())
    }

    /// Draws it; returns what was decided. `failure`: why the platform did not begin.
    pub fn ui(&mut self, ui: &Ui, sets: &[PhotoSet], setup: &Setup, is_busy: bool, failure: Option<&str>) -> Option<Decision> {
        let tokens = theme::tokens(ui.ctx());
        let versions: Vec<&PromptVersion> = setup.prompts.value().into_iter().flatten().flat_map(|offer| &offer.versions).collect();
        self.choose_first(sets, &versions);
        let mut decision = None;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("validate")), |ui| {
            ui.set_width(480.0);
            ui.label(RichText::new("Validate a version").font(theme::semibold(theme::TEXT_STRONG)));
            let about = "Asks the model about every photo of the set anew, and holds its answers against these gates";
            ui.label(RichText::new(about).color(tokens.muted));
            ui.add_space(theme::GAP_8);
            self.what_ui(ui, sets, &versions, setup, tokens);
            ui.add_space(theme::GAP_8);
            self.gates_ui(ui, tokens);
            ui.add_space(theme::GAP_8);
            self.cost_ui(ui, tokens);
            if let Some(failure) = failure {
                ui.label(RichText::new(failure).color(tokens.bad));
            }
            ui.add_space(theme::GAP_8);
            self.wanted = self.asked(sets);
            let is_estimated = self.is_estimated();
            let asked = self.wanted.clone().filter(|asked| !is_busy && is_estimated && asked.gates != Gates::none());
            ui.horizontal(|ui| {
                let ink = if asked.is_some() { tokens.on_accent } else { tokens.muted };
                let mut button = Button::new(RichText::new(if is_busy { "Starting…" } else { "Validate" }).color(ink));
                if asked.is_some() {
                    button = button.fill(tokens.accent);
                }
                let hint = if is_estimated { "Choose a set, a version and at least one gate" } else { "The cost is being estimated" };
                if ui.add_enabled(asked.is_some(), button).on_disabled_hover_text(hint).clicked() {
                    decision = asked.map(Decision::Start);
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        if decision.is_none() && shown.closes && !is_busy {
            decision = Some(Decision::Close);
        }
        decision
    }

    /// A version that is not live yet is what is validated most; what is not there any more is not chosen.
    fn choose_first(&mut self, sets: &[PhotoSet], versions: &[&PromptVersion]) {
        self.set = self.set.filter(|id| sets.iter().any(|set| set.id == *id)).or_else(|| Some(sets.first()?.id));
        if self.version.is_none_or(|id| versions.iter().all(|version| version.id != id)) && !versions.is_empty() {
            let first = versions.iter().find(|version| !version.is_live).or_else(|| versions.first());
            self.version = first.map(|version| version.id);
        }
    }

    fn what_ui(&mut self, ui: &mut Ui, sets: &[PhotoSet], versions: &[&PromptVersion], setup: &Setup, tokens: &Tokens) {
        let label_of = |version: &PromptVersion| format!("{}{}", version.label(), if version.is_live { ", in production" } else { "" });
        Grid::new("what").num_columns(2).spacing([theme::GAP_12, theme::GAP_8]).show(ui, |ui| {
            let label = ui.label("Version");
            let chosen = versions.iter().find(|version| Some(version.id) == self.version);
            let list = ComboBox::from_id_salt("version").width(340.0).truncate();
            let list = list.selected_text(chosen.map_or_else(|| "No saved version yet".to_owned(), |version| label_of(version)));
            choice::ui(ui, list, &mut self.version, versions.iter().map(|version| (Some(version.id), label_of(version)))).labelled_by(label.id);
            ui.end_row();
            let label = ui.label("Model").on_hover_text("The live model, or another one that can be asked now");
            let models = setup.models.value().map_or(&[][..], |page| &page.items);
            let live = models.iter().find(|model| model.is_live).map(|model| format!("{}, live", model.name));
            let live = live.unwrap_or_else(|| "The live model".to_owned());
            let list = ComboBox::from_id_salt("model").width(340.0).truncate();
            let list = list.selected_text(self.model.as_ref().unwrap_or(&live));
            let others = models.iter().filter(|model| !model.is_live && is_usable(model)).map(|model| (Some(model.name.clone()), model.name.clone()));
            choice::ui(ui, list, &mut self.model, std::iter::once((None, live.clone())).chain(others)).labelled_by(label.id);
            ui.end_row();
            let label = ui.label("Photo set");
            let chosen = sets.iter().find(|set| Some(set.id) == self.set);
            let list = ComboBox::from_id_salt("photo set").width(340.0).truncate();
            let list = list.selected_text(chosen.map_or_else(|| "No photo set yet".to_owned(), PhotoSet::label));
            choice::ui(ui, list, &mut self.set, sets.iter().map(|set| (Some(set.id), set.label()))).labelled_by(label.id);
            ui.end_row();
        });
        if sets.is_empty() {
            ui.label(RichText::new("Select photos under 1 Choose and make a set of them: New set…").color(tokens.warn));
        }
        if versions.is_empty() {
            ui.label(RichText::new("Save a version of a prompt in Pipeline control first").color(tokens.warn));
        }
    }

    fn gates_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        Grid::new("gates").num_columns(3).spacing([theme::GAP_12, theme::GAP_4]).show(ui, |ui| {
            for row in &mut self.rows {
                let check = ui.add(Checkbox::new(&mut row.is_on, row.gate.label())).on_hover_text(row.gate.about());
                let (bound, range, speed, suffix) = match row.gate {
                    Gate::ValidAnswers => ("at least", 0.0..=100.0, 0.5, " %"),
                    Gate::F1 => ("at least", 0.0..=1.0, 0.01, ""),
                    Gate::F1Drop => ("at most below production", 0.0..=1.0, 0.005, ""),
                    Gate::P95 => ("at most", 1.0..=600_000.0, 100.0, " ms"),
                    Gate::CostPerPhoto => ("at most", 0.0..=100.0, 0.001, " USD"),
                    Gate::Refusals => ("at most", 0.0..=100.0, 0.5, " %"),
                };
                ui.label(RichText::new(bound).color(tokens.muted));
                let value = DragValue::new(&mut row.value).range(range).speed(speed).suffix(suffix).max_decimals(4);
                ui.add_enabled(row.is_on, value).labelled_by(check.id);
                ui.end_row();
            }
        });
    }

    fn cost_ui(&self, ui: &mut Ui, tokens: &Tokens) {
        let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL);
        if let Some(failure) = self.estimate.failure() {
            ui.label(small(format!("The cost could not be estimated: {failure}")).color(tokens.warn));
        } else if self.wanted.is_some() {
            let Some(estimate) = self.estimate.value().filter(|_| self.is_estimated()) else {
                ui.label(small("Estimating the cost…".to_owned()).color(tokens.muted));
                return;
            };
            let ink = if estimate.total.unknown_calls > 0 { tokens.warn } else { tokens.text };
            let calls = if estimate.calls == 1 { "1 call".to_owned() } else { format!("{} calls", estimate.calls) };
            ui.label(RichText::new(format!("{calls}. {}", estimate_panel::total_words(estimate))).color(ink));
        }
    }

    fn asked(&self, sets: &[PhotoSet]) -> Option<StartValidation> {
        let set = sets.iter().find(|set| Some(set.id) == self.set)?;
        Some(StartValidation {
            prompt_version_id: self.version?,
            photo_set: SetChoice { id: set.id, version: set.version },
            model: self.model.clone(),
            gates: self.gates(),
            concurrency: CALLS_AT_ONCE,
            max_cost_usd: None,
        })
    }

    fn gates(&self) -> Gates {
        let mut gates = Gates::none();
        for row in self.rows.iter().filter(|row| row.is_on) {
            match row.gate {
                Gate::ValidAnswers => gates.valid_answers = Some(row.value / 100.0),
                Gate::F1 => gates.f1 = Some(row.value),
                Gate::F1Drop => gates.f1_drop = Some(row.value),
                Gate::P95 => gates.p95_ms = Some(row.value.round() as u64),
                Gate::CostPerPhoto => gates.cost_per_photo_usd = Some(UsdMicros((row.value * 1e6).round() as i64)),
                Gate::Refusals => gates.refusals = Some(row.value / 100.0),
            }
        }
        gates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_come_back_as_they_were_asked_for() {
        let limits = Gates { valid_answers: Some(0.97), p95_ms: Some(1_500), cost_per_photo_usd: Some(UsdMicros(842)), ..Gates::none() };
        assert_eq!(ValidateDialog::new(None, None, &limits).gates(), limits);
        assert_eq!(ValidateDialog::new(None, None, &Gates::none()).gates(), Gates::none());
    }
}
