//! What keeps tables in order row by row, set aside while millions of invented rows are written, and made in one go after them:
//! indexes, the numbers of photos, the indexes of words. What is aside is written down in the database itself, so that a
//! database whose making was cut off is put in order when it is opened next.

use sqlx::{AssertSqlSafe, SqlitePool};

use super::{Db, Result, photos};

/// Tables that grow by millions; a unique index that others lean on stays.
const TABLES: &str = "('photos', 'jobs', 'ai_processing_results', 'job_spells')";
const KEPT: &str = "('photos_by_number')";
/// Triggers whose work is done at the end.
const TRIGGERS: &str = "('photos_come', 'photos_are_answered')";

/// Drops them, and writes down how they are made again.
pub async fn set_aside(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("CREATE TABLE set_aside (name TEXT PRIMARY KEY, type TEXT NOT NULL, sql TEXT NOT NULL)").execute(&mut *tx).await?;
    let sql = format!(
        "INSERT INTO set_aside (name, type, sql) SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL
         AND (type = 'index' AND tbl_name IN {TABLES} AND name NOT IN {KEPT} OR type = 'trigger' AND name IN {TRIGGERS})"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    let all: Vec<(String, String)> = sqlx::query_as("SELECT type, name FROM set_aside").fetch_all(&mut *tx).await?;
    for (kind, name) in all {
        sqlx::query(AssertSqlSafe(format!("DROP {kind} {name}"))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether something is aside still.
async fn is_aside(write: &SqlitePool) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'set_aside')").fetch_one(write).await?)
}

/// Puts back what is aside; does nothing where nothing is. Cut off, it begins anew the next time.
pub async fn put_back(db: &Db) -> Result<()> {
    if !is_aside(&db.write).await? {
        return Ok(());
    }
    photos::search::fill(db).await?;
    let mut tx = db.begin().await?;
    sqlx::raw_sql(
        "INSERT OR REPLACE INTO photo_counts (organization_id, photos)
             SELECT organization_id, COUNT(*) FROM photos WHERE deleted_at_ms IS NULL GROUP BY organization_id",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    // Each by itself: an index of ten million rows is gigabytes in the log. Triggers come last, with the table's end.
    let indexes: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM set_aside WHERE type = 'index' ORDER BY name").fetch_all(&db.read).await?;
    for (name, sql) in indexes {
        let mut tx = db.begin().await?;
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM set_aside WHERE name = $1").bind(name).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    let triggers: Vec<String> = sqlx::query_scalar("SELECT sql FROM set_aside").fetch_all(&mut *tx).await?;
    for sql in triggers {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    sqlx::raw_sql("DROP TABLE set_aside").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn schema(db: &Db) -> Vec<(String, String)> {
        sqlx::query_as("SELECT name, COALESCE(sql, '') FROM sqlite_master ORDER BY name").fetch_all(&db.read).await.expect("a schema")
    }

    #[tokio::test]
    async fn a_database_whose_making_was_cut_off_is_put_in_order_when_it_is_opened_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("half.sqlite");
        let db = Db::open(&path).await.expect("opens");
        let whole = schema(&db).await;
        set_aside(&db).await.expect("aside");
        let aside = schema(&db).await.len();
        assert!(aside < whole.len() - 10, "{aside} of {}", whole.len());
        sqlx::raw_sql(
            "INSERT INTO organizations (id, name, created_at_ms) VALUES (x'01', 'Half', 1);
             INSERT INTO photos (id, organization_id, file_name, source, content_hash, size_bytes, width_px, height_px, format,
                                 ai_processing_status, created_at_ms, number)
                 VALUES (x'02', x'01', 'lighthouse.jpg', 'added', 'h', 1, 1, 1, 'jpeg', 'none', 1, 1)",
        )
        .execute(&db.write)
        .await
        .expect("a photo");
        db.close().await;

        let db = Db::open(&path).await.expect("opens");
        assert_eq!(schema(&db).await, whole);
        let db = &db;
        let found = |sql: &'static str| async move { sqlx::query_scalar::<_, i64>(sql).fetch_all(&db.read).await.expect("a search") };
        assert_eq!(found("SELECT rowid FROM photo_names WHERE photo_names MATCH '\"ightho\"'").await, [1]);
        assert_eq!(found("SELECT rowid FROM photo_words WHERE photo_words MATCH 'lighthouse'").await, [1]);
        assert_eq!(found("SELECT photos FROM photo_counts").await, [1]);
        db.close().await;
    }
}
