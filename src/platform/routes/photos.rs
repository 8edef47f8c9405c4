//! The library of photos.

use std::collections::VecDeque;

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use tokio::task::JoinHandle;

use super::extract::{Path, Query};
use super::{Refusal, Shared};
use crate::platform::domain::photos::{self, Added, Asked, NewFile};
use crate::platform::domain::{DomainError, near_duplicates};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::photo::{AddedPhotos, LookAlikes, Photo, PhotoMetadata, PhotoSource};

/// Largest upload, all its files together.
pub const UPLOAD_BYTES_MOST: usize = 200 * 1024 * 1024;
/// Files of one upload that are checked at once; the next is read when one of them is done.
const CHECKED_AT_ONCE: usize = 4;

#[derive(Deserialize)]
pub struct ListQuery {
    q: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Those that came with the program are few: they are not searched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

pub async fn list_photos(State(platform): State<Shared>, Query(query): Query<ListQuery>) -> Result<Json<Page<Photo>>, Refusal> {
    let asked = Asked { search: query.q, only_bundled: false, limit: query.limit, cursor: query.cursor };
    Ok(Json(photos::list(&platform.core, asked).await?))
}

pub async fn list_sample_photos(State(platform): State<Shared>, Query(query): Query<PageQuery>) -> Result<Json<Page<Photo>>, Refusal> {
    let asked = Asked { search: None, only_bundled: true, limit: query.limit, cursor: query.cursor };
    Ok(Json(photos::list(&platform.core, asked).await?))
}

pub async fn add_sample_photos(State(platform): State<Shared>) -> Result<Json<AddedPhotos>, Refusal> {
    Ok(Json(photos::add_bundled(&platform.core).await?))
}

pub async fn list_look_alikes(State(platform): State<Shared>) -> Result<Json<LookAlikes>, Refusal> {
    Ok(Json(near_duplicates::list(&platform.core).await?))
}

pub async fn get_photo(State(platform): State<Shared>, Path(id): Path<PhotoId>) -> Result<Json<Photo>, Refusal> {
    Ok(Json(photos::get(&platform.core, id).await?))
}

pub async fn delete_photo(State(platform): State<Shared>, Path(id): Path<PhotoId>) -> Result<StatusCode, Refusal> {
    photos::delete(&platform.core, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct ImageQuery {
    max: Option<u32>,
}

pub async fn photo_image(
    State(platform): State<Shared>,
    Path(id): Path<PhotoId>,
    Query(query): Query<ImageQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let photo = photos::get(&platform.core, id).await?;
    let etag = format!("\"{}-{}\"", photo.content_hash, query.max.unwrap_or(0));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // The bytes of a photo never change, so neither does any picture of it.
    let caching = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned())];
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag)) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let bytes = photos::image(&platform.core, &photo, query.max).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"))], caching, bytes).into_response())
}

pub async fn photo_metadata(State(platform): State<Shared>, Path(id): Path<PhotoId>) -> Result<Json<PhotoMetadata>, Refusal> {
    Ok(Json(photos::metadata(&platform.core, id).await?))
}

#[derive(Deserialize)]
pub struct AddQuery {
    #[serde(default)]
    enqueue: bool,
}

/// Files are read one after the other and checked while the next ones arrive. Those that were taken
/// before an upload broke off are kept; sending them again does no harm.
pub async fn add_photos(
    State(platform): State<Shared>,
    Query(query): Query<AddQuery>,
    upload: Result<Multipart, MultipartRejection>,
) -> Result<Json<AddedPhotos>, Refusal> {
    let mut upload = upload.map_err(|error| Refusal::new(error.status(), "bad_upload", "The upload could not be read", error.body_text()))?;
    let mut checks: VecDeque<JoinHandle<Added>> = VecDeque::new();
    let mut done = Vec::new();
    while let Some(mut field) = upload.next_field().await.map_err(broken_off)? {
        let name = field.file_name().or(field.name()).unwrap_or_default().to_owned();
        let Some(bytes) = read_file(&mut field).await.map_err(broken_off)? else {
            done.push(photos::too_large(&name));
            continue;
        };
        if checks.len() >= CHECKED_AT_ONCE
            && let Some(check) = checks.pop_front()
        {
            done.push(finished(check).await?);
        }
        let file = NewFile::new(&platform.core, PhotoSource::Added, &name, bytes);
        let platform = platform.clone();
        checks.push_back(tokio::spawn(async move { photos::add_or_refuse(&platform.core, file, query.enqueue).await }));
    }
    for check in checks {
        done.push(finished(check).await?);
    }
    Ok(Json(photos::sort(done)))
}

async fn finished(check: JoinHandle<Added>) -> Result<Added, Refusal> {
    let interrupted = |_| DomainError::Files { message: "A photo's check was interrupted; send it again".to_owned() };
    Ok(check.await.map_err(interrupted)?)
}

/// A file's bytes; `None` when it is too large, and then its rest is read and dropped.
async fn read_file(field: &mut Field<'_>) -> Result<Option<Bytes>, MultipartError> {
    let mut bytes = BytesMut::new();
    let mut fits = true;
    while let Some(chunk) = field.chunk().await? {
        fits = fits && bytes.len() + chunk.len() <= photos::FILE_BYTES_MOST;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = BytesMut::new();
        }
    }
    Ok(fits.then(|| bytes.freeze()))
}

fn broken_off(error: MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("Send at most {} MB at once; the photos that came before are kept", UPLOAD_BYTES_MOST / 1024 / 1024);
        return Refusal::new(error.status(), "too_large", "The upload is too large", detail);
    }
    let detail = format!("{}; the photos that came before are kept. Send the rest again", error.body_text());
    Refusal::new(error.status(), "bad_upload", "The upload broke off", detail)
}
