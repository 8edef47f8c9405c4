//! One request to a provider: status, redirects, size, time, and how a streamed reply is put together.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use eventsource_stream::Eventsource as _;
use futures_util::{Stream, StreamExt as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::PhotoRequest;
use super::dialect::{Dialect, End, Framing, Reading};
use super::limits::Gate;
use super::mask::Mask;
use super::tape::Note;
use crate::wire::money::UsdMicros;
use crate::wire::result::{Fault, FaultKind};

/// Largest answer that is read.
const BODY_MOST: usize = 8 * 1024 * 1024;

/// The client that a provider's calls share.
pub fn http_client() -> Result<reqwest::Client, Fault> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        // The key is for one host alone.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("minerva/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Fault::new(FaultKind::Internal, format!("No HTTP client could be made: {error}. Install the system's CA certificates")))
}

/// A request that is ready to go, as often as it takes.
pub struct Request<'a> {
    pub http: &'a reqwest::Client,
    pub dialect: &'a dyn Dialect,
    pub url: Url,
    /// The key among them.
    pub headers: HeaderMap,
    /// `None`: GET.
    pub body: Option<Bytes>,
    /// Until the whole reply is there; of a stream, until its next piece is.
    pub limit: Duration,
    /// Heeds what the headers of every reply say of the limits.
    pub gate: &'a Gate,
    /// Takes the key out of all that comes back.
    pub mask: Mask,
    /// Set once a reply tells that calls are passed on.
    pub passes_on: &'a AtomicBool,
    /// Takes down what comes back, where somebody wants to know.
    pub note: Option<Note>,
}

/// What came with a reply besides its body.
struct Opened {
    response: Response,
    request_id: Option<String>,
}

/// A reply that came whole.
pub struct Whole {
    pub value: Value,
    pub request_id: Option<String>,
    /// What the call cost by the reply's headers.
    pub cost_usd: Option<UsdMicros>,
}

