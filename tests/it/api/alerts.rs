//! Alerts: they fire when a rule is broken long enough, do not flap, are taken on or put off, resolve, and are kept.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use minerva_console::client::event::StreamItem;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::{Clock as _, alerts};
use minerva_console::providers::{PriceBook, ProviderSettings, Providers};
use minerva_console::wire::alert::{Alert, AlertMetric, AlertRule, AlertRules, Alerts, Severity, shipped_rules};
use minerva_console::wire::event::Happened;
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::ids::AlertId;
use minerva_console::wire::job::{JobAction, JobState, JobsAction};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

struct Story {
    platform: TestPlatform,
    clock: Arc<TestClock>,
}

async fn story() -> Story {
    let clock = TestClock::at_noon();
    let options = Options { clock: Arc::clone(&clock) as _, ..Options::with_providers(vec![Scripted::new()]).without_workers() };
    Story { platform: platform::start(options).await, clock }
}

impl Story {
    /// Looks at the rules after so many minutes; returns how many alerts changed.
    async fn look_after(&self, minutes: i64) -> usize {
        self.clock.advance(TimeDelta::minutes(minutes));
        alerts::look(self.platform.host.core()).await.expect("a look")
    }

    async fn alerts(&self) -> Alerts {
        self.platform.client.alerts().await.expect("alerts")
    }

    async fn set(&self, rules: AlertRules) {
        let revision = self.alerts().await.revision;
        self.platform.client.set_alert_rules(revision, rules).await.expect("set");
    }

    /// Leaves so many jobs waiting.
    async fn leave(&self, count: usize) {
        let waiting: Vec<_> = self.platform.jobs().await.into_iter().filter(|job| job.state == JobState::Pending).map(|job| job.id).collect();
        let ids = waiting[count..].to_vec();
        self.platform.client.act_on_jobs(&JobsAction::on(JobAction::Cancel, ids)).await.expect("cancelled");
    }
}

fn depth(threshold: f64, for_minutes: u32) -> AlertRules {
    let rule = AlertRule { metric: AlertMetric::QueueDepth, threshold, for_minutes, severity: Severity::Warning, is_enabled: true };
    [("queue_depth".to_owned(), rule)].into()
}

#[tokio::test]
async fn an_alert_fires_after_its_time_and_does_not_flap() {
    let story = story().await;
    story.set(depth(5.0, 10)).await;
    story.platform.add(8, true).await;
    assert_eq!(story.look_after(0).await, 0, "only now broken");
    assert_eq!(story.look_after(9).await, 0, "not long enough");
    assert_eq!(story.look_after(1).await, 1);
    let fired = story.alerts().await.firing;
    assert_eq!((fired.len(), fired[0].value, fired[0].words().as_str()), (1, 8.0, "Queue depth is 8 jobs, above 5 jobs"));
    assert_eq!(story.look_after(5).await, 0, "it fires once");
    story.leave(5).await;
    assert_eq!(story.look_after(0).await + story.look_after(60).await, 0, "no longer broken and not yet clear: nothing changes");
    story.leave(4).await;
    assert_eq!(story.look_after(0).await, 0, "clear only just now");
    assert_eq!(story.look_after(2).await, 1);
    assert!(story.alerts().await.firing.is_empty());
    let history = story.platform.client.alert_history(None).await.expect("history").items;
    assert_eq!((history.len(), history[0].id, history[0].resolved_at), (1, fired[0].id, Some(story.clock.now())));
    story
        .platform
        .client
        .add_photos(vec![("x.jpg".to_owned(), platform::jpeg(32, 32, 99)), ("y.jpg".to_owned(), platform::jpeg(32, 32, 98))], true)
        .await
        .expect("added");
    assert_eq!(story.look_after(0).await, 0);
    story.leave(5).await;
    assert_eq!(story.look_after(5).await + story.look_after(10).await, 0, "broken for a while only: the time begins anew");
}

#[tokio::test]
async fn an_alert_is_taken_on_put_off_and_told_again() {
    let story = story().await;
    story.set(depth(1.0, 0)).await;
    story.platform.add(3, true).await;
    let mut stream = story.platform.client.follow_events(None, || {});
    assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));
    assert_eq!(story.look_after(0).await, 1);
    let told = heard(&mut stream).await;
    assert!(told.is_loud(story.clock.now()) && told.acknowledged.is_none());

    let client = &story.platform.client;
    let taken = client.acknowledge_alert(told.id).await.expect("acknowledged");
    let by = taken.acknowledged.clone().expect("by somebody");
    assert_eq!((by.by.as_str(), by.at, taken.is_loud(story.clock.now())), ("you", story.clock.now(), false));
    assert_eq!(heard(&mut stream).await, taken);

    let until = story.clock.now() + TimeDelta::minutes(15);
    let put_off = client.snooze_alert(told.id, until).await.expect("snoozed");
    assert_eq!((put_off.snoozed_until, put_off.is_loud(story.clock.now())), (Some(until), false));
    assert_eq!(put_off.acknowledged, taken.acknowledged, "who has taken it on stays named");
    assert_eq!(heard(&mut stream).await, put_off);
    assert_eq!(story.look_after(14).await, 0);
    assert_eq!(story.look_after(1).await, 1, "it still fires: told again");
    assert!(heard(&mut stream).await.is_loud(story.clock.now()));

    for until in [story.clock.now(), story.clock.now() + TimeDelta::days(8)] {
        assert_eq!(client.snooze_alert(told.id, until).await.expect_err("refused").code(), Some("snooze"));
    }
    story.set(AlertRules::new()).await;
    assert!(heard(&mut stream).await.resolved_at.is_some(), "without its rule nothing watches it");
    assert_eq!(client.acknowledge_alert(told.id).await.expect_err("refused").code(), Some("resolved"));
    assert_eq!(client.acknowledge_alert(AlertId::fresh()).await.expect_err("refused").code(), Some("not_found"));
}

