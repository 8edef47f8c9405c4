//! One photo's way through a model: fetch, decode, resize, prompt, call, check. The pipeline and
//! the comparison runs both go this way.

mod prepared;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing::Instrument as _;

use super::prompts::{self, PhotoVariables, PromptText, Rendered};
use super::{Core, Result, providers};
use crate::platform::store;
use crate::providers::tape::{Tape, Wait, WaitKind};
use crate::providers::{CallContext, CallNews, PhotoRequest, PhotoRule, Provider, SentPhoto};
use crate::wire::answer_schema::AnswerSchema;
use crate::wire::config::ProcessingRules;
use crate::wire::photo::Photo;
use crate::wire::prompt_parts::{Parameters, PromptParts};
use crate::wire::result::{Answer, Decision, Fault, FaultKind, Note, Outcome, PHOTO_DELETED, Tag, TraceStep, Usage};
use crate::wire::rules::main_tag;
use crate::wire::sweep::SentImage;
use crate::wire::trace::Exchange;

pub use prepared::{Prepared, PreparedPhoto};

/// Tags kept of one answer.
const TAGS_MOST: usize = 100;

/// What became of one photo.
#[derive(Debug, Clone)]
pub struct Analysed {
    pub outcome: Outcome,
    pub trace: Vec<TraceStep>,
    /// The call alone, its retries and waits included, but not the wait for a core of this machine; 0 when it was not made.
    pub provider_response_time_ms: u64,
    pub total_ms: u64,
    /// What went over the net.
    pub exchanges: Vec<Exchange>,
}

/// Sends a photo with a prompt to a model. Never fails as such: what goes wrong is the outcome.
pub async fn analyse(core: &Core, photo: &Photo, prompt: PromptText<'_>, model_full_name: &str, call: &CallContext) -> Analysed {
    analyse_as(core, photo, prompt, (model_full_name, None), call).await
}

/// The same with the photo in a size and quality of its own.
pub async fn analyse_as(
    core: &Core,
    photo: &Photo,
    prompt: PromptText<'_>,
    (model_full_name, image): (&str, Option<SentImage>),
    call: &CallContext,
) -> Analysed {
    let mut steps = Steps::begin();
    let tape = Tape::new(steps.begun);
    let call = &CallContext { tape: Some(tape.clone()), ..call.clone() };
    let asked = prepare_and_ask(core, photo, prompt, (model_full_name, image), call, &mut steps).await;
    let (exchanges, waits) = tape.read();
    steps.add_tries(&exchanges, &waits);
    let outcome = match asked {
        Ok(mut answer) => {
            steps.measure("parse", || {
                check(&mut answer);
                format!("{} tags", answer.tags.len())
            });
            Outcome::Completed(answer)
        }
        Err(fault) => Outcome::Failed(fault),
    };
    let took = steps.was_asked.then(|| Duration::from_millis(steps.call_ms));
    core.telemetry.note_result(model_full_name, &outcome, took);
    let total_ms = steps.elapsed_ms() as u64;
    Analysed { outcome, trace: steps.list, provider_response_time_ms: steps.call_ms, total_ms, exchanges }
}

/// Reads a text once more as a model's answer, and holds it to the same contract. `None`: the model writes no text.
pub fn read_again(core: &Core, model_full_name: &str, parts: &PromptParts, text: &str) -> Option<Outcome> {
    let (provider, model) = core.providers.find(model_full_name)?;
    let schema = AnswerSchema::parse(&parts.schema).ok().filter(|_| !parts.schema.trim().is_empty()).map(Arc::new);
    let nothing = SentPhoto::Jpeg { bytes: Bytes::new(), width_px: 0, height_px: 0 };
    let request = PhotoRequest { schema, ..PhotoRequest::plain(model, nothing, "") };
    Some(match provider.read_again(&request, text)? {
        Ok(mut answer) => {
            check(&mut answer);
            Outcome::Completed(answer)
        }
        Err(fault) => Outcome::Failed(fault),
    })
}

/// What the thresholds say of an answer, those of its category where it has one.
#[must_use]
pub fn decide(answer: &Answer, rules: &ProcessingRules) -> Decision {
    rules.decide(main_tag(answer), answer.mean_confidence())
}

/// A model's own rule for photos, within the bounds that the rules set for what is sent over the net.
#[must_use]
pub fn bounded(rule: PhotoRule, rules: &ProcessingRules) -> PhotoRule {
    match rule {
        PhotoRule::Pixels => PhotoRule::Pixels,
        PhotoRule::Jpeg { max_edge_px, quality } => PhotoRule::Jpeg {
            max_edge_px: rules.image_max_edge_px.map_or(max_edge_px, |most| most.min(max_edge_px)),
            quality: rules.image_quality.map_or(quality, |most| most.min(quality)),
        },
    }
}

