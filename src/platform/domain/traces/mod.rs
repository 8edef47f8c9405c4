//! Traces: what happened to each photo that was processed or tested, step by step. They are kept with the result or the cell in
//! one transaction, found by what went wrong and how long it took, written to files, and tried again from any step.

mod curl;
mod fates;
mod otlp;
mod replay;

pub use curl::curl;
pub use replay::{estimate, replay};

use uuid::Uuid;

use super::analysis::Analysed;
use super::{Core, DomainError, Result, analysis, page};
use crate::platform::store;
use crate::platform::store::traces::{KeptTrace, Numbered, Wanted, WantedFault, kept_since};
use crate::wire::config::ProcessingRules;
use crate::wire::ids::{CellId, PhotoId, ResultId, TraceId};
use crate::wire::page::Page;
use crate::wire::photo::Photo;
use crate::wire::result::{Decision, Fault, FaultKind, Outcome, PhotoResult, TraceStep};
use crate::wire::rules::main_tag;
use crate::wire::run::Cell;
use crate::wire::trace::{Exchange, Ruled, ToldPrompt, Trace, TraceFormat, TraceKind, TracePrompt, TraceQuery, TraceSummary};

/// Words that are looked for at once.
const WORDS_MOST: usize = 12;

/// A trace that is to be stored.
#[derive(Debug, Clone)]
pub struct NewTrace {
    pub summary: TraceSummary,
    pub kept: KeptTrace,
}

/// What a result says of its photo's way; what went over the net goes with it.
#[must_use]
pub fn of_result(result: &PhotoResult, file_name: &str, exchanges: &[Exchange], rules: &ProcessingRules) -> NewTrace {
    let prompt = result.prompt_version_id.map(|id| TracePrompt::Version { id });
    let kept = KeptTrace {
        prompt: prompt.unwrap_or_else(no_prompt),
        outcome: result.outcome.clone(),
        decision: result.decision,
        ruled: ruled(&result.outcome, rules),
        steps: result.trace.clone(),
        exchanges: exchanges.to_vec(),
        edit: None,
    };
    let subject = Subject { kind: TraceKind::Job, id: result.id.0, photo: (result.photo_id, file_name), model: &result.model };
    NewTrace { summary: summary(subject, result.created_at, result.total_processing_time_ms, &kept), kept }
}

/// What became of a cell that was asked.
pub async fn of_cell(core: &Core, cell: &Cell, photo: &Photo, model: &str, analysed: &Analysed) -> NewTrace {
    let rules = super::config::current(core).await.map(|config| config.rules).unwrap_or_default();
    let kept = KeptTrace {
        prompt: TracePrompt::Column { run: cell.run_id, column: cell.column },
        outcome: analysed.outcome.clone(),
        decision: decision(&analysed.outcome, &rules),
        ruled: ruled(&analysed.outcome, &rules),
        steps: analysed.trace.clone(),
        exchanges: analysed.exchanges.clone(),
        edit: None,
    };
    let subject = Subject { kind: TraceKind::Cell, id: cell.id.0, photo: (photo.id, &photo.file_name), model };
    NewTrace { summary: summary(subject, core.now(), analysed.total_ms, &kept), kept }
}

struct Subject<'s> {
    kind: TraceKind,
    id: Uuid,
    photo: (PhotoId, &'s str),
    model: &'s str,
}

fn summary(subject: Subject<'_>, at: chrono::DateTime<chrono::Utc>, duration_ms: u64, kept: &KeptTrace) -> TraceSummary {
    let (fault, cost_usd) = match &kept.outcome {
        Outcome::Completed(answer) => (None, answer.cost_usd),
        Outcome::Failed(fault) => (Some(fault.kind), fault.cost_usd),
    };
    TraceSummary {
        id: TraceId::fresh(),
        kind: subject.kind,
        subject_id: subject.id,
        photo_id: subject.photo.0,
        file_name: subject.photo.1.to_owned(),
        model: subject.model.to_owned(),
        at,
        duration_ms,
        tries: tries(&kept.outcome, &kept.steps),
        fault,
        cost_usd,
        prompt: None,
        repeat: None,
    }
}

