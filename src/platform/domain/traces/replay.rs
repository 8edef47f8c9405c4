//! A trace tried again from one of its steps, with an edit. What was stays as it is: a replay is a trace of its own, beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{NewTrace, Subject, decision, get, ruled, summary};
use crate::platform::domain::analysis::{self, Analysed};
use crate::platform::domain::prompts::{self, PromptText};
use crate::platform::domain::providers::Brought;
use crate::platform::domain::{Core, DomainError, Result, config, costs, models, photos, runs, sweep};
use crate::platform::store;
use crate::platform::store::costs::BilledCall;
use crate::platform::store::traces::KeptTrace;
use crate::providers::CallContext;
use crate::wire::cost::Estimate;
use crate::wire::ids::PhotoId;
use crate::wire::prompt_parts::PromptParts;
use crate::wire::result::{Outcome, TraceStep};
use crate::wire::run::{RunColumn, RunPrompt, StartRun};
use crate::wire::sweep::{SentImage, Variants};
use crate::wire::trace::{ReplayFrom, ReplayTrace, Trace, TraceKind, TracePrompt};

/// For a call with its own retries and waits. A person waits for it.
const TIME_LIMIT: Duration = Duration::from_mins(3);
/// Of an edited answer.
const TEXT_MOST: usize = 200_000;

/// What a replay asks: which model, with which prompt, and the photo in which size and quality.
struct Again {
    model: String,
    content: String,
    parts: PromptParts,
    image: Option<SentImage>,
}

impl Again {
    /// `None`: nobody is asked.
    fn of(trace: &Trace, from: &ReplayFrom) -> Result<Option<Self>> {
        match from {
            ReplayFrom::Answer { .. } => Ok(None),
            ReplayFrom::Prompt { model, content, parts } => {
                Ok(Some(Self { model: model.clone(), content: content.clone(), parts: parts.clone(), image: image_of(trace) }))
            }
            ReplayFrom::Photo { image } => {
                let Some(prompt) = &trace.prompt else {
                    let message = "The prompt of this trace is not kept any more. Replay it from the prompt".to_owned();
                    return Err(DomainError::Invalid { code: "no_prompt", message });
                };
                let is_usual = image.max_edge_px.is_none() && image.quality.is_none();
                let image = Some(*image).filter(|_| !is_usual);
                Ok(Some(Self { model: trace.summary.model.clone(), content: prompt.content.clone(), parts: prompt.parts.clone(), image }))
            }
        }
    }

    /// The column of a run that would ask the same.
    async fn column(&self, core: &Core, photo: PhotoId) -> Result<(StartRun, Option<RunColumn>)> {
        let run = StartRun {
            name: String::new(),
            photo_ids: vec![photo],
            photo_set: None,
            prompts: vec![RunPrompt::Inline { name: "Replay".to_owned(), content: self.content.clone(), parts: self.parts.clone() }],
            models: vec![self.model.clone()],
            repeats: 1,
            concurrency: 1,
            ask_again: true,
        };
        let images: Vec<SentImage> = self.image.into_iter().collect();
        let variants = Variants { images: &images, parameters: &[] };
        sweep::check(variants)?;
        // The usual size stands before that of a sweep, for a model that can be sent another.
        let column = runs::columns(core, &run, variants, None).await?.pop();
        Ok((run, column))
    }
}

/// What a replay would cost; nothing is asked.
pub async fn estimate(core: &Core, id: Uuid, asked: &ReplayTrace) -> Result<Option<Estimate>> {
    let trace = get(core, id).await?;
    let Some(again) = Again::of(&trace, &asked.from)? else { return Ok(None) };
    let (run, column) = again.column(core, trace.summary.photo_id).await?;
    check_size(&asked.from, &again, column.as_ref())?;
    let column: Vec<RunColumn> = column.into_iter().collect();
    costs::of_columns(core, &config::current(core).await?, &column, &run.photo_ids, 1, 1).await.map(Some)
}

/// A model that takes whole pixels is sent no file whose size could be another.
fn check_size(from: &ReplayFrom, again: &Again, column: Option<&RunColumn>) -> Result<()> {
    let is_sent = column.is_none_or(|column| column.image == again.image);
    if is_sent || !matches!(from, ReplayFrom::Photo { .. }) {
        return Ok(());
    }
    let message = format!("{} sees the photo's own pixels: another size or quality would make no difference to it", again.model);
    Err(DomainError::Invalid { code: "image_size", message })
}

/// In which size and quality the photo was sent, where a sweep said so: it is sent so again.
fn image_of(trace: &Trace) -> Option<SentImage> {
    trace.prompt.as_ref().and_then(|prompt| prompt.image)
}

