//! Validation of prompt versions.

use super::{Client, Result};
use crate::wire::cost::Estimate;
use crate::wire::ids::RunId;
use crate::wire::page::Page;
use crate::wire::validation::{StartValidation, ValidationComparison, ValidationReport, ValidationsQuery};

const PATH: &str = "api/ai/testing/validation";

impl Client {
    pub async fn start_validation(&self, body: &StartValidation) -> Result<ValidationReport> {
        self.post(PATH, body).await
    }

    /// What it would need; nothing is asked of any model.
    pub async fn estimate_validation(&self, body: &StartValidation) -> Result<Estimate> {
        self.post(&format!("{PATH}/estimate"), body).await
    }

    /// Newest first.
    pub async fn validations(&self, query: &ValidationsQuery) -> Result<Page<ValidationReport>> {
        self.get_with(PATH, query).await
    }

    pub async fn validation(&self, run: RunId) -> Result<ValidationReport> {
        self.get(&format!("{PATH}/{run}")).await
    }

    /// One validation beside an earlier one, photo by photo.
    pub async fn compare_validations(&self, run: RunId, before: RunId) -> Result<ValidationComparison> {
        self.get(&format!("{PATH}/{run}/compare?before={before}")).await
    }
}
