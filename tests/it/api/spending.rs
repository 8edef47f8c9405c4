//! The limits on what the pipeline may spend: they are reached before they are crossed, nothing fails, and all goes on when
//! there is room again.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::pipeline;
use minerva_console::platform::domain::spending::{self, UnderWay};
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::config::{PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::deployment::{CheckState, Environment};
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::health::HealthState;
use minerva_console::wire::job::{EnqueueJobs, JobAction, JobQuery, JobState, JobsAction};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt::SavePromptVersion;
use minerva_console::wire::result::{Fault, FaultKind, Outcome};
use minerva_console::wire::rules::LimitAction;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use minerva_console::wire::status::LiveStatus;
use minerva_console::wire::trace::{ReplayFrom, ReplayTrace};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted};

/// The real providers, Gemini at the stub, and a clock that stands at noon.
async fn start(stub: &ProviderStub, model: &str) -> (TestPlatform, Arc<TestClock>) {
    start_as(stub, "good", model).await
}

async fn start_as(stub: &ProviderStub, scenario: &str, model: &str) -> (TestPlatform, Arc<TestClock>) {
    start_with(stub, scenario, model, true).await
}

async fn start_with(stub: &ProviderStub, scenario: &str, model: &str, run_workers: bool) -> (TestPlatform, Arc<TestClock>) {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, scenario)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let clock = TestClock::at("2026-11-20T12:00:30Z".parse().expect("a time"));
    let platform = platform::start(Options { providers, keys, clock: clock.clone(), run_workers, ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: model.to_owned() }).await.expect("live");
    (platform, clock)
}

async fn limit(platform: &TestPlatform, daily: Option<i64>, monthly: Option<i64>) {
    limit_with(platform, 4, daily, monthly).await;
}

async fn limit_with(platform: &TestPlatform, workers: u32, daily: Option<i64>, monthly: Option<i64>) {
    let config = platform.client.config().await.expect("config");
    let rules = ProcessingRules { workers, daily_limit_usd: daily.map(UsdMicros), monthly_limit_usd: monthly.map(UsdMicros), ..config.rules };
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
}

/// What one more call may cost at most.
async fn most(platform: &TestPlatform, model: &str) -> i64 {
    let config = platform.client.config().await.expect("config");
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    let photo = platform.jobs().await.remove(0).photo_id;
    spending::most(platform.host.core(), &config, (&version, model), &[photo]).await.expect("a look").expect("known").0
}

/// Looks in a row that find the same.
const STILL: u32 = 25;

/// Waits until the limit holds the pipeline and nothing is in work any more, nor is begun after all: what is held back while a call
/// is under way may find room when that has ended.
async fn held(platform: &TestPlatform) -> LiveStatus {
    let (ended, looks) = (Cell::new(0), Cell::new(0));
    until("the limit to hold the jobs", || async {
        let status = platform.client.live_status().await.expect("status");
        let is_still = status.held_back.is_some() && status.processing == 0 && status.completed_today == ended.replace(status.completed_today);
        looks.set(if is_still { looks.get() + 1 } else { 0 });
        (looks.get() >= STILL).then_some(status)
    })
    .await
}

