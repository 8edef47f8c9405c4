//! Starts and stops the platform: in the console's process, or headless.

mod folder;
mod generate;

pub use generate::generate;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::keys::Keys;
use crate::platform::domain::{self, Clock, Core, DomainError, Log, SystemClock};
use crate::platform::jobs;
use crate::platform::routes::{self, Platform};
use crate::platform::store::{self, Db};
use crate::providers::Providers;
use crate::wire::ids::OrganizationId;

/// How long a shutdown waits for requests and for work that is begun, each.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// The database of a data folder.
pub const DATABASE_FILE: &str = "minerva.sqlite";

/// How a platform is started.
pub struct HostOptions {
    /// Photos, thumbnails and the lock lie here.
    pub folder: PathBuf,
    /// The database file; `<folder>/minerva.sqlite` unless told.
    pub database: Option<PathBuf>,
    /// `127.0.0.1:0` for the embedded one.
    pub listen: SocketAddr,
    /// Names under which it is reached beside those of loopback, as behind a proxy.
    pub hosts: Vec<String>,
    /// A random one unless told.
    pub token: Option<SecretString>,
    /// Whether the workers take jobs. Off for one-off commands.
    pub run_workers: bool,
    /// Whether an empty library gets the bundled photos and queues them.
    pub seed_library: bool,
    /// Between two looks at the platform's health and its providers'; `None`: only when asked for.
    pub health_every: Option<Duration>,
    pub providers: Providers,
    pub keys: Keys,
    /// What this process logs, as far as it is kept in memory.
    pub log: Log,
}

/// Why a platform did not start. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("Another Minerva uses the data folder {0}. Close it, or choose another folder with --data-dir")]
    InUse(String),
    #[error("{0}")]
    Store(#[from] store::StoreError),
    #[error(
        "The database {path} is damaged: {why}. Nothing was changed. Put a copy of it back, or move the file away to start with an empty library"
    )]
    Damaged { path: String, why: String },
    #[error("There is no room on the disk of {0}. Nothing was changed. Free some space, then start again")]
    DiskFull(String),
    #[error(
        "The database {0} holds rows already, and invented ones are never put beside others. Nothing was changed. Name a file that is not there yet"
    )]
    NotEmpty(String),
    #[error("{0}")]
    Files(String),
    #[error("{0}")]
    Listen(String),
    #[error("{0}")]
    Domain(#[from] DomainError),
}

/// How long a start waits for a data folder that is in use, and how often it looks.
const LOCK_PATIENCE: Duration = Duration::from_millis(1_500);
const LOCK_LOOK: Duration = Duration::from_millis(100);

/// A running platform. Dropped without [`Host::shutdown`] it stops in the background.
pub struct Host {
    address: SocketAddr,
    token: SecretString,
    core: Arc<Core>,
    server: Option<JoinHandle<std::io::Result<()>>>,
    locks: Vec<File>,
}

/// Starts a platform on the machine's clock. Returns as soon as it answers.
pub async fn start(options: HostOptions) -> Result<Host, StartError> {
    start_at(options, Arc::new(SystemClock)).await
}

/// Starts a platform on another clock, for tests of what time does.
pub async fn start_at(options: HostOptions, clock: Arc<dyn Clock>) -> Result<Host, StartError> {
    folder::prepare(&options.folder)?;
    let mut locks = vec![lock(&options.folder.join("minerva.lock")).await?];
    let database = match options.database {
        Some(path) => {
            locks.push(lock(&folder::beside(&path, ".lock")).await?);
            path
        }
        None => options.folder.join(DATABASE_FILE),
    };
    folder::refuse_emptied(&options.folder, &database)?;
    folder::begin_database(&database)?;
    let db = Db::open(&database).await.map_err(|error| with_place(&database, error))?;
    let core = Arc::new(Core { log: options.log, ..Core::new(db, options.folder, options.providers, options.keys, clock, OrganizationId::LOCAL) });
    domain::start::prepare(&core).await.map_err(|error| match error {
        DomainError::Store(error) => with_place(&database, error),
        other => StartError::Domain(other),
    })?;
    if options.run_workers {
        // The queue is looked at once before anybody can ask, so that its line begins with the start.
        domain::metrics::sample(&core).await?;
    }
    let token = match options.token {
        Some(token) => token,
        None => random_token()?,
    };
    let (address, server) = serve(&core, options.listen, &options.hosts, token.clone()).await?;
    jobs::start(&core, jobs::Wanted { workers: options.run_workers, bundled_photos: options.seed_library, health_every: options.health_every });
    tracing::info!(%address, "the platform answers");
    Ok(Host { address, token, core, server: Some(server), locks })
}

