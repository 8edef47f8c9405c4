//! A provider that is reached over HTTP, whatever its wire: keys, tries, waits, stops and costs are dealt with here once.

mod admission;
mod base_url;
mod course;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;
use secrecy::SecretString;
use tokio::sync::watch;
use url::Url;

use admission::Admitted;
use base_url::{join, sound_base};
use course::Course;

use super::chat::{ChatRequest, ChatTurn};
use super::dialect::{AskMode, Dialect, End, HttpRequest, Reading};
use super::limits::{Gate, Whose};
use super::mask::Mask;
use super::price::{ListedModel, Place, Rate, is_near};
use super::send::{Request, Whole, http_client};
use super::{
    BoxFuture, CallContext, CallNews, CatalogueEntry, Endpoint, KeyNeed, Limits, NextPrice, OfferedModel, PhotoRequest, PhotoRule, PriceBook,
    Provider, Sent, SentPhoto, answer, fit,
};
use crate::keys::Keys;
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::Takes;
use crate::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Note};

/// A provider that asks to be left alone for longer holds its calls back, and everybody is told; until then calls wait for it.
const REST_LEAST: Duration = Duration::from_secs(60);
/// How long a try may say nothing, unless the limits say otherwise.
const TRY_LIMIT: Duration = Duration::from_secs(120);
/// Calls at once, unless the limits say otherwise.
const PLACES: u32 = 16;
const PLACES_NEAR: u32 = 2;
/// Text that arrives is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// Pages of a provider's list of models that are read.
const PAGES_MOST: usize = 20;

/// The provider.
pub struct Remote {
    name: String,
    dialect: Box<dyn Dialect>,
    base: Result<Url, Fault>,
    need: KeyNeed,
    keys: Keys,
    book: PriceBook,
    try_limit: Duration,
    /// For a photo, where the limits say so.
    total_limit: Option<Duration>,
    state: Arc<State>,
}

/// What lives on when the settings of a provider change.
pub struct State {
    http: Result<reqwest::Client, Fault>,
    /// Address and limits as they are.
    settings: Mutex<Option<(Option<Url>, Limits)>>,
    /// Why its calls are held back.
    stopped: watch::Sender<Option<Fault>>,
    /// Models whose server refused the schema.
    schemaless: Mutex<HashSet<String>>,
    /// A reply told that calls are passed on to others: what has no price is then not known to be free.
    passes_on: AtomicBool,
    gate: Arc<Gate>,
    /// Of the counter of tokens.
    count_gate: Arc<Gate>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            http: http_client(),
            settings: Mutex::default(),
            stopped: watch::Sender::new(None),
            schemaless: Mutex::default(),
            passes_on: AtomicBool::new(false),
            gate: Gate::new(&Limits::default(), PLACES),
            count_gate: Gate::new(&Limits::default(), PLACES),
        }
    }
}

