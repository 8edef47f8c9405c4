//! Prompts and their versions.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::extract::{Body, Path, Query};
use super::revision::{Revised, if_match};
use super::{Refusal, Shared};
use crate::platform::domain::{prompt_diff, prompt_files, prompt_labels, prompt_search, prompts};
use crate::wire::ids::PromptId;
use crate::wire::page::Page;
use crate::wire::prompt::{CreatePrompt, PreviewPrompt, Prompt, PromptPreview, PromptVersion, SavePromptVersion, UpdatePrompt, VersionsQuery};
use crate::wire::prompt_diff::PromptDiff;
use crate::wire::prompt_file::{ImportMode, ImportPrompts, Imported};
use crate::wire::prompt_label::{ChangeLabels, LabelCount, VersionLabels};
use crate::wire::prompt_search::{VersionFound, VersionQuery};

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

pub async fn list_versions(
    State(platform): State<Shared>,
    Path(id): Path<PromptId>,
    Query(query): Query<VersionsQuery>,
) -> Result<Json<Page<PromptVersion>>, Refusal> {
    Ok(Json(prompts::versions(&platform.core, id, query).await?))
}

pub async fn get_version(State(platform): State<Shared>, Path((id, version)): Path<(PromptId, u32)>) -> Result<Json<PromptVersion>, Refusal> {
    Ok(Json(prompts::version(&platform.core, id, version).await?))
}

pub async fn save_version(
    State(platform): State<Shared>,
    Path(id): Path<PromptId>,
    Body(asked): Body<SavePromptVersion>,
) -> Result<Json<PromptVersion>, Refusal> {
    Ok(Json(prompts::save_version(&platform.core, id, &asked).await?))
}

pub async fn diff_versions(
    State(platform): State<Shared>,
    Path((id, left, right)): Path<(PromptId, String, String)>,
) -> Result<Json<PromptDiff>, Refusal> {
    Ok(Json(prompt_diff::diff(&platform.core, id, &left, &right).await?))
}

pub async fn change_labels(
    State(platform): State<Shared>,
    Path((id, version)): Path<(PromptId, u32)>,
    Body(asked): Body<ChangeLabels>,
) -> Result<Json<VersionLabels>, Refusal> {
    Ok(Json(prompt_labels::change(&platform.core, id, version, &asked).await?))
}

pub async fn list_labels(State(platform): State<Shared>) -> Result<Json<Page<LabelCount>>, Refusal> {
    Ok(Json(prompt_labels::list(&platform.core).await?))
}

pub async fn find_versions(State(platform): State<Shared>, Query(query): Query<VersionQuery>) -> Result<Json<Page<VersionFound>>, Refusal> {
    Ok(Json(prompt_search::find(&platform.core, &query).await?))
}

pub async fn preview_prompt(State(platform): State<Shared>, Body(asked): Body<PreviewPrompt>) -> Result<Json<PromptPreview>, Refusal> {
    Ok(Json(prompts::preview(&platform.core, &asked).await?))
}

/// A version as a Markdown file.
pub async fn export_version(State(platform): State<Shared>, Path((id, version)): Path<(PromptId, u32)>) -> Result<impl IntoResponse, Refusal> {
    let (name, text) = prompt_files::export(&platform.core, id, version).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text))
}

pub async fn import_prompts(
    State(platform): State<Shared>,
    Query(mode): Query<ImportMode>,
    Body(asked): Body<ImportPrompts>,
) -> Result<Json<Imported>, Refusal> {
    Ok(Json(prompt_files::import(&platform.core, &asked, mode.dry_run).await?))
}
