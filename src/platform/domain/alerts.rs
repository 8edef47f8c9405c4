//! Alerts: looks at the pipeline's figures and fires, resolves and reminds as the rules say.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Change, Core, DomainError, Result, author, config, health, page, retirement, status};
use crate::platform::store;
use crate::providers::KeyNeed;
use crate::wire::alert::{Acknowledged, Alert, AlertMetric, AlertRule, AlertRules, Alerts, CLEAR_FOR_MINUTES, FOR_MINUTES_MOST};
use crate::wire::config::{ConfigChanged, PipelineConfig};
use crate::wire::event::Happened;
use crate::wire::health::HealthState;
use crate::wire::ids::AlertId;
use crate::wire::page::Page;
use crate::wire::status::{LiveStatus, MinutePoint};

/// An alert ends when its figure has been well clear of the threshold this long.
const CLEAR_FOR: TimeDelta = TimeDelta::minutes(CLEAR_FOR_MINUTES);
/// Minutes whose jobs make the error rate; where they hold too few, more of those before, at most so many.
const ERROR_MINUTES: usize = 2;
const ERROR_MINUTES_MOST: usize = 15;
/// Fewer jobs or results say nothing about a rate or a mean.
const SAMPLE_LEAST: u64 = 10;
const SNOOZE_LONGEST: TimeDelta = TimeDelta::days(7);
const HISTORY_DAYS: i64 = 90;
const RULES_MOST: usize = 50;

/// What is remembered from one look to the next.
#[derive(Default)]
pub struct Watch(Mutex<Watched>);

#[derive(Default, Clone)]
struct Watched {
    /// Since when a rule is broken, before it fires; and since when it is clear, before it resolves.
    since: HashMap<Key, DateTime<Utc>>,
    figures: BTreeMap<AlertMetric, f64>,
    looked_at: Option<DateTime<Utc>>,
}

/// A rule, and which of several things it watches.
type Key = (String, String);