impl State {
    /// Forgets what was true of the settings before. Where they are the same, somebody else's have changed.
    fn begin_again(&self, endpoint: &Endpoint, places: u32) {
        let now = Some((endpoint.base.clone(), endpoint.limits));
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if *settings == now {
            return;
        }
        *settings = now;
        self.gate.reconfigure(&endpoint.limits, places);
        self.stopped.send_replace(None);
        self.passes_on.store(false, Ordering::Relaxed);
        self.schemaless.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Remote {
    pub fn new(endpoint: &Endpoint, dialect: Box<dyn Dialect>, keys: Keys, book: PriceBook, state: Arc<State>) -> Self {
        let told = endpoint.base.clone().map_or_else(|| Url::parse(dialect.default_base()), Ok);
        let base = told
            .map_err(|error| Fault::new(FaultKind::BadRequest, format!("{} has no base URL: {error}. Set it in its settings", dialect.label())))
            .and_then(|base| sound_base(base).map_err(|fault| Fault { message: format!("{}: {}", dialect.label(), fault.message), ..fault }));
        // One's own machine does one thing well at a time.
        let is_near = base.as_ref().is_ok_and(is_near);
        state.begin_again(endpoint, if is_near && dialect.key_need() == KeyNeed::Optional { PLACES_NEAR } else { PLACES });
        let seconds = |limit: Option<u32>| limit.map(|seconds| Duration::from_secs(u64::from(seconds)));
        let (try_limit, total_limit) = (seconds(endpoint.limits.timeout_s), seconds(endpoint.limits.total_s));
        Self {
            name: endpoint.name.clone(),
            need: dialect.key_need(),
            dialect,
            base,
            keys,
            book,
            try_limit: try_limit.unwrap_or(TRY_LIMIT),
            total_limit,
            state,
        }
    }

    /// For all tries of a photo and the waits between them.
    fn total_limit(&self, call: &CallContext) -> Duration {
        // Who allows a longer silence than is usual means a try to last so long.
        let least = Some(self.try_limit).filter(|limit| *limit > TRY_LIMIT).unwrap_or_default();
        self.total_limit.unwrap_or_else(|| call.time_limit.max(least))
    }

    fn listed(&self, model: &str) -> Option<&ListedModel> {
        self.book.model(&self.name, model)
    }

    /// A key that came with the call goes first.
    async fn key(&self, call: &CallContext) -> Result<Option<SecretString>, Fault> {
        match self.brought_key(call).await {
            Some(key) => Ok(Some(key)),
            None => self.own_key().await,
        }
    }

    async fn brought_key(&self, call: &CallContext) -> Option<SecretString> {
        let brought = call.keys.as_ref().filter(|_| self.need != KeyNeed::None)?;
        brought.get(&self.name).await.ok().map(|(key, _)| key)
    }

    async fn own_key(&self) -> Result<Option<SecretString>, Fault> {
        if self.need == KeyNeed::None {
            return Ok(None);
        }
        match self.keys.get(&self.name).await {
            Ok((key, _)) => Ok(Some(key)),
            Err(_) if self.need == KeyNeed::Optional => Ok(None),
            Err(problem) => Err(Fault::new(FaultKind::Auth, problem.to_string())),
        }
    }

    fn request<'a>(&'a self, asked: HttpRequest, key: Option<&SecretString>) -> Result<Request<'a>, Fault> {
        Ok(Request {
            http: self.state.http.as_ref().map_err(Clone::clone)?,
            dialect: self.dialect.as_ref(),
            url: join(self.base.as_ref().map_err(Clone::clone)?, &asked.path)?,
            headers: self.dialect.headers(key)?,
            body: asked.body.map(|body| Bytes::from(body.to_string())),
            limit: self.try_limit,
            gate: &self.state.gate,
            mask: Mask::of(key),
            passes_on: &self.state.passes_on,
        })
    }

    async fn ask(&self, request: &PhotoRequest, call: &CallContext) -> Result<Answer, Fault> {
        let admitted = self.admit(call).await?;
        let mut course = Course::from_first_question(self.dialect.label(), self.total_limit(call));
        let estimated = self.estimated_tokens(request);
        let once = || self.try_once(request, &admitted, call);
        let (mut retries, mut outcome) = self.follow(&mut course, call, &admitted, estimated, once).await;
        // Without the schema it is another question, which takes another turn.
        if outcome.as_ref().is_err_and(refuses_schema) && self.lock_schemaless().insert(request.model.clone()) {
            (retries, outcome) = self.follow(&mut course, call, &admitted, estimated, once).await;
        }
        let is_own = admitted.is_own();
        let outcome = outcome.and_then(|(reading, request_id)| self.answer(request, reading, request_id));
        match outcome {
            Ok(answer) => Ok(Answer { retries, ..answer }),
            Err(fault) => Err(admitted.told(self.settle(Fault { retries, ..fault }, is_own))),
        }
    }

    async fn converse_on(&self, request: &ChatRequest, call: &CallContext) -> Result<ChatTurn, Fault> {
        let admitted = self.admit(call).await?;
        let is_own = admitted.is_own();
        let once = || async {
            let asked = self.dialect.converse(request, self.listed(&request.model));
            let words = || format!("{} has no models that converse", self.dialect.label());
            let sent = self.request(asked.ok_or_else(|| Fault::new(FaultKind::BadRequest, words()))??, admitted.key.as_ref())?;
            call.tell(CallNews::Asking);
            admitted.was_sent.store(true, Ordering::Relaxed);
            let Whole { value, request_id, cost_usd } = sent.json().await?;
            let turn = self.dialect.read_turn(&value).map_err(|fault| Fault { request_id: request_id.clone(), ..fault })?;
            Ok((Reading { cost_usd: turn.reading.cost_usd.or(cost_usd), ..turn.reading }, (turn.calls, turn.raw)))
        };
        // A person waits for it: the wait for its turn counts.
        let mut course = Course::from_now(self.dialect.label(), call.time_limit);
        let (retries, outcome) = self.follow(&mut course, call, &admitted, request.estimated_tokens(), once).await;
        let (reading, (calls, raw)) = outcome.map_err(|fault| admitted.told(self.settle(Fault { retries, ..fault }, is_own)))?;
        let cost_usd = self.cost(&request.model, &reading);
        if let End::Refused { code, why } = &reading.end {
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let words = format!("{} would not answer ({code}){why}", self.dialect.label());
            return Err(self.named(Fault { usage: reading.usage, cost_usd, ..Fault::new(FaultKind::Refused, words) }));
        }
        let is_cut = matches!(reading.end, End::Truncated(_));
        Ok(ChatTurn { text: reading.text, calls, raw, is_cut, usage: reading.usage, cost_usd })
    }

