//! The pipeline's configuration.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::{Db, Result, Tx, containing, from_json, from_ms, from_name, to_json, to_ms, to_name};
use crate::wire::alert::shipped_rules;
use crate::wire::config::{ChangeKind, ConfigChange, PipelineConfig};
use crate::wire::ids::{ConfigChangeId, OrganizationId, PromptVersionId};

/// The configuration; `None` before the first start.
pub async fn get(db: &Db, org: OrganizationId) -> Result<Option<PipelineConfig>> {
    type Row = (
        i64,
        String,
        String,
        uuid::Uuid,
        String,
        i64,
        String,
        String,
        Option<String>,
        Option<i64>,
        Option<uuid::Uuid>,
        Option<String>,
        Option<i64>,
        String,
        String,
    );
    let row: Option<Row> = sqlx::query_as(
        "SELECT c.revision, c.state, c.live_model, c.live_prompt_version_id, p.name, v.version, c.rules, c.providers, c.alert_rules,
                c.draining_since_ms, c.staged_prompt_version_id, sp.name, sv.version, c.fallbacks, c.model_parameters
         FROM pipeline_config c
         JOIN prompt_versions v ON v.id = c.live_prompt_version_id
         JOIN prompts p ON p.id = v.prompt_id
         LEFT JOIN prompt_versions sv ON sv.id = c.staged_prompt_version_id
         LEFT JOIN prompts sp ON sp.id = sv.prompt_id
         WHERE c.organization_id = $1",
    )
    .bind(org.0)
    .fetch_optional(&db.read)
    .await?;
    row.map(
        |(
            revision,
            state,
            live_model,
            prompt_version,
            prompt_name,
            version,
            rules,
            providers,
            alert_rules,
            draining_since,
            staged,
            staged_name,
            staged_version,
            fallbacks,
            model_parameters,
        )| {
            Ok(PipelineConfig {
                revision: revision as u64,
                state: from_name(&state)?,
                live_model,
                fallbacks: from_json(&fallbacks)?,
                model_parameters: from_json(&model_parameters)?,
                live_prompt_version_id: PromptVersionId(prompt_version),
                live_prompt: format!("{prompt_name} v{version}"),
                staged_prompt_version_id: staged.map(PromptVersionId),
                staged_prompt: staged_name.zip(staged_version).map(|(name, version)| format!("{name} v{version}")),
                rules: from_json(&rules)?,
                providers: from_json(&providers)?,
                draining_since: draining_since.map(from_ms).transpose()?,
                alert_rules: alert_rules.map_or_else(|| Ok(shipped_rules()), |rules| from_json(&rules))?,
            })
        },
    )
    .transpose()
}