impl Watch {
    fn with<T>(&self, work: impl FnOnce(&mut Watched) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The figures of one look. What watches several things has a figure of each, by name.
struct Figures {
    values: BTreeMap<AlertMetric, f64>,
    each: BTreeMap<AlertMetric, BTreeMap<String, f64>>,
}

/// What fires, and the rules.
pub async fn all(core: &Core) -> Result<Alerts> {
    let config = config::current(core).await?;
    let mut firing = store::alerts::firing(&core.db, core.org).await?;
    Alert::sort(&mut firing);
    let Watched { figures, looked_at, .. } = core.alerts.with(|watched| watched.clone());
    Ok(Alerts { firing, rules: config.alert_rules, revision: config.revision, figures, looked_at })
}

/// Looks at the figures: what is broken long enough fires, what is clear long enough resolves, and what was put off
/// and still fires is told again. Returns how many alerts changed.
pub async fn look(core: &Core) -> Result<usize> {
    let now = core.now();
    let config = config::current(core).await?;
    let figures = figures(core, &config).await?;
    let rules = config.alert_rules;
    // The write is begun before the read: nobody can acknowledge one in between.
    let mut change = core.change().await?;
    let firing = store::alerts::firing(&core.db, core.org).await?;
    let changes = core.alerts.with(|watched| {
        watched.figures.clone_from(&figures.values);
        watched.looked_at = Some(now);
        decide(&rules, &figures, &firing, &mut watched.since, now)
    });
    if changes.is_empty() {
        return Ok(0);
    }
    let mut changed = 0;
    for alert in changes {
        let is_new = alert.fired_at == now && alert.is_firing() && !firing.iter().any(|known| known.id == alert.id);
        let is_written = if is_new {
            store::alerts::insert(&mut change.tx, core.org, &alert).await?
        } else {
            store::alerts::update(&mut change.tx, core.org, &alert).await?
        };
        if is_written {
            tracing::info!(rule = alert.rule, firing = alert.is_firing(), "alert: {}", alert.words());
            change.tell(&Happened::AlertChanged(alert)).await?;
            changed += 1;
        }
    }
    change.commit().await?;
    Ok(changed)
}

/// The alerts as they are to be, of those that change.
fn decide(rules: &AlertRules, figures: &Figures, firing: &[Alert], since: &mut HashMap<Key, DateTime<Utc>>, now: DateTime<Utc>) -> Vec<Alert> {
    let mut changes = Vec::new();
    let mut seen: HashMap<Key, DateTime<Utc>> = HashMap::new();
    for (name, rule) in rules.iter().filter(|(_, rule)| rule.is_enabled) {
        for (subject, value) in figures.of(rule.metric) {
            let key = (name.clone(), subject.clone().unwrap_or_default());
            let open = firing.iter().find(|alert| alert.rule == *name && alert.subject == subject);
            if let (Some(open), Some(value)) = (open, value)
                && open.metric == rule.metric
                && (open.threshold, open.severity) != (rule.threshold, rule.severity)
            {
                changes.push(judged_anew(open, rule, value, now));
                continue;
            }
            // Without enough data nothing is broken.
            let (is_broken, is_clear) = value.map_or((false, true), |value| (rule.is_broken_by(value), rule.is_clear_at(value)));
            let is_turning = if open.is_some() { is_clear } else { is_broken };
            if !is_turning {
                continue;
            }
            let begun = since.get(&key).copied().unwrap_or(now);
            let needed = if open.is_some() { CLEAR_FOR } else { TimeDelta::minutes(i64::from(rule.for_minutes)) };
            if now - begun < needed {
                seen.insert(key, begun);
                continue;
            }
            changes.push(match open {
                Some(open) => Alert { resolved_at: Some(now), ..open.clone() },
                None => fresh(name, rule, subject, value.unwrap_or_default(), now),
            });
        }
    }
    *since = seen;
    for alert in firing {
        if changes.iter().any(|change| change.id == alert.id) {
            continue;
        }
        if !rules.get(&alert.rule).is_some_and(|rule| rule.is_enabled && rule.metric == alert.metric && figures.knows(alert)) {
            // Its rule is gone or off: nothing watches it any more.
            changes.push(Alert { resolved_at: Some(now), ..alert.clone() });
        } else if alert.snoozed_until.is_some_and(|until| until <= now) {
            // Told again to everybody, also to who has taken it on: it was put off to come back.
            changes.push(Alert { snoozed_until: None, acknowledged: None, ..alert.clone() });
        }
    }
    changes
}

/// An alert whose rule was changed: what it says is no longer asked. It ends at once, or goes on as the new rule has it.
fn judged_anew(open: &Alert, rule: &AlertRule, value: f64, now: DateTime<Utc>) -> Alert {
    if rule.is_broken_by(value) {
        Alert { threshold: rule.threshold, severity: rule.severity, value, ..open.clone() }
    } else if (rule.threshold - open.threshold).abs() < f64::EPSILON {
        Alert { severity: rule.severity, ..open.clone() }
    } else {
        Alert { resolved_at: Some(now), ..open.clone() }
    }
}

fn fresh(name: &str, rule: &AlertRule, subject: Option<String>, value: f64, now: DateTime<Utc>) -> Alert {
    Alert {
        id: AlertId::fresh(),
        rule: name.to_owned(),
        metric: rule.metric,
        severity: rule.severity,
        subject,
        threshold: rule.threshold,
        value,
        fired_at: now,
        acknowledged: None,
        snoozed_until: None,
        resolved_at: None,
    }
}

impl Figures {
    /// What a metric watches, and its figure where there is one.
    fn of(&self, metric: AlertMetric) -> Vec<(Option<String>, Option<f64>)> {
        match self.each.get(&metric) {
            Some(each) => each.iter().map(|(name, value)| (Some(name.clone()), Some(*value))).collect(),
            None => vec![(None, self.values.get(&metric).copied())],
        }
    }

    /// Whether what the alert is about is still there.
    fn knows(&self, alert: &Alert) -> bool {
        alert.subject.as_ref().is_none_or(|subject| self.each.get(&alert.metric).is_some_and(|each| each.contains_key(subject)))
    }
}

async fn figures(core: &Core, config: &PipelineConfig) -> Result<Figures> {
    let live = status::live(core).await?;
    let mut values = BTreeMap::from([
        (AlertMetric::QueueDepth, (live.pending + live.retry_wait) as f64),
        (AlertMetric::SpendToday, live.spend_today_usd.as_usd()),
    ]);
    let (oldest, _) = store::health::queue(&core.db, core.org).await?;
    let waited = oldest.map_or(0.0, |since| (core.now() - since).num_seconds().max(0) as f64 / 60.0);
    values.insert(AlertMetric::OldestWaiting, waited);
    values.extend(error_rate(&live.last_hour).map(|rate| (AlertMetric::ErrorRate, rate)));
    values.extend(confidence(&live).map(|mean| (AlertMetric::Confidence, mean)));
    let watches = |metric| config.alert_rules.values().any(|rule| rule.is_enabled && rule.metric == metric);
    let mut each = BTreeMap::from([(AlertMetric::ProviderDown, BTreeMap::new()), (AlertMetric::ModelRetires, BTreeMap::new())]);
    if watches(AlertMetric::ProviderDown) {
        let providers = providers(core, config).await?;
        values.insert(AlertMetric::ProviderDown, providers.values().filter(|is_down| **is_down).count() as f64);
        each.insert(AlertMetric::ProviderDown, providers.into_iter().map(|(name, is_down)| (name, f64::from(is_down))).collect());
    }
    if watches(AlertMetric::ModelRetires) {
        let days: BTreeMap<String, f64> =
            retirement::of_models_in_use(core, config).into_iter().map(|retiring| (retiring.model, retiring.days as f64)).collect();
        values.extend(days.values().copied().min_by(f64::total_cmp).map(|days| (AlertMetric::ModelRetires, days)));
        each.insert(AlertMetric::ModelRetires, days);
    }
    Ok(Figures { values, each })
}

/// Percent, of no more minutes than are needed: what went well before would hide that nothing goes any more.
fn error_rate(last_hour: &[MinutePoint]) -> Option<f64> {
    let (mut ended, mut failed) = (0, 0);
    for (at, minute) in last_hour.iter().rev().take(ERROR_MINUTES_MOST).enumerate() {
        if at >= ERROR_MINUTES && ended >= SAMPLE_LEAST {
            break;
        }
        ended += minute.completed + minute.failed;
        failed += minute.failed;
    }
    (ended >= SAMPLE_LEAST).then(|| failed as f64 * 100.0 / ended as f64)
}

/// Percent; each minute counts by its results.
fn confidence(live: &LiveStatus) -> Option<f64> {
    let minutes = live.last_hour.iter().filter_map(|minute| Some((minute.completed, minute.confidence?)));
    let (count, sum) = minutes.fold((0, 0.0), |(count, sum), (completed, confidence)| (count + completed, sum + completed as f64 * confidence));
    (count >= SAMPLE_LEAST).then(|| sum * 100.0 / count as f64)
}

/// The providers of the models in use and those that have the key they need: whether each is down.
async fn providers(core: &Core, config: &PipelineConfig) -> Result<BTreeMap<String, bool>> {
    let used: Vec<&str> = config.models_in_use().map(|model| model.split('/').next().unwrap_or_default()).collect();
    let mut known = BTreeMap::new();
    for health in health::all_providers(core).await?.items {
        let name = health.provider_name;
        let mut is_used = used.contains(&name.as_str());
        if let Some(provider) = core.providers.iter().into_iter().find(|provider| provider.name() == name)
            && !is_used
        {
            // One that nobody asked is not down: it may not be set up at all.
            let was_asked = health.last_check.is_some() || health.error_rate.is_some();
            is_used = was_asked && (provider.key_need() != KeyNeed::Required || core.keys.get(&name).await.is_ok());
        }
        if is_used {
            known.insert(name, health.status == HealthState::Down);
        }
    }
    Ok(known)
}

/// `revision`: of the configuration that the caller has read.
pub async fn set_rules(core: &Core, revision: u64, rules: AlertRules) -> Result<ConfigChanged> {
    check_rules(&rules)?;
    let changed = config::change(core, Some(revision), |config| {
        config.alert_rules = rules;
        Ok(())
    })
    .await?;
    look(core).await?;
    Ok(changed)
}

/// Whether these rules can be followed; the message begins with the rule that can't.
pub fn check_rules(rules: &AlertRules) -> Result<()> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "alert_rule", message });
    if rules.len() > RULES_MOST {
        return refuse(format!("At most {RULES_MOST} rules can be watched"));
    }
    for (name, rule) in rules {
        let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(is_name) {
            return refuse(format!("A rule's name has 1 to 40 lower-case letters, digits and _, not '{name}'"));
        }
        let label = rule.metric.label();
        if let Some((least, most)) = rule.metric.bounds()
            && !(least..=most).contains(&rule.threshold)
        {
            return refuse(format!("{label}: the threshold must be from {} to {}", rule.metric.words(least), rule.metric.words(most)));
        }
        if rule.for_minutes > FOR_MINUTES_MOST {
            return refuse(format!("{label}: the time must be from 0 to {FOR_MINUTES_MOST} min"));
        }
    }
    Ok(())
}

