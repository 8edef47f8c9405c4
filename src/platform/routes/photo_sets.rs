//! Named sets of photos.

use axum::Json;
use axum::extract::State;

use super::extract::{Body, Path};
use super::{Refusal, Shared};
use crate::platform::domain::photo_sets;
use crate::wire::ids::PhotoSetId;
use crate::wire::page::Page;
use crate::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotoSet, PhotoSetChanged, PhotoSetOutline, PhotoSetVersion};

pub async fn list_photo_sets(State(platform): State<Shared>) -> Result<Json<Page<PhotoSet>>, Refusal> {
    Ok(Json(photo_sets::list(&platform.core).await?))
}

pub async fn create_photo_set(State(platform): State<Shared>, Body(asked): Body<CreatePhotoSet>) -> Result<Json<PhotoSetChanged>, Refusal> {
    Ok(Json(photo_sets::create(&platform.core, &asked).await?))
}

pub async fn get_photo_set(State(platform): State<Shared>, Path(id): Path<PhotoSetId>) -> Result<Json<PhotoSet>, Refusal> {
    Ok(Json(photo_sets::get(&platform.core, id).await?))
}

pub async fn change_photo_set(
    State(platform): State<Shared>,
    Path(id): Path<PhotoSetId>,
    Body(asked): Body<ChangePhotoSet>,
) -> Result<Json<PhotoSetChanged>, Refusal> {
    Ok(Json(photo_sets::change(&platform.core, id, &asked).await?))
}

pub async fn delete_photo_set(State(platform): State<Shared>, Path(id): Path<PhotoSetId>) -> Result<Json<PhotoSetChanged>, Refusal> {
    Ok(Json(photo_sets::delete(&platform.core, id).await?))
}

pub async fn list_set_versions(State(platform): State<Shared>, Path(id): Path<PhotoSetId>) -> Result<Json<Page<PhotoSetOutline>>, Refusal> {
    Ok(Json(photo_sets::versions(&platform.core, id).await?))
}

pub async fn get_set_version(State(platform): State<Shared>, Path((id, version)): Path<(PhotoSetId, u32)>) -> Result<Json<PhotoSetVersion>, Refusal> {
    Ok(Json(photo_sets::version(&platform.core, id, version).await?))
}
