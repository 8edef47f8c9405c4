//! A real platform on a folder of its own: a real server on port 0, a real database, the real client.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use minerva_console::client::Client;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::{Clock, Log, SystemClock};
use minerva_console::platform::host::{self, Host, HostOptions, StartError};
use minerva_console::providers::{PriceBook, Provider, ProviderSettings, Providers};
use minerva_console::wire::job::{Job, JobQuery, JobState};
use minerva_console::wire::photo::Photo;
use tempfile::TempDir;

/// The shipped prices, but for changes that are due: pictures and sums must be the same on every day.
pub fn lasting_prices() -> PriceBook {
    let price = |id: &str, input: f64, output: f64| {
        let from = |day: &str, factor: f64| serde_json::json!({"from": day, "in": input * factor, "out": output * factor});
        serde_json::json!({"provider": "gemini", "id": id, "prices": [from("2026-01-01", 1.0), from("2099-01-01", 2.0)]})
    };
    let models = [price("gemini-3.8-flash", 0.75, 3.75), price("gemini-4-argon", 2.0, 10.0), price("gemini-4-carbon", 2.0, 10.0)];
    let own = serde_json::json!({"catalogue_version": 1, "models": models});
    PriceBook::shipped().with_own(&own.to_string()).expect("in the form of the catalogue")
}

/// How a test wants its platform. The default: real providers without keys, workers on, an empty library.
#[derive(Clone)]
pub struct Options {
    pub providers: Providers,
    pub keys: Keys,
    pub run_workers: bool,
    pub seed_library: bool,
    /// How often it looks at its health by itself; not at all unless told.
    pub health_every: Option<Duration>,
    pub clock: Arc<dyn Clock>,
    /// What `/api/ai/logs` answers; nothing is written to it but what a test writes.
    pub log: Log,
}

impl Default for Options {
    fn default() -> Self {
        let keys = Keys::new(HashMap::new(), false);
        let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
        Self { providers, keys, run_workers: true, seed_library: false, health_every: None, clock: Arc::new(SystemClock), log: Log::default() }
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
        #[cfg(unix)]
        if self.seed_library {
            lend_thumbnails(&folder);
        }
        HostOptions {
            folder,
            database: None,
            listen: ([127, 0, 0, 1], 0).into(),
            hosts: Vec::new(),
            token: None,
            run_workers: self.run_workers,
            seed_library: self.seed_library,
            health_every: self.health_every,
            providers: self.providers.clone(),
            keys: self.keys.clone(),
            log: self.log.clone(),
        }
    }
}

/// The thumbnails of the bundled photos are the same for every story: they are made once, not by each. They are named by what is in
/// the photos, so a folder that all share holds nothing wrong for any of them.
#[cfg(unix)]
fn lend_thumbnails(folder: &Path) {
    static SHARED: OnceLock<PathBuf> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("thumbnails");
        // Of another build: this one makes its own.
        let _ = std::fs::remove_dir_all(&shared);
        std::fs::create_dir_all(&shared).expect("a folder");
        shared
    });
    if !folder.join("thumbnails").exists() {
        std::fs::create_dir_all(folder).expect("a data folder");
        std::os::unix::fs::symlink(shared, folder.join("thumbnails")).expect("a link");
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
    client.set_author("you");
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

/// So many more runs in a data folder that has one, each like it and a minute older than the one before.
pub async fn copy_runs(data: &std::path::Path, count: u32) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("minerva.sqlite"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("opens");
    let copied = sqlx::query(
        "INSERT INTO runs (id, organization_id, name, state, photo_ids, columns, repeats, concurrency, started_at_ms, finished_at_ms, prices,
                           estimate, kind, spend_limit, baseline_column, stopped, photo_set)
         WITH RECURSIVE copies (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < $1)
         SELECT randomblob(16), organization_id, 'Copy ' || n, state, photo_ids, columns, repeats, concurrency, started_at_ms - n * 60000,
                finished_at_ms, prices, estimate, kind, spend_limit, baseline_column, stopped, photo_set
         FROM runs, copies",
    );
    copied.bind(count).execute(&mut connection).await.expect("copied");
    sqlx::Connection::close(connection).await.expect("closed");
}

/// How long is waited for what must come; a debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again until `look` gives something, or panics saying what was waited for.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A JPEG that no other call with another `seed` gives, and that looks like none of those.
pub fn jpeg(width: u32, height: u32, seed: u8) -> Bytes {
    // Light and dark fields, eight in a row, as the seed says.
    let fields = blake3::hash(&[seed]);
    let is_light = |x: u32, y: u32| (fields.as_bytes()[(y * 8 / height) as usize] >> (x * 8 / width)) & 1 == 1;
    let image = image::RgbImage::from_fn(width, height, |x, y| {
        let light = if is_light(x, y) { 200 } else { 20 };
        image::Rgb([light, light / 2 + (x % 100) as u8, light / 2 + (y % 100) as u8])
    });
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&image).expect("encodes");
    bytes.into()
}

impl TestPlatform {
    /// Adds generated photos, named `0.jpg`, `1.jpg`, …; in that order.
    pub async fn add(&self, count: u8, enqueue: bool) -> Vec<Photo> {
        let files = (0..count).map(|seed| (format!("{seed}.jpg"), jpeg(64, 48, seed))).collect();
        let added = self.client.add_photos(files, enqueue).await.expect("added");
        assert_eq!(added.added.len(), usize::from(count), "{added:?}");
        added.added
    }

    /// All jobs, newest first.
    pub async fn jobs(&self) -> Vec<Job> {
        self.client.jobs(&JobQuery { limit: Some(1000), ..JobQuery::default() }).await.expect("jobs").items
    }

    /// Waits until so many jobs are in a state.
    pub async fn until_jobs(&self, count: usize, state: JobState) -> Vec<Job> {
        until(&format!("{count} jobs {state:?}"), || async {
            let jobs: Vec<Job> = self.jobs().await.into_iter().filter(|job| job.state == state).collect();
            (jobs.len() == count).then_some(jobs)
        })
        .await
    }
}
