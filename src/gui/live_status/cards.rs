//! The cards: the figures that say whether the pipeline is healthy, each a link to where it comes from.

use egui::{Ui, vec2};

use crate::gui::ctx::{AreaCtx, Command, LinkState, LiveView, Remote, Route};
use crate::gui::theme::Tokens;
use crate::gui::widgets::card::{self, Card, Trend};
use crate::gui::widgets::{error_state, number, skeleton};
use crate::wire::job::JobState;
use crate::wire::money::UsdMicros;
use crate::wire::status::{LiveStatus, MinutePoint};

/// The jobs that were completed today.
const DONE_TODAY: &str = "state:completed finished:today";

/// Draws the cards, or what stands in for them. `is_other`: they are those of another moment, until those of this one are there.
/// Returns whether a retry is wanted.
pub fn ui(ui: &mut Ui, status: &Remote<LiveStatus>, is_other: bool, ctx: &AreaCtx<'_>) -> bool {
    let Some(value) = status.value() else {
        if let Some(failure) = status.failure() {
            return error_state::ui(ui, "The live figures could not be read", &failure.to_string());
        }
        let width = ui.available_width();
        skeleton::block(ui, vec2(width, card::CARD_HEIGHT));
        return false;
    };
    let is_stale = is_other || matches!(ctx.link, LinkState::Lost { .. }) || status.failure().is_some();
    // The table is what the rest of a small window is for: full cards get two rows at most.
    let is_compact = ui.available_height() < 600.0 || ui.available_width() < 740.0;
    let (mut cards, routes): (Vec<Card<'_>>, Vec<Route>) = cards(value, ctx.tokens()).into_iter().unzip();
    for card in &mut cards {
        card.is_stale = is_stale;
    }
    let clicked = card::row(ui, &cards, if is_compact { card::Size::Compact } else { card::Size::Full });
    let route = |clicked: card::Clicked| if clicked.more { Some(Route::PastRuns) } else { routes.into_iter().nth(clicked.card) };
    if let Some(route) = clicked.and_then(route) {
        ctx.send(Command::GoTo(route));
    }
    false
}

/// The last hour of one figure.
fn series(status: &LiveStatus, value: impl Fn(&MinutePoint) -> Option<f64>) -> Vec<Option<f64>> {
    status.last_hour.iter().map(value).collect()
}

/// `up from 72 % yesterday`, of a figure that is better when it is higher.
fn change(now: f64, before: f64, words: impl Fn(f64) -> String) -> (String, Trend) {
    let before_words = words(before);
    if words(now) == before_words {
        return ("as yesterday".to_owned(), Trend::Neutral);
    }
    let (way, trend) = if now > before { ("up", Trend::Good) } else { ("down", Trend::Bad) };
    (format!("{way} from {before_words} yesterday"), trend)
}

fn cards<'s>(status: &'s LiveStatus, tokens: &Tokens) -> Vec<(Card<'s>, Route)> {
    let jobs = |state| Route::Jobs(Some(state));
    let plots = || Route::Live(LiveView::Plots);
    vec![
        (queue_card(status), jobs(JobState::Pending)),
        (
            Card {
                title: "Processing",
                figure: number::count(status.processing),
                note: format!("of {}", workers(status.workers)),
                series: series(status, |minute| minute.processing.map(|jobs| jobs as f64)),
                leads_to: "Show the jobs that are worked on",
                ..Card::default()
            },
            jobs(JobState::Processing),
        ),
        (done_card(status, tokens), Route::JobsFound(DONE_TODAY)),
        (failed_card(status, tokens), jobs(JobState::Failed)),
        (
            Card {
                title: "Throughput",
                figure: number::count(status.throughput_per_hour),
                unit: "/ h",
                note: "completed in the last hour".to_owned(),
                series: series(status, |minute| Some(minute.completed as f64)),
                leads_to: "Show throughput over time",
                ..Card::default()
            },
            plots(),
        ),
        (wait_card(status), plots()),
        (spend_card(status), Route::Cost),
        (confidence_card(status), Route::Confidence),
        (
            Card {
                title: "Live model and prompt",
                figure: status.live_model.clone(),
                note: status.live_prompt.clone(),
                is_name: true,
                leads_to: "Choose the live model",
                ..Card::default()
            },
            Route::Models,
        ),
    ]
}

fn workers(count: u32) -> String {
    if count == 1 { "1 worker".to_owned() } else { format!("{count} workers") }
}

