//! Trying a trace again with an edit: the answer is read once more without a call, or the model is asked again after the cost was
//! shown. What comes stands beside what was.

use std::time::{Duration, Instant};

use egui::{Align, ComboBox, DragValue, Label, Layout, RichText, TextEdit, Ui, WidgetInfo, vec2};
use uuid::Uuid;

use super::super::running::providers_of;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, number, relative_time, section};
use crate::wire::cost::Estimate;
use crate::wire::model::ModelInfo;
use crate::wire::prompt_parts::{PromptParts, TEMPERATURE};
use crate::wire::result::{Answer, Decision, Outcome};
use crate::wire::sweep::SentImage;
use crate::wire::trace::{ReplayFrom, ReplayTrace, Trace};

/// A cost is asked for this long after the last keystroke.
const PAUSE: Duration = Duration::from_millis(400);
const NAME_WIDTH: f32 = 90.0;

/// From where it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Answer,
    Prompt,
    Photo,
}

/// Longer edges and qualities that can be chosen for the photo.
const EDGES_PX: [u32; 7] = [256, 384, 512, 768, 1_024, 1_536, 2_048];
const QUALITIES: [u8; 5] = [40, 60, 75, 85, 95];

/// What is typed for a replay.
pub struct Draft {
    from: From,
    /// `None`: the model wrote no text.
    answer: Option<String>,
    model: String,
    content: String,
    parts: PromptParts,
    /// The model that was asked; `None`: its prompt is not known, so that it can't be asked the same again.
    was: Option<String>,
    /// Size and quality of the photo.
    image: SentImage,
}

impl Draft {
    /// As it was.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let answer = match &trace.edit {
            Some(ReplayFrom::Answer { text }) => Some(text.clone()),
            _ => trace.exchanges.last().and_then(|exchange| exchange.text.clone()),
        };
        let prompt = trace.prompt.clone();
        Self {
            from: if answer.is_some() { From::Answer } else { From::Prompt },
            answer,
            model: trace.summary.model.clone(),
            was: prompt.is_some().then(|| trace.summary.model.clone()),
            image: prompt.as_ref().and_then(|prompt| prompt.image).unwrap_or(SentImage { max_edge_px: None, quality: None }),
            content: prompt.as_ref().map(|prompt| prompt.content.clone()).unwrap_or_default(),
            parts: prompt.map(|prompt| prompt.parts).unwrap_or_default(),
        }
    }

    fn asks(&self) -> Option<ReplayTrace> {
        let from = match self.from {
            From::Answer => ReplayFrom::Answer { text: self.answer.clone()? },
            From::Prompt => ReplayFrom::Prompt { model: self.model.clone(), content: self.content.clone(), parts: self.parts.clone() },
            From::Photo => ReplayFrom::Photo { image: self.image },
        };
        Some(ReplayTrace { from })
    }
}

/// A replay on its way, its cost, and the one that stands beside the trace.
#[derive(Default)]
pub struct Replaying {
    estimate: Remote<Option<Estimate>>,
    /// For what the cost was asked, and for what it is to be asked.
    estimated: Option<ReplayTrace>,
    due: Option<(ReplayTrace, Instant)>,
    beside: Remote<Trace>,
    wanted: Option<ReplayTrace>,
    wanted_old: Option<Uuid>,
}

impl Replaying {
    /// Returns whether a replay has come that the trace does not know of.
    pub fn logic(&mut self, id: Uuid, draft: &Draft, ctx: &AreaCtx<'_>) -> bool {
        self.estimate.poll();
        let came = self.beside.poll() && self.beside.failure().is_none();
        if let Some(old) = self.wanted_old.take() {
            ctx.ask(&mut self.beside, |client| async move { client.trace(old).await });
        }
        if let Some(wanted) = self.wanted.take() {
            let model = match &wanted.from {
                ReplayFrom::Prompt { model, .. } => Some(model),
                ReplayFrom::Photo { .. } => draft.was.as_ref(),
                ReplayFrom::Answer { .. } => None,
            };
            let providers = providers_of(model.into_iter());
            ctx.ask_with_keys(&mut self.beside, providers, move |client| async move { client.replay_trace(id, &wanted).await });
        }
        self.estimate_logic(id, draft, ctx);
        came
    }

