//! The six wires on loopback: one server that speaks them as the real services do, checks what it is sent, counts, keeps
//! what came for inspection, and misbehaves on command (see [`scenario`]). The official Python clients of `OpenAI`,
//! Anthropic, Gemini, Ollama and Cloud Vision read its replies, streams, lists and errors (openai 3.54, anthropic 2.12, google-genai 3.4,
//! ollama 0.6, google-cloud-vision 3.16).

mod anthropic;
mod asked;
mod chat;
pub mod count;
mod gemini;
mod ollama;
mod openai;
mod scenario;
mod traffic;
mod vision;
mod wire;
mod wires;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use asked::Asked;
use scenario::{Act, Problem, Said, act};
pub use traffic::{Seen, Traffic};
pub use wire::Wire;

/// The server. Stops when dropped.
pub struct ProviderStub {
    pub address: SocketAddr,
    traffic: Arc<Traffic>,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

struct Shared {
    traffic: Arc<Traffic>,
    /// Before every answer.
    delay: Duration,
    elsewhere: SocketAddr,
}

impl ProviderStub {
    /// Answers every question after `delay`.
    pub async fn start(delay: Duration) -> Self {
        let traffic = Arc::new(Traffic::default());
        let (elsewhere, other) = serve(Router::new().fallback(stray).with_state(Arc::clone(&traffic))).await;
        let shared = Arc::new(Shared { traffic: Arc::clone(&traffic), delay, elsewhere });
        let (address, server) = serve(Router::new().fallback(any).with_state(shared)).await;
        Self { address, traffic, servers: vec![server, other] }
    }

    /// Where a wire is.
    pub fn base(&self, wire: Wire) -> url::Url {
        format!("http://{}/{}/", self.address, wire.name()).parse().expect("a URL")
    }

    /// Where all models of a wire act out one scenario.
    pub fn base_as(&self, wire: Wire, scenario: &str) -> url::Url {
        format!("http://{}/as-{scenario}/{}/", self.address, wire.name()).parse().expect("a URL")
    }

