//! Versions of all prompts by words of their texts, answer's schema, note, author, labels and prompt's name.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::{VERSION_COLUMNS, VersionRow};
use crate::platform::store::{Db, IDS_A_STATEMENT, Result, containing, push_ids, to_ms};
use crate::wire::ids::{OrganizationId, PromptId, PromptVersionId};
use crate::wire::prompt::PromptVersion;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionsSought {
    /// Each of them must stand somewhere.
    pub words: Vec<String>,
    pub label: Option<String>,
    pub prompt: Option<PromptId>,
}

/// The columns in which words are looked for.
const COLUMNS: [&str; 6] = ["v.content", "v.system_text", "v.answer_schema", "v.note", "v.author", "p.name"];

fn push_matching(query: &mut QueryBuilder<Sqlite>, org: OrganizationId, sought: &VersionsSought) {
    query.push(" WHERE v.withdrawn_at_ms IS NULL AND p.withdrawn_at_ms IS NULL AND v.organization_id = ").push_bind(org.0);
    if let Some(prompt) = sought.prompt {
        query.push(" AND v.prompt_id = ").push_bind(prompt.0);
    }
    if let Some(label) = &sought.label {
        query.push(" AND EXISTS (SELECT 1 FROM prompt_labels l WHERE l.prompt_version_id = v.id AND l.label = ");
        query.push_bind(label.clone()).push(")");
    }
    for word in &sought.words {
        let pattern = containing(word);
        query.push(" AND (");
        for column in COLUMNS {
            query.push(column).push(" GLOB ").push_bind(pattern.clone()).push(" OR ");
        }
        query.push("EXISTS (SELECT 1 FROM prompt_labels l WHERE l.prompt_version_id = v.id AND l.label GLOB ");
        query.push_bind(pattern).push("))");
    }
}

/// How many versions match.
pub async fn count(db: &Db, org: OrganizationId, sought: &VersionsSought) -> Result<u64> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id");
    push_matching(&mut query, org, sought);
    let count: i64 = query.build_query_scalar().fetch_one(&db.read).await?;
    Ok(count as u64)
}

/// The versions that match, newest first, those before a moment and id.
pub async fn find(
    db: &Db,
    org: OrganizationId,
    sought: &VersionsSought,
    after: Option<(DateTime<Utc>, PromptVersionId)>,
    limit: u32,
) -> Result<Vec<PromptVersion>> {
    let mut query = QueryBuilder::<Sqlite>::new(VERSION_COLUMNS);
    push_matching(&mut query, org, sought);
    if let Some((at, id)) = after {
        query.push(" AND (v.created_at_ms, v.id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" ORDER BY v.created_at_ms DESC, v.id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<VersionRow> = query.build_query_as().fetch_all(&db.read).await?;
    let mut versions = rows.into_iter().map(VersionRow::read).collect::<Result<Vec<_>>>()?;
    for chunk in versions.chunks_mut(IDS_A_STATEMENT) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT prompt_version_id, label FROM prompt_labels WHERE prompt_version_id IN (");
        push_ids(&mut query, chunk.iter().map(|version| version.id.0));
        let labels: Vec<(uuid::Uuid, String)> = query.push(") ORDER BY label").build_query_as().fetch_all(&db.read).await?;
        for (id, label) in labels {
            if let Some(version) = chunk.iter_mut().find(|version| version.id.0 == id) {
                version.labels.push(label);
            }
        }
    }
    Ok(versions)
}
