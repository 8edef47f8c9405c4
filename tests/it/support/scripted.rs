//! A provider that does as a test says: it answers, fails, waits or panics, and counts its calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use minerva_console::providers::{BoxFuture, CallContext, CatalogueEntry, KeyNeed, PhotoRequest, PhotoRule, Provider};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Tag, Usage};
use tokio::sync::Semaphore;

/// What the next call does.
#[derive(Debug, Clone)]
pub enum Act {
    Answer(Answer),
    Fail(Fault),
    Panic,
}

/// A provider under the name `on-device`, which a fresh platform has live.
pub struct Scripted {
    next: Mutex<VecDeque<Act>>,
    calls: AtomicUsize,
    prompts: Mutex<Vec<String>>,
    /// Each call takes one and keeps it; `hold` leaves none.
    gate: Semaphore,
    delay: Mutex<Duration>,
}

impl Scripted {
    /// Answers at once, always the same.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            next: Mutex::default(),
            calls: AtomicUsize::new(0),
            prompts: Mutex::default(),
            gate: Semaphore::new(1_000_000),
            delay: Mutex::default(),
        })
    }

    /// Answers only as often as `let_through` says.
    pub fn held() -> Arc<Self> {
        let scripted = Self::new();
        scripted.gate.forget_permits(1_000_000);
        scripted
    }

    /// The same under another name; calls of `on-device` are always free.
    pub fn renamed(self: &Arc<Self>, name: &'static str) -> Arc<dyn Provider> {
        Arc::new(Renamed { scripted: Arc::clone(self), name, model: "" })
    }

    /// The same as a provider on the net: it needs a key, and its model has a name of its own.
    pub fn on_the_net(self: &Arc<Self>, name: &'static str, model: &'static str) -> Arc<dyn Provider> {
        Arc::new(Renamed { scripted: Arc::clone(self), name, model })
    }

    pub fn let_through(&self, calls: usize) {
        self.gate.add_permits(calls);
    }

    pub fn then(&self, act: Act) {
        self.next.lock().expect("script").push_back(act);
    }

    pub fn take_time(&self, delay: Duration) {
        *self.delay.lock().expect("delay") = delay;
    }

    /// Calls that were begun.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The prompts as they arrived.
    pub fn prompts(&self) -> Vec<String> {
        self.prompts.lock().expect("prompts").clone()
    }

    async fn act(&self, request: &PhotoRequest, call: &CallContext) -> Result<Answer, Fault> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.prompts.lock().expect("prompts").push(request.prompt.clone());
        let delay = *self.delay.lock().expect("delay");
        let wait = async {
            self.gate.acquire().await.expect("open").forget();
            tokio::time::sleep(delay).await;
        };
        tokio::select! {
            () = wait => {}
            () = call.cancel.cancelled() => return Err(Fault::new(FaultKind::Cancelled, "Cancelled")),
        }
        let act = self.next.lock().expect("script").pop_front();
        match act {
            None => Ok(answer(&[("cat", 0.9), ("sofa", 0.7)])),
            Some(Act::Answer(answer)) => Ok(answer),
            Some(Act::Fail(fault)) => Err(fault),
            Some(Act::Panic) => panic!("as the test asked for"),
        }
    }
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "on-device"
    }

    fn key_need(&self) -> KeyNeed {
        KeyNeed::None
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn takes_unlisted(&self) -> bool {
        false
    }

    fn catalogue(&self) -> Vec<CatalogueEntry> {
        vec![CatalogueEntry {
            model: String::new(),
            display_name: "Scripted".to_owned(),
            description: "Does as a test says".to_owned(),
            captions: true,
            follows_prompt: true,
            input_usd_per_million: None,
            output_usd_per_million: None,
            next_price: None,
            retires: None,
        }]
    }

    fn photo_rule(&self, _model: &str) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: 256, quality: 80 }
    }

    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>> {
        Box::pin(self.act(request, call))
    }

    fn check<'a>(&'a self, _call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        Box::pin(async {
            match self.next.lock().expect("script").pop_front() {
                Some(Act::Fail(fault)) => Err(fault),
                _ => Ok(Duration::from_millis(12)),
            }
        })
    }
}

struct Renamed {
    scripted: Arc<Scripted>,
    name: &'static str,
    /// Empty for a model that bears its provider's name and needs no key.
    model: &'static str,
}

impl Provider for Renamed {
    fn name(&self) -> &str {
        self.name
    }

    fn key_need(&self) -> KeyNeed {
        if self.model.is_empty() { KeyNeed::None } else { KeyNeed::Required }
    }

    fn catalogue(&self) -> Vec<CatalogueEntry> {
        let entries = self.scripted.catalogue().into_iter();
        let shown = if self.model.is_empty() { self.name } else { self.model };
        entries.map(|entry| CatalogueEntry { model: self.model.to_owned(), display_name: shown.to_owned(), ..entry }).collect()
    }

    fn photo_rule(&self, model: &str) -> PhotoRule {
        self.scripted.photo_rule(model)
    }

    fn analyse<'a>(&'a self, request: &'a PhotoRequest, call: &'a CallContext) -> BoxFuture<'a, Result<Answer, Fault>> {
        self.scripted.analyse(request, call)
    }

    fn check<'a>(&'a self, call: &'a CallContext) -> BoxFuture<'a, Result<Duration, Fault>> {
        self.scripted.check(call)
    }
}

/// An answer with these tags.
pub fn answer(tags: &[(&str, f32)]) -> Answer {
    Answer {
        caption: Some("A cat on a sofa".to_owned()),
        tags: tags.iter().map(|(name, confidence)| Tag { name: (*name).to_owned(), confidence: Some(*confidence), bounds: None }).collect(),
        confidence_kind: ConfidenceKind::SelfReported,
        usage: Usage { input_tokens: Some(300), output_tokens: Some(40), ..Usage::default() },
        cost_usd: Some(UsdMicros(194)),
        retries: 0,
        notes: Vec::new(),
    }
}
