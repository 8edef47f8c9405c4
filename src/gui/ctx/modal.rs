//! Dialogs, and who hears the keys and sees the pointer while one is open: the dialog alone.
//!
//! The shell takes keys and pointer out of a frame's input before it draws what lies beneath ([`withhold`]) and puts them back after
//! it ([`give_back`]); a dialog that is drawn in between gets them for as long as it is drawn ([`show`]). So nothing beneath a dialog
//! has to ask whether one is open, and no tooltip of what the pointer rests on stays above it.

use egui::{Context, Event, Frame, Id, Modal, PointerState, Ui};

use crate::gui::theme;

/// A dialog as it was drawn.
pub struct Shown<R> {
    pub inner: R,
    /// It is to be closed: Escape, a click beside it, or `ui.close()` in it.
    pub closes: bool,
}

/// Draws a dialog; every dialog of an area is drawn with this.
pub fn show<R>(egui: &Context, modal: Modal, content: impl FnOnce(&mut Ui) -> R) -> Shown<R> {
    let mut had_keys = false;
    // The usual frame of popups is a menu's, with hardly a margin.
    let frame = Frame::popup(&egui.global_style()).inner_margin(theme::GAP_16);
    let shown = modal.frame(frame).show(egui, |ui| {
        let is_on_top = egui.memory(egui::Memory::top_modal_layer) == Some(ui.layer_id());
        had_keys = is_on_top && put_back(egui);
        content(ui)
    });
    let closes = shown.should_close();
    if had_keys {
        withhold(egui);
    }
    Shown { inner: shown.inner, closes }
}

/// Whether a dialog or the palette lies over the rest of the window.
#[must_use]
pub fn is_open(egui: &Context) -> bool {
    egui.memory(egui::Memory::top_modal_layer).is_some()
}

/// What had the keyboard before a dialog came.
#[derive(Clone, Copy, Default)]
struct Before {
    focused: Option<Id>,
    was_open: bool,
}

/// Gives the keyboard back to what had it before a dialog that is closed now, unless something else has taken it. Once a frame.
pub fn follow_focus(egui: &Context) {
    let place = Id::unique("keyboard before a dialog");
    let before: Before = egui.data(|data| data.get_temp(place)).unwrap_or_default();
    let is_open = is_open(egui);
    let focused = egui.memory(egui::Memory::focused);
    let mut now = Before { was_open: is_open, ..before };
    if before.was_open && !is_open && focused.is_none() {
        if let Some(id) = before.focused {
            egui.memory_mut(|memory| memory.request_focus(id));
        }
    } else if !is_open {
        now.focused = focused;
    }
    egui.data_mut(|data| data.insert_temp(place, now));
}

/// What is kept of a frame's input for a dialog.
#[derive(Clone, Default)]
struct Held {
    keys: Vec<Event>,
    pointer: PointerState,
}

/// While a dialog is open, takes keys and pointer out of this frame's input.
pub fn withhold(egui: &Context) {
    if !is_open(egui) {
        return;
    }
    let held = egui.input_mut(|input| Held {
        keys: input.events.extract_if(.., |event| is_of_keyboard(event)).collect(),
        pointer: std::mem::take(&mut input.pointer),
    });
    egui.data_mut(|data| data.insert_temp(place(), held));
}

/// Puts back what was taken out.
pub fn give_back(egui: &Context) {
    put_back(egui);
}

/// The same; returns whether anything was taken out.
fn put_back(egui: &Context) -> bool {
    let Some(Held { keys, pointer }) = egui.data_mut(|data| data.remove_temp::<Held>(place())) else { return false };
    egui.input_mut(|input| {
        input.pointer = pointer;
        drop(input.events.splice(0..0, keys));
    });
    true
}

fn place() -> Id {
    Id::unique("input withheld for a dialog")
}

fn is_of_keyboard(event: &Event) -> bool {
    matches!(event, Event::Key { .. } | Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_) | Event::PasteImage(_) | Event::Ime(_))
}
