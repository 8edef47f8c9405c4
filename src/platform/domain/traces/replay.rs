//! A trace tried again from one of its steps, with an edit. What was stays as it is: a replay is a trace of its own, beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{NewTrace, Subject, decision, get, ruled, summary};
use crate::platform::domain::analysis::{self, Analysed};
use crate::platform::domain::prompts::{self, PromptText};
use crate::platform::domain::providers::Brought;
use crate::platform::domain::{Core, DomainError, Result, config, costs, models, photos, runs};
use crate::platform::store;
use crate::platform::store::costs::BilledCall;
use crate::platform::store::traces::KeptTrace;
use crate::providers::CallContext;
use crate::wire::cost::Estimate;
use crate::wire::result::{Outcome, TraceStep};
use crate::wire::run::{RunPrompt, StartRun};
use crate::wire::sweep::{SentImage, Variants};
use crate::wire::trace::{ReplayFrom, ReplayTrace, Trace, TraceKind, TracePrompt};

/// For a call with its own retries and waits. A person waits for it.
const TIME_LIMIT: Duration = Duration::from_mins(3);
/// Of an edited answer.
const TEXT_MOST: usize = 200_000;

/// What a replay would cost; nothing is asked.
pub async fn estimate(core: &Core, id: Uuid, asked: &ReplayTrace) -> Result<Option<Estimate>> {
    let ReplayFrom::Prompt { model, content, parts } = &asked.from else { return Ok(None) };
    let trace = get(core, id).await?;
    let run = StartRun {
        name: String::new(),
        photo_ids: vec![trace.summary.photo_id],
        photo_set: None,
        prompts: vec![RunPrompt::Inline { name: "Replay".to_owned(), content: content.clone(), parts: parts.clone() }],
        models: vec![model.clone()],
        repeats: 1,
        concurrency: 1,
        ask_again: true,
    };
    let images: Vec<SentImage> = image_of(&trace).into_iter().collect();
    let mut columns = runs::columns(core, &run, Variants { images: &images, parameters: &[] }, None).await?;
    // The usual size stands before that of a sweep, for a model that can be sent another.
    let column = columns.pop().into_iter().collect::<Vec<_>>();
    costs::of_columns(core, &config::current(core).await?, &column, &run.photo_ids, 1, 1).await.map(Some)
}

/// In which size and quality the photo was sent, where a sweep said so: it is sent so again.
fn image_of(trace: &Trace) -> Option<SentImage> {
    trace.prompt.as_ref().and_then(|prompt| prompt.image)
}

/// Tries a trace again, and keeps what came of it as a trace of its own.
pub async fn replay(core: &Arc<Core>, id: Uuid, asked: ReplayTrace, brought: Brought) -> Result<Trace> {
    let trace = get(core, id).await?;
    let new = match &asked.from {
        ReplayFrom::Answer { text } => read_again(core, &trace, text).await?,
        ReplayFrom::Prompt { model, content, parts } => {
            let prompt = PromptText { content, parts };
            prompts::check(prompt)?;
            prompts::check_renders(prompt)?;
            models::check_usable(core, model, &brought).await?;
            ask_again(core, &trace, (model, prompt), brought).await?
        }
    };
    let replayed = new.summary.id;
    let billed = matches!(asked.from, ReplayFrom::Prompt { .. }).then(|| billed(&new)).flatten();
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

async fn ask_again(core: &Core, trace: &Trace, (model, prompt): (&str, PromptText<'_>), brought: Brought) -> Result<NewTrace> {
    let photo = photos::get(core, trace.summary.photo_id).await?;
    let call = CallContext { keys: brought.keys(), ..CallContext::new(core.stop.child_token(), TIME_LIMIT) };
    let image = image_of(trace);
    let analysed = analysis::analyse_as(core, &photo, prompt, (model, image), &call).await;
    let (name, content) = ("Edited for a replay".to_owned(), prompt.content.to_owned());
    let used = TracePrompt::Inline { name, content, parts: prompt.parts.clone(), image };
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
