//! The shared sender: status, size, time, retries and cancellation of every call to a provider.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::{RequestBuilder, StatusCode};

use super::{CallContext, CallNews};
use crate::wire::result::{Fault, FaultKind};

/// Largest answer that is read.
const BODY_MOST: usize = 8 * 1024 * 1024;
/// For one try.
const TRY_LIMIT: Duration = Duration::from_secs(120);
/// A provider that asks for a longer wait is not waited for: the person is told.
const WAIT_MOST: Duration = Duration::from_secs(60);
const TRIES: usize = 4;

/// The client that all providers share.
pub fn http_client() -> Result<reqwest::Client, Fault> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("minerva/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Fault::new(FaultKind::Internal, format!("No HTTP client could be made: {error}. Install the system's CA certificates")))
}

/// Sends what `request` makes until it is answered well, a fault can't heal, or time, tries or patience are at an end.
/// `read_fault` reads a bad status. Returns the body and how often it was tried again.
pub async fn send(
    provider: &str,
    call: &CallContext,
    request: impl Fn() -> RequestBuilder,
    read_fault: impl Fn(StatusCode, &Bytes) -> Fault,
) -> Result<(Bytes, u32), Fault> {
    let tries = AtomicU32::new(0);
    let policy = ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_factor(2.0).with_max_times(TRIES - 1).with_jitter();
    let trying = (|| async {
        tries.fetch_add(1, Ordering::Relaxed);
        call.tell(CallNews::Asking);
        try_once(request(), &read_fault).await
    })
    .retry(policy)
    .when(|fault: &Fault| fault.kind.can_heal() && wait_of(fault) <= WAIT_MOST)
    .adjust(|fault: &Fault, planned| planned.map(|planned| planned.max(wait_of(fault))))
    .notify(|fault: &Fault, wait| call.tell(CallNews::Retrying { wait, kind: fault.kind }));
    let outcome = tokio::select! {
        outcome = trying => outcome,
        () = call.cancel.cancelled() => Err(Fault::new(FaultKind::Cancelled, "Cancelled before the provider had answered")),
        () = tokio::time::sleep(call.time_limit) => {
            let limit = call.time_limit.as_secs();
            Err(Fault::new(FaultKind::Timeout, format!("{provider} gave no answer within {limit} s. Try again later, or with fewer calls at once")))
        }
    };
    let retries = tries.load(Ordering::Relaxed).saturating_sub(1);
    match outcome {
        Ok(body) => Ok((body, retries)),
        Err(fault) => Err(Fault { provider: Some(provider.to_owned()), retries, ..fault }),
    }
}

fn wait_of(fault: &Fault) -> Duration {
    fault.wait_ms.map_or(Duration::ZERO, Duration::from_millis)
}

async fn try_once(request: RequestBuilder, read_fault: &impl Fn(StatusCode, &Bytes) -> Fault) -> Result<Bytes, Fault> {
    let response = request.timeout(TRY_LIMIT).send().await.map_err(from_reqwest)?;
    let status = response.status();
    if status.is_redirection() {
        // Not followed: the key is for this host alone.
        let words = "The provider's address sends calls on to another one, and they are not sent there with your key. Correct the base URL";
        return Err(Fault { status: Some(status.as_u16()), ..Fault::new(FaultKind::BadRequest, words) });
    }
    let retry_after = response.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| retry_after_ms(value.to_str().ok()?.trim(), Utc::now()));
    let body = read_body(response).await?;
    if status.is_success() {
        return Ok(body);
    }
    let mut fault = read_fault(status, &body);
    fault.status = Some(status.as_u16());
    fault.wait_ms = fault.wait_ms.or(retry_after);
    Err(fault)
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after_ms(text: &str, now: DateTime<Utc>) -> Option<u64> {
    match text.parse::<u64>() {
        Ok(seconds) => Some(seconds.saturating_mul(1_000)),
        Err(_) => {
            let wait = DateTime::parse_from_rfc2822(text).ok()?.signed_duration_since(now);
            Some(u64::try_from(wait.num_milliseconds()).unwrap_or(0))
        }
    }
}

async fn read_body(mut response: reqwest::Response) -> Result<Bytes, Fault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(from_reqwest)? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_MOST {
            return Err(Fault::new(FaultKind::BadAnswer, "The answer is larger than 8 MB and was not read"));
        }
    }
    Ok(body.freeze())
}

/// The URL is left out of the words: some services put keys in theirs.
fn from_reqwest(error: reqwest::Error) -> Fault {
    let (timeout, connect) = (error.is_timeout(), error.is_connect());
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    match (timeout, connect) {
        (true, _) => Fault::new(FaultKind::Timeout, "The provider was too slow to answer. Try again later"),
        (_, true) => Fault::new(FaultKind::Network, format!("The provider can't be reached: {words}. Check the network and the provider's base URL")),
        _ => Fault::new(FaultKind::Network, format!("The connection broke before the answer was complete: {words}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date() {
        let now = "2026-11-23T12:00:00Z".parse().expect("a time");
        assert_eq!(retry_after_ms("7", now), Some(7_000));
        assert_eq!(retry_after_ms("Mon, 23 Nov 2026 12:00:09 GMT", now), Some(9_000));
        assert_eq!(retry_after_ms("Mon, 23 Nov 2026 11:00:00 GMT", now), Some(0), "it is over");
        assert_eq!(retry_after_ms("soon", now), None);
    }
}