/// Inserts the first configuration.
pub async fn insert(tx: &mut Tx, org: OrganizationId, config: &PipelineConfig) -> Result<()> {
    sqlx::query(
        "INSERT INTO pipeline_config (organization_id, revision, state, live_model, live_prompt_version_id, rules, providers, alert_rules,
                                      draining_since_ms, fallbacks, model_parameters)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(org.0)
    .bind(config.revision as i64)
    .bind(to_name(&config.state)?)
    .bind(&config.live_model)
    .bind(config.live_prompt_version_id.0)
    .bind(to_json(&config.rules)?)
    .bind(to_json(&config.providers)?)
    .bind(to_json(&config.alert_rules)?)
    .bind(config.draining_since.map(to_ms))
    .bind(to_json(&config.fallbacks)?)
    .bind(to_json(&config.model_parameters)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes a changed configuration.
pub async fn update(tx: &mut Tx, org: OrganizationId, config: &PipelineConfig) -> Result<()> {
    sqlx::query(
        "UPDATE pipeline_config SET revision = $2, state = $3, live_model = $4, live_prompt_version_id = $5, rules = $6, providers = $7,
         alert_rules = $8, draining_since_ms = $9, staged_prompt_version_id = $10, fallbacks = $11, model_parameters = $12
         WHERE organization_id = $1",
    )
    .bind(org.0)
    .bind(config.revision as i64)
    .bind(to_name(&config.state)?)
    .bind(&config.live_model)
    .bind(config.live_prompt_version_id.0)
    .bind(to_json(&config.rules)?)
    .bind(to_json(&config.providers)?)
    .bind(to_json(&config.alert_rules)?)
    .bind(config.draining_since.map(to_ms))
    .bind(config.staged_prompt_version_id.map(|id| id.0))
    .bind(to_json(&config.fallbacks)?)
    .bind(to_json(&config.model_parameters)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rows of one statement; SQLite takes 32,766 values.
const FIELDS_A_STATEMENT: usize = 1_000;

/// Adds an entry to the journal.
pub async fn insert_change(tx: &mut Tx, org: OrganizationId, change: &ConfigChange) -> Result<()> {
    sqlx::query(
        "INSERT INTO config_changes (id, organization_id, at_ms, actor, summary, before, after, undone, kind)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(change.id.0)
    .bind(org.0)
    .bind(to_ms(change.at))
    .bind(&change.actor)
    .bind(&change.summary)
    .bind(to_json(&change.before)?)
    .bind(to_json(&change.after)?)
    .bind(change.undone)
    .bind(to_name(&change.kind)?)
    .execute(&mut **tx)
    .await?;
    let fields: Vec<&String> = change.after.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    for fields in fields.chunks(FIELDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO config_change_fields (organization_id, field, at_ms, change_id) ");
        query.push_values(fields, |mut row, field| {
            row.push_bind(org.0).push_bind(*field).push_bind(to_ms(change.at)).push_bind(change.id.0);
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

pub async fn mark_undone(tx: &mut Tx, org: OrganizationId, id: ConfigChangeId) -> Result<()> {
    sqlx::query("UPDATE config_changes SET undone = TRUE WHERE organization_id = $1 AND id = $2").bind(org.0).bind(id.0).execute(&mut **tx).await?;
    Ok(())
}

type ChangeRow = (uuid::Uuid, i64, String, String, String, String, bool, String);

const CHANGES: &str = "SELECT id, at_ms, actor, summary, before, after, undone, kind FROM config_changes WHERE organization_id = ";

fn change_from((id, at, actor, summary, before, after, undone, kind): ChangeRow) -> Result<ConfigChange> {
    Ok(ConfigChange {
        id: ConfigChangeId(id),
        at: from_ms(at)?,
        actor,
        summary,
        before: from_json(&before)?,
        after: from_json(&after)?,
        undone,
        kind: from_name(&kind)?,
    })
}

/// Which entries of the journal are read.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter<'f> {
    /// Names of fields; one that ends in `:` stands for all that begin so. Empty: all.
    pub fields: Vec<&'f str>,
    pub actor: Option<&'f str>,
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub to: Option<DateTime<Utc>>,
    /// Each of them stands in what was done.
    pub words: Vec<String>,
    /// Only entries before this one in the list.
    pub after: Option<(DateTime<Utc>, ConfigChangeId)>,
    pub limit: u32,
}

/// Entries of the journal, newest first.
pub async fn changes(db: &Db, org: OrganizationId, filter: &ChangeFilter<'_>) -> Result<Vec<ConfigChange>> {
    let mut query = QueryBuilder::<Sqlite>::new(CHANGES);
    query.push_bind(org.0);
    if !filter.fields.is_empty() {
        query.push(" AND id IN (SELECT change_id FROM config_change_fields WHERE organization_id = ").push_bind(org.0).push(" AND (");
        for (at, field) in filter.fields.iter().enumerate() {
            query.push(if at == 0 { "" } else { " OR " });
            match field.strip_suffix(':') {
                // A semicolon is the sign after a colon.
                Some(begin) => {
                    query.push("field >= ").push_bind((*field).to_owned()).push(" AND field < ").push_bind(format!("{begin};"));
                }
                None => {
                    query.push("field = ").push_bind((*field).to_owned());
                }
            }
        }
        query.push("))");
    }
    if let Some(actor) = filter.actor {
        query.push(" AND actor = ").push_bind(actor.to_owned());
    }
    if let Some(from) = filter.from {
        query.push(" AND at_ms >= ").push_bind(to_ms(from));
    }
    if let Some(to) = filter.to {
        query.push(" AND at_ms < ").push_bind(to_ms(to));
    }
    for word in &filter.words {
        query.push(" AND summary GLOB ").push_bind(containing(word));
    }
    if let Some((at, id)) = filter.after {
        query.push(" AND (at_ms, id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY at_ms DESC, id DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows: Vec<ChangeRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(change_from).collect()
}

/// Everybody who ever changed something, in the order of the alphabet.
pub async fn actors(db: &Db, org: OrganizationId, most: u32) -> Result<Vec<String>> {
    let names = sqlx::query_scalar("SELECT DISTINCT actor FROM config_changes WHERE organization_id = $1 AND actor <> '' ORDER BY actor LIMIT $2");
    Ok(names.bind(org.0).bind(i64::from(most)).fetch_all(&db.read).await?)
}

/// The newest entry of these kinds that is not undone and not this actor's.
pub async fn newest_standing(db: &Db, org: OrganizationId, kinds: &[ChangeKind], not_by: &str) -> Result<Option<ConfigChange>> {
    let mut query = QueryBuilder::<Sqlite>::new(CHANGES);
    query.push_bind(org.0).push(" AND undone = FALSE AND actor <> ").push_bind(not_by.to_owned()).push(" AND kind IN (");
    let mut list = query.separated(", ");
    for kind in kinds {
        list.push_bind(to_name(kind)?);
    }
    query.push(") ORDER BY at_ms DESC, id DESC LIMIT 1");
    let row: Option<ChangeRow> = query.build_query_as().fetch_optional(&db.read).await?;
    row.map(change_from).transpose()
}

/// The newest entry of a kind that is not this actor's, undone or not.
pub async fn newest(db: &Db, org: OrganizationId, kind: ChangeKind, not_by: &str) -> Result<Option<ConfigChange>> {
    let mut query = QueryBuilder::<Sqlite>::new(CHANGES);
    query.push_bind(org.0).push(" AND actor <> ").push_bind(not_by.to_owned()).push(" AND kind = ").push_bind(to_name(&kind)?);
    query.push(" ORDER BY at_ms DESC, id DESC LIMIT 1");
    let row: Option<ChangeRow> = query.build_query_as().fetch_optional(&db.read).await?;
    row.map(change_from).transpose()
}

/// Entries of the journal after a moment, newest first.
pub async fn changes_since(db: &Db, org: OrganizationId, at: DateTime<Utc>) -> Result<Vec<ConfigChange>> {
    let mut query = QueryBuilder::<Sqlite>::new(CHANGES);
    query.push_bind(org.0).push(" AND at_ms > ").push_bind(to_ms(at)).push(" ORDER BY at_ms DESC, id DESC");
    let rows: Vec<ChangeRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(change_from).collect()
}

pub async fn change(db: &Db, org: OrganizationId, id: ConfigChangeId) -> Result<Option<ConfigChange>> {
    let mut query = QueryBuilder::<Sqlite>::new(CHANGES);
    query.push_bind(org.0).push(" AND id = ").push_bind(id.0);
    let row: Option<ChangeRow> = query.build_query_as().fetch_optional(&db.read).await?;
    row.map(change_from).transpose()
}
