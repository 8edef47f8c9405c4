//! `minerva prompts`: prompts to files and from files, through the same platform and the same API as the window.

use std::path::Path;

use super::args::{ExportArgs, ImportArgs, PromptsCommand};
use super::config::Settings;
use super::{Failure, Result, local, logging, runtime, terminal};
use crate::client::Client;
use crate::wire::prompt_file::{FILE_MOST, ImportOutcome, ImportPrompts};
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

async fn import(client: &Client, args: &ImportArgs) -> Result<()> {
    for path in &args.files {
        let file = read(path)?;
        let found = client.import_prompts(&file, args.dry_run).await.map_err(|error| match failed(&error) {
            Failure::Usage(why) => Failure::Usage(format!("{}: {why}", path.display())),
            other => other,
        })?;
        for warning in &found.warnings {
            terminal::err(&format!("{}: {warning}", path.display()));
        }
        for item in &found.items {
            terminal::out(&format!("{}: {}", item.name, words(&item.outcome)))?;
            for warning in &item.warnings {
                terminal::err(&format!("{}: {warning}", item.name));
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<ImportPrompts> {
    let unreadable = |error: std::io::Error| Failure::Usage(format!("{} can't be read: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > FILE_MOST as u64 {
        return Err(Failure::Usage(format!("{} has {size} bytes; files of at most {FILE_MOST} are read", path.display())));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(ImportPrompts::new(name, &std::fs::read(path).map_err(unreadable)?))
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
