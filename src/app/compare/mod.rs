//! `minerva compare`: a comparison without a window, through the same platform and the same API.

pub(super) mod follow;
pub(super) mod inputs;
mod news;
mod recorded;
pub(super) mod spending;
mod table;

use std::collections::HashMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use chrono::Utc;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::args::{CompareArgs, ReportFormat};
use super::config::Settings;
use super::{Failure, Result, logging, report_file, runtime, signals, terminal};
use crate::client::{ApiError, Client, photo_file};
use crate::keys;
use crate::platform::domain::baseline::Labels;
use crate::platform::domain::bundled;
use crate::platform::domain::ground_truth::Truth;
use crate::platform::domain::run_report::{Report, ReportPhoto, SamePhoto, csv, html, markdown};
use crate::platform::domain::statistics::Units;
use crate::platform::host::{self, HostOptions};
use crate::platform::store::peek;
use crate::providers::{KeyNeed, ON_DEVICE, Providers};
use crate::wire::ids::RunId;
use crate::wire::money::UsdMicros;
use crate::wire::photo::Photo;
use crate::wire::prompt_parts::{Effort, Parameters, PromptParts, Takes};
use crate::wire::run::{Cell, Run, RunColumn, RunCounts, RunKind, RunPrompt, RunState, StartRun};
use crate::wire::sweep::{SentImage, StartSweep, Variants, column_name};
use inputs::{PhotoFile, PromptFile, Source};
pub use spending::usd;

/// Photos read and checked at the same time.
const READS_AT_ONCE: usize = 4;
/// Calls in flight when a model on the network takes part.
const CALLS_AT_ONCE: usize = 8;

/// Everything asked for, read and checked before anything is begun.
struct Plan {
    photos: Vec<PhotoFile>,
    /// What could not even be listed.
    unreadable: Vec<String>,
    prompts: Vec<PromptFile>,
    models: Vec<String>,
    repeats: u32,
    concurrency: u32,
    truth: Option<Truth>,
    format: ReportFormat,
}

/// What came of it.
struct Outcome {
    report: Report,
    thumbnails: html::Thumbnails,
    labels: Option<Labels>,
}

pub fn run(settings: &Settings, args: &CompareArgs) -> Result<()> {
    logging::to_terminal(settings);
    runtime()?.block_on(async {
        let settings = &settings.with_pages().await;
        let providers = settings.providers();
        let plan = plan(settings, args, &providers)?;
        // Without the person's own prices a model of their own may seem to be free.
        if let (Some(_), Some(problem)) = (args.max_cost, settings.providers.book.problem()) {
            return Err(Failure::Usage(format!("Nothing was asked: with --max-cost every cost must be known beforehand. {problem}")));
        }
        check_keys(settings, &plan.models, &providers).await?;
        compare(settings, args, plan, providers).await
    })
}

fn plan(settings: &Settings, args: &CompareArgs, providers: &Providers) -> Result<Plan> {
    let mut models = if args.model.is_empty() { vec![ON_DEVICE.to_owned()] } else { args.model.clone() };
    let mut seen = std::collections::HashSet::new();
    models.retain(|model| seen.insert(model.clone()));
    let used = inputs::check_models(&models, providers)?;
    let calls = if used.iter().any(|provider| provider.is_remote()) { CALLS_AT_ONCE } else { settings.providers.on_device_threads };
    let prompts = inputs::prompt_files(&args.prompt)?;
    let (photos, unreadable) = if args.photos.is_empty() { (bundled_photos(), Vec::new()) } else { inputs::photos(&args.photos)? };
    let truth = args.truth.as_deref().map(|path| read_truth(path, &photos)).transpose()?;
    let format = report_file::format(args.format, args.out.as_deref(), &ENDINGS, ReportFormat::Table)?;
    args.out.as_deref().map_or(Ok(()), report_file::check)?;
    Ok(Plan {
        format,
        photos,
        unreadable,
        prompts,
        models,
        repeats: args.repeat,
        concurrency: args.concurrency.unwrap_or(calls as u32).clamp(1, 64),
        truth,
    })
}

