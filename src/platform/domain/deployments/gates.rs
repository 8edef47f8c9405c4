//! The check that a version has passed its gates on a photo set, as things are now.

use super::checks::check;
use crate::platform::domain::{Core, Result, validations};
use crate::platform::store;
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::{Check, CheckState, Environment};
use crate::wire::photo_set::PhotoSet;
use crate::wire::prompt::PromptVersion;
use crate::wire::validation::{ValidationReport, Verdict};

const TITLE: &str = "Gates of the validation";

/// Where there is no photo set there is nothing to validate on, and nothing is said. Staging is where it is measured: nothing of
/// it is missing there yet.
pub async fn check_gates(core: &Core, config: &PipelineConfig, version: &PromptVersion, environment: Environment) -> Result<Option<Check>> {
    let sets = store::photo_sets::list(&core.db, core.org).await?;
    let reports = validations::ended(core, version.id).await?;
    let Some(newest) = reports.first() else {
        let is_asked = !sets.is_empty() && environment == Environment::Production;
        let why = "Not validated yet: hold this version against gates on a photo set in the Testing lab";
        return Ok(is_asked.then(|| check("gates", TITLE, CheckState::Missing, why)));
    };
    // One that still says something counts before a newer one that does not.
    let current = reports.iter().find(|report| outdated(report, config, &sets).is_none());
    Ok(Some(match (current, outdated(newest, config, &sets)) {
        (Some(report), _) => check("gates", TITLE, state(report.verdict), report.words()),
        (None, why) => check("gates", TITLE, CheckState::Missing, format!("{}. Validate it again", why.unwrap_or_default())),
    }))
}

fn state(verdict: Verdict) -> CheckState {
    match verdict {
        Verdict::Passed => CheckState::Pass,
        Verdict::Failed => CheckState::Fail,
        Verdict::NotMeasured | Verdict::Open => CheckState::Missing,
    }
}

/// Why a report says nothing of a deployment now.
fn outdated(report: &ValidationReport, config: &PipelineConfig, sets: &[PhotoSet]) -> Option<String> {
    if report.model != config.live_model {
        return Some(format!("Validated on {}, and the live model is {} now", report.model, config.live_model));
    }
    let set = sets.iter().find(|set| set.id == report.photo_set.id);
    if let Some(set) = set.filter(|set| set.version != report.photo_set.version) {
        return Some(format!("Validated on {}, which is at version {} now", report.photo_set.label(), set.version));
    }
    let against = report
        .against
        .as_ref()
        .filter(|against| against.id != config.live_prompt_version_id && report.version.id != config.live_prompt_version_id)?;
    Some(format!("Held against {}, and production uses another version now", against.label))
}
