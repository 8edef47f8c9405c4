//! How many photos were decided how, and their results: what a replay of the rules reads.

mod counted;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::rollups::Span;
use super::{Db, Result, from_json, from_ms, from_name, to_ms, to_name};
use crate::wire::ids::{OrganizationId, PhotoId, ResultId};
use crate::wire::result::{Decision, Tag, mean_confidence};
pub(super) use counted::add_up_old;
pub use counted::{Decisions, forget};

/// The main tag under which all photos are counted.
const ALL: &str = "";
/// Each decision as it is stored: names what an index begins with.
const EACH_DECISION: &str = "('accept', 'review', 'reject')";

/// Photos that are alike to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// `None`: all photos, those of each tag included.
    pub main_tag: Option<String>,
    pub decision: Decision,
    /// The whole percents that the mean confidence reaches.
    pub percent: Option<u8>,
    pub photos: u64,
}

/// Photos whose last decision is not older than a moment: over all, and of these tags alone. Whole days are counted already;
/// of the day in which the moment lies the decisions themselves are looked at, in the same statement, so that no photo is
/// missed or met twice while it moves from one day to another.
pub async fn counts(db: &Db, org: OrganizationId, from: DateTime<Utc>, main_tags: &[&str]) -> Result<Vec<Decided>> {
    let (from_ms, first_day_ms) = (to_ms(from), Span::Day.ceil(to_ms(from)));
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT main_tag, decision, percent, SUM(photos) FROM (
             SELECT main_tag, decision, percent, photos FROM ai_decision_counts WHERE organization_id = ",
    );
    query.push_bind(org.0).push(" AND day_ms >= ").push_bind(first_day_ms).push(" AND main_tag IN (");
    push_tags(&mut query, [ALL].iter().chain(main_tags));
    query.push(")");
    for (columns, of_tags) in [("'' AS main_tag", false), ("main_tag", true)] {
        query.push(format_args!(
            " UNION ALL SELECT {columns}, decision, percent, COUNT(*) FROM ai_latest_decisions
               WHERE decision IN {EACH_DECISION} AND organization_id = "
        ));
        query.push_bind(org.0).push(" AND at_ms >= ").push_bind(from_ms).push(" AND at_ms < ").push_bind(first_day_ms);
        if of_tags {
            query.push(" AND main_tag IN (");
            push_tags(&mut query, main_tags.iter());
            query.push(")");
        }
        query.push(" GROUP BY 1, 2, 3");
    }
    query.push(") GROUP BY 1, 2, 3 HAVING SUM(photos) > 0");
    let rows: Vec<(String, String, i64, i64)> = query.build_query_as().fetch_all(&db.read).await?;
    let decided = |(main_tag, decision, percent, photos): (String, String, i64, i64)| {
        Ok(Decided {
            main_tag: (main_tag != ALL).then_some(main_tag),
            decision: from_name(&decision)?,
            percent: u8::try_from(percent).ok(),
            photos: photos as u64,
        })
    };
    rows.into_iter().map(decided).collect()
}

fn push_tags<'t>(query: &mut QueryBuilder<Sqlite>, tags: impl Iterator<Item = &'t &'t str>) {
    let mut list = query.separated(", ");
    for tag in tags {
        list.push_bind((*tag).to_owned());
    }
}

/// Which results are looked at one by one.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    pub decision: Decision,
    pub from: DateTime<Utc>,
    /// The whole percents that their mean confidence reaches, both ends included; -1: they have none.
    pub percents: (i64, i64),
    /// Only results before this one in the list.
    pub after: Option<(DateTime<Utc>, ResultId)>,
    pub limit: u32,
}

/// A result with what the rules look at.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedResult {
    pub id: ResultId,
    pub photo_id: PhotoId,
    pub file_name: String,
    pub at: DateTime<Utc>,
    pub mean_confidence: Option<f32>,
    pub main_tag: Option<String>,
}

type ResultRow = (Uuid, Uuid, String, i64, String);

fn result_from((id, photo_id, file_name, at, tags): ResultRow) -> Result<DecidedResult> {
    let tags: Vec<Tag> = from_json(&tags)?;
    Ok(DecidedResult {
        id: ResultId(id),
        photo_id: PhotoId(photo_id),
        file_name,
        at: from_ms(at)?,
        mean_confidence: mean_confidence(&tags),
        main_tag: tags.into_iter().next().map(|tag| tag.name),
    })
}

