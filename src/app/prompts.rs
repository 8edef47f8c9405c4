//! `minerva prompts`: prompts to files and from files, through the same platform and the same API as the window.

use std::path::Path;

use super::args::{ExportArgs, ImportArgs, PromptsCommand};
use super::config::Settings;
use super::{Failure, Result, local, logging, runtime, terminal};
use crate::client::{ApiError, Client, prompt_file};
use crate::wire::prompt_file::{ImportChoice, ImportInto, ImportItem, ImportOutcome, ImportPrompts, Imported};
use local::failed;

pub fn run(settings: &Settings, command: &PromptsCommand) -> Result<()> {
    logging::to_terminal(settings);
    runtime()?.block_on(local::with_platform(settings, async |client| match command {
        PromptsCommand::Export(args) => export(&client, args).await,
        PromptsCommand::Import(args) => import(&client, args).await,
    }))
}

async fn export(client: &Client, args: &ExportArgs) -> Result<()> {
    let prompts = client.prompts().await.map_err(|error| failed(&error))?.items;
    let is_wanted = |name: &str| args.prompt.as_ref().is_none_or(|wanted| wanted.to_lowercase() == name.to_lowercase());
    let wanted: Vec<_> = prompts.iter().filter(|prompt| is_wanted(&prompt.name)).collect();
    if let (Some(name), true) = (&args.prompt, wanted.is_empty()) {
        let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        return Err(Failure::Usage(format!("There is no prompt '{name}'; there is {}", names.join(", "))));
    }
    let unwritable = |error: std::io::Error| Failure::Failed(format!("{} can't be written to: {error}", args.out.display()));
    std::fs::create_dir_all(&args.out).map_err(unwritable)?;
    for prompt in wanted {
        let mut versions = client.prompt_versions(prompt.id).await.map_err(|error| failed(&error))?.items;
        versions.truncate(if args.all_versions { usize::MAX } else { 1 });
        for version in versions.iter().rev() {
            let file = client.export_prompt_version(prompt.id, version.version).await.map_err(|error| failed(&error))?;
            let path = args.out.join(version.file_name());
            std::fs::write(&path, file).map_err(unwritable)?;
            terminal::out(&path.display().to_string())?;
        }
    }
    Ok(())
}

/// Imports what can be; a prompt that can't be read is told, keeps the others from nothing, and makes the command end as failed,
/// in a dry run too.
async fn import(client: &Client, args: &ImportArgs) -> Result<()> {
    let mut refused = Vec::new();
    for path in &args.files {
        let file = prompt_file::read(path).map_err(Failure::Usage)?;
        let in_file = |error: &ApiError| match failed(error) {
            Failure::Usage(why) => Failure::Usage(format!("{}: {why}", path.display())),
            other => other,
        };
        let mut found = client.import_prompts(&file, true).await.map_err(|error| in_file(&error))?;
        let is_refused = |item: &ImportItem| matches!(item.outcome, ImportOutcome::Refused { .. });
        refused.extend(found.items.iter().filter(|item| is_refused(item)).map(|item| item.name.clone()));
        if !args.dry_run {
            let places = found.items.iter().enumerate().filter(|(_, item)| is_refused(item));
            let choices = places.map(|(at, _)| ImportChoice { item: at as u32, into: ImportInto::Skip }).collect();
            let made = client.import_prompts(&ImportPrompts { choices, ..file }, false).await.map_err(|error| in_file(&error))?;
            // Why something was left out stands in what was looked at.
            let kept = |(was, is): (ImportItem, ImportItem)| if is_refused(&was) { was } else { is };
            found.items = found.items.into_iter().zip(made.items).map(kept).collect();
        }
        tell(path, &found)?;
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(format!("Not all can be imported: {}", refused.join(", "))))
}

fn tell(path: &Path, found: &Imported) -> Result<()> {
    for warning in &found.warnings {
        terminal::err(&format!("{}: {warning}", path.display()));
    }
    for item in &found.items {
        terminal::out(&format!("{}: {}", item.name, words(&item.outcome)))?;
        for warning in &item.warnings {
            terminal::err(&format!("{}: {warning}", item.name));
        }
    }
    Ok(())
}

fn words(outcome: &ImportOutcome) -> String {
    match outcome {
        ImportOutcome::NewPrompt { name } => format!("new prompt {name}"),
        ImportOutcome::NewVersion { name, version, .. } => format!("{name} v{version}"),
        ImportOutcome::Same { name, version } => format!("the same as {name} v{version}"),
        ImportOutcome::Skipped => "left out".to_owned(),
        ImportOutcome::Refused { why } => format!("can't be imported: {why}"),
    }
}
