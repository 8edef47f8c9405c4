//! The event stream: reconnects by itself, with `Last-Event-ID`, so that nothing is missed.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::Method;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use super::{ApiError, Client, Result, network};
use crate::wire::event::Event;
use crate::wire::problem::Problem;

/// The server sends a heartbeat every 10 s; silence longer than this means a dead connection.
const SILENCE: Duration = Duration::from_secs(25);

/// What the stream tells its reader.
#[derive(Debug, Clone)]
pub enum StreamItem {
    /// The stream stands. After the first one, events since the last are on their way.
    Connected,
    Event(Box<Event>),
    /// The stream broke and is tried again after `retry_in`.
    Lost {
        why: ApiError,
        retry_in: Duration,
    },
}

impl Client {
    /// Follows the events from `last_id` on until the receiver is dropped. Runs on the current tokio runtime.
    /// `wake` is called after every item (a GUI asks for a repaint there).
    #[must_use]
    pub fn follow_events(&self, mut last_id: Option<i64>, wake: impl Fn() + Send + Sync + 'static) -> mpsc::Receiver<StreamItem> {
        let (sender, receiver) = mpsc::channel(4096);
        let client = self.clone();
        tokio::spawn(async move {
            let mut failures = 0_u32;
            loop {
                let why = tokio::select! {
                    why = client.follow_once(&mut last_id, &mut failures, &sender, &wake) => why,
                    () = sender.closed() => return,
                };
                let retry_in = Duration::from_millis(250 * 2_u64.pow(failures.min(5)));
                failures += 1;
                if sender.send(StreamItem::Lost { why, retry_in }).await.is_err() {
                    return;
                }
                wake();
                tokio::select! {
                    () = tokio::time::sleep(retry_in) => {}
                    () = sender.closed() => return,
                }
            }
        });
        receiver
    }

    async fn follow_once(&self, last_id: &mut Option<i64>, failures: &mut u32, sender: &mpsc::Sender<StreamItem>, wake: &impl Fn()) -> ApiError {
        let response = match self.open_events(*last_id).await {
            Ok(response) => response,
            Err(why) => return why,
        };
        *failures = 0;
        if sender.send(StreamItem::Connected).await.is_err() {
            return ApiError::Network("closed".to_owned());
        }
        wake();
        // The time-out watches the bytes, so that heartbeats (comments, which are no events) count.
        let bytes = tokio_stream::StreamExt::timeout(response.bytes_stream(), SILENCE)
            .map(|chunk| chunk.map_err(|_| "no sign of life".to_owned())?.map_err(|error| error.without_url().to_string()));
        let mut events = std::pin::pin!(bytes.eventsource());
        loop {
            match events.next().await {
                None => return ApiError::Network("the stream ended".to_owned()),
                Some(Err(error)) => return ApiError::Network(error.to_string()),
                Some(Ok(message)) => match serde_json::from_str::<Event>(&message.data) {
                    Ok(event) => {
                        // What is not kept has no place of its own among the events.
                        if event.what.is_kept() {
                            *last_id = Some(event.id);
                        }
                        if sender.send(StreamItem::Event(Box::new(event))).await.is_err() {
                            return ApiError::Network("closed".to_owned());
                        }
                        wake();
                    }
                    Err(error) => return ApiError::BadAnswer(error.to_string()),
                },
            }
        }
    }

    async fn open_events(&self, last_id: Option<i64>) -> Result<reqwest::Response> {
        let url = self.base.join("api/ai/dashboard/events").map_err(|error| ApiError::Network(error.to_string()))?;
        let mut request = self.http.request(Method::GET, url).bearer_auth(self.token.expose_secret());
        if let Some(id) = last_id {
            request = request.header("last-event-id", id.to_string());
        }
        let response = request.send().await.map_err(network)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.map_err(network)?;
        Err(ApiError::Problem(
            serde_json::from_slice(&body)
                .unwrap_or_else(|_| Problem::new(status.as_u16(), "not_a_platform", format!("The server answered {status}"), "")),
        ))
    }
}
