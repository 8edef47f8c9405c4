//! The past of every part's health, and uptime.
//!
//! **Uptime** over a period = (healthy + degraded) / (healthy + degraded + down), in milliseconds. A check speaks for the time from it to
//! the next check, at most for twice the interval between checks: what lies beyond (the platform was off, nobody looked) is "no
//! data", neither up nor down. A part that is degraded still works, so it is up. The periods are the last 24, 168 and 720
//! hours, the present one included; time since the newest check is counted when the next one comes.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::domain::{Change, Core, Result};
use crate::platform::store;
use crate::platform::store::health::{Check, HOUR_MS, Hour};
use crate::wire::event::Happened;
use crate::wire::health::{HealthSpan, HealthState, Known, Uptime};

const HOURS_SHOWN: i64 = 24;
const DAYS_SHOWN: i64 = 30;
const WEEK_HOURS: i64 = 7 * 24;
const MONTH_HOURS: i64 = DAYS_SHOWN * 24;
pub(super) const KEPT: TimeDelta = TimeDelta::days(90);

/// Adds looks to the past, and tells of every part whose state is another than before.
pub async fn record(core: &Core, looks: &[(String, Check)], speaks_for: TimeDelta) -> Result<()> {
    let mut change = core.change().await?;
    for (label, check) in looks {
        let last = store::health::last_check(&mut change.tx, core.org, &check.component).await?;
        add(core, &mut change, check, last.as_ref(), speaks_for).await?;
        if last.as_ref().is_none_or(|last| last.status != check.status) && !is_good_news_of_a_new_part(check, last.as_ref()) {
            let detail = check.detail.clone().unwrap_or_default();
            let changed = Happened::HealthChanged { component: check.component.clone(), label: label.clone(), status: check.status, detail };
            change.tell(&changed).await?;
        }
    }
    change.commit().await
}

fn is_good_news_of_a_new_part(check: &Check, last: Option<&Check>) -> bool {
    last.is_none() && check.status == HealthState::Healthy
}

async fn add(core: &Core, change: &mut Change<'_>, check: &Check, last: Option<&Check>, speaks_for: TimeDelta) -> Result<()> {
    for hour in covered_by(check, last, speaks_for) {
        store::health::add_to_hour(&mut change.tx, core.org, &hour).await?;
    }
    store::health::add_check(&mut change.tx, core.org, check).await?;
    Ok(())
}

/// What a check adds to the hours: itself, and the time that the one before it spoke for.
pub(super) fn covered_by(check: &Check, last: Option<&Check>, speaks_for: TimeDelta) -> Vec<Hour> {
    let mut hours = last.map(|last| covered(last, check.at, speaks_for)).unwrap_or_default();
    hours.push(Hour {
        component: check.component.clone(),
        hour: check.at.timestamp_millis() / HOUR_MS,
        checks: 1,
        response_sum_ms: check.response_time_ms.unwrap_or_default(),
        responses: i64::from(check.response_time_ms.is_some()),
        trouble: check.detail.clone(),
        ..Hour::default()
    });
    hours
}

/// The time that a look spoke for when the next one came, by hour.
fn covered(last: &Check, next: DateTime<Utc>, speaks_for: TimeDelta) -> Vec<Hour> {
    let (mut at, end) = (last.at.timestamp_millis(), next.min(last.at + speaks_for).timestamp_millis());
    let mut hours = Vec::new();
    while at < end {
        let hour = at / HOUR_MS;
        let until = end.min((hour + 1) * HOUR_MS);
        let mut part = Hour { component: last.component.clone(), hour, ..Hour::default() };
        match last.status {
            HealthState::Healthy => part.healthy_ms = until - at,
            HealthState::Degraded => part.degraded_ms = until - at,
            HealthState::Down => part.down_ms = until - at,
        }
        hours.push(part);
        at = until;
    }
    hours
}

/// Forgets what is older than 90 days.
pub async fn prune(core: &Core) -> Result<u64> {
    let mut change = core.change().await?;
    let pruned = store::health::prune(&mut change.tx, core.now() - KEPT).await?;
    change.commit().await?;
    Ok(pruned)
}

/// The past of one part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    pub uptime: Uptime,
    pub hours: Vec<HealthSpan>,
    pub days: Vec<HealthSpan>,
}

/// The past of all parts.
pub async fn pasts(core: &Core, now: DateTime<Utc>) -> Result<HashMap<String, Past>> {
    let from = first_hour(now.timestamp_millis() / HOUR_MS);
    Ok(pasts_of(store::health::hours(&core.db, core.org, from).await?, now))
}

/// The first hour that is shown. Whole days: it may begin before the first hour of the month.
pub(super) fn first_hour(present: i64) -> i64 {
    (present / 24 - DAYS_SHOWN + 1).saturating_mul(24).min(present - MONTH_HOURS + 1)
}

/// The past of each part from the hours of all.
pub(super) fn pasts_of(hours: Vec<Hour>, now: DateTime<Utc>) -> HashMap<String, Past> {
    let mut by_part: HashMap<String, Vec<Hour>> = HashMap::new();
    for hour in hours {
        by_part.entry(hour.component.clone()).or_default().push(hour);
    }
    by_part.into_iter().map(|(part, hours)| (part, past(&hours, now.timestamp_millis() / HOUR_MS))).collect()
}

