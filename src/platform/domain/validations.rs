//! Validation of a prompt version on a photo set: a run, and gates that its answers must pass. The report is kept as it was when
//! the run ended. Every photo is asked about anew: what was answered before says nothing of times and costs now.

pub mod compare;
mod gates;

use std::sync::Arc;

use super::providers::Brought;
use super::{Core, DomainError, Result, config, costs, near_duplicates, page, photo_sets, prompts, runs, truth};
use crate::platform::store;
use crate::platform::store::validations::ValidationRow;
use crate::wire::config::PipelineConfig;
use crate::wire::cost::Estimate;
use crate::wire::deployment::DeployedVersion;
use crate::wire::ids::{PromptVersionId, RunId};
use crate::wire::money::UsdMicros;
use crate::wire::page::Page;
use crate::wire::photo_set::SetUsed;
use crate::wire::prompt::PromptVersion;
use crate::wire::run::{Run, RunColumn, RunCounts, RunKind, RunPrompt, RunState, StartRun};
use crate::wire::sweep::Variants;
use crate::wire::validation::{Gate, Gates, StartValidation, ValidationReport, ValidationsQuery, Verdict};

/// What a validation asks, in columns: the version first, then what it is held against.
const CANDIDATE: u32 = 0;
const AGAINST: u32 = 1;

/// A validation before anything is asked.
struct Plan {
    version: PromptVersion,
    model: String,
    against: Option<PromptVersionId>,
    like: StartRun,
    photo_set: Option<SetUsed>,
    columns: Vec<RunColumn>,
    estimate: Estimate,
}

/// Without `brought` nothing is going to be asked, so no key is missed.
async fn plan(core: &Core, config: &PipelineConfig, asked: &StartValidation, brought: Option<&Brought>) -> Result<Plan> {
    check(&asked.gates)?;
    let model = asked.model.clone().unwrap_or_else(|| config.live_model.clone());
    let version = version(core, asked.prompt_version_id).await?;
    prompts::check_renders((&version).into())?;
    let is_production = version.id == config.live_prompt_version_id && model == config.live_model;
    let against = (asked.gates.f1_drop.is_some() && !is_production).then_some(config.live_prompt_version_id);
    let mut like = StartRun {
        name: format!("Validation of {}", version.label()),
        photo_ids: Vec::new(),
        photo_set: Some(asked.photo_set),
        prompts: vec![RunPrompt::Version { id: version.id }],
        models: vec![model.clone()],
        repeats: 1,
        concurrency: asked.concurrency,
        ask_again: true,
    };
    let photo_set = photo_sets::fill_in(core, &mut like).await?;
    runs::check_size(&like, Variants::default())?;
    let mut columns = runs::columns(core, &like, Variants::default(), brought).await?;
    if let Some(live) = against {
        let production = StartRun { prompts: vec![RunPrompt::Version { id: live }], models: vec![config.live_model.clone()], ..like.clone() };
        columns.extend(runs::columns(core, &production, Variants::default(), brought).await?);
    }
    let estimate = costs::of_columns(core, config, &columns, &like.photo_ids, 1, asked.concurrency).await?;
    Ok(Plan { version, model, against, like, photo_set, columns, estimate })
}

/// What a validation would need; nothing is asked of any model.
pub async fn estimate(core: &Core, asked: &StartValidation) -> Result<Estimate> {
    Ok(plan(core, &config::current(core).await?, asked, None).await?.estimate)
}

/// Begins a validation.
pub async fn start(core: &Arc<Core>, asked: &StartValidation, brought: Brought) -> Result<ValidationReport> {
    let config = config::current(core).await?;
    let Plan { version, model, against, like, photo_set, columns, estimate } = plan(core, &config, asked, Some(&brought)).await?;
    let limit = asked.max_cost_usd.map(|most| runs::limit_of(most, &estimate)).transpose()?;
    let run = Run {
        id: RunId::fresh(),
        name: like.name,
        state: RunState::Running,
        counts: RunCounts::default(),
        photo_ids: like.photo_ids,
        photo_set,
        repeats: 1,
        concurrency: asked.concurrency,
        cost_usd: UsdMicros(0),
        cost_unknown_cells: 0,
        prices: costs::run_prices(core, &config, &columns),
        estimate: Some(estimate.total),
        kind: RunKind::Validation,
        limit,
        baseline: against.map(|_| AGAINST),
        reused: 0,
        stopped: Vec::new(),
        stopped_at_limit: false,
        columns,
        started_at: core.now(),
        finished_at: None,
    };
    let row = ValidationRow {
        run_id: run.id,
        version_id: version.id,
        against_id: against,
        model,
        gates: asked.gates.clone(),
        report: None,
        started_at: run.started_at,
    };
    let (id, cells) = (run.id, runs::fresh_cells(&run));
    runs::begin(core, run, cells, Some(runs::About::Validation(&row)), brought).await?;
    get(core, id).await
}