    fn cost(&self, model: &str, reading: &Reading) -> Option<UsdMicros> {
        // Who passes calls on is not near: without its address nothing is taken for free.
        let base = self.base.as_ref().ok().filter(|_| !self.state.passes_on.load(Ordering::Relaxed));
        let place = Place { provider: &self.name, model, base, day: Utc::now().date_naive() };
        self.book.cost(place, &reading.usage, reading.cost_usd)
    }

    /// What a call will take, roughly: the photo by the model's rule, four characters of prompt a token, a usual answer.
    fn estimated_tokens(&self, request: &PhotoRequest) -> u64 {
        const PHOTO: u64 = 1_000;
        const ANSWER: u64 = 200;
        let photo = match (self.listed(&request.model).and_then(|listed| listed.image_tokens), &request.photo) {
            (Some(rule), SentPhoto::Jpeg { width_px, height_px, .. }) => rule.of(*width_px, *height_px),
            _ => PHOTO,
        };
        photo + (request.prompt.len() + request.system.len()) as u64 / 4 + ANSWER
    }

    fn named(&self, fault: Fault) -> Fault {
        Fault { provider: Some(self.name.clone()), ..fault }
    }

    async fn try_once(&self, request: &PhotoRequest, admitted: &Admitted, call: &CallContext) -> Result<(Reading, Option<String>), Fault> {
        let framing = self.dialect.framing().filter(|_| call.wants_text);
        self.try_in_mode(request, admitted, call, self.mode(request, framing.is_some())).await
    }

    fn mode(&self, request: &PhotoRequest, is_streamed: bool) -> AskMode {
        AskMode { is_streamed, with_schema: !self.lock_schemaless().contains(&request.model) }
    }