fn tries(outcome: &Outcome, steps: &[TraceStep]) -> u32 {
    let retries = match outcome {
        Outcome::Completed(answer) => answer.retries,
        Outcome::Failed(fault) => fault.retries,
    };
    if steps.iter().any(|step| step.name == "call") { retries + 1 } else { 0 }
}

fn no_prompt() -> TracePrompt {
    TracePrompt::Inline { name: String::new(), content: String::new(), parts: Default::default(), image: None }
}

fn decision(outcome: &Outcome, rules: &ProcessingRules) -> Option<Decision> {
    match outcome {
        Outcome::Completed(answer) => Some(analysis::decide(answer, rules)),
        Outcome::Failed(_) => None,
    }
}

/// The thresholds that hold for an answer.
fn ruled(outcome: &Outcome, rules: &ProcessingRules) -> Option<Ruled> {
    let Outcome::Completed(answer) = outcome else { return None };
    Some(match main_tag(answer).and_then(|tag| rules.category_of(tag)) {
        Some((name, category)) => {
            Ruled { category: Some(name.to_owned()), accept_threshold: category.accept_threshold, reject_threshold: category.reject_threshold }
        }
        None => Ruled { category: None, accept_threshold: rules.accept_threshold, reject_threshold: rules.reject_threshold },
    })
}

/// Those that are looked for: newest first, or the slowest first where only slow ones are wanted.
pub async fn find(core: &Core, asked: &TraceQuery) -> Result<Page<TraceSummary>> {
    let fault = match asked.error.as_deref().filter(|error| !error.is_empty()) {
        None => None,
        Some("any") => Some(WantedFault::Any),
        Some(name) => Some(WantedFault::Kind(fault_kind(name)?)),
    };
    let words: Vec<String> = asked.q.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).take(WORDS_MOST).collect();
    let words = words.into_iter().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let model = asked.model.clone().filter(|model| !model.is_empty());
    let after = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let wanted = Wanted { fault, model, min_duration_ms: asked.min_duration_ms, words, kind: asked.kind, after };
    let limit = page::limit(asked.limit);
    let found = store::traces::find(&core.db, core.org, &wanted, limit).await?;
    let next_cursor = found.last().filter(|_| found.len() >= limit as usize).map(cursor);
    let mut items: Vec<TraceSummary> = found.into_iter().map(|found| found.summary).collect();
    let cells: Vec<Uuid> = items.iter().filter(|trace| trace.kind == TraceKind::Cell).map(|trace| trace.subject_id).collect();
    let mut tested = store::traces::tested(&core.db, core.org, &cells).await?;
    for trace in &mut items {
        if let Some((prompt, repeat)) = tested.remove(&trace.subject_id) {
            (trace.prompt, trace.repeat) = (Some(prompt), repeat);
        }
    }
    Ok(Page { items, next_cursor, total: None })
}

fn fault_kind(name: &str) -> Result<FaultKind> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| {
        let names: Vec<String> = FaultKind::ALL.iter().filter_map(|kind| store::to_name(kind).ok()).collect();
        let message = format!("There is no kind of error '{name}'. There are: any, {}", names.join(", "));
        DomainError::Invalid { code: "bad_error", message }
    })
}

fn cursor(row: &Numbered) -> String {
    format!("{}_{}", row.summary.duration_ms, row.number)
}

fn read_cursor(cursor: &str) -> Result<(i64, i64)> {
    let read = || {
        let (duration, number) = cursor.split_once('_')?;
        Some((duration.parse().ok()?, number.parse().ok()?))
    };
    let message = "The cursor is not one that this list gave; ask for the first page again";
    read().ok_or_else(|| DomainError::Invalid { code: "bad_cursor", message: message.to_owned() })
}

/// A trace by its id, or the newest of a result or a cell. Of those that are forgotten there is what the result or cell says.
pub async fn get(core: &Core, id: Uuid) -> Result<Trace> {
    let (kept, is_forgotten) = match store::traces::get(&core.db, core.org, id).await? {
        Some((summary, kept)) => (NewTrace { summary, kept }, false),
        None => (left_over(core, id).await?, true),
    };
    let NewTrace { summary, kept } = kept;
    let prompt = told_prompt(core, &kept.prompt).await?;
    let tags = fates::fates(&summary, &kept, prompt.as_ref());
    let replays = store::traces::replays(&core.db, core.org, summary.id).await?;
    Ok(Trace {
        summary,
        prompt,
        outcome: kept.outcome,
        decision: kept.decision,
        ruled: kept.ruled,
        steps: kept.steps,
        exchanges: kept.exchanges,
        is_forgotten,
        tags,
        edit: kept.edit,
        replays,
    })
}

