//! Analysis of a prompt's text, and which of its findings are ignored.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::extract::{Body, Path};
use super::{Refusal, Shared};
use crate::platform::domain::prompt_analysis;
use crate::wire::ids::PromptId;
use crate::wire::prompt_analysis::{AnalyzePrompt, IgnoreFinding, PromptAnalysis};

pub async fn analyze_prompt(State(platform): State<Shared>, Body(asked): Body<AnalyzePrompt>) -> Result<Json<PromptAnalysis>, Refusal> {
    Ok(Json(prompt_analysis::analyze(&platform.core, asked).await?))
}

pub async fn ignore_finding(
    State(platform): State<Shared>,
    Path(id): Path<PromptId>,
    Body(asked): Body<IgnoreFinding>,
) -> Result<StatusCode, Refusal> {
    prompt_analysis::ignore(&platform.core, id, &asked).await?;
    Ok(StatusCode::NO_CONTENT)
}
