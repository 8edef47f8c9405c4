//! A provider that is reached over HTTP, whatever its wire: keys, tries, waits, stops and costs are dealt with here once.

mod admission;
mod base_url;
mod conversation;
mod course;
mod inquiry;
mod photo;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use secrecy::SecretString;
use tokio::sync::watch;
use tracing::Instrument as _;
use url::Url;

use base_url::{join, sound_base};

use super::chat::{ChatRequest, ChatTurn};
use super::dialect::{Dialect, End, HttpRequest, Reading};
use super::limits::{Gate, Whose};
use super::mask::Mask;
use super::price::{ListedModel, Place, Rate, is_near};
use super::send::{Request, http_client};
use super::{
    BoxFuture, CallContext, CatalogueEntry, Endpoint, KeyNeed, Limits, NextPrice, OfferedModel, OutputMost, PhotoRequest, PhotoRule, PriceBook,
    Provider, Sent, fit,
};
use crate::keys::{KeyOrigin, Keys};
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::{Parameters, Takes};
use crate::wire::result::{Answer, Fault, FaultKind};

/// A provider that asks to be left alone for longer holds its calls back, and everybody is told; until then calls wait for it.
const REST_LEAST: Duration = Duration::from_secs(60);
/// How long a try may say nothing, unless the limits say otherwise.
const TRY_LIMIT: Duration = Duration::from_secs(120);
/// Calls at once, unless the limits say otherwise.
const PLACES: u32 = 16;
const PLACES_NEAR: u32 = 2;

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
    /// Models with the schemas that their server refused.
    schemaless: Mutex<HashSet<(String, String)>>,
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
            None => Ok(self.own_key().await?.map(|(key, _)| key)),
        }
    }

    async fn brought_key(&self, call: &CallContext) -> Option<SecretString> {
        let brought = call.keys.as_ref().filter(|_| self.need != KeyNeed::None)?;
        brought.get(&self.name).await.ok().map(|(key, _)| key)
    }

    async fn own_key(&self) -> Result<Option<(SecretString, KeyOrigin)>, Fault> {
        if self.need == KeyNeed::None {
            return Ok(None);
        }
        match self.keys.get(&self.name).await {
            Ok(found) => Ok(Some(found)),
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
            note: None,
        })
    }

    fn place<'p>(&'p self, model: &'p str) -> Place<'p> {
        // Who passes calls on is not near: without its address nothing is taken for free.
        let base = self.base.as_ref().ok().filter(|_| !self.state.passes_on.load(Ordering::Relaxed));
        Place { provider: &self.name, model, base, day: Utc::now().date_naive() }
    }

    fn cost(&self, model: &str, reading: &Reading) -> Option<UsdMicros> {
        self.book.cost(self.place(model), &reading.usage, reading.cost_usd)
    }

    /// What a person should know of that cost.
    fn cost_note(&self, model: &str, reading: &Reading) -> Option<&'static str> {
        self.book.cost_note(self.place(model), &reading.usage, reading.cost_usd)
    }

    /// Whether no call of the model costs anything.
    fn is_free(&self, model: &str) -> bool {
        self.book.is_free(self.place(model))
    }

    /// What is logged on the way of a call that is about no photo; those about photos have a span where they are asked for.
    fn span(&self, what: &str) -> tracing::Span {
        tracing::info_span!("provider call", provider = self.name.as_str(), what)
    }

    fn named(&self, fault: Fault) -> Fault {
        Fault { provider: Some(self.name.clone()), ..fault }
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
        let known = |id: &str| self.listed(id).and_then(|listed| listed.photo);
        // Joined features (`labels+text`) get the photo that the most demanding of them wants.
        let joined = || model.split('+').filter_map(|part| known(part.trim())).max_by_key(|rule| rule.demand());
        known(model).or_else(joined).unwrap_or_else(|| self.dialect.photo_rule())
    }

    fn takes(&self, model: &str) -> Takes {
        self.dialect.takes(model, self.listed(model))
    }

    fn fit(&self, request: PhotoRequest) -> (PhotoRequest, Vec<String>) {
        let takes = self.takes(&request.model);
        fit::fit(request, self.dialect.label(), &takes, self.dialect.schema_rule())
    }

    fn output_most(&self, model: &str, parameters: &Parameters) -> Option<OutputMost> {
        let usual = self.dialect.output_most()?;
        let own = parameters.max_output_tokens.filter(|_| self.takes(model).max_output_tokens);
        Some(OutputMost { tokens: own.unwrap_or(usual.tokens), ..usual })
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

    fn read_again(&self, request: &PhotoRequest, text: &str) -> Option<Result<Answer, Fault>> {
        let reading = Reading { text: text.to_owned(), end: End::Complete, ..Reading::default() };
        // Nothing was asked, so nothing is charged.
        let free = |answer| Answer { cost_usd: Some(UsdMicros(0)), ..answer };
        let read = || self.answer(request, reading, None).map(free).map_err(|fault| self.named(Fault { cost_usd: None, status: None, ..fault }));
        self.dialect.follows_prompt().then(read)
    }

    fn converses(&self) -> bool {
        self.dialect.follows_prompt()
    }

    fn converse<'a>(&'a self, request: &'a ChatRequest, call: &'a CallContext) -> BoxFuture<'a, Result<ChatTurn, Fault>> {
        let span = self.span("conversation");
        Box::pin(async move { self.converse_on(request, call).await.map_err(|fault| self.named(fault)) }.instrument(span))
    }

    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        Box::pin(async { self.knock(call).await.map_err(|fault| self.named(fault)) }.instrument(self.span("check")))
    }

    fn lists_models(&self) -> bool {
        self.dialect.list_models(None).is_some()
    }

    fn models<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Vec<OfferedModel>, Fault>> {
        Box::pin(async { self.list(call).await.map_err(|fault| self.named(fault)) }.instrument(self.span("list of models")))
    }

    fn counts_tokens(&self) -> bool {
        self.dialect.count("", "", "").is_some()
    }

    fn count_tokens<'a>(&'a self, model: &'a str, system: &'a str, text: &'a str, call: &'a CallContext) -> BoxFuture<'a, Result<u64, Fault>> {
        let span = self.span("count of tokens");
        Box::pin(async move { self.count(model, system, text, call).await.map_err(|fault| self.named(fault)) }.instrument(span))
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
