//! Processing rules: categories, limits, sizes, and a replay that says exactly what a scan of the results would.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use minerva_console::keys::Keys;
use minerva_console::platform::domain::Clock as _;
use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host;
use minerva_console::platform::store::{Db, results};
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::config::ProcessingRules;
use minerva_console::wire::ids::OrganizationId;
use minerva_console::wire::job::{EnqueueJobs, JobState};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::replay::{Flow, ReplayExamples, ReplayRules};
use minerva_console::wire::result::{Decision, Outcome, Tag, mean_confidence};
use minerva_console::wire::rules::{Category, LimitAction};
use minerva_console::wire::truth::SetTruth;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted, answer};

fn category(tags: &[&str], accept: f32, reject: f32) -> Category {
    Category { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), accept_threshold: accept, reject_threshold: reject }
}

fn rules(accept: f32, reject: f32, categories: &[(&str, Category)]) -> ProcessingRules {
    let categories = categories.iter().map(|(name, category)| ((*name).to_owned(), category.clone())).collect();
    ProcessingRules { accept_threshold: accept, reject_threshold: reject, categories, ..ProcessingRules::default() }
}

async fn set(platform: &TestPlatform, edit: impl FnOnce(&mut ProcessingRules)) {
    let config = platform.client.config().await.expect("config");
    let mut rules = config.rules;
    edit(&mut rules);
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
}

/// The results of every job that ended, by name of their photo.
async fn results(platform: &TestPlatform) -> BTreeMap<String, minerva_console::wire::result::PhotoResult> {
    let mut found = BTreeMap::new();
    for job in platform.jobs().await {
        let newest = results::of_job(&platform.host.core().db, OrganizationId::LOCAL, job.id).await.expect("results").into_iter().next();
        found.extend(newest.map(|result| (job.file_name.clone(), result)));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_judged_by_the_category_of_its_most_confident_tag() {
    let scripted = Scripted::new();
    for tags in [[("dog", 0.9), ("grass", 0.5)], [("grass", 0.9), ("dog", 0.5)], [("cat", 0.6), ("dog", 0.2)]] {
        scripted.then(Act::Answer(answer(&tags)));
    }
    let platform = platform::start(Options::with_providers(vec![scripted])).await;
    set(&platform, |rules| {
        rules.workers = 1;
        rules.categories.insert("Pets".to_owned(), category(&[" Dog", "cat"], 0.8, 0.5));
    })
    .await;
    assert_eq!(platform.client.config().await.expect("config").rules.categories["Pets"].tags, ["dog", "cat"], "as answers have them");
    platform.add(3, true).await;
    platform.until_jobs(3, JobState::Completed).await;
    let mut decisions: Vec<Decision> = results(&platform).await.into_values().filter_map(|result| result.decision).collect();
    decisions.sort_by_key(|decision| *decision as u8);
    // Mean confidences 0.7, 0.7 and 0.4: the pet is sure enough for others but not for its category, and the last is rejected.
    assert_eq!(decisions, [Decision::Accept, Decision::Review, Decision::Reject]);
    let all = results(&platform).await;
    let says_category = all.values().flat_map(|result| &result.trace).filter(|step| step.name == "rules" && step.detail.contains("category Pets"));
    assert_eq!(says_category.count(), 2, "the trace says whose thresholds they were");
}

/// A platform on an invented history, and its clock.
async fn with_history(count: u64) -> (TestPlatform, Arc<TestClock>) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("made");
    let clock = TestClock::at_noon();
    host::generate(&data.join(host::DATABASE_FILE), clock.clone(), &Generate { results: count, seed: 7 }, |_| {}).await.expect("generated");
    let options = Options { clock: clock.clone(), ..Options::default().without_workers() };
    (platform::start_in(folder, options).await.expect("starts"), clock)
}

/// The flow as a scan of every result gives it: of each photo the last one.
async fn scan(db: &Db, from: DateTime<Utc>, rules: &ProcessingRules) -> Flow {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT HEX(photo_id), confidence_scores, decision FROM ai_processing_results WHERE decision IS NOT NULL AND created_at_ms >= $1
         ORDER BY created_at_ms, id",
    )
    .bind(from.timestamp_millis())
    .fetch_all(&db.read)
    .await
    .expect("a scan");
    let last: HashMap<String, (String, String)> = rows.into_iter().map(|(photo, tags, decision)| (photo, (tags, decision))).collect();
    let mut flow = Flow::default();
    for (tags, decision) in last.into_values() {
        let tags: Vec<Tag> = serde_json::from_str(&tags).expect("tags");
        let from: Decision = serde_json::from_value(decision.into()).expect("a decision");
        flow.add(from, rules.decide(tags.first().map(|tag| tag.name.as_str()), mean_confidence(&tags)), 1);
    }
    flow
}

