//! Named sets of photos and their versions.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::{Db, Result, Tx, from_json, from_ms, to_json, to_ms};
use crate::wire::ids::{OrganizationId, PhotoSetId};
use crate::wire::photo_set::{PhotoSet, PhotoSetOutline, PhotoSetVersion};

type SetRow = (uuid::Uuid, String, i64, i64, i64, i64, Option<i64>);

const SELECT: &str = "SELECT s.id, s.name, s.version, v.photos, s.created_at_ms, s.updated_at_ms, s.deleted_at_ms
     FROM photo_sets s JOIN photo_set_versions v ON v.photo_set_id = s.id AND v.version = s.version
     WHERE s.organization_id = ";

/// The set, and whether it stands: one that was deleted does not.
fn set_from((id, name, version, photos, created_at, updated_at, deleted_at): SetRow) -> Result<(PhotoSet, bool)> {
    let set = PhotoSet {
        id: PhotoSetId(id),
        name,
        version: version as u32,
        photos: photos as u64,
        created_at: from_ms(created_at)?,
        updated_at: from_ms(updated_at)?,
    };
    Ok((set, deleted_at.is_none()))
}

/// The sets that stand, by name.
pub async fn list(db: &Db, org: OrganizationId) -> Result<Vec<PhotoSet>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND s.deleted_at_ms IS NULL ORDER BY LOWER(s.name), s.id");
    let rows: Vec<SetRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(|row| set_from(row).map(|(set, _)| set)).collect()
}

/// A set, and whether it stands. Reads within the write, so that nobody changes it in between.
pub async fn get(tx: &mut Tx, org: OrganizationId, id: PhotoSetId) -> Result<Option<(PhotoSet, bool)>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND s.id = ").push_bind(id.0);
    let row: Option<SetRow> = query.build_query_as().fetch_optional(&mut **tx).await?;
    row.map(set_from).transpose()
}

/// A set that stands.
pub async fn standing(db: &Db, org: OrganizationId, id: PhotoSetId) -> Result<Option<PhotoSet>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push_bind(org.0).push(" AND s.deleted_at_ms IS NULL AND s.id = ").push_bind(id.0);
    let row: Option<SetRow> = query.build_query_as().fetch_optional(&db.read).await?;
    Ok(row.map(set_from).transpose()?.map(|(set, _)| set))
}

/// Inserts a set whose first version is inserted with it.
pub async fn insert(tx: &mut Tx, org: OrganizationId, set: &PhotoSet) -> Result<()> {
    sqlx::query("INSERT INTO photo_sets (id, organization_id, name, version, created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(set.id.0)
        .bind(org.0)
        .bind(&set.name)
        .bind(i64::from(set.version))
        .bind(to_ms(set.created_at))
        .bind(to_ms(set.updated_at))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes name, version and time of a set; `deleted_at`: that it stands no more.
pub async fn update(tx: &mut Tx, org: OrganizationId, set: &PhotoSet, deleted_at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query("UPDATE photo_sets SET name = $3, version = $4, updated_at_ms = $5, deleted_at_ms = $6 WHERE organization_id = $1 AND id = $2")
        .bind(org.0)
        .bind(set.id.0)
        .bind(&set.name)
        .bind(i64::from(set.version))
        .bind(to_ms(set.updated_at))
        .bind(deleted_at.map(to_ms))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn insert_version(tx: &mut Tx, org: OrganizationId, version: &PhotoSetVersion) -> Result<()> {
    sqlx::query(
        "INSERT INTO photo_set_versions (organization_id, photo_set_id, version, note, photo_ids, photos, created_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(org.0)
    .bind(version.set_id.0)
    .bind(i64::from(version.version))
    .bind(&version.note)
    .bind(to_json(&version.photo_ids)?)
    .bind(version.photo_ids.len() as i64)
    .bind(to_ms(version.created_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The highest number that a version of the set has: after an undo that is not the one that counts.
pub async fn last_version(tx: &mut Tx, org: OrganizationId, id: PhotoSetId) -> Result<u32> {
    let sql = "SELECT COALESCE(MAX(version), 0) FROM photo_set_versions WHERE organization_id = $1 AND photo_set_id = $2";
    let last: i64 = sqlx::query_scalar(sql).bind(org.0).bind(id.0).fetch_one(&mut **tx).await?;
    Ok(last as u32)
}

/// One version, of a deleted set too.
pub async fn version(db: &Db, org: OrganizationId, id: PhotoSetId, version: u32) -> Result<Option<PhotoSetVersion>> {
    type Row = (String, String, i64);
    let sql = "SELECT note, photo_ids, created_at_ms FROM photo_set_versions WHERE organization_id = $1 AND photo_set_id = $2 AND version = $3";
    let row: Option<Row> = sqlx::query_as(sql).bind(org.0).bind(id.0).bind(i64::from(version)).fetch_optional(&db.read).await?;
    row.map(|(note, photo_ids, created_at)| {
        Ok(PhotoSetVersion { set_id: id, version, note, photo_ids: from_json(&photo_ids)?, created_at: from_ms(created_at)? })
    })
    .transpose()
}

/// The versions of a set, newest first.
pub async fn versions(db: &Db, org: OrganizationId, id: PhotoSetId) -> Result<Vec<PhotoSetOutline>> {
    let sql = "SELECT version, note, photos, created_at_ms FROM photo_set_versions WHERE organization_id = $1 AND photo_set_id = $2
               ORDER BY version DESC";
    let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as(sql).bind(org.0).bind(id.0).fetch_all(&db.read).await?;
    let outline = |(version, note, photos, created_at): (i64, String, i64, i64)| {
        Ok(PhotoSetOutline { version: version as u32, note, photos: photos as u64, created_at: from_ms(created_at)? })
    };
    rows.into_iter().map(outline).collect()
}
