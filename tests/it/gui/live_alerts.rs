//! Live status: alerts, their rules and their past; and how the window as a whole tells of them.

use std::sync::Arc;

use chrono::TimeDelta;
use egui::Theme;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::platform::domain::{Clock as _, alerts};
use minerva_console::wire::alert::{AlertMetric, AlertRule, AlertRules, Severity};
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::AlertId;
use minerva_console::wire::job::{JobAction, JobState, JobsAction};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;
use crate::support::clock::TestClock;
use crate::support::console::{Console as WholeConsole, Look, fixed_now};
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::pointer::{self, click_label as click};
use crate::support::scripted::Scripted;

type Console = Harness<'static, AreaState<LiveStatus>>;

struct Story {
    console: Console,
    platform: TestPlatform,
    /// Dropped last: the platform runs on it.
    runtime: tokio::runtime::Runtime,
}

/// Two alerts fire, one of them acknowledged, and one is over.
fn story(window: Window) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock = TestClock::at(canned::now() - TimeDelta::minutes(40));
    let platform = runtime.block_on(async {
        let options = Options { clock: Arc::clone(&clock) as _, ..Options::with_providers(vec![Scripted::new()]).without_workers() };
        let platform = platform::start(options).await;
        let known = platform.client.alerts().await.expect("alerts");
        let mut rules = known.rules;
        let depth = rules.get_mut("queue_depth").expect("a rule");
        (depth.threshold, depth.for_minutes, depth.severity) = (3.0, 0, Severity::Critical);
        platform.client.set_alert_rules(known.revision, rules).await.expect("set");
        platform.add(5, true).await;
        look(&platform).await;
        let cancelled: Vec<_> = platform.jobs().await.into_iter().take(3).collect();
        let ids = cancelled.iter().map(|job| job.id).collect();
        platform.client.act_on_jobs(&JobsAction::on(JobAction::Cancel, ids)).await.expect("cancelled");
        for minutes in [3, 3, 26] {
            clock.advance(TimeDelta::minutes(minutes));
            look(&platform).await;
        }
        let waiting = platform.client.alerts().await.expect("alerts").firing[0].clone();
        platform.client.acknowledge_alert(waiting.id).await.expect("acknowledged");
        let again = cancelled.iter().map(|job| job.photo_id).collect();
        let queue = minerva_console::wire::job::EnqueueJobs { photo_ids: again, priority: 0 };
        platform.client.enqueue_jobs(&queue).await.expect("queued");
        clock.advance(TimeDelta::minutes(4));
        look(&platform).await;
        clock.advance(canned::now() - clock.now());
        platform
    });
    let mut console = area::show(LiveStatus::default(), &platform.client, &runtime, canned::now(), window);
    console.state_mut().go_to(Route::Live(LiveView::Alerts));
    wait_until(&mut console, "the alerts are there", |console| has(console, "Queue depth is 5 jobs, above 3 jobs"));
    Story { console, platform, runtime }
}

async fn look(platform: &TestPlatform) {
    alerts::look(platform.host.core()).await.expect("a look");
}

fn has(console: &Harness<'_, AreaState<LiveStatus>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn what_fires_is_taken_on_or_put_off_and_leads_to_its_number() {
    let mut story = story(Window::default());
    let console = &mut story.console;
    assert!(has(console, "A job has been waiting for 32 min, more than 30 min") && has(console, "acknowledged by you"));
    assert!(has(console, "lasted 6 min"), "what is over");
    pointer::click(console, |shown| shown.query_all_by_label("Show the waiting jobs").next().map(|node| node.rect()));
    console.run_steps(3);
    assert_eq!(console.state().sent, [Command::GoTo(Route::Jobs(Some(JobState::Pending)))]);
    wait_until(console, "the jobs", |console| has(console, "Queued"));
    console.state_mut().go_to(Route::Live(LiveView::Alerts));
    wait_until(console, "the alerts", |console| has(console, "above 3 jobs"));
    click(console, "Acknowledge");
    wait_until(console, "both are taken on", |console| !has(console, "Acknowledge"));
    let firing = story.runtime.block_on(story.platform.client.alerts()).expect("alerts").firing;
    assert!(firing.iter().all(|alert| alert.acknowledged.is_some()), "{firing:?}");
}