impl Request<'_> {
    /// The whole reply as JSON.
    pub async fn json(&self) -> Result<Whole, Fault> {
        self.within(async {
            let Opened { response, request_id } = self.open().await?;
            let cost_usd = self.dialect.cost_told(response.headers());
            let body = self.read_body(response).await?;
            let value = serde_json::from_slice(&body).map_err(|_| Fault { request_id: request_id.clone(), ..self.not_json(&body) })?;
            Ok(Whole { value, request_id, cost_usd })
        })
        .await
    }

    /// A streamed reply, told as it grows.
    pub async fn stream(&self, question: &PhotoRequest, framing: Framing, on_text: impl Fn(&str)) -> Result<(Reading, Option<String>), Fault> {
        let Opened { response, request_id } = self.within(self.open()).await?;
        if !is_stream(response.headers()) {
            // A server that does not stream answers whole; a proxy answers with a page.
            let cost_usd = self.dialect.cost_told(response.headers());
            let body = self.within(self.read_body(response)).await?;
            let value = serde_json::from_slice(&body).map_err(|_| Fault { request_id: request_id.clone(), ..self.not_json(&body) })?;
            let reading = self.dialect.read(question, &value).map_err(|fault| inside(fault, request_id.as_deref()))?;
            return Ok((Reading { cost_usd: reading.cost_usd.or(cost_usd), ..reading }, request_id));
        }
        let mut reading = Reading::default();
        let label = self.dialect.label().to_owned();
        let chunks = response.bytes_stream().map(move |chunk| chunk.map_err(|error| from_reqwest(&label, error)));
        let mut pieces = std::pin::pin!(pieces(self.dialect.label(), chunks, framing, self.mask.clone()));
        while let Some(piece) = timeout(self.limit, pieces.next()).await.map_err(|_| self.too_slow())? {
            let before = reading.text.len();
            let piece = piece?;
            if let Some(note) = &self.note {
                note.came_piece(&piece);
            }
            let read = self.dialect.read_piece(&mut reading, &piece);
            // What was written before it broke off may be charged, as it may where the line was cut.
            let broken_off = |fault: Fault| Fault { may_cost: fault.may_cost || !reading.text.is_empty(), ..inside(fault, request_id.as_deref()) };
            read.map_err(broken_off)?;
            if reading.text.len() > before {
                on_text(&self.mask.text(&reading.text));
            }
        }
        // It may have come in pieces.
        if let Cow::Owned(masked) = self.mask.text(&reading.text) {
            reading.text = masked;
        }
        if reading.end == End::Unknown {
            let words = format!("{}'s answer broke off in the middle. What was written until then may have been charged", self.dialect.label());
            return Err(Fault { may_cost: true, ..Fault::new(FaultKind::Network, words) });
        }
        Ok((reading, request_id))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout(self.limit, work).await.map_err(|_| self.too_slow())?
    }

    fn too_slow(&self) -> Fault {
        let words = format!(
            "{} sent nothing for {} s. Try again later, or allow more time in its limits",
            self.dialect.label(),
            self.limit.as_secs_f32().round()
        );
        Fault { may_cost: true, ..Fault::new(FaultKind::Timeout, words) }
    }

    /// Sends it and reads the status; a bad one is a fault.
    async fn open(&self) -> Result<Opened, Fault> {
        let request = match &self.body {
            Some(body) => self.http.post(self.url.clone()).header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone()),
            None => self.http.get(self.url.clone()),
        };
        let response = request.headers(self.headers.clone()).send().await.map_err(|error| from_reqwest(self.dialect.label(), error))?;
        let status = response.status();
        let request_id =
            response.headers().get(self.dialect.request_id_header()).and_then(|id| id.to_str().ok()).map(|id| self.mask.text(id).into_owned());
        if let Some(note) = &self.note {
            note.status(status.as_u16(), request_id.as_deref());
        }
        self.gate.heed(self.dialect.allowance(response.headers()));
        if self.dialect.passes_on(response.headers()) {
            self.passes_on.store(true, Ordering::Relaxed);
        }
        if status.is_success() {
            return Ok(Opened { response, request_id });
        }
        let mut fault = if status.is_redirection() { redirected(self.dialect.label()) } else { self.bad_status(status, response).await? };
        fault.status = Some(status.as_u16());
        fault.request_id = fault.request_id.or(request_id);
        Err(fault)
    }

    async fn bad_status(&self, status: StatusCode, response: Response) -> Result<Fault, Fault> {
        let headers = response.headers().clone();
        let body = self.read_body(response).await?;
        let reply: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut fault = self.dialect.read_fault(status, &headers, &reply);
        fault.wait_ms = wait_told(&headers, Utc::now()).or(fault.wait_ms);
        if status == StatusCode::REQUEST_TIMEOUT {
            fault.kind = FaultKind::Timeout;
        }
        if let Some(ms) = fault.wait_ms.filter(|ms| *ms > 0 && fault.kind.can_heal()) {
            fault.message = format!("{}. It asks to wait {}", fault.message.trim_end_matches('.'), wait_words(ms));
        }
        Ok(fault)
    }

    async fn read_body(&self, response: Response) -> Result<Bytes, Fault> {
        let body = read_body(self.dialect.label(), response).await.map(|body| self.mask.bytes(body))?;
        if let Some(note) = &self.note {
            note.came(&body);
        }
        Ok(body)
    }

    fn not_json(&self, body: &[u8]) -> Fault {
        let label = self.dialect.label();
        let words = format!("The answer is not {label}'s. {}. Check the base URL, and proxies on the way", beginning(body));
        Fault { status: Some(200), may_cost: true, ..Fault::new(FaultKind::BadAnswer, words) }
    }
}

/// A fault that was told inside a reply of a good status.
pub fn inside(fault: Fault, request_id: Option<&str>) -> Fault {
    let request_id = fault.request_id.clone().or_else(|| request_id.map(str::to_owned));
    Fault { status: Some(StatusCode::OK.as_u16()), request_id, ..fault }
}

fn redirected(label: &str) -> Fault {
    let words = format!("{label}'s address sends calls on to another one, and they are not sent there with your key. Correct the base URL");
    Fault::new(FaultKind::BadRequest, words)
}