async fn failed(platform: &TestPlatform) -> u64 {
    let query = JobQuery { state: Some(JobState::Failed), ..JobQuery::default() };
    platform.client.jobs(&query).await.expect("jobs").total.expect("counted")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_day_holds_the_jobs_before_it_is_crossed_and_the_next_day_goes_on() {
    let stub = ProviderStub::start(Duration::from_millis(20)).await;
    let (platform, clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    // One photo tells what a call costs.
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    assert!(each > 0, "{each}");
    // Five are begun: before the sixth there is less left than a call may cost.
    let most = each * 4 + most(&platform, "gemini/gemini-3.5-flash-lite").await;
    limit(&platform, Some(most), None).await;

    let files = (100..112).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert!(status.spend_today_usd.0 <= most, "{} of {most}", status.spend_today_usd.0);
    assert!(status.completed_today > 1 && status.pending > 0, "some were begun, and some wait: {status:?}");
    let why = status.held_back.expect("held").message;
    assert!(why.contains("a day leaves no room") && why.contains("at 00:00 UTC") && why.contains("one photo may cost up to $"), "{why}");
    assert_eq!((failed(&platform).await, status.daily_limit_usd), (0, Some(UsdMicros(most))));
    let health = platform.client.health().await.expect("health");
    let workers = health.checks.iter().find(|check| check.name == "workers").expect("workers");
    assert!(workers.status == HealthState::Degraded && workers.detail.contains(&why), "health says why nothing is begun: {workers:?}");

    // The next day has a limit of its own; what is left of the month's would not.
    clock.advance(TimeDelta::hours(13));
    platform.host.core().work.notify_one();
    until("the jobs of the next day", || async {
        let status = platform.client.live_status().await.expect("status");
        (status.completed_today > 0).then_some(())
    })
    .await;
    limit(&platform, None, None).await;
    platform.until_jobs(13, JobState::Completed).await;
    assert!(platform.client.live_status().await.expect("status").held_back.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_raised_while_the_pipeline_is_paused_holds_nothing_back() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, _clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    limit(&platform, Some(1), None).await;
    platform.add(1, true).await;
    held(&platform).await;
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    limit(&platform, None, None).await;
    until("nothing to be held back", || async {
        let status = platform.client.live_status().await.expect("status");
        status.held_back.is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_counts_more_than_its_rule_says_is_believed_from_the_first_answer_on() {
    let stub = ProviderStub::start(Duration::from_millis(20)).await;
    let (platform, _clock) = start_as(&stub, "long-prompt", "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    let one = most(&platform, "gemini/gemini-3.5-flash-lite").await;
    assert!(one >= each, "{one} for what cost {each}");
    let most = each * 2 + one;
    limit(&platform, Some(most), None).await;
    let files = (230..238).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert_eq!((status.spend_today_usd, status.completed_today), (UsdMicros(each * 3), 3), "three fit, a fourth would cross {most}");
}

/// Between the look at what is under way and the look at what is spent, the one call under way ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_while_the_limits_are_looked_at_is_counted_all_the_same() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let model = "gemini/gemini-3.5-flash-lite";
    let (platform, _clock) = start_with(&stub, "long-prompt", model, false).await;
    platform.add(3, true).await;
    let core = platform.host.core();
    let work_off = async |claims: pipeline::Claims| {
        for claimed in claims.jobs {
            pipeline::work_on(Arc::clone(core), claimed).await;
        }
    };
    limit_with(&platform, 1, None, None).await;
    work_off(pipeline::claim(core, 0, true).await.expect("claimed")).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    assert!(each > 0);
    // One is spent, one is under way: there is room for no other, whatever becomes of it.
    let one = most(&platform, model).await;
    limit_with(&platform, 1, Some(each + one + each / 2), None).await;
    let claims = pipeline::claim(core, 0, false).await.expect("claimed");
    assert_eq!(claims.jobs.len(), 1);
    let config = platform.client.config().await.expect("config");
    let prompt =
        platform.client.prompt_versions(platform.client.prompts().await.expect("prompts").items[0].id).await.expect("versions").items.remove(0);
    let under_way = UnderWay::read(core).await.expect("read");
    work_off(claims).await;
    let ledger = under_way.with_spent(core, &config).await.expect("read");
    let room = ledger.room(core, &config, (&prompt, model), 1).await.expect("a look");
    assert!(room.calls == 0 && room.held.is_some(), "{room:?}");
    let spent = platform.client.live_status().await.expect("status").spend_today_usd;
    assert_eq!(spent, UsdMicros(each * 2));
    // With more room what was counted twice is over with the next look.
    limit_with(&platform, 1, Some(each * 2 + one + each / 2), None).await;
    let config = platform.client.config().await.expect("config");
    assert_eq!(spending::room(core, &config, (&prompt, model), 1).await.expect("a look").calls, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_that_stands_in_may_cost_is_set_aside_while_it_is_asked() {
    const LIVE: &str = "gemini/gemini-3.5-flash-lite";
    const SECOND: &str = "openai/gpt-6-luna";
    let (live, second) = (Scripted::new(), Scripted::held());
    live.then(Act::Fail(Fault::new(FaultKind::Server, "broken")));
    let keys = ["gemini", "openai"].map(|name| (name.to_owned(), "a-key-for-nobody".into()));
    let list = vec![Scripted::new() as _, live.on_the_net("gemini", "gemini-3.5-flash-lite"), second.on_the_net("openai", "gpt-6-luna")];
    let platform = platform::start(Options { keys: Keys::new(HashMap::from(keys), false), ..Options::with_providers(list) }).await;
    platform.client.activate_model(&ActivateModel { name: LIVE.to_owned() }).await.expect("live");
    let revision = platform.client.config().await.expect("config").revision;
    platform.client.set_fallbacks(revision, &SetFallbacks { fallbacks: vec![Fallback::usual(SECOND)] }).await.expect("set");
    let photo = platform.add(1, false).await.remove(0);
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0).id;
    let set_aside = async |model: &str| {
        let asked = StartRun {
            name: String::new(),
            photo_ids: vec![photo.id],
            photo_set: None,
            prompts: vec![RunPrompt::Version { id: version }],
            models: vec![model.to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: true,
        };
        let estimate = platform.client.estimate_run(&asked).await.expect("an estimate");
        estimate.columns[0].cost.expect("priced").high_usd.0 * 2
    };
    // Room for two calls of the first model, or for the second model after the first, and not for all three.
    let (own, other) = (set_aside(LIVE).await, set_aside(SECOND).await);
    assert!(own > other / 2 && other > 2, "{own}, {other}");
    limit(&platform, Some(own * 2 + other / 2), None).await;
    platform.client.enqueue_jobs(&EnqueueJobs { photo_ids: vec![photo.id], priority: 0 }).await.expect("enqueued");
    until("the second model is asked", || async { (second.calls() == 1).then_some(()) }).await;
    let files = vec![("next.jpg".to_owned(), platform::jpeg(64, 48, 200))];
    platform.client.add_photos(files, true).await.expect("added");
    let why = until("the limit to hold the other photo", || async {
        platform.client.live_status().await.expect("status").held_back.map(|held| held.message)
    })
    .await;
    assert!(why.contains("a day leaves no room"), "{why}");
    assert_eq!(live.calls(), 1);
    second.let_through(1);
    platform.until_jobs(2, JobState::Completed).await;
    assert_eq!((live.calls(), second.calls()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cancelled_on_its_way_may_have_cost_what_a_call_costs() {
    let scripted = Scripted::held();
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let provider = scripted.on_the_net("gemini", "gemini-3.5-flash-lite");
    let platform = platform::start(Options { keys, ..Options::with_providers(vec![Scripted::new(), provider]) }).await;
    platform.client.activate_model(&ActivateModel { name: "gemini/gemini-3.5-flash-lite".to_owned() }).await.expect("live");
    platform.add(1, true).await;
    until("the call", || async { (scripted.calls() == 1).then_some(()) }).await;
    let job = platform.jobs().await.remove(0);
    platform.client.act_on_jobs(&JobsAction::on(JobAction::Cancel, vec![job.id])).await.expect("cancelled");
    let results = until("what may have been paid", || async {
        let details = platform.client.job(job.id).await.expect("job");
        (!details.results.is_empty()).then_some(details.results)
    })
    .await;
    let Outcome::Failed(fault) = &results[0].outcome else { panic!("{results:?}") };
    assert_eq!((results.len(), fault.kind, results[0].decision), (1, FaultKind::Cancelled, None));
    let status = platform.client.live_status().await.expect("status");
    assert_eq!((status.cancelled_total, status.processing), (Some(1), 0), "the job stays cancelled");
    // Nobody knows whether it was billed: a limit of a micro-dollar has no room beside it.
    limit(&platform, Some(1), None).await;
    let files = vec![("next.jpg".to_owned(), platform::jpeg(64, 48, 200))];
    platform.client.add_photos(files, true).await.expect("added");
    let why = held(&platform).await.held_back.expect("held").message;
    assert!(why.contains("is set aside for one result of unknown cost"), "{why}");
}

/// Each answer takes nearly all the tokens that it is allowed, most of them for thinking.
#[tokio::test(flavor = "multi_thread")]
async fn many_workers_do_not_cross_a_limit_with_the_longest_answers_that_are_allowed() {
    const MODEL: &str = "gemini/gemini-3.5-flash-lite";
    let stub = ProviderStub::start(Duration::from_millis(200)).await;
    let (platform, _clock) = start_as(&stub, "long-thought", MODEL).await;
    limit_with(&platform, 8, None, None).await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    let one = most(&platform, MODEL).await;
    assert!(each < one && one < each * 3, "an upper bound and no wild guess: {one} for {each}");
    // Room for two more of the longest, whoever asks for eight.
    let most = each + one * 2 + one / 2;
    limit_with(&platform, 8, Some(most), None).await;
    let files = (150..166).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert!(status.spend_today_usd.0 <= most, "{} of {most}", status.spend_today_usd.0);
    assert!((3..=4).contains(&status.completed_today) && failed(&platform).await == 0, "{status:?}");
    // What no day has room for is said so.
    let config = platform.client.config().await.expect("config");
    let rules = ProcessingRules { daily_limit_usd: Some(UsdMicros(one - 1)), ..config.rules };
    platform.client.set_processing_rules_confirmed(config.revision, &rules).await.expect("set");
    let why = until("the words", || async {
        let held = platform.client.live_status().await.expect("status").held_back.map(|held| held.message);
        held.filter(|why| why.contains("No day has room for one"))
    })
    .await;
    assert!(why.contains(&format!("one photo may cost up to {}", UsdMicros(one))), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_month_counts_all_its_days() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let each = platform.client.live_status().await.expect("status").spend_today_usd.0;
    clock.advance(TimeDelta::days(1));
    // Room for less than what is set aside for one more.
    let one = most(&platform, "gemini/gemini-3.5-flash-lite").await;
    limit(&platform, None, Some(each + one - 1)).await;
    let files = vec![("next.jpg".to_owned(), platform::jpeg(64, 48, 200))];
    platform.client.add_photos(files, true).await.expect("added");
    let status = held(&platform).await;
    assert_eq!((status.spend_today_usd, status.pending), (UsdMicros(0), 1), "nothing was spent today, and still it waits");
    assert!(status.held_back.expect("held").message.contains("a month leaves no room"));
    limit(&platform, None, Some(each + one)).await;
    platform.until_jobs(2, JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_not_known_waits_and_says_so_while_there_is_a_limit() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, _clock) = start(&stub, "gemini/not-in-any-catalogue").await;
    limit(&platform, Some(1_000_000), None).await;
    platform.add(2, true).await;
    let status = held(&platform).await;
    let why = status.held_back.expect("held").message;
    assert!(why.contains("price of gemini/not-in-any-catalogue is not known"), "{why}");
    assert_eq!(stub.traffic().all_questions(), 0, "nothing was asked");
    limit(&platform, None, None).await;
    platform.until_jobs(2, JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_before_a_deployment_holds_the_price_against_every_limit_and_what_is_spent() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (platform, _clock) = start(&stub, "gemini/gemini-3.5-flash-lite").await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let spent = platform.client.live_status().await.expect("status").spend_today_usd.0;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let saved = SavePromptVersion { content: "Name the colours as JSON".to_owned(), ..SavePromptVersion::default() };
    let version = platform.client.save_prompt_version(prompt.id, &saved).await.expect("saved").id;
    let check = async || {
        let review = platform.client.deploy_review(version, Environment::Production).await.expect("a review");
        let check = review.checks.into_iter().find(|check| check.code == "cost").expect("a check");
        (check.state, check.why)
    };
    let set = async |edit: &dyn Fn(&mut ProcessingRules)| {
        let config = platform.client.config().await.expect("config");
        let mut rules = config.rules;
        edit(&mut rules);
        platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
    };
    set(&|rules| rules.daily_limit_usd = Some(UsdMicros(spent + 1_000_000))).await;
    let (state, why) = check().await;
    assert!(state == CheckState::Pass && why.contains("of which $1.00 is left, is enough for about"), "{why}");
    set(&|rules| rules.daily_limit_usd = Some(UsdMicros(spent + 1))).await;
    let (state, why) = check().await;
    assert!(state != CheckState::Pass && why.contains("a day"), "{why}");
    set(&|rules| (rules.daily_limit_usd, rules.photo_limit_usd) = (None, Some(UsdMicros(1)))).await;
    let (state, why) = check().await;
    assert!(state == CheckState::Fail && why.contains("more than the limit of $0.000001 a photo: it would not be asked about"), "{why}");
    set(&|rules| rules.photo_limit_action = LimitAction::Warn).await;
    assert_eq!(check().await.0, CheckState::Warn);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lab_spends_is_told_beside_what_the_pipeline_spends_and_uses_up_no_limit() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let model = "gemini/gemini-3.5-flash-lite";
    let (platform, clock) = start_with(&stub, "good", model, false).await;
    let lab = async || {
        let status = platform.client.live_status().await.expect("status");
        assert_eq!(status.spend_today_usd, UsdMicros(0), "the pipeline spent nothing");
        (status.lab_spend_today_usd, status.lab_spend_unknown)
    };
    assert_eq!(lab().await, (Some(UsdMicros(0)), 0));
    let photos = platform.add(3, false).await;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0).id;
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::Version { id: version }],
        models: vec!["on-device".to_owned(), model.to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    };
    let completed = async |asked: &StartRun| {
        let id = platform.client.start_run(asked).await.expect("started").id;
        until("the run's end", || async {
            let run = platform.client.run(id).await.expect("run");
            (run.state == RunState::Completed).then_some(run)
        })
        .await
    };
    let run = completed(&asked).await;
    assert!(run.cost_usd > UsdMicros(0));
    assert_eq!(lab().await, (Some(run.cost_usd), 0));
    let again = completed(&asked).await;
    assert_eq!((again.cost_usd, lab().await.0), (UsdMicros(0), Some(run.cost_usd)), "what is known costs nothing");

    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    let cell = cells.iter().find(|cell| cell.column == 1).expect("a paid cell");
    let from = ReplayFrom::Prompt { model: model.to_owned(), content: "Name the birds".to_owned(), parts: Default::default() };
    let replay = platform.client.replay_trace(cell.id.0, &ReplayTrace { from }).await.expect("replayed");
    let cost = replay.summary.cost_usd.expect("a cost");
    assert_eq!(lab().await, (Some(run.cost_usd + cost), 0));

    // Days are UTC days, and the past of it is not recorded.
    let before = platform.host.core().now();
    clock.advance(TimeDelta::hours(12));
    assert_eq!(lab().await, (Some(UsdMicros(0)), 0));
    let past = platform.client.live_status_at(before).await.expect("status");
    assert!(past.lab_spend_today_usd.is_none() && past.unknown.contains(&"lab_spend_today_usd".to_owned()));
}
