//! What is checked before a deployment: one list, a function each. None of them asks a model.

use super::{blast_radius, findings, gates, parts};
use crate::platform::domain::prompts::{self, PhotoVariables};
use crate::platform::domain::providers::{self, Brought};
use crate::platform::domain::{Core, Result, costs, models, retirement, spending};
use crate::platform::store;
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::{BlastRadius, Check, CheckState, Environment, Validation};
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::model::RETIREMENT_NEAR_DAYS;
use crate::wire::money::UsdMicros;
use crate::wire::prompt::PromptVersion;
use crate::wire::rules::LimitAction;
use crate::wire::run::{RunColumn, RunState};

/// The newest photos that a text is rendered for and a price is told of.
const SAMPLE_PHOTOS: u32 = 20;
/// Fewer photos than this say little.
const FEW_PHOTOS: u32 = 10;

/// What the checks say.
pub struct Verdict {
    pub checks: Vec<Check>,
    pub validation: Validation,
    /// The blast radius that counted.
    pub report_id: Option<RunId>,
}

/// Checks a version for an environment. `report`: the blast radius that was looked at; without it the newest counts.
pub async fn all(core: &Core, config: &PipelineConfig, version: &PromptVersion, environment: Environment, report: Option<RunId>) -> Result<Verdict> {
    let photos = sample(core).await?;
    let mut checks = vec![template(version, &photos)];
    checks.extend(parts::schema(&version.parts));
    checks.push(findings::check(core, config, version).await?);
    checks.push(model(core, config).await);
    checks.extend(parts::taken(core, config, &version.parts));
    checks.extend(held_back(core, config));
    checks.extend(retirement(core, config));
    checks.push(cost(core, config, version, &photos).await?);
    checks.extend(gates::check_gates(core, config, version, environment).await?);
    let radius = match report {
        Some(id) => blast_radius::get(core, id).await.ok(),
        None => blast_radius::newest(core, version.id).await?,
    };
    let radius = radius.filter(|radius| radius.version.id == version.id);
    let report_id = radius.as_ref().map(|radius| radius.run_id);
    // Staging is where it is measured: there nothing of it is missing yet.
    if environment == Environment::Production || radius.is_some() {
        let has_answers = !store::blast_radii::answered(&core.db, core.org, 1).await?.is_empty();
        checks.push(measured(radius.as_ref(), has_answers));
    }
    Ok(Verdict { validation: validation(&checks), checks, report_id })
}

/// All checks as one word.
fn validation(checks: &[Check]) -> Validation {
    let any = |state| checks.iter().any(|check| check.state == state);
    match () {
        () if any(CheckState::Fail) => Validation::Failed,
        () if any(CheckState::Missing) => Validation::Missing,
        () if any(CheckState::Warn) => Validation::Warned,
        () => Validation::Passed,
    }
}

pub(super) fn check(code: &str, title: &str, state: CheckState, why: impl Into<String>) -> Check {
    Check { code: code.to_owned(), title: title.to_owned(), state, why: why.into(), blocks: false, findings: Vec::new() }
}

/// A photo as far as a text may name it.
struct SamplePhoto {
    id: PhotoId,
    variables: PhotoVariables,
}

async fn sample(core: &Core) -> Result<Vec<SamplePhoto>> {
    let mut photos = Vec::new();
    for (id, _) in store::blast_radii::answered(&core.db, core.org, SAMPLE_PHOTOS).await? {
        if let Some(photo) = store::photos::get(&core.db, core.org, id).await? {
            let variables = PhotoVariables { file_name: photo.file_name, width: photo.width_px, height: photo.height_px };
            photos.push(SamplePhoto { id, variables });
        }
    }
    Ok(photos)
}

/// The text gives a question, for a photo like any other and for those that were last.
fn template(version: &PromptVersion, photos: &[SamplePhoto]) -> Check {
    let title = "Filling in the text";
    if let Err(error) = prompts::check_renders(version.into()) {
        return Check { blocks: true, ..check("template", title, CheckState::Fail, error.to_string()) };
    }
    for photo in photos {
        if let Err(fault) = prompts::render(version.into(), &photo.variables) {
            let why = format!("For {}: {}", photo.variables.file_name, fault.message);
            return check("template", title, CheckState::Fail, why);
        }
    }
    let why = match photos.len() {
        0 => "For a usual photo; none was answered yet".to_owned(),
        1 => "For the last photo that was answered".to_owned(),
        many => format!("For the last {many} photos that were answered"),
    };
    check("template", title, CheckState::Pass, why)
}

