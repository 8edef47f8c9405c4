//! A text with all that was done to it: what the editor edits, what undo goes back through, and what a journal writes down.

use std::ops::{Deref, Range};

use egui::TextBuffer;
use egui::text::{ByteIndex, CharIndex};
use serde::{Deserialize, Serialize};

use super::history::{Delta, History, Selection};

/// After a pause of so many seconds typing begins a new step.
const PAUSE_SECS: f64 = 1.5;
/// Bytes of earlier texts that are looked through for one of them.
const MOST_READ_BACK: usize = 64 << 20;

/// One thing that was done, as a journal keeps it. Doing the same to the same text again gives the same text and history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keystroke {
    #[serde(rename = "e")]
    Edit {
        #[serde(flatten)]
        delta: Delta,
        /// What was selected before it.
        #[serde(rename = "b")]
        before: Selection,
        /// It belongs to the step before it.
        #[serde(rename = "j", default, skip_serializing_if = "std::ops::Not::not")]
        joins: bool,
        /// It was made together with steps of other texts.
        #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
        group: Option<u64>,
    },
    #[serde(rename = "u")]
    Undo,
    #[serde(rename = "r")]
    Redo,
    #[serde(rename = "c")]
    Cursor(Selection),
}

/// A whole state, to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub text: String,
    pub cursor: Selection,
    pub history: History,
}

/// How the last edit was made, to tell whether the next one goes on with it.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// Seconds, by the window's clock.
    at: f64,
    /// Bytes: where it was, and where what was put in ends.
    start: usize,
    end: usize,
    is_removal: bool,
    /// Edits of one frame.
    round: u64,
    /// Part of a word that an input method is still composing.
    is_composed: bool,
}

/// A text that is edited.
#[derive(Debug, Default)]
pub struct TypedText {
    text: String,
    history: History,
    cursor: Selection,
    last: Option<Last>,
    round: u64,
    version: u64,
    keystrokes: Vec<Keystroke>,
    /// Which field of a form over this text was changed last, which version that made, and when.
    last_field: Option<(u64, u64, f64)>,
    /// The cursor was moved by other means than the editor, which has to follow.
    moved: bool,
    /// The step that was just taken back or done again is one of several texts.
    went: Option<Went>,
}

/// A step of several texts that was taken back, or done again, in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Went {
    group: u64,
    is_back: bool,
}

impl Deref for TypedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl TypedText {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Goes on from a state that was kept.
    #[must_use]
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        Self { text: snapshot.text, history: snapshot.history, cursor: snapshot.cursor, moved: true, ..Self::default() }
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { text: self.text.clone(), cursor: self.cursor, history: self.history.clone() }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn cursor(&self) -> Selection {
        self.cursor
    }

    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Another number whenever the text has changed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What was done since this was asked last, oldest first.
    pub fn take_keystrokes(&mut self) -> Vec<Keystroke> {
        std::mem::take(&mut self.keystrokes)
    }

    /// Does again what a journal holds. Returns whether it fitted; if not, nothing was done.
    pub fn replay(&mut self, keystroke: &Keystroke) -> bool {
        self.moved = true;
        self.version += 1;
        match keystroke {
            Keystroke::Edit { delta, before, joins, group } => {
                if !delta.apply(&mut self.text) {
                    return false;
                }
                self.cursor = Selection::at(letter_of(&self.text, delta.at + delta.inserted.len()));
                self.history.push_of(*group, delta.clone(), *before, *joins);
            }
            Keystroke::Undo => match self.history.undo(&mut self.text) {
                Some(cursor) => self.cursor = cursor,
                None => return false,
            },
            Keystroke::Redo => match self.history.redo(&mut self.text) {
                Some(cursor) => self.cursor = cursor,
                None => return false,
            },
            Keystroke::Cursor(cursor) => self.cursor = *cursor,
        }
        true
    }

    /// Replaces the whole text as one step.
    pub fn replace(&mut self, new: &str) {
        if let Some(Delta { at, removed, inserted }) = Delta::between(&self.text, new) {
            self.change(vec![(at..at + removed.len(), inserted)], None);
        }
    }