/// Last results of photos in a band, newest first.
pub async fn in_band(db: &Db, org: OrganizationId, band: Band) -> Result<Vec<DecidedResult>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT r.id, r.photo_id, p.file_name, r.created_at_ms, r.confidence_scores
         FROM ai_latest_decisions l JOIN ai_processing_results r ON r.id = l.result_id JOIN photos p ON p.id = l.photo_id
         WHERE l.organization_id = ",
    );
    query.push_bind(org.0).push(" AND l.at_ms >= ").push_bind(to_ms(band.from));
    let (least, most) = band.percents;
    query.push(" AND l.percent BETWEEN ").push_bind(least).push(" AND ").push_bind(most);
    if let Some((at, id)) = band.after {
        query.push(" AND l.at_ms <= ").push_bind(to_ms(at));
        query.push(" AND (l.at_ms, l.result_id) < (").push_bind(to_ms(at)).push(", ").push_bind(id.0).push(")");
    }
    query.push(" AND l.decision = ").push_bind(to_name(&band.decision)?);
    query.push(" ORDER BY l.at_ms DESC, l.result_id DESC LIMIT ").push_bind(i64::from(band.limit));
    let rows: Vec<ResultRow> = query.build_query_as().fetch_all(&db.read).await?;
    rows.into_iter().map(result_from).collect()
}

/// How a photo with known labels was decided last.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    pub file_name: String,
    /// What people said of it; `None`: it came with the program, and so did its labels.
    pub said: Option<Vec<String>>,
    pub main_tag: Option<String>,
    /// The whole percents that its mean confidence reaches.
    pub percent: Option<u8>,
    pub decision: Decision,
}

/// The photos whose last decision is not older than a moment and that people said something of, or that came with the program.
pub async fn labelled(db: &Db, org: OrganizationId, from: DateTime<Utc>) -> Result<Vec<Labelled>> {
    let rows: Vec<(String, Option<String>, String, i64, String)> = sqlx::query_as(
        "SELECT p.file_name, t.tags, l.main_tag, l.percent, l.decision
         FROM ground_truth t JOIN ai_latest_decisions l ON l.photo_id = t.photo_id JOIN photos p ON p.id = t.photo_id
         WHERE t.organization_id = $1 AND l.at_ms >= $2
         UNION ALL
         SELECT p.file_name, NULL, l.main_tag, l.percent, l.decision
         FROM photos p JOIN ai_latest_decisions l ON l.photo_id = p.id
         WHERE p.organization_id = $1 AND p.source = 'bundled' AND l.at_ms >= $2
           AND NOT EXISTS (SELECT 1 FROM ground_truth t WHERE t.organization_id = $1 AND t.photo_id = p.id)",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .fetch_all(&db.read)
    .await?;
    let labelled = |(file_name, said, main_tag, percent, decision): (String, Option<String>, String, i64, String)| {
        Ok(Labelled {
            file_name,
            said: said.as_deref().map(from_json).transpose()?,
            main_tag: Some(main_tag).filter(|tag| !tag.is_empty()),
            percent: u8::try_from(percent).ok(),
            decision: from_name(&decision)?,
        })
    };
    rows.into_iter().map(labelled).collect()
}

/// An answer about a photo with known labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledAnswer {
    pub model: String,
    pub file_name: String,
    /// As in [`Labelled`].
    pub said: Option<Vec<String>>,
    pub main_tag: Option<String>,
}

/// Answers since a moment about the photos that people said something of, or that came with the program.
pub async fn labelled_answers(db: &Db, org: OrganizationId, from: DateTime<Utc>) -> Result<Vec<LabelledAnswer>> {
    let rows: Vec<(String, String, Option<String>, String)> = sqlx::query_as(
        "SELECT r.model, p.file_name, t.tags, r.confidence_scores
         FROM ground_truth t JOIN photos p ON p.id = t.photo_id JOIN ai_processing_results r ON r.photo_id = t.photo_id
         WHERE t.organization_id = $1 AND p.deleted_at_ms IS NULL AND +r.created_at_ms >= $2 AND r.status = 'completed'
         UNION ALL
         SELECT r.model, p.file_name, NULL, r.confidence_scores
         FROM photos p JOIN ai_processing_results r ON r.photo_id = p.id
         WHERE p.organization_id = $1 AND p.source = 'bundled' AND +r.created_at_ms >= $2 AND r.status = 'completed'
           AND NOT EXISTS (SELECT 1 FROM ground_truth t WHERE t.organization_id = $1 AND t.photo_id = p.id)",
    )
    .bind(org.0)
    .bind(to_ms(from))
    .fetch_all(&db.read)
    .await?;
    let answer = |(model, file_name, said, tags): (String, String, Option<String>, String)| {
        let tags: Vec<Tag> = from_json(&tags)?;
        let said = said.as_deref().map(from_json).transpose()?;
        Ok(LabelledAnswer { model, file_name, said, main_tag: tags.into_iter().next().map(|tag| tag.name) })
    };
    rows.into_iter().map(answer).collect()
}