async fn heard(stream: &mut tokio::sync::mpsc::Receiver<StreamItem>) -> Alert {
    loop {
        let item = tokio::time::timeout(std::time::Duration::from_secs(60), stream.recv()).await.expect("in time");
        if let Some(StreamItem::Event(event)) = item
            && let Happened::AlertChanged(alert) = event.what
        {
            return alert;
        }
    }
}

#[tokio::test]
async fn an_alert_whose_rule_is_changed_is_judged_by_the_new_rule_at_once() {
    let story = story().await;
    story.set(depth(5.0, 0)).await;
    story.platform.add(8, true).await;
    assert_eq!(story.look_after(0).await, 1);
    let fired = story.alerts().await.firing.remove(0);
    // Still broken: it goes on, and says what is asked now.
    story.set(depth(6.0, 0)).await;
    let firing = story.alerts().await.firing;
    assert_eq!((firing.len(), firing[0].id, firing[0].words().as_str()), (1, fired.id, "Queue depth is 8 jobs, above 6 jobs"));
    // Neither broken nor well clear: nothing that fires would be true.
    story.set(depth(8.0, 0)).await;
    assert!(story.alerts().await.firing.is_empty());
    assert_eq!(story.platform.client.alert_history(None).await.expect("history").items.len(), 1);
}

#[tokio::test]
async fn rules_are_checked_journalled_and_undone() {
    let story = story().await;
    let client = &story.platform.client;
    let before = story.alerts().await;
    assert_eq!(before.rules, shipped_rules());
    assert!(before.rules.values().all(|rule| rule.is_enabled));
    let edited = |name: &str, edit: fn(&mut AlertRule)| {
        let mut rules = before.rules.clone();
        edit(rules.get_mut(name).expect("a rule"));
        rules
    };
    for (rules, says) in [
        (edited("error_rate", |rule| rule.threshold = 101.0), "Error rate: the threshold must be from 1 % to 100 %"),
        (edited("spend_today", |rule| rule.threshold = 0.0), "Spend today: the threshold must be from $0.01"),
        (edited("queue_depth", |rule| rule.for_minutes = 1_441), "Queue depth: the time must be from 0 to 1440 min"),
        ([("No Name".to_owned(), before.rules["confidence"])].into(), "A rule's name"),
    ] {
        let refused = client.set_alert_rules(before.revision, rules).await.expect_err("refused");
        assert_eq!(refused.code(), Some("alert_rule"));
        assert!(refused.to_string().contains(says), "{refused}");
    }
    let changed = client.set_alert_rules(before.revision, edited("queue_depth", |rule| rule.threshold = 50.0)).await.expect("set");
    let change = changed.change.expect("journalled");
    assert_eq!(change.summary, "Alert: Queue depth above 1,000 jobs for 10 min → Queue depth above 50 jobs for 10 min");
    let stale = client.set_alert_rules(before.revision, before.rules.clone()).await.expect_err("stale");
    assert_eq!(stale.code(), Some("stale"));
    client.undo_config_change(change.id).await.expect("undone");
    assert_eq!(story.alerts().await.rules, before.rules);
}

#[tokio::test]
async fn failing_jobs_and_a_provider_that_is_down_fire() {
    let clock = TestClock::at_noon();
    let scripted = Scripted::new();
    let options = Options { clock: Arc::clone(&clock) as _, ..Options::with_providers(vec![scripted.clone()]) };
    let story = Story { platform: platform::start(options).await, clock };
    for _ in 0..12 {
        scripted.then(crate::support::scripted::Act::Fail(minerva_console::wire::result::Fault::new(
            minerva_console::wire::result::FaultKind::BadAnswer,
            "no sense in it",
        )));
    }
    story.platform.add(12, true).await;
    story.platform.until_jobs(12, JobState::Failed).await;
    story.look_after(0).await;
    story.look_after(3).await;
    let firing = story.alerts().await;
    let rules: Vec<&str> = firing.firing.iter().map(|alert| alert.rule.as_str()).collect();
    assert!(rules.contains(&"error_rate"), "{firing:?}");
    assert_eq!(firing.figures[&AlertMetric::ErrorRate], 100.0);
    let down = firing.firing.iter().find(|alert| alert.rule == "provider_down").expect("the provider is down");
    assert_eq!((down.subject.as_deref(), down.severity), (Some("on-device"), Severity::Critical));

    // It answers again: nothing fires for longer than it has to be clear.
    let files = (100..115).map(|seed| (format!("{seed}.jpg"), platform::jpeg(32, 32, seed))).collect();
    story.platform.client.add_photos(files, true).await.expect("added");
    story.platform.until_jobs(15, JobState::Completed).await;
    story.look_after(0).await;
    story.look_after(1).await;
    // The platform looks by itself too, and may be writing it down.
    platform::until("nothing fires", || async { story.alerts().await.firing.is_empty().then_some(()) }).await;
    let after = story.alerts().await;
    assert_eq!((after.figures[&AlertMetric::ErrorRate], after.figures[&AlertMetric::ProviderDown]), (0.0, 0.0));
}

