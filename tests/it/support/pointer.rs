//! Clicks that hit. What comes from the platform moves what is on screen between one frame and the next; a click that
//! is aimed at where a widget was a moment ago goes beside it, on a busy machine more often.

use std::time::{Duration, Instant};

use egui::{Event, Modifiers, PointerButton, Pos2, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// For how long a widget may go on moving.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clicks the one widget with this name.
#[track_caller]
pub fn click_label<S>(harness: &mut Harness<'_, S>, label: &str) {
    click(harness, |harness| harness.query_by_label(label).map(|node| node.rect()));
}

/// Clicks the one widget whose name has this in it.
#[track_caller]
pub fn click_label_contains<S>(harness: &mut Harness<'_, S>, part: &str) {
    click(harness, |harness| harness.query_by_label_contains(part).map(|node| node.rect()));
}

/// Clicks what `find` finds: once it is at rest under the pointer, and once more should it move under the pressed button.
#[track_caller]
pub fn click<S>(harness: &mut Harness<'_, S>, find: impl Fn(&Harness<'_, S>) -> Option<Rect>) {
    click_with(harness, Modifiers::NONE, find);
}

/// The same with a key held.
#[track_caller]
pub fn click_with<S>(harness: &mut Harness<'_, S>, modifiers: Modifiers, find: impl Fn(&Harness<'_, S>) -> Option<Rect>) {
    let pos = press_with(harness, modifiers, find);
    button(harness, pos, modifiers, false);
    harness.run_steps(3);
}

/// Presses the button on the one widget with this name and holds it there, for what happens when [`release`] lets it go.
#[track_caller]
pub fn press_label<S>(harness: &mut Harness<'_, S>, label: &str) -> Pos2 {
    press_with(harness, Modifiers::NONE, |harness| harness.query_by_label(label).map(|node| node.rect()))
}

/// Lets the button go in the next frame.
pub fn release<S>(harness: &Harness<'_, S>, pos: Pos2) {
    button(harness, pos, Modifiers::NONE, false);
}

#[track_caller]
fn press_with<S>(harness: &mut Harness<'_, S>, modifiers: Modifiers, find: impl Fn(&Harness<'_, S>) -> Option<Rect>) -> Pos2 {
    let deadline = Instant::now() + PATIENCE;
    // It may still be on its way, such as a message that comes with an answer, or be drawn anew after one.
    let find = |harness: &mut Harness<'_, S>| {
        loop {
            match find(harness) {
                Some(place) => return place,
                None => assert!(Instant::now() < deadline, "what is to be clicked is on screen"),
            }
            std::thread::sleep(Duration::from_millis(5));
            harness.step();
        }
    };
    loop {
        let place = at_rest(harness, find, deadline);
        let pos = place.center();
        // What the pointer is over may show more of itself, and move.
        harness.event(Event::PointerMoved(pos));
        harness.run_steps(2);
        if find(harness) != place && Instant::now() < deadline {
            continue;
        }
        button(harness, pos, modifiers, true);
        harness.step();
        if find(harness) == place || Instant::now() > deadline {
            return pos;
        }
        // Let go far away, where that is no click.
        let nowhere = Pos2::new(-100.0, -100.0);
        harness.event(Event::PointerMoved(nowhere));
        button(harness, nowhere, modifiers, false);
        harness.step();
    }
}

/// Where it is, once that is the same in frames some time apart.
#[track_caller]
fn at_rest<S>(harness: &mut Harness<'_, S>, find: impl Fn(&mut Harness<'_, S>) -> Rect, deadline: Instant) -> Rect {
    let mut before = find(harness);
    loop {
        std::thread::sleep(Duration::from_millis(30));
        harness.run_steps(4);
        let now = find(harness);
        if now == before || Instant::now() > deadline {
            return now;
        }
        before = now;
    }
}

fn button<S>(harness: &Harness<'_, S>, pos: Pos2, modifiers: Modifiers, pressed: bool) {
    let event = Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
    if modifiers.is_none() {
        harness.event(event);
    } else {
        harness.event_modifiers(event, modifiers);
    }
}
