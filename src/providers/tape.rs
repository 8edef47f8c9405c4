//! Takes down what goes over the net for one photo: each try with its request and answer, and the waits between them.
//!
//! No key and no photo gets onto it: headers name the variable that holds the key, the photo's place is marked, and what comes
//! back is masked before it is taken down. A try that is cut off in the middle is on it as far as it came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::mask::Mask;
use super::{CallNews, SentPhoto};
use crate::keys;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::trace::{Exchange, ExchangeFault, PHOTO_MARK, SentSize};

/// Bytes kept of a body: more than any answer of tags, and a bound on what a trace takes.
const BODY_KEPT: usize = 64 * 1024;
/// Tries kept of one call.
const TRIES_KEPT: usize = 20;
/// A shorter wait is none.
const WAIT_LEAST: Duration = Duration::from_millis(5);

/// Why nothing went over the net for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitKind {
    /// For its turn under the provider's limits.
    Turn,
    /// Before another try, after such a fault.
    Retry(FaultKind),
}

/// A wait, in milliseconds since the work began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    pub kind: WaitKind,
    pub start_ms: f64,
    pub duration_ms: f64,
}

/// The tape of one call. Clones write to the same one.
#[derive(Clone)]
pub struct Tape {
    begun: Instant,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    exchanges: Vec<Exchange>,
    waits: Vec<Wait>,
    waiting: Option<(WaitKind, Instant)>,
}

/// What a try begins with.
pub struct Asked<'a> {
    pub provider: &'a str,
    pub url: &'a Url,
    pub headers: &'a HeaderMap,
    pub key: Option<&'a SecretString>,
    /// Without the photo.
    pub body: Value,
    pub body_bytes: usize,
    pub photo: &'a SentPhoto,
}

impl Tape {
    /// `begun`: when the work began, from which all times count.
    #[must_use]
    pub fn new(begun: Instant) -> Self {
        Self { begun, inner: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_begun(&self, at: Instant) -> f64 {
        at.duration_since(self.begun).as_secs_f64() * 1e3
    }

    /// Takes in what happens beside the tries.
    pub fn hear(&self, news: &CallNews) {
        let kind = match news {
            CallNews::Waiting => Some(WaitKind::Turn),
            CallNews::Retrying { kind, .. } => Some(WaitKind::Retry(*kind)),
            CallNews::Asking => None,
            CallNews::Text(_) => return,
        };
        let mut inner = self.lock();
        self.end_wait(&mut inner);
        inner.waiting = kind.map(|kind| (kind, Instant::now()));
    }

    fn end_wait(&self, inner: &mut Inner) {
        let Some((kind, since)) = inner.waiting.take() else { return };
        if since.elapsed() >= WAIT_LEAST {
            let wait = Wait { kind, start_ms: self.since_begun(since), duration_ms: since.elapsed().as_secs_f64() * 1e3 };
            inner.waits.push(wait);
        }
    }

    /// Begins a try.
    #[must_use]
    pub fn begin(&self, asked: Asked<'_>) -> Note {
        let mask = Mask::of(asked.key);
        let (request, is_cut) = kept(mask.text(&asked.body.to_string()).into_owned());
        let exchange = Exchange {
            start_ms: self.since_begun(Instant::now()),
            duration_ms: 0.0,
            method: "POST".to_owned(),
            url: mask.text(asked.url.as_str()).into_owned(),
            headers: told_headers(asked.headers, asked.key, &keys::variable(asked.provider)),
            request,
            request_bytes: asked.body_bytes as u64,
            photo: size(asked.photo),
            status: None,
            request_id: None,
            answer: String::new(),
            answer_bytes: 0,
            text: None,
            fault: None,
            is_cut,
        };
        let mut inner = self.lock();
        inner.exchanges.truncate(TRIES_KEPT - 1);
        inner.exchanges.push(exchange);
        Note { tape: self.clone(), at: inner.exchanges.len() - 1, begun: Instant::now() }
    }

    /// What is on it.
    #[must_use]
    pub fn read(&self) -> (Vec<Exchange>, Vec<Wait>) {
        let mut inner = self.lock();
        self.end_wait(&mut inner);
        (inner.exchanges.clone(), inner.waits.clone())
    }
}

/// A try that is under way. Its time ends when this is dropped.
pub struct Note {
    tape: Tape,
    at: usize,
    begun: Instant,
}

impl Note {
    fn change(&self, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.tape.lock().exchanges.get_mut(self.at) {
            change(exchange);
        }
    }

    pub fn status(&self, status: u16, request_id: Option<&str>) {
        self.change(|exchange| {
            exchange.status = Some(status);
            exchange.request_id = request_id.map(str::to_owned);
        });
    }

    /// The next of what came back, masked already.
    pub fn came(&self, bytes: &[u8]) {
        self.change(|exchange| {
            exchange.answer_bytes += bytes.len() as u64;
            if exchange.answer.len() >= BODY_KEPT {
                exchange.is_cut = true;
                return;
            }
            let (answer, is_cut) = kept(format!("{}{}", exchange.answer, String::from_utf8_lossy(bytes)));
            exchange.answer = answer;
            exchange.is_cut |= is_cut;
        });
    }

    /// The next piece of a stream.
    pub fn came_piece(&self, piece: &Value) {
        self.came(format!("{piece}\n").as_bytes());
    }

    /// How it ended: with what the model wrote, or with a fault.
    pub fn ended(&self, text: Result<&str, &Fault>) {
        self.change(|exchange| match text {
            Ok(text) => exchange.text = Some(kept(text.to_owned()).0).filter(|text| !text.is_empty()),
            Err(fault) => exchange.fault = Some(ExchangeFault { kind: fault.kind, message: fault.message.clone() }),
        });
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let took = self.begun.elapsed().as_secs_f64() * 1e3;
        self.change(|exchange| exchange.duration_ms = took);
    }
}

/// No more than is kept of a body, and whether there was more.
fn kept(mut body: String) -> (String, bool) {
    let is_longer = body.len() > BODY_KEPT;
    if is_longer {
        let end = (0..=BODY_KEPT).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
        body.truncate(end);
    }
    (body, is_longer)
}

fn told_headers(headers: &HeaderMap, key: Option<&SecretString>, variable: &str) -> Vec<(String, String)> {
    let told = |value: &reqwest::header::HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        match key.map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty() && text.contains(key)) {
            Some(key) => text.replace(key, &format!("${variable}")),
            None if value.is_sensitive() => format!("${variable}"),
            None => text.to_owned(),
        }
    };
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), told(value))).collect()
}

