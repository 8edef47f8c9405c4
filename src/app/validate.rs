//! `minerva validate`: a prompt version held against gates, for CI: the exit code says how it ended, and a JUnit report why.

mod junit;

use std::path::Path;
use std::time::Duration;

use super::args::ValidateArgs;
use super::compare::{follow, spending};
use super::config::Settings;
use super::local::{self, failed};
use super::{Failure, Result, logging, report_file, runs, runtime, sets, terminal};
use crate::client::{ApiError, Client};
use crate::wire::ids::{PromptVersionId, RunId};
use crate::wire::photo_set::SetChoice;
use crate::wire::run::{ExportFormat, RunState};
use crate::wire::validation::{GateState, Gates, StartValidation, ValidationReport, ValidationsQuery, Verdict};

/// Between two looks at the run.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

pub fn run(settings: &Settings, args: &ValidateArgs) -> Result<()> {
    logging::to_terminal(settings);
    // A report that can't be written is better known before anything is asked.
    let format = runs::format(args.format.map(ExportFormat::from), args.out.as_deref())?;
    args.out.as_deref().map_or(Ok(()), report_file::check)?;
    runtime()?.block_on(local::with_platform(settings, async |client| validate(&client, args, format).await))
}

async fn validate(client: &Client, args: &ValidateArgs, format: ExportFormat) -> Result<()> {
    let set = sets::named(client, &args.set).await?;
    let asked = StartValidation {
        prompt_version_id: version(client, args.prompt.as_deref()).await?,
        photo_set: SetChoice { id: set.id, version: set.version },
        model: args.model.clone(),
        gates: gates(args),
        concurrency: args.concurrency,
        max_cost_usd: args.max_cost,
    };
    let before = earlier(client, args, &asked).await?;
    spending::tell(&client.estimate_validation(&asked).await.map_err(refused)?, args.max_cost.is_some());
    let begun = client.start_validation(&asked).await.map_err(refused)?;
    let report = follow_to_end(client, begun).await?;
    tell(&report)?;
    if let Some(before) = before {
        tell_comparison(client, report.run_id, before).await?;
    }
    if let Some(path) = &args.junit {
        write_junit(path, &report)?;
    }
    if let Some(path) = &args.out {
        runs::write(client, report.run_id, format, Some(path)).await?;
    }
    match report.verdict {
        Verdict::Passed => Ok(()),
        Verdict::Failed | Verdict::NotMeasured => Err(Failure::Shown),
        Verdict::Open => Err(Failure::Failed("It did not come to its end: see why its calls were held back or stopped, and run it again".to_owned())),
    }
}

/// What the platform refuses before anything is asked is wrong usage: the caller has to mend it.
fn refused(error: ApiError) -> Failure {
    match error {
        ApiError::Problem(problem) if problem.status < 500 => Failure::Usage(problem.detail),
        error => failed(&error),
    }
}

/// Only the gates that are given, or the usual ones where none is.
fn gates(args: &ValidateArgs) -> Gates {
    let given = Gates {
        valid_answers: args.min_valid_answers,
        f1: args.min_f1,
        f1_drop: args.max_f1_drop,
        p95_ms: args.max_p95_ms,
        cost_per_photo_usd: args.max_cost_per_photo,
        refusals: args.max_refusals,
    };
    if given == Gates::none() { Gates::default() } else { given }
}