/// What a result or a cell itself says, without what went over the net.
async fn left_over(core: &Core, id: Uuid) -> Result<NewTrace> {
    let not_found = DomainError::NotFound { what: "trace" };
    let rules = super::config::current(core).await?.rules;
    if let Some(result) = store::traces::result(&core.db, core.org, ResultId(id)).await? {
        let name = file_name(core, result.photo_id).await?;
        let NewTrace { summary, kept } = of_result(&result, &name, &[], &rules);
        return Ok(NewTrace { summary: TraceSummary { id: TraceId(id), ..summary }, kept });
    }
    let cell = store::traces::cell(&core.db, core.org, CellId(id)).await?.ok_or(not_found)?;
    let run = super::runs::get(core, cell.run_id).await?;
    let outcome = match (&cell.answer, &cell.fault) {
        (Some(answer), _) => Outcome::Completed(answer.clone()),
        (None, Some(fault)) => Outcome::Failed(fault.clone()),
        (None, None) => Outcome::Failed(Fault::new(FaultKind::Cancelled, "It is not answered yet")),
    };
    let model = run.columns.get(cell.column as usize).map_or("", |column| column.model.as_str());
    let kept = KeptTrace {
        prompt: TracePrompt::Column { run: cell.run_id, column: cell.column },
        decision: decision(&outcome, &rules),
        ruled: ruled(&outcome, &rules),
        outcome,
        steps: cell.trace.clone(),
        exchanges: Vec::new(),
        edit: None,
    };
    let name = file_name(core, cell.photo_id).await?;
    let total = cell.trace.iter().map(|step| step.start_ms + step.duration_ms).fold(0.0, f64::max) as u64;
    let subject = Subject { kind: TraceKind::Cell, id, photo: (cell.photo_id, &name), model };
    Ok(NewTrace { summary: TraceSummary { id: TraceId(id), ..summary(subject, run.started_at, total, &kept) }, kept })
}

async fn file_name(core: &Core, id: PhotoId) -> Result<String> {
    let names = store::photos::names(&core.db, core.org, &[id]).await?;
    Ok(names.get(&id).cloned().unwrap_or_else(|| "Deleted photo".to_owned()))
}

async fn told_prompt(core: &Core, prompt: &TracePrompt) -> Result<Option<ToldPrompt>> {
    Ok(match prompt {
        TracePrompt::Version { id } => {
            let version = store::prompts::version(&core.db, core.org, *id).await?;
            version.map(|version| ToldPrompt { name: version.label(), content: version.content, parts: version.parts, image: None })
        }
        TracePrompt::Column { run, column } => {
            let run = store::runs::get(&core.db, core.org, *run).await?;
            let column = run.and_then(|run| run.columns.into_iter().nth(*column as usize));
            column.map(|column| ToldPrompt { name: column.prompt_name, content: column.prompt_content, parts: column.parts, image: column.image })
        }
        TracePrompt::Inline { name, content, parts, image } => {
            let told = ToldPrompt { name: name.clone(), content: content.clone(), parts: parts.clone(), image: *image };
            Some(told).filter(|told| !told.content.is_empty())
        }
    })
}

/// A trace as a file: what it is called and what is in it.
pub async fn export(core: &Core, id: Uuid, format: TraceFormat) -> Result<String> {
    let trace = get(core, id).await?;
    let written = match format {
        TraceFormat::Json => serde_json::to_string_pretty(&trace),
        TraceFormat::Otlp => serde_json::to_string(&otlp::request(&trace)),
    };
    written.map_err(|error| DomainError::Files { message: format!("The trace could not be written: {error}") })
}

/// Forgets what is older than traces are kept.
pub async fn prune(core: &Core) -> Result<u64> {
    let mut all = 0;
    loop {
        let mut change = core.change().await?;
        let forgotten = store::traces::forget(&mut change.tx, Some(kept_since(core.now()))).await?;
        change.commit().await?;
        all += forgotten;
        if forgotten == 0 || core.stop.is_cancelled() {
            return Ok(all);
        }
    }
}
