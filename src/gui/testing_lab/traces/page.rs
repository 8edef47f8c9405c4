//! One trace: where the time went, why each tag is there or is not, what was sent and answered, and the way to try it again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, WidgetInfo, vec2};
use uuid::Uuid;

use super::exchanges;
use super::open::OpenTrace;
use super::replay::{self, Draft};
use super::search::state_words;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::waterfall::{self, Bar, Tone};
use crate::gui::widgets::{error_state, number, photo_frame, relative_time, section, skeleton};
use crate::wire::model::ModelInfo;
use crate::wire::result::{Decision, Outcome, StepRole, TraceStep};
use crate::wire::trace::{Ruled, TagFate, Trace, TraceFormat};

/// Longer edge of the photo's texture.
const PHOTO_PX: u32 = 512;
const PHOTO_WIDTH: f32 = 190.0;
const PHOTO_HEIGHT: f32 = 140.0;
const NAME_WIDTH: f32 = 150.0;
const FIGURE_WIDTH: f32 = 46.0;

/// Draws the trace.
pub fn ui(ui: &mut Ui, open: &mut OpenTrace, drafts: &mut HashMap<Uuid, Draft>, models: &[ModelInfo], ctx: &mut AreaCtx<'_>) {
    let tokens = ctx.tokens();
    if let Some(failure) = open.trace.failure().filter(|_| open.trace.value().is_none()) {
        if error_state::ui(ui, "The trace could not be read", &failure.to_string()) {
            open.reload();
        }
        return;
    }
    let Some(trace) = open.trace.value() else {
        skeleton::lines(ui, 8);
        return;
    };
    let wanted = head_ui(ui, trace, tokens);
    ui.add_space(theme::GAP_8);
    let mut copied = None;
    ScrollArea::vertical().id_salt(("trace", trace.summary.id.0)).auto_shrink(false).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            let picture = ctx.textures.get(trace.summary.photo_id, PHOTO_PX);
            photo_frame::ui(ui, vec2(PHOTO_WIDTH, PHOTO_HEIGHT), &trace.summary.file_name, picture.picture());
            let now = ctx.now;
            ui.vertical(|ui| outcome_ui(ui, trace, now, tokens));
        });
        ui.add_space(theme::GAP_12);
        section::heading(ui, "Where the time went");
        ui.scope(|ui| waterfall::ui(ui, &bars(&trace.steps)));
        ui.add_space(theme::GAP_12);
        tags_ui(ui, &trace.tags, tokens);
        ui.add_space(theme::GAP_12);
        copied = exchanges::ui(ui, trace, tokens);
        ui.add_space(theme::GAP_12);
        if let Some(draft) = drafts.get_mut(&trace.summary.id.0) {
            replay::ui(ui, trace, draft, &mut open.replaying, models, ctx);
        }
        ui.add_space(theme::GAP_16);
    });
    open.file.ui(ui, ctx);
    if let Some(at) = copied {
        open.copy_as_curl(at, ctx);
    }
    if let Some(format) = wanted {
        open.export(format, ctx);
    }
}

/// The steps as bars.
fn bars(steps: &[TraceStep]) -> Vec<Bar<'_>> {
    let tone = |step: &TraceStep| match step.role() {
        StepRole::Step => Tone::Step,
        StepRole::Try => Tone::Part,
        StepRole::Wait => Tone::Wait,
    };
    let bars = steps.iter().map(|step| Bar {
        name: &step.name,
        start_ms: step.start_ms,
        duration_ms: step.duration_ms,
        detail: &step.detail,
        tone: tone(step),
    });
    bars.collect()
}

/// What it is; returns the file that is wanted of it.
fn head_ui(ui: &mut Ui, trace: &Trace, tokens: &Tokens) -> Option<TraceFormat> {
    let mut wanted = None;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let otlp = Tool::new(icons::ICON_DOWNLOAD, "OTLP…").tooltip("Write it for OpenTelemetry: resourceSpans as JSON");
            if otlp.ui(ui).clicked() {
                wanted = Some(TraceFormat::Otlp);
            }
            if Tool::new(icons::ICON_DOWNLOAD, "JSON…").tooltip("Write all of it to a file").ui(ui).clicked() {
                wanted = Some(TraceFormat::Json);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(&trace.summary.file_name).font(theme::semibold(theme::TEXT_STRONG));
                ui.add(Label::new(name).truncate());
                let words = format!("{} · {}", trace.summary.kind.label(), trace.summary.model);
                ui.add(Label::new(RichText::new(words).color(tokens.muted)).truncate());
            });
        });
    });
    wanted
}