fn too_large(label: &str) -> Fault {
    let words = format!("{label}'s answer is larger than 8 MB and was not read. Ask for a shorter one, or check the base URL");
    Fault { may_cost: true, ..Fault::new(FaultKind::BadAnswer, words) }
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/event-stream") || kind.contains("ndjson") || kind.contains("jsonl")
}

/// Ends a body with a fault where it grows beyond what is read of any answer, before more of it is kept or parsed.
fn bounded(label: String, bytes: impl Stream<Item = Result<Bytes, Fault>>) -> impl Stream<Item = Result<Bytes, Fault>> {
    let mut left = BODY_MOST;
    bytes.map(move |chunk| {
        let chunk = chunk?;
        left = left.checked_sub(chunk.len()).ok_or_else(|| too_large(&label))?;
        Ok(chunk)
    })
}

/// The JSON values of a streamed body.
fn pieces(
    label: &str,
    bytes: impl Stream<Item = Result<Bytes, Fault>> + Send + 'static,
    framing: Framing,
    mask: Mask,
) -> std::pin::Pin<Box<dyn Stream<Item = Result<Value, Fault>> + Send>> {
    let bytes = bounded(label.to_owned(), bytes);
    match framing {
        Framing::Sse => Box::pin(bytes.eventsource().filter_map(move |event| {
            std::future::ready(match event {
                Ok(event) if event.data.is_empty() || event.data.trim() == "[DONE]" => None,
                Ok(event) => Some(piece(mask.text(&event.data).as_bytes())),
                Err(eventsource_stream::EventStreamError::Transport(fault)) => Some(Err(fault)),
                Err(error) => {
                    let words = format!("The stream of the answer can't be read: {error}");
                    Some(Err(Fault { may_cost: true, ..Fault::new(FaultKind::BadAnswer, words) }))
                }
            })
        })),
        Framing::Lines => Box::pin(lines(bytes).map(move |line| piece(&mask.bytes(line?)))),
    }
}

fn piece(text: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(text).map_err(|_| {
        let words = format!("A piece of the answer is not JSON. {}", beginning(text));
        Fault { may_cost: true, ..Fault::new(FaultKind::BadAnswer, words) }
    })
}

/// How something that can't be read begins, in words.
fn beginning(body: &[u8]) -> String {
    let start: String = String::from_utf8_lossy(body).trim().chars().take(120).collect();
    let start = super::answer::printable(start.trim_end_matches('.'), &mut 0);
    if start.trim().is_empty() { "It is empty".to_owned() } else { format!("It begins: {start}") }
}

/// Cuts a body into its lines, empty ones left out.
fn lines(bytes: impl Stream<Item = Result<Bytes, Fault>> + Send) -> impl Stream<Item = Result<Bytes, Fault>> + Send {
    let begin = (Box::pin(bytes), BytesMut::new());
    futures_util::stream::try_unfold(begin, async |(mut bytes, mut kept)| {
        loop {
            if let Some(end) = kept.iter().position(|byte| *byte == b'\n') {
                let line = kept.split_to(end + 1).freeze();
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some((line, (bytes, kept))));
            }
            match bytes.next().await {
                Some(chunk) => kept.extend_from_slice(&chunk?),
                None if kept.iter().all(u8::is_ascii_whitespace) => return Ok(None),
                None => return Ok(Some((kept.split().freeze(), (bytes, kept)))),
            }
        }
    })
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, 10.2.3).
fn wait_told(headers: &HeaderMap, now: DateTime<Utc>) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()).filter(|ms| (0.0..1e12).contains(ms)) {
        return Some(ms.ceil() as u64);
    }
    let after = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = after.parse::<f64>() {
        return (0.0..1e9).contains(&seconds).then(|| (seconds * 1e3).ceil() as u64);
    }
    let wait = DateTime::parse_from_rfc2822(after).ok()?.signed_duration_since(now);
    Some(u64::try_from(wait.num_milliseconds()).unwrap_or(0))
}

/// `7 s`, `5 min`, `2 h`: whole units, rounded up.
fn wait_words(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

async fn read_body(label: &str, mut response: Response) -> Result<Bytes, Fault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| from_reqwest(label, error))? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_MOST {
            return Err(too_large(label));
        }
    }
    Ok(body.freeze())
}

