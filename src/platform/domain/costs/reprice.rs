//! What the calls of a past period would cost with another book, from the usage that was stored. Changes nothing.

use std::collections::{BTreeMap, HashMap};

use futures_util::{Stream, TryStreamExt};

use super::{Priced, book};
use crate::platform::domain::{Core, DomainError, Result, config};
use crate::platform::store;
use crate::platform::store::costs::BilledCall;
use crate::providers::PriceBook;
use crate::wire::config::PipelineConfig;
use crate::wire::cost::{Reprice, Repriced, RepricedModel, RepricedSum};

/// Prices of the day of each call, in the book that was asked for.
pub async fn reprice(core: &Core, asked: &Reprice) -> Result<Repriced> {
    if asked.from >= asked.to {
        return Err(DomainError::Invalid { code: "range", message: "'from' must be before 'to'".to_owned() });
    }
    let present = book(core);
    let book = match &asked.book {
        Some(text) => present
            .with_own(text)
            .map_err(|problem| DomainError::Invalid { code: "book", message: format!("The price book can't be read: {problem}") })?,
        None => present,
    };
    let config = config::current(core).await?;
    let mut sums = Sums { core, config: &config, book, places: HashMap::new(), models: BTreeMap::new() };
    let of_pipeline = store::costs::pipeline_calls(&core.db, core.org, asked.from, asked.to);
    sums.add_all(of_pipeline).await?;
    let of_runs = store::costs::run_calls(&core.db, core.org, asked.from, asked.to);
    sums.add_all(of_runs).await?;
    sums.add_all(store::compare_calls::calls(&core.db, core.org, asked.from, asked.to)).await?;
    let mut total = RepricedSum::default();
    for sum in sums.models.values() {
        total += *sum;
    }
    let models = sums.models.into_iter().map(|(model, sum)| RepricedModel { model, sum }).collect();
    Ok(Repriced { from: asked.from, to: asked.to, total, models })
}

struct Sums<'c> {
    core: &'c Core,
    config: &'c PipelineConfig,
    book: PriceBook,
    places: HashMap<String, Priced>,
    models: BTreeMap<String, RepricedSum>,
}

impl Sums<'_> {
    async fn add_all(&mut self, calls: impl Stream<Item = store::Result<BilledCall>>) -> Result<()> {
        let mut calls = std::pin::pin!(calls);
        while let Some(call) = calls.try_next().await? {
            self.add(call);
        }
        Ok(())
    }

    fn add(&mut self, call: BilledCall) {
        let priced = self.places.entry(call.model.clone()).or_insert_with(|| Priced::of(self.core, self.config, &call.model));
        let repriced = self.book.cost(priced.on(call.at.date_naive()), &call.usage, None);
        *self.models.entry(call.model).or_default() += RepricedSum {
            calls: 1,
            charged_usd: call.cost.unwrap_or_default(),
            charged_unknown: u64::from(call.cost.is_none()),
            repriced_usd: repriced.unwrap_or_default(),
            repriced_unknown: u64::from(repriced.is_none()),
        };
    }
}
