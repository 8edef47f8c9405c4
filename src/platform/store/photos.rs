//! Photos of the library.

pub mod search;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, from_name, to_ms, to_name};
use crate::wire::ids::{OrganizationId, PhotoId, ResultId};
use crate::wire::photo::Photo;

/// A photo, with caption and tags of its newest answer.
const SELECT: &str = "SELECT p.id, p.file_name, p.source, p.content_hash, p.size_bytes, p.width_px, p.height_px, p.format,
        (SELECT json_group_array(a.file_name) FROM photo_aliases a WHERE a.photo_id = p.id) AS other_names,
        p.ai_processing_status, p.created_at_ms, r.caption, r.confidence_scores
     FROM photos p LEFT JOIN ai_processing_results r ON r.id = p.latest_result_id
     WHERE p.deleted_at_ms IS NULL AND p.organization_id = ";

struct PhotoRow(Photo);

impl FromRow<'_, SqliteRow> for PhotoRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let read = || -> std::result::Result<Photo, Box<dyn std::error::Error + Send + Sync>> {
            let tags: Option<String> = row.try_get("confidence_scores")?;
            Ok(Photo {
                id: PhotoId(row.try_get("id")?),
                file_name: row.try_get("file_name")?,
                other_names: from_json(row.try_get("other_names")?)?,
                source: from_name(row.try_get("source")?)?,
                content_hash: row.try_get("content_hash")?,
                size_bytes: row.try_get::<i64, _>("size_bytes")? as u64,
                width_px: row.try_get::<i64, _>("width_px")? as u32,
                height_px: row.try_get::<i64, _>("height_px")? as u32,
                format: row.try_get("format")?,
                ai_processing_status: from_name(row.try_get("ai_processing_status")?)?,
                caption: row.try_get("caption")?,
                tags: tags.as_deref().map(from_json).transpose()?.unwrap_or_default(),
                created_at: from_ms(row.try_get("created_at_ms")?)?,
            })
        };
        read().map(Self).map_err(sqlx::Error::Decode)
    }
}

/// Inserts a photo; `false` when the library has its bytes already. `hash`: what it looks like, where that is known.
pub async fn insert(tx: &mut Tx, org: OrganizationId, photo: &Photo, hash: Option<u64>) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO photos (id, organization_id, file_name, source, content_hash, size_bytes, width_px, height_px, format,
                             ai_processing_status, created_at_ms, perceptual_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING",
    )
    .bind(photo.id.0)
    .bind(org.0)
    .bind(&photo.file_name)
    .bind(to_name(&photo.source)?)
    .bind(&photo.content_hash)
    .bind(photo.size_bytes as i64)
    .bind(i64::from(photo.width_px))
    .bind(i64::from(photo.height_px))
    .bind(&photo.format)
    .bind(to_name(&photo.ai_processing_status)?)
    .bind(to_ms(photo.created_at))
    .bind(hash.map(u64::cast_signed))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps another name under which the bytes of a photo have come.
pub async fn add_alias(tx: &mut Tx, id: PhotoId, file_name: &str) -> Result<()> {
    let sql = "INSERT INTO photo_aliases (photo_id, file_name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(id.0).bind(file_name).execute(&mut **tx).await?;
    Ok(())
}

/// One photo that is not deleted.
pub async fn get(db: &Db, org: OrganizationId, id: PhotoId) -> Result<Option<Photo>> {
    let mut query = sqlx::QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND p.id = ").push_bind(id.0);
    let row: Option<PhotoRow> = query.build_query_as().fetch_optional(&db.read).await?;
    Ok(row.map(|row| row.0))
}

/// The photo with these bytes.
pub async fn by_content(tx: &mut Tx, org: OrganizationId, content_hash: &str) -> Result<Option<Photo>> {
    let mut query = sqlx::QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND p.content_hash = ").push_bind(content_hash);
    let row: Option<PhotoRow> = query.build_query_as().fetch_optional(&mut **tx).await?;
    Ok(row.map(|row| row.0))
}

