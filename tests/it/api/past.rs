//! Questions about a moment in the past: the answers are those that were given at that moment.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use minerva_console::platform::domain::Clock;
use minerva_console::wire::config::{PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::deployment::DeployPrompt;
use minerva_console::wire::health::HealthReport;
use minerva_console::wire::job::{Job, JobAction, JobQuery, JobSort, JobState, JobsAction};
use minerva_console::wire::metric::{MetricQuery, Metrics};
use minerva_console::wire::page::Page;
use minerva_console::wire::problem::Problem;
use minerva_console::wire::prompt::SavePromptVersion;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::status::LiveStatus;
use secrecy::ExposeSecret;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::{Act, Scripted, answer};

/// What the platform said of one moment.
#[derive(Debug, PartialEq)]
struct Said {
    status: LiveStatus,
    jobs: Vec<Page<Job>>,
    metrics: Vec<Metrics>,
    /// State, times, rates and uptime of every part; what a look found is told only where it is trouble.
    health: HealthReport,
}

/// Questions that a table asks: every order, filters with ages, a state, a page.
fn job_queries(at: Option<DateTime<Utc>>) -> Vec<JobQuery> {
    let all = JobQuery { at, ..JobQuery::default() };
    let mut queries: Vec<JobQuery> = [JobSort::Photo, JobSort::State, JobSort::Wait, JobSort::Took, JobSort::Confidence, JobSort::Priority]
        .into_iter()
        .map(|sort| JobQuery { sort, ..all.clone() })
        .collect();
    queries.extend(JobState::ALL.map(|state| JobQuery { state: Some(state), ..all.clone() }));
    for q in [
        "age>1m",
        "wait>30s",
        "-state:completed",
        "fault:refused",
        "attempts>0",
        "3.jpg",
        "finished:today",
        "state:completed finished<today",
        "priority>0",
    ] {
        queries.push(JobQuery { q: Some(q.to_owned()), ascending: true, ..all.clone() });
    }
    queries
}

fn metric_queries(now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> Vec<MetricQuery> {
    let query = |hours, step: &str| MetricQuery {
        from: Some(now - TimeDelta::hours(hours)),
        to: Some(now + TimeDelta::minutes(1)),
        step: Some(step.to_owned()),
        at,
        ..MetricQuery::default()
    };
    vec![query(1, "1m"), query(72, "1h"), MetricQuery { to: None, ..query(24, "1h") }]
}

fn now(clock: &TestClock) -> DateTime<Utc> {
    Clock::now(clock)
}

/// Asks everything: of the present, or of a moment.
async fn ask(platform: &TestPlatform, now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> Said {
    let client = &platform.client;
    let mut said = Said {
        status: match at {
            Some(at) => client.live_status_at(at).await.expect("status"),
            None => client.live_status().await.expect("status"),
        },
        jobs: Vec::new(),
        metrics: Vec::new(),
        health: match at {
            Some(at) => client.health_report_at(at).await.expect("health"),
            None => client.health_report().await.expect("health"),
        },
    };
    for query in job_queries(at) {
        said.jobs.push(client.jobs(&query).await.expect("jobs"));
    }
    for query in metric_queries(now, at) {
        said.metrics.push(client.metrics(&query).await.expect("metrics"));
    }
    // What is nowhere recorded, and said to be so.
    said.status.unknown.clear();
    said.health.next_check = None;
    for component in &mut said.health.components {
        (component.calls, component.detail) = (None, String::new());
        if component.name == "database" {
            // Each look times a read of its own.
            component.response_time_ms = None;
        }
    }
    said.health.components.sort_by(|one, other| one.name.cmp(&other.name));
    said
}

/// A platform with a past: what it said at each of its moments.
struct Story {
    platform: TestPlatform,
    clock: Arc<TestClock>,
    scripted: Arc<Scripted>,
    said: Vec<(DateTime<Utc>, Said)>,
}

impl Story {
    async fn begin() -> Self {
        let (clock, scripted) = (TestClock::at_noon(), Scripted::held());
        let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.clone()]) };
        Self { platform: platform::start(options).await, clock, scripted, said: Vec::new() }
    }

    /// Writes down what is said now, and lets time go on.
    async fn note(&mut self, then: TimeDelta) {
        self.platform.client.check_health().await.expect("checked");
        let now = now(&self.clock);
        let said = ask(&self.platform, now, None).await;
        self.said.push((now, said));
        self.clock.advance(then);
    }

    async fn act(&self, action: JobAction, job: &Job) -> minerva_console::wire::job::JobsActed {
        let acted = self.platform.client.act_on_jobs(&JobsAction::on(action, vec![job.id])).await.expect("acted");
        assert_eq!(acted.changed, 1, "{action:?}");
        acted
    }
}

