//! Questions about a moment in the past: the answers are those that were given at that moment.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::health::HealthReport;
use minerva_console::wire::job::{Job, JobAction, JobQuery, JobSort, JobState, JobsAction};
use minerva_console::wire::metric::{MetricQuery, Metrics};
use minerva_console::wire::page::Page;
use minerva_console::wire::result::{Fault, FaultKind};
use minerva_console::wire::status::LiveStatus;

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
    for q in ["age>1m", "wait>30s", "-state:completed", "fault:refused", "attempts>0", "3.jpg", "priority>0"] {
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
        let now = minerva_console::platform::domain::Clock::now(&*self.clock);
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
        assert_eq!(then.status, said.status, "status at {at}");
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