    async fn try_in_mode(
        &self,
        request: &PhotoRequest,
        admitted: &Admitted,
        call: &CallContext,
        mode: AskMode,
    ) -> Result<(Reading, Option<String>), Fault> {
        let asked = self.dialect.ask(request, self.listed(&request.model), mode)?;
        let sent = self.request(asked, admitted.key.as_ref())?;
        call.tell(CallNews::Asking);
        admitted.was_sent.store(true, Ordering::Relaxed);
        match self.dialect.framing().filter(|_| mode.is_streamed) {
            Some(framing) => {
                let told = Mutex::new(None::<Instant>);
                sent.stream(request, framing, |text| {
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
                        *told = Some(Instant::now());
                        call.tell(CallNews::Text(text.to_owned()));
                    }
                })
                .await
            }
            None => {
                let Whole { value, request_id, cost_usd } = sent.json().await?;
                let reading = self.dialect.read(request, &value).map_err(|fault| Fault {
                    status: Some(200),
                    request_id: fault.request_id.clone().or_else(|| request_id.clone()),
                    ..fault
                })?;
                Ok((Reading { cost_usd: reading.cost_usd.or(cost_usd), ..reading }, request_id))
            }
        }
    }

    /// Turns what was read into an answer, or into a fault that was paid for.
    fn answer(&self, request: &PhotoRequest, mut reading: Reading, request_id: Option<String>) -> Result<Answer, Fault> {
        reading.notes.extend(answer::believe(&mut reading.usage).map(Note::mended));
        let cost_usd = self.cost(&request.model, &reading);
        let label = self.dialect.label();
        let billed = |kind, code: Option<String>, message: String| Fault {
            usage: reading.usage,
            cost_usd,
            request_id: reading.request_id.clone().or_else(|| request_id.clone()),
            code,
            status: Some(200),
            ..Fault::new(kind, message)
        };
        match &reading.end {
            End::Complete | End::Unknown => {}
            End::Truncated(code) => {
                let words = format!("{label}'s answer was cut off at the output limit ({code}). Ask for fewer tags");
                return Err(billed(FaultKind::Truncated, Some(code.clone()), words));
            }
            End::Refused { code, why } => {
                let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                return Err(billed(FaultKind::Refused, Some(code.clone()), format!("{label} would not answer ({code}){why}")));
            }
        }
        let (caption, tags, mut notes) = match &reading.tags {
            Some(tags) => (reading.caption.clone(), tags.clone(), Vec::new()),
            None => {
                let read = answer::read(&reading.text, request.schema.as_deref())
                    .map_err(|why| billed(FaultKind::BadAnswer, None, format!("{label} did not answer as it was asked to. {why}")))?;
                (read.caption.or_else(|| reading.caption.clone()), read.tags, read.notes.into_iter().map(Note::mended).collect())
            }
        };
        // What was recognised as text in a photo comes beside the answer, and may hold anything as well.
        let mut removed = 0;
        let caption = caption.map(|caption| answer::printable(&caption, &mut removed));
        notes.extend(answer::removed_words(removed).map(Note::mended));
        notes.extend(reading.notes);
        if request.schema.is_some() && !self.mode(request, false).with_schema {
            notes.push(Note::mended(format!("{label} refused the schema, so that the prompt alone asked for it")));
        }
        let confidence_kind = reading.confidence_kind.unwrap_or(ConfidenceKind::SelfReported);
        Ok(Answer { caption, tags, confidence_kind, usage: reading.usage, cost_usd, retries: 0, notes })
    }

    fn lock_schemaless(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.state.schemaless.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn list(&self, call: &CallContext) -> Result<Vec<OfferedModel>, Fault> {
        let key = self.key(call).await?;
        let (mut models, mut page) = (Vec::new(), None);
        for _ in 0..PAGES_MOST {
            let Some(asked) = self.dialect.list_models(page.as_deref()) else { break };
            let sent = self.request(asked, key.as_ref())?;
            self.state.gate.count_request();
            let reply = Course::from_now(self.dialect.label(), call.time_limit).follow(call, || sent.json()).await?;
            let (found, next) = self.dialect.read_models(&reply.value)?;
            models.extend(found);
            if next.is_none() {
                break;
            }
            page = next;
        }
        Ok(models)
    }

    /// Once, beside the calls' own limits: a counter has limits of its own, and what it says of them is no matter of the calls.
    async fn count(&self, model: &str, system: &str, text: &str, call: &CallContext) -> Result<u64, Fault> {
        let label = self.dialect.label();
        let asked =
            self.dialect.count(model, system, text).ok_or_else(|| Fault::new(FaultKind::BadRequest, format!("{label} counts no tokens")))??;
        if let Some(held) = self.stopped() {
            return Err(held);
        }
        let key = self.key(call).await?;
        let sent = Request { gate: &self.state.count_gate, limit: call.time_limit, ..self.request(asked, key.as_ref())? };
        let reply = tokio::select! {
            reply = sent.json() => reply?,
            () = call.cancel.cancelled() => return Err(Fault::new(FaultKind::Cancelled, "Cancelled before the tokens were counted")),
        };
        self.dialect.read_count(&reply.value).ok_or_else(|| Fault::new(FaultKind::BadAnswer, format!("{label}'s answer holds no count of tokens")))
    }

    async fn knock(&self, call: &CallContext) -> Result<Duration, Fault> {
        let key = self.key(call).await?;
        let sent = self.request(self.dialect.check(), key.as_ref())?;
        let begun = Instant::now();
        self.state.gate.count_request();
        Course::from_now(self.dialect.label(), call.time_limit).follow(call, || sent.json()).await?;
        // That it answers does not take back that it asked to be left alone.
        if self.brought_key(call).await.is_none() {
            self.state.stopped.send_replace(None);
        }
        Ok(begun.elapsed())
    }
}

