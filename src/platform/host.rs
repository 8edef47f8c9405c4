//! Starts and stops the platform: in the console's process, or headless.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::keys::Keys;
use crate::providers::Providers;

/// How a platform is started.
pub struct HostOptions {
    /// Photos, thumbnails and the lock lie here.
    pub folder: PathBuf,
    /// The database file; `<folder>/minerva.sqlite` unless told.
    pub database: Option<PathBuf>,
    /// `127.0.0.1:0` for the embedded one.
    pub listen: SocketAddr,
    /// A random one unless told.
    pub token: Option<SecretString>,
    /// Whether the workers take jobs. Off for one-off commands.
    pub run_workers: bool,
    /// Whether an empty library gets the bundled photos and queues them.
    pub seed_library: bool,
    pub providers: Providers,
    pub keys: Keys,
}

/// Why a platform did not start. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("Another Minerva uses the data folder {0}. Close it, or choose another folder with --data-dir")]
    InUse(String),
    #[error("{0}")]
    Store(#[from] crate::platform::store::StoreError),
    #[error("{0}")]
    Files(String),
    #[error("{0}")]
    Listen(String),
    #[error("{0}")]
    Domain(#[from] crate::platform::domain::DomainError),
}
