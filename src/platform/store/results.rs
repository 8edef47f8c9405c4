//! What the pipeline found: rows of `ai_processing_results`.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use super::decisions::Decisions;
use super::rollups::{Counted, Rollups, is_counted};
use super::{Db, IDS_A_STATEMENT, Result, Tx, from_json, from_ms, from_name, push_ids, to_json, to_ms, to_name};
use crate::wire::ids::{JobId, OrganizationId, PhotoId, PromptVersionId, ResultId};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, Fault, Outcome, PhotoResult};

/// A result as it is stored: with its cost, `None` when that is not known.
#[derive(Debug, Clone)]
pub struct NewResult {
    pub result: PhotoResult,
    pub cost: Option<UsdMicros>,
}

/// Inserts a result, and counts it in the rollups and among the decisions.
pub async fn insert(tx: &mut Tx, org: OrganizationId, new: &NewResult) -> Result<()> {
    insert_rows(tx, org, std::slice::from_ref(new)).await?;
    let mut rollups = Rollups::new(i64::MIN);
    if let Some(counted) = new.counted(org) {
        rollups.add(&counted);
    }
    rollups.write(tx).await?;
    let mut decisions = Decisions::default();
    decisions.add(org, new);
    decisions.write(tx).await
}

impl NewResult {
    /// What the rollups count of it; `None`: as [`is_counted`] says.
    #[must_use]
    pub fn counted(&self, org: OrganizationId) -> Option<Counted<'_>> {
        let result = &self.result;
        let (answer, fault) = match &result.outcome {
            Outcome::Completed(answer) => (Some(answer), None),
            Outcome::Failed(fault) => (None, Some(fault)),
        };
        is_counted(fault, self.cost).then(|| Counted {
            organization: org,
            at_ms: to_ms(result.created_at),
            provider: provider(&result.model),
            model: &result.model,
            prompt_version: result.prompt_version_id.map(|id| id.0),
            completed: answer.is_some(),
            cost: self.cost,
            mean_confidence: answer.and_then(Answer::mean_confidence).map(f64::from),
            latency_ms: result.provider_response_time_ms,
            wait_ms: result.queue_wait_time_ms,
        })
    }
}

/// The provider of a model's full name.
fn provider(model: &str) -> &str {
    model.split('/').next().unwrap_or_default()
}

/// Rows of one statement: each binds 23 values, of which SQLite takes 32,766.
const ROWS_A_STATEMENT: usize = 100;