/// The live model can be asked: it is known, and its key is there.
async fn model(core: &Core, config: &PipelineConfig) -> Check {
    let title = "Asking the live model";
    match models::check_usable(core, &config.live_model, &Brought::default()).await {
        Ok(()) => check("model", title, CheckState::Pass, format!("{} is known, and needs no key or has one", config.live_model)),
        Err(error) => check("model", title, CheckState::Fail, error.to_string()),
    }
}

/// Something makes the provider hold all calls back.
fn held_back(core: &Core, config: &PipelineConfig) -> Option<Check> {
    let fault = providers::held_back(core, &config.live_model)?;
    let why = format!("Its calls are held back, {}: {}", fault.kind.label(), fault.message);
    Some(check("held_back", "Calls to the provider", CheckState::Warn, why))
}

/// The live model and those that stand in for it stay; told of those that end soon.
fn retirement(core: &Core, config: &PipelineConfig) -> Option<Check> {
    let ending = retirement::of_models_in_use(core, config).into_iter().filter(|retiring| retiring.days < RETIREMENT_NEAR_DAYS);
    let ending: Vec<_> = ending.collect();
    let live_is_over = ending.iter().any(|retiring| retiring.model == config.live_model && retiring.days < 0);
    let said = ending.iter().map(|retiring| {
        let role = if retiring.model == config.live_model { "" } else { " (stands in for the live model)" };
        format!("{}{role}", retiring.words())
    });
    let said = said.collect::<Vec<String>>().join("; ");
    let title = "Retirement of the models in use";
    match () {
        () if ending.is_empty() => None,
        () if live_is_over => Some(check("retirement", title, CheckState::Fail, format!("{said}. Choose another model"))),
        () => Some(check("retirement", title, CheckState::Warn, said)),
    }
}

/// What a photo will cost, and how far the limits reach then.
async fn cost(core: &Core, config: &PipelineConfig, version: &PromptVersion, photos: &[SamplePhoto]) -> Result<Check> {
    let title = "Price and cost limits";
    let column = RunColumn {
        prompt_name: version.label(),
        prompt_content: version.content.clone(),
        parts: version.parts.clone(),
        prompt_version_id: Some(version.id),
        model: config.live_model.clone(),
        image: None,
    };
    let ids: Vec<PhotoId> = photos.iter().map(|photo| photo.id).collect();
    let estimate = costs::of_columns(core, config, std::slice::from_ref(&column), &ids, 1, 1).await?;
    let limits = [("a day", config.rules.daily_limit_usd), ("a month", config.rules.monthly_limit_usd)];
    let has_limit = limits.iter().any(|(_, limit)| limit.is_some()) || config.rules.photo_limit_usd.is_some();
    let known = estimate.columns.first().map(|column| (column.cost, i64::try_from(column.calls).unwrap_or(i64::MAX)));
    let each = match known {
        Some((Some(cost), calls)) if calls > 0 => UsdMicros(cost.high_usd.0 / calls),
        Some((Some(cost), _)) => cost.high_usd,
        _ if has_limit => {
            let why = format!("The price of {} is not known, so it can't be kept within a limit: its calls wait", config.live_model);
            return Ok(check("cost", title, CheckState::Fail, why));
        }
        _ => return Ok(check("cost", title, CheckState::Warn, format!("The price of {} is not known", config.live_model))),
    };
    if each == UsdMicros(0) {
        let why = if photos.is_empty() { "No photo is there to tell a price of" } else { "A photo costs nothing" };
        return Ok(check("cost", title, CheckState::Pass, why));
    }
    if let Some(limit) = config.rules.photo_limit_usd.filter(|limit| each > *limit) {
        let (state, then) = match config.rules.photo_limit_action {
            LimitAction::Warn => (CheckState::Warn, "it would be asked about, with a note"),
            LimitAction::Stop => (CheckState::Fail, "it would not be asked about"),
        };
        return Ok(check("cost", title, state, format!("One photo may cost {each}, more than the limit of {limit} a photo: {then}")));
    }
    for (period, limit) in limits {
        if let Some(limit) = limit.filter(|limit| each > *limit) {
            let why = format!("One photo may cost {each}, more than the limit of {limit} {period}: none would be asked about");
            return Ok(check("cost", title, CheckState::Fail, why));
        }
    }
    let spent = spending::spent(core).await?;
    let mut reach = Vec::new();
    for ((period, limit), spent) in limits.into_iter().zip([spent.today, spent.month]) {
        let Some(limit) = limit else { continue };
        let left = UsdMicros((limit.0 - spent.0).max(0));
        if left < each {
            let why = format!("≈ {each} a photo; of the limit of {limit} {period}, {spent} is spent already: see what the rules do then");
            return Ok(check("cost", title, CheckState::Warn, why));
        }
        let left_words = if spent == UsdMicros(0) { String::new() } else { format!(", of which {left} is left,") };
        reach.push(format!("the limit of {limit} {period}{left_words} is enough for about {} photos", left.0 / each.0));
    }
    let reach = if reach.is_empty() { "no limit is set".to_owned() } else { reach.join(", ") };
    Ok(check("cost", title, CheckState::Pass, format!("≈ {each} a photo; {reach}")))
}

