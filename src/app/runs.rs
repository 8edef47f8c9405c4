//! `minerva runs`: runs of the library listed and written to files, through the same API as the window.

use std::path::Path;

use super::args::{RunExportArgs, RunsCommand};
use super::config::Settings;
use super::local::{self, failed};
use super::{Failure, Result, logging, report_file, runtime, terminal};
use crate::client::Client;
use crate::wire::ids::RunId;
use crate::wire::run::{ExportFormat, Run};

pub fn run(settings: &Settings, command: &RunsCommand) -> Result<()> {
    logging::to_terminal(settings);
    // Better one word now than after the platform was started.
    let format = match command {
        RunsCommand::List => ExportFormat::Csv,
        RunsCommand::Export(args) => format(args.format.map(ExportFormat::from), args.out.as_deref())?,
    };
    runtime()?.block_on(local::with_platform(settings, async |client| match command {
        RunsCommand::List => list(&client).await,
        RunsCommand::Export(args) => export(&client, args, format).await,
    }))
}

async fn list(client: &Client) -> Result<()> {
    let mut cursor = None;
    loop {
        let page = client.runs_after(cursor.as_deref()).await.map_err(|error| failed(&error))?;
        for run in &page.items {
            terminal::out(&line(run))?;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Id, time, answers and name, so that another program can cut them apart.
fn line(run: &Run) -> String {
    let (counts, at) = (run.counts, run.started_at.format("%Y-%m-%d %H:%M UTC"));
    format!("{}\t{at}\t{}/{}\t{}", run.id, counts.completed, counts.total(), run.name)
}

async fn export(client: &Client, args: &RunExportArgs, format: ExportFormat) -> Result<()> {
    let id = match args.run {
        Some(id) => id,
        None => match client.runs().await.map_err(|error| failed(&error))?.items.first() {
            Some(newest) => newest.id,
            None => return Err(Failure::Usage("There is no run yet".to_owned())),
        },
    };
    write(client, id, format, args.out.as_deref()).await
}

/// Writes a run to a file, or to standard output.
pub(super) async fn write(client: &Client, id: RunId, format: ExportFormat, out: Option<&Path>) -> Result<()> {
    let mut file = client.export_run(id, format).await.map_err(|error| match error.code() {
        Some("not_found") => Failure::Usage(format!("There is no run {id}; `minerva runs list` names those there are")),
        _ => failed(&error),
    })?;
    let mut text = Vec::new();
    while let Some(piece) = file.piece().await.map_err(|error| failed(&error))? {
        text.extend_from_slice(&piece);
    }
    let text = String::from_utf8_lossy(&text);
    report_file::give(out, &text)
}

/// As told, else as the file's name says, else CSV.
pub(super) fn format(told: Option<ExportFormat>, out: Option<&Path>) -> Result<ExportFormat> {
    let endings = ExportFormat::FILES.into_iter().chain([ExportFormat::Tsv]).map(|format| (format.name(), format));
    report_file::format(told, out, &endings.collect::<Vec<_>>(), ExportFormat::Csv)
}
