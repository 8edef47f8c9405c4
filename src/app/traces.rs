//! `minerva traces`: what happened to photos of the library, looked for and written out, through the same API as the window.

use std::path::PathBuf;

use uuid::Uuid;

use super::config::Settings;
use super::local::{self, failed};
use super::{Failure, Result, logging, report_file, runtime, terminal};
use crate::client::{ApiError, Client};
use crate::wire::trace::{TraceFormat, TraceQuery, TraceSummary};

/// `minerva traces`.
#[derive(Debug, clap::Args)]
pub struct TracesArgs {
    #[command(subcommand)]
    pub command: TracesCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum TracesCommand {
    /// Names traces, newest first (with --slower-than the slowest first): id, time, milliseconds, model, outcome, photo, separated by tabs
    List(ListArgs),
    /// Writes a trace as JSON, or for OpenTelemetry
    Export(ExportArgs),
    /// Prints the request as a command of cURL; the key stands in a variable, the photo in a file
    Curl(CurlArgs),
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those that failed so: `any`, or a kind such as `timeout` or `bad_answer`
    #[arg(long, value_name = "KIND")]
    pub error: Option<String>,
    /// Only those of this model: `PROVIDER/MODEL`
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// Only those that took at least so many milliseconds
    #[arg(long, value_name = "MS")]
    pub slower_than: Option<u64>,
    /// Only those with these words in the photo's name, the answer or the error
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Of a trace, a job's result or a cell
    pub id: Uuid,
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,
    /// File to write; standard output unless told
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct CurlArgs {
    /// Of a trace, a job's result or a cell
    pub id: Uuid,
    /// Which try, from 1; the last one unless told
    #[arg(long = "try", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub number: Option<u32>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// All of it
    Json,
    /// `resourceSpans` of OTLP, in its JSON encoding
    Otlp,
}

pub fn run(settings: &Settings, command: &TracesCommand) -> Result<()> {
    logging::to_terminal(settings);
    runtime()?.block_on(local::with_platform(settings, async |client| match command {
        TracesCommand::List(args) => list(&client, args).await,
        TracesCommand::Export(args) => export(&client, args).await,
        TracesCommand::Curl(args) => curl(&client, args).await,
    }))
}

async fn list(client: &Client, args: &ListArgs) -> Result<()> {
    let query = TraceQuery {
        error: args.error.clone(),
        model: args.model.clone(),
        min_duration_ms: args.slower_than,
        q: args.text.clone(),
        limit: Some(args.limit),
        ..TraceQuery::default()
    };
    for trace in client.traces(&query).await.map_err(|error| failed(&error))?.items {
        terminal::out(&line(&trace))?;
    }
    Ok(())
}

fn line(trace: &TraceSummary) -> String {
    let at = trace.at.format("%Y-%m-%d %H:%M:%S UTC");
    let outcome = trace.fault.map_or("answered", |kind| kind.label());
    format!("{}\t{at}\t{}\t{}\t{outcome}\t{}", trace.id, trace.duration_ms, trace.model, trace.file_name)
}

async fn export(client: &Client, args: &ExportArgs) -> Result<()> {
    let format = match args.format {
        Format::Json => TraceFormat::Json,
        Format::Otlp => TraceFormat::Otlp,
    };
    let text = client.export_trace(args.id, format).await.map_err(|error| refused(args.id, &error))?;
    report_file::give(args.out.as_deref(), &text)
}

async fn curl(client: &Client, args: &CurlArgs) -> Result<()> {
    let at = args.number.map(|number| number as usize - 1);
    let curl = client.trace_as_curl(args.id, at).await.map_err(|error| refused(args.id, &error))?;
    terminal::out(curl.command.trim_end())
}

fn refused(id: Uuid, error: &ApiError) -> Failure {
    match error.code() {
        Some("not_found") => Failure::Usage(format!("There is no trace {id}; `minerva traces list` names those there are")),
        _ => failed(error),
    }
}
