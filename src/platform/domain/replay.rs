//! A dry run of rules over what is decided already: no model is asked, and nothing is stored. The numbers come from counts
//! by day, most confident tag and whole percent, so they are exact and cost the same for a thousand photos and for millions.
//! A photo that was processed more than once counts as it was decided last.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Core, DomainError, Result, known_labels, page, rules, statistics};
use crate::platform::store;
use crate::platform::store::decisions::{Band, Decided, DecidedResult};
use crate::wire::ids::ResultId;
use crate::wire::page::Page;
use crate::wire::replay::{CategoryReplay, Flow, MovedPhoto, REPLAY_DAYS, Replay, ReplayExamples, ReplayRules, ReplayTruth, Share};
use crate::wire::result::Decision;
use crate::wire::rules::ProcessingRules;

/// Examples of one page at most.
const EXAMPLES_MOST: u32 = 100;
/// Results that are looked at for one page, at most: the rest comes with the next one.
const LOOKED_AT_MOST: usize = 5_000;
const LOOKED_AT_ONCE: u32 = 500;

/// What these rules would have made of the last days.
pub async fn run(core: &Core, asked: ReplayRules) -> Result<Replay> {
    let rules = rules::in_one_form(asked.rules);
    rules::check(&rules)?;
    let from = since(core, asked.days)?;
    let parts = parts(core, &rules, from).await?;
    let mut flow = Flow::default();
    let mut categories: BTreeMap<&str, CategoryReplay> =
        rules.categories.keys().map(|name| (name.as_str(), CategoryReplay { name: name.clone(), photos: 0, moved: 0 })).collect();
    for part in &parts {
        let to = part.to(&rules);
        flow.add(part.decision, to, part.photos);
        if let Some(category) = part.category(&rules).and_then(|name| categories.get_mut(name)) {
            category.photos += part.photos;
            category.moved += if to == part.decision { 0 } else { part.photos };
        }
    }
    let ground_truth = truth(core, &rules, from).await?;
    Ok(Replay { from, photos: flow.total(), moved: flow.moved(), flow, categories: categories.into_values().collect(), ground_truth })
}

/// So many times 24 hours ago.
fn since(core: &Core, days: u32) -> Result<DateTime<Utc>> {
    let most = REPLAY_DAYS[REPLAY_DAYS.len() - 1];
    if !(1..=most).contains(&days) {
        return Err(DomainError::Invalid { code: "days", message: format!("Days must be from 1 to {most}") });
    }
    let from = core.now() - TimeDelta::days(i64::from(days));
    // As a moment is stored and told.
    Ok(DateTime::from_timestamp_millis(from.timestamp_millis()).unwrap_or(from))
}

/// Photos that the rules can't tell apart. `main_tag`: `None` for all whose tag is in no category.
struct Part {
    main_tag: Option<String>,
    decision: Decision,
    percent: Option<u8>,
    photos: u64,
}

impl Part {
    fn to(&self, rules: &ProcessingRules) -> Decision {
        rules.decide(self.main_tag.as_deref(), self.percent.map(|percent| f32::from(percent) / 100.0))
    }

    fn category<'r>(&self, rules: &'r ProcessingRules) -> Option<&'r str> {
        self.main_tag.as_deref().and_then(|tag| rules.category_of(tag)).map(|(name, _)| name)
    }
}

/// Each photo once: those of the categories' tags by tag, and all others together.
async fn parts(core: &Core, rules: &ProcessingRules, from: DateTime<Utc>) -> Result<Vec<Part>> {
    let tags: BTreeSet<&str> = rules.categories.values().flat_map(|category| category.tags.iter().map(String::as_str)).collect();
    let tags: Vec<&str> = tags.into_iter().collect();
    let counts = store::decisions::counts(&core.db, core.org, from, &tags).await?;
    Ok(apart(counts))
}

/// Takes those that have a part of their own out of the counts over all.
fn apart(counts: Vec<Decided>) -> Vec<Part> {
    let mut others: BTreeMap<(u8, Option<u8>), (Decision, u64)> = BTreeMap::new();
    let key = |decided: &Decided| (decided.decision as u8, decided.percent);
    for all in counts.iter().filter(|decided| decided.main_tag.is_none()) {
        others.entry(key(all)).or_insert((all.decision, 0)).1 += all.photos;
    }
    let mut parts = Vec::with_capacity(counts.len());
    for own in counts.into_iter().filter(|decided| decided.main_tag.is_some()) {
        if let Some((_, photos)) = others.get_mut(&key(&own)) {
            *photos = photos.saturating_sub(own.photos);
        }
        parts.push(Part { main_tag: own.main_tag, decision: own.decision, percent: own.percent, photos: own.photos });
    }
    parts.extend(others.into_iter().map(|((_, percent), (decision, photos))| Part { main_tag: None, decision, percent, photos }));
    parts
}