/// How many photos change is known.
fn measured(radius: Option<&BlastRadius>, has_answers: bool) -> Check {
    let title = "Photos whose tags change";
    let say = |state, why: String| check("blast_radius", title, state, why);
    let Some(radius) = radius else {
        return if has_answers {
            say(CheckState::Missing, "Not measured yet".to_owned())
        } else {
            say(CheckState::Warn, "Production has answered no photo yet: there is nothing to compare with".to_owned())
        };
    };
    if let Some(why) = &radius.outdated {
        return say(CheckState::Missing, format!("{why}. Measure again"));
    }
    let (compared, wanted) = (radius.compared, radius.photos - radius.left_out);
    match radius.state {
        RunState::Running => return say(CheckState::Missing, "Being measured".to_owned()),
        _ if compared < wanted => {
            return say(CheckState::Missing, format!("Only {compared} of {} photos are compared. Go on with the measurement", radius.photos));
        }
        _ if compared == 0 => return say(CheckState::Missing, "No photo of the sample could be compared. Measure again".to_owned()),
        _ => {}
    }
    let of = |count: u32| format!("{count} of {compared} photos");
    if radius.unanswered > 0 {
        return say(CheckState::Fail, format!("{} would get no answer that can be used", of(radius.unanswered)));
    }
    let is_worse = |change: &&crate::wire::deployment::PhotoChange| {
        change.decision_after.is_some_and(|after| super::compare::rank(after) < super::compare::rank(change.decision_before))
    };
    let worse = radius.changes.iter().filter(is_worse).count();
    if worse > 0 {
        return say(CheckState::Warn, format!("{} change tags, and {worse} would be decided worse", of(radius.tags.count)));
    }
    if compared < FEW_PHOTOS.min(radius.population) {
        return say(CheckState::Warn, format!("{} change tags; so few photos say little", of(radius.tags.count)));
    }
    say(CheckState::Pass, format!("{} change tags, {} another decision", of(radius.tags.count), radius.decisions.count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_counts_more_than_what_is_missing_and_that_more_than_a_warning() {
        let with = |states: &[CheckState]| validation(&states.iter().map(|state| check("x", "X", *state, "")).collect::<Vec<_>>());
        assert_eq!(with(&[CheckState::Pass, CheckState::Pass]), Validation::Passed);
        assert_eq!(with(&[CheckState::Pass, CheckState::Warn]), Validation::Warned);
        assert_eq!(with(&[CheckState::Missing, CheckState::Warn]), Validation::Missing);
        assert_eq!(with(&[CheckState::Missing, CheckState::Fail]), Validation::Failed);
        assert!(Validation::Failed.needs_override() && Validation::Missing.needs_override() && !Validation::Warned.needs_override());
    }
}