#[test]
fn a_rule_is_edited_where_it_stands_and_what_is_wrong_is_said_at_the_field() {
    let mut story = story(Window { size: [1280.0, 1100.0], ..Window::default() });
    let console = &mut story.console;
    click(console, "Edit error rate");
    console.get_by_label("Above").focus();
    console.run_steps(2);
    console.event(egui::Event::Text("0".to_owned()));
    wait_until(console, "the fault at the field", |console| has(console, "From 1 % to 100 %"));
    console.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    console.event(egui::Event::Text("35".to_owned()));
    wait_until(console, "no fault", |console| !has(console, "From 1 % to 100 %"));
    click(console, "Save rule");
    wait_until(console, "it is saved", |console| has(console, "Error rate above 35 % for 2 min") && !has(console, "Save rule"));
    let Some(Command::ShowToast(toast)) = console.state().sent.last().cloned() else { panic!("a toast") };
    assert_eq!(toast.text, "Alert: Error rate above 20 % for 2 min → Error rate above 35 % for 2 min");
    assert!(matches!(toast.action, Some((label, command)) if label == "Undo" && matches!(*command, Command::UndoThisConfigChange(_))));
    click(console, "Alert on mean confidence");
    let off = |story: &Story| !story.runtime.block_on(story.platform.client.alerts()).expect("alerts").rules["confidence"].is_enabled;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !off(&story) {
        assert!(std::time::Instant::now() < deadline, "the rule is not switched off");
        story.console.step();
    }
}

#[test]
fn a_second_rule_on_a_figure_is_added_and_removed() {
    let mut story = story(Window { size: [1280.0, 1100.0], ..Window::default() });
    let console = &mut story.console;
    click(console, "Add rule…");
    click(console, "Queue depth");
    console.get_by_label("Above").focus();
    console.run_steps(2);
    console.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    console.event(egui::Event::Text("9000".to_owned()));
    wait_until(console, "it can be added", |console| has(console, "Add rule"));
    click(console, "Add rule");
    wait_until(console, "it is added", |console| has(console, "Queue depth above 9,000 jobs for 10 min"));
    let rules = |story: &Story| story.runtime.block_on(story.platform.client.alerts()).expect("alerts").rules;
    assert_eq!(rules(&story)["queue_depth_2"].threshold, 9_000.0);
    click(&mut story.console, "Edit queue depth above 9,000 jobs for 10 min");
    click(&mut story.console, "Remove rule");
    wait_until(&mut story.console, "it is gone", |console| !has(console, "Queue depth above 9,000 jobs"));
    assert!(!rules(&story).contains_key("queue_depth_2") && rules(&story).contains_key("queue_depth"));
}

