//! Prompts and their versions.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::extract::{Body, Path};
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::prompts;
use crate::wire::ids::PromptId;
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};

pub async fn list_prompts(State(platform): State<Shared>) -> Result<Json<Page<Prompt>>, Refusal> {
    Ok(Json(prompts::list(&platform.core).await?))
}

pub async fn create_prompt(State(platform): State<Shared>, Body(asked): Body<CreatePrompt>) -> Result<Json<Prompt>, Refusal> {
    Ok(Json(prompts::create(&platform.core, &asked).await?))
}

pub async fn get_prompt(State(platform): State<Shared>, Path(id): Path<PromptId>) -> Result<Revised<Prompt>, Refusal> {
    let prompt = prompts::get(&platform.core, id).await?;
    Ok(Revised(prompt.revision, prompt))
}

pub async fn update_prompt(
    State(platform): State<Shared>,
    Path(id): Path<PromptId>,
    headers: HeaderMap,
    Body(asked): Body<UpdatePrompt>,
) -> Result<Revised<Prompt>, Refusal> {
    let prompt = prompts::update(&platform.core, id, if_match(&headers)?, &asked).await?;
    Ok(Revised(prompt.revision, prompt))
}

pub async fn list_versions(State(platform): State<Shared>, Path(id): Path<PromptId>) -> Result<Json<Page<PromptVersion>>, Refusal> {
    Ok(Json(prompts::versions(&platform.core, id).await?))
}

pub async fn save_version(
    State(platform): State<Shared>,
    Path(id): Path<PromptId>,
    Body(asked): Body<SavePromptVersion>,
) -> Result<Json<PromptVersion>, Refusal> {
    Ok(Json(prompts::save_version(&platform.core, id, &asked).await?))
}