#[tokio::test]
async fn a_moment_in_the_past_is_answered_as_it_was_at_that_moment() {
    let mut story = Story::begin().await;
    story.note(TimeDelta::seconds(40)).await;

    story.platform.add(6, true).await;
    story.platform.until_jobs(2, JobState::Processing).await;
    story.note(TimeDelta::seconds(95)).await;

    // One done, one that failed for good; within one minute two moments.
    story.scripted.then(Act::Answer(answer(&[("cat", 0.8)])));
    story.scripted.let_through(1);
    story.platform.until_jobs(1, JobState::Completed).await;
    story.note(TimeDelta::seconds(5)).await;
    story.scripted.then(Act::Fail(Fault::new(FaultKind::Refused, "The model declined")));
    story.scripted.let_through(1);
    story.platform.until_jobs(1, JobState::Failed).await;
    story.platform.until_jobs(2, JobState::Processing).await;
    story.note(TimeDelta::minutes(3)).await;

    // A person changes what waits, and takes it back.
    let pending = story.platform.until_jobs(2, JobState::Pending).await;
    story.act(JobAction::Reprioritise(40), &pending[0]).await;
    story.note(TimeDelta::seconds(20)).await;
    let cancelled = story.act(JobAction::Cancel, &pending[1]).await;
    story.note(TimeDelta::minutes(2)).await;
    story.platform.client.undo_jobs_action(cancelled.change.expect("a change")).await.expect("undone");
    story.note(TimeDelta::seconds(50)).await;

    // Paused; what is in work ends, one of them to be tried again in an hour.
    story.platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let mut busy = Fault::new(FaultKind::RateLimited, "Too many requests");
    busy.wait_ms = Some(3_600_000);
    story.scripted.then(Act::Fail(busy));
    story.scripted.let_through(2);
    story.platform.until_jobs(1, JobState::RetryWait).await;
    story.platform.until_jobs(2, JobState::Completed).await;
    story.note(TimeDelta::minutes(40)).await;

    // The failed one again, with all its tries; the other photo is deleted while its job waits.
    let failed = story.platform.until_jobs(1, JobState::Failed).await;
    story.act(JobAction::Retry, &failed[0]).await;
    story.platform.client.delete_photo(pending[1].photo_id).await.expect("deleted");
    story.note(TimeDelta::minutes(45)).await;

    // Running again, past the wait of the one that was busy; then another day.
    story.scripted.let_through(10);
    story.platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Running }).await.expect("running");
    story.platform.until_jobs(5, JobState::Completed).await;
    story.note(TimeDelta::hours(30)).await;
    story.note(TimeDelta::hours(1)).await;

    assert_eq!(story.said.len(), 11);
    for (at, said) in &story.said {
        let then = ask(&story.platform, *at, Some(*at)).await;
        // How many had ended by then, or could be tried again, is not recorded.
        let said_then = LiveStatus { completed_total: None, retriable_total: None, lab_spend_today_usd: None, ..said.status.clone() };
        // Events of the same moment may come after the question.
        assert!(then.status.last_event_id >= said.status.last_event_id, "at {at}");
        let status_then = LiveStatus { retriable_total: None, last_event_id: said.status.last_event_id, ..then.status.clone() };
        assert_eq!(status_then, said_then, "status at {at}");
        for (query, (then, said)) in job_queries(Some(*at)).iter().zip(then.jobs.iter().zip(&said.jobs)) {
            assert_eq!(then, said, "{query:?}");
        }
        assert_eq!(then.metrics, said.metrics, "metrics at {at}");
        assert_eq!(then.health.status, said.health.status);
        for then in &then.health.components {
            let Some(said) = said.health.components.iter().find(|said| said.name == then.name) else { panic!("{} at {at}", then.name) };
            assert_eq!(then, said, "{} at {at}", then.name);
        }
    }
}

