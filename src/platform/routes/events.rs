//! The event stream. Events are read from the store, woken by the newest id: a client that
//! reconnects with `Last-Event-ID` misses nothing and sees nothing twice. What is not kept is sent between them
//! without an id. Nobody waits for a client that does not read: its connection holds one batch at most, and when
//! it reads again much later it is told to ask again for everything.
//!
//! The same path answers JSON to clients that ask for it, one page at a time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};

use super::extract::Query;
use super::{Refusal, Shared};
use crate::platform::domain;
use crate::platform::domain::events::Next;
use crate::wire::event::{Event, EventsQuery, Happened};

/// Between two signs of life of a stream without events; clients take 12 s of silence for a dead connection.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

pub async fn events(State(platform): State<Shared>, headers: HeaderMap, Query(query): Query<EventsQuery>) -> Result<Response, Refusal> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") {
        let mut response = Json(domain::events::page(&platform.core, &query).await?).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Ok(response);
    }
    // An id that is none of ours: nobody knows what was missed, so everything is asked for anew.
    let asked = headers.get("last-event-id").map(|value| value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(-1));
    let (start, resync) = domain::events::resume(&platform.core, asked).await?;
    // Something to read at once: a client that gets nothing knows that a proxy keeps the stream back.
    let hello = futures_util::stream::once(async { Ok(SseEvent::default().comment("here")) });
    let stream = Sse::new(hello.chain(stream(platform, start, resync))).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    let mut response = stream.into_response();
    // Asks nginx and its like to pass every event on at once.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    // A client that is cut off before its first event knows where to go on.
    response.headers_mut().insert("last-event-id", HeaderValue::from(start));
    Ok(response)
}

/// Where one client is.
struct Reader {
    platform: Shared,
    newest: watch::Receiver<i64>,
    news: broadcast::Receiver<Happened>,
    last: i64,
    ready: VecDeque<Event>,
    /// So many of the news came before `ready` was read, and are sent before it: news of a cell must not come after the cell's end.
    /// Those that came since are sent after it: kept events do not wait for news to cease.
    news_first: usize,
    /// All kept events were read when this was last looked at.
    has_all: bool,
}

fn stream(platform: Shared, start: i64, resync: bool) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let (newest, news) = (platform.core.newest_event.subscribe(), platform.core.news.subscribe());
    let mut reader = Reader { platform, newest, news, last: start, ready: VecDeque::new(), news_first: 0, has_all: false };
    if resync {
        reader.resync(start);
    }
    futures_util::stream::unfold(reader, |mut reader| async move { reader.next().await.map(|event| (Ok(event), reader)) })
}

impl Reader {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<SseEvent> {
        loop {
            while self.news_first > 0 {
                match self.news.try_recv() {
                    Ok(what) => {
                        self.news_first -= 1;
                        return Some(self.unkept(what));
                    }
                    Err(TryRecvError::Lagged(_)) => self.news_first = self.news_first.min(self.news.len()),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => self.news_first = 0,
                }
            }
            if let Some(event) = self.ready.pop_front() {
                self.last = event.id;
                return Some(SseEvent::default().id(event.id.to_string()).json_data(&event).unwrap_or_default());
            }
            if !self.has_all || self.newest.has_changed().unwrap_or(false) {
                self.newest.mark_unchanged();
                match domain::events::next(&self.platform.core, self.last).await {
                    Ok(Next::Resync(newest)) => self.resync(newest),
                    Ok(Next::Events(events)) => {
                        self.has_all = events.is_empty();
                        self.ready = events.into();
                    }
                    Err(error) => {
                        tracing::error!(%error, "events could not be read");
                        return None;
                    }
                }
                self.news_first = if self.ready.is_empty() { 0 } else { self.news.len() };
                continue;
            }
            tokio::select! {
                () = self.platform.stop.cancelled() => return None,
                changed = self.newest.changed() => match changed {
                    Ok(()) => self.has_all = false,
                    Err(_) => return None,
                },
                news = self.news.recv() => match news {
                    Ok(what) => return Some(self.unkept(what)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    fn unkept(&self, what: Happened) -> SseEvent {
        let event = Event { id: self.last, at: self.platform.core.now(), what };
        SseEvent::default().json_data(&event).unwrap_or_default()
    }

    /// Goes on after `id`; what was before it the client asks for anew.
    fn resync(&mut self, id: i64) {
        self.ready = [Event { id, at: self.platform.core.now(), what: Happened::Resync }].into();
        self.last = id;
    }
}
