//! Processing rules: what they may be, and what a change of them is called.

use std::collections::{BTreeMap, BTreeSet};

use super::{Core, DomainError, Result, config, spending};
use crate::wire::config::{ConfigChanged, ProcessingRules};
use crate::wire::money::UsdMicros;
use crate::wire::rules::{Category, LimitAction};

const CATEGORIES_MOST: usize = 50;
/// Characters of a category's name.
const NAME_MOST: usize = 60;
/// Of one category.
const TAGS_MOST: usize = 200;
/// Characters of a tag.
const TAG_MOST: usize = 100;
const IMAGE_EDGE_PX: std::ops::RangeInclusive<u32> = 128..=8_192;
const IMAGE_QUALITY: std::ops::RangeInclusive<u8> = 30..=100;

/// What is wrong with one of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Stable: the name of the field, `categories` for all of them.
    pub code: &'static str,
    /// As the journal names it: a category has a field of its own.
    pub field: String,
    pub message: String,
}

/// Changes the rules. `revision`: the one the caller has read. `confirmed`: a limit below what is spent already is meant.
pub async fn set(core: &Core, revision: u64, rules: ProcessingRules, confirmed: bool) -> Result<ConfigChanged> {
    let rules = in_one_form(rules);
    check(&rules)?;
    if !confirmed {
        check_spent(core, &config::current(core).await?.rules, &rules).await?;
    }
    config::change(core, Some(revision), |config| {
        config.rules = rules;
        Ok(())
    })
    .await
}

/// Tags as answers have them: trimmed, lower case, each once.
#[must_use]
pub fn in_one_form(mut rules: ProcessingRules) -> ProcessingRules {
    rules.categories = rules
        .categories
        .into_iter()
        .map(|(name, mut category)| {
            let mut seen = BTreeSet::new();
            category.tags = category.tags.iter().map(|tag| tag.trim().to_lowercase()).filter(|tag| seen.insert(tag.clone())).collect();
            (name.trim().to_owned(), category)
        })
        .collect();
    rules
}

/// Refuses rules that can't be followed.
pub fn check(rules: &ProcessingRules) -> Result<()> {
    match troubles(rules).into_iter().next() {
        Some(trouble) => Err(DomainError::Invalid { code: trouble.code, message: trouble.message }),
        None => Ok(()),
    }
}

/// Everything that is wrong with rules.
#[must_use]
pub fn troubles(rules: &ProcessingRules) -> Vec<Trouble> {
    let mut found = Vec::new();
    let mut say = |code: &'static str, message: String| found.push(Trouble { code, field: code.to_owned(), message });
    for (code, message) in thresholds(rules.accept_threshold, rules.reject_threshold) {
        say(code, message);
    }
    if !(1..=64).contains(&rules.workers) {
        say("workers", "Workers must be from 1 to 64".to_owned());
    }
    if !(1..=10).contains(&rules.max_attempts) {
        say("max_attempts", "Tries of a job must be from 1 to 10".to_owned());
    }
    let (daily, monthly, photo) = (rules.daily_limit_usd, rules.monthly_limit_usd, rules.photo_limit_usd);
    for (code, limit) in [("daily_limit_usd", daily), ("monthly_limit_usd", monthly), ("photo_limit_usd", photo)] {
        if limit.is_some_and(|limit| limit <= UsdMicros(0)) {
            say(code, "A limit must be more than $0. Pause the pipeline to spend nothing".to_owned());
        }
    }
    if daily.zip(monthly).is_some_and(|(daily, monthly)| daily > monthly) {
        say("daily_limit_usd", "The limit of a day is above that of a month: it would never be reached. Lower it".to_owned());
    }
    if photo.zip(daily.or(monthly)).is_some_and(|(photo, whole)| photo > whole) {
        say("photo_limit_usd", "The limit of a photo is above that of a day or month: it would never be reached. Lower it".to_owned());
    }
    if rules.image_max_edge_px.is_some_and(|edge| !IMAGE_EDGE_PX.contains(&edge)) {
        say("image_max_edge_px", "The longer edge of a photo must be from 128 to 8,192 pixels".to_owned());
    }
    if rules.image_quality.is_some_and(|quality| !IMAGE_QUALITY.contains(&quality)) {
        say("image_quality", "The JPEG quality must be from 30 to 100".to_owned());
    }
    found.extend(category_troubles(&rules.categories));
    found
}

/// What is wrong with a pair of thresholds.
fn thresholds(accept: f32, reject: f32) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (code, name, value) in [("accept_threshold", "accept", accept), ("reject_threshold", "reject", reject)] {
        if !(0.0..=1.0).contains(&value) {
            found.push((code, format!("The {name} threshold must be from 0 to 1")));
        } else if (value * 100.0).round() / 100.0 != value {
            found.push((code, format!("The {name} threshold must be a whole percent, such as 0.65")));
        }
    }
    if found.is_empty() && reject > accept {
        let message = "The reject threshold is above the accept threshold: nothing could be reviewed. Lower it";
        found.push(("reject_threshold", message.to_owned()));
    }
    found
}