fn queue_card(status: &LiveStatus) -> Card<'_> {
    let note =
        if status.retry_wait == 0 { "waiting for a worker".to_owned() } else { format!("and {} waiting to retry", number::count(status.retry_wait)) };
    Card {
        title: "Pending",
        figure: number::count(status.pending),
        note,
        series: series(status, |minute| Some(minute.depth as f64)),
        leads_to: "Show the jobs that wait",
        ..Card::default()
    }
}

fn done_card<'s>(status: &'s LiveStatus, tokens: &Tokens) -> Card<'s> {
    let yesterday = format!("{} yesterday", number::count(status.completed_yesterday));
    Card {
        title: "Done today",
        figure: number::count(status.completed_today),
        note: yesterday,
        series: series(status, |minute| Some(minute.completed as f64)),
        colour: Some(tokens.good),
        leads_to: "Every answer of today counts: a photo that was asked about twice counts twice. Show the jobs that were completed today; days are \
                   UTC days",
        ..Card::default()
    }
}

fn failed_card<'s>(status: &'s LiveStatus, tokens: &Tokens) -> Card<'s> {
    Card {
        title: "Failed",
        figure: number::count(status.failed_total),
        note: format!("{} today", number::count(status.failed_today)),
        trend: (status.failed_today > 0).then_some(Trend::Bad),
        series: series(status, |minute| Some(minute.failed as f64)),
        colour: Some(tokens.bad),
        leads_to: "Show the failed jobs",
        ..Card::default()
    }
}

fn wait_card(status: &LiveStatus) -> Card<'_> {
    let note = match status.queue_wait_p95_ms {
        Some(p95) => format!("average; p95 {} ± 1 %", number::duration_ms(p95)),
        None => "nothing ended in the last hour".to_owned(),
    };
    Card {
        title: "Queue wait",
        figure: status.queue_wait_avg_ms.map_or_else(|| "–".to_owned(), number::duration_ms),
        note,
        series: series(status, |minute| minute.queue_wait_avg_ms),
        leads_to: "Show waits over time",
        ..Card::default()
    }
}

fn spend_card(status: &LiveStatus) -> Card<'_> {
    let nothing_known = status.spend_unknown_results > 0 && status.spend_today_usd.0 == 0;
    let budget = status.daily_limit_usd.map(|limit| format!("of {limit} today"));
    let unknown = match status.spend_unknown_results {
        0 if budget.is_none() => Some("every result's cost is known".to_owned()),
        0 => None,
        unknown => Some(format!("cost unknown for {} {}", number::count(unknown), if unknown == 1 { "result" } else { "results" })),
    };
    let note = budget.iter().chain(&unknown).map(String::as_str).collect::<Vec<_>>().join(", ");
    Card {
        title: "Spend today",
        short_title: status.daily_limit_usd.map(|limit| format!("Spend of {limit} today")).unwrap_or_default(),
        more: lab_words(status),
        more_leads_to: "Beside the pipeline: the lab's runs, validations and replays, and the assistant. The limits do not count it. Show past runs",
        figure: if nothing_known { "unknown".to_owned() } else { status.spend_today_usd.to_string() },
        note,
        is_partial: status.spend_unknown_results > 0 && !nothing_known,
        series: if nothing_known { Vec::new() } else { series(status, |minute| Some(minute.cost_usd.as_usd())) },
        leads_to: "Spent by the pipeline, which the limits count. Show cost over time",
        ..Card::default()
    }
}

/// What the lab and the assistant spent besides; empty when it was nothing.
fn lab_words(status: &LiveStatus) -> String {
    match (status.lab_spend_today_usd.unwrap_or_default(), status.lab_spend_unknown) {
        (UsdMicros(0), 0) => String::new(),
        (UsdMicros(0), _) => "lab, assistant: unknown".to_owned(),
        (cost, 0) => format!("lab, assistant: {cost}"),
        (cost, _) => format!("lab, assistant: ≥ {cost}"),
    }
}

fn confidence_card(status: &LiveStatus) -> Card<'_> {
    let (note, trend) = match (status.confidence_today, status.confidence_yesterday) {
        (Some(today), Some(yesterday)) => change(today, yesterday, number::percent),
        (Some(_), None) => ("mean of today; none yesterday".to_owned(), Trend::Neutral),
        _ => ("no result today".to_owned(), Trend::Neutral),
    };
    Card {
        title: "Mean confidence",
        figure: status.confidence_today.map_or_else(|| "–".to_owned(), number::percent),
        note,
        trend: Some(trend),
        series: series(status, |minute| minute.confidence),
        leads_to: "Show confidence over time; days are UTC days",
        ..Card::default()
    }
}