#[tokio::test]
async fn the_pages_of_a_moment_join_and_later_jobs_do_not_slip_in() {
    let clock = TestClock::at_noon();
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![Scripted::held()]) };
    let platform = platform::start(options.without_workers()).await;
    let first = platform.add(7, true).await;
    let at = now(&clock);
    clock.advance(TimeDelta::minutes(1));
    platform.client.add_photos(vec![("later.jpg".to_owned(), platform::jpeg(64, 48, 99))], true).await.expect("added");
    let mut names = Vec::new();
    let mut query = JobQuery { limit: Some(3), sort: JobSort::Photo, ascending: true, at: Some(at), ..JobQuery::default() };
    loop {
        let page = platform.client.jobs(&query).await.expect("jobs");
        assert_eq!(page.total, Some(first.len() as u64));
        names.extend(page.items.into_iter().map(|job| job.file_name));
        let Some(cursor) = page.next_cursor else { break };
        query.cursor = Some(cursor);
    }
    let expected: Vec<String> = (0..7).map(|number| format!("{number}.jpg")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_prompt_and_the_rules_of_a_moment_are_those_that_were_live_then() {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::default().without_workers() }).await;
    let begun = now(&clock);
    clock.advance(TimeDelta::minutes(1));
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let text =
        SavePromptVersion { content: "Name what you see in {{file_name}}".to_owned(), author: "you".to_owned(), ..SavePromptVersion::default() };
    let version = platform.client.save_prompt_version(prompt.id, &text).await.expect("saved");
    platform.client.deploy_prompt(&DeployPrompt::to_production(version.id)).await.expect("deployed");
    let config = platform.client.config().await.expect("config");
    let rules = ProcessingRules { workers: 7, ..config.rules };
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
    let changed = now(&clock);
    clock.advance(TimeDelta::minutes(1));
    let change = platform.client.config_changes().await.expect("changes").items.remove(0);
    platform.client.undo_config_change(change.id).await.expect("undone");

    let mut seen = Vec::new();
    for at in [begun, changed, now(&clock)] {
        let status = platform.client.live_status_at(at).await.expect("status");
        assert_eq!(
            (status.at, status.unknown),
            (at, ["held_back", "draining_left", "completed_total", "lab_spend_today_usd"].map(str::to_owned).to_vec())
        );
        seen.push((status.live_prompt, status.workers));
    }
    let expected = [("Photo tags v1", 2), ("Photo tags v2", 7), ("Photo tags v2", 2)];
    assert_eq!(seen, expected.map(|(prompt, workers)| (prompt.to_owned(), workers)));
}

#[tokio::test]
async fn moments_that_nothing_is_known_of_are_refused_in_words() {
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::default().without_workers() }).await;
    let refusal = async |path: &str, at: &str| {
        let mut url = platform.host.base().join(path).expect("a URL");
        url.query_pairs_mut().append_pair("at", at);
        let asked = reqwest::Client::new().get(url).bearer_auth(platform.host.token().expose_secret());
        let answer = asked.send().await.expect("answered");
        let status = answer.status().as_u16();
        let problem: Problem = answer.json().await.expect("a problem");
        (status, problem.code, problem.detail)
    };
    let paths = ["api/ai/dashboard/live-status", "api/ai/pipeline/jobs", "api/ai/dashboard/metrics", "api/ai/health"];
    for path in paths {
        for at in ["yesterday", "2026-03-14", "1773489600"] {
            let (status, code, _) = refusal(path, at).await;
            assert_eq!((status, code.as_str()), (400, "bad_query"), "{path} {at}");
        }
        let (status, code, words) = refusal(path, "2026-03-14T12:00:31Z").await;
        assert_eq!((status, code.as_str()), (400, "future"), "{path}");
        assert!(words.contains("yet to come"), "{words}");
        let (status, code, words) = refusal(path, "2026-03-14T12:00:29Z").await;
        assert_eq!((status, code.as_str()), (400, "no_record"), "{path}");
        assert!(words.contains("no record before 2026-03-14 12:00:30 UTC"), "{words}");
    }
    let status = platform.client.live_status().await.expect("status");
    assert_eq!(status.record_from, Some(now(&clock)), "the record has begun just now");
    let error = platform.client.health_report_at(now(&clock)).await.expect_err("nobody has looked yet");
    assert_eq!(error.code(), Some("no_record"));
    // A week is kept, however long ago the record began.
    clock.advance(TimeDelta::days(10));
    let (status, code, words) = refusal(paths[0], "2026-03-17T10:59:59Z").await;
    assert_eq!((status, code.as_str()), (400, "no_record"));
    assert!(words.contains("no record before 2026-03-17 12:00:30 UTC"), "{words}");
    let first = platform.client.live_status().await.expect("status").record_from;
    assert_eq!(first, Some("2026-03-17T12:00:30Z".parse().expect("a time")), "it is said which moment is the first");
    platform.client.live_status_at("2026-03-17T12:00:30Z".parse().expect("a time")).await.expect("just kept");
    platform.client.live_status_at("2026-03-17T11:50:00Z".parse().expect("a time")).await.expect("a week by the clock of who asks");
}
