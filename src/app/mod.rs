//! Arguments, configuration, logging, start-up, and the headless commands. The only reader of the
//! environment and the only writer to the terminal.

pub mod admin;
pub mod args;
pub mod compare;
pub mod config;
pub mod console;
pub mod costs;
pub mod doctor;
mod local;
pub mod logging;
mod pages;
pub mod prompts;
mod report_file;
pub mod runs;
pub mod serve;
pub mod sets;
mod signals;
pub mod terminal;
pub mod traces;
pub mod truth;
pub mod validate;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use config::Settings;

/// Why a command did not end well, and with it the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person asked for something that can't be: exit 2, nothing was begun.
    #[error("{0}")]
    Usage(String),
    /// It was begun and went wrong: exit 1.
    #[error("{0}")]
    Failed(String),
    /// As `Failed`, but what went wrong has been shown already.
    #[error("")]
    Shown,
}

impl Failure {
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) | Self::Shown => 1,
        }
    }
}

pub type Result<T> = std::result::Result<T, Failure>;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are "errors" too; clap knows which stream and code each wants.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let words = failure.to_string();
            if !words.is_empty() {
                terminal::err(&format!("minerva: {words}"));
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(args: Args) -> Result<()> {
    let settings = Settings::load(&args.shared)?;
    match args.command {
        None => console::run(&settings, args.platform),
        Some(Command::Serve(serve)) => serve::run(&settings, &serve),
        Some(Command::Doctor(doctor)) => doctor::run(&settings, &doctor),
        Some(Command::Compare(compare)) => compare::run(&settings, &compare),
        Some(Command::Admin(admin)) => admin::run(&settings, &admin.command),
        Some(Command::Costs(costs)) => costs::run(&settings, &costs),
        Some(Command::Sets(sets)) => sets::run(&settings, &sets.command),
        Some(Command::Validate(args)) => validate::run(&settings, &args),
        Some(Command::Truth(truth)) => truth::run(&settings, &truth.command),
        Some(Command::Prompts(prompts)) => prompts::run(&settings, &prompts.command),
        Some(Command::Runs(runs)) => runs::run(&settings, &runs.command),
        Some(Command::Traces(traces)) => traces::run(&settings, &traces.command),
    }
}

/// The runtime that all commands share.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("The background threads could not be started: {error}")))
}