#[tokio::test]
async fn a_replay_says_what_a_scan_of_all_results_would() {
    let (platform, clock) = with_history(4_000).await;
    let db = platform.host.core().db.clone();
    let pets = category(&["dog", "cat"], 0.9, 0.85);
    let water = category(&["beach", "boat", "harbour", "lake", "river"], 0.5, 0.5);
    let mut tried = vec![rules(0.6, 0.2, &[]), rules(0.6, 0.2, &[("Pets", pets.clone())]), rules(0.77, 0.71, &[("Pets", pets), ("Water", water)])];
    tried.extend((0..=20).map(|step| rules(f32::from(step * 5_u8) / 100.0, 0.0, &[])));
    for rules in tried {
        for days in [1, 7, 30, 90] {
            let replay = platform.client.replay_rules(&ReplayRules { rules: rules.clone(), days }).await.expect("replayed");
            assert_eq!(replay.from, clock.now() - chrono::TimeDelta::days(i64::from(days)), "exactly so many days");
            let scanned = scan(&db, replay.from, &rules).await;
            assert_eq!((replay.flow, replay.photos, replay.moved), (scanned, scanned.total(), scanned.moved()), "{days} days of {rules:?}");
        }
    }
    let as_it_was = platform.client.replay_rules(&ReplayRules { rules: ProcessingRules::default(), days: 90 }).await.expect("replayed");
    assert!(as_it_was.moved == 0 && as_it_was.photos > 3_000, "{as_it_was:?}");
    assert_eq!(as_it_was.ground_truth, None, "no photo of these has labels");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_counts_once_as_it_was_decided_last_for_exactly_so_many_days_and_not_when_it_is_deleted() {
    let scripted = Scripted::new();
    for confidence in [0.9, 0.9, 0.5, 0.1] {
        scripted.then(Act::Answer(answer(&[("dog", confidence)])));
    }
    let clock = TestClock::at_noon();
    let platform = platform::start(Options { clock: clock.clone(), ..Options::with_providers(vec![scripted]) }).await;
    let photos = platform.add(2, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    let flow = async |days| {
        let asked = ReplayRules { rules: rules(0.6, 0.2, &[("Pets", category(&["dog"], 0.8, 0.2))]), days };
        let replay = platform.client.replay_rules(&asked).await.expect("replayed");
        assert_eq!(replay.categories[0].photos, replay.photos, "all are dogs");
        Flow::ORDER.map(|decision| replay.flow.get(decision, decision))
    };
    assert_eq!(flow(1).await, [2, 0, 0]);
    // The first is looked at twice more, on other days.
    for (again, expected) in [[1, 1, 0], [1, 0, 1]].into_iter().enumerate() {
        clock.advance(chrono::TimeDelta::hours(11));
        let again_jobs = EnqueueJobs { photo_ids: vec![photos[0].id], priority: 0 };
        platform.client.enqueue_jobs(&again_jobs).await.expect("queued");
        platform.until_jobs(3 + again, JobState::Completed).await;
        assert_eq!(flow(7).await, expected, "each photo once");
    }
    // 22 hours ago is within a day, 24 hours and a second ago is not, whatever the hour.
    assert_eq!(flow(1).await, [1, 0, 1]);
    clock.advance(chrono::TimeDelta::seconds(2 * 3_600 + 1));
    assert_eq!(flow(1).await, [0, 0, 1]);
    platform.client.delete_photo(photos[0].id).await.expect("deleted");
    assert_eq!((flow(1).await, flow(7).await), ([0, 0, 0], [1, 0, 0]));
}

#[tokio::test]
async fn photos_that_would_move_are_listed_page_by_page() {
    let (platform, _clock) = with_history(4_000).await;
    let rules = rules(0.75, 0.2, &[("Pets", category(&["dog", "cat"], 0.5, 0.2))]);
    let replay = platform.client.replay_rules(&ReplayRules { rules: rules.clone(), days: 90 }).await.expect("replayed");
    let expected = replay.flow.get(Decision::Accept, Decision::Review);
    let mut asked = ReplayExamples { rules: rules.clone(), days: 90, from: Decision::Accept, to: Decision::Review, cursor: None, limit: Some(100) };
    let (mut seen, mut last) = (std::collections::HashSet::new(), None);
    loop {
        let page = platform.client.replay_examples(&asked).await.expect("examples");
        assert_eq!(page.total, Some(expected));
        for moved in &page.items {
            assert!(moved.mean_confidence.is_some_and(|mean| (0.6..0.75).contains(&mean)), "{moved:?}");
            assert!(!matches!(moved.main_tag.as_deref(), Some("dog" | "cat")) && moved.category.is_none(), "{moved:?}");
            assert!(last.is_none_or(|last| last >= moved.at), "newest first");
            last = Some(moved.at);
            assert!(seen.insert(moved.result_id), "each once");
        }
        asked.cursor = page.next_cursor;
        if asked.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len() as u64, expected);
    let none = ReplayExamples { from: Decision::Reject, to: Decision::Accept, cursor: None, ..asked };
    assert!(platform.client.replay_examples(&none).await.expect("examples").items.is_empty());
}

#[tokio::test]
async fn results_of_before_are_counted_at_the_next_start() {
    let (platform, clock) = with_history(1_500).await;
    let asked = ReplayRules { rules: rules(0.8, 0.3, &[("Pets", category(&["dog"], 0.9, 0.2))]), days: 90 };
    let before = platform.client.replay_rules(&asked).await.expect("replayed");
    let folder = platform.stop().await;
    let path = folder.path().join("data").join(host::DATABASE_FILE);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("opens");
    sqlx::query("DELETE FROM ai_decision_counts").execute(&mut connection).await.expect("deleted");
    sqlx::query("DELETE FROM ai_latest_decisions").execute(&mut connection).await.expect("deleted");
    sqlx::query("DELETE FROM database_marks WHERE name = 'decisions'").execute(&mut connection).await.expect("deleted");
    sqlx::Connection::close(connection).await.expect("closed");
    let platform = platform::start_in(folder, Options { clock, ..Options::default().without_workers() }).await.expect("starts");
    assert_eq!(platform.client.replay_rules(&asked).await.expect("replayed"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn ground_truth_says_how_precise_what_is_accepted_is() {
    // The bundled photos have labels: of each the most confident tag is one of them, or is not.
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).seeded()).await;
    let bundled = platform.until_jobs(24, JobState::Completed).await.len() as u64;
    let asked = ReplayRules { rules: rules(0.85, 0.0, &[]), days: 1 };
    let replay = platform.client.replay_rules(&asked).await.expect("replayed");
    let truth = replay.ground_truth.expect("labels");
    // All were answered "cat" with 0.8 in the mean: accepted then, and not from 0.85 on.
    let before = truth.before.expect("accepted");
    assert!(truth.photos > 20 && truth.photos <= bundled, "{truth:?}");
    assert_eq!((before.hits, before.of), (1, truth.photos), "one of them shows a cat");
    assert!(before.low < before.share && before.share < before.high);
    assert_eq!(truth.after, None, "nothing would be accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_of_photos_is_ground_truth_for_a_replay_and_for_the_models() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    let photos = platform.add(4, true).await;
    platform.until_jobs(4, JobState::Completed).await;
    let client = &platform.client;
    let asked = ReplayRules { rules: rules(0.7, 0.0, &[]), days: 1 };
    assert_eq!(client.replay_rules(&asked).await.expect("replayed").ground_truth, None, "nobody said what is in them");
    // All were answered "cat" first, with 0.8 in the mean.
    for (photo, tags) in photos.iter().zip([&["Cat", "sofa"][..], &["dog"], &[]]) {
        let said = SetTruth { tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()) };
        client.set_ground_truth(photo.id, &said).await.expect("said");
    }
    let truth = client.replay_rules(&asked).await.expect("replayed").ground_truth.expect("labels");
    let (before, after) = (truth.before.expect("accepted"), truth.after.expect("accepted"));
    assert_eq!((truth.photos, before.hits, before.of, after.of), (3, 1, 3, 3), "the fourth has no labels");
    assert!(before.low < before.share && before.share < before.high);
    let accuracy = client.models().await.expect("models").items[0].accuracy.expect("measured");
    assert_eq!((accuracy.hits, accuracy.of), (1, 3));
    // What is said no more counts no more.
    client.set_ground_truth(photos[1].id, &SetTruth { tags: None }).await.expect("taken away");
    let truth = client.replay_rules(&asked).await.expect("replayed").ground_truth.expect("labels");
    assert_eq!(truth.before.map(|share| (share.hits, share.of)), Some((1, 2)));
}

#[tokio::test]
async fn rules_that_cannot_be_followed_are_refused_at_their_field() {
    let platform = platform::start(Options::default().without_workers()).await;
    let good = platform.client.config().await.expect("config");
    let with = |edit: fn(&mut ProcessingRules)| {
        let mut rules = good.rules.clone();
        edit(&mut rules);
        rules
    };
    for (field, rules) in [
        ("accept_threshold", with(|rules| rules.accept_threshold = 0.655)),
        ("photo_limit_usd", with(|rules| rules.photo_limit_usd = Some(UsdMicros(0)))),
        ("photo_limit_usd", with(|rules| (rules.photo_limit_usd, rules.daily_limit_usd) = (Some(UsdMicros(9)), Some(UsdMicros(8))))),
        ("image_max_edge_px", with(|rules| rules.image_max_edge_px = Some(127))),
        ("image_max_edge_px", with(|rules| rules.image_max_edge_px = Some(8_193))),
        ("image_quality", with(|rules| rules.image_quality = Some(29))),
        ("image_quality", with(|rules| rules.image_quality = Some(101))),
        ("categories", with(|rules| drop(rules.categories.insert("Pets".to_owned(), category(&["dog"], 0.2, 0.5))))),
        ("categories", with(|rules| drop(rules.categories.insert("Pets".to_owned(), category(&[" "], 0.5, 0.2))))),
        ("categories", with(|rules| drop(rules.categories.insert("  ".to_owned(), category(&["dog"], 0.5, 0.2))))),
    ] {
        let refused = platform.client.set_processing_rules(good.revision, &rules).await.expect_err("refused");
        assert_eq!(refused.code(), Some(field), "{refused}");
        let refused = platform.client.replay_rules(&ReplayRules { rules, days: 7 }).await.expect_err("refused");
        assert_eq!(refused.code(), Some(field), "a dry run refuses the same: {refused}");
    }
    for days in [0, 91] {
        let refused = platform.client.replay_rules(&ReplayRules { rules: good.rules.clone(), days }).await.expect_err("refused");
        assert_eq!(refused.code(), Some("days"));
    }
    assert_eq!(platform.client.config().await.expect("config"), good, "nothing was saved");
}

/// The real Gemini provider at the stub.
async fn on_the_net(stub: &ProviderStub) -> TestPlatform {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, "good")), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let clock = TestClock::at("2026-11-20T12:00:30Z".parse().expect("a time"));
    let platform = platform::start(Options { providers, keys, clock, ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: "gemini/gemini-3.5-flash-lite".to_owned() }).await.expect("live");
    platform
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_photo_is_held_before_the_call_and_warns_or_stops() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = on_the_net(&stub).await;
    set(&platform, |rules| rules.photo_limit_usd = Some(UsdMicros(1))).await;
    platform.add(1, true).await;
    let failed = platform.until_jobs(1, JobState::Failed).await;
    let fault = failed[0].fault.clone().expect("a fault");
    assert_eq!(fault.code.as_deref(), Some("photo_limit"));
    assert!(fault.message.contains("more than the limit of $0.000001 a photo") && fault.message.contains("Nothing was sent"), "{}", fault.message);
    assert_eq!(stub.traffic().all_questions(), 0, "nothing was asked");
    assert_eq!(platform.client.live_status().await.expect("status").spend_today_usd, UsdMicros(0));

    set(&platform, |rules| rules.photo_limit_action = LimitAction::Warn).await;
    platform.client.add_photos(vec![("second.jpg".to_owned(), platform::jpeg(64, 48, 77))], true).await.expect("added");
    platform.until_jobs(1, JobState::Completed).await;
    let all = results(&platform).await;
    let Outcome::Completed(answer) = &all["second.jpg"].outcome else { panic!("{all:?}") };
    assert!(answer.notes.iter().any(|note| note.text.contains("more than the limit of")), "{:?}", answer.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_only_warns_lets_all_go_on_and_says_so() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = on_the_net(&stub).await;
    set(&platform, |rules| (rules.daily_limit_usd, rules.daily_limit_action) = (Some(UsdMicros(1)), LimitAction::Warn)).await;
    platform.add(3, true).await;
    platform.until_jobs(3, JobState::Completed).await;
    let status = platform.client.live_status().await.expect("status");
    assert!(status.held_back.is_none());
    let warning = status.limit_warning.expect("a warning");
    assert!(warning.contains("the limit of $0.000001 a day") && warning.contains("All goes on"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_below_what_is_spent_wants_to_be_confirmed() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = on_the_net(&stub).await;
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    let spent = platform.client.live_status().await.expect("status").spend_today_usd;
    let config = platform.client.config().await.expect("config");
    let low = ProcessingRules { daily_limit_usd: Some(UsdMicros(spent.0 - 1)), ..config.rules.clone() };
    let refused = platform.client.set_processing_rules(config.revision, &low).await.expect_err("refused");
    assert_eq!(refused.code(), Some("limit_below_spent"));
    assert!(refused.to_string().contains(&format!("{spent} is spent today already")), "{refused}");
    assert_eq!(platform.client.config().await.expect("config").revision, config.revision);
    let set = platform.client.set_processing_rules_confirmed(config.revision, &low).await.expect("confirmed");
    assert_eq!(set.config.rules.daily_limit_usd, low.daily_limit_usd);
    // What stands already is no question when something else changes.
    let other = ProcessingRules { workers: 5, ..set.config.rules };
    platform.client.set_processing_rules(set.config.revision, &other).await.expect("set");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_sent_no_larger_than_the_rules_say() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = on_the_net(&stub).await;
    for (edge, quality, name) in [(None, None, "as_the_model.jpg"), (Some(200), Some(40), "small.jpg")] {
        set(&platform, |rules| (rules.image_max_edge_px, rules.image_quality) = (edge, quality)).await;
        let file = (name.to_owned(), platform::jpeg(600, 400, edge.map_or(1, |_| 2)));
        platform.client.add_photos(vec![file], true).await.expect("added");
        platform.until_jobs(1 + usize::from(edge.is_some()), JobState::Completed).await;
    }
    let all = results(&platform).await;
    let resized = |name: &str| all[name].trace.iter().find(|step| step.name == "resize").map(|step| step.detail.clone()).unwrap_or_default();
    assert!(resized("small.jpg").starts_with("200 × 133 px, JPEG 40"), "{}", resized("small.jpg"));
    assert!(resized("as_the_model.jpg").starts_with("600 × 400 px"), "{}", resized("as_the_model.jpg"));
}
