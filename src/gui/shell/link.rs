//! The line to the platform: starting or reaching it, and following its events.

use std::time::{Duration, Instant};

use poll_promise::Promise;
use secrecy::SecretString;
use tokio::sync::{mpsc, watch};
use url::Url;

use super::{EmbeddedPlatform, ShellOptions};
use crate::client::event::StreamItem;
use crate::client::{ApiError, Client};
use crate::gui::ctx::{LinkState, Moment};
use crate::wire::event::{Event, Happened};

/// Items of the event stream taken in one frame; the rest waits for the next.
const ITEMS_PER_FRAME: usize = 1_000;

/// Between two looks for a platform that does not answer.
pub const LOOK_AGAIN: Duration = Duration::from_secs(2);

type Stop = Box<dyn FnOnce() -> std::pin::Pin<Box<dyn std::future::Future<Output = ()> + Send>> + Send>;

/// Where the window is with its platform.
pub enum Link {
    /// The platform is started or looked for; what keeps it from being reached so far, where something does.
    Starting(Promise<Result<Started, String>>, watch::Receiver<Option<String>>),
    /// What happened, why, what to do.
    Failed(String),
    Up(Up),
}

/// A platform that was started or found.
pub struct Started {
    client: Client,
    stop: Option<Stop>,
}

/// A platform that is followed.
pub struct Up {
    pub client: Client,
    pub state: LinkState,
    stop: Option<Stop>,
    stream: mpsc::Receiver<StreamItem>,
}

/// What a frame takes in from the stream.
#[derive(Default)]
pub struct News {
    pub events: Vec<Event>,
    /// Everything has to be asked for again.
    pub reload: bool,
}

/// Starts the embedded platform off the frame, once the one before it has let go of the data folder.
pub fn start_embedded(options: &ShellOptions, egui: &egui::Context, before: Option<tokio::task::JoinHandle<()>>) -> Link {
    let starting = (options.start_platform)();
    start(options, egui, |_| async move {
        if let Some(before) = before {
            // However it ended, the folder's lock says whether it is free.
            let _ended = before.await;
        }
        let EmbeddedPlatform { base, token, stop } = starting.await?;
        Ok(Started { client: Client::new(base, token).map_err(|error| error.to_string())?, stop: Some(stop) })
    })
}

/// Asks a team's platform for its status, so that a wrong address or token is said at once; one that does not answer is asked again
/// and again. `token`: `None` takes the keyring's.
pub fn reach_remote(options: &ShellOptions, egui: &egui::Context, base: Url, token: Option<SecretString>) -> Link {
    let (keys, repaint) = (options.keys.clone(), egui.clone());
    start(options, egui, |trouble| async move {
        let token = match token {
            Some(token) => token,
            None => keys.get(&super::saved::token_account(&base)).await.map_err(|problem| format!("The token of {base} can't be read: {problem}"))?.0,
        };
        let client = Client::new(base.clone(), token).map_err(|error| error.to_string())?;
        loop {
            let Err(error) = client.config().await else { return Ok(Started { client, stop: None }) };
            let words = format!("The platform at {base} can't be used. {error}");
            // It may be started later than the console, or be started anew just now.
            if !matches!(error, ApiError::Network(_)) {
                return Err(words);
            }
            trouble.send_replace(Some(words.clone()));
            repaint.request_repaint();
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = trouble.closed() => return Err(words),
            }
        }
    })
}

fn start<F>(options: &ShellOptions, egui: &egui::Context, work: impl FnOnce(watch::Sender<Option<String>>) -> F) -> Link
where
    F: Future<Output = Result<Started, String>> + Send + 'static,
{
    let (sender, promise) = Promise::new();
    let (trouble, heard) = watch::channel(None);
    let (egui, work) = (egui.clone(), work(trouble));
    options.runtime.spawn(async move {
        sender.send(work.await);
        egui.request_repaint();
    });
    Link::Starting(promise, heard)
}

impl Link {
    /// Takes in what has come; returns true in the frame in which the platform is up for the first time.
    pub fn poll(&mut self, runtime: &tokio::runtime::Handle, egui: &egui::Context) -> bool {
        let Link::Starting(promise, _) = self else { return false };
        let Some(outcome) = promise.ready() else { return false };
        if let Err(why) = outcome {
            *self = Link::Failed(why.clone());
            return false;
        }
        let Link::Starting(promise, _) = std::mem::replace(self, Link::Failed(String::new())) else { return false };
        let Ok(Ok(Started { client, stop })) = promise.try_take() else { return false };
        let repaint = egui.clone();
        let _entered = runtime.enter();
        let stream = client.follow_events(None, move || repaint.request_repaint());
        *self = Link::Up(Up { client, state: LinkState::Connecting, stop, stream });
        true
    }

    /// Stops an embedded platform; returns what has to be waited for.
    pub fn stop(self) -> Option<std::pin::Pin<Box<dyn std::future::Future<Output = ()> + Send>>> {
        match self {
            Link::Up(up) => up.stop.map(|stop| stop()),
            Link::Starting(..) | Link::Failed(_) => None,
        }
    }
}

impl Up {
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.stop.is_some()
    }

    /// Takes in what the stream has brought.
    pub fn news(&mut self) -> News {
        let mut news = News::default();
        for _ in 0..ITEMS_PER_FRAME {
            let Ok(item) = self.stream.try_recv() else { break };
            let now = Moment::now();
            match item {
                StreamItem::Connected => {
                    // What was asked before the stream stood may be older than its first event, and what was asked
                    // while it was broken, or before the computer slept, has failed. No such thing after polling.
                    news.reload |= !matches!(self.state, LinkState::Polling { .. });
                    self.state = LinkState::Live { last_event: now };
                }
                StreamItem::Polling { why } => {
                    news.reload |= !matches!(self.state, LinkState::Live { .. });
                    self.state = LinkState::Polling { last_event: now, why };
                }
                StreamItem::Event(event) => {
                    match &mut self.state {
                        LinkState::Polling { last_event, .. } => *last_event = now,
                        state => *state = LinkState::Live { last_event: now },
                    }
                    if event.what == Happened::Resync {
                        news.reload = true;
                        news.events.clear();
                    } else {
                        news.events.push(*event);
                    }
                }
                StreamItem::Lost { why, retry_in, silent_for } => {
                    let since = if let LinkState::Lost { since, .. } = self.state { since } else { Moment::ago(silent_for) };
                    let is_refused = matches!(&why, ApiError::Problem(problem) if matches!(problem.status, 401 | 403));
                    self.state = LinkState::Lost { why: why.to_string(), is_refused, since, retry_at: Instant::now() + retry_in };
                }
            }
        }
        news
    }

    /// Whether more waits in the stream.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.stream.is_empty()
    }
}
