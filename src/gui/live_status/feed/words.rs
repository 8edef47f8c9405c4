//! What happened, in words, and where it leads.

use egui_material_icons::MaterialIcon;

use crate::gui::ctx::{AreaId, LiveView, Route};
use crate::gui::theme::icons;
use crate::gui::widgets::badge::Tone;
use crate::gui::widgets::number;
use crate::wire::alert::{Alert, Severity};
use crate::wire::config::{ConfigChange, PHOTO_SET_FIELD, TRUTH_FIELD};
use crate::wire::event::Happened;
use crate::wire::health::HealthState;
use crate::wire::job::{Job, JobState};
use crate::wire::run::{Cell, CellState, Run, RunState};

/// One event as the feed shows it.
#[derive(Debug, Clone)]
pub struct Told {
    pub icon: MaterialIcon,
    pub tone: Tone,
    pub words: String,
    /// More of it, less important.
    pub more: String,
    pub route: Option<Route>,
}

/// `None` for what says nothing to a person: steps that the next event says too, and the stream's own affairs.
pub fn of(what: &Happened) -> Option<Told> {
    let told = |icon, tone, words: String, route| Some(Told { icon, tone, words, more: String::new(), route });
    match what {
        Happened::PhotoAdded(photo) => {
            told(icons::ICON_ADD_PHOTO_ALTERNATE, Tone::Neutral, format!("{} was added", photo.file_name), Some(Route::Photo(photo.id)))
        }
        Happened::PhotoDeleted { .. } => told(icons::ICON_DELETE, Tone::Neutral, "A photo was deleted".to_owned(), None),
        Happened::JobChanged(job) => Some(of_job(job)),
        Happened::JobsChanged { changed, is_undo: true } => {
            let words = if *changed == 1 {
                "1 job is as it was: what was done to it is undone".to_owned()
            } else {
                format!("{} jobs are as they were: what was done to them is undone", number::count(*changed))
            };
            told(icons::ICON_UNDO, Tone::Neutral, words, Some(Route::Jobs(None)))
        }
        Happened::JobsChanged { changed, is_undo: false } => {
            let words = if *changed == 1 { "1 job changed".to_owned() } else { format!("{} jobs changed at once", number::count(*changed)) };
            told(icons::ICON_LIST, Tone::Info, words, Some(Route::Jobs(None)))
        }
        Happened::ConfigChanged { change: Some(change), .. } => Some(of_change(change)),
        Happened::ConfigChanged { change: None, .. } => {
            told(icons::ICON_TUNE, Tone::Info, "The configuration changed".to_owned(), Some(Route::Area(AreaId::PipelineControl)))
        }
        Happened::PromptChanged(prompt) => {
            told(icons::ICON_EDIT, Tone::Neutral, format!("The prompt {} was edited", prompt.name), Some(Route::Prompt(prompt.id)))
        }
        Happened::PromptLabelsChanged(changed) => {
            let labels = if changed.labels.is_empty() { "no label".to_owned() } else { changed.labels.join(", ") };
            let words = format!("{} v{} is labelled {labels}", changed.prompt_name, changed.version);
            told(icons::ICON_LABEL, Tone::Neutral, words, Some(Route::Prompt(changed.prompt_id)))
        }
        Happened::PromptVersionSaved(version) => Some(Told {
            more: version.note.clone(),
            ..told(icons::ICON_SAVE, Tone::Info, format!("{} was saved", version.label()), Some(Route::Prompt(version.prompt_id)))?
        }),
        Happened::RunChanged(run) => Some(of_run(run)),
        Happened::CellChanged(cell) => of_cell(cell),
        Happened::AlertChanged(alert) => Some(of_alert(alert)),
        Happened::HealthChanged { label, status, detail, .. } => {
            let (icon, tone, words) = match status {
                HealthState::Healthy => (icons::ICON_CHECK_CIRCLE, Tone::Good, "healthy again"),
                HealthState::Degraded => (icons::ICON_WARNING, Tone::Warn, "degraded"),
                HealthState::Down => (icons::ICON_ERROR, Tone::Bad, "down"),
            };
            Some(Told { icon, tone, words: format!("{label}: {words}"), more: detail.clone(), route: Some(Route::Live(LiveView::Health)) })
        }
        Happened::CellNews { .. } | Happened::BundledWait { .. } | Happened::Resync => None,
    }
}