    /// Replaces the whole text by what a form over it makes of it: a step that goes on with the one before where that was made in
    /// the same field, without a pause. `field`: none for what is done at once. `now`: seconds, by the window's clock.
    pub fn replace_in(&mut self, new: &str, field: Option<u64>, now: f64) {
        let goes_on = |(last, version, at): (u64, u64, f64)| Some(last) == field && version == self.version && now - at < PAUSE_SECS;
        let joins = self.last_field.is_some_and(goes_on);
        if let Some(delta) = Delta::between(&self.text, new) {
            self.last = None;
            self.do_edit(delta, self.cursor, joins, None);
        }
        self.last_field = field.map(|field| (field, self.version, now));
    }

    /// Replaces pieces, in bytes and in order, as one step; what is selected behind it is given, or is the end of the last piece.
    pub fn change(&mut self, pieces: Vec<(Range<usize>, String)>, selection: Option<Selection>) {
        let before = self.cursor;
        self.last = None;
        let mut end: Option<usize> = None;
        // From the end, so that what comes before keeps its place.
        for (range, inserted) in pieces.into_iter().rev() {
            let Some(removed) = self.text.get(range.clone()) else { continue };
            if removed == inserted {
                continue;
            }
            let (taken, put) = (removed.chars().count(), inserted.chars().count());
            let delta = Delta { at: range.start, removed: removed.to_owned(), inserted };
            self.do_edit(delta, before, end.is_some(), None);
            end = Some(end.map_or(self.cursor.head, |end| end + put - taken));
        }
        if let Some(selection) = selection.or(end.map(Selection::at)) {
            self.select(selection);
        }
    }

    /// Moves the cursor; the editor follows and shows it.
    pub fn select(&mut self, selection: Selection) {
        self.cursor = selection;
        self.keystrokes.push(Keystroke::Cursor(selection));
        self.moved = true;
    }

    /// Selects a piece, in bytes; the editor shows it.
    pub fn select_bytes(&mut self, range: &Range<usize>) {
        self.select(Selection { anchor: letter_of(&self.text, range.start), head: letter_of(&self.text, range.end) });
    }

    pub fn undo(&mut self) -> bool {
        let went = self.history.group_to_undo().map(|group| Went { group, is_back: true });
        let Some(cursor) = self.history.undo(&mut self.text) else { return false };
        self.went = went;
        self.went(Keystroke::Undo, cursor)
    }

    pub fn redo(&mut self) -> bool {
        let went = self.history.group_to_redo().map(|group| Went { group, is_back: false });
        let Some(cursor) = self.history.redo(&mut self.text) else { return false };
        self.went = went;
        self.went(Keystroke::Redo, cursor)
    }

    /// Replaces the whole text as one step, together with others.
    pub fn replace_with_others(&mut self, new: &str, group: u64) {
        if let Some(delta) = Delta::between(&self.text, new) {
            self.last = None;
            self.do_edit(delta, self.cursor, false, Some(group));
            self.select(self.cursor);
        }
    }

    /// The step of several texts that was just taken back or done again here; told once.
    pub fn take_went(&mut self) -> Option<Went> {
        self.went.take()
    }

    /// Goes along with a step of several texts that was taken back or done again in another one, where it is the next one here too.
    pub fn go_along(&mut self, Went { group, is_back }: Went) {
        if is_back && self.history.group_to_undo() == Some(group) {
            self.undo();
        } else if !is_back && self.history.group_to_redo() == Some(group) {
            self.redo();
        }
        self.went = None;
    }

    /// The newest of the earlier texts that is what is asked for; `None` where it is not remembered, or too far back to be looked for.
    #[must_use]
    pub fn earlier(&self, mut is_it: impl FnMut(&str) -> bool) -> Option<String> {
        let (mut history, mut text, mut read) = (self.history.clone(), self.text.clone(), 0);
        while read < MOST_READ_BACK {
            if is_it(&text) {
                return Some(text);
            }
            read += text.len();
            history.undo(&mut text)?;
        }
        None
    }

