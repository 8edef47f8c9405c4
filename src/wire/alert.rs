//! Alerts: rules on the pipeline's figures, and what happens when one is broken.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::AlertId;
use super::model::{RETIREMENT_NEAR_DAYS, RETIREMENT_URGENT_DAYS};

/// What a rule watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertMetric {
    /// Jobs that wait for a worker or for their next try.
    QueueDepth,
    /// How long the oldest pending job has been waiting, in minutes.
    OldestWaiting,
    /// Failed jobs among those that ended in the last 2 minutes, or in as many, up to 15, as it takes for 10 jobs; in percent, not
    /// judged from fewer.
    ErrorRate,
    /// Known cost of the UTC day, in USD.
    SpendToday,
    /// Mean confidence of the last hour's results, in percent; not judged from fewer than 10.
    Confidence,
    /// Whether a provider that is used, or has a key, is down. Its threshold means nothing.
    ProviderDown,
    /// Days until a model in use ends; each model by itself.
    ModelRetires,
}

impl AlertMetric {
    pub const ALL: [Self; 7] =
        [Self::QueueDepth, Self::OldestWaiting, Self::ErrorRate, Self::SpendToday, Self::Confidence, Self::ProviderDown, Self::ModelRetires];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::QueueDepth => "Queue depth",
            Self::OldestWaiting => "Oldest waiting job",
            Self::ErrorRate => "Error rate",
            Self::SpendToday => "Spend today",
            Self::Confidence => "Mean confidence",
            Self::ProviderDown => "Provider down",
            Self::ModelRetires => "Model in use ends",
        }
    }

    /// What the figure counts and over which time.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::QueueDepth => "Jobs that wait for a worker or for their next try",
            Self::OldestWaiting => "How long the oldest pending job has been waiting",
            Self::ErrorRate => {
                "Failed jobs among those that ended in the last 2 minutes, or in up to 15 where it takes so long for 10 jobs; not judged from fewer"
            }
            Self::SpendToday => "Known cost since midnight UTC",
            Self::Confidence => "Mean confidence of the last hour's results; not judged from fewer than 10",
            Self::ProviderDown => {
                "A provider that is used, or has a key, failed its last 5 calls or most of the last 20, or did not answer when it was asked"
            }
            Self::ModelRetires => "The live model, or one of the fallback chain, will be taken out of service by its provider",
        }
    }

    /// Whether a rule is broken below its threshold; else above it.
    #[must_use]
    pub fn is_broken_below(self) -> bool {
        matches!(self, Self::Confidence | Self::ModelRetires)
    }

    /// The smallest and the largest threshold that makes sense; `None` without one.
    #[must_use]
    pub fn bounds(self) -> Option<(f64, f64)> {
        match self {
            Self::QueueDepth => Some((1.0, 10_000_000.0)),
            Self::OldestWaiting => Some((1.0, 10_080.0)),
            Self::ErrorRate | Self::Confidence => Some((1.0, 100.0)),
            Self::SpendToday => Some((0.01, 1_000_000.0)),
            Self::ModelRetires => Some((1.0, 365.0)),
            Self::ProviderDown => None,
        }
    }

    /// A figure with its unit.
    #[must_use]
    pub fn words(self, value: f64) -> String {
        match self {
            Self::QueueDepth if value.round() == 1.0 => "1 job".to_owned(),
            Self::QueueDepth => format!("{} jobs", thousands(value)),
            Self::OldestWaiting => format!("{value:.0} min"),
            Self::ErrorRate | Self::Confidence => format!("{} %", (value * 10.0).round() / 10.0),
            Self::SpendToday => format!("${value:.2}"),
            Self::ProviderDown => "down".to_owned(),
            Self::ModelRetires if value.round() == 1.0 => "1 day".to_owned(),
            Self::ModelRetires => format!("{value:.0} days"),
        }
    }
}

/// A whole number with its thousands apart.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 2] = [Self::Warning, Self::Critical];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

/// When an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlertRule {
    pub metric: AlertMetric,
    /// In the unit of the metric.
    pub threshold: f64,
    /// How long the rule must be broken before the alert fires, 0–1,440.
    pub for_minutes: u32,
    pub severity: Severity,
    pub is_enabled: bool,
}