impl Provider for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn label(&self) -> &str {
        self.dialect.label()
    }

    fn key_need(&self) -> KeyNeed {
        self.need
    }

    fn default_base(&self) -> Option<&str> {
        Some(self.dialect.default_base()).filter(|base| !base.is_empty())
    }

    fn takes_unlisted(&self) -> bool {
        self.dialect.takes_unlisted()
    }

    fn check_model(&self, model: &str) -> Result<(), Fault> {
        self.dialect.check_model(model)
    }

    fn catalogue(&self) -> Vec<CatalogueEntry> {
        let today = Utc::now().date_naive();
        let entry = |model: &ListedModel| {
            let price = model.price_on(today).filter(|price| price.unit.is_none());
            CatalogueEntry {
                model: model.id.clone(),
                display_name: model.name.clone(),
                description: model.about.clone(),
                captions: self.dialect.follows_prompt(),
                follows_prompt: self.dialect.follows_prompt(),
                input_usd_per_million: price.map(|price| price.input.usd_per_million()),
                output_usd_per_million: price.map(|price| price.output.usd_per_million()),
                next_price: model.next_change(today).filter(|price| price.unit.is_none()).map(|price| NextPrice {
                    from: price.from,
                    input_usd_per_million: price.input.usd_per_million(),
                    output_usd_per_million: price.output.usd_per_million(),
                }),
                retires: model.retires,
            }
        };
        self.book.models(&self.name).map(entry).collect()
    }

    fn photo_rule(&self, model: &str) -> PhotoRule {
        self.listed(model).and_then(|listed| listed.photo).unwrap_or_else(|| self.dialect.photo_rule())
    }

    fn takes(&self, model: &str) -> Takes {
        self.dialect.takes(model, self.listed(model))
    }

    fn fit(&self, request: PhotoRequest) -> (PhotoRequest, Vec<String>) {
        let takes = self.takes(&request.model);
        fit::fit(request, self.dialect.label(), &takes, self.dialect.schema_rule())
    }

    fn refuses_undefined_fields(&self) -> bool {
        // Gemini says so; Anthropic's objects are closed, so that no answer could have such a field.
        matches!(self.dialect.schema_rule(), fit::SchemaRule::Words { .. })
    }

    fn preview(&self, request: &PhotoRequest) -> Result<Option<Sent>, Fault> {
        let asked = self.dialect.ask(request, self.listed(&request.model), self.mode(request, false))?;
        let url = join(self.base.as_ref().map_err(Clone::clone)?, &asked.path)?;
        Ok(asked.body.map(|body| Sent { url, body }))
    }

    fn usd_per_thousand_photos(&self, model: &str) -> Option<f64> {
        let place = Place { provider: &self.name, model, base: None, day: Utc::now().date_naive() };
        let prices = self.book.prices(place)?;
        prices.iter().map(|price| price.unit.map(Rate::usd_per_thousand)).sum()
    }

    fn photo_tokens(&self, model: &str, width_px: u32, height_px: u32) -> Option<u64> {
        self.listed(model)?.image_tokens.map(|rule| rule.of(width_px, height_px))
    }

    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>> {
        Box::pin(async move { self.ask(request, call).await.map_err(|fault| self.named(fault)) })
    }

    fn converses(&self) -> bool {
        self.dialect.follows_prompt()
    }

    fn converse<'a>(&'a self, request: &'a ChatRequest, call: &'a CallContext) -> BoxFuture<'a, Result<ChatTurn, Fault>> {
        Box::pin(async move { self.converse_on(request, call).await.map_err(|fault| self.named(fault)) })
    }

    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        Box::pin(async { self.knock(call).await.map_err(|fault| self.named(fault)) })
    }

    fn lists_models(&self) -> bool {
        self.dialect.list_models(None).is_some()
    }

    fn models<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Vec<OfferedModel>, Fault>> {
        Box::pin(async { self.list(call).await.map_err(|fault| self.named(fault)) })
    }

    fn counts_tokens(&self) -> bool {
        self.dialect.count("", "", "").is_some()
    }

    fn count_tokens<'a>(&'a self, model: &'a str, system: &'a str, text: &'a str, call: &'a CallContext) -> BoxFuture<'a, Result<u64, Fault>> {
        Box::pin(async move { self.count(model, system, text, call).await.map_err(|fault| self.named(fault)) })
    }

    fn context_tokens(&self, _model: &str) -> Option<u64> {
        self.dialect.context_tokens()
    }

    fn stopped(&self) -> Option<Fault> {
        let rest = || self.state.gate.rest(Whose::default()).filter(|rest| rest.asked() > REST_LEAST);
        self.stop().or_else(|| rest().map(|rest| self.resting(&rest)))
    }

    fn resume(&self) {
        self.state.stopped.send_replace(None);
        self.state.gate.end_rest(Whose::default());
    }
}

/// Whether a request was refused for the schema in it.
fn refuses_schema(fault: &Fault) -> bool {
    const NAMES: [&str; 5] = ["schema", "response_format", "responseformat", "output_config", "structured output"];
    let message = fault.message.to_lowercase();
    fault.kind == FaultKind::BadRequest && NAMES.iter().any(|name| message.contains(name))
}
