//! The keys that are the editor's own, taken before the text field sees them.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Id, Key, Modifiers, Ui};

use super::history::Selection;
use super::typed::TypedText;
use super::{indent, lines};

/// Undo, indentation, and what is done to whole lines.
pub fn take(ui: &Ui, text: &mut TypedText) {
    let key = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    // The longer ones first: Ctrl-Z would take Ctrl-Shift-Z too.
    while key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || key(Modifiers::COMMAND, Key::Y) {
        text.redo();
    }
    while key(Modifiers::COMMAND, Key::Z) {
        text.undo();
    }
    let selection = text.cursor();
    let change = if key(Modifiers::COMMAND, Key::Slash) {
        Some(lines::toggle_comment(text, selection))
    } else if key(Modifiers::COMMAND, Key::D) {
        Some(lines::duplicate(text, selection))
    } else if key(Modifiers::ALT, Key::ArrowUp) {
        lines::up(text, selection)
    } else if key(Modifiers::ALT, Key::ArrowDown) {
        lines::down(text, selection)
    } else {
        None
    };
    if let Some((pieces, selection)) = change {
        text.change(pieces, Some(selection));
    }
    let edited = if key(Modifiers::SHIFT, Key::Tab) {
        indent::less(text, text.cursor().sorted())
    } else if key(Modifiers::NONE, Key::Tab) {
        indent::more(text, text.cursor().sorted())
    } else {
        return;
    };
    text.replace(&edited.text);
    text.select(Selection { anchor: edited.selection.start, head: edited.selection.end });
}

/// Whether the search is asked for, and whether with replacing.
pub fn asks_to_find(ui: &Ui) -> Option<bool> {
    let key = |key| ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
    // Ctrl-Shift-F searches photos.
    if ui.input(|input| input.modifiers.shift) {
        return None;
    }
    if key(Key::F) { Some(false) } else { key(Key::H).then_some(true) }
}

/// Puts the text field's cursor somewhere.
pub fn put_cursor(ui: &Ui, id: Id, selection: Selection) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(selection.anchor), CCursor::new(selection.head))));
    state.store(ui.ctx(), id);
}