#[test]
fn two_people_edit_the_same_rule_and_nobodys_change_is_lost() {
    let clock = TestClock::at(fixed_now());
    let options = Options { clock: Arc::clone(&clock) as _, ..Options::default() }.without_workers();
    // So high that everything which is clicked is in sight.
    let mut console = WholeConsole::open_looking(options, Look { size: [1280.0, 1300.0], ..Look::default() });
    console.command(Command::GoTo(Route::Live(LiveView::Alerts)));
    console.wait_for("Error rate above 20 % for 2 min");
    let client = console.client();
    let others = |console: &WholeConsole, edit: &dyn Fn(&mut AlertRules)| {
        console.block_on(async {
            let known = client.alerts().await.expect("alerts");
            let mut rules = known.rules;
            edit(&mut rules);
            client.set_alert_rules(known.revision, rules).await.expect("set");
        });
    };
    let rule = |console: &WholeConsole| console.block_on(client.alerts()).expect("alerts").rules.get("error_rate").copied();
    console.click("Edit error rate");
    console.fill("Above", "35");
    console.fill("For", "7");
    others(&console, &|rules| {
        let rule = rules.get_mut("error_rate").expect("a rule");
        (rule.threshold, rule.severity, rule.is_enabled) = (50.0, Severity::Warning, false);
    });
    console.wait_for("The same fields of this rule were changed from another window meanwhile");
    assert!(console.says("Mine: 35") && console.says("Theirs: 50") && !console.says("Mine: 7"));
    console.click("Above, Mine: 35");
    console.wait_until("it can be saved", |console| !console.harness.get_by_label("Save rule").accesskit_node().is_disabled());
    console.click("Save rule");
    console.wait_until("both are in it", |console| {
        let expected = AlertRule { metric: AlertMetric::ErrorRate, threshold: 35.0, for_minutes: 7, severity: Severity::Warning, is_enabled: false };
        rule(console) == Some(expected)
    });

    // A rule that somebody removes while it is edited is not lost either.
    console.wait_for("Error rate above 35 % for 7 min");
    console.wait_until("the editor is closed", |console| !console.says("Save rule"));
    console.click("Edit error rate");
    console.fill("Above", "41");
    others(&console, &|rules| rules.retain(|name, _| name != "error_rate"));
    console.wait_for("Somebody else removed this rule meanwhile");
    console.click("Add rule");
    console.wait_until("it is there again", |console| rule(console).is_some_and(|rule| rule.threshold == 41.0));
}

#[test]
fn an_alert_is_told_anywhere_in_the_window_and_leads_to_itself() {
    let clock = TestClock::at(fixed_now());
    let mut console = WholeConsole::open(Options { clock: Arc::clone(&clock) as _, ..Options::default() }.without_workers());
    console.command(Command::GoTo(Route::Area(minerva_console::gui::ctx::AreaId::Analytics)));
    assert!(!console.says("1 alert"));
    let alert = minerva_console::wire::alert::Alert {
        id: AlertId::fresh(),
        rule: "queue_depth".to_owned(),
        metric: AlertMetric::QueueDepth,
        severity: Severity::Critical,
        subject: None,
        threshold: 1_000.0,
        value: 1_204.0,
        fired_at: fixed_now(),
        acknowledged: None,
        snoozed_until: None,
        resolved_at: None,
    };
    console.tell(Happened::AlertChanged(alert.clone()));
    console.wait_for("Critical: Queue depth is 1,204 jobs, above 1,000 jobs");
    assert!(console.says("1 alert"), "in the side panel");
    console.click("Show");
    console.wait_for("Nothing fires");
    console.command(Command::GoTo(Route::Area(minerva_console::gui::ctx::AreaId::Analytics)));
    let resolved_at = Some(fixed_now());
    console.tell(Happened::AlertChanged(minerva_console::wire::alert::Alert { resolved_at, ..alert.clone() }));
    console.wait_for("Resolved: Queue depth");
    assert!(!console.says("1 alert"));

    // What somebody has put off elsewhere is not left standing in the way.
    console.tell(Happened::AlertChanged(alert.clone()));
    console.wait_for("Critical: Queue depth is 1,204 jobs, above 1,000 jobs");
    let snoozed_until = Some(fixed_now() + chrono::TimeDelta::hours(1));
    console.tell(Happened::AlertChanged(minerva_console::wire::alert::Alert { snoozed_until, ..alert }));
    console.wait_until("the message is gone", |console| !console.says("Critical: Queue depth"));
}

#[test]
fn pictures_of_alerts() {
    let mut results = SnapshotResults::new();
    for (name, window) in [
        ("live_alerts_dark", Window { size: [1280.0, 860.0], ..Window::default() }),
        ("live_alerts_light", Window { size: [1280.0, 860.0], theme: Theme::Light, ..Window::default() }),
        ("live_alerts_small", Window { size: [900.0, 560.0], ..Window::default() }),
        ("live_alerts_150", Window { pixels_per_point: 1.5, ..Window::default() }),
    ] {
        let mut story = story(window);
        if name.ends_with("dark") {
            click(&mut story.console, "Edit queue depth");
        }
        story.console.remove_cursor();
        story.console.run_steps(8);
        story.console.snapshot(name);
        results.extend_harness(&mut story.console);
    }
}
