//! `minerva admin`: what who runs a platform does to its database.

use std::sync::Arc;
use std::time::Instant;

use super::args::{AdminCommand, GenerateArgs};
use super::config::Settings;
use super::{Failure, Result, compare, logging, runtime, terminal};
use crate::platform::domain::SystemClock;
use crate::platform::domain::generate::Generate;
use crate::platform::host::{self, StartError};

pub fn run(settings: &Settings, command: &AdminCommand) -> Result<()> {
    logging::to_terminal(settings);
    match command {
        AdminCommand::Generate(args) => generate(args),
    }
}

fn generate(args: &GenerateArgs) -> Result<()> {
    let begun = Instant::now();
    let path = &args.database.0;
    let bar = compare::follow::bar(args.results, "results");
    let asked = Generate { results: args.results, seed: args.seed };
    let made = runtime()?.block_on(host::generate(path, Arc::new(SystemClock), &asked, |done| bar.set_position(done)));
    bar.finish_and_clear();
    let made = made.map_err(|error| match error {
        StartError::NotEmpty(_) | StartError::InUse(_) => Failure::Usage(error.to_string()),
        error => Failure::Failed(error.to_string()),
    })?;
    terminal::out(&format!(
        "Generated {} results of {} jobs on {} photos in {:.1} s. To look at them: minerva serve --database sqlite:{}",
        made.results,
        made.jobs,
        made.photos,
        begun.elapsed().as_secs_f64(),
        path.display()
    ))
}