/// Whether the library ever had these bytes, deleted ones included.
pub async fn was_known(db: &Db, org: OrganizationId, content_hash: &str) -> Result<bool> {
    let known: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM photos WHERE organization_id = $1 AND content_hash = $2 AND deleted_at_ms IS NULL)
             OR EXISTS (SELECT 1 FROM photos WHERE organization_id = $1 AND content_hash = $2 AND deleted_at_ms IS NOT NULL)",
    )
    .bind(org.0)
    .bind(content_hash)
    .fetch_one(&db.read)
    .await?;
    Ok(known)
}

/// What [`list`] gives.
#[derive(Debug, Clone, Default)]
pub struct PhotoFilter {
    pub only_bundled: bool,
    /// Only photos before this one in the list.
    pub after: Option<(DateTime<Utc>, PhotoId)>,
    pub limit: u32,
}

/// Photos, newest first.
pub async fn list(db: &Db, org: OrganizationId, filter: &PhotoFilter) -> Result<Vec<Photo>> {
    let mut query = sqlx::QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0);
    if filter.only_bundled {
        query.push(" AND p.source = 'bundled'");
    }
    if let Some((at, id)) = filter.after {
        query.push(" AND (p.created_at_ms, p.id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY p.created_at_ms DESC, p.id DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows: Vec<PhotoRow> = query.build_query_as().fetch_all(&db.read).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// How many photos a library has, or how many of them came with the program.
pub async fn count(db: &Db, org: OrganizationId, only_bundled: bool) -> Result<u64> {
    let sql = if only_bundled {
        "SELECT COUNT(*) FROM photos WHERE deleted_at_ms IS NULL AND organization_id = $1 AND source = 'bundled'"
    } else {
        "SELECT COALESCE(SUM(photos), 0) FROM photo_counts WHERE organization_id = $1"
    };
    let count: i64 = sqlx::query_scalar(sql).bind(org.0).fetch_one(&db.read).await?;
    Ok(count as u64)
}

/// Marks a photo deleted; gives its content hash, or `None` when there is no such photo.
pub async fn delete(tx: &mut Tx, org: OrganizationId, id: PhotoId, at: DateTime<Utc>) -> Result<Option<String>> {
    let hash = sqlx::query_scalar(
        "UPDATE photos SET deleted_at_ms = $3 WHERE organization_id = $1 AND id = $2 AND deleted_at_ms IS NULL RETURNING content_hash",
    );
    let hash = hash.bind(org.0).bind(id.0).bind(to_ms(at)).fetch_optional(&mut **tx).await?;
    if hash.is_some() {
        super::decisions::forget(tx, id).await?;
    }
    Ok(hash)
}

/// Makes a result with an answer the newest one of its photo.
pub async fn set_latest_result(tx: &mut Tx, id: PhotoId, result: ResultId) -> Result<()> {
    sqlx::query("UPDATE photos SET latest_result_id = $2 WHERE id = $1").bind(id.0).bind(result.0).execute(&mut **tx).await?;
    Ok(())
}

/// The names of these photos, deleted ones too.
pub async fn names(db: &Db, org: OrganizationId, ids: &[PhotoId]) -> Result<std::collections::HashMap<PhotoId, String>> {
    let mut found = std::collections::HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(super::IDS_A_STATEMENT) {
        let mut query = sqlx::QueryBuilder::<Sqlite>::new("SELECT id, file_name FROM photos WHERE organization_id = ");
        query.push_bind(org.0).push(" AND id IN (");
        super::push_ids(&mut query, chunk.iter().map(|id| id.0));
        let rows: Vec<(uuid::Uuid, String)> = query.push(")").build_query_as().fetch_all(&db.read).await?;
        found.extend(rows.into_iter().map(|(id, name)| (PhotoId(id), name)));
    }
    Ok(found)
}

/// Content hash and name of these photos, those in the library.
pub async fn contents(db: &Db, org: OrganizationId, ids: &[PhotoId]) -> Result<std::collections::HashMap<PhotoId, (String, String)>> {
    let mut found = std::collections::HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(super::IDS_A_STATEMENT) {
        let mut query =
            sqlx::QueryBuilder::<Sqlite>::new("SELECT id, content_hash, file_name FROM photos WHERE deleted_at_ms IS NULL AND organization_id = ");
        query.push_bind(org.0).push(" AND id IN (");
        super::push_ids(&mut query, chunk.iter().map(|id| id.0));
        let rows: Vec<(uuid::Uuid, String, String)> = query.push(")").build_query_as().fetch_all(&db.read).await?;
        found.extend(rows.into_iter().map(|(id, hash, name)| (PhotoId(id), (hash, name))));
    }
    Ok(found)
}

/// Of these photos, those that are in the library.
pub async fn existing(tx: &mut Tx, org: OrganizationId, ids: &[PhotoId]) -> Result<HashSet<PhotoId>> {
    let mut found = HashSet::new();
    for chunk in ids.chunks(super::IDS_A_STATEMENT) {
        let rows: Vec<uuid::Uuid> = of_these(org, chunk).build_query_scalar().fetch_all(&mut **tx).await?;
        found.extend(rows.into_iter().map(PhotoId));
    }
    Ok(found)
}

/// The same as it is now, where nothing is written.
pub async fn present(db: &Db, org: OrganizationId, ids: &[PhotoId]) -> Result<HashSet<PhotoId>> {
    let mut found = HashSet::new();
    for chunk in ids.chunks(super::IDS_A_STATEMENT) {
        let rows: Vec<uuid::Uuid> = of_these(org, chunk).build_query_scalar().fetch_all(&db.read).await?;
        found.extend(rows.into_iter().map(PhotoId));
    }
    Ok(found)
}

fn of_these(org: OrganizationId, ids: &[PhotoId]) -> sqlx::QueryBuilder<Sqlite> {
    let mut query = sqlx::QueryBuilder::<Sqlite>::new("SELECT id FROM photos WHERE deleted_at_ms IS NULL AND organization_id = ");
    query.push_bind(org.0).push(" AND id IN (");
    super::push_ids(&mut query, ids.iter().map(|id| id.0));
    query.push(")");
    query
}

/// What photos of the library look like, the oldest first: of these, or of all.
pub async fn hashes(db: &Db, org: OrganizationId, ids: Option<&[PhotoId]>) -> Result<Vec<(PhotoId, u64)>> {
    const SELECT: &str = "SELECT id, perceptual_hash FROM photos WHERE perceptual_hash IS NOT NULL AND organization_id = ";
    let mut rows: Vec<(uuid::Uuid, i64)> = Vec::new();
    match ids {
        None => {
            let mut query = sqlx::QueryBuilder::<Sqlite>::new(SELECT);
            query.push_bind(org.0).push(" AND deleted_at_ms IS NULL");
            rows = query.build_query_as().fetch_all(&db.read).await?;
        }
        Some(ids) => {
            for chunk in ids.chunks(super::IDS_A_STATEMENT) {
                let mut query = sqlx::QueryBuilder::<Sqlite>::new(SELECT);
                query.push_bind(org.0).push(" AND id IN (");
                super::push_ids(&mut query, chunk.iter().map(|id| id.0));
                let found: Vec<(uuid::Uuid, i64)> = query.push(")").build_query_as().fetch_all(&db.read).await?;
                rows.extend(found);
            }
        }
    }
    // Ids sort by the time of their making.
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(id, hash)| (PhotoId(id), hash.cast_unsigned())).collect())
}

/// Photos that nobody has looked at yet, with the hash of their bytes.
pub async fn without_hash(db: &Db, org: OrganizationId, limit: u32) -> Result<Vec<(PhotoId, String)>> {
    let sql = "SELECT id, content_hash FROM photos WHERE organization_id = $1 AND perceptual_hash IS NULL AND deleted_at_ms IS NULL LIMIT $2";
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(sql).bind(org.0).bind(i64::from(limit)).fetch_all(&db.read).await?;
    Ok(rows.into_iter().map(|(id, hash)| (PhotoId(id), hash)).collect())
}

pub async fn set_hash(tx: &mut Tx, org: OrganizationId, id: PhotoId, hash: u64) -> Result<()> {
    let sql = "UPDATE photos SET perceptual_hash = $3 WHERE organization_id = $1 AND id = $2";
    sqlx::query(sql).bind(org.0).bind(id.0).bind(hash.cast_signed()).execute(&mut **tx).await?;
    Ok(())
}
