//! Keeps the last decision about each photo, and how many photos of each day were decided how: in the transaction that stores
//! a result.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::ALL;
use crate::platform::store::results::NewResult;
use crate::platform::store::rollups::Span;
use crate::platform::store::{Db, Result, from_json, from_name, push_ids, to_name};
use crate::wire::ids::{OrganizationId, PhotoId};
use crate::wire::result::{Decision, Outcome, Tag, mean_confidence};
use crate::wire::rules::{main_tag, percent_reached};

/// Rows of one statement: each binds 7 values.
const ROWS_A_STATEMENT: usize = 500;
/// Photos that are gathered before they are written, where there are many.
const PHOTOS_IN_MEMORY: usize = 20_000;
/// How far back is looked for what was stored before there were counts: a replay asks for no more.
const OLD_DAYS: i64 = 92;

/// A decision about a photo.
#[derive(Debug, Clone, PartialEq)]
struct Last {
    organization: Uuid,
    at_ms: i64,
    result: Uuid,
    /// Empty: no tag.
    main_tag: String,
    decision: Decision,
    /// -1: no confidence.
    percent: i64,
}

impl Last {
    fn is_after(&self, other: &Self) -> bool {
        (self.at_ms, self.result) > (other.at_ms, other.result)
    }

    /// What it is counted under: among all, and by its tag.
    fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let tags = [Some(ALL), Some(self.main_tag.as_str()).filter(|tag| !tag.is_empty())];
        tags.into_iter().flatten().map(|main_tag| Key {
            organization: self.organization,
            main_tag: main_tag.to_owned(),
            day_ms: Span::Day.floor(self.at_ms),
            decision: self.decision,
            percent: self.percent,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    organization: Uuid,
    main_tag: String,
    day_ms: i64,
    decision: Decision,
    percent: i64,
}

/// Decisions that wait to be written: the last one of each photo.
#[derive(Debug, Default)]
pub struct Decisions {
    last: HashMap<Uuid, Last>,
}

impl Decisions {
    /// Takes a result in; one that failed was not decided.
    pub fn add(&mut self, org: OrganizationId, new: &NewResult) {
        let (Some(decision), Outcome::Completed(answer)) = (new.result.decision, &new.result.outcome) else { return };
        let last = Last {
            organization: org.0,
            at_ms: new.result.created_at.timestamp_millis(),
            result: new.result.id.0,
            main_tag: main_tag(answer).unwrap_or_default().to_owned(),
            decision,
            percent: percent(answer.mean_confidence()),
        };
        self.take(new.result.photo_id.0, last);
    }

    fn take(&mut self, photo: Uuid, new: Last) {
        if self.last.get(&photo).is_none_or(|held| new.is_after(held)) {
            self.last.insert(photo, new);
        }
    }

    /// Whether it is time to write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.last.len() >= PHOTOS_IN_MEMORY
    }

    /// Stores what was taken in, and forgets it here. A photo that was decided before moves from one count to the other.
    pub async fn write(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        let mut photos: Vec<(Uuid, Last)> = self.last.drain().collect();
        photos.sort_unstable_by_key(|(photo, _)| *photo);
        let mut counts: HashMap<Key, i64> = HashMap::new();
        for chunk in photos.chunks(ROWS_A_STATEMENT) {
            let held = held(connection, chunk.iter().map(|(photo, _)| *photo)).await?;
            let news: Vec<&(Uuid, Last)> = chunk.iter().filter(|(photo, new)| held.get(photo).is_none_or(|held| new.is_after(held))).collect();
            for (photo, new) in &news {
                new.keys().for_each(|key| *counts.entry(key).or_default() += 1);
                held.get(photo).into_iter().flat_map(Last::keys).for_each(|key| *counts.entry(key).or_default() -= 1);
            }
            put_last(connection, &news).await?;
        }
        add_to_counts(connection, counts).await
    }
}

/// A photo is deleted: it counts no more.
pub async fn forget(connection: &mut SqliteConnection, photo: PhotoId) -> Result<()> {
    let held = held(connection, std::iter::once(photo.0)).await?;
    let counts = held.values().flat_map(Last::keys).map(|key| (key, -1)).collect();
    sqlx::query("DELETE FROM ai_latest_decisions WHERE photo_id = $1").bind(photo.0).execute(&mut *connection).await?;
    add_to_counts(connection, counts).await
}

fn percent(mean: Option<f32>) -> i64 {
    mean.map_or(-1, |mean| i64::from(percent_reached(mean)))
}

/// The decisions that are stored of these photos.
async fn held(connection: &mut SqliteConnection, photos: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Last>> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT photo_id, organization_id, at_ms, result_id, main_tag, decision, percent FROM ai_latest_decisions WHERE photo_id IN (",
    );
    push_ids(&mut query, photos);
    query.push(")");
    let rows: Vec<(Uuid, Uuid, i64, Uuid, String, String, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
    let last = |(photo, organization, at_ms, result, main_tag, decision, percent): (Uuid, Uuid, i64, Uuid, String, String, i64)| {
        Ok((photo, Last { organization, at_ms, result, main_tag, decision: from_name(&decision)?, percent }))
    };
    rows.into_iter().map(last).collect()
}

async fn put_last(connection: &mut SqliteConnection, news: &[&(Uuid, Last)]) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let named = news.iter().map(|row| Ok((row, to_name(&row.1.decision)?))).collect::<Result<Vec<_>>>()?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT OR REPLACE INTO ai_latest_decisions (photo_id, organization_id, at_ms, result_id, main_tag, decision, percent) ",
    );
    query.push_values(named, |mut row, ((photo, last), decision)| {
        row.push_bind(*photo).push_bind(last.organization).push_bind(last.at_ms).push_bind(last.result);
        row.push_bind(&last.main_tag).push_bind(decision).push_bind(last.percent);
    });
    query.build().execute(&mut *connection).await?;
    Ok(())
}

