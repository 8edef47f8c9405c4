//! Asking for events again and again, while the stream does not come through.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ended, Follower, Opened, StreamItem, pace};
use crate::client::ApiError;
use crate::wire::event::{Event, EventsPage, EventsQuery, Happened};

/// How long the platform waits with its answer for an event to tell.
const WAIT: Duration = Duration::from_secs(8);
/// What the answer may take beyond that.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// The first one, while what is shown still stands as the present.
const FIRST_WITHIN: Duration = Duration::from_secs(4);
/// Between two questions, should the platform answer at once again and again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

impl<W: Fn() + Send + Sync + 'static> Follower<W> {
    /// Asks until the stream comes through again, which it returns, or nothing does.
    pub(super) async fn poll(&mut self, why: &str) -> Result<Opened, Ended> {
        // Says whether asking works at all, and where the events stand if none was seen yet.
        let first = self.ask(Duration::ZERO, FIRST_WITHIN).await?;
        self.backoff = pace::Backoff::default();
        self.tell(StreamItem::Polling { why: why.to_owned() }).await?;
        self.take_page(first).await?;
        let mut retry_at = Instant::now() + self.patience.retry_stream;
        loop {
            let asked_at = Instant::now();
            if asked_at < retry_at {
                let wait = WAIT.min(retry_at - asked_at);
                let page = tokio::select! {
                    page = self.ask(wait, ANSWERS_WITHIN) => page?,
                    () = pace::slept() => continue,
                };
                self.take_page(page).await?;
            } else {
                // Both at once, so that no event comes late for it.
                let (opened, page) = tokio::join!(self.client.open(self.last_id, self.patience), self.ask(Duration::from_secs(1), ANSWERS_WITHIN));
                self.take_page(page?).await?;
                match opened {
                    Ok(opened) => return Ok(opened),
                    Err(_still_withheld) => retry_at = Instant::now() + self.patience.retry_stream,
                }
            }
            tokio::time::sleep_until(asked_at + SHORTEST_PAUSE).await;
        }
    }

    async fn ask(&self, wait: Duration, within: Duration) -> Result<EventsPage, Ended> {
        let wait_ms = u64::try_from(wait.as_millis()).ok();
        let query = EventsQuery { after: self.last_id, wait_ms, ..EventsQuery::default() };
        let answer = tokio::time::timeout(wait + within, self.client.events(&query)).await;
        let answer = answer.unwrap_or_else(|_| Err(ApiError::Network(format!("no answer within {} s", (wait + within).as_secs()))));
        let page = answer.map_err(Ended::Lost)?;
        self.hears();
        Ok(page)
    }

    async fn take_page(&mut self, page: EventsPage) -> Result<(), Ended> {
        if page.resync {
            self.take(Event { id: page.next, at: chrono::Utc::now(), what: Happened::Resync }).await?;
        }
        for event in page.items {
            self.take(event).await?;
        }
        self.last_id = self.last_id.or(Some(page.next));
        Ok(())
    }
}
