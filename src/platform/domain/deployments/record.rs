//! The history is written where the configuration is: whatever changes what an environment uses is in it.

use super::used;
use crate::platform::domain::{Change, Core, Result};
use crate::platform::store;
use crate::platform::store::deployments::NewDeployment;
use crate::wire::config::{ConfigChange, PipelineConfig};
use crate::wire::deployment::{Check, Environment, Validation};
use crate::wire::ids::{ConfigChangeId, DeploymentId, RunId};

/// What a person said and saw when they deployed.
#[derive(Debug, Clone)]
pub struct About {
    pub note: String,
    pub validation: Validation,
    pub checks: Vec<Check>,
    pub override_reason: Option<String>,
    pub report_id: Option<RunId>,
}

impl About {
    /// A way back, an import: nobody was asked.
    fn nothing() -> Self {
        Self { note: String::new(), validation: Validation::NotAsked, checks: Vec::new(), override_reason: None, report_id: None }
    }
}

/// Writes what a change of configuration, the entry of the journal, means for the environments.
pub async fn record(
    core: &Core,
    change: &mut Change<'_>,
    (before, after): (&PipelineConfig, &PipelineConfig),
    entry: &ConfigChange,
    undoes: Option<ConfigChangeId>,
    about: Option<About>,
) -> Result<()> {
    let about = about.unwrap_or_else(About::nothing);
    for environment in Environment::ALL {
        let (from, to) = (used(before, environment), used(after, environment));
        if from == to {
            continue;
        }
        let rolls_back = match undoes {
            Some(undone) => store::deployments::of_change(&core.db, core.org, undone, environment).await?,
            None => None,
        };
        let new = NewDeployment {
            id: DeploymentId::fresh(),
            environment,
            from,
            to,
            note: &about.note,
            validation: about.validation,
            checks: &about.checks,
            override_reason: about.override_reason.as_deref(),
            report_id: about.report_id,
            rolls_back,
        };
        store::deployments::insert(&mut change.tx, core.org, entry, &new).await?;
    }
    if let Some(undone) = undoes {
        store::deployments::mark_rolled_back(&mut change.tx, core.org, undone, entry.at, &entry.actor).await?;
    }
    Ok(())
}
