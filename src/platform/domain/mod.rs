//! The rules: a file per noun. No HTTP, no SQL text; clock and randomness are passed in.

pub mod alerts;
pub mod analysis;
pub mod analytics;
pub mod assistant;
pub mod author;
pub mod baseline;
pub mod bundled;
pub mod config;
pub mod config_file;
pub mod config_journal;
pub mod costs;
pub mod deployments;
pub mod disk;
pub mod events;
pub mod fallbacks;
pub mod generate;
pub mod ground_truth;
pub mod health;
pub mod idempotency;
pub mod jobs;
pub mod known_labels;
pub mod lab_journal;
pub mod logs;
pub mod metrics;
pub mod models;
pub mod near_duplicates;
pub mod page;
pub mod past;
pub mod photo_files;
pub mod photo_sets;
pub mod photos;
pub mod pipeline;
pub mod prompt_analysis;
pub mod prompt_diff;
pub mod prompt_files;
pub mod prompt_journal;
pub mod prompt_labels;
pub mod prompt_search;
pub mod prompts;
pub mod providers;
pub mod replay;
pub mod retirement;
pub mod rules;
pub mod run_export;
pub mod run_report;
pub mod runs;
pub mod spending;
mod spreadsheet;
pub mod start;
pub mod statistics;
pub mod status;
pub mod sweep;
pub mod telemetry;
pub mod traces;
pub mod truth;
pub mod validations;
pub mod votes;
pub mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::keys::Keys;
use crate::platform::store::{self, Db, Tx};
use crate::providers::Providers;
use crate::wire::event::Happened;
use crate::wire::ids::OrganizationId;

pub use crate::platform::store::StoreError;
pub use logs::Log;
pub use telemetry::Telemetry;

/// What every rule needs: the store, the folder of photos, the providers, the clock.
pub struct Core {
    pub db: Db,
    /// Photos and thumbnails lie here.
    pub folder: PathBuf,
    pub providers: Providers,
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    pub org: OrganizationId,
    /// Id of the newest committed event; who waits on it reads the events from the store.
    pub newest_event: watch::Sender<i64>,
    /// What is told to who listens just now and not kept.
    pub news: broadcast::Sender<Happened>,
    /// Woken (`notify_one`) when there may be work for the workers.
    pub work: Arc<tokio::sync::Notify>,
    /// Ends everything that runs in the background.
    pub stop: CancellationToken,
    /// Whatever is spawned here is waited for at shutdown; it must end soon after `stop`.
    pub tasks: TaskTracker,
    /// Photos as models take them, kept while they are likely to be asked for again.
    pub prepared: analysis::Prepared,
    /// Work on pixels waits for one of these: one a core.
    pub cores: Arc<Semaphore>,
    /// Photo files may be added (read) or removed (write), not both: a file that is removed must not be
    /// one that was just added again.
    pub photo_files: tokio::sync::RwLock<()>,
    /// The jobs that are in work in this process.
    pub at_work: workers::AtWork,
    /// Comparison runs that are worked on in this process.
    pub working: runs::Working,
    /// Providers that take no more calls for now.
    pub rate_limits: pipeline::RateLimits,
    /// Whether this process takes jobs from the queue.
    pub worker_runs: AtomicBool,
    /// What this process did, counted.
    pub telemetry: Telemetry,
    /// What this process logs, the newest of it.
    pub log: Log,
    /// What is remembered of health besides its past.
    pub health: health::Watch,
    /// What is remembered between two looks at the rules of alerts.
    pub alerts: alerts::Watch,
    /// Held from a look at what the limits on spending leave room for until the calls that fit are begun.
    pub begins_calls: tokio::sync::Mutex<()>,
    /// Why the limits on spending let no job begin.
    pub held_by_limit: std::sync::Mutex<Option<crate::wire::result::Fault>>,
    /// Why the last result could not be stored, until one is.
    pub not_stored: std::sync::Mutex<Option<String>>,
    /// Why bundled photos are missing so far.
    pub bundled_wait: std::sync::Mutex<Option<String>>,
    /// What is remembered of providers besides their settings.
    pub seen_of_providers: providers::Seen,
    /// What is remembered of counts of tokens.
    pub counters: prompt_analysis::Counters,
    /// Writes that brought a key and are not answered yet.
    pub in_work: idempotency::InWork,
    /// What is known of models while someone types a prompt.
    pub typing: costs::Typing,
}