    fn estimate_logic(&mut self, id: Uuid, draft: &Draft, ctx: &AreaCtx<'_>) {
        let Some(wanted) = draft.asks().filter(|_| draft.from != From::Answer) else { return };
        if self.estimated.as_ref() == Some(&wanted) {
            self.due = None;
            return;
        }
        let now = Instant::now();
        if self.due.as_ref().is_none_or(|(due, _)| *due != wanted) {
            let wait = if self.estimated.is_some() { PAUSE } else { Duration::ZERO };
            self.due = Some((wanted, now + wait));
        }
        let Some((wanted, at)) = &self.due else { return };
        if *at > now {
            ctx.egui.request_repaint_after(*at - now);
            return;
        }
        let body = wanted.clone();
        self.estimated = Some(body.clone());
        self.due = None;
        ctx.ask(&mut self.estimate, |client| async move { client.estimate_replay(id, &body).await });
    }

    /// What the draft would cost; `None` while that is not known of what stands there now.
    fn cost(&self, draft: &Draft) -> Option<String> {
        if self.estimate.is_pending() || self.estimated != draft.asks() {
            return None;
        }
        let estimate = self.estimate.value()?.as_ref()?;
        Some(if estimate.total.unknown_calls > 0 { "cost not known".to_owned() } else { estimate.total.cost.to_string() })
    }
}

/// Draws the edit, its cost and its button; then what came of it beside what was.
pub fn ui(ui: &mut Ui, trace: &Trace, draft: &mut Draft, replaying: &mut Replaying, models: &[ModelInfo], ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    section::heading(ui, "Try again with an edit");
    ui.horizontal(|ui| {
        let has_text = draft.answer.is_some();
        for (from, words, hint) in [
            (From::Answer, "From the answer", "Reads an edited answer and lets the rules decide again; no call, no cost"),
            (From::Prompt, "From the prompt", "Asks the model again with another prompt, other parameters or another model"),
            (From::Photo, "From the photo", "Asks the same again, with the photo in another size or quality"),
        ] {
            let (is_enabled, why) = match from {
                From::Answer => (has_text, "There is no text of an answer to edit"),
                From::Prompt => (true, ""),
                From::Photo => match draft.was.as_deref() {
                    Some("on-device") => (false, "The model on this machine sees the photo's own pixels: no other size is sent to it"),
                    was => (was.is_some(), "Its prompt is not kept any more, so it can't be asked the same again"),
                },
            };
            let tab = ui.add_enabled(is_enabled, egui::Button::selectable(draft.from == from, words));
            tab.widget_info(|| WidgetInfo::selected(egui::Role::Tab, is_enabled, draft.from == from, words));
            if tab.on_hover_text(hint).on_disabled_hover_text(why).clicked() {
                draft.from = from;
            }
        }
    });
    ui.add_space(theme::GAP_4);
    match draft.from {
        From::Answer => answer_ui(ui, draft, replaying),
        From::Prompt => {
            prompt_ui(ui, draft, models, tokens);
            ask_ui(ui, draft, replaying, tokens);
        }
        From::Photo => {
            photo_ui(ui, draft, tokens);
            ask_ui(ui, draft, replaying, tokens);
        }
    }
    if let Some(failure) = replaying.beside.failure() {
        ui.label(RichText::new(failure.to_string()).color(tokens.bad));
    }
    if replaying.beside.is_pending() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(RichText::new("Trying again…").color(tokens.muted));
        });
    }
    if let Some(replay) = replaying.beside.value() {
        ui.add_space(theme::GAP_12);
        beside_ui(ui, trace, replay, tokens);
    }
    replays_ui(ui, trace, replaying, ctx);
}