/// What changed of the rules, in words.
pub(super) fn summary(before: &AlertRules, after: &AlertRules) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let said = names.into_iter().filter_map(|name| match (before.get(name), after.get(name)) {
        (Some(was), Some(is)) if was == is => None,
        (Some(was), Some(is)) if was.is_enabled != is.is_enabled && was.words() == is.words() => {
            Some(format!("Alert {}: {}", if is.is_enabled { "on" } else { "off" }, is.words()))
        }
        (Some(was), Some(is)) if was.words() == is.words() => Some(format!("Alert on {}: {}", is.words(), is.severity.label().to_lowercase())),
        (Some(was), Some(is)) => Some(format!("Alert: {} → {}", was.words(), is.words())),
        (None, Some(is)) => Some(format!("Alert added: {}", is.words())),
        (Some(was), None) => Some(format!("Alert removed: {}", was.words())),
        (None, None) => None,
    });
    said.collect()
}

/// Takes an alert on: nobody is told of it any more, and all see who did.
pub async fn acknowledge(core: &Core, id: AlertId) -> Result<Alert> {
    let by = Acknowledged { at: core.now(), by: author::current() };
    edit(core, id, |alert| {
        alert.acknowledged = Some(by);
        alert.snoozed_until = None;
        Ok(())
    })
    .await
}

