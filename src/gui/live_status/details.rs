//! The panel at the right: one job with its photo, every result, where the time went, and what went wrong.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::actions::applies;
use super::{job_state, photo_pane};
use crate::gui::ctx::{AreaCtx, Command, Remote, Route};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::waterfall::{self, Bar, Tone};
use crate::gui::widgets::{confidence_bar, error_state, number, relative_time, skeleton};
use crate::wire::ids::JobId;
use crate::wire::job::{Job, JobAction, JobDetails};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, ConfidenceKind, Decision, Fault, FaultKind, Outcome, PhotoResult, StepRole, TraceStep};

/// The job that is shown.
#[derive(Default)]
pub struct Details {
    shown: Option<JobId>,
    remote: Remote<JobDetails>,
    is_behind: bool,
}

/// What the reader wants of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailsAnswer {
    Close,
    Act(JobAction),
}

impl Details {
    #[must_use]
    pub fn shown(&self) -> Option<JobId> {
        self.shown
    }

    /// The job as the panel knows it, for actions on jobs that the list has not loaded.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        self.remote.value().map(|details| &details.job).filter(|job| Some(job.id) == self.shown)
    }

    pub fn open(&mut self, id: JobId) {
        if self.shown != Some(id) {
            *self = Self { shown: Some(id), remote: Remote::default(), is_behind: true };
        }
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn on_job(&mut self, job: &Job) {
        self.is_behind |= self.shown == Some(job.id);
    }

    pub fn reload(&mut self) {
        self.is_behind = self.shown.is_some();
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.remote.poll();
        if let Some(id) = self.shown.filter(|_| self.is_behind && !self.remote.is_pending()) {
            self.is_behind = false;
            ctx.ask(&mut self.remote, move |client| async move { client.job(id).await });
        }
    }

    /// `is_past`: the table beside it shows the past, of which a job's details are not recorded.
    pub fn ui(&mut self, ui: &mut Ui, is_past: bool, ctx: &mut AreaCtx<'_>) -> Option<DetailsAnswer> {
        let tokens = ctx.tokens();
        let mut answer = None;
        ui.horizontal(|ui| {
            let close = ui.button(RichText::from(icons::ICON_CLOSE));
            close.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Close the details"));
            if close.on_hover_text("Close the details (Esc)").clicked() {
                answer = Some(DetailsAnswer::Close);
            }
            if let Some(details) = self.remote.value() {
                ui.add(Label::new(RichText::new(&details.job.file_name).size(theme::TEXT_STRONG)).truncate());
            }
        });
        if is_past {
            ui.label(RichText::new("As it is now: the past of this is not recorded").color(tokens.warn));
        }
        ui.add_space(theme::GAP_8);
        if let (Some(failure), None) = (self.remote.failure(), self.remote.value()) {
            if error_state::ui(ui, "The job could not be read", &failure.to_string()) {
                self.is_behind = true;
            }
            return answer;
        }
        let Some(details) = self.remote.value() else {
            skeleton::lines(ui, 6);
            return answer;
        };
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            photo_pane::ui(ui, details.job.photo_id, &details.job.file_name, ctx);
            ui.add_space(theme::GAP_8);
            answer = answer.or(job_ui(ui, &details.job, is_past, ctx, tokens));
            for (at, result) in details.results.iter().enumerate() {
                ui.add_space(theme::GAP_12);
                result_ui(ui, result, at, details.job.fault.as_ref(), ctx, tokens);
            }
        });
        answer
    }
}

fn job_ui(ui: &mut Ui, job: &Job, is_past: bool, ctx: &AreaCtx<'_>, tokens: &Tokens) -> Option<DetailsAnswer> {
    let mut answer = None;
    ui.horizontal_wrapped(|ui| {
        ui.scope(|ui| job_state::ui(ui, job.state, tokens));
        ui.label(RichText::new("queued").color(tokens.muted));
        relative_time::ui(ui, job.enqueued_at, ctx.now);
        let rest = RichText::new(format!("priority {} · {}", job.priority, tries(job.attempts))).color(tokens.muted);
        ui.add(Label::new(rest).extend());
    });
    if let Some(at) = job.not_before.filter(|_| job.state == crate::wire::job::JobState::RetryWait) {
        let wait = number::duration_ms((at - ctx.now).num_milliseconds().max(0) as f64);
        ui.label(format!("Next try in {wait}"));
    }
    if let Some(fault) = &job.fault {
        ui.add_space(theme::GAP_4);
        fault_ui(ui, fault, tokens);
    }
    ui.add_space(theme::GAP_4);
    let actions = [(JobAction::Retry, "Retry now"), (JobAction::Cancel, "Cancel the job")]
        .map(|(action, label)| (action, label, !is_past && applies(action, job.state)));
    if actions.iter().any(|(_, _, applies)| *applies) {
        ui.horizontal(|ui| {
            for (action, label, _) in actions.into_iter().filter(|(_, _, applies)| *applies) {
                if ui.button(label).clicked() {
                    answer = Some(DetailsAnswer::Act(action));
                }
            }
        });
    }
    answer
}