fn outcome_ui(ui: &mut Ui, trace: &Trace, now: DateTime<Utc>, tokens: &Tokens) {
    let (state, colour) = state_words(&trace.summary, tokens);
    ui.horizontal_wrapped(|ui| {
        let icon = if trace.summary.fault.is_some() { icons::ICON_ERROR } else { icons::ICON_CHECK_CIRCLE };
        ui.label(RichText::new(icon.codepoint).color(colour));
        ui.label(RichText::new(state).color(colour));
        let cost = trace.summary.cost_usd.map_or_else(|| "cost not known".to_owned(), |cost| cost.to_string());
        let figures = format!("{} · {cost}", number::duration_ms(trace.summary.duration_ms as f64));
        ui.label(RichText::new(figures).color(tokens.muted));
        relative_time::ui(ui, trace.summary.at, now);
    });
    if let Some(prompt) = &trace.prompt {
        ui.add(Label::new(RichText::new(format!("Prompt: {}", prompt.name)).color(tokens.muted)).truncate());
    }
    match &trace.outcome {
        Outcome::Failed(fault) => drop(ui.add(Label::new(RichText::new(&fault.message).color(tokens.bad)).wrap())),
        Outcome::Completed(answer) => {
            if let Some(caption) = &answer.caption {
                ui.add(Label::new(caption).wrap());
            }
            if let Some(ruled) = &trace.ruled {
                ui.add(Label::new(ruled_words(answer.mean_confidence(), trace.decision, ruled)).wrap());
            }
            for note in &answer.notes {
                let colour = if note.is_mended() { tokens.warn } else { tokens.muted };
                ui.add(Label::new(RichText::new(&note.text).size(theme::TEXT_SMALL).color(colour)).wrap());
            }
        }
    }
}

/// What the rules say, and by which figures.
fn ruled_words(mean: Option<f32>, decision: Option<Decision>, ruled: &Ruled) -> String {
    let percent = |share: f32| number::percent(f64::from(share));
    let decision = decision.map_or("Not decided", Decision::label);
    let whose = ruled.category.as_ref().map_or_else(|| "the general thresholds".to_owned(), |category| format!("the thresholds of {category}"));
    let mean = mean.map_or_else(|| "no tag has a confidence".to_owned(), |mean| format!("mean confidence {}", percent(mean)));
    let (accept, reject) = (percent(ruled.accept_threshold), percent(ruled.reject_threshold));
    format!("{decision}: {mean}, by {whose} (accepted from {accept}, rejected below {reject})")
}

/// Everything that was named, and why it is a tag or is none.
fn tags_ui(ui: &mut Ui, fates: &[TagFate], tokens: &Tokens) {
    section::heading(ui, "Why each tag is there, or is not");
    if fates.is_empty() {
        ui.label(RichText::new("Nothing was named").color(tokens.muted));
        return;
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    for fate in fates {
        let (icon, colour) = if fate.kept { (icons::ICON_CHECK, tokens.good) } else { (icons::ICON_CLOSE, tokens.muted) };
        let kept = if fate.kept { "Kept" } else { "Dropped" };
        let row = ui.horizontal(|ui| {
            ui.label(RichText::new(icon.codepoint).size(14.0).color(colour));
            cell_ui(ui, NAME_WIDTH, RichText::new(&fate.name).color(if fate.kept { tokens.text } else { tokens.muted }));
            cell_ui(ui, FIGURE_WIDTH, RichText::new(number::confidence(fate.confidence)).color(tokens.muted));
            ui.add(Label::new(RichText::new(&fate.why).color(tokens.muted)).truncate());
        });
        row.response.widget_info(|| WidgetInfo::labeled(egui::Role::ListItem, true, format!("{kept}: {}. {}", fate.name, fate.why)));
    }
}

fn cell_ui(ui: &mut Ui, width: f32, words: RichText) {
    ui.allocate_ui_with_layout(vec2(width, 18.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.add(Label::new(words).truncate());
    });
}
