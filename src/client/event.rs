//! Following the events: by the stream, or by asking again and again where a proxy breaks the stream. Goes on
//! by itself after a break, where it was, so that nothing is missed and nothing is told twice.

mod pace;
mod poll;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::{Stream, StreamExt};
use reqwest::{Method, header};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{ApiError, Client, Result, network};
use crate::wire::event::{Event, EventsPage, EventsQuery, Happened};
use crate::wire::problem::Problem;
use pace::Backoff;

/// What the stream tells its reader.
#[derive(Debug, Clone)]
pub enum StreamItem {
    /// The stream stands. After the first one, events since the last are on their way.
    Connected,
    /// The stream does not come through, and why; events are asked for instead.
    Polling {
        why: String,
    },
    Event(Box<Event>),
    /// Nothing comes through; it is tried again after `retry_in`.
    Lost {
        why: ApiError,
        retry_in: Duration,
        /// Since the platform was heard last, a sign of life included.
        silent_for: Duration,
    },
}

/// How patient a reader is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The platform says something at once; a proxy that keeps its first bytes back this long breaks the stream.
    pub first_byte: Duration,
    /// The platform sends a heartbeat every 5 s; silence longer than this means a dead connection.
    pub silence: Duration,
    /// While events are asked for, the stream is tried again this often.
    pub retry_stream: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first_byte: Duration::from_secs(5), silence: Duration::from_secs(12), retry_stream: Duration::from_mins(1) }
    }
}

/// A stream that ended sooner was cut by something in between, if that happens again and again.
const SHORT_LIFE: Duration = Duration::from_secs(10);
const SHORT_LIVES_MOST: u32 = 3;
/// Items that wait for the reader; then the connection is not read on.
const WAITING_MOST: usize = 4_096;

impl Client {
    /// Follows the events from `last_id` on until the receiver is dropped. Runs on the current tokio runtime.
    /// `wake` is called after every item (a GUI asks for a repaint there).
    #[must_use]
    pub fn follow_events(&self, last_id: Option<i64>, wake: impl Fn() + Send + Sync + 'static) -> mpsc::Receiver<StreamItem> {
        self.follow_events_patiently(last_id, Patience::default(), wake)
    }

    /// Like [`Client::follow_events`], with another patience.
    #[must_use]
    pub fn follow_events_patiently(
        &self,
        last_id: Option<i64>,
        patience: Patience,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> mpsc::Receiver<StreamItem> {
        let (sender, receiver) = mpsc::channel(WAITING_MOST);
        let heard = Arc::new(Mutex::new(Instant::now()));
        let follower = Follower { client: self.clone(), last_id, patience, sender, wake, backoff: Backoff::default(), short_lives: 0, heard };
        tokio::spawn(follower.run());
        receiver
    }

    /// Events without the stream.
    pub async fn events(&self, query: &EventsQuery) -> Result<EventsPage> {
        super::read(self.request(Method::GET, EVENTS)?.header(header::ACCEPT, "application/json").query(query)).await
    }
}

const EVENTS: &str = "api/ai/dashboard/events";

type Bytes = Pin<Box<dyn Stream<Item = std::result::Result<bytes::Bytes, String>> + Send>>;

/// A stream that stands: its first bytes have come.
struct Opened {
    bytes: Bytes,
    /// Where the events stood when it was opened.
    at: Option<i64>,
}

/// Why events no longer come.
enum Ended {
    /// Nobody reads any more.
    Unread,
    /// The computer slept: what stood is dead.
    Slept,
    /// Something in between does not let the stream through.
    Withheld(String),
    Lost(ApiError),
}

struct Follower<W> {
    client: Client,
    last_id: Option<i64>,
    patience: Patience,
    sender: mpsc::Sender<StreamItem>,
    wake: W,
    backoff: Backoff,
    short_lives: u32,
    /// When the platform was heard last.
    heard: Arc<Mutex<Instant>>,
}

impl<W: Fn() + Send + Sync + 'static> Follower<W> {
    async fn run(mut self) {
        let sender = self.sender.clone();
        tokio::select! {
            () = self.follow() => {}
            () = sender.closed() => {}
        }
    }

