//! The command line.

mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Parser;
use url::Url;

use crate::wire::ids::RunId;
use crate::wire::money::UsdMicros;
use crate::wire::prompt_parts::Effort;
use crate::wire::run::ExportFormat;
use crate::wire::truth::TruthFormat;
pub use values::{BaseAddress, BaseUrl, DatabasePath, HostName};

/// Compare what prompts and models find in the same photos.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "minerva", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Args {
    #[command(flatten)]
    pub shared: SharedArgs,
    /// Opens the console on this platform (http://HOST:PORT) instead of one of its own; its token is
    /// read from `MINERVA_TOKEN`
    #[arg(long, value_name = "URL")]
    pub platform: Option<Url>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 all went well, 1 something failed, 2 wrong usage";

const EVERYWHERE: &str = "Options of every command";

/// What every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SharedArgs {
    /// Folder of the database, photos and logs; the system's place for user data unless told
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PATH", env = "MINERVA_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration file; `config.toml` in the system's place for configuration unless told
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Sends a provider's calls to another address, such as `gemini=http://127.0.0.1:8080`; repeatable. A new name is
    /// an OpenAI-compatible server: `lab=http://127.0.0.1:1234/v1` makes the models `lab/MODEL`, its key is `LAB_API_KEY`
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PROVIDER=URL")]
    pub base_url: Vec<BaseUrl>,
    /// Logs more: everything of Minerva, at level debug. The environment variable `MINERVA_LOG` takes a level, or a filter
    /// such as `warn,minerva_console=trace`. Console and `serve` log to `logs/minerva.log` in the data folder, 40 MiB at most
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub verbose: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Runs the platform without a window, for consoles on this or other machines
    Serve(ServeArgs),
    /// Asks models about photos with prompts and reports what each found, without a window
    Compare(CompareArgs),
    /// Prices the calls of a past period again, with these or other prices; changes nothing
    Costs(CostsArgs),
    /// Writes prompts to files and reads them from files
    Prompts(PromptsArgs),
    /// Lists runs of the library and writes them to files
    Runs(RunsArgs),
    /// Finds what happened to photos step by step, and writes it out
    Traces(super::traces::TracesArgs),
    /// Makes, shows and changes named sets of photos
    Sets(SetsArgs),
    /// Holds a prompt version against gates on a photo set, for CI
    Validate(ValidateArgs),
    /// Reads and writes ground truth: the tags that photos have, as people say
    Truth(TruthArgs),
    /// Checks database, disk, keyring, display, model and providers, and says how to mend what is wrong
    Doctor(DoctorArgs),
    /// Looks after a platform's database
    Admin(AdminArgs),
}

/// `minerva admin`.
#[derive(Debug, clap::Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    pub command: AdminCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum AdminCommand {
    /// Fills a new database with an invented history of 90 days, for measurements and demonstrations
    Generate(GenerateArgs),
}

/// `minerva admin generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The same seed at the same time makes the same history. Photos have no files, and the pipeline is paused")]
pub struct GenerateArgs {
    /// How many results
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub results: u64,
    /// Database to make, such as `sqlite:/tmp/demo.sqlite`; one that holds rows is refused
    #[arg(long, value_name = "sqlite:PATH")]
    pub database: DatabasePath,
    /// Another number makes another history
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// `minerva serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address and port to answer on; port 0 takes a free one. Beyond loopback a token is required
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4100")]
    pub listen: SocketAddr,
    /// Name under which consoles reach it through a proxy, such as `minerva.example.com`; repeatable. On loopback it answers under
    /// `localhost`, `127.0.0.1` and these alone; beyond loopback under any name, unless some are given
    #[arg(long, value_name = "NAME")]
    pub host: Vec<HostName>,
    /// Database, such as `sqlite:/srv/minerva/team.sqlite`; the one in the data folder unless told.
    /// Without `--data-dir`, photos and logs lie beside it in `team.sqlite.files`
    #[arg(long, value_name = "sqlite:PATH")]
    pub database: Option<DatabasePath>,
    /// File that holds the token which consoles must send. `MINERVA_TOKEN` may hold it instead; with
    /// neither, a random one is written to a file that only you can read
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Starts an empty library empty, without the bundled photos
    #[arg(long)]
    pub no_bundled_photos: bool,
}