fn tries(attempts: u32) -> String {
    if attempts == 1 { "1 try".to_owned() } else { format!("{attempts} tries") }
}

/// What went wrong, and what to do about it.
fn fault_ui(ui: &mut Ui, fault: &Fault, tokens: &Tokens) {
    egui::Frame::new().stroke((1.0, tokens.bad)).corner_radius(theme::RADIUS_4).inner_margin(theme::GAP_8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::from(icons::ICON_ERROR).color(tokens.bad));
            ui.label(RichText::new(sentence(fault.label())).color(tokens.bad));
        });
        ui.label(&fault.message);
        ui.label(RichText::new(what_to_do(fault)).color(tokens.muted));
        let said: Vec<String> = [
            fault.provider.clone(),
            fault.status.map(|status| format!("HTTP {status}")),
            fault.code.clone(),
            fault.request_id.as_ref().map(|id| format!("request {id}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !said.is_empty() {
            ui.label(RichText::new(said.join(" · ")).monospace().size(theme::TEXT_SMALL).color(tokens.muted));
        }
    });
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The next step that mends each kind of fault.
fn what_to_do(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::Cancelled if fault.is_cut_off() => "The job went back into the queue by itself",
        FaultKind::Auth => "Check the provider's key in Pipeline control › Providers, then retry",
        FaultKind::Permission => "Ask for access at the provider, or choose another model, then retry",
        FaultKind::UnknownModel | FaultKind::RetiredModel => "Choose a model that the provider still has in Pipeline control › Models, then retry",
        FaultKind::BadRequest | FaultKind::TooLarge => "Choose another model or a smaller photo, then retry",
        FaultKind::RateLimited | FaultKind::Overloaded => "Wait a little, or lower the number of workers, then retry",
        FaultKind::QuotaSpent => "Add credit at the provider or choose another model, then retry",
        FaultKind::Server | FaultKind::Timeout | FaultKind::Network => "Check the connection and the provider's status page, then retry",
        FaultKind::BadAnswer | FaultKind::Truncated => "Ask for fewer tags or a simpler answer in the prompt, then retry",
        FaultKind::Refused => "The model declined this photo; another prompt or model may accept it",
        FaultKind::Photo => "Add the photo again from an intact file",
        FaultKind::Prompt => "Mend the live prompt in Pipeline control, then retry",
        FaultKind::Cancelled => "Retry to put it back into the queue",
        FaultKind::Internal => "Check the disk's free space with `minerva doctor`, then retry",
    }
}

/// One try: when, by which model, what it said, where the time went.
fn result_ui(ui: &mut Ui, result: &PhotoResult, at: usize, job_fault: Option<&Fault>, ctx: &AreaCtx<'_>, tokens: &Tokens) {
    let title = if at == 0 { format!("Newest result · {}", result.model) } else { earlier(result, ctx.now) };
    let header = RichText::new(title).size(theme::TEXT_BODY);
    egui::CollapsingHeader::new(header).id_salt(result.id).default_open(at == 0).show(ui, |ui| {
        relative_time::ui(ui, result.created_at, ctx.now);
        match &result.outcome {
            Outcome::Completed(answer) => answer_ui(ui, answer, result.decision, tokens),
            // The newest one's fault stands at the job already.
            Outcome::Failed(fault) if at == 0 && job_fault.is_some_and(|known| known.message == fault.message) => {
                ui.label(format!("Failed: {}", fault.label()));
            }
            Outcome::Failed(fault) => fault_ui(ui, fault, tokens),
        }
        ui.add_space(theme::GAP_8);
        figures_ui(ui, result, tokens);
        ui.add_space(theme::GAP_8);
        trace_ui(ui, result, ctx);
    });
}