fn bundled_photos() -> Vec<PhotoFile> {
    let named = |(name, bytes): &(&'static str, &'static [u8])| PhotoFile {
        label: (*name).to_owned(),
        file_name: (*name).to_owned(),
        source: Source::Bundled(bytes),
    };
    bundled::PHOTOS.iter().map(named).collect()
}

fn read_truth(path: &Path, photos: &[PhotoFile]) -> Result<Truth> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("The labels {} could not be read: {error}", path.display())))?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let truth = Truth::parse(&text, is_json).map_err(|(line, why)| Failure::Usage(format!("{}:{line}: {why}", path.display())))?;
    if photos.iter().any(|photo| truth.labels(&photo.file_name).is_some()) {
        return Ok(truth);
    }
    let first = truth.photos().next().unwrap_or("none");
    Err(Failure::Usage(format!(
        "{} has no labels for any photo of this comparison; it must name files as they are called (its first is '{first}')",
        path.display()
    )))
}

/// Before anything is spent or waited for.
async fn check_keys(settings: &Settings, models: &[String], providers: &Providers) -> Result<()> {
    for provider in inputs::check_models(models, providers)? {
        if let Some(warning) = settings.key_in_the_open(provider.name()).await {
            terminal::err(&format!("Warning: {}: {warning}", provider.label()));
        }
        if provider.key_need() != KeyNeed::Required {
            continue;
        }
        if let Err(problem) = settings.keys.get(provider.name()).await {
            let variable = keys::variable(provider.name());
            return Err(Failure::Usage(format!(
                "No key for {}: set the environment variable {variable}, or store a key in the system's keyring with the console \
                 (Pipeline control › Providers). {problem}",
                provider.label()
            )));
        }
    }
    Ok(())
}

async fn compare(settings: &Settings, args: &CompareArgs, plan: Plan, providers: Providers) -> Result<()> {
    let stop = stop_token()?;
    let folder = tempfile::Builder::new()
        .prefix("minerva-compare-")
        .tempdir()
        .map_err(|error| Failure::Failed(format!("No temporary folder could be made: {error}")))?;
    let host = host::start(HostOptions {
        folder: folder.path().to_owned(),
        database: None,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        hosts: Vec::new(),
        token: None,
        run_workers: false,
        seed_library: false,
        health_every: None,
        providers,
        keys: settings.keys.clone(),
        log: crate::platform::domain::Log::default(),
    })
    .await
    .map_err(|error| Failure::Failed(error.to_string()))?;
    let format = plan.format;
    let done = match Client::new(host.base(), host.token()) {
        Ok(client) => ask(settings, args, &plan, &client, &stop).await,
        Err(error) => Err(Failure::Failed(error.to_string())),
    };
    host.shutdown().await;
    let outcome = done?;
    write(args, format, &outcome)?;
    conclude(&plan, &outcome.report, &stop)
}

/// Cancelled by the first Ctrl-C; a second one ends the process at once.
fn stop_token() -> Result<CancellationToken> {
    let token = CancellationToken::new();
    let stop = token.clone();
    let mut signals = signals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        stop.cancel();
        terminal::err("Stopping; what is answered will be written. Press Ctrl-C again to stop at once");
        signals.next().await;
        std::process::exit(130);
    });
    Ok(token)
}