/// An alert ends when its figure has been clear of the threshold so long.
pub const CLEAR_FOR_MINUTES: i64 = 1;

/// Longest time that a rule may have to be broken.
pub const FOR_MINUTES_MOST: u32 = 1_440;

impl AlertRule {
    /// Such as `Queue depth above 500 jobs for 10 min`.
    #[must_use]
    pub fn words(&self) -> String {
        let held = if self.for_minutes == 0 { String::new() } else { format!(" for {} min", self.for_minutes) };
        if self.metric == AlertMetric::ProviderDown {
            return format!("{}{held}", self.metric.label());
        }
        if self.metric == AlertMetric::ModelRetires {
            return format!("{} within {}{held}", self.metric.label(), self.metric.words(self.threshold));
        }
        let way = if self.metric.is_broken_below() { "below" } else { "above" };
        format!("{} {way} {}{held}", self.metric.label(), self.metric.words(self.threshold))
    }

    #[must_use]
    pub fn is_broken_by(&self, value: f64) -> bool {
        match self.metric {
            AlertMetric::ProviderDown => value > 0.0,
            AlertMetric::ModelRetires => value <= self.threshold,
            _ if self.metric.is_broken_below() => value < self.threshold,
            _ => value > self.threshold,
        }
    }

    /// Whether the figure is well clear of the threshold, so that an alert may end. Between this and broken nothing
    /// changes, so that a figure which swings around its threshold does not make the alert come and go.
    #[must_use]
    pub fn is_clear_at(&self, value: f64) -> bool {
        match self.metric {
            AlertMetric::ProviderDown => value <= 0.0,
            AlertMetric::ModelRetires => value > self.threshold,
            _ if self.metric.is_broken_below() => value >= (self.threshold * 1.05).min(100.0),
            // What was spent stays spent until the day ends.
            AlertMetric::SpendToday => value <= self.threshold,
            _ => value <= self.threshold * 0.9,
        }
    }
}

/// Rules by their names, which stay the same while the rule is edited: lower-case letters, digits and `_`.
pub type AlertRules = BTreeMap<String, AlertRule>;

/// What a platform starts with.
#[must_use]
pub fn shipped_rules() -> AlertRules {
    let rule = |metric, threshold, for_minutes, severity| AlertRule { metric, threshold, for_minutes, severity, is_enabled: true };
    [
        ("queue_depth", rule(AlertMetric::QueueDepth, 1_000.0, 10, Severity::Warning)),
        ("oldest_waiting", rule(AlertMetric::OldestWaiting, 30.0, 0, Severity::Warning)),
        ("error_rate", rule(AlertMetric::ErrorRate, 20.0, 2, Severity::Critical)),
        ("spend_today", rule(AlertMetric::SpendToday, 20.0, 0, Severity::Warning)),
        ("confidence", rule(AlertMetric::Confidence, 40.0, 10, Severity::Warning)),
        ("provider_down", rule(AlertMetric::ProviderDown, 0.0, 2, Severity::Critical)),
        ("model_retires", rule(AlertMetric::ModelRetires, RETIREMENT_NEAR_DAYS as f64, 0, Severity::Warning)),
        ("model_retires_soon", rule(AlertMetric::ModelRetires, RETIREMENT_URGENT_DAYS as f64, 0, Severity::Critical)),
    ]
    .into_iter()
    .map(|(name, rule)| (name.to_owned(), rule))
    .collect()
}

/// One time that a rule was broken long enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    /// Name of the rule.
    pub rule: String,
    pub metric: AlertMetric,
    pub severity: Severity,
    /// Which of several is meant: the provider's name, or the model's.
    pub subject: Option<String>,
    /// The threshold when it fired, or that of its rule when the rule was changed since; the figure likewise.
    pub threshold: f64,
    /// The figure when it fired.
    pub value: f64,
    pub fired_at: DateTime<Utc>,
    pub acknowledged: Option<Acknowledged>,
    /// Nobody is told of it before then.
    pub snoozed_until: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    pub at: DateTime<Utc>,
    pub by: String,
}

impl Alert {
    /// In the order in which they are shown: the gravest first, of those the newest.
    pub fn sort(alerts: &mut [Self]) {
        alerts.sort_by_key(|alert| std::cmp::Reverse((alert.severity, alert.fired_at, alert.id)));
    }

