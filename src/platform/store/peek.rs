//! Looks into a database that this process does not own: read only, beside a running console too.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{Result, from_json, open_error};
use crate::wire::fallback::Fallback;
use crate::wire::prompt_parts::PromptParts;
use crate::wire::provider::ProviderSetting;

/// Ours has it since its first version.
const OUR_TABLE: &str = "ai_processing_results";
/// Where sqlx records what was applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

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

/// The live prompt's label (`Photo tags v3`), text and other parts; `None` before the first start.
pub async fn live_prompt(path: &Path) -> Result<Option<(String, String, PromptParts)>> {
    let mut connection = open(path).await?;
    // A database that this program has not opened yet may be of a version before there were other parts.
    let has_parts: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pragma_table_info('prompt_versions') WHERE name = 'answer_schema')")
        .fetch_one(&mut connection)
        .await?;
    let parts = if has_parts { "v.system_text, v.answer_schema, v.parameters, v.variables" } else { "'', '', '{}', '[]'" };
    let sql = format!(
        "SELECT prompts.name, v.version, v.content, {parts}
         FROM pipeline_config
         JOIN prompt_versions v ON v.id = pipeline_config.live_prompt_version_id
         JOIN prompts ON prompts.id = v.prompt_id"
    );
    let row: Option<(String, i64, String, String, String, String, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_optional(&mut connection).await?;
    connection.close().await?;
    row.map(|(name, version, content, system, schema, parameters, variables)| {
        let parts = PromptParts { system, schema, parameters: from_json(&parameters)?, variables: from_json(&variables)? };
        Ok((format!("{name} v{version}"), content, parts))
    })
    .transpose()
}

/// What people have set of providers: addresses and limits. A database of a version before there were any has none.
pub async fn provider_settings(path: &Path) -> Result<BTreeMap<String, ProviderSetting>> {
    let mut connection = open(path).await?;
    let has_any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pragma_table_info('pipeline_config') WHERE name = 'providers')")
        .fetch_one(&mut connection)
        .await?;
    let set: Option<String> =
        if has_any { sqlx::query_scalar("SELECT providers FROM pipeline_config").fetch_optional(&mut connection).await? } else { None };
    connection.close().await?;
    set.map_or_else(|| Ok(BTreeMap::new()), |set| from_json(&set))
}

/// The live model and those that stand in for it; none before the first start.
pub async fn models_in_use(path: &Path) -> Result<Vec<String>> {
    let mut connection = open(path).await?;
    let live: Vec<String> = sqlx::query_scalar("SELECT live_model FROM pipeline_config").fetch_all(&mut connection).await?;
    // A database that this program has not opened yet may be of a version before there were fallbacks.
    let has_fallbacks: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pragma_table_info('pipeline_config') WHERE name = 'fallbacks')")
        .fetch_one(&mut connection)
        .await?;
    let chains: Vec<String> =
        if has_fallbacks { sqlx::query_scalar("SELECT fallbacks FROM pipeline_config").fetch_all(&mut connection).await? } else { Vec::new() };
    connection.close().await?;
    let mut models = live;
    for chain in &chains {
        models.extend(from_json::<Vec<Fallback>>(chain)?.into_iter().map(|fallback| fallback.model));
    }
    Ok(models)
}

/// A table of the file when it is the database of another program: there are tables, and not those of Minerva's first version.
pub async fn foreign_table(path: &Path) -> Result<Option<String>> {
    let mut connection = open(path).await?;
    let tables = tables(&mut connection).await?;
    connection.close().await?;
    let is_ours = tables.iter().any(|table| table == OUR_TABLE);
    Ok(tables.into_iter().find(|table| !is_ours && table != MIGRATIONS_TABLE))
}

async fn tables(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    Ok(sqlx::query_scalar(sql).fetch_all(connection).await?)
}

/// Whether the file holds photos, jobs, results or prompts, of any version of Minerva, or anything of another program.
pub async fn is_in_use(path: &Path) -> Result<bool> {
    let mut connection = open(path).await?;
    let tables = tables(&mut connection).await?;
    let is_ours = tables.iter().any(|table| table == OUR_TABLE);
    let is_in_use = if is_ours {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM photos) OR EXISTS (SELECT 1 FROM jobs) OR EXISTS (SELECT 1 FROM ai_processing_results)
                 OR EXISTS (SELECT 1 FROM prompts)",
        )
        .fetch_one(&mut connection)
        .await?
    } else {
        tables.iter().any(|table| table != MIGRATIONS_TABLE)
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