/// The URL is left out of the words: some services put keys in theirs.
fn from_reqwest(label: &str, error: reqwest::Error) -> Fault {
    let (timeout, connect) = (error.is_timeout(), error.is_connect());
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    let fault = match (timeout, connect) {
        (true, _) => Fault::new(FaultKind::Timeout, format!("{label} was too slow to answer. Try again later")),
        (_, true) => Fault::new(FaultKind::Network, format!("{label} can't be reached: {words}. Check the network and its base URL")),
        _ => Fault::new(FaultKind::Network, format!("The connection to {label} broke before the answer was complete: {words}")),
    };
    // Nothing goes over a connection that was never made.
    Fault { may_cost: !connect, ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &'static str, value: &'static str) -> Option<u64> {
        let now = "2026-11-23T12:00:00Z".parse().expect("a time");
        wait_told(&HeaderMap::from_iter([(reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))]), now)
    }

    #[test]
    fn a_wait_is_told_in_seconds_milliseconds_or_by_a_date() {
        assert_eq!(told("retry-after", "7"), Some(7_000));
        assert_eq!(told("retry-after", "0.5"), Some(500));
        assert_eq!(told("retry-after-ms", "250"), Some(250));
        assert_eq!(told("retry-after", "Mon, 23 Nov 2026 12:00:09 GMT"), Some(9_000));
        assert_eq!(told("retry-after", "Mon, 23 Nov 2026 11:00:00 GMT"), Some(0), "it is over");
        assert_eq!(told("retry-after", "soon"), None);
    }

    #[test]
    fn a_wait_is_told_in_the_unit_that_fits() {
        let words = [1, 1_200, 119_000, 300_000, 3_601_000, 86_400_000].map(wait_words);
        assert_eq!(words, ["1 s", "2 s", "119 s", "5 min", "61 min", "24 h"]);
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_told_as_it_begins() {
        assert_eq!(beginning(b"<html>\n<body>Sign in.</body>"), "It begins: <html>\n<body>Sign in.</body>");
        assert_eq!(beginning(b" Not found. "), "It begins: Not found");
        assert_eq!((beginning(b""), beginning(b" \n")), ("It is empty".to_owned(), "It is empty".to_owned()));
    }

    #[tokio::test]
    async fn lines_are_cut_wherever_the_chunks_end() {
        let chunks = ["{\"a\"", ":1}\n\n{\"b\":", "2}\n{\"c\":3}"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        let lines: Vec<_> = lines(futures_util::stream::iter(chunks)).map(|line| piece(&line.expect("reads")).expect("JSON")).collect().await;
        assert_eq!(lines, [serde_json::json!({"a": 1}), serde_json::json!({"b": 2}), serde_json::json!({"c": 3})]);
    }

    /// An event or a line without end is given up at the limit: what comes after it is not even fetched.
    #[tokio::test]
    async fn a_streamed_answer_beyond_the_limit_is_given_up_when_it_reaches_it() {
        const CHUNK: usize = 2 * 1024 * 1024;
        for (framing, begin) in [(Framing::Sse, "data: "), (Framing::Lines, "\"")] {
            let fetched = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let counted = std::sync::Arc::clone(&fetched);
            let chunk = Bytes::from("x".repeat(CHUNK));
            let chunks = std::iter::repeat_n(chunk, 40).inspect(move |chunk| {
                counted.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
            });
            let all = std::iter::once(Bytes::from_static(begin.as_bytes())).chain(chunks).map(Ok);
            let first = pieces("Gemini", futures_util::stream::iter(all), framing, Mask::default()).next().await.expect("a fault");
            assert_eq!(
                first.expect_err("too large").message,
                "Gemini's answer is larger than 8 MB and was not read. Ask for a shorter one, or check the base URL"
            );
            let fetched = fetched.load(std::sync::atomic::Ordering::Relaxed);
            assert!(fetched <= BODY_MOST + CHUNK, "{fetched} bytes were fetched");
        }
    }
}
