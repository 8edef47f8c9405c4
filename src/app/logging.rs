//! Logs: everything to a file a day in the data folder, warnings to standard error as well.
//!
//! What is logged is the caller's duty: no key, no token, no photo bytes.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::config::Settings;
use super::{Failure, Result};

/// Files kept, one a day.
const FILES_KEPT: usize = 7;

/// Logs to `<data folder>/logs` and warnings to standard error. Keep the guard until the program ends:
/// dropping it writes the last lines.
pub fn to_files(settings: &Settings, data_dir: &Path) -> Result<WorkerGuard> {
    let folder = data_dir.join("logs");
    let unwritable = |error: &dyn std::fmt::Display| {
        let folder = folder.display();
        Failure::Failed(format!("The log folder {folder} can't be written: {error}. Mend its permissions or choose another with --data-dir"))
    };
    make_private(&folder).map_err(|error| unwritable(&error))?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("minerva")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(&folder)
        .map_err(|error| unwritable(&error))?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let to_file = fmt::layer().with_ansi(false).with_writer(writer).with_filter(filter(settings)?);
    // A second subscriber in one process only happens in tests; the first one stays.
    let _ = tracing_subscriber::registry().with(to_file).with(to_stderr()).try_init();
    Ok(guard)
}

/// Logs warnings to standard error only (with `--verbose`, all of Minerva's), for commands that leave no trace.
pub fn to_terminal(settings: &Settings) -> Result<()> {
    let filter = if settings.log_level == "debug" { filter(settings)? } else { EnvFilter::new("warn") };
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false).without_time().with_filter(filter);
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
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
    fmt::layer().with_writer(std::io::stderr).with_target(false).without_time().with_filter(LevelFilter::WARN)
}

/// A bare level is meant for Minerva; its dependencies stay at warnings. Anything else is a filter as written.
fn filter(settings: &Settings) -> Result<EnvFilter> {
    let level = &settings.log_level;
    let text = if level.parse::<LevelFilter>().is_ok() { format!("warn,minerva_console={level}") } else { level.clone() };
    EnvFilter::try_new(&text).map_err(|error| Failure::Usage(format!("log_level = \"{level}\" is neither a level nor a filter: {error}")))
}
