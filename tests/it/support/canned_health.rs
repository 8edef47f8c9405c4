//! The health that the canned platform tells of: a month with an outage, a slow day and a night without data.

use axum::Json;
use chrono::{DateTime, Duration, DurationRound as _, Utc};
use minerva_console::wire::health::{Component, HealthReport, HealthSpan, HealthState, Known, Uptime};

use super::canned::now;

const HOUR_MS: u64 = 3_600_000;
const ALL_BUT_FOUR_DAYS: Known = Known { day_ms: 21 * HOUR_MS, week_ms: 165 * HOUR_MS, month_ms: 621 * HOUR_MS };

/// `GET /api/ai/health`, and what a check answers.
pub async fn report() -> Json<HealthReport> {
    let part = |name: &str, label: &str, detail: &str| component(name, label, Some(HealthState::Healthy), detail);
    let mut gemini = component(
        "provider:gemini",
        "Google Gemini",
        Some(HealthState::Degraded),
        "9 of 112 calls failed in the last 15 minutes. The last one: Gemini is overloaded; try again later, or with fewer calls at once",
    );
    (gemini.response_time_ms, gemini.error_rate, gemini.calls) = (Some(1_284.0), Some(9.0 / 112.0), Some(112));
    gemini.uptime = Uptime { day: Some(0.979_2), week: Some(0.996_9), month: Some(0.999_12), known: ALL_BUT_FOUR_DAYS };
    for hour in [9, 10, 23] {
        set(&mut gemini.hours[hour], HealthState::Degraded, "Gemini is overloaded");
    }
    set(&mut gemini.hours[14], HealthState::Down, "Google Gemini did not answer within 20 s; try again later");
    set(&mut gemini.days[29], HealthState::Down, "Google Gemini did not answer within 20 s; try again later");
    let mut ollama =
        component("provider:ollama", "Ollama", Some(HealthState::Down), "No connection to http://localhost:11434. Start Ollama, or set its address");
    ollama.uptime = Uptime { day: Some(0.0), known: Known { day_ms: 25 * 60_000, ..Known::default() }, ..Uptime::default() };
    ollama.hours.iter_mut().for_each(forget);
    ollama.days.iter_mut().for_each(forget);
    set(&mut ollama.hours[23], HealthState::Down, "No connection to http://localhost:11434");
    let mut openai =
        component("provider:openai", "OpenAI", None, "There is no key for openai yet. Enter one in Pipeline control, or set OPENAI_API_KEY");
    (openai.last_check, openai.uptime) = (None, Uptime::default());
    openai.hours.iter_mut().chain(&mut openai.days).for_each(forget);
    let mut database = part("database", "Database", "412 MiB, read 0.3 ms, write 2.1 ms; its pages are sound");
    database.response_time_ms = Some(0.31);
    let mut on_device = part("provider:on-device", "On-device model", "4,210 calls in the last 15 minutes, 0 failed");
    (on_device.response_time_ms, on_device.error_rate, on_device.calls) = (Some(148.0), Some(0.0), Some(4_210));
    let failed = "Live model: 9 of 112 calls failed in the last 15 minutes. The last one: Gemini is overloaded; try again later, or with fewer";
    let mut whole = component("platform", "Platform", Some(HealthState::Degraded), failed);
    // It was begun a while ago: little is known of each period.
    let known_ms = 4 * 60_000;
    whole.uptime.known = Known { day_ms: known_ms, week_ms: known_ms, month_ms: known_ms };
    let components = vec![
        whole,
        database,
        part("queue", "Queue", "The oldest job has been waiting for 14 s"),
        part("workers", "Workers", "2 of 2 at work"),
        component("model", "Live model", Some(HealthState::Degraded), "9 of 112 calls failed in the last 15 minutes"),
        part("events", "Event stream", "1 listener, newest event 51208, none waits"),
        part("disk", "Disk", "34.1 GiB free"),
        component(
            "keyring",
            "Keyring",
            Some(HealthState::Degraded),
            "There is no keyring service on this computer. Install gnome-keyring, or set keys as environment variables",
        ),
        on_device,
        gemini,
        ollama,
        openai,
    ];
    Json(HealthReport { at: now(), status: HealthState::Degraded, components, next_check: Some(now() + Duration::minutes(3)) })
}

fn component(name: &str, label: &str, status: Option<HealthState>, detail: &str) -> Component {
    // The first nights of the month nobody looked.
    let day = |n: i64| span((now() - Duration::days(29 - n)).duration_trunc(Duration::days(1)).expect("a day"), if n < 4 { 0 } else { 24 * HOUR_MS });
    let hour = |n: i64| {
        span((now() - Duration::hours(23 - n)).duration_trunc(Duration::hours(1)).expect("an hour"), if (3..6).contains(&n) { 0 } else { HOUR_MS })
    };
    Component {
        name: name.to_owned(),
        label: label.to_owned(),
        status,
        detail: detail.to_owned(),
        response_time_ms: None,
        error_rate: None,
        calls: None,
        last_check: Some(now() - Duration::seconds(128)),
        uptime: Uptime { day: Some(1.0), week: Some(1.0), month: Some(0.999_7), known: ALL_BUT_FOUR_DAYS },
        hours: (0..24).map(hour).collect(),
        days: (0..30).map(day).collect(),
    }
}

fn span(at: DateTime<Utc>, healthy_ms: u64) -> HealthSpan {
    let checks = (healthy_ms / 300_000) as u32;
    HealthSpan { at, healthy_ms, degraded_ms: 0, down_ms: 0, checks, response_time_ms: (checks > 0).then_some(112.0), trouble: None }
}

fn set(span: &mut HealthSpan, state: HealthState, why: &str) {
    let ms = 25 * 60_000;
    span.healthy_ms = HOUR_MS - ms;
    match state {
        HealthState::Degraded => span.degraded_ms = ms,
        _ => span.down_ms = ms,
    }
    (span.checks, span.trouble) = (12, Some(why.to_owned()));
}

fn forget(span: &mut HealthSpan) {
    *span = self::span(span.at, 0);
}