/// What a part without data has: as many empty spans as others.
#[must_use]
pub fn no_past(now: DateTime<Utc>) -> Past {
    past(&[], now.timestamp_millis() / HOUR_MS)
}

fn past(hours: &[Hour], present: i64) -> Past {
    let since = |count: i64| move |hour: &&Hour| hour.hour > present - count && hour.hour <= present;
    let of = |count| uptime(hours.iter().filter(since(count)));
    let [(day, day_ms), (week, week_ms), (month, month_ms)] = [HOURS_SHOWN, WEEK_HOURS, MONTH_HOURS].map(of);
    let uptime = Uptime { day, week, month, known: Known { day_ms, week_ms, month_ms } };
    let spans = |count: i64, hours_each: i64| {
        let last = present / hours_each;
        (last - count + 1..=last)
            .filter_map(|number| span(hours.iter().filter(|hour| hour.hour / hours_each == number), number * hours_each))
            .collect()
    };
    Past { uptime, hours: spans(HOURS_SHOWN, 1), days: spans(DAYS_SHOWN, 24) }
}

/// The share, and the milliseconds that it is of.
fn uptime<'h>(hours: impl Iterator<Item = &'h Hour>) -> (Option<f64>, u64) {
    let (up, down) = hours.fold((0, 0), |(up, down), hour| (up + hour.healthy_ms + hour.degraded_ms, down + hour.down_ms));
    ((up + down > 0).then(|| up as f64 / (up + down) as f64), (up + down).max(0) as u64)
}

fn span<'h>(hours: impl Iterator<Item = &'h Hour>, first_hour: i64) -> Option<HealthSpan> {
    let at = DateTime::from_timestamp_millis(first_hour * HOUR_MS)?;
    let mut span = HealthSpan { at, healthy_ms: 0, degraded_ms: 0, down_ms: 0, checks: 0, response_time_ms: None, trouble: None };
    let (mut sum_ms, mut responses) = (0.0, 0);
    for hour in hours {
        span.healthy_ms += hour.healthy_ms as u64;
        span.degraded_ms += hour.degraded_ms as u64;
        span.down_ms += hour.down_ms as u64;
        span.checks += hour.checks as u32;
        sum_ms += hour.response_sum_ms;
        responses += hour.responses;
        span.trouble = hour.trouble.clone().or(span.trouble);
    }
    span.response_time_ms = (responses > 0).then(|| sum_ms / responses as f64);
    Some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: &str, status: HealthState) -> Check {
        let at = at.parse().expect("a time");
        Check { component: "disk".to_owned(), at, status, response_time_ms: None, error_rate: None, detail: None }
    }

    #[test]
    fn a_check_speaks_until_the_next_one_but_not_for_ever() {
        let minutes = |hours: &[Hour]| -> Vec<(i64, i64)> { hours.iter().map(|hour| (hour.hour % 24, hour.down_ms / 60_000)).collect() };
        let down = check("2026-03-14T11:56:00Z", HealthState::Down);
        let next = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        assert_eq!(minutes(&covered(&down, next("2026-03-14T12:01:00Z"), TimeDelta::minutes(10))), [(11, 4), (12, 1)], "parted by the hour");
        assert_eq!(minutes(&covered(&down, next("2026-03-14T18:00:00Z"), TimeDelta::minutes(10))), [(11, 4), (12, 6)], "the rest is no data");
        assert!(covered(&down, down.at, TimeDelta::minutes(10)).is_empty());
        assert!(covered(&down, down.at - TimeDelta::hours(1), TimeDelta::minutes(10)).is_empty(), "a clock that was put back adds nothing");
    }

    #[test]
    fn uptime_counts_only_what_is_known() {
        let hour = |hour, healthy_ms, degraded_ms, down_ms| Hour { hour, healthy_ms, degraded_ms, down_ms, ..Hour::default() };
        let present = 500_000;
        let hours =
            [hour(present - 200, 0, 0, 1_000), hour(present - 24, 0, 0, 4_000), hour(present - 23, 2_000, 1_000, 1_000), hour(present, 0, 0, 0)];
        let past = past(&hours, present);
        let known = Known { day_ms: 4_000, week_ms: 8_000, month_ms: 9_000 };
        assert_eq!(past.uptime, Uptime { day: Some(0.75), week: Some(0.375), month: Some(1.0 / 3.0), known });
        assert_eq!((past.hours.len(), past.days.len()), (24, 30));
        assert_eq!(past.hours[0].worst(), Some(HealthState::Down));
        assert_eq!(past.hours[1].worst(), None, "no data is no state");
        assert_eq!(super::past(&[], present).uptime, Uptime::default());
    }

    #[test]
    fn a_day_is_the_sum_of_its_hours() {
        let noon = 20_000 * 24 + 12;
        let hour = |hour, ms, trouble: Option<&str>| Hour {
            hour,
            healthy_ms: ms,
            checks: 12,
            response_sum_ms: 120.0,
            responses: 12,
            trouble: trouble.map(str::to_owned),
            ..Hour::default()
        };
        let past = past(&[hour(noon - 2, 10, Some("Slow")), hour(noon, 20, None), hour(noon - 13, 5, None)], noon);
        let (today, yesterday) = (&past.days[29], &past.days[28]);
        assert_eq!((today.healthy_ms, today.checks, today.response_time_ms, today.trouble.as_deref()), (30, 24, Some(10.0), Some("Slow")));
        assert_eq!((yesterday.healthy_ms, yesterday.checks), (5, 12));
    }
}