#[tokio::test]
async fn a_model_in_use_that_will_be_gone_is_told_well_before_and_urgently_when_it_is_near() {
    let clock = TestClock::at("2026-11-20T12:00:00Z".parse().expect("a time"));
    let own = serde_json::json!({"catalogue_version": 1, "models": [
        {"provider": "ollama", "id": "gemma4", "retires": "2027-01-10"}, {"provider": "ollama", "id": "other", "retires": "2026-11-25"}
    ]});
    let book = PriceBook::shipped().with_own(&own.to_string()).expect("in the form of the catalogue");
    let keys = Keys::new(HashMap::new(), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book }, &keys);
    let options = Options { clock: Arc::clone(&clock) as _, providers, keys, ..Options::default().without_workers() };
    let story = Story { platform: platform::start(options).await, clock };
    let fired = async |story: &Story| {
        let mut fired: Vec<String> = story.alerts().await.firing.iter().map(|alert| format!("{:?}: {}", alert.severity, alert.words())).collect();
        fired.sort();
        fired
    };
    story.look_after(0).await;
    assert!(fired(&story).await.is_empty(), "nothing of it is in use");
    let revision = story.platform.client.config().await.expect("config").revision;
    let chain = SetFallbacks { fallbacks: vec![Fallback::usual("ollama/gemma4")] };
    story.platform.client.set_fallbacks(revision, &chain).await.expect("set");
    story.look_after(0).await;
    assert_eq!(fired(&story).await, ["Warning: ollama/gemma4 ends in 51 days"]);
    story.clock.advance(TimeDelta::days(40));
    story.look_after(0).await;
    assert_eq!(fired(&story).await, ["Critical: ollama/gemma4 ends in 11 days", "Warning: ollama/gemma4 ends in 51 days"]);
    // No longer in use, no longer a matter.
    story.platform.client.undo_config().await.expect("undone");
    story.look_after(0).await;
    assert!(fired(&story).await.is_empty());
}

#[tokio::test]
async fn who_takes_an_alert_on_while_it_is_looked_at_stays_named() {
    let story = story().await;
    story.set(depth(5.0, 0)).await;
    story.platform.add(8, true).await;
    assert_eq!(story.look_after(0).await, 1);
    story.leave(0).await;
    assert_eq!(story.look_after(0).await, 0, "clear only just now");
    story.clock.advance(TimeDelta::minutes(2));
    // Somebody's acknowledgement is being written while the look begins, which resolves the alert.
    let core = Arc::clone(story.platform.host.core());
    let mut tx = core.db.begin().await.expect("a transaction");
    let look = tokio::spawn(async move { alerts::look(&core).await });
    // Time to read what fires, should it read before it may write.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let taken_on = "UPDATE alerts SET acknowledged_at_ms = 1, acknowledged_by = 'Ada'";
    sqlx::query(taken_on).execute(&mut *tx).await.expect("done");
    tx.commit().await.expect("kept");
    assert_eq!(look.await.expect("a look").expect("looked"), 1);
    let resolved = story.platform.client.alert_history(None).await.expect("history").items.remove(0);
    assert_eq!(resolved.acknowledged.map(|by| by.by).as_deref(), Some("Ada"));
}

#[tokio::test]
async fn the_gravest_stand_first_and_of_those_the_newest() {
    let story = story().await;
    let rule = |threshold, severity| AlertRule { metric: AlertMetric::QueueDepth, threshold, for_minutes: 0, severity, is_enabled: true };
    let rules = [("a", rule(1.0, Severity::Critical)), ("b", rule(2.0, Severity::Warning)), ("c", rule(5.0, Severity::Critical))];
    story.set(rules.map(|(name, rule)| (name.to_owned(), rule)).into()).await;
    story.platform.add(4, true).await;
    assert_eq!(story.look_after(0).await, 2);
    let files = (100..104).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    story.platform.client.add_photos(files, true).await.expect("added");
    assert_eq!(story.look_after(1).await, 1);
    let order: Vec<String> = story.alerts().await.firing.into_iter().map(|alert| alert.rule).collect();
    assert_eq!(order, ["c", "a", "b"]);
}
