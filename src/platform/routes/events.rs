//! The event stream. Events are read from the store, woken by the newest id: a client that
//! reconnects with `Last-Event-ID` misses nothing and sees nothing twice. What is not kept is sent between them
//! without an id.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};

use super::{Refusal, Shared};
use crate::platform::domain;
use crate::wire::event::{Event, Happened};

pub async fn stream(State(platform): State<Shared>, headers: HeaderMap) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Refusal> {
    let asked = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<i64>().ok());
    let (start, resync) = domain::events::resume(&platform.core, asked).await?;
    let stream = async_events(platform, start, resync);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)).text("heartbeat")))
}

fn async_events(platform: Shared, start: i64, resync: bool) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    struct At {
        platform: Shared,
        newest: watch::Receiver<i64>,
        news: broadcast::Receiver<Happened>,
        last: i64,
        ready: std::collections::VecDeque<Event>,
    }
    impl At {
        fn unkept(&self, what: Happened) -> SseEvent {
            let event = Event { id: self.last, at: self.platform.core.now(), what };
            SseEvent::default().json_data(&event).unwrap_or_default()
        }
    }
    let (newest, news) = (platform.core.newest_event.subscribe(), platform.core.news.subscribe());
    let ready =
        if resync { [Event { id: start, at: platform.core.now(), what: Happened::Resync }].into() } else { std::collections::VecDeque::new() };
    futures_util::stream::unfold(At { platform, newest, news, last: start, ready }, |mut at| async move {
        loop {
            // Before what is kept: news of a cell must not come after the cell's end.
            match at.news.try_recv() {
                Ok(what) => return Some((Ok(at.unkept(what)), at)),
                Err(TryRecvError::Lagged(_)) => continue,
                Err(TryRecvError::Empty | TryRecvError::Closed) => {}
            }
            if let Some(event) = at.ready.pop_front() {
                at.last = event.id;
                let sse = SseEvent::default().id(event.id.to_string()).json_data(&event).unwrap_or_default();
                return Some((Ok(sse), at));
            }
            at.newest.mark_unchanged();
            match domain::events::after(&at.platform.core, at.last).await {
                Ok(events) if !events.is_empty() => {
                    at.ready = events.into();
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "events could not be read");
                    return None;
                }
            }
            tokio::select! {
                () = at.platform.stop.cancelled() => return None,
                changed = at.newest.changed() => if changed.is_err() { return None; },
                news = at.news.recv() => match news {
                    Ok(what) => return Some((Ok(at.unkept(what)), at)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    })
}