/// Inserts results without counting them: for who counts many at once.
pub(super) async fn insert_rows(tx: &mut Tx, org: OrganizationId, results: &[NewResult]) -> Result<()> {
    for chunk in results.chunks(ROWS_A_STATEMENT) {
        let rows = chunk.iter().map(Columns::of).collect::<Result<Vec<_>>>()?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO ai_processing_results
                (id, organization_id, photo_id, job_id, ai_provider, model, prompt_version_id, status, caption, confidence_scores,
                 confidence_kind, mean_confidence, decision, token_usage, fault, notes, cost_usd_micros, queue_wait_time_ms,
                 provider_response_time_ms, total_processing_time_ms, retry_count, trace, created_at_ms) ",
        );
        query.push_values(rows, |mut row, columns| {
            let NewResult { result, cost } = columns.new;
            row.push_bind(result.id.0).push_bind(org.0).push_bind(result.photo_id.0).push_bind(result.job_id.map(|id| id.0));
            row.push_bind(provider(&result.model)).push_bind(&result.model).push_bind(result.prompt_version_id.map(|id| id.0));
            row.push_bind(if columns.answer.is_some() { "completed" } else { "failed" });
            row.push_bind(columns.answer.and_then(|answer| answer.caption.as_deref())).push_bind(columns.tags).push_bind(columns.kind);
            row.push_bind(columns.answer.and_then(Answer::mean_confidence).map(f64::from)).push_bind(columns.decision);
            row.push_bind(columns.usage).push_bind(columns.fault).push_bind(columns.notes).push_bind(cost.map(|cost| cost.0));
            row.push_bind(result.queue_wait_time_ms as i64).push_bind(result.provider_response_time_ms as i64);
            row.push_bind(result.total_processing_time_ms as i64).push_bind(i64::from(result.retry_count));
            row.push_bind(columns.trace).push_bind(to_ms(result.created_at));
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// A result with what is stored as text.
struct Columns<'r> {
    new: &'r NewResult,
    answer: Option<&'r Answer>,
    tags: String,
    kind: Option<String>,
    decision: Option<String>,
    usage: String,
    fault: Option<String>,
    notes: String,
    trace: String,
}

impl<'r> Columns<'r> {
    fn of(new: &'r NewResult) -> Result<Self> {
        let (answer, fault) = match &new.result.outcome {
            Outcome::Completed(answer) => (Some(answer), None),
            Outcome::Failed(fault) => (None, Some(fault)),
        };
        let usage = answer.map(|answer| answer.usage).or(fault.map(|fault| fault.usage)).unwrap_or_default();
        Ok(Self {
            new,
            answer,
            tags: to_json(&answer.map_or(&[][..], |answer| &answer.tags))?,
            kind: answer.map(|answer| to_name(&answer.confidence_kind)).transpose()?,
            decision: new.result.decision.map(|decision| to_name(&decision)).transpose()?,
            usage: to_json(&usage)?,
            fault: fault.map(to_json).transpose()?,
            notes: to_json(&answer.map_or(&[][..], |answer| &answer.notes))?,
            trace: to_json(&new.result.trace)?,
        })
    }
}

/// The results of a job, newest first.
pub async fn of_job(db: &Db, org: OrganizationId, job: JobId) -> Result<Vec<PhotoResult>> {
    let rows: Vec<ResultRow> =
        sqlx::query_as("SELECT * FROM ai_processing_results WHERE +organization_id = $1 AND job_id = $2 ORDER BY created_at_ms DESC, id DESC")
            .bind(org.0)
            .bind(job.0)
            .fetch_all(&db.read)
            .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// These results, in no order.
pub async fn with_ids(db: &Db, org: OrganizationId, ids: &[ResultId]) -> Result<Vec<PhotoResult>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM ai_processing_results WHERE organization_id = ");
        query.push_bind(org.0).push(" AND id IN (");
        push_ids(&mut query, chunk.iter().map(|id| id.0));
        query.push(")");
        let rows: Vec<ResultRow> = query.build_query_as().fetch_all(&db.read).await?;
        found.extend(rows.into_iter().map(|row| row.0));
    }
    Ok(found)
}

struct ResultRow(PhotoResult);

impl FromRow<'_, SqliteRow> for ResultRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let read = || -> std::result::Result<PhotoResult, Box<dyn std::error::Error + Send + Sync>> {
            let uuid = |name: &str| row.try_get::<Option<uuid::Uuid>, _>(name);
            let decision: Option<String> = row.try_get("decision")?;
            Ok(PhotoResult {
                id: ResultId(row.try_get("id")?),
                photo_id: PhotoId(row.try_get("photo_id")?),
                job_id: uuid("job_id")?.map(JobId),
                model: row.try_get("model")?,
                prompt_version_id: uuid("prompt_version_id")?.map(PromptVersionId),
                outcome: outcome(row)?,
                decision: decision.as_deref().map(from_name).transpose()?,
                queue_wait_time_ms: row.try_get::<i64, _>("queue_wait_time_ms")? as u64,
                provider_response_time_ms: row.try_get::<i64, _>("provider_response_time_ms")? as u64,
                total_processing_time_ms: row.try_get::<i64, _>("total_processing_time_ms")? as u64,
                retry_count: row.try_get::<i64, _>("retry_count")? as u32,
                trace: from_json(row.try_get("trace")?)?,
                created_at: from_ms(row.try_get("created_at_ms")?)?,
            })
        };
        read().map(Self).map_err(sqlx::Error::Decode)
    }
}

fn outcome(row: &SqliteRow) -> std::result::Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(fault) = row.try_get::<Option<String>, _>("fault")? {
        return Ok(Outcome::Failed(from_json::<Fault>(&fault)?));
    }
    Ok(Outcome::Completed(Answer {
        caption: row.try_get("caption")?,
        tags: from_json(row.try_get("confidence_scores")?)?,
        confidence_kind: from_name(row.try_get("confidence_kind")?)?,
        usage: from_json(row.try_get("token_usage")?)?,
        cost_usd: row.try_get::<Option<i64>, _>("cost_usd_micros")?.map(UsdMicros),
        retries: row.try_get::<i64, _>("retry_count")? as u32,
        notes: from_json(row.try_get("notes")?)?,
    }))
}
