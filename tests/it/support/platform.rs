//! A real platform on a folder of its own: a real server on port 0, a real database, the real client.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use minerva_console::client::Client;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::{Clock, SystemClock};
use minerva_console::platform::host::{self, Host, HostOptions, StartError};
use minerva_console::providers::{Provider, ProviderSettings, Providers};
use tempfile::TempDir;

/// How a test wants its platform. The default: real providers without keys, workers on, an empty library.
#[derive(Clone)]
pub struct Options {
    pub providers: Providers,
    pub keys: Keys,
    pub run_workers: bool,
    pub seed_library: bool,
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        let keys = Keys::new(HashMap::new(), false);
        let providers = Providers::new(&ProviderSettings { base_urls: Vec::new(), on_device_threads: 1 }, &keys);
        Self { providers, keys, run_workers: true, seed_library: false, clock: Arc::new(SystemClock) }
    }
}

impl Options {
    /// Only these providers.
    pub fn with_providers(list: Vec<Arc<dyn Provider>>) -> Self {
        Self { providers: Providers::of(list), ..Self::default() }
    }

    pub fn without_workers(self) -> Self {
        Self { run_workers: false, ..self }
    }

    pub fn seeded(self) -> Self {
        Self { seed_library: true, ..self }
    }

    /// What `host::start` takes, on `folder`.
    pub fn host_options(&self, folder: PathBuf) -> HostOptions {
        HostOptions {
            folder,
            database: None,
            listen: ([127, 0, 0, 1], 0).into(),
            token: None,
            run_workers: self.run_workers,
            seed_library: self.seed_library,
            providers: self.providers.clone(),
            keys: self.keys.clone(),
        }
    }
}

/// A platform that runs. Stops when dropped; `stop` waits for it.
pub struct TestPlatform {
    pub host: Host,
    pub client: Client,
    pub folder: TempDir,
}

/// Starts a platform on a fresh folder.
pub async fn start(options: Options) -> TestPlatform {
    start_in(tempfile::tempdir().expect("a folder"), options).await.expect("the platform starts")
}

/// Starts a platform on a folder that may have been used before.
pub async fn start_in(folder: TempDir, options: Options) -> Result<TestPlatform, StartError> {
    let host = host::start_at(options.host_options(folder.path().join("data")), Arc::clone(&options.clock)).await?;
    let client = Client::new(host.base(), host.token()).expect("a client");
    Ok(TestPlatform { host, client, folder })
}

impl TestPlatform {
    /// Stops it and gives the folder back, to start on it again.
    pub async fn stop(self) -> TempDir {
        let Self { host, folder, .. } = self;
        host.shutdown().await;
        folder
    }
}