fn size(photo: &SentPhoto) -> Option<SentSize> {
    match photo {
        SentPhoto::Pixels(_) => None,
        SentPhoto::Jpeg { bytes, width_px, height_px } => Some(SentSize { width_px: *width_px, height_px: *height_px, bytes: bytes.len() as u64 }),
    }
}

/// A body with a mark where the photo stands. The photo is known by how its text begins and by its length, so that it need not be
/// encoded once more.
#[must_use]
pub fn without_photo(body: &Value, photo: &SentPhoto) -> Value {
    use base64::Engine as _;
    const BEGIN: usize = 96;
    let SentPhoto::Jpeg { bytes, .. } = photo else { return body.clone() };
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let begin = encode(bytes.get(..BEGIN).unwrap_or(bytes));
    marked(body, &begin, bytes.len().div_ceil(3) * 4)
}

fn marked(value: &Value, begin: &str, length: usize) -> Value {
    match value {
        Value::String(text) => match text.len().checked_sub(length).and_then(|at| text.split_at_checked(at)) {
            Some((before, photo)) if length > 0 && photo.starts_with(begin) => Value::String(format!("{before}{PHOTO_MARK}")),
            _ => Value::String(text.clone()),
        },
        Value::Array(items) => items.iter().map(|item| marked(item, begin, length)).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(key, inner)| (key.clone(), marked(inner, begin, length))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use bytes::Bytes;
    use reqwest::header::HeaderValue;
    use serde_json::json;

    fn photo(length: usize) -> (SentPhoto, String) {
        let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        let encoded = base64::engine::general_purpose::STANDARD.encode(&bytes);
        (SentPhoto::Jpeg { bytes: Bytes::from(bytes), width_px: 4, height_px: 3 }, encoded)
    }

    #[test]
    fn the_photo_is_marked_wherever_a_wire_puts_it_and_nothing_else_is() {
        for length in [1, 95, 96, 97, 5_000] {
            let (photo, encoded) = photo(length);
            let body = json!({"a": [{"data": encoded}, {"url": format!("data:image/jpeg;base64,{encoded}")}], "prompt": "what ä is this?"});
            let told = json!({"a": [{"data": PHOTO_MARK}, {"url": format!("data:image/jpeg;base64,{PHOTO_MARK}")}], "prompt": "what ä is this?"});
            assert_eq!(without_photo(&body, &photo), told, "{length} bytes");
        }
    }

    #[test]
    fn headers_name_the_variable_of_the_key_and_never_hold_it() {
        let key = SecretString::from("sk-secret-1234");
        let mut bearer = HeaderValue::from_static("Bearer sk-secret-1234");
        bearer.set_sensitive(true);
        let mut other = HeaderValue::from_static("c2stc2VjcmV0");
        other.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", bearer);
        headers.insert("x-other", other);
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        let told = told_headers(&headers, Some(&key), "OPENAI_API_KEY");
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told, [("authorization", "Bearer $OPENAI_API_KEY"), ("x-other", "$OPENAI_API_KEY"), ("anthropic-version", "2023-06-01")]);
    }

    #[test]
    fn of_a_body_no_more_is_kept_than_the_bound_and_letters_stay_whole() {
        let (body, is_cut) = kept("ä".repeat(BODY_KEPT));
        assert!(is_cut && body.len() <= BODY_KEPT && body.chars().all(|letter| letter == 'ä'));
        assert_eq!(kept("short".to_owned()), ("short".to_owned(), false));
    }
}