/// How a photo is sent: as the model's rule and the bounds say, or as a sweep has it.
#[must_use]
pub fn sent_as(rule: PhotoRule, rules: &ProcessingRules, image: Option<SentImage>) -> PhotoRule {
    match (bounded(rule, rules), image) {
        (PhotoRule::Jpeg { max_edge_px, quality }, Some(image)) => {
            PhotoRule::Jpeg { max_edge_px: image.max_edge_px.unwrap_or(max_edge_px), quality: image.quality.unwrap_or(quality) }
        }
        (usual, _) => usual,
    }
}

async fn prepare_and_ask(
    core: &Core,
    photo: &Photo,
    prompt: PromptText<'_>,
    (model_full_name, image): (&str, Option<SentImage>),
    call: &CallContext,
    steps: &mut Steps,
) -> std::result::Result<Answer, Fault> {
    let Some((provider, model)) = core.providers.find(model_full_name) else {
        let known: Vec<String> = core.providers.iter().map(|provider| provider.name().to_owned()).collect();
        let words = format!("No provider answers to the model name '{model_full_name}'; known providers: {}", known.join(", "));
        return Err(Fault::new(FaultKind::UnknownModel, words));
    };
    let config = super::config::current(core).await;
    let (rules, set) = config.map(|config| (config.rules, config.model_parameters)).unwrap_or_default();
    let rule = sent_as(provider.photo_rule(model), &rules, image);
    let prepared = tokio::select! {
        biased;
        () = call.cancel.cancelled() => return Err(cancelled()),
        prepared = core.prepared.get(core, photo, rule, steps) => prepared,
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(fault) => return Err(explain_absence(core, photo, fault).await),
    };
    let (request, left_out) = steps.try_measure("prompt", || {
        let variables = PhotoVariables { file_name: photo.file_name.clone(), width: prepared.width_px, height: prepared.height_px };
        let of_model = set.get(model_full_name).copied().unwrap_or_default();
        let request = question(prompt, &variables, (model, of_model), prepared.sent.clone())?;
        let (request, left_out) = provider.fit(request);
        let detail = prompt_detail(&request, &left_out, prompt.parts.parameters);
        Ok(((request, left_out), detail))
    })?;
    if !provider.is_remote() {
        // One on the net tells itself when its turn comes.
        call.tell(CallNews::Asking);
    }
    if call.cancel.is_cancelled() {
        return Err(cancelled());
    }
    // The key may be another one by the time that the answer is there.
    let key_mark = if provider.is_remote() && call.keys.is_none() { providers::key_mark(core, provider.as_ref()).await } else { String::new() };
    let begun = steps.elapsed_ms();
    // A call ends by itself when it is cancelled, and knows whether it was sent: what was may be billed.
    let span = tracing::info_span!("provider call", provider = provider.name(), what = "photo", model);
    let asking = async {
        if provider.is_remote() { (provider.analyse(&request, call).await, 0.0) } else { ask_here(provider.as_ref(), &request, call).await }
    };
    let (answer, waited_ms) = asking.instrument(span.clone()).await;
    if waited_ms >= 1.0 {
        let detail = "for a free core".to_owned();
        steps.list.push(TraceStep { name: "wait".to_owned(), start_ms: begun, duration_ms: waited_ms, detail });
    }
    let begun = begun + waited_ms;
    if let Err(fault) = &answer
        && fault.is_unsent
    {
        // Says nothing of the provider's health, and took none of its time.
        // Nobody has refused a key that is not there.
        let is_keyless = fault.kind == FaultKind::Auth && fault.status.is_none();
        let kind = if is_keyless { "no usable key" } else { fault.kind.label() };
        tracing::info!(provider = provider.name(), kind, "a call was not sent");
        steps.add("not sent", begun, format!("{model_full_name}: {kind}"));
        return answer;
    }
    steps.call_ms = (steps.elapsed_ms() - begun).round() as u64;
    steps.was_asked = true;
    span.in_scope(|| note_call(core, provider.name(), call, &answer, steps.call_ms));
    // A key that was brought says nothing of the platform's own.
    if answer.is_ok() && call.keys.is_none() {
        providers::note_key_worked(core, provider.as_ref(), key_mark).await;
    }
    let by_rule = match &prepared.sent {
        SentPhoto::Jpeg { width_px, height_px, .. } => provider.photo_tokens(model, *width_px, *height_px),
        SentPhoto::Pixels(_) => None,
    };
    let detail = match &answer {
        Ok(answer) => call_detail(model_full_name, &answer.usage, by_rule, answer.retries),
        Err(fault) => format!("{}: {}", call_detail(model_full_name, &fault.usage, by_rule, fault.retries), fault.kind.label()),
    };
    steps.add("call", begun, detail);
    answer.map(|mut answer| {
        answer.notes.extend(left_out.into_iter().map(Note::routine));
        answer
    })
}

