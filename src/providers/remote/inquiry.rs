//! What a provider is asked beside its models' work: which models it has, how many tokens a text is, and whether it takes the key.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use secrecy::SecretString;

use super::Remote;
use super::course::Course;
use crate::providers::dialect::HttpRequest;
use crate::providers::send::Request;
use crate::providers::{CallContext, OfferedModel, Provider as _};
use crate::wire::result::{Fault, FaultKind};

/// Pages of a provider's list of models that are read.
const PAGES_MOST: usize = 20;
/// Models of a list that are asked about one by one, so many at once, and for how long in all.
const DESCRIBED_MOST: usize = 100;
const DESCRIBED_AT_ONCE: usize = 4;
const DESCRIBED_WITHIN: Duration = Duration::from_secs(10);

impl Remote {
    pub(super) async fn list(&self, call: &CallContext) -> Result<Vec<OfferedModel>, Fault> {
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
        self.describe(&mut models, key.as_ref(), call).await;
        Ok(models)
    }

    /// Asks about the models of which the list does not say whether they take photos. Where no answer comes, it stays unsaid.
    async fn describe(&self, models: &mut [OfferedModel], key: Option<&SecretString>, call: &CallContext) {
        let unsaid = models.iter().enumerate().filter(|(_, model)| model.takes_photos.is_none());
        let asked: Vec<(usize, HttpRequest)> = unsaid.filter_map(|(at, model)| Some((at, self.dialect.describe(&model.id)?))).collect();
        let told = Mutex::new(Vec::new());
        let asking = futures_util::stream::iter(asked.into_iter().take(DESCRIBED_MOST)).for_each_concurrent(DESCRIBED_AT_ONCE, |(at, asked)| {
            let told = &told;
            async move {
                let Ok(sent) = self.request(asked, key) else { return };
                self.state.gate.count_request();
                if let Ok(reply) = sent.json().await {
                    told.lock().unwrap_or_else(PoisonError::into_inner).push((at, self.dialect.read_description(&reply.value)));
                }
            }
        });
        tokio::select! {
            _ = tokio::time::timeout(DESCRIBED_WITHIN, asking) => {}
            () = call.cancel.cancelled() => {}
        }
        for (at, takes_photos) in told.into_inner().unwrap_or_else(PoisonError::into_inner) {
            models[at].takes_photos = takes_photos;
        }
    }

    /// Once, beside the calls' own limits: a counter has limits of its own, and what it says of them is no matter of the calls.
    pub(super) async fn count(&self, model: &str, system: &str, text: &str, call: &CallContext) -> Result<u64, Fault> {
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

    async fn knock_with(&self, asked: HttpRequest, key: Option<&SecretString>, call: &CallContext) -> Result<(), Fault> {
        let sent = self.request(asked, key)?;
        self.state.gate.count_request();
        Course::from_now(self.dialect.label(), call.time_limit).follow(call, || sent.json()).await.map(drop)
    }

    pub(super) async fn knock(&self, call: &CallContext) -> Result<Duration, Fault> {
        let brought = self.brought_key(call).await;
        let found = if brought.is_none() { self.own_key().await? } else { None };
        let (own, origin) = found.unzip();
        let key = brought.or(own);
        let begun = Instant::now();
        self.knock_with(self.dialect.check(), key.as_ref(), call).await.map_err(|fault| self.of_variable(fault, origin))?;
        if let Some(asked) = self.dialect.check_use() {
            match self.knock_with(asked, key.as_ref(), call).await {
                // That the model is none of this key's says nothing of the key.
                Err(fault) if !matches!(fault.kind, FaultKind::UnknownModel | FaultKind::RetiredModel) => return Err(self.of_variable(fault, origin)),
                _ => {}
            }
        }
        // That it answers does not take back that it asked to be left alone.
        if self.brought_key(call).await.is_none() {
            self.state.stopped.send_replace(None);
        }
        Ok(begun.elapsed())
    }
}