fn of_job(job: &Job) -> Told {
    let name = &job.file_name;
    let fault = job.fault.as_ref().map(|fault| fault.message.clone()).unwrap_or_default();
    let model = job.model.clone().unwrap_or_default();
    let (icon, tone, words, more) = match job.state {
        JobState::Pending => (icons::ICON_SCHEDULE, Tone::Neutral, format!("{name} is queued"), String::new()),
        JobState::Processing => (icons::ICON_SYNC, Tone::Info, format!("{name} is being worked on"), model),
        JobState::RetryWait => (icons::ICON_HISTORY, Tone::Warn, format!("{name} waits for its next try"), fault),
        JobState::Completed => {
            let confidence = job.confidence.map(|confidence| format!(", confidence {}", number::percent(f64::from(confidence)))).unwrap_or_default();
            (icons::ICON_CHECK_CIRCLE, Tone::Good, format!("{name} is done{confidence}"), model)
        }
        JobState::Failed => (icons::ICON_ERROR, Tone::Bad, format!("{name} failed"), fault),
        JobState::Cancelled => (icons::ICON_CANCEL, Tone::Neutral, format!("{name} was cancelled"), String::new()),
    };
    Told { icon, tone, words, more, route: Some(Route::Job(job.id)) }
}

fn of_change(change: &ConfigChange) -> Told {
    let concerns = |field: &str| change.after.get(field).is_some();
    let route = match () {
        () if concerns("live_model") => Route::Models,
        () if change.touches(PHOTO_SET_FIELD) || change.touches(TRUTH_FIELD) => Route::Area(AreaId::TestingLab),
        () if change.after.as_object().is_some_and(|after| after.keys().any(|field| field.starts_with("provider:"))) => Route::Providers,
        () if change.after.as_object().is_some_and(|after| after.keys().any(|field| field.starts_with("alert:"))) => Route::Live(LiveView::Alerts),
        () => Route::Area(AreaId::PipelineControl),
    };
    Told { icon: icons::ICON_TUNE, tone: Tone::Info, words: change.summary.clone(), more: format!("by {}", change.actor), route: Some(route) }
}

fn of_run(run: &Run) -> Told {
    let name = if run.name.is_empty() { "A comparison".to_owned() } else { format!("“{}”", run.name) };
    let counts = run.counts;
    let progress = format!("{} of {} answers", number::count(counts.finished()), number::count(counts.total()));
    let failed = if counts.failed > 0 { format!(", {} failed", number::count(counts.failed)) } else { String::new() };
    let (icon, tone, words) = match run.state {
        RunState::Running => (icons::ICON_COMPARE, Tone::Info, format!("{name} is running")),
        RunState::Completed => (icons::ICON_COMPARE, Tone::Good, format!("{name} is complete")),
        RunState::Cancelled => (icons::ICON_CANCEL, Tone::Neutral, format!("{name} was cancelled")),
        RunState::Paused => (icons::ICON_PAUSE_CIRCLE, Tone::Neutral, format!("{name} is paused")),
        RunState::Interrupted => (icons::ICON_WARNING, Tone::Warn, format!("{name} was interrupted; it can be resumed")),
    };
    Told { icon, tone, words, more: format!("{progress}{failed}"), route: Some(Route::Run(run.id)) }
}

/// That a cell begins its end says too.
fn of_cell(cell: &Cell) -> Option<Told> {
    let (icon, tone, words, more) = match cell.state {
        CellState::Waiting | CellState::Running => return None,
        CellState::Completed => {
            let answer = cell.answer.as_ref();
            let tags = answer.map_or(0, |answer| answer.tags.len());
            let found = if tags == 1 { "1 tag".to_owned() } else { format!("{tags} tags") };
            let took = cell.latency_ms.map(|ms| format!(" in {}", number::duration_ms(ms as f64))).unwrap_or_default();
            let caption = answer.and_then(|answer| answer.caption.clone()).unwrap_or_default();
            (icons::ICON_CHECK_CIRCLE, Tone::Good, format!("A comparison has an answer: {found}{took}"), caption)
        }
        CellState::Failed => {
            let why = cell.fault.as_ref().map(|fault| fault.message.clone()).unwrap_or_default();
            (icons::ICON_ERROR, Tone::Bad, "A question of a comparison failed".to_owned(), why)
        }
    };
    Some(Told { icon, tone, words, more, route: Some(Route::Run(cell.run_id)) })
}

fn of_alert(alert: &Alert) -> Told {
    let what = alert.words();
    let severity = match alert.severity {
        Severity::Warning => Tone::Warn,
        Severity::Critical => Tone::Bad,
    };
    let (icon, tone, words, more) = match () {
        () if alert.resolved_at.is_some() => (icons::ICON_CHECK_CIRCLE, Tone::Good, "Alert resolved".to_owned(), what),
        () if alert.snoozed_until.is_some() => (icons::ICON_SNOOZE, Tone::Neutral, "Alert snoozed".to_owned(), what),
        () => match &alert.acknowledged {
            Some(by) => (icons::ICON_CHECK, Tone::Neutral, format!("Alert acknowledged by {}", by.by), what),
            None => (icons::ICON_NOTIFICATIONS_ACTIVE, severity, what, alert.severity.label().to_owned()),
        },
    };
    Told { icon, tone, words, more, route: Some(Route::Live(LiveView::Alerts)) }
}