    /// What came.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

impl Drop for ProviderStub {
    fn drop(&mut self) {
        self.servers.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn serve(router: Router) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    (address, tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") }))
}

/// The host that redirected calls are sent to: nothing should come.
async fn stray(State(traffic): State<Arc<Traffic>>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    traffic.note(Seen::new(None, "redirected", &parts, body));
    StatusCode::OK
}

async fn any(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let path = parts.uri.path().trim_start_matches('/').to_owned();
    let (told, path) = match path.strip_prefix("as-").and_then(|rest| rest.split_once('/')) {
        Some((scenario, rest)) => (Some(scenario.to_owned()), rest.to_owned()),
        None => (None, path),
    };
    let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
    let Some(wire) = Wire::ALL.into_iter().find(|wire| wire.name() == first) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let rest = rest.trim_start_matches("v1beta/").trim_start_matches("v1/");
    let mut seen = Seen::new(Some(wire), told.as_deref().unwrap_or_default(), &parts, body.clone());
    let query = parts.uri.query().unwrap_or_default();
    let let_in = wire.lets_in(&parts.headers);
    let read = serde_json::from_slice(&body).map_err(|error| error.to_string());
    if let Ok(body) = &read
        && chat::is_chat(body)
        && let_in
    {
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        let scenario = told.unwrap_or_default();
        let nth = shared.traffic.note(seen);
        tokio::time::sleep(shared.delay).await;
        if scenario == "error-500" {
            return refused(wire, &Problem::Internal, &model, nth);
        }
        return match chat::reply(wire, &scenario, body) {
            Ok(reply) => axum::Json(reply).into_response(),
            Err(why) => {
                shared.traffic.complain(wire, &why);
                refused(wire, &Problem::BadRequest(why), &model, nth)
            }
        };
    }
    if let Some(counted) = read.as_ref().ok().and_then(|body| count::counted(wire, rest, body)) {
        let nth = shared.traffic.note(seen);
        return match (let_in, told.as_deref(), counted) {
            (false, ..) => refused(wire, &Problem::KeyRefused, "", nth),
            (true, Some("error-500"), _) => refused(wire, &Problem::Internal, "", nth),
            // A key that may list models and nothing else.
            (true, Some("forbidden"), _) => refused(wire, &Problem::Forbidden, "", nth),
            (true, _, Ok(count)) => axum::Json(count).into_response(),
            (true, _, Err(why)) => {
                shared.traffic.complain(wire, &why);
                refused(wire, &Problem::BadRequest(why), "", nth)
            }
        };
    }
    if let Some(shown) = read.as_ref().ok().filter(|_| wire == Wire::Ollama && let_in).and_then(|body| ollama::shown(rest, body)) {
        shared.traffic.note(seen);
        return axum::Json(shown).into_response();
    }
    let asked = read.and_then(|body: Value| wire.read(rest, query, &parts.headers, &body));
    let is_question = parts.method == Method::POST && wire.asks_at(rest);
    if let (true, Ok(asked)) = (is_question, &asked) {
        seen.ask(asked, told.as_deref());
    }
    let (model, scenario) = (seen.model.clone(), seen.scenario.clone());
    seen.is_question = is_question;
    let nth = shared.traffic.note(seen);
    let problem = |problem: Problem| refused(wire, &problem, &model, nth);
    match (let_in, is_question, asked) {
        (false, ..) => problem(Problem::KeyRefused),
        (true, true, Err(why)) => {
            shared.traffic.complain(wire, &why);
            problem(Problem::BadRequest(why))
        }
        (true, true, Ok(asked)) => {
            tokio::time::sleep(shared.delay).await;
            // Some services repeat the key that they refuse, and proxies the whole request.
            match &scenario[..] {
                "echoes-key" => return problem(Problem::BadRequest(format!("The key {} may not do this", wire.key()))),
                "echoes-key-in-page" => {
                    let page = format!("<html><body>Authorization: {}</body></html>", wire.key());
                    return ([(CONTENT_TYPE, "text/html")], page).into_response();
                }
                _ => {}
            }
            respond(&shared, wire, &asked, act(&scenario, nth, &asked), nth).await
        }
        (true, false, _) => match wire.listed(rest, query) {
            Some(list) if parts.method == Method::GET => axum::Json(list).into_response(),
            _ => problem(Problem::UnknownModel),
        },
    }
}

fn refused(wire: Wire, problem: &Problem, model: &str, nth: u64) -> Response {
    let refusal = wire.refusal(problem, model);
    let status = StatusCode::from_u16(refusal.status).expect("a status");
    let mut response = (status, axum::Json(refusal.body)).into_response();
    for (name, value) in refusal.headers.into_iter().chain([(wire.request_id_header(), format!("stub-{nth}"))]) {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}

async fn respond(shared: &Shared, wire: Wire, asked: &Asked, act: Act, nth: u64) -> Response {
    match act {
        Act::Answer(said) => answered(wire, asked, &said, nth),
        Act::Problem(problem) => refused(wire, &problem, &asked.model, nth),
        Act::ErrorInside if asked.is_streamed => {
            let begun = beginning(wire, asked).into_iter().chain([wire.error_inside(true)]);
            streamed(wire, begun.collect(), End::Well)
        }
        Act::ErrorInside => ([(CONTENT_TYPE, "application/json")], wire.error_inside(false)).into_response(),
        Act::Slow => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Act::Stalled => streamed(wire, beginning(wire, asked), End::Never),
        Act::Cut => streamed(wire, beginning(wire, asked), End::Cut),
        Act::Html => page(StatusCode::OK),
        Act::BadGateway => page(StatusCode::BAD_GATEWAY),
        Act::Malformed => ([(CONTENT_TYPE, "application/json")], "{\"candidates\": [{\"content\"").into_response(),
        Act::Redirected => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, format!("http://{}/stolen", shared.elsewhere))]).into_response(),
    }
}

/// What stands before a service answers so.
fn page(status: StatusCode) -> Response {
    (status, [(CONTENT_TYPE, "text/html")], "<html><body>502 Bad Gateway</body></html>").into_response()
}

fn answered(wire: Wire, asked: &Asked, said: &Said, nth: u64) -> Response {
    if asked.is_streamed {
        return streamed(wire, wire.pieces(asked, said), End::Well);
    }
    let mut response = axum::Json(wire.reply(asked, said)).into_response();
    if let (Wire::Compatible, Some(cost)) = (wire, said.cost_usd) {
        response.headers_mut().insert("x-litellm-response-cost", cost.to_string().parse().expect("a value"));
    }
    for (name, value) in said.requests_left.into_iter().flat_map(|left| wire.allowance(left)) {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response.headers_mut().insert(wire.request_id_header(), format!("stub-{nth}").parse().expect("a value"));
    response
}

/// The first half of a good reply.
fn beginning(wire: Wire, asked: &Asked) -> Vec<String> {
    let Act::Answer(said) = act("ok", 1, asked) else { return Vec::new() };
    if asked.is_streamed {
        let mut pieces = wire.pieces(asked, &said);
        pieces.truncate(pieces.len() / 2);
        return pieces;
    }
    let whole = wire.reply(asked, &said).to_string();
    vec![whole[..whole.floor_char_boundary(whole.len() / 2)].to_owned()]
}

/// How a body ends.
enum End {
    Well,
    Cut,
    Never,
}

/// Every piece in a packet of its own.
fn streamed(wire: Wire, pieces: Vec<String>, end: End) -> Response {
    let pieces = stream::iter(pieces).map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    let body = match end {
        End::Well => Body::from_stream(pieces),
        End::Cut => Body::from_stream(pieces.chain(stream::iter([Err(std::io::Error::other("the line is cut"))]))),
        End::Never => Body::from_stream(pieces.chain(stream::pending())),
    };
    ([(CONTENT_TYPE, wire.stream_type())], body).into_response()
}