    /// Such as `Queue depth is 1,204 jobs, above 1,000 jobs`.
    #[must_use]
    pub fn words(&self) -> String {
        let (metric, value, threshold) = (self.metric, self.metric.words(self.value), self.metric.words(self.threshold));
        match (metric, &self.subject) {
            (AlertMetric::ProviderDown, Some(provider)) => format!("{provider} is down"),
            (AlertMetric::ProviderDown, None) => "A provider is down".to_owned(),
            (AlertMetric::ModelRetires, Some(model)) if self.value < 0.0 => format!("{model} has ended"),
            (AlertMetric::ModelRetires, Some(model)) => format!("{model} ends in {value}"),
            _ if metric.is_broken_below() => format!("{} is {value}, below {threshold}", metric.label()),
            (AlertMetric::OldestWaiting, _) if value == threshold => format!("A job has been waiting for more than {threshold}"),
            (AlertMetric::OldestWaiting, _) => format!("A job has been waiting for {value}, more than {threshold}"),
            _ => format!("{} is {value}, above {threshold}", metric.label()),
        }
    }

    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// Whether people are to be told: it fires, and nobody has taken it on or put it off.
    #[must_use]
    pub fn is_loud(&self, now: DateTime<Utc>) -> bool {
        self.is_firing() && self.acknowledged.is_none() && self.snoozed_until.is_none_or(|until| until <= now)
    }
}

/// `GET /api/ai/alerts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    /// Newest first.
    pub firing: Vec<Alert>,
    pub rules: AlertRules,
    /// Of the configuration that the rules are part of; `If-Match` of the next write.
    pub revision: u64,
    /// The figures at the last look, where there were enough data for one.
    pub figures: BTreeMap<AlertMetric, f64>,
    /// When the rules were last looked at.
    pub looked_at: Option<DateTime<Utc>>,
}

/// `PUT /api/ai/alerts` with `If-Match`: these rules and no others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAlertRules {
    pub rules: AlertRules,
}

/// `POST /api/ai/alerts/{id}/snooze`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnoozeAlert {
    /// At most 7 days ahead.
    pub until: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_people_say_them() {
        let rules = shipped_rules();
        assert_eq!(rules["queue_depth"].words(), "Queue depth above 1,000 jobs for 10 min");
        assert_eq!(rules["confidence"].words(), "Mean confidence below 40 % for 10 min");
        assert_eq!(rules["provider_down"].words(), "Provider down for 2 min");
        assert_eq!(rules["spend_today"].words(), "Spend today above $20.00");
    }

    #[test]
    fn a_wait_that_has_just_become_too_long_is_said_once() {
        let words = |value: f64| {
            let alert = serde_json::json!({"id": uuid::Uuid::nil(), "rule": "oldest_waiting", "metric": "oldest_waiting", "severity": "warning",
                "subject": null, "threshold": 30.0, "value": value, "fired_at": "2026-03-14T09:26:53Z", "acknowledged": null,
                "snoozed_until": null, "resolved_at": null});
            serde_json::from_value::<Alert>(alert).expect("an alert").words()
        };
        assert_eq!(
            [words(30.2), words(47.0)],
            ["A job has been waiting for more than 30 min", "A job has been waiting for 47 min, more than 30 min"]
        );
    }

    #[test]
    fn between_broken_and_clear_nothing_changes() {
        for rule in shipped_rules().into_values() {
            let Some((least, most)) = rule.metric.bounds() else { continue };
            assert!((least..=most).contains(&rule.threshold), "{rule:?}");
            for value in [0.0, rule.threshold * 0.91, rule.threshold, rule.threshold * 1.04, rule.threshold * 2.0] {
                assert!(!(rule.is_broken_by(value) && rule.is_clear_at(value)), "{rule:?} at {value}");
            }
        }
        let depth = shipped_rules()["queue_depth"];
        assert!(depth.is_broken_by(1_001.0) && !depth.is_clear_at(950.0) && !depth.is_broken_by(950.0) && depth.is_clear_at(900.0));
        let confidence = shipped_rules()["confidence"];
        assert!(confidence.is_broken_by(39.9) && !confidence.is_clear_at(41.0) && confidence.is_clear_at(42.0));
    }
}