/// Tries a trace again, and keeps what came of it as a trace of its own.
pub async fn replay(core: &Arc<Core>, id: Uuid, asked: ReplayTrace, brought: Brought) -> Result<Trace> {
    let trace = get(core, id).await?;
    let again = Again::of(&trace, &asked.from)?;
    let new = match (&asked.from, &again) {
        (ReplayFrom::Answer { text }, _) => read_again(core, &trace, text).await?,
        (from, Some(again)) => {
            let prompt = PromptText { content: &again.content, parts: &again.parts };
            prompts::check(prompt)?;
            prompts::check_renders(prompt)?;
            models::check_usable(core, &again.model, &brought).await?;
            let (_, column) = again.column(core, trace.summary.photo_id).await?;
            check_size(from, again, column.as_ref())?;
            ask_again(core, &trace, again, brought).await?
        }
        (_, None) => return Err(DomainError::NotFound { what: "prompt" }),
    };
    let replayed = new.summary.id;
    let billed = again.and_then(|_| billed(&new));
    let mut change = core.change().await?;
    store::traces::insert(&mut change.tx, core.org, &new.summary, &KeptTrace { edit: Some(asked.from), ..new.kept }).await?;
    if let Some(billed) = billed {
        store::compare_calls::insert(&mut change.tx, core.org, &billed).await?;
    }
    change.commit().await?;
    get(core, replayed.0).await
}

/// What the call was charged, for the sums of what is spent.
fn billed(new: &NewTrace) -> Option<BilledCall> {
    let (usage, is_billed) = match &new.kept.outcome {
        Outcome::Completed(answer) => (answer.usage, true),
        Outcome::Failed(fault) => (fault.usage, fault.is_billed()),
    };
    is_billed.then(|| BilledCall { model: new.summary.model.clone(), at: new.summary.at, usage, cost: new.summary.cost_usd })
}

/// The answer's text through reading and rules, without a call.
async fn read_again(core: &Core, trace: &Trace, text: &str) -> Result<NewTrace> {
    let refused = |code, message: String| DomainError::Invalid { code, message };
    if text.len() > TEXT_MOST {
        return Err(refused("too_long", format!("The answer has more than {TEXT_MOST} bytes; shorten it")));
    }
    let model = &trace.summary.model;
    let parts = trace.prompt.as_ref().map(|prompt| prompt.parts.clone()).unwrap_or_default();
    let begun = Instant::now();
    let outcome = analysis::read_again(core, model, &parts, text)
        .ok_or_else(|| refused("no_text", format!("{model} writes no text that could be read again. Replay the call instead")))?;
    let parsed = begun.elapsed();
    let detail = match &outcome {
        Outcome::Completed(answer) => format!("{} tags, of an edited answer", answer.tags.len()),
        Outcome::Failed(fault) => fault.label().to_owned(),
    };
    let steps = vec![TraceStep { name: "parse".to_owned(), start_ms: 0.0, duration_ms: parsed.as_secs_f64() * 1e3, detail }];
    let analysed = Analysed { outcome, trace: steps, provider_response_time_ms: 0, total_ms: parsed.as_millis() as u64, exchanges: Vec::new() };
    of_replay(core, trace, model, inline(trace), analysed).await
}

async fn ask_again(core: &Core, trace: &Trace, again: &Again, brought: Brought) -> Result<NewTrace> {
    let photo = photos::get(core, trace.summary.photo_id).await?;
    let call = CallContext { keys: brought.keys(), ..CallContext::new(core.stop.child_token(), TIME_LIMIT) };
    let Again { model, content, parts, image } = again;
    let analysed = analysis::analyse_as(core, &photo, PromptText { content, parts }, (model, *image), &call).await;
    let used = TracePrompt::Inline { name: "Edited for a replay".to_owned(), content: content.clone(), parts: parts.clone(), image: *image };
    of_replay(core, trace, model, used, analysed).await
}

fn inline(trace: &Trace) -> TracePrompt {
    trace.prompt.clone().map_or_else(super::no_prompt, |prompt| TracePrompt::Inline {
        name: prompt.name,
        content: prompt.content,
        parts: prompt.parts,
        image: prompt.image,
    })
}

async fn of_replay(core: &Core, trace: &Trace, model: &str, prompt: TracePrompt, analysed: Analysed) -> Result<NewTrace> {
    let rules = config::current(core).await?.rules;
    let kept = KeptTrace {
        prompt,
        decision: decision(&analysed.outcome, &rules),
        ruled: ruled(&analysed.outcome, &rules),
        outcome: analysed.outcome,
        steps: analysed.trace,
        exchanges: analysed.exchanges,
        edit: None,
    };
    let photo = (trace.summary.photo_id, trace.summary.file_name.as_str());
    // A replay of a replay stands beside what both are replays of.
    let of = if trace.summary.kind == TraceKind::Replay { trace.summary.subject_id } else { trace.summary.id.0 };
    let subject = Subject { kind: TraceKind::Replay, id: of, photo, model };
    Ok(NewTrace { summary: summary(subject, core.now(), analysed.total_ms, &kept), kept })
}