    fn went(&mut self, keystroke: Keystroke, cursor: Selection) -> bool {
        self.last = None;
        self.cursor = cursor;
        self.moved = true;
        self.version += 1;
        self.keystrokes.push(keystroke);
        true
    }

    /// Whether the editor has to put its cursor where this text's is; asked once.
    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Where the editor's cursor is after a frame.
    pub(super) fn follow_cursor(&mut self, cursor: Selection) {
        if cursor == self.cursor {
            return;
        }
        self.cursor = cursor;
        match self.keystrokes.last_mut() {
            Some(Keystroke::Cursor(last)) => *last = cursor,
            _ => self.keystrokes.push(Keystroke::Cursor(cursor)),
        }
    }

    /// For the time of one frame: what a text field does to the text is noted.
    pub(super) fn recorder(&mut self, now: f64, is_composed: bool) -> Recorder<'_> {
        self.round += 1;
        Recorder { before: Some(self.cursor), typed: self, now, is_composed }
    }

    fn do_edit(&mut self, delta: Delta, before: Selection, joins: bool, group: Option<u64>) {
        if delta.apply(&mut self.text) {
            self.version += 1;
            self.cursor = Selection::at(letter_of(&self.text, delta.at + delta.inserted.len()));
            self.history.push_of(group, delta.clone(), before, joins);
            self.keystrokes.push(Keystroke::Edit { delta, before, joins, group });
        }
    }

    /// Notes what a text field does, and tells what belongs together: the letters of a word, a run of deletions, what is typed over a
    /// selection, what an input method composes.
    fn type_in(&mut self, delta: Delta, before: Selection, now: f64, is_composed: bool) {
        let joins = self.last.is_some_and(|last| {
            let is_removal = delta.inserted.is_empty();
            let goes_on = if last.round == self.round && last.is_removal && delta.removed.is_empty() {
                // Typed over a selection: taken out and put in at once.
                delta.at == last.start
            } else if is_removal {
                last.is_removal && (delta.at == last.start || delta.at + delta.removed.len() == last.start)
            } else {
                delta.removed.is_empty() && !last.is_removal && delta.at == last.end && !begins_word(&self.text[..delta.at], &delta.inserted)
            };
            let is_prompt = now - last.at < PAUSE_SECS;
            (is_prompt && goes_on) || (last.is_composed && is_composed)
        });
        let (start, end) = (delta.at, delta.at + delta.inserted.len());
        self.last = Some(Last { at: now, start, end, is_removal: delta.inserted.is_empty(), round: self.round, is_composed });
        self.do_edit(delta, before, joins, None);
    }
}

/// Whether typing this behind that begins a new word, line or paste, which is a step of its own.
fn begins_word(before: &str, inserted: &str) -> bool {
    let mut letters = inserted.chars();
    let (Some(first), None) = (letters.next(), letters.next()) else { return true };
    first == '\n' || before.chars().next_back().is_some_and(|last| last == '\n' || (last.is_whitespace() && !first.is_whitespace()))
}

/// The text as a text field's buffer.
pub(super) struct Recorder<'t> {
    typed: &'t mut TypedText,
    /// What is selected at the beginning of the frame; `None` once something was done in it.
    before: Option<Selection>,
    now: f64,
    is_composed: bool,
}