async fn ask(settings: &Settings, args: &CompareArgs, plan: &Plan, client: &Client, stop: &CancellationToken) -> Result<Outcome> {
    let Added { photos, same_photos, labels } = add_photos(client, &plan.photos, plan.truth.as_ref(), stop).await;
    let (names, prompts): (Vec<_>, Vec<_>) = run_prompts(settings, &plan.prompts, client).await?.into_iter().unzip();
    let start = StartRun {
        name: "minerva compare".to_owned(),
        photo_ids: photos.iter().filter_map(|photo| photo.id.as_ref().ok().copied()).collect(),
        prompts,
        photo_set: None,
        models: plan.models.clone(),
        repeats: plan.repeats,
        concurrency: plan.concurrency,
        ask_again: false,
    };
    let efforts: Vec<Effort> = args.thinking.iter().map(|level| Effort::from(*level)).collect();
    let (images, parameters) = (SentImage::all(&args.image_size, &args.jpeg_quality), Parameters::all(&args.temperature, &efforts));
    let start = StartSweep { run: start, images, parameters, max_cost_usd: args.max_cost };
    let takes = takes(client).await?;
    let baseline = |columns: &[RunColumn]| args.baseline.as_deref().map(|name| baseline_column(columns, name)).transpose();
    // Better one word now than after everything is paid for.
    baseline(&unasked(&start, &names, &takes).columns)?;
    let (mut run, cells) = if start.run.photo_ids.is_empty() {
        (unasked(&start, &names, &takes), Vec::new())
    } else {
        run_and_read(settings, client, &start, stop).await?
    };
    let finished_at = run.finished_at.unwrap_or_else(Utc::now);
    run.baseline = baseline(&run.columns)?;
    let groups = client.look_alikes().await.map_err(|error| Failure::Failed(error.to_string()))?.groups;
    let units = Units::of_groups(&run.photo_ids, &groups);
    let report = Report { same_photos, ..Report::of(&run, cells, &photos, (labels.as_ref(), &units), finished_at) };
    let thumbnails = if plan.format == ReportFormat::Html { thumbnails(client, &photos).await } else { html::Thumbnails::new() };
    Ok(Outcome { report, thumbnails, labels })
}

async fn run_and_read(settings: &Settings, client: &Client, start: &StartSweep, stop: &CancellationToken) -> Result<(Run, Vec<Cell>)> {
    let failed = |error: ApiError| match &error {
        ApiError::Problem(problem) if problem.status == 422 => Failure::Usage(problem.detail.clone()),
        _ => Failure::Failed(error.to_string()),
    };
    let estimate = client.estimate_sweep(start).await.map_err(failed)?;
    spending::tell(&estimate, start.max_cost_usd.is_some());
    start.max_cost_usd.map_or(Ok(()), |most| spending::check(most, &estimate))?;
    let run = follow::run_to_end(client, start, stop).await.map_err(failed)?;
    let cells = follow::cells(client, run.id).await.map_err(|error| Failure::Failed(error.to_string()))?;
    if let Some(words) = spending::stopped_words(&run, &cells) {
        terminal::err(&words);
    }
    recorded::record(settings, &run, &cells).await;
    Ok((run, cells))
}

/// What stands in for a run when no photo could be read: the report then says why, photo by photo.
fn unasked(sweep: &StartSweep, prompt_names: &[String], takes: &HashMap<String, Takes>) -> Run {
    let start = &sweep.run;
    let column = |prompt: &String, model: &String, (parameters, image): (Option<Parameters>, Option<SentImage>)| RunColumn {
        prompt_name: column_name(prompt, parameters, image),
        prompt_content: String::new(),
        parts: PromptParts::default(),
        prompt_version_id: None,
        model: model.clone(),
        image,
    };
    let now = Utc::now();
    Run {
        id: RunId::fresh(),
        name: start.name.clone(),
        state: RunState::Completed,
        photo_ids: Vec::new(),
        photo_set: None,
        columns: prompt_names
            .iter()
            .flat_map(|prompt| {
                let of_model = |model: &String| {
                    ways(model, sweep.variants(), takes.get(model)).into_iter().map(|way| column(prompt, model, way)).collect::<Vec<_>>()
                };
                start.models.iter().flat_map(of_model).collect::<Vec<_>>()
            })
            .collect(),
        repeats: start.repeats,
        concurrency: start.concurrency,
        counts: RunCounts::default(),
        cost_usd: UsdMicros(0),
        cost_unknown_cells: 0,
        prices: Vec::new(),
        estimate: None,
        kind: RunKind::Comparison,
        limit: None,
        baseline: None,
        reused: 0,
        stopped: Vec::new(),
        stopped_at_limit: false,
        started_at: now,
        finished_at: Some(now),
    }
}

/// In which ways a model is asked; one on this machine sees whole pixels.
fn ways(model: &str, variants: Variants<'_>, takes: Option<&Takes>) -> Vec<(Option<Parameters>, Option<SentImage>)> {
    let images = || std::iter::once(None).chain(variants.images.iter().filter(|_| model != ON_DEVICE).copied().map(Some));
    let parameters = takes.map_or_else(|| vec![None], |takes| variants.parameters_of(takes));
    parameters.into_iter().flat_map(|parameters| images().map(move |image| (parameters, image))).collect()
}

