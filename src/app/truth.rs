//! `minerva truth`: ground truth from files and to files, through the same platform and the same API as the window.

use super::args::{ExportTruthArgs, ImportTruthArgs, TruthCommand};
use super::config::Settings;
use super::{Failure, Result, local, logging, report_file, runtime, sets, terminal};
use crate::client::Client;
use crate::wire::ids::PhotoSetId;
use crate::wire::truth::{ImportTruth, TruthFormat, TruthQuery};
use local::failed;

/// What the endings of file names stand for.
const ENDINGS: [(&str, TruthFormat); 2] = [("csv", TruthFormat::Csv), ("json", TruthFormat::Json)];

pub fn run(settings: &Settings, command: &TruthCommand) -> Result<()> {
    logging::to_terminal(settings);
    // Better one word now than after the platform was started.
    let format = match command {
        TruthCommand::Import(_) => TruthFormat::Csv,
        TruthCommand::Export(args) => report_file::format(args.format.map(TruthFormat::from), args.out.as_deref(), &ENDINGS, TruthFormat::Csv)?,
    };
    runtime()?.block_on(local::with_platform(settings, async |client| match command {
        TruthCommand::Import(args) => import(&client, args).await,
        TruthCommand::Export(args) => export(&client, args, format).await,
    }))
}

async fn set_of(client: &Client, name: Option<&String>) -> Result<Option<PhotoSetId>> {
    match name {
        Some(name) => Ok(Some(sets::named(client, name).await?.id)),
        None => Ok(None),
    }
}

async fn import(client: &Client, args: &ImportTruthArgs) -> Result<()> {
    let unreadable = |error: std::io::Error| Failure::Usage(format!("{} can't be read: {error}", args.file.display()));
    let content = std::fs::read_to_string(&args.file).map_err(unreadable)?;
    let file_name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let photo_set = set_of(client, args.set.as_ref()).await?;
    let asked = ImportTruth { file_name, content, photo_set, dry_run: args.dry_run };
    let done = client.import_ground_truth(&asked).await.map_err(|error| failed(&error))?;
    for words in done.unknown_words().into_iter().chain(done.shared_words()).chain(done.again_words()) {
        terminal::err(&words);
    }
    let verb = match (args.dry_run, done.changed) {
        (true, _) => "would be",
        (false, 1) => "is",
        (false, _) => "are",
    };
    let counted = |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let (photos, tags) = (counted(done.photos, "photo"), counted(done.tags, "tag"));
    terminal::out(&format!("{photos} labelled with {tags}; {} of them {verb} changed", done.changed))?;
    match done.unknown {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 name is left out, since no photo has it".to_owned())),
        many => Err(Failure::Failed(format!("{many} names are left out, since no photo has them"))),
    }
}

async fn export(client: &Client, args: &ExportTruthArgs, format: TruthFormat) -> Result<()> {
    let query = TruthQuery { photo_set: set_of(client, args.set.as_ref()).await?, format: Some(format) };
    let text = client.export_ground_truth(&query).await.map_err(|error| failed(&error))?;
    match &args.out {
        Some(out) => std::fs::write(out, text).map_err(|error| Failure::Failed(format!("{} can't be written: {error}", out.display()))),
        None => terminal::out(text.trim_end()),
    }
}
