//! A real proxy on loopback that treats an event stream as badly as proxies do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use url::Url;

/// What it does to a stream. Everything else passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    Fair,
    /// Waits for the whole answer before it passes on the first byte; a stream never gets that far.
    Buffers,
    /// Answers with a page of its own.
    Refuses,
    /// Hangs up without a word.
    HangsUp,
    /// Says that the stream is something else.
    Renames,
    /// Cuts it after a moment.
    Cuts,
    /// Tells of added photos in a way that nobody knows yet.
    SpeaksNewer,
    /// Nothing passes at all.
    Broken,
}

pub struct Proxy {
    pub base: Url,
    manners: Arc<Mutex<Manners>>,
    streams: Arc<Mutex<usize>>,
}

impl Proxy {
    /// How it is from the next request on.
    pub fn be(&self, manners: Manners) {
        *self.manners.lock().expect("manners") = manners;
    }

    /// Streams that were asked for.
    pub fn streams(&self) -> usize {
        *self.streams.lock().expect("streams")
    }
}

#[derive(Clone)]
struct Way {
    to: Url,
    manners: Arc<Mutex<Manners>>,
    streams: Arc<Mutex<usize>>,
    http: reqwest::Client,
}

/// In front of `to`, on the current runtime.
pub async fn start(to: Url, manners: Manners) -> Proxy {
    let manners = Arc::new(Mutex::new(manners));
    let streams = Arc::default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let way = Way { to, manners: Arc::clone(&manners), streams: Arc::clone(&streams), http };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a URL");
    let router = Router::new().fallback(pass).with_state(way);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Proxy { base, manners, streams }
}

async fn pass(State(way): State<Way>, request: Request) -> Response {
    let manners = *way.manners.lock().expect("manners");
    let wants_stream = value(request.headers(), header::ACCEPT).contains("event-stream");
    if wants_stream {
        *way.streams.lock().expect("streams") += 1;
    }
    match manners {
        Manners::Broken => return (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response(),
        Manners::Refuses if wants_stream => return (StatusCode::GATEWAY_TIMEOUT, "<html>504 Gateway Time-out</html>").into_response(),
        // The connection's task ends, and with it the connection; no message of a panic is printed.
        Manners::HangsUp if wants_stream => std::panic::resume_unwind(Box::new("hung up")),
        _ => {}
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let answer = way.http.request(parts.method, way.to.join(path).expect("a URL")).headers(headers).body(body).send().await;
    let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    let is_stream = value(&headers, header::CONTENT_TYPE).contains("event-stream");
    if is_stream && manners == Manners::Renames {
        headers.insert(header::CONTENT_TYPE, "text/html".parse().expect("a value"));
    }
    let body = match manners {
        Manners::Buffers => Body::from(answer.bytes().await.unwrap_or_default()),
        Manners::Cuts if is_stream => Body::from_stream(answer.bytes_stream().take_until(tokio::time::sleep(Duration::from_millis(30)))),
        Manners::SpeaksNewer if is_stream => {
            let renamed = |bytes: bytes::Bytes| String::from_utf8_lossy(&bytes).replace("photo_added", "photo_levitated");
            Body::from_stream(answer.bytes_stream().map(move |bytes| bytes.map(renamed)))
        }
        _ => Body::from_stream(answer.bytes_stream()),
    };
    (status, headers, body).into_response()
}

fn value(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