/// Puts an alert off: when it still fires then, it is told again. Who has taken it on stays named until then.
pub async fn snooze(core: &Core, id: AlertId, until: DateTime<Utc>) -> Result<Alert> {
    let now = core.now();
    if until <= now || until - now > SNOOZE_LONGEST {
        let message = format!("An alert can be snoozed until a moment within the next {} days", SNOOZE_LONGEST.num_days());
        return Err(DomainError::Invalid { code: "snooze", message });
    }
    edit(core, id, |alert| {
        alert.snoozed_until = Some(until);
        Ok(())
    })
    .await
}

async fn edit(core: &Core, id: AlertId, edit: impl FnOnce(&mut Alert) -> Result<()>) -> Result<Alert> {
    let over = || DomainError::Conflict { code: "resolved", message: "This alert has resolved by itself already".to_owned() };
    // The write is begun before the read: nobody can write in between.
    let mut change: Change<'_> = core.change().await?;
    let mut alert = store::alerts::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "alert" })?;
    if !alert.is_firing() {
        return Err(over());
    }
    edit(&mut alert)?;
    if !store::alerts::update(&mut change.tx, core.org, &alert).await? {
        return Err(over());
    }
    change.tell(&Happened::AlertChanged(alert.clone())).await?;
    change.commit().await?;
    Ok(alert)
}

/// Alerts that are over, newest first.
pub async fn history(core: &Core, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<Alert>> {
    let after = cursor.map(page::read_cursor).transpose()?.map(|(at, id)| (at, AlertId(id)));
    let limit = page::limit(limit);
    let items = store::alerts::history(&core.db, core.org, after, limit).await?;
    let next_cursor = page::next_cursor(&items, limit, |alert| (alert.fired_at, alert.id.0));
    Ok(Page { items, next_cursor, total: None })
}

/// Forgets what was over long ago.
pub async fn prune(core: &Core) -> Result<u64> {
    let mut change = core.change().await?;
    let pruned = store::alerts::prune(&mut change.tx, core.now() - TimeDelta::days(HISTORY_DAYS)).await?;
    change.commit().await?;
    Ok(pruned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_rate_is_of_the_newest_minutes_that_hold_enough_jobs() {
        let minute = |completed, failed| MinutePoint {
            at: DateTime::UNIX_EPOCH,
            completed,
            failed,
            queue_wait_avg_ms: None,
            confidence: None,
            cost_usd: crate::wire::money::UsdMicros(0),
            depth: 0,
            processing: None,
        };
        let good = [minute(100, 0); 58];
        let then = |newest: &[MinutePoint]| error_rate(&[&good[..], newest].concat());
        assert_eq!(then(&[minute(0, 6), minute(0, 4)]), Some(100.0), "however well it went before");
        assert_eq!(then(&[minute(0, 90), minute(5, 0), minute(5, 0)]), Some(0.0), "however much failed before");
        assert_eq!(then(&[minute(0, 6), minute(0, 0)]), Some(6.0 * 100.0 / 106.0), "too few: one minute more");
        assert_eq!(error_rate(&[minute(0, 9)]), None);
        assert_eq!(error_rate(&[minute(1, 1); 60]), Some(50.0), "few a minute");
        assert_eq!(error_rate(&[&[minute(0, 10)][..], &[minute(0, 0); 15]].concat()), None, "too long ago");
    }
}