fn answer_ui(ui: &mut Ui, draft: &mut Draft, replaying: &mut Replaying) {
    let Some(text) = &mut draft.answer else { return };
    let field = ui.add(TextEdit::multiline(text).id_salt("answer").code_editor().desired_rows(6).desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(egui::Role::MultilineTextInput, true, "Text of the answer"));
    let tool = Tool::new(icons::ICON_REPLAY, "Read again").tooltip("Reads this text as the answer; asks nobody and costs nothing");
    if tool.enabled(!replaying.beside.is_pending()).ui(ui).clicked() {
        replaying.wanted = draft.asks();
    }
}

/// A name and beside it what is chosen.
fn named_ui(ui: &mut Ui, name: &str, tokens: &Tokens, content: &mut dyn FnMut(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.allocate_ui_with_layout(vec2(NAME_WIDTH, theme::CONTROL_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(NAME_WIDTH);
            ui.label(RichText::new(name).color(tokens.muted));
        });
        content(ui);
    });
}

/// In which size and quality the photo is sent.
fn photo_ui(ui: &mut Ui, draft: &mut Draft, tokens: &Tokens) {
    let usual = || "As usual for the model".to_owned();
    named_ui(ui, "Longer edge", tokens, &mut |ui| {
        let words = |edge: Option<u32>| edge.map_or_else(usual, |edge| format!("{} px", number::count(u64::from(edge))));
        let shown = words(draft.image.max_edge_px);
        let list = ComboBox::from_id_salt("replay edge").width(200.0).selected_text(&shown);
        let all = std::iter::once(None).chain(EDGES_PX.map(Some)).map(|edge| (edge, words(edge)));
        choice::ui(ui, list, &mut draft.image.max_edge_px, all)
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Longer edge of the photo: {shown}")));
    });
    named_ui(ui, "JPEG quality", tokens, &mut |ui| {
        let words = |quality: Option<u8>| quality.map_or_else(usual, |quality| quality.to_string());
        let shown = words(draft.image.quality);
        let list = ComboBox::from_id_salt("replay quality").width(200.0).selected_text(&shown);
        let all = std::iter::once(None).chain(QUALITIES.map(Some)).map(|quality| (quality, words(quality)));
        choice::ui(ui, list, &mut draft.image.quality, all)
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("JPEG quality of the photo: {shown}")));
    });
}

fn prompt_ui(ui: &mut Ui, draft: &mut Draft, models: &[ModelInfo], tokens: &Tokens) {
    let named = |ui: &mut Ui, name: &str, content: &mut dyn FnMut(&mut Ui)| named_ui(ui, name, tokens, content);
    named(ui, "Model", &mut |ui| {
        let shown = draft.model.clone();
        let list = ComboBox::from_id_salt("replay model").width((ui.available_width() - 16.0).min(360.0)).truncate().selected_text(&shown);
        let all = models.iter().map(|model| (model.name.clone(), model.name.clone()));
        choice::ui(ui, list, &mut draft.model, all)
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Model of the replay: {shown}")));
    });
    named(ui, "Temperature", &mut |ui| match &mut draft.parts.parameters.temperature {
        Some(value) => {
            let field = ui.add(DragValue::new(value).range(TEMPERATURE.0..=TEMPERATURE.1).speed(0.01).fixed_decimals(2));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, "Temperature of the replay"));
            if ui.small_button("As the model does").clicked() {
                draft.parts.parameters.temperature = None;
            }
        }
        unset => {
            ui.label("as the model does");
            if ui.small_button("Set it").clicked() {
                *unset = Some(0.0);
            }
        }
    });
    for (name, text, rows) in [("System text", &mut draft.parts.system, 2), ("User text", &mut draft.content, 6)] {
        ui.label(RichText::new(name).color(tokens.muted));
        let field = ui.add(TextEdit::multiline(text).id_salt(name).code_editor().desired_rows(rows).desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::MultilineTextInput, true, format!("{name} of the replay")));
    }
}