/// What tells earlier results apart: how each ended, when, and by which model.
fn earlier(result: &PhotoResult, now: chrono::DateTime<chrono::Utc>) -> String {
    let ended = match &result.outcome {
        Outcome::Completed(_) => "Answered".to_owned(),
        Outcome::Failed(fault) => sentence(fault.label()),
    };
    format!("{ended} · {} · {}", relative_time::words(result.created_at, now), result.model)
}

fn answer_ui(ui: &mut Ui, answer: &Answer, decision: Option<Decision>, tokens: &Tokens) {
    if let Some(caption) = &answer.caption {
        ui.label(caption);
        ui.add_space(theme::GAP_4);
    }
    if answer.tags.is_empty() {
        ui.label(RichText::new("No tags").color(tokens.muted));
    }
    for tag in &answer.tags {
        ui.allocate_ui_with_layout(vec2(ui.available_width(), 18.0), Layout::left_to_right(Align::Center), |ui| {
            ui.allocate_ui_with_layout(vec2(130.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
                ui.set_width(130.0);
                ui.add(Label::new(&tag.name).truncate());
            });
            confidence_bar::ui(ui, tag.confidence);
        });
    }
    let kind = match answer.confidence_kind {
        ConfidenceKind::ModelScore => "Confidence is a model score",
        ConfidenceKind::SelfReported => "Confidence is self-reported by the model",
    };
    let decided = match decision {
        Some(Decision::Accept) => " · accepted by the rules",
        Some(Decision::Review) => " · for review by the rules",
        Some(Decision::Reject) => " · rejected by the rules",
        None => "",
    };
    ui.label(RichText::new(format!("{kind}{decided}")).size(theme::TEXT_SMALL).color(tokens.muted));
    for note in &answer.notes {
        let colour = if note.is_mended() { tokens.warn } else { tokens.muted };
        ui.label(RichText::new(&note.text).size(theme::TEXT_SMALL).color(colour));
    }
}

/// Times, tokens and cost of a try.
fn figures_ui(ui: &mut Ui, result: &PhotoResult, tokens: &Tokens) {
    let (usage, cost) = match &result.outcome {
        Outcome::Completed(answer) => (answer.usage, answer.cost_usd),
        // What a provider turned away is not charged.
        Outcome::Failed(fault) => (fault.usage, fault.cost_usd.or((!fault.is_billed()).then_some(UsdMicros(0)))),
    };
    let count = |tokens: Option<u64>| tokens.map_or_else(|| "not told".to_owned(), number::count);
    let is_cut_off = matches!(&result.outcome, Outcome::Failed(fault) if fault.is_cut_off());
    let took = |ms: u64| if is_cut_off { "not known".to_owned() } else { number::duration_ms(ms as f64) };
    let mut figures = vec![
        ("Queue wait", number::duration_ms(result.queue_wait_time_ms as f64)),
        ("Provider", took(result.provider_response_time_ms)),
        ("Total", took(result.total_processing_time_ms)),
        ("Cost", cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string())),
    ];
    if usage != crate::wire::result::Usage::default() {
        figures.push(("Tokens in", count(usage.input_tokens)));
        figures.push(("Tokens out", count(usage.output_tokens)));
    }
    if result.retry_count > 0 {
        figures.push(("Retries so far", result.retry_count.to_string()));
    }
    egui::Grid::new("figures").num_columns(2).min_row_height(18.0).spacing(vec2(theme::GAP_16, 2.0)).show(ui, |ui| {
        for (name, figure) in figures {
            ui.label(RichText::new(name).color(tokens.muted));
            ui.label(figure);
            ui.end_row();
        }
    });
}

/// Where the time went, and the way to what was sent and answered.
fn trace_ui(ui: &mut Ui, result: &PhotoResult, ctx: &AreaCtx<'_>) {
    let tone = |step: &TraceStep| match step.role() {
        StepRole::Step => Tone::Step,
        StepRole::Try => Tone::Part,
        StepRole::Wait => Tone::Wait,
    };
    let bars: Vec<Bar<'_>> = result
        .trace
        .iter()
        .map(|step| Bar { name: &step.name, start_ms: step.start_ms, duration_ms: step.duration_ms, detail: &step.detail, tone: tone(step) })
        .collect();
    ui.scope(|ui| waterfall::ui(ui, &bars));
    ui.add_space(theme::GAP_4);
    let button = ui.add(egui::Button::new((RichText::from(icons::ICON_TIMELINE), "Open the trace")));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Open the trace"));
    if button.on_hover_text("What was sent and answered, why each tag is there, and the way to try it again with an edit").clicked() {
        ctx.send(Command::GoTo(Route::Trace(result.id.0)));
    }
}
