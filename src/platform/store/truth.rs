//! Ground truth: the tags that photos have.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Sqlite};

use super::{Db, IDS_A_STATEMENT, Result, Tx, from_json, from_ms, push_ids, to_json, to_ms};
use crate::wire::ids::{OrganizationId, PhotoId};
use crate::wire::truth::PhotoTruth;

type Row = (uuid::Uuid, String, i64);

fn truth_from((photo, tags, updated_at): Row) -> Result<PhotoTruth> {
    Ok(PhotoTruth { photo_id: PhotoId(photo), tags: from_json(&tags)?, updated_at: from_ms(updated_at)? })
}

/// What is said of one photo. Reads within the write.
pub async fn get(tx: &mut Tx, org: OrganizationId, photo: PhotoId) -> Result<Option<PhotoTruth>> {
    let sql = "SELECT photo_id, tags, updated_at_ms FROM ground_truth WHERE organization_id = $1 AND photo_id = $2";
    let row: Option<Row> = sqlx::query_as(sql).bind(org.0).bind(photo.0).fetch_optional(&mut **tx).await?;
    row.map(truth_from).transpose()
}

/// Writes what is said of a photo; `None`: nothing any more.
pub async fn set(tx: &mut Tx, org: OrganizationId, photo: PhotoId, truth: Option<&PhotoTruth>) -> Result<()> {
    let Some(truth) = truth else {
        sqlx::query("DELETE FROM ground_truth WHERE organization_id = $1 AND photo_id = $2").bind(org.0).bind(photo.0).execute(&mut **tx).await?;
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO ground_truth (organization_id, photo_id, tags, updated_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, photo_id) DO UPDATE SET tags = excluded.tags, updated_at_ms = excluded.updated_at_ms",
    )
    .bind(org.0)
    .bind(photo.0)
    .bind(to_json(&truth.tags)?)
    .bind(to_ms(truth.updated_at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of photos that are in the library, after `after`, by id.
pub async fn list(db: &Db, org: OrganizationId, after: Option<PhotoId>, limit: u32) -> Result<Vec<PhotoTruth>> {
    let sql = "SELECT t.photo_id, t.tags, t.updated_at_ms FROM ground_truth t JOIN photos p ON p.id = t.photo_id
               WHERE t.organization_id = $1 AND p.deleted_at_ms IS NULL AND t.photo_id > $2 ORDER BY t.photo_id LIMIT $3";
    let after = after.map_or(uuid::Uuid::nil(), |id| id.0);
    let rows: Vec<Row> = sqlx::query_as(sql).bind(org.0).bind(after).bind(i64::from(limit)).fetch_all(&db.read).await?;
    rows.into_iter().map(truth_from).collect()
}

/// Of these photos, deleted ones too: a past run may be about them.
pub async fn of_photos(db: &Db, org: OrganizationId, ids: &[PhotoId]) -> Result<HashMap<PhotoId, Vec<String>>> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT photo_id, tags, updated_at_ms FROM ground_truth WHERE organization_id = ");
        query.push_bind(org.0).push(" AND photo_id IN (");
        push_ids(&mut query, chunk.iter().map(|id| id.0));
        let rows: Vec<Row> = query.push(")").build_query_as().fetch_all(&db.read).await?;
        for row in rows {
            let truth = truth_from(row)?;
            found.insert(truth.photo_id, truth.tags);
        }
    }
    Ok(found)
}

/// The photos of the library by the other names under which their bytes have come.
pub async fn photos_by_alias(tx: &mut Tx, org: OrganizationId) -> Result<HashMap<String, Vec<PhotoId>>> {
    let sql = "SELECT a.file_name, p.id FROM photo_aliases a JOIN photos p ON p.id = a.photo_id
               WHERE p.organization_id = $1 AND p.deleted_at_ms IS NULL ORDER BY p.id";
    Ok(by_name(sqlx::query_as(sql).bind(org.0).fetch_all(&mut **tx).await?))
}

/// The photos of the library by file name.
pub async fn photos_by_name(tx: &mut Tx, org: OrganizationId) -> Result<HashMap<String, Vec<PhotoId>>> {
    let sql = "SELECT file_name, id FROM photos WHERE organization_id = $1 AND deleted_at_ms IS NULL ORDER BY id";
    Ok(by_name(sqlx::query_as(sql).bind(org.0).fetch_all(&mut **tx).await?))
}

fn by_name(rows: Vec<(String, uuid::Uuid)>) -> HashMap<String, Vec<PhotoId>> {
    let mut photos: HashMap<String, Vec<PhotoId>> = HashMap::new();
    for (name, id) in rows {
        photos.entry(name).or_default().push(PhotoId(id));
    }
    photos
}