/// `minerva compare`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = COMPARE_NOTES)]
pub struct CompareArgs {
    /// Photo files, and folders with all photos below them; the bundled photos unless told
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub photos: Vec<PathBuf>,
    /// Prompt files, each named as its file is; the live prompt of your library unless told
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub prompt: Vec<PathBuf>,
    /// Models: `on-device` (unless told), or `PROVIDER/MODEL` with gemini, openai, anthropic, ollama, or a server that
    /// `--base-url` or the configuration names; `vision/labels+objects+text+safe-search` (any of them)
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub model: Vec<String>,
    /// Answers per photo, prompt and model, 1-20
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeat: u32,
    /// Longer edges, in pixels, in which photos are sent beside the usual one: a sweep of accuracy against cost
    #[arg(long, value_name = "PX", num_args = 1.., value_parser = clap::value_parser!(u32).range(64..=8192))]
    pub image_size: Vec<u32>,
    /// JPEG qualities, 10-100, in which photos are sent beside the usual one, each in every size
    #[arg(long, value_name = "N", num_args = 1.., value_parser = clap::value_parser!(u8).range(10..=100))]
    pub jpeg_quality: Vec<u8>,
    /// Temperatures, 0-2: a column each, in place of what the prompt says
    #[arg(long, value_name = "T", num_args = 1..)]
    pub temperature: Vec<f64>,
    /// How much a model thinks: a column each, with every temperature. What a model does not take makes no column
    #[arg(long, value_name = "LEVEL", num_args = 1..)]
    pub thinking: Vec<ThinkingLevel>,
    /// Calls in flight at once, 1-64; all cores on-device, 8 with a model on the network unless told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub concurrency: Option<u32>,
    /// Most that may be spent, in USD: what may cost more, or whose price is not known, is refused before anything is asked, and
    /// no call is begun that might cross it, as dear as the dearest before it
    #[arg(long, value_name = "USD", value_parser = super::compare::usd)]
    pub max_cost: Option<UsdMicros>,
    /// Labels to measure against: CSV with the header `photo,tag`, or JSON `{"photo.jpg": ["tag"]}`
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Column that the others are held against, by model, by prompt, or as `PROMPT · MODEL`: each is called better, worse, or
    /// neither, with 95 % intervals
    #[arg(long, value_name = "COLUMN")]
    pub baseline: Option<String>,
    /// How to write the report; as the name of --out says, else a table
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// Writes the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const COMPARE_NOTES: &str = "\
Accuracy: with --truth, every tag that a model answered counts, whatever its confidence, and photos are matched by \
file name. Tags are compared without regard to case, hyphens and underscores. Precision, recall and F1 are counted over \
all answered cells of labelled photos (micro-averaged).

Baseline: differences are paired by photo, their intervals are percentile bootstrap over photos with a fixed seed. With \
fewer than 6 photos there is no verdict.

Exit codes: 0 all cells answered, 1 some failed (the rest is still written), 2 wrong usage (nothing was asked).
Ctrl-C stops asking and writes what is answered.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    Table,
    Json,
    Csv,
    Md,
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ThinkingLevel {
    Off,
    Minimal,
    Low,
    Medium,
    High,
}

impl From<ThinkingLevel> for Effort {
    fn from(level: ThinkingLevel) -> Self {
        match level {
            ThinkingLevel::Off => Self::Off,
            ThinkingLevel::Minimal => Self::Minimal,
            ThinkingLevel::Low => Self::Low,
            ThinkingLevel::Medium => Self::Medium,
            ThinkingLevel::High => Self::High,
        }
    }
}

/// `minerva costs`.
#[derive(Debug, clap::Args)]
pub struct CostsArgs {
    /// First day, such as 2026-11-01 (UTC)
    #[arg(long, value_name = "DAY")]
    pub from: NaiveDate,
    /// Last day, included
    #[arg(long, value_name = "DAY")]
    pub to: NaiveDate,
    /// Prices to use instead: a file like the model-catalogue.json beside the configuration file, laid over the present prices
    #[arg(long, value_name = "FILE")]
    pub book: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DoctorFormat,
}

/// `minerva prompts`.
#[derive(Debug, clap::Args)]
pub struct PromptsArgs {
    #[command(subcommand)]
    pub command: PromptsCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum PromptsCommand {
    /// Writes the newest version of each prompt to a Markdown file with front matter
    Export(ExportArgs),
    /// Makes prompts and versions of Markdown files, of promptfoo's and of Langfuse's; of each file all or nothing
    Import(ImportArgs),
}

/// `minerva prompts export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Only this prompt
    #[arg(long, value_name = "NAME")]
    pub prompt: Option<String>,
    /// Every version, not only the newest
    #[arg(long)]
    pub all_versions: bool,
    /// Folder to write to; it is made where it is missing, and files that are there are written anew
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub out: PathBuf,
}

/// `minerva prompts import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Files to read
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Only says what would be made
    #[arg(long)]
    pub dry_run: bool,
}

