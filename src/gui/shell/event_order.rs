//! On a busy machine the input of a second may come in one frame, and egui looks at a frame's clicks and shortcuts before its text:
//! letters typed before a click would be lost, and Ctrl-Z would come before what was typed before it. So a frame gets only what
//! keeps its order in it; the rest comes in the frames after.

use std::collections::VecDeque;

use egui::{Context, Event, Key, Plugin, RawInput};

#[derive(Default)]
pub struct EventOrder {
    waiting: VecDeque<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Goes into a text in its order.
    Text,
    /// May be taken by whoever looks for it first.
    Command,
    Press,
}

impl Plugin for EventOrder {
    fn debug_name(&self) -> &'static str {
        "event order"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        self.waiting.extend(input.events.drain(..));
        input.events = self.next();
        if !self.waiting.is_empty() {
            ctx.request_repaint();
        }
    }
}

impl EventOrder {
    /// The events of this frame.
    fn next(&mut self) -> Vec<Event> {
        let (mut before, mut held) = (None, None);
        let end = self.waiting.iter().position(|event| {
            if let Event::Key { key, pressed, modifiers, .. } = event {
                let this = pressed.then_some((*key, *modifiers));
                let repeats = this.is_some() && this == held;
                if *pressed || held.is_some_and(|(held, _)| held == *key) {
                    held = this;
                }
                // A key that is held down repeats itself: frames that are slower than it must not fall behind.
                if repeats {
                    return false;
                }
            }
            let Some(kind) = kind(event) else { return false };
            let parts = before.is_some_and(|before| before != kind || kind == Kind::Command);
            before = Some(kind);
            parts
        });
        self.waiting.drain(..end.unwrap_or(self.waiting.len())).collect()
    }
}

/// `None`: what may come together with everything.
fn kind(event: &Event) -> Option<Kind> {
    match event {
        Event::Text(_) | Event::Ime(_) | Event::Paste(_) | Event::Copy | Event::Cut => Some(Kind::Text),
        Event::Key { key, pressed: true, modifiers, .. } => {
            let is_command = modifiers.command || modifiers.ctrl || modifiers.alt || is_own(*key);
            Some(if is_command { Kind::Command } else { Kind::Text })
        }
        Event::PointerButton { pressed: true, .. } => Some(Kind::Press),
        _ => None,
    }
}

/// Whether a key does something without writing anything.
fn is_own(key: Key) -> bool {
    let moves = [Key::ArrowUp, Key::ArrowDown, Key::ArrowLeft, Key::ArrowRight, Key::Home, Key::End, Key::PageUp, Key::PageDown];
    let acts = [Key::Enter, Key::Tab, Key::Escape, Key::Delete, Key::Backspace];
    moves.contains(&key) || acts.contains(&key) || (Key::F1..=Key::F35).contains(&key)
}

#[cfg(test)]
mod tests {
    use egui::{Modifiers, PointerButton, pos2};

    use super::*;

    fn key(key: Key, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    fn released(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: false, repeat: false, modifiers: Modifiers::NONE }
    }

    fn typed(letter: &str) -> Vec<Event> {
        vec![key(Key::from_name(&letter.to_uppercase()).expect("a key"), Modifiers::NONE), Event::Text(letter.to_owned())]
    }

    fn press(pressed: bool) -> Event {
        Event::PointerButton { pos: pos2(1.0, 1.0), button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
    }

    fn frames(events: Vec<Event>) -> Vec<usize> {
        let mut order = EventOrder { waiting: events.into() };
        let mut counts = Vec::new();
        while !order.waiting.is_empty() {
            counts.push(order.next().len());
        }
        counts
    }

    #[test]
    fn letters_come_before_the_click_that_followed_them_and_a_word_comes_at_once() {
        let events: Vec<Event> = [typed("a"), typed("b"), vec![Event::PointerMoved(pos2(1.0, 1.0)), press(true), press(false)], typed("c")].concat();
        assert_eq!(frames(events), [5, 2, 2]);
    }

    #[test]
    fn every_shortcut_has_a_frame_of_its_own() {
        let (undo, tab) = (key(Key::Z, Modifiers::COMMAND), key(Key::Tab, Modifiers::NONE));
        let events = [typed("a"), vec![undo.clone(), released(Key::Z), undo, tab], typed("x")].concat();
        assert_eq!(frames(events), [2, 2, 1, 1, 2]);
    }

    #[test]
    fn a_key_that_is_held_down_does_not_fall_behind() {
        let back = key(Key::Backspace, Modifiers::NONE);
        let events = [vec![back.clone(), back.clone(), back, press(true)], typed("x")].concat();
        assert_eq!(frames(events), [3, 1, 2]);
    }

    #[test]
    fn what_waits_comes_before_what_is_new() {
        let mut order = EventOrder::default();
        let ctx = Context::default();
        let mut input = RawInput { events: [typed("a"), vec![press(true)]].concat(), ..RawInput::default() };
        order.input_hook(&ctx, &mut input);
        assert_eq!(input.events, typed("a"));
        let mut input = RawInput { events: typed("b"), ..RawInput::default() };
        order.input_hook(&ctx, &mut input);
        assert_eq!(input.events, [press(true)]);
        let mut input = RawInput::default();
        order.input_hook(&ctx, &mut input);
        assert_eq!(input.events, typed("b"));
    }
}
