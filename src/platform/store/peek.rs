//! Looks into a database that this process does not own: read only, beside a running console too.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{Result, open_error};

/// What a look at a database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Number of the newest migration that was applied.
    pub schema_version: i64,
    /// What the database's own check complains about; empty when it is sound.
    pub complaints: Vec<String>,
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(5)).disable_statement_logging();
    options.connect().await.map_err(open_error)
}

/// The live prompt's label (`Photo tags v3`) and text; `None` before the first start.
pub async fn live_prompt(path: &Path) -> Result<Option<(String, String)>> {
    let mut connection = open(path).await?;
    let row: Option<(String, i64, String)> = sqlx::query_as(
        "SELECT prompts.name, prompt_versions.version, prompt_versions.content
         FROM pipeline_config
         JOIN prompt_versions ON prompt_versions.id = pipeline_config.live_prompt_version_id
         JOIN prompts ON prompts.id = prompt_versions.prompt_id",
    )
    .fetch_optional(&mut connection)
    .await?;
    connection.close().await?;
    Ok(row.map(|(name, version, content)| (format!("{name} v{version}"), content)))
}

/// Whether the file holds photos, jobs, results or prompts, of any version of Minerva, or anything of another program.
pub async fn is_in_use(path: &Path) -> Result<bool> {
    let mut connection = open(path).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetch_all(&mut connection).await?;
    let is_ours = tables.iter().any(|table| table == "ai_processing_results");
    let is_in_use = if is_ours {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM photos) OR EXISTS (SELECT 1 FROM jobs) OR EXISTS (SELECT 1 FROM ai_processing_results)
                 OR EXISTS (SELECT 1 FROM prompts)",
        )
        .fetch_one(&mut connection)
        .await?
    } else {
        tables.iter().any(|table| table != "_sqlx_migrations")
    };
    connection.close().await?;
    Ok(is_in_use)
}

/// Reads every page of the database and checks it.
pub async fn inspect(path: &Path) -> Result<Inspection> {
    let mut connection = open(path).await?;
    let schema_version: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success").fetch_one(&mut connection).await?;
    let complaints: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(Inspection { schema_version, complaints: complaints.into_iter().filter(|line| line != "ok").collect() })
}

/// The schema version that this program writes.
#[must_use]
pub fn known_schema_version() -> i64 {
    super::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}