impl TextBuffer for Recorder<'_> {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        &self.typed.text
    }

    fn insert_text(&mut self, text: &str, char_index: CharIndex) -> usize {
        if text.is_empty() {
            return 0;
        }
        // Windows' line ends would be letters of their own.
        let inserted = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
        let letters = inserted.chars().count();
        let at = byte_of(&self.typed.text, char_index.0);
        let delta = Delta { at, removed: String::new(), inserted };
        let before = self.before.take().unwrap_or(Selection::at(char_index.0));
        self.typed.type_in(delta, before, self.now, self.is_composed);
        letters
    }

    fn delete_char_range(&mut self, range: Range<CharIndex>) {
        let (start, end) = (byte_of(&self.typed.text, range.start.0), byte_of(&self.typed.text, range.end.0));
        let removed = self.typed.text.get(start..end).unwrap_or_default().to_owned();
        if !removed.is_empty() {
            let before = self.before.take().unwrap_or(Selection::at(range.end.0));
            self.typed.type_in(Delta { at: start, removed, inserted: String::new() }, before, self.now, self.is_composed);
        }
    }

    fn byte_index_from_char_index(&self, char_index: CharIndex) -> ByteIndex {
        ByteIndex(byte_of(&self.typed.text, char_index.0))
    }

    fn char_index_from_byte_index(&self, byte_index: ByteIndex) -> CharIndex {
        CharIndex(letter_of(&self.typed.text, byte_index.0))
    }

    fn replace_with(&mut self, text: &str) {
        self.typed.replace(text);
    }

    fn type_id(&self) -> std::any::TypeId {
        std::any::TypeId::of::<Recorder<'static>>()
    }
}

/// The byte at which a letter begins; the end of the text where there are not so many.
#[must_use]
pub fn byte_of(text: &str, letter: usize) -> usize {
    let Some(before) = letter.checked_sub(1) else { return 0 };
    // Letters are skipped many at a time, unlike with their indices.
    let mut letters = text.chars();
    if letters.nth(before).is_none() { text.len() } else { text.len() - letters.as_str().len() }
}