fn check(gates: &Gates) -> Result<()> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "gates", message });
    if *gates == Gates::none() {
        return refuse("Choose at least one gate".to_owned());
    }
    let shares = [(Gate::ValidAnswers, gates.valid_answers), (Gate::F1, gates.f1), (Gate::F1Drop, gates.f1_drop), (Gate::Refusals, gates.refusals)];
    for (gate, share) in shares {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return refuse(format!("{}: the limit is a share from 0 to 1", gate.label()));
        }
    }
    if gates.p95_ms == Some(0) || gates.cost_per_photo_usd.is_some_and(|cost| cost < UsdMicros(0)) {
        return refuse("The limit of a time must be above 0, and that of a cost at least 0".to_owned());
    }
    Ok(())
}

async fn version(core: &Core, id: PromptVersionId) -> Result<PromptVersion> {
    store::prompts::version(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "prompt version" })
}

/// Reports, newest first. Of those that are still open the gates are not looked at.
pub async fn list(core: &Core, query: ValidationsQuery) -> Result<Page<ValidationReport>> {
    let limit = page::limit(query.limit);
    let after = query.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, RunId(id)));
    let rows = store::validations::list(&core.db, core.org, query.prompt_version_id, after, limit).await?;
    let next_cursor = page::next_cursor(&rows, limit, |row| (row.started_at, row.run_id.0));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(read(core, row, false).await?);
    }
    Ok(Page { items, next_cursor, total: None })
}

pub async fn get(core: &Core, id: RunId) -> Result<ValidationReport> {
    let row = store::validations::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "validation" })?;
    read(core, row, true).await
}

/// Those of a version that have come to their end, newest first.
pub(super) async fn ended(core: &Core, id: PromptVersionId) -> Result<Vec<ValidationReport>> {
    let of_version = ValidationsQuery { prompt_version_id: Some(id), ..ValidationsQuery::default() };
    let mut reports = list(core, of_version).await?.items;
    reports.retain(|report| report.verdict != Verdict::Open);
    Ok(reports)
}

/// The report that is kept; else what the answers say now, which is kept where the run has ended meanwhile.
async fn read(core: &Core, row: ValidationRow, looks_at_open: bool) -> Result<ValidationReport> {
    if let Some(report) = row.report {
        return Ok(report);
    }
    let report = look(core, row, looks_at_open).await?;
    if report.verdict != Verdict::Open {
        store_report(core, &report).await?;
    }
    Ok(report)
}

/// What the answers say now.
async fn look(core: &Core, row: ValidationRow, looks_at_open: bool) -> Result<ValidationReport> {
    let run = runs::get(core, row.run_id).await?;
    let labels = truth::labels(core, &run.photo_ids).await?;
    let against = match row.against_id {
        Some(id) => Some(deployed(&version(core, id).await?)),
        None => None,
    };
    let is_over = run.state == RunState::Completed;
    let mut report = ValidationReport {
        run_id: run.id,
        version: deployed(&version(core, row.version_id).await?),
        model: row.model,
        photo_set: run.photo_set.clone().ok_or(DomainError::NotFound { what: "photo set of the validation" })?,
        photos: run.photo_ids.len() as u32,
        labelled_photos: run.photo_ids.iter().filter(|id| labels.contains_key(id)).count() as u32,
        state: run.state,
        counts: run.counts,
        verdict: Verdict::Open,
        gates: Vec::new(),
        method: gates::METHOD.to_owned(),
        started_at: run.started_at,
        finished_at: run.finished_at,
        limits: row.gates.clone(),
        against,
    };
    if is_over || looks_at_open {
        let cells = runs::all_cells(core, run.id).await?;
        let units = near_duplicates::units(core, &run.photo_ids).await?;
        let column = report.against.is_some().then_some(AGAINST);
        let found = core.on_a_core(move || {
            let looked = gates::Looked { run: &run, cells: &cells, labels: &labels, units: &units, candidate: CANDIDATE, against: column };
            gates::look(&row.gates, &looked)
        });
        report.gates = found.await?;
    }
    if is_over {
        report.verdict = Verdict::of(&report.gates);
    }
    Ok(report)
}

fn deployed(version: &PromptVersion) -> DeployedVersion {
    DeployedVersion { id: version.id, prompt_id: version.prompt_id, label: version.label() }
}

/// Keeps the report of a run that has come to its end: ground truth may change later, and it does not. A run that was resumed has
/// another end.
pub(super) async fn keep(core: &Core, id: RunId) -> Result<()> {
    let Some(row) = store::validations::get(&core.db, core.org, id).await? else { return Ok(()) };
    let report = look(core, row, true).await?;
    if report.verdict == Verdict::Open { Ok(()) } else { store_report(core, &report).await }
}

async fn store_report(core: &Core, report: &ValidationReport) -> Result<()> {
    let mut change = core.change().await?;
    store::validations::keep(&mut change.tx, core.org, report).await?;
    change.commit().await
}