/// What each model takes, by its full name.
async fn takes(client: &Client) -> Result<HashMap<String, Takes>> {
    let models = client.models().await.map_err(|error| Failure::Failed(error.to_string()))?.items;
    Ok(models.into_iter().map(|model| (model.name, model.takes)).collect())
}

/// The column that `--baseline` names: by its model, its prompt, or both as `PROMPT · MODEL`.
fn baseline_column(columns: &[RunColumn], name: &str) -> Result<u32> {
    let is_named = |column: &RunColumn| [&column.model, &column.prompt_name, &column.label()].into_iter().any(|one| one == name);
    let named: Vec<usize> = columns.iter().enumerate().filter(|(_, column)| is_named(column)).map(|(at, _)| at).collect();
    let all = || columns.iter().map(|column| format!("'{}'", column.label())).collect::<Vec<_>>().join(", ");
    match named[..] {
        [at] => Ok(at as u32),
        [] => Err(Failure::Usage(format!("--baseline '{name}' is none of the columns: {}", all()))),
        _ => Err(Failure::Usage(format!("--baseline '{name}' is more than one column; name one of {}", all()))),
    }
}

/// The given ones; else what is live in the person's own library; else the default prompt. Each with its name.
async fn run_prompts(settings: &Settings, given: &[PromptFile], client: &Client) -> Result<Vec<(String, RunPrompt)>> {
    let inline = |name: &str, content: &str, parts: PromptParts| {
        (name.to_owned(), RunPrompt::Inline { name: name.to_owned(), content: content.to_owned(), parts })
    };
    if !given.is_empty() {
        return Ok(given.iter().map(|prompt| inline(&prompt.name, &prompt.content, PromptParts::default())).collect());
    }
    let database = settings.data_dir.join(host::DATABASE_FILE);
    if database.is_file() {
        match peek::live_prompt(&database).await {
            Ok(Some((name, content, parts))) => return Ok(vec![inline(&name, &content, parts)]),
            Ok(None) => {}
            Err(error) => terminal::err(&format!("The live prompt of {} could not be read, so the default one is used: {error}", database.display())),
        }
    }
    let config = client.config().await.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(vec![(config.live_prompt, RunPrompt::Version { id: config.live_prompt_version_id })])
}

/// What came of the photo files.
struct Added {
    photos: Vec<ReportPhoto>,
    same_photos: Vec<SamePhoto>,
    labels: Option<Labels>,
}

/// Gives the photos to the platform, in order. The same bytes under two names are asked about once, and that is said.
async fn add_photos(client: &Client, files: &[PhotoFile], truth: Option<&Truth>, stop: &CancellationToken) -> Added {
    let bar = follow::bar(files.len() as u64, "photos read");
    let added: Vec<(ReportPhoto, &str)> = futures_util::stream::iter(files)
        .map(|file| async {
            let id =
                if stop.is_cancelled() { Err("Stopped before it was read".to_owned()) } else { add_photo(client, file).await.map(|photo| photo.id) };
            bar.inc(1);
            (ReportPhoto { label: file.label.clone(), id }, file.file_name.as_str())
        })
        .buffered(READS_AT_ONCE)
        .collect()
        .await;
    bar.finish_and_clear();
    let mut first_with: std::collections::HashMap<_, String> = std::collections::HashMap::new();
    let mut labels = truth.map(|_| Labels::new());
    let (mut photos, mut same_photos) = (Vec::new(), Vec::new());
    for (photo, file_name) in added {
        if let Ok(id) = &photo.id {
            // Labels may stand under any of its names; those of the first one count.
            if let (Some(labels), Some(known)) = (&mut labels, truth.and_then(|truth| truth.labels(file_name))) {
                labels.entry(*id).or_insert_with(|| known.clone());
            }
            if let Some(first) = first_with.get(id) {
                let same = SamePhoto { photo: photo.label, same_as: first.clone() };
                terminal::err(&same.words());
                same_photos.push(same);
                continue;
            }
            first_with.insert(*id, photo.label.clone());
        }
        photos.push(photo);
    }
    Added { photos, same_photos, labels }
}