/// `Photo tags` is its newest version, `Photo tags v3` that one; without a name the one in production.
async fn version(client: &Client, name: Option<&str>) -> Result<PromptVersionId> {
    let Some(name) = name.map(str::trim) else {
        return Ok(client.config().await.map_err(|error| failed(&error))?.live_prompt_version_id);
    };
    let prompts = client.prompts().await.map_err(|error| failed(&error))?.items;
    let called = |wanted: &str| prompts.iter().find(|prompt| prompt.name.to_lowercase() == wanted.to_lowercase());
    // A prompt may itself be called `Night v2`.
    let (prompt, number) = match (called(name), name.rsplit_once(" v").map(|(prompt, number)| (called(prompt), number.parse::<u32>()))) {
        (Some(prompt), _) => (prompt, None),
        (None, Some((Some(prompt), Ok(number)))) => (prompt, Some(number)),
        _ => {
            let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
            return Err(Failure::Usage(format!("There is no prompt '{name}'; there is {}", names.join(", "))));
        }
    };
    let versions = client.prompt_version_outlines(prompt.id).await.map_err(|error| failed(&error))?.items;
    let newest = versions.first().map_or(0, |version| version.version);
    let wanted = number.unwrap_or(newest);
    let missing = || Failure::Usage(format!("{} has no version {wanted}; its newest is {newest}", prompt.name));
    versions.iter().find(|version| version.version == wanted).map(|version| version.id).ok_or_else(missing)
}

/// The validation that this one is to be compared with: known before anything is paid for.
async fn earlier(client: &Client, args: &ValidateArgs, asked: &StartValidation) -> Result<Option<RunId>> {
    let Some(name) = args.compare_with.as_deref() else { return Ok(None) };
    if name != "last" {
        let id: RunId = name.parse().map_err(|_| Failure::Usage(format!("'{name}' is no run; write its id, or 'last'")))?;
        return match client.validation(id).await {
            Ok(report) => Ok(Some(report.run_id)),
            Err(error) if error.code() == Some("not_found") => Err(Failure::Usage(format!("There is no validation {id}"))),
            Err(error) => Err(failed(&error)),
        };
    }
    let known = client.validations(&ValidationsQuery::default()).await.map_err(|error| failed(&error))?.items;
    let last = known.iter().find(|report| report.photo_set.id == asked.photo_set.id && report.verdict != Verdict::Open);
    if last.is_none() {
        terminal::err("There is no earlier validation on this set: there is nothing to compare with yet");
    }
    Ok(last.map(|report| report.run_id))
}

async fn follow_to_end(client: &Client, begun: ValidationReport) -> Result<ValidationReport> {
    let bar = follow::bar(begun.counts.total(), "answers");
    let (id, mut state) = (begun.run_id, begun.state);
    while matches!(state, RunState::Running | RunState::Paused) {
        tokio::time::sleep(LOOK_AGAIN).await;
        let run = client.run(id).await.map_err(|error| failed(&error))?;
        bar.set_position(run.counts.finished());
        state = run.state;
    }
    bar.finish_and_clear();
    client.validation(id).await.map_err(|error| failed(&error))
}

fn tell(report: &ValidationReport) -> Result<()> {
    let against = report.against.as_ref().map(|against| format!(", beside {} in production", against.label)).unwrap_or_default();
    let photos = format!("{} photos, {} with ground truth", report.photos, report.labelled_photos);
    terminal::out(&format!("{} on {}, {} ({photos}){against}", report.version.label, report.model, report.photo_set.label()))?;
    for gate in &report.gates {
        let word = match gate.state {
            GateState::Passed => "passed",
            GateState::Failed => "FAILED",
            GateState::NotMeasured => "NOT MEASURED",
        };
        terminal::out(&format!("{word}\t{}\t{}", gate.gate.label(), gate.why))?;
    }
    terminal::out(&report.words())
}

async fn tell_comparison(client: &Client, run: RunId, before: RunId) -> Result<()> {
    let found = client.compare_validations(run, before).await.map_err(|error| failed(&error))?;
    let differences = if found.differences.is_empty() { String::new() } else { format!(" ({})", found.differences.join(", ")) };
    let then = found.before.started_at.format("%Y-%m-%d %H:%M UTC");
    terminal::out(&format!("Beside the validation of {then}{differences}, {} photos: {}", found.shared_photos, found.words))
}

fn write_junit(path: &Path, report: &ValidationReport) -> Result<()> {
    let unwritable = |error: &dyn std::fmt::Display| Failure::Failed(format!("The JUnit report {} can't be written: {error}", path.display()));
    let text = junit::report(report).to_string().map_err(|error| unwritable(&error))?;
    std::fs::write(path, text).map_err(|error| unwritable(&error))
}