/// How many letters stand before a byte.
#[must_use]
pub fn letter_of(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or_else(|| text.chars().count(), |before| before.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types letter by letter, a frame each.
    fn type_letters(typed: &mut TypedText, letters: &str, now: &mut f64) {
        for letter in letters.chars() {
            *now += 0.1;
            let at = typed.cursor.head;
            typed.recorder(*now, false).insert_text(&letter.to_string(), CharIndex(at));
            typed.follow_cursor(Selection::at(at + 1));
        }
    }

    fn undone(typed: &mut TypedText) -> Vec<String> {
        let mut texts = Vec::new();
        while typed.undo() {
            texts.push(typed.to_string());
        }
        texts
    }

    #[test]
    fn a_word_is_a_step_and_so_is_what_comes_after_a_pause() {
        let (mut typed, mut now) = (TypedText::default(), 0.0);
        type_letters(&mut typed, "one two\nthree", &mut now);
        now += PAUSE_SECS;
        type_letters(&mut typed, "!", &mut now);
        assert_eq!(undone(&mut typed), ["one two\nthree", "one two\n", "one two", "one ", ""]);
        while typed.redo() {}
        assert_eq!((typed.as_str(), typed.cursor()), ("one two\nthree!", Selection::at(14)));
    }

    #[test]
    fn what_is_typed_over_a_selection_is_taken_back_with_it_and_deletions_run_together() {
        let (mut typed, mut now) = (TypedText::new("a cat sat"), 0.0);
        typed.follow_cursor(Selection { anchor: 2, head: 5 });
        let mut recorder = typed.recorder(now, false);
        recorder.delete_char_range(CharIndex(2)..CharIndex(5));
        recorder.insert_text("d", CharIndex(2));
        typed.follow_cursor(Selection::at(3));
        type_letters(&mut typed, "og", &mut now);
        assert_eq!(typed.as_str(), "a dog sat");
        assert!(typed.undo());
        assert_eq!((typed.as_str(), typed.cursor()), ("a cat sat", Selection { anchor: 2, head: 5 }));
        for at in (6..9).rev() {
            now += 0.05;
            typed.recorder(now, false).delete_char_range(CharIndex(at)..CharIndex(at + 1));
        }
        assert_eq!(typed.as_str(), "a cat ");
        assert_eq!(undone(&mut typed), ["a cat sat"]);
    }

    #[test]
    fn what_an_input_method_composes_is_one_step() {
        let (mut typed, now) = (TypedText::default(), 0.0);
        for (old, new) in [("", "k"), ("k", "か"), ("か", "かn"), ("かn", "感")] {
            let mut recorder = typed.recorder(now, true);
            recorder.delete_char_range(CharIndex(0)..CharIndex(old.chars().count()));
            recorder.insert_text(new, CharIndex(0));
        }
        assert_eq!(typed.as_str(), "感");
        assert_eq!(undone(&mut typed), [""]);
    }

    #[test]
    fn many_replacements_are_one_step_and_select_what_they_are_told() {
        let mut typed = TypedText::new("é-é-é");
        typed.change(vec![(0..2, "eh".to_owned()), (3..5, "e".to_owned()), (6..8, String::new())], Some(Selection { anchor: 0, head: 2 }));
        assert_eq!((typed.as_str(), typed.cursor()), ("eh-e-", Selection { anchor: 0, head: 2 }));
        assert_eq!(undone(&mut typed), ["é-é-é"]);
        typed.replace("another");
        assert_eq!(undone(&mut typed), ["é-é-é"]);
    }

    #[test]
    fn what_is_typed_into_one_field_of_a_form_is_one_step_until_a_pause_or_another_field() {
        let mut typed = TypedText::new("{}");
        let (name, value) = (Some(1), Some(2));
        for (text, field, now) in [("{a}", name, 0.0), ("{ab}", name, 0.2), ("{ab:1}", value, 0.4), ("{ab:12}", value, 0.6), ("{ab:123}", value, 9.0)]
        {
            typed.replace_in(text, field, now);
        }
        assert_eq!(undone(&mut typed), ["{ab:12}", "{ab}", "{}"]);
        // What was taken back is no step to go on with.
        typed.redo();
        typed.replace_in("{abc}", name, 0.3);
        assert_eq!(undone(&mut typed), ["{ab}", "{}"]);
        typed.replace_in("{+}", None, 0.4);
        typed.replace_in("{++}", None, 0.4);
        assert_eq!(undone(&mut typed), ["{+}", "{}"], "what is done at once is a step each");
    }

    #[test]
    fn words_of_one_frame_are_taken_back_to_where_each_began() {
        let mut typed = TypedText::new("say ");
        typed.follow_cursor(Selection::at(4));
        let mut recorder = typed.recorder(0.0, false);
        for (at, letter) in "one two".chars().enumerate() {
            recorder.insert_text(&letter.to_string(), CharIndex(4 + at));
        }
        assert!(typed.undo());
        assert_eq!((typed.as_str(), typed.cursor()), ("say one ", Selection::at(8)));
        assert!(typed.undo());
        assert_eq!((typed.as_str(), typed.cursor()), ("say ", Selection::at(4)));
    }

    #[test]
    fn windows_line_ends_are_line_ends() {
        let mut typed = TypedText::default();
        assert_eq!(typed.recorder(0.0, false).insert_text("a\r\nb\rc", CharIndex(0)), 5);
        assert_eq!(typed.as_str(), "a\nb\nc");
    }

    proptest::proptest! {
        /// What is replayed from a journal is the same text, the same cursor and the same history.
        #[test]
        fn replaying_all_that_was_done_gives_the_same(
            acts in proptest::collection::vec((0..9u8, 0..20usize, "[aé \n]{1,3}", 0.0..2.0f64), 0..60)
        ) {
            let (mut typed, mut now) = (TypedText::new("begin é"), 0.0);
            let mut other = TypedText::from_snapshot(typed.snapshot());
            for (act, at, text, pause) in acts {
                now += pause;
                let letters = typed.chars().count();
                let at = at.min(letters);
                match act {
                    0 => { typed.undo(); }
                    1 => { typed.redo(); }
                    2 => typed.follow_cursor(Selection { anchor: at, head: letters }),
                    3 => typed.recorder(now, false).delete_char_range(CharIndex(at)..CharIndex((at + 2).min(letters))),
                    4 => typed.replace(&text),
                    5 => typed.select(Selection::at(at)),
                    _ => {
                        typed.recorder(now, act == 6).insert_text(&text, CharIndex(at));
                        typed.follow_cursor(Selection::at(at + text.chars().count()));
                    }
                }
                for keystroke in typed.take_keystrokes() {
                    proptest::prop_assert!(other.replay(&keystroke));
                }
            }
            proptest::prop_assert_eq!(other.snapshot(), typed.snapshot());
        }
    }
}
