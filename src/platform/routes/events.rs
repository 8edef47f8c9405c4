//! The event stream. Events are read from the store, woken by the newest id: a client that
//! reconnects with `Last-Event-ID` misses nothing and sees nothing twice.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::Stream;

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
        newest: tokio::sync::watch::Receiver<i64>,
        last: i64,
        ready: std::collections::VecDeque<Event>,
    }
    let newest = platform.core.newest_event.subscribe();
    let ready =
        if resync { [Event { id: start, at: platform.core.now(), what: Happened::Resync }].into() } else { std::collections::VecDeque::new() };
    futures_util::stream::unfold(At { platform, newest, last: start, ready }, |mut at| async move {
        loop {
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
            }
        }
    })
}
