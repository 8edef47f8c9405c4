//! Deployments.

use super::{Client, Result};
use crate::wire::config::ConfigChanged;
use crate::wire::deployment::{BlastRadius, BlastRadiusEstimate, DeployPrompt, DeployReview, Deployment, Environment, MeasureBlastRadius};
use crate::wire::ids::{DeploymentId, PromptVersionId, RunId};
use crate::wire::page::Page;

impl Client {
    /// The history of all environments, newest first.
    pub async fn deployments(&self, cursor: Option<&str>) -> Result<Page<Deployment>> {
        self.get_with("api/ai/pipeline/deployments", &[("cursor", cursor)]).await
    }

    /// The last time that an environment came to use another version.
    pub async fn newest_deployment(&self, environment: Environment) -> Result<Option<Deployment>> {
        let query = [("environment", Some(environment.word())), ("limit", Some("1"))];
        let page: Page<Deployment> = self.get_with("api/ai/pipeline/deployments", &query).await?;
        Ok(page.items.into_iter().next())
    }

    pub async fn deploy_prompt(&self, body: &DeployPrompt) -> Result<ConfigChanged> {
        self.post("api/ai/pipeline/deployments", body).await
    }

    /// All that can be known of a deployment before it is done.
    pub async fn deploy_review(&self, version: PromptVersionId, environment: Environment) -> Result<DeployReview> {
        let version = version.to_string();
        let query = [("prompt_version_id", Some(version.as_str())), ("environment", Some(environment.word()))];
        self.get_with("api/ai/pipeline/deployments/review", &query).await
    }

    /// Puts back what a deployment replaced.
    pub async fn roll_back(&self, id: DeploymentId) -> Result<ConfigChanged> {
        self.post(&format!("api/ai/pipeline/deployments/{id}/rollback"), &()).await
    }

    /// What measuring a blast radius would need; nothing is asked of any model.
    pub async fn estimate_blast_radius(&self, body: MeasureBlastRadius) -> Result<BlastRadiusEstimate> {
        self.post("api/ai/pipeline/deployments/blast-radius/estimate", &body).await
    }

    pub async fn measure_blast_radius(&self, body: MeasureBlastRadius) -> Result<BlastRadius> {
        self.post("api/ai/pipeline/deployments/blast-radius", &body).await
    }

    pub async fn blast_radius(&self, run: RunId) -> Result<BlastRadius> {
        self.get(&format!("api/ai/pipeline/deployments/blast-radius/{run}")).await
    }
}