/// Asks a model of this machine. It tells when a core is free for the photo: the milliseconds before that are given too, because
/// they say nothing of the model.
async fn ask_here(provider: &dyn Provider, request: &PhotoRequest, call: &CallContext) -> (std::result::Result<Answer, Fault>, f64) {
    let begun = Instant::now();
    let started: Arc<Mutex<Instant>> = Arc::new(Mutex::new(begun));
    let (told, listener) = (Arc::clone(&started), call.news.clone());
    let news = move |news: CallNews| {
        if news == CallNews::Asking {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        if let Some(listener) = &listener {
            listener(news);
        }
    };
    let answer = provider.analyse(request, &CallContext { news: Some(Arc::new(news)), ..call.clone() }).await;
    let started = *started.lock().unwrap_or_else(PoisonError::into_inner);
    (answer, started.duration_since(begun).as_secs_f64() * 1e3)
}

/// The question about a photo, its texts filled in and its schema read, before it is fitted to what a model takes. `of_model`: what
/// is set for the model; what the prompt says goes before it.
pub(super) fn question(
    prompt: PromptText<'_>,
    variables: &PhotoVariables,
    (model, of_model): (&str, Parameters),
    photo: SentPhoto,
) -> std::result::Result<PhotoRequest, Fault> {
    let Rendered { system, user } = prompts::render(prompt, variables)?;
    let text = prompt.parts.schema.trim();
    let schema = (!text.is_empty()).then(|| AnswerSchema::parse(&prompt.parts.schema)).transpose();
    let schema = schema.map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Fault::new(FaultKind::Prompt, format!("The schema of the answer can't be used: {}. Mend it in Pipeline control", words.join(" · ")))
    })?;
    let plain = PhotoRequest::plain(model, photo, user);
    Ok(PhotoRequest { system, schema: schema.map(Arc::new), parameters: prompt.parts.parameters.or(of_model), ..plain })
}

/// A photo as a model would get it.
pub(super) async fn photo_as_sent(core: &Core, photo: &Photo, rule: PhotoRule) -> std::result::Result<Arc<PreparedPhoto>, Fault> {
    match core.prepared.get(core, photo, rule, &mut Steps::begin()).await {
        Ok(prepared) => Ok(prepared),
        Err(fault) => Err(explain_absence(core, photo, fault).await),
    }
}

fn prompt_detail(request: &PhotoRequest, left_out: &[String], of_prompt: Parameters) -> String {
    let system = (!request.system.is_empty()).then(|| format!("system text of {} characters", request.system.chars().count()));
    let schema = request.schema.is_some().then(|| "own schema".to_owned());
    let user = format!("{} characters", request.prompt.chars().count());
    let (own, all) = (of_prompt.words(), request.parameters.words());
    let parameters = all.into_iter().map(|said| if own.contains(&said) { said } else { format!("{said} as set for the model") });
    let parts = std::iter::once(user).chain(system).chain(schema).chain(parameters);
    parts.chain(left_out.iter().cloned()).collect::<Vec<String>>().join("; ")
}

/// Takes the call down for the provider's health. What a provider says of somebody's own key is no matter of its health.
fn note_call(core: &Core, provider: &str, call: &CallContext, answer: &std::result::Result<Answer, Fault>, took_ms: u64) {
    let tries = 1 + answer.as_ref().map_or_else(|fault| fault.retries, |answer| answer.retries);
    match answer {
        Ok(_) => tracing::debug!(provider, tries, ms = took_ms, "a provider answered"),
        // Its message may quote what was sent; its kind is enough here.
        Err(fault) => tracing::info!(provider, tries, ms = took_ms, kind = fault.kind.label(), status = fault.status, "a provider's call failed"),
    }
    let speaks_of_own_key = call.keys.is_some() && answer.as_ref().is_err_and(Fault::stops_provider);
    if !speaks_of_own_key {
        core.health.calls.note(provider, core.now(), answer.as_ref().map(|_| took_ms as f64));
    }
}