/// What asking would cost, and the button that asks.
fn ask_ui(ui: &mut Ui, draft: &Draft, replaying: &mut Replaying, tokens: &Tokens) {
    let cost = replaying.cost(draft);
    if let Some(failure) = replaying.estimate.failure() {
        ui.add(Label::new(RichText::new(failure.to_string()).color(tokens.bad)).wrap());
    }
    ui.horizontal(|ui| {
        let label = cost.as_ref().map_or_else(|| "Ask again".to_owned(), |cost| format!("Ask again: {cost}"));
        let tool = Tool::new(icons::ICON_SEND, &label).tooltip("One call; what was stays as it is");
        if tool.enabled(cost.is_some() && !replaying.beside.is_pending()).ui(ui).clicked() {
            replaying.wanted = draft.asks();
        }
        if cost.is_none() && replaying.estimate.failure().is_none() {
            ui.label(RichText::new("Estimating the cost…").size(theme::TEXT_SMALL).color(tokens.muted));
        }
    });
}

/// What was, and what came of the replay.
fn beside_ui(ui: &mut Ui, trace: &Trace, replay: &Trace, tokens: &Tokens) {
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            outcome_ui(left, "As it was", trace, replay, tokens);
            outcome_ui(right, "Replay", replay, trace, tokens);
        }
    });
}

fn answer(trace: &Trace) -> Option<&Answer> {
    match &trace.outcome {
        Outcome::Completed(answer) => Some(answer),
        Outcome::Failed(_) => None,
    }
}

fn outcome_ui(ui: &mut Ui, title: &str, trace: &Trace, other: &Trace, tokens: &Tokens) {
    section::heading(ui, title);
    let cost = trace.summary.cost_usd.map_or_else(|| "cost not known".to_owned(), |cost| cost.to_string());
    let decision = trace.decision.map(|decision| format!("{} · ", Decision::label(decision))).unwrap_or_default();
    let figures = format!("{decision}{} · {} · {cost}", trace.summary.model, number::duration_ms(trace.summary.duration_ms as f64));
    ui.add(Label::new(RichText::new(figures).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    match &trace.outcome {
        Outcome::Failed(fault) => {
            ui.add(Label::new(RichText::new(&fault.message).color(tokens.bad)).wrap());
        }
        Outcome::Completed(own) => {
            if let Some(caption) = &own.caption {
                ui.add(Label::new(caption).wrap());
            }
            if own.tags.is_empty() {
                ui.label(RichText::new("No tags").color(tokens.muted));
            }
            let known = answer(other).map(|answer| answer.tags.as_slice()).unwrap_or_default();
            for tag in &own.tags {
                let is_own = known.iter().all(|known| known.name != tag.name);
                let words = format!("{} {}", tag.name, number::confidence(tag.confidence));
                ui.horizontal(|ui| {
                    ui.label(words);
                    if is_own {
                        ui.label(RichText::new("only here").size(theme::TEXT_SMALL).color(tokens.warn));
                    }
                });
            }
        }
    }
}

fn replays_ui(ui: &mut Ui, trace: &Trace, replaying: &mut Replaying, ctx: &AreaCtx<'_>) {
    if trace.replays.is_empty() {
        return;
    }
    let tokens = ctx.tokens();
    ui.add_space(theme::GAP_8);
    ui.label(RichText::new("Replays so far").size(theme::TEXT_SMALL).color(tokens.muted));
    let shown = replaying.beside.value().map(|replay| replay.summary.id);
    for replay in &trace.replays {
        let words = format!("{} · {}", replay.model, relative_time::words(replay.at, ctx.now));
        let row = ui.selectable_label(shown == Some(replay.id), &words);
        row.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, shown == Some(replay.id), format!("Show the replay by {words}")));
        if row.clicked() {
            replaying.wanted_old = Some(replay.id.0);
        }
    }
}