/// Photos that would move one way, newest first.
pub async fn examples(core: &Core, asked: ReplayExamples) -> Result<Page<MovedPhoto>> {
    let rules = rules::in_one_form(asked.rules);
    rules::check(&rules)?;
    let from = since(core, asked.days)?;
    let limit = asked.limit.unwrap_or(24).clamp(1, EXAMPLES_MOST) as usize;
    let mut after = asked.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, ResultId(id)));
    let moves = |part: &&Part| part.photos > 0 && part.decision == asked.from && part.to(&rules) == asked.to;
    let parts = parts(core, &rules, from).await?;
    let moving: Vec<&Part> = parts.iter().filter(moves).collect();
    let total = moving.iter().map(|part| part.photos).sum();
    let mut items = Vec::new();
    let mut next_cursor = None;
    if let Some(percents) = percents(&moving) {
        let mut looked_at = 0;
        loop {
            let band = Band { decision: asked.from, from, percents, after, limit: LOOKED_AT_ONCE };
            let found = store::decisions::in_band(&core.db, core.org, band).await?;
            let is_last = found.len() < LOOKED_AT_ONCE as usize;
            looked_at += found.len();
            for result in found {
                after = Some((result.at, result.id));
                if rules.decide(result.main_tag.as_deref(), result.mean_confidence) == asked.to {
                    items.push(moved(result, &rules, asked.from, asked.to));
                }
                if items.len() == limit {
                    break;
                }
            }
            let is_full = items.len() == limit;
            if is_last || is_full || looked_at >= LOOKED_AT_MOST {
                next_cursor = after.filter(|_| is_full || !is_last).map(|(at, id)| format!("{}_{}", at.timestamp_millis(), id.0.simple()));
                break;
            }
        }
    }
    Ok(Page { items, next_cursor, total: Some(total) })
}

/// The band of whole percents in which all that moves lies; -1 is none.
fn percents(moving: &[&Part]) -> Option<(i64, i64)> {
    let percents = || moving.iter().map(|part| part.percent.map_or(-1, i64::from));
    percents().min().zip(percents().max())
}

fn moved(result: DecidedResult, rules: &ProcessingRules, from: Decision, to: Decision) -> MovedPhoto {
    let category = result.main_tag.as_deref().and_then(|tag| rules.category_of(tag)).map(|(name, _)| name.to_owned());
    MovedPhoto {
        result_id: result.id,
        photo_id: result.photo_id,
        file_name: result.file_name,
        at: result.at,
        mean_confidence: result.mean_confidence,
        main_tag: result.main_tag,
        category,
        from,
        to,
    }
}

async fn truth(core: &Core, rules: &ProcessingRules, from: DateTime<Utc>) -> Result<Option<ReplayTruth>> {
    let (mut photos, mut before, mut after) = (0, (0, 0), (0, 0));
    for labelled in store::decisions::labelled(&core.db, core.org, from).await? {
        let main_tag = labelled.main_tag.as_deref();
        let Some(is_right) = known_labels::is_right(&labelled.file_name, labelled.said.as_deref(), main_tag) else { continue };
        photos += 1;
        let would = rules.decide(main_tag, labelled.percent.map(|percent| f32::from(percent) / 100.0));
        for ((hits, of), decision) in [(&mut before, labelled.decision), (&mut after, would)] {
            if decision == Decision::Accept {
                *of += 1;
                *hits += u64::from(is_right);
            }
        }
    }
    let share = |(hits, of): (u64, u64)| {
        let interval = statistics::wilson(hits, of, statistics::Z_95)?;
        Some(Share { hits, of, share: interval.share, low: interval.low, high: interval.high })
    };
    Ok((photos > 0).then(|| ReplayTruth { photos, before: share(before), after: share(after) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(main_tag: Option<&str>, decision: Decision, percent: Option<u8>, photos: u64) -> Decided {
        Decided { main_tag: main_tag.map(str::to_owned), decision, percent, photos }
    }

    #[test]
    fn each_photo_is_counted_once_whether_its_tag_has_a_category_or_not() {
        let counts = vec![
            decided(None, Decision::Accept, Some(70), 10),
            decided(None, Decision::Review, None, 2),
            decided(Some("dog"), Decision::Accept, Some(70), 4),
        ];
        let parts = apart(counts);
        assert_eq!(parts.iter().map(|part| part.photos).sum::<u64>(), 12);
        let others = parts.iter().find(|part| part.main_tag.is_none() && part.percent == Some(70)).expect("others");
        assert_eq!(others.photos, 6);
    }
}