async fn add_to_counts(connection: &mut SqliteConnection, counts: HashMap<Key, i64>) -> Result<()> {
    let mut rows: Vec<(Key, i64)> = counts.into_iter().filter(|(_, by)| *by != 0).collect();
    // In the order of the table, so that neighbours are written together.
    rows.sort_unstable_by(|(one, _), (other, _)| (&one.main_tag, one.day_ms, one.percent).cmp(&(&other.main_tag, other.day_ms, other.percent)));
    for chunk in rows.chunks(ROWS_A_STATEMENT) {
        let named = chunk.iter().map(|row| Ok((row, to_name(&row.0.decision)?))).collect::<Result<Vec<_>>>()?;
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO ai_decision_counts (organization_id, main_tag, day_ms, decision, percent, photos) ");
        query.push_values(named, |mut row, ((key, count), decision)| {
            row.push_bind(key.organization).push_bind(&key.main_tag).push_bind(key.day_ms);
            row.push_bind(decision).push_bind(key.percent).push_bind(*count);
        });
        query.push(
            " ON CONFLICT (organization_id, main_tag, day_ms, decision, percent)
              DO UPDATE SET photos = ai_decision_counts.photos + excluded.photos",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Takes in what was stored before there were counts: once in a database's life, in one transaction, so that a start that
/// is cut off leaves nothing behind and the next one begins anew.
pub(in crate::platform::store) async fn add_up_old(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    let done: Option<i64> = sqlx::query_scalar("SELECT at_ms FROM database_marks WHERE name = 'decisions'").fetch_optional(&mut *tx).await?;
    if done.is_some() {
        return Ok(());
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(created_at_ms) FROM ai_processing_results").fetch_one(&mut *tx).await?;
    let newest = newest.unwrap_or(0);
    let mut decisions = Decisions::default();
    // Read beside the transaction that writes: nothing else writes before the platform answers.
    let mut stored = sqlx::query_as::<_, (Uuid, Uuid, Uuid, i64, String, String)>(
        "SELECT r.photo_id, r.organization_id, r.id, r.created_at_ms, r.decision, r.confidence_scores
         FROM ai_processing_results r JOIN photos p ON p.id = r.photo_id
         WHERE r.decision IS NOT NULL AND p.deleted_at_ms IS NULL AND r.created_at_ms >= $1",
    )
    .bind(newest - OLD_DAYS * Span::Day.ms())
    .fetch(&db.read);
    while let Some((photo, organization, result, at_ms, decision, tags)) = stored.try_next().await? {
        let tags: Vec<Tag> = from_json(&tags)?;
        let main_tag = tags.first().map(|tag| tag.name.clone()).unwrap_or_default();
        let (decision, percent) = (from_name(&decision)?, percent(mean_confidence(&tags)));
        decisions.take(photo, Last { organization, at_ms, result, main_tag, decision, percent });
        if decisions.is_full() {
            decisions.write(&mut tx).await?;
        }
    }
    decisions.write(&mut tx).await?;
    sqlx::query("INSERT INTO database_marks (name, at_ms) VALUES ('decisions', $1)").bind(newest).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
