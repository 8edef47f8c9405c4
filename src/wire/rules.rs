//! The rules that the pipeline works by: what becomes of a result, what may be spent, how hard it works, how large photos are sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::money::UsdMicros;
use super::result::{Answer, Decision};

/// A result's mean confidence at or above `accept` is accepted, below `reject` rejected, else reviewed; a result without a
/// confidence is reviewed. `0 ≤ reject ≤ accept ≤ 1`, in whole percents. A category has thresholds of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessingRules {
    pub accept_threshold: f32,
    pub reject_threshold: f32,
    /// By name: see [`Category`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, Category>,
    /// Jobs worked on at the same time, 1–64.
    pub workers: u32,
    /// Tries of one job, 1–10.
    pub max_attempts: u32,
    /// What the pipeline may spend in a UTC day, in a UTC month, for one photo. `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_limit_usd: Option<UsdMicros>,
    #[serde(default)]
    pub daily_limit_action: LimitAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_limit_usd: Option<UsdMicros>,
    #[serde(default)]
    pub monthly_limit_action: LimitAction,
    /// Held against what a call is expected to cost at most, before it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_limit_usd: Option<UsdMicros>,
    #[serde(default)]
    pub photo_limit_action: LimitAction,
    /// The longer edge of a photo that is sent over the net, in pixels; a model's own rule may ask for less. 128–8,192.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_max_edge_px: Option<u32>,
    /// Its JPEG quality at most; 30–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_quality: Option<u8>,
}

/// What happens at a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitAction {
    /// Nothing is begun that might cross it.
    #[default]
    Stop,
    /// All goes on, and it is said.
    Warn,
}

/// A group of tags with thresholds of its own. A result belongs to the category that names its most confident tag, so to one
/// at most; in none of them the general thresholds hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Names of tags, trimmed and lower case as answers have them; a tag is in one category at most.
    pub tags: Vec<String>,
    pub accept_threshold: f32,
    pub reject_threshold: f32,
}

impl Default for ProcessingRules {
    /// Those of a fresh platform.
    fn default() -> Self {
        Self {
            accept_threshold: 0.6,
            reject_threshold: 0.2,
            categories: BTreeMap::new(),
            workers: 2,
            max_attempts: 3,
            daily_limit_usd: None,
            daily_limit_action: LimitAction::default(),
            monthly_limit_usd: None,
            monthly_limit_action: LimitAction::default(),
            photo_limit_usd: None,
            photo_limit_action: LimitAction::default(),
            image_max_edge_px: None,
            image_quality: None,
        }
    }
}

impl ProcessingRules {
    /// The category of a tag, with its name.
    #[must_use]
    pub fn category_of(&self, main_tag: &str) -> Option<(&str, &Category)> {
        let found = self.categories.iter().find(|(_, category)| category.tags.iter().any(|tag| tag == main_tag));
        found.map(|(name, category)| (name.as_str(), category))
    }

    /// What the thresholds say of a result: `main_tag` is its most confident tag, `mean` its mean confidence. One without a
    /// confidence is a matter for a person.
    #[must_use]
    pub fn decide(&self, main_tag: Option<&str>, mean: Option<f32>) -> Decision {
        let own = main_tag.and_then(|tag| self.category_of(tag));
        let (accept, reject) =
            own.map_or((self.accept_threshold, self.reject_threshold), |(_, category)| (category.accept_threshold, category.reject_threshold));
        match mean {
            Some(mean) if mean >= accept => Decision::Accept,
            Some(mean) if mean < reject => Decision::Reject,
            _ => Decision::Review,
        }
    }
}

/// The tag that says which category an answer belongs to: the most confident one. Tags are sorted, so it is the first.
#[must_use]
pub fn main_tag(answer: &Answer) -> Option<&str> {
    answer.tags.first().map(|tag| tag.name.as_str())
}

/// The whole percents that a confidence reaches, 0–100: exactly those thresholds `p / 100` that are not above it.
#[must_use]
pub fn percent_reached(confidence: f32) -> u8 {
    let near = (confidence * 100.0).round().clamp(0.0, 100.0) as u8;
    if near > 0 && confidence < f32::from(near) / 100.0 { near - 1 } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_is_reached_exactly_when_a_threshold_of_it_would_be() {
        for percent in 0..=100_u8 {
            let threshold = f32::from(percent) / 100.0;
            assert_eq!(percent_reached(threshold), percent);
            if percent > 0 {
                assert_eq!(percent_reached(threshold.next_down()), percent - 1, "just below {percent} %");
            }
            // As a person types it and as JSON carries it.
            let typed: f32 = format!("0.{percent:02}").parse().expect("a number");
            assert!(percent == 100 || percent_reached(typed) == percent, "{typed}");
        }
    }

    #[test]
    fn a_category_decides_for_its_tags_and_the_general_thresholds_for_the_others() {
        let pets = Category { tags: vec!["dog".to_owned(), "cat".to_owned()], accept_threshold: 0.8, reject_threshold: 0.5 };
        let rules = ProcessingRules { categories: BTreeMap::from([("Pets".to_owned(), pets)]), ..ProcessingRules::default() };
        for (tag, mean, decision) in [
            (Some("dog"), Some(0.79), Decision::Review),
            (Some("cat"), Some(0.8), Decision::Accept),
            (Some("cat"), Some(0.49), Decision::Reject),
            (Some("tree"), Some(0.6), Decision::Accept),
            (None, Some(0.19), Decision::Reject),
            (Some("dog"), None, Decision::Review),
        ] {
            assert_eq!(rules.decide(tag, mean), decision, "{tag:?} {mean:?}");
        }
    }

    #[test]
    fn rules_of_an_earlier_version_are_read() {
        let text = r#"{"accept_threshold":0.7,"reject_threshold":0.1,"workers":4,"max_attempts":2,"daily_limit_usd":5.0}"#;
        let rules: ProcessingRules = serde_json::from_str(text).expect("read");
        assert_eq!((rules.daily_limit_action, rules.image_quality, rules.categories.len()), (LimitAction::Stop, None, 0));
    }
}