    async fn follow(&mut self) {
        loop {
            let mut ended = match self.client.open(self.last_id, self.patience).await {
                Ok(opened) => self.read(opened).await,
                // Perhaps only the stream is cut off: asking says whether anything comes through.
                Err(Ended::Lost(ApiError::Network(why))) => Ended::Withheld(format!("The stream could not be opened: {why}")),
                Err(ended) => ended,
            };
            while let Ended::Withheld(why) = ended {
                ended = match self.poll(&why).await {
                    Ok(opened) => self.read(opened).await,
                    Err(ended) => ended,
                };
            }
            let why = match ended {
                Ended::Unread => return,
                Ended::Slept | Ended::Withheld(_) => continue,
                Ended::Lost(why) => why,
            };
            let retry_in = self.backoff.next();
            let silent_for = self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            if self.tell(StreamItem::Lost { why, retry_in, silent_for }).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(retry_in) => {}
                () = pace::slept() => {}
            }
        }
    }

    /// Reads a stream to its end.
    async fn read(&mut self, opened: Opened) -> Ended {
        let since = Instant::now();
        self.backoff = Backoff::default();
        self.hears();
        self.last_id = self.last_id.or(opened.at);
        if let Err(ended) = self.tell(StreamItem::Connected).await {
            return ended;
        }
        let ended = tokio::select! {
            ended = self.read_all(opened.bytes) => ended,
            () = pace::slept() => return Ended::Slept,
        };
        self.short_lives = if since.elapsed() < SHORT_LIFE { self.short_lives + 1 } else { 0 };
        match ended {
            Ended::Lost(_) if self.short_lives >= SHORT_LIVES_MOST => {
                self.short_lives = 0;
                Ended::Withheld(format!("The stream was cut {SHORT_LIVES_MOST} times within {} s", SHORT_LIFE.as_secs()))
            }
            ended => ended,
        }
    }

    async fn read_all(&mut self, bytes: Bytes) -> Ended {
        let lost = |why: String| Ended::Lost(ApiError::Network(why));
        // The time-out watches the bytes, so that heartbeats (comments, which are no events) count.
        let heard = Arc::clone(&self.heard);
        let bytes = bytes.inspect(move |_| *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now());
        let bytes = tokio_stream::StreamExt::timeout(bytes, self.patience.silence).map(|chunk| chunk.unwrap_or_else(|_| Err(SILENT.to_owned())));
        let mut events = std::pin::pin!(bytes.eventsource());
        loop {
            match events.next().await {
                None => return lost("the stream ended".to_owned()),
                Some(Err(EventStreamError::Transport(why))) if why == SILENT => {
                    return Ended::Withheld(format!("The stream was silent for {} s", self.patience.silence.as_secs()));
                }
                Some(Err(EventStreamError::Transport(why))) => return lost(why),
                Some(Err(error)) => return lost(error.to_string()),
                Some(Ok(message)) => match serde_json::from_str::<Event>(&message.data) {
                    Ok(event) => {
                        if let Err(ended) = self.take(event).await {
                            return ended;
                        }
                    }
                    Err(error) => {
                        if let Err(ended) = self.step_over(message.id.parse().ok(), &error).await {
                            return ended;
                        }
                    }
                },
            }
        }
    }

    /// An event that can't be read, such as one of a newer platform: asked for again it would come again. What is not kept is missed;
    /// after any other the reader asks for everything anew.
    async fn step_over(&mut self, id: Option<i64>, error: &serde_json::Error) -> std::result::Result<(), Ended> {
        tracing::warn!(%error, "an event could not be read");
        match id.filter(|id| self.last_id.is_none_or(|last| *id > last)) {
            Some(id) => self.take(Event { id, at: chrono::Utc::now(), what: Happened::Resync }).await,
            None => Ok(()),
        }
    }

    fn hears(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Passes an event on, unless it was told before.
    async fn take(&mut self, event: Event) -> std::result::Result<(), Ended> {
        if event.what == Happened::Resync {
            self.last_id = Some(event.id);
        } else if event.what.is_kept() {
            // What is not kept has no place of its own among the events.
            if self.last_id.is_some_and(|last| event.id <= last) {
                return Ok(());
            }
            self.last_id = Some(event.id);
        }
        self.tell(StreamItem::Event(Box::new(event))).await
    }

    async fn tell(&self, item: StreamItem) -> std::result::Result<(), Ended> {
        self.sender.send(item).await.map_err(|_| Ended::Unread)?;
        (self.wake)();
        Ok(())
    }
}

/// Said in place of bytes that do not come.
const SILENT: &str = "no sign of life";

impl Client {
    /// Opens the stream and waits for its first bytes.
    async fn open(&self, last_id: Option<i64>, patience: Patience) -> std::result::Result<Opened, Ended> {
        let opened = tokio::time::timeout(patience.first_byte, self.ask_for_stream(last_id)).await;
        opened.unwrap_or_else(|_| {
            let why = format!("The stream's first bytes did not come within {} s", patience.first_byte.as_secs_f32());
            Err(Ended::Withheld(why))
        })
    }

    async fn ask_for_stream(&self, last_id: Option<i64>) -> std::result::Result<Opened, Ended> {
        let url = self.base.join(EVENTS).map_err(|error| Ended::Lost(ApiError::Network(error.to_string())))?;
        let mut request = self.http.request(Method::GET, url).bearer_auth(self.token.expose_secret()).header(header::ACCEPT, EVENT_STREAM);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id.to_string());
        }
        let response = request.send().await.map_err(|error| Ended::Lost(network(error)))?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let value = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (kind, at) = (value("content-type"), value("last-event-id").parse().ok());
        if !kind.starts_with(EVENT_STREAM) {
            return Err(Ended::Withheld(format!("Something in between answers '{kind}' in place of the stream")));
        }
        let mut bytes = response.bytes_stream().map(|chunk| chunk.map_err(|error| error.without_url().to_string()));
        match bytes.next().await {
            Some(Ok(first)) => Ok(Opened { bytes: Box::pin(futures_util::stream::iter([Ok(first)]).chain(bytes)), at }),
            Some(Err(why)) => Err(Ended::Lost(ApiError::Network(why))),
            None => Err(Ended::Withheld("The stream ended before it began".to_owned())),
        }
    }
}

const EVENT_STREAM: &str = "text/event-stream";

/// A platform that refuses says why in words of its own; anything else was said by something in between.
async fn refused(response: reqwest::Response) -> Ended {
    let status = response.status();
    match response.bytes().await {
        Err(error) => Ended::Lost(network(error)),
        Ok(body) => match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Ended::Lost(ApiError::Problem(problem)),
            Err(_) => Ended::Withheld(format!("Something in between answered {status}")),
        },
    }
}