/// What is made of a call that is not waited for: its provider answers, but not now.
#[must_use]
pub fn left_alone(core: &Core, (provider, model): (&str, &str), fault: Fault, took: Duration) -> Analysed {
    let took_ms = took.as_millis() as u64;
    let detail = format!("{model}: {}", fault.kind.label());
    let step = TraceStep { name: "call".to_owned(), start_ms: 0.0, duration_ms: took.as_secs_f64() * 1e3, detail };
    let answer = Err(fault.clone());
    core.health.calls.note(provider, core.now(), answer.as_ref().map(|_: &Answer| took_ms as f64));
    let outcome = Outcome::Failed(fault);
    core.telemetry.note_result(model, &outcome, Some(took));
    Analysed { outcome, trace: vec![step], provider_response_time_ms: took_ms, total_ms: took_ms, exchanges: Vec::new() }
}

/// A photo whose file is gone because somebody deleted it is no fault of the disk.
async fn explain_absence(core: &Core, photo: &Photo, fault: Fault) -> Fault {
    match still_there(core, photo).await {
        Ok(false) => deleted(),
        _ => fault,
    }
}

async fn still_there(core: &Core, photo: &Photo) -> Result<bool> {
    Ok(store::photos::get(&core.db, core.org, photo.id).await?.is_some())
}

/// What a job or a cell says whose photo is no longer in the library.
#[must_use]
pub fn deleted() -> Fault {
    let mut fault = Fault::new(FaultKind::Photo, "The photo was deleted before it could be analysed. Add it again to analyse it");
    fault.code = Some(PHOTO_DELETED.to_owned());
    fault
}

fn cancelled() -> Fault {
    Fault::new(FaultKind::Cancelled, "Cancelled")
}

/// `by_rule`: the tokens of the photo by its model's rule, for providers that do not tell them.
fn call_detail(model: &str, usage: &Usage, by_rule: Option<u64>, retries: u32) -> String {
    let told = usage.image_tokens.map(|count| format!(" ({count} for the photo)"));
    let photo = told.or_else(|| by_rule.map(|count| format!(" (≈ {count} for the photo)"))).unwrap_or_default();
    let tokens_in = usage.input_tokens.map(|count| format!("{count} tokens in{photo}"));
    let tokens_out = usage.output_tokens.map(|count| format!("{count} tokens out"));
    let retries = (retries > 0).then(|| if retries == 1 { "1 retry".to_owned() } else { format!("{retries} retries") });
    let parts: Vec<String> = [Some(model.to_owned()), tokens_in, tokens_out, retries].into_iter().flatten().collect();
    parts.join(", ")
}

/// Holds an answer to its contract, whichever provider gave it: sound confidences, sorted, not endless.
fn check(answer: &mut Answer) {
    let given = answer.tags.len();
    answer.tags.retain(|tag: &Tag| tag.confidence.is_none_or(f32::is_finite) && !tag.name.trim().is_empty());
    let mut out_of_range = 0;
    for tag in &mut answer.tags {
        let sound = tag.confidence.filter(|confidence| (0.0..=1.0).contains(confidence));
        out_of_range += usize::from(sound != tag.confidence);
        tag.confidence = sound;
    }
    Tag::sort(&mut answer.tags);
    if answer.tags.len() < given {
        let left_out = given - answer.tags.len();
        answer.notes.push(Note::mended(format!("{left_out} tags without a name, or with a confidence that is no number, were left out")));
    }
    if out_of_range > 0 {
        answer.notes.push(Note::mended(format!("{out_of_range} confidences were outside 0–1 and are not believed")));
    }
    if answer.tags.len() > TAGS_MOST {
        answer.notes.push(Note::mended(format!("Only the {TAGS_MOST} most confident of {} tags were kept", answer.tags.len())));
        answer.tags.truncate(TAGS_MOST);
    }
}

/// The trace as it grows.
pub struct Steps {
    begun: Instant,
    list: Vec<TraceStep>,
    call_ms: u64,
    was_asked: bool,
}

impl Steps {
    fn begin() -> Self {
        Self { begun: Instant::now(), list: Vec::with_capacity(8), call_ms: 0, was_asked: false }
    }

