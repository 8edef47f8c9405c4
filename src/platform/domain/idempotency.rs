//! Writes that may be sent twice: one that brings a key is done once, and answered the same way again for a day.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use super::{Core, DomainError, Result};
use crate::platform::store;

pub use crate::platform::store::idempotency::Answered;

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::days(1);
/// Letters of a key.
const KEY_MOST: usize = 200;

/// The keys whose requests are being worked on in this process.
#[derive(Debug, Default)]
pub struct InWork(Mutex<HashSet<String>>);

/// As long as it lives, no other request with this key is begun.
pub struct Claim<'c> {
    core: &'c Core,
    key: String,
    request_sum: String,
}

/// What becomes of a request with a key.
pub enum Begun<'c> {
    /// It was answered already: like this.
    Answered(Answered),
    Claimed(Claim<'c>),
}

/// Begins a request. `request_sum`: another one for another request.
pub async fn begin<'c>(core: &'c Core, key: &str, request_sum: String) -> Result<Begun<'c>> {
    if key.is_empty() || key.len() > KEY_MOST || !key.chars().all(|letter| letter.is_ascii_graphic()) {
        let message = format!("An Idempotency-Key has 1 to {KEY_MOST} letters, digits and signs without blanks, such as a UUID");
        return Err(DomainError::Invalid { code: "idempotency_key", message });
    }
    let is_free = core.in_work.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
    if !is_free {
        let message = "A request with this Idempotency-Key is still being worked on; ask again in a moment".to_owned();
        return Err(DomainError::Conflict { code: "idempotency_in_work", message });
    }
    // From here on the claim is given back whatever happens.
    let claim = Claim { core, key: key.to_owned(), request_sum };
    match store::idempotency::get(&core.db, core.org, key, core.now() - KEPT).await? {
        Some(answered) if answered.request_sum == claim.request_sum => Ok(Begun::Answered(answered)),
        Some(_) => {
            let message = "This Idempotency-Key came with another request before; use a new one for each request".to_owned();
            Err(DomainError::Invalid { code: "idempotency_reused", message })
        }
        None => Ok(Begun::Claimed(claim)),
    }
}

impl Claim<'_> {
    /// Keeps the answer, so that the same request gets it again.
    pub async fn keep(self, answer: Answered) -> Result<()> {
        let answer = Answered { request_sum: self.request_sum.clone(), ..answer };
        let mut change = self.core.change().await?;
        let now = self.core.now();
        store::idempotency::forget(&mut change.tx, self.core.org, now - KEPT).await?;
        store::idempotency::keep(&mut change.tx, self.core.org, &self.key, &answer, now).await?;
        change.commit().await
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.core.in_work.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
