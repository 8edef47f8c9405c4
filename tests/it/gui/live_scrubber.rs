//! Live status: a moment in the past is chosen on the strip, and cards, jobs, plots and health show it.

use std::sync::Arc;

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{Command, LiveView, Route};
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::result::{Fault, FaultKind};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, jpeg, until};
use crate::support::scripted::{Act, Scripted};

/// 50 minutes ago the platform began and did four photos, of which one failed; half an hour ago it was paused and three
/// more came, which still wait.
fn console(look: Look) -> Console {
    let scripted = Scripted::new();
    // Just after the full minute, so that the next look at the queue is far.
    let clock = TestClock::at(fixed_now() - TimeDelta::seconds(50 * 60 + 52));
    let options = Options { clock: Arc::clone(&clock) as _, ..Options::with_providers(vec![scripted.clone()]) };
    let console = Console::open_looking(options, look);
    let client = console.client();
    let add = |name: &str, seed: u8| {
        console.block_on(client.add_photos(vec![(name.to_owned(), jpeg(64, 48, seed))], true)).expect("added");
    };
    console.block_on(client.check_health()).expect("checked");
    let done = |completed: u64, failed: u64| {
        console.block_on(until("they are done", || async {
            let status = client.live_status().await.expect("status");
            ((status.completed_today, status.failed_total) == (completed, failed)).then_some(())
        }));
    };
    for (n, name) in ["early.jpg", "dawn.jpg"].into_iter().enumerate() {
        add(name, n as u8);
        done(n as u64 + 1, 0);
    }
    clock.advance(TimeDelta::minutes(8));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadRequest, "The provider took no photo of this kind")));
    add("odd.jpg", 2);
    done(2, 1);
    add("morning.jpg", 3);
    done(3, 1);
    clock.advance(TimeDelta::minutes(12));
    console.block_on(client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused })).expect("paused");
    for (n, name) in ["late_1.jpg", "late_2.jpg", "late_3.jpg"].into_iter().enumerate() {
        add(name, 4 + n as u8);
    }
    clock.advance(TimeDelta::minutes(30));
    console
}

#[test]
fn a_moment_in_the_past_is_walked_to_seen_and_left_by_keyboard() {
    let mut console = console(Look::default());
    console.wait_for("Pending: 3");
    console.click("Look back");
    console.wait_for("Drag along the strip");
    let leap = |console: &mut Console, key: Key, times: usize| {
        for _ in 0..times {
            console.press(Modifiers::SHIFT, key);
        }
    };
    leap(&mut console, Key::ArrowLeft, 4);
    console.wait_for("40 min ago");
    console.wait_for("pipeline running");
    console.wait_for("Pending: 0");
    console.wait_for("Done today: 3");
    console.wait_for("Completed 3");
    console.wait_for("Cancelled 0");
    console.wait_until("the jobs of then", |console| console.says("morning.jpg") && !console.says("late_1.jpg"));
    assert!(console.harness.query_by_label("Pause").is_none(), "nothing can be done to the past");
    // Before the third photo came.
    console.press(Modifiers::NONE, Key::ArrowLeft);
    console.press(Modifiers::NONE, Key::ArrowLeft);
    console.press(Modifiers::NONE, Key::ArrowLeft);
    console.wait_for("43 min ago");
    console.wait_for("Done today: 2");
    console.wait_until("the jobs of then", |console| console.says("dawn.jpg") && !console.says("odd.jpg"));
    console.wait_for("Failed: 0");
    // What is not recorded says so; what is follows.
    console.command(Command::GoTo(Route::Live(LiveView::Workers)));
    console.wait_for("As it is now: the past of this is not recorded");
    console.command(Command::GoTo(Route::Live(LiveView::Health)));
    console.wait_until("health of then", |console| console.says("Database") && !console.says("Check now"));
    console.command(Command::CheckHealth);
    console.wait_for("Checked: ");
    assert!(!console.says("Held by a person"), "what is now is not shown as what was then");
    console.command(Command::GoTo(Route::Live(LiveView::Plots)));
    console.wait_for("Queue depth");
    assert!(!console.says("As it is now"));
    console.command(Command::GoTo(Route::Live(LiveView::Jobs)));
    // Of a job only the present is known, and nothing is done to it from the past.
    let failed = JobQuery { state: Some(JobState::Failed), ..JobQuery::default() };
    let client = console.client();
    let odd = console.block_on(client.jobs(&failed)).expect("jobs").items.remove(0);
    console.command(Command::GoTo(Route::Job(odd.id)));
    console.wait_for("The provider took no photo of this kind");
    console.wait_for("As it is now: the past of this is not recorded");
    assert!(!console.says("Retry now"));
    console.click("Close the details");
    console.wait_until("the details are closed", |console| !console.says("As it is now"));
    // Where the platform began the past ends.
    console.click("Time strip: Sat 14 Mar, 08:43:53");
    console.press(Modifiers::NONE, Key::Home);
    console.wait_for("50 min ago, where the record begins, pipeline running");
    leap(&mut console, Key::ArrowLeft, 1);
    console.wait_for("50 min ago, where the record begins, pipeline running");
    console.wait_until("the jobs of then", |console| console.says("dawn.jpg") && !console.says("odd.jpg"));
    assert!(!console.says("There is no record before"));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Drag along the strip");
    console.wait_for("Pending: 3");
    console.wait_for("late_1.jpg");
    console.command(Command::GoTo(Route::Live(LiveView::Health)));
    console.wait_for("Held by a person");
    console.command(Command::LookBack);
    console.wait_until("the strip is gone", |console| !console.says("Drag along the strip"));
}

#[test]
fn a_moment_is_dragged_to_and_a_mark_leads_to_its_change() {
    let mut console = console(Look::default());
    console.command(Command::LookBack);
    console.wait_for("Time strip: live");
    console.wait_until("the bars have come", |console| console.says("Time strip: live"));
    let strip = console.harness.get_by_label("Time strip: live").rect();
    let at = |minutes_ago: f32| egui::pos2(strip.right() - strip.width() * (minutes_ago / 60.0), strip.center().y);
    console.harness.drag_at(at(5.0));
    console.steps();
    console.harness.hover_at(at(20.0));
    console.steps();
    console.wait_for("Pending: 3");
    console.wait_for("pipeline paused");
    console.harness.hover_at(at(45.0));
    console.steps();
    console.harness.drop_at(at(45.0));
    console.wait_for("Pending: 0");
    console.wait_for("Done today: 2");
    console.click("Back to live");
    console.wait_for("Time strip: live");
    console.wait_for("Done today: 3");
}

fn pictures(name: &str, look: Look) {
    let mut console = console(look);
    console.wait_for("Pending: 3");
    console.command(Command::LookBack);
    console.wait_for("Drag along the strip");
    for _ in 0..4 {
        console.press(Modifiers::SHIFT, Key::ArrowLeft);
    }
    console.wait_for("Pending: 0");
    console.wait_until("the jobs of then", |console| console.says("morning.jpg") && !console.says("late_1.jpg"));
    console.picture(&format!("live_look_back_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT, pictures_at_150_percent "150" ENLARGED);