    fn elapsed_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1e3
    }

    /// Adds a step that began at `start_ms` and ends now.
    fn add(&mut self, name: &str, start_ms: f64, detail: String) {
        self.list.push(TraceStep { name: name.to_owned(), start_ms, duration_ms: self.elapsed_ms() - start_ms, detail });
    }

    /// Adds the tries of a call and the waits between them, where there was more than one try that went at once.
    fn add_tries(&mut self, exchanges: &[Exchange], waits: &[Wait]) {
        if exchanges.len() < 2 && waits.is_empty() {
            return;
        }
        let tries = exchanges.iter().enumerate().map(|(at, exchange)| {
            let status = exchange.status.map_or_else(|| "no reply".to_owned(), |status| format!("HTTP {status}"));
            let fault = exchange.fault.as_ref().map(|fault| format!(", {}", fault.kind.label())).unwrap_or_default();
            let detail = format!("{status}{fault}; {} bytes sent, {} received", exchange.request_bytes, exchange.answer_bytes);
            TraceStep { name: format!("try {}", at + 1), start_ms: exchange.start_ms, duration_ms: exchange.duration_ms, detail }
        });
        let waits = waits.iter().map(|wait| {
            let detail = match wait.kind {
                WaitKind::Turn => "for its turn under the provider's limits".to_owned(),
                WaitKind::Retry(kind) => format!("before it is tried again: {}", kind.label()),
            };
            TraceStep { name: "wait".to_owned(), start_ms: wait.start_ms, duration_ms: wait.duration_ms, detail }
        });
        let mut all: Vec<TraceStep> = tries.chain(waits).collect();
        all.sort_by(|one, other| one.start_ms.total_cmp(&other.start_ms));
        self.list.extend(all);
    }

    fn measure(&mut self, name: &str, work: impl FnOnce() -> String) {
        let start = self.elapsed_ms();
        let detail = work();
        self.add(name, start, detail);
    }

    fn try_measure<T>(&mut self, name: &str, work: impl FnOnce() -> std::result::Result<(T, String), Fault>) -> std::result::Result<T, Fault> {
        let start = self.elapsed_ms();
        let done = work();
        let detail = done.as_ref().map_or_else(|fault| fault.kind.label().to_owned(), |(_, detail)| detail.clone());
        self.add(name, start, detail);
        done.map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::result::ConfidenceKind;

    fn answer(confidences: &[f32]) -> Answer {
        let tags = confidences
            .iter()
            .enumerate()
            .map(|(at, &confidence)| Tag { name: format!("tag {at}"), confidence: Some(confidence), bounds: None })
            .collect();
        Answer {
            caption: None,
            tags,
            confidence_kind: ConfidenceKind::ModelScore,
            usage: Usage::default(),
            cost_usd: None,
            retries: 0,
            notes: Vec::new(),
        }
    }

    #[test]
    fn unsound_confidences_are_mended_and_named() {
        let mut given = answer(&[0.2, 7.0, f32::NAN, -1.0]);
        check(&mut given);
        let confidences: Vec<Option<f32>> = given.tags.iter().map(|tag| tag.confidence).collect();
        assert_eq!(confidences, [Some(0.2), None, None], "what is no confidence is not known: neither sure nor impossible");
        assert_eq!(given.notes.len(), 2, "{:?}", given.notes);
    }

    #[test]
    fn ten_thousand_tags_become_the_hundred_most_confident() {
        let confidences: Vec<f32> = (0..10_000).map(|at| at as f32 / 10_000.0).collect();
        let mut given = answer(&confidences);
        check(&mut given);
        assert_eq!(given.tags.len(), 100);
        assert!(given.tags.iter().all(|tag| tag.confidence >= Some(0.99)));
        assert!(given.notes[0].text.contains("10000"));
    }

    #[test]
    fn thresholds_decide_at_their_very_value() {
        let rules = ProcessingRules { accept_threshold: 0.5, reject_threshold: 0.25, ..ProcessingRules::default() };
        for (confidence, decision) in [(0.5, Decision::Accept), (0.499, Decision::Review), (0.25, Decision::Review), (0.249, Decision::Reject)] {
            assert_eq!(decide(&answer(&[confidence]), &rules), decision, "{confidence}");
        }
        assert_eq!(decide(&answer(&[]), &rules), Decision::Review);
    }

    #[test]
    fn photos_are_sent_within_the_bounds_of_the_rules_and_of_the_model() {
        let bounds = ProcessingRules { image_max_edge_px: Some(1_024), image_quality: Some(95), ..ProcessingRules::default() };
        let sent = |max_edge_px, quality| PhotoRule::Jpeg { max_edge_px, quality };
        assert_eq!(bounded(sent(1_568, 85), &bounds), sent(1_024, 85));
        assert_eq!(bounded(sent(768, 98), &bounds), sent(768, 95));
        assert_eq!(bounded(sent(1_568, 85), &ProcessingRules::default()), sent(1_568, 85));
        assert_eq!(bounded(PhotoRule::Pixels, &bounds), PhotoRule::Pixels);
    }
}