/// `minerva runs`.
#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: RunsCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum RunsCommand {
    /// Names the runs of the library, newest first: id, time, answers, name, separated by tabs
    List,
    /// Writes a run as CSV, JSON, Markdown or one HTML page with thumbnails, as the window does
    Export(RunExportArgs),
}

/// `minerva runs export`.
#[derive(Debug, clap::Args)]
pub struct RunExportArgs {
    /// The run's id, as `minerva runs list` names it; the newest run unless told
    #[arg(value_name = "RUN", value_parser = run_id)]
    pub run: Option<RunId>,
    /// How to write it; as the name of --out says, else CSV
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<RunFormat>,
    /// Writes to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

fn run_id(text: &str) -> Result<RunId, String> {
    text.parse().map_err(|_| "it is no run's id; `minerva runs list` names the runs with their ids, and without one the newest is written".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RunFormat {
    Csv,
    Json,
    Md,
    Html,
    /// A row a photo, a column a variant
    Tsv,
}

impl From<RunFormat> for ExportFormat {
    fn from(format: RunFormat) -> Self {
        match format {
            RunFormat::Csv => Self::Csv,
            RunFormat::Json => Self::Json,
            RunFormat::Md => Self::Md,
            RunFormat::Html => Self::Html,
            RunFormat::Tsv => Self::Tsv,
        }
    }
}

/// `minerva sets`.
#[derive(Debug, clap::Args)]
pub struct SetsArgs {
    #[command(subcommand)]
    pub command: SetsCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum SetsCommand {
    /// Lists the sets: name, version, photos
    List,
    /// Lists the file names of a set's photos
    Show {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Makes a set; its photos are added to the library
    Create {
        #[arg(value_name = "NAME")]
        name: String,
        /// Photo files, folders with all photos below them, and zip files
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Adds photos to a set, and to the library; that is a new version of it
    Add {
        #[arg(value_name = "NAME")]
        name: String,
        /// Photo files, folders with all photos below them, and zip files
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },
    Rename {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(value_name = "NEW-NAME")]
        to: String,
    },
    /// Makes a new version of a set with the photos of an earlier one
    GoBack {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(value_name = "VERSION")]
        version: u32,
    },
    /// Deletes a set; its photos stay. The console undoes it
    Delete {
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// A share from 0 to 1; `nan` is none.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.trim().parse().map_err(|_| "the limit is a share from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("the limit is a share from 0 to 1".to_owned()) }
}

/// `minerva validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = VALIDATE_NOTES)]
pub struct ValidateArgs {
    /// The photo set; its newest version
    #[arg(long, value_name = "NAME")]
    pub set: String,
    /// The version, such as `Photo tags v3`, or a prompt's newest; the one in production unless told
    #[arg(long, value_name = "NAME")]
    pub prompt: Option<String>,
    /// The model; the live one unless told
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// Share of the photos that must be answered, 0-1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub min_valid_answers: Option<f64>,
    /// F1 against ground truth, at least, 0-1
    #[arg(long, value_name = "F1", value_parser = share)]
    pub min_f1: Option<f64>,
    /// How far F1 may lie below that of the version in production, which is asked about the same photos then
    #[arg(long, value_name = "F1", value_parser = share)]
    pub max_f1_drop: Option<f64>,
    /// Milliseconds that 95 of 100 answers must stay within
    #[arg(long, value_name = "MS")]
    pub max_p95_ms: Option<u64>,
    /// Mean cost of a photo in USD, at most
    #[arg(long, value_name = "USD", value_parser = super::compare::usd)]
    pub max_cost_per_photo: Option<UsdMicros>,
    /// Share of the photos that the model may decline, 0-1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub max_refusals: Option<f64>,
    /// Most that may be spent, in USD: what may cost more, or whose price is not known, is refused before anything is asked
    #[arg(long, value_name = "USD", value_parser = super::compare::usd)]
    pub max_cost: Option<UsdMicros>,
    /// Calls in flight at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub concurrency: u32,
    /// Tells too how it stands beside an earlier validation: the id of its run, or `last` for the newest on the same set
    #[arg(long, value_name = "RUN")]
    pub compare_with: Option<String>,
    /// Writes a JUnit report, a test case for each gate
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How to write the report of --out; unless told, as its name says
    #[arg(long, value_name = "FORMAT", requires = "out")]
    pub format: Option<RunFormat>,
    /// Writes the report with every answer, as the name says: Markdown, JSON, HTML, CSV or TSV
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const VALIDATE_NOTES: &str = "\
Without a gate the usual ones count: 98 % answered, F1 no more than 0.02 below production, 2 % refused at most. Every photo is \
asked about anew, so that times and costs are today's. The report is kept and shown in the console.

Exit codes: 0 all gates passed, 1 a gate failed or could not be judged, 2 wrong usage (nothing was asked)";

/// `minerva truth`.
#[derive(Debug, clap::Args)]
pub struct TruthArgs {
    #[command(subcommand)]
    pub command: TruthCommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum TruthCommand {
    /// Labels photos as a file says; those that it does not name stay as they are. The console undoes it
    Import(ImportTruthArgs),
    /// Writes the labels as a file that `import` and `compare --truth` read
    Export(ExportTruthArgs),
}

/// `minerva truth import`.
#[derive(Debug, clap::Args)]
pub struct ImportTruthArgs {
    /// CSV with the header `photo,tag` (an empty tag: nothing to name), or JSON `{"photo.jpg": ["tag"]}`; photos are found by file name
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only photos of this set
    #[arg(long, value_name = "NAME")]
    pub set: Option<String>,
    /// Only says what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// `minerva truth export`.
#[derive(Debug, clap::Args)]
pub struct ExportTruthArgs {
    /// Only photos of this set
    #[arg(long, value_name = "NAME")]
    pub set: Option<String>,
    /// As the name of --out says, else CSV. CSV leaves out photos that have no tags
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<LabelFormat>,
    /// Writes to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LabelFormat {
    Csv,
    Json,
}

impl From<LabelFormat> for TruthFormat {
    fn from(format: LabelFormat) -> Self {
        match format {
            LabelFormat::Csv => Self::Csv,
            LabelFormat::Json => Self::Json,
        }
    }
}

/// `minerva doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 nothing is broken, 1 something is")]
pub struct DoctorArgs {
    /// The database of a `serve`, as it was named there; the data folder's own unless told
    #[arg(long, value_name = "sqlite:PATH")]
    pub database: Option<DatabasePath>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DoctorFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DoctorFormat {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn shared_options_stand_before_or_after_the_command() {
        for line in [["minerva", "--data-dir", "/x", "serve"], ["minerva", "serve", "--data-dir", "/x"]] {
            let args = Args::try_parse_from(line).expect("parses");
            assert_eq!(args.shared.data_dir, Some("/x".into()));
        }
    }
}