/// Takes a lock. One that was killed a moment ago may hold it still.
async fn lock(path: &std::path::Path) -> Result<File, StartError> {
    let until = std::time::Instant::now() + LOCK_PATIENCE;
    loop {
        match folder::lock(path) {
            Err(StartError::InUse(_)) if std::time::Instant::now() < until => tokio::time::sleep(LOCK_LOOK).await,
            locked => return locked,
        }
    }
}

impl Host {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that a client on this machine uses.
    #[must_use]
    pub fn base(&self) -> Url {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let mut url = LOOPBACK.clone();
        // Neither can fail: the URL has a host, and `http` has ports.
        let _ = url.set_ip_host(ip);
        let _ = url.set_port(Some(self.address.port()));
        url
    }

    #[must_use]
    pub fn token(&self) -> SecretString {
        self.token.clone()
    }

    #[must_use]
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Stops: event streams end, calls in flight are cancelled and their jobs go back to the queue.
    pub async fn shutdown(mut self) {
        self.core.stop.cancel();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(SHUTDOWN_PATIENCE, &mut server).await.is_err()
        {
            server.abort();
        }
        self.core.tasks.close();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, self.core.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not stop in time; its jobs come back when their leases end");
        }
        self.core.db.close().await;
        self.locks.clear();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}

static LOOPBACK: std::sync::LazyLock<Url> = std::sync::LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant that the tests parse")]
    Url::parse("http://127.0.0.1/").expect("a constant URL")
});

async fn serve(
    core: &Arc<Core>,
    listen: SocketAddr,
    given: &[String],
    token: SecretString,
) -> Result<(SocketAddr, JoinHandle<std::io::Result<()>>), StartError> {
    let refused =
        |error: std::io::Error| StartError::Listen(format!("The platform can't listen on {listen}: {error}. Choose another address or port"));
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let stop: CancellationToken = core.stop.clone();
    let platform = Arc::new(Platform { core: Arc::clone(core), token, hosts: hosts(address, given), stop: stop.clone() });
    let service = routes::router(platform).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await });
    Ok((address, server))
}

/// The names that a `Host` header may hold, whatever its port: a forwarded port is another one, and a page that rebinds its name still
/// has that name. A listener that others can reach has names that we can't know, and is held to those that were given, if any were.
fn hosts(address: SocketAddr, given: &[String]) -> Vec<String> {
    let of_loopback = ["127.0.0.1", "localhost", "[::1]"].into_iter().filter(|_| address.ip().is_loopback() || !given.is_empty());
    of_loopback.map(str::to_owned).chain(given.iter().map(|name| name.to_ascii_lowercase())).collect()
}

/// 256 random bits.
fn random_token() -> Result<SecretString, StartError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| StartError::Listen(format!("The system gave no random token: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

fn with_place(database: &std::path::Path, error: store::StoreError) -> StartError {
    match error {
        store::StoreError::DiskFull => StartError::DiskFull(database.display().to_string()),
        store::StoreError::Damaged(why) => StartError::Damaged { path: database.display().to_string(), why },
        other => StartError::Store(other),
    }
}
