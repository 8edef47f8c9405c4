//! Logs: to a file in the data folder and to memory, from where the platform shows them; warnings to standard error as well.
//!
//! What is logged is the caller's duty: no key, no token, no photo bytes.

mod earlier;
mod file;
mod filter;
mod memory;

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::config::Settings;
use super::{Failure, Result, terminal};
use crate::platform::domain::Log;
use file::LogFile;

pub use filter::{LOG_VARIABLE, LogFilter};
use memory::ToMemory;

/// The folder of log files, in the data folder.
const FOLDER: &str = "logs";

/// What a process logs, as long as this lives: dropping it writes the last lines.
pub struct Logging {
    log: Log,
    _writer: WorkerGuard,
}

impl Logging {
    /// Logs to `<data folder>/logs` and to memory, and warnings to standard error.
    pub fn start(settings: &Settings, data_dir: &Path) -> Result<Self> {
        let folder = data_dir.join(FOLDER);
        let unwritable = |error: std::io::Error| {
            let folder = folder.display();
            Failure::Failed(format!("The log folder {folder} can't be written: {error}. Mend its permissions or choose another with --data-dir"))
        };
        make_private(&folder).map_err(unwritable)?;
        let earlier = earlier::read(&folder);
        let (writer, guard) = tracing_appender::non_blocking(LogFile::open(&folder).map_err(unwritable)?);
        let log = Log::beside(&folder, earlier);
        let spans = if settings.log.tells_spans() { FmtSpan::CLOSE } else { FmtSpan::NONE };
        let to_file = fmt::layer().with_ansi(false).with_span_events(spans).with_writer(writer).with_filter(settings.log.to_layer());
        let to_memory = ToMemory::new(log.clone()).with_filter(settings.log.to_layer());
        // A second subscriber in one process only happens in tests; the first one stays.
        let _ = tracing_subscriber::registry().with(to_file).with(to_memory).with(to_stderr()).try_init();
        log_panics();
        Ok(Self { log, _writer: guard })
    }

    /// What is kept in memory.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }
}

/// Logs warnings to standard error only (more when asked for), for commands that leave no trace.
pub fn to_terminal(settings: &Settings) {
    let layer = fmt::layer()
        .with_ansi(terminal::is_watched())
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_filter(settings.log.to_terminal());
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// The place of a panic is logged, and not its words: they may hold anything.
fn log_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the program stumbled");
        before(panic);
    }));
}

/// Makes a folder, with those above it, for its owner only: it may be the first thing in the data folder.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn to_stderr<S>() -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer().with_ansi(terminal::is_watched()).with_writer(std::io::stderr).with_target(false).without_time().with_filter(LevelFilter::WARN)
}