/// The photo that the platform has of a file, new or known already.
pub(super) async fn add_photo(client: &Client, file: &PhotoFile) -> std::result::Result<Photo, String> {
    let bytes = match &file.source {
        Source::Bundled(bytes) => bytes::Bytes::from_static(bytes),
        Source::File(path) => read_file(path.clone()).await?,
    };
    let answer = client.add_photos(vec![(file.file_name.clone(), bytes)], false).await.map_err(|error| error.to_string())?;
    match (answer.added.into_iter().chain(answer.known).next(), answer.refused.first()) {
        (Some(photo), _) => Ok(photo),
        (None, Some(refused)) => Err(refused.message.clone()),
        (None, None) => Err("The platform did not say what became of the file".to_owned()),
    }
}

/// A disk that is slow holds up nobody else.
async fn read_file(path: PathBuf) -> std::result::Result<bytes::Bytes, String> {
    let read = tokio::task::spawn_blocking(move || photo_file::read(&path)).await;
    read.map_err(|error| error.to_string())?.map_err(|why| why.to_string())
}

async fn thumbnails(client: &Client, photos: &[ReportPhoto]) -> html::Thumbnails {
    let mut thumbnails = html::Thumbnails::new();
    for (at, photo) in photos.iter().enumerate() {
        let Ok(id) = photo.id else { continue };
        match client.photo_image(id, Some(html::THUMBNAIL_PX)).await {
            Ok(jpeg) => drop(thumbnails.insert(at, jpeg)),
            Err(error) => terminal::err(&format!("{}: no thumbnail: {error}", photo.label)),
        }
    }
    thumbnails
}

/// What the endings of file names stand for.
const ENDINGS: [(&str, ReportFormat); 5] =
    [("json", ReportFormat::Json), ("csv", ReportFormat::Csv), ("md", ReportFormat::Md), ("html", ReportFormat::Html), ("txt", ReportFormat::Table)];

fn write(args: &CompareArgs, format: ReportFormat, outcome: &Outcome) -> Result<()> {
    let report = &outcome.report;
    let text = match format {
        ReportFormat::Table => table::table(report),
        ReportFormat::Json => serde_json::to_string_pretty(report).map_err(|error| Failure::Failed(format!("JSON: {error}")))?,
        ReportFormat::Csv => csv::csv(report).map_err(|error| Failure::Failed(format!("CSV: {error}")))?,
        ReportFormat::Md => markdown::markdown(report),
        ReportFormat::Html => html::page(report, &outcome.thumbnails, outcome.labels.as_ref()),
    };
    report_file::give(args.out.as_deref(), &text).map_err(|failure| rescued(failure, format, text.trim_end()))
}

/// A report that has been paid for is not thrown away because its place is full.
fn rescued(failure: Failure, format: ReportFormat, text: &str) -> Failure {
    let Failure::Failed(why) = failure else { return failure };
    let extension = ENDINGS.into_iter().find(|(_, of)| *of == format).map_or("txt", |(ending, _)| ending);
    let keep = || -> std::io::Result<PathBuf> {
        let mut file = tempfile::Builder::new().prefix("minerva-report-").suffix(&format!(".{extension}")).tempfile()?;
        writeln!(file, "{text}")?;
        let (_, path) = file.keep().map_err(|error| error.error)?;
        Ok(path)
    };
    Failure::Failed(match keep() {
        Ok(path) => format!("{why}. The report is kept in {}", path.display()),
        Err(error) => format!("{why}. It could not be kept elsewhere either: {}", error.kind()),
    })
}

fn conclude(plan: &Plan, report: &Report, stop: &CancellationToken) -> Result<()> {
    for problem in &plan.unreadable {
        terminal::err(problem);
    }
    let failed = report.failed_cells();
    if failed > 0 {
        terminal::err(&format!("{failed} of {} cells have no answer; each says why in the report", report.cells.len()));
    }
    let mended = report.cells.iter().filter(|cell| cell.is_mended()).count();
    if mended > 0 {
        let answers = if mended == 1 { "1 answer has a note" } else { &format!("{mended} answers have notes") };
        terminal::err(&format!("Warning: {answers} about what was mended or left out; the report has them"));
    }
    if failed > 0 || !plan.unreadable.is_empty() || stop.is_cancelled() { Err(Failure::Shown) } else { Ok(()) }
}