fn category_troubles(categories: &BTreeMap<String, Category>) -> Vec<Trouble> {
    let mut found = Vec::new();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, category) in categories {
        let mut say = |message: String| found.push(Trouble { code: "categories", field: config::category_field(name), message });
        if name.is_empty() || name.chars().count() > NAME_MOST {
            say(format!("A category's name has 1 to {NAME_MOST} characters"));
        }
        if category.tags.is_empty() || category.tags.len() > TAGS_MOST {
            say(format!("{name}: a category has 1 to {TAGS_MOST} tags. Name the tags that it is for"));
        }
        if category.tags.iter().any(|tag| tag.is_empty() || tag.chars().count() > TAG_MOST) {
            say(format!("{name}: a tag has 1 to {TAG_MOST} characters"));
        }
        for tag in &category.tags {
            if let Some(other) = owners.insert(tag, name).filter(|other| other != name) {
                say(format!("{name}: the tag '{tag}' is in {other} already. Take it out of one of them"));
            }
        }
        for (_, message) in thresholds(category.accept_threshold, category.reject_threshold) {
            say(format!("{name}: {message}"));
        }
    }
    if categories.len() > CATEGORIES_MOST {
        let message = format!("There may be {CATEGORIES_MOST} categories at most");
        found.push(Trouble { code: "categories", field: "categories".to_owned(), message });
    }
    found
}

/// What a person should confirm: limits that are reached already.
pub async fn spent_already(core: &Core, before: &ProcessingRules, after: &ProcessingRules) -> Result<Option<String>> {
    let changed = |was: (Option<UsdMicros>, LimitAction), is: (Option<UsdMicros>, LimitAction)| is.0.filter(|_| was != is).map(|most| (most, is.1));
    let daily = changed((before.daily_limit_usd, before.daily_limit_action), (after.daily_limit_usd, after.daily_limit_action));
    let monthly = changed((before.monthly_limit_usd, before.monthly_limit_action), (after.monthly_limit_usd, after.monthly_limit_action));
    if daily.is_none() && monthly.is_none() {
        return Ok(None);
    }
    let spent = spending::spent(core).await?;
    for (changed, spent, period, next) in [(daily, spent.today, "today", "tomorrow"), (monthly, spent.month, "this month", "next month")] {
        let Some((most, action)) = changed.filter(|(most, _)| *most < spent) else { continue };
        let then = match action {
            LimitAction::Stop => format!("the pipeline would begin nothing more until {next} (UTC)"),
            LimitAction::Warn => "it would warn at once".to_owned(),
        };
        return Ok(Some(format!("{spent} is spent {period} already, more than the limit of {most}: {then}")));
    }
    Ok(None)
}

async fn check_spent(core: &Core, before: &ProcessingRules, after: &ProcessingRules) -> Result<()> {
    match spent_already(core, before, after).await? {
        Some(why) => Err(DomainError::Conflict { code: "limit_below_spent", message: format!("{why}. Confirm to set it all the same") }),
        None => Ok(()),
    }
}

/// What changed of the rules, in words.
#[must_use]
pub fn summary(was: &ProcessingRules, is: &ProcessingRules) -> Vec<String> {
    let mut said = Vec::new();
    for (what, was, is) in
        [("Accept threshold", was.accept_threshold, is.accept_threshold), ("Reject threshold", was.reject_threshold, is.reject_threshold)]
    {
        if was != is {
            said.push(format!("{what}: {was:.2} → {is:.2}"));
        }
    }
    said.extend(category_summary(&was.categories, &is.categories));
    for (what, was, is) in [("Workers", was.workers, is.workers), ("Tries of a job", was.max_attempts, is.max_attempts)] {
        if was != is {
            said.push(format!("{what}: {was} → {is}"));
        }
    }
    let limit = |limit: Option<UsdMicros>, action: LimitAction| match (limit, action) {
        (None, _) => "none".to_owned(),
        (Some(limit), LimitAction::Stop) => limit.to_string(),
        (Some(limit), LimitAction::Warn) => format!("{limit} (warns)"),
    };
    for (what, was, is) in [
        ("Daily limit", limit(was.daily_limit_usd, was.daily_limit_action), limit(is.daily_limit_usd, is.daily_limit_action)),
        ("Monthly limit", limit(was.monthly_limit_usd, was.monthly_limit_action), limit(is.monthly_limit_usd, is.monthly_limit_action)),
        ("Limit of a photo", limit(was.photo_limit_usd, was.photo_limit_action), limit(is.photo_limit_usd, is.photo_limit_action)),
    ] {
        if was != is {
            said.push(format!("{what}: {was} → {is}"));
        }
    }
    let actions = [(was.daily_limit_action, is.daily_limit_action), (was.monthly_limit_action, is.monthly_limit_action)];
    if said.is_empty() && (actions.iter().any(|(was, is)| was != is) || was.photo_limit_action != is.photo_limit_action) {
        said.push("What happens at a limit that is not set".to_owned());
    }
    let px = |edge: Option<u32>| edge.map_or_else(|| "as the model takes it".to_owned(), |edge| format!("{edge} px"));
    if was.image_max_edge_px != is.image_max_edge_px {
        said.push(format!("Longest edge sent: {} → {}", px(was.image_max_edge_px), px(is.image_max_edge_px)));
    }
    let quality = |quality: Option<u8>| quality.map_or_else(|| "as the model takes it".to_owned(), |quality| quality.to_string());
    if was.image_quality != is.image_quality {
        said.push(format!("JPEG quality sent: {} → {}", quality(was.image_quality), quality(is.image_quality)));
    }
    said
}