/// Where "now" comes from.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Why a rule says no.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `what`: `photo`, `prompt version`, …
    #[error("There is no such {what}")]
    NotFound { what: &'static str },
    /// What is asked for was there, or should be, and is not.
    #[error("{message}")]
    Gone { code: &'static str, message: String },
    /// The caller's input breaks a rule; `code` is stable, `message` says what and how to mend it.
    #[error("{message}")]
    Invalid { code: &'static str, message: String },
    /// A question about something that nothing is known of.
    #[error("{message}")]
    Unanswerable { code: &'static str, message: String },
    /// Somebody else wrote in between.
    #[error("{message}")]
    Stale { message: String },
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// A file of the data folder could not be read or written.
    #[error("{message}")]
    Files { message: String },
}

/// Told and not kept that may wait for one reader; a slower one misses the oldest.
const NEWS_WAITING: usize = 256;

/// A write that holds the writer for longer holds up all others.
const SLOW_WRITE: Duration = Duration::from_millis(500);

pub type Result<T> = std::result::Result<T, DomainError>;

/// A write with the events it causes: both are committed together, then the event stream is woken.
pub struct Change<'c> {
    core: &'c Core,
    pub tx: Tx,
    newest: Option<i64>,
    begun: Instant,
}

impl Core {
    #[must_use]
    pub fn new(db: Db, folder: PathBuf, providers: Providers, keys: Keys, clock: Arc<dyn Clock>, org: OrganizationId) -> Self {
        Self {
            db,
            folder,
            providers,
            keys,
            clock,
            org,
            newest_event: watch::Sender::new(0),
            news: broadcast::Sender::new(NEWS_WAITING),
            work: Arc::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            prepared: analysis::Prepared::default(),
            cores: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))),
            photo_files: tokio::sync::RwLock::new(()),
            at_work: workers::AtWork::default(),
            working: runs::Working::default(),
            rate_limits: pipeline::RateLimits::default(),
            worker_runs: AtomicBool::new(false),
            telemetry: Telemetry::default(),
            log: Log::default(),
            health: health::Watch::default(),
            alerts: alerts::Watch::default(),
            begins_calls: tokio::sync::Mutex::default(),
            held_by_limit: std::sync::Mutex::default(),
            not_stored: std::sync::Mutex::default(),
            bundled_wait: std::sync::Mutex::default(),
            seen_of_providers: providers::Seen::default(),
            counters: prompt_analysis::Counters::default(),
            in_work: idempotency::InWork::default(),
            typing: costs::Typing::default(),
        }
    }

    /// Begins a write.
    pub async fn change(&self) -> Result<Change<'_>> {
        let asked = Instant::now();
        let tx = self.db.begin().await?;
        self.telemetry.note_database("wait", asked.elapsed());
        Ok(Change { core: self, tx, newest: None, begun: Instant::now() })
    }

    /// Does work on pixels on a thread for it, as many at once as the machine has cores.
    pub async fn on_a_core<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let interrupted = || DomainError::Files { message: "The work was interrupted; try again".to_owned() };
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| interrupted())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(core);
            done
        });
        done.await.map_err(|_| interrupted())
    }

    /// Lets the database look how much each of its tables holds, so that it goes about questions rightly as they grow.
    pub async fn measure_tables(&self) -> Result<()> {
        Ok(self.db.measure_tables().await?)
    }

    /// In whole milliseconds, as times are stored: what an event says equals what is read later.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }
}

impl Change<'_> {
    /// Records an event that is told when the change is committed.
    pub async fn tell(&mut self, what: &Happened) -> Result<()> {
        self.newest = Some(store::events::insert(&mut self.tx, self.core.org, self.core.now(), what).await?);
        Ok(())
    }

    /// Records an event that says all that an earlier one said, which is forgotten. Returns its id.
    pub async fn tell_instead_of(&mut self, earlier: Option<i64>, what: &Happened) -> Result<i64> {
        if let Some(earlier) = earlier {
            store::events::delete(&mut self.tx, self.core.org, earlier).await?;
        }
        let id = store::events::insert(&mut self.tx, self.core.org, self.core.now(), what).await?;
        self.newest = Some(id);
        Ok(id)
    }

    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(StoreError::from)?;
        let took = self.begun.elapsed();
        self.core.telemetry.note_database("write", took);
        if took > SLOW_WRITE {
            tracing::warn!(ms = took.as_millis() as u64, "a write to the database took long");
        }
        if let Some(id) = self.newest {
            self.core.newest_event.send_if_modified(|newest| {
                let newer = id > *newest;
                *newest = (*newest).max(id);
                newer
            });
        }
        Ok(())
    }
}