fn category_summary(was: &BTreeMap<String, Category>, is: &BTreeMap<String, Category>) -> Vec<String> {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let words = |category: &Category| {
        let (accept, reject) = (category.accept_threshold, category.reject_threshold);
        format!("{accept:.2}/{reject:.2} for {}", category.tags.join(", "))
    };
    let said = names.into_iter().filter_map(|name| match (was.get(name), is.get(name)) {
        (Some(was), Some(is)) if was == is => None,
        (Some(was), Some(is)) => Some(format!("Category {name}: {} → {}", words(was), words(is))),
        (None, Some(is)) => Some(format!("Category {name} added: {}", words(is))),
        (Some(_), None) => Some(format!("Category {name} removed")),
        (None, None) => None,
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, tags: &[&str], accept: f32, reject: f32) -> (String, Category) {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        (name.to_owned(), Category { tags, accept_threshold: accept, reject_threshold: reject })
    }

    fn codes(rules: &ProcessingRules) -> Vec<String> {
        troubles(rules).into_iter().map(|trouble| trouble.field).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_its_field() {
        let rules = ProcessingRules {
            accept_threshold: 0.655,
            reject_threshold: f32::NAN,
            workers: 0,
            photo_limit_usd: Some(UsdMicros(5)),
            daily_limit_usd: Some(UsdMicros(4)),
            image_max_edge_px: Some(100),
            image_quality: Some(10),
            ..ProcessingRules::default()
        };
        let expected = ["accept_threshold", "reject_threshold", "workers", "photo_limit_usd", "image_max_edge_px", "image_quality"];
        assert_eq!(codes(&rules), expected);
        assert!(codes(&ProcessingRules::default()).is_empty());
    }

    #[test]
    fn categories_that_overlap_or_turn_around_are_refused_by_name() {
        let categories =
            BTreeMap::from([with("Pets", &["dog", "cat"], 0.8, 0.5), with("Zoo", &["cat", "lion"], 0.3, 0.4), with("Nothing", &[], 0.5, 0.5)]);
        let rules = ProcessingRules { categories, ..ProcessingRules::default() };
        let found = troubles(&rules);
        let words: Vec<&str> = found.iter().map(|trouble| trouble.message.as_str()).collect();
        assert_eq!(found.len(), 3, "{words:?}");
        assert!(
            words[0].starts_with("Nothing:") && words[1].contains("'cat' is in Pets already") && words[2].starts_with("Zoo: The reject"),
            "{words:?}"
        );
    }

    #[test]
    fn tags_are_brought_into_the_form_that_answers_have() {
        let rules =
            ProcessingRules { categories: BTreeMap::from([with(" Pets ", &[" Dog", "dog ", "CAT"], 0.8, 0.5)]), ..ProcessingRules::default() };
        let rules = in_one_form(rules);
        assert_eq!(rules.categories["Pets"].tags, ["dog", "cat"]);
    }

    #[test]
    fn changes_are_told_in_words() {
        let was = ProcessingRules { daily_limit_usd: Some(UsdMicros(2_000_000)), ..ProcessingRules::default() };
        let is = ProcessingRules {
            accept_threshold: 0.75,
            categories: BTreeMap::from([with("Pets", &["dog"], 0.8, 0.5)]),
            daily_limit_action: LimitAction::Warn,
            image_max_edge_px: Some(1_024),
            ..was.clone()
        };
        let expected = [
            "Accept threshold: 0.60 → 0.75",
            "Category Pets added: 0.80/0.50 for dog",
            "Daily limit: $2.00 → $2.00 (warns)",
            "Longest edge sent: as the model takes it → 1024 px",
        ];
        assert_eq!(summary(&was, &is), expected);
    }
}
