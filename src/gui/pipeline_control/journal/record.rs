//! How a journal lies in its file: a line per record, each with a checksum in front, the first one a whole state. What a crash tore off
//! at the end is dropped; what is damaged before that is told apart, so that nothing is guessed.

use serde::{Deserialize, Serialize};

use crate::gui::widgets::prompt_editor::typed::{Keystroke, Snapshot, TypedText};

/// Raised when an older program could not read what is written.
const VERSION: u32 = 1;
/// Hexadecimal digits of a checksum.
const CHECK_DIGITS: usize = 8;

/// What a text is known by without being written down once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(String);

impl Digest {
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(blake3::hash(text.as_bytes()).to_hex().as_str()[..32].to_owned())
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    #[serde(rename = "start")]
    Start {
        version: u32,
        #[serde(flatten)]
        snapshot: Snapshot,
        /// What the platform held last, and behind it what was sent since.
        known: Vec<Digest>,
    },
    #[serde(rename = "k")]
    Key(Keystroke),
    /// This text was sent to the platform; whether it arrived is not known yet.
    #[serde(rename = "sent")]
    Sent(Digest),
    /// The platform holds this text.
    #[serde(rename = "held")]
    Held(Digest),
}

impl Record {
    #[must_use]
    pub fn start(snapshot: Snapshot, known: Vec<Digest>) -> Self {
        Self::Start { version: VERSION, snapshot, known }
    }

    /// The record as it is written, with its line end.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        // Strings and numbers always have a JSON form; were there none, an empty line is skipped by the reader.
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut line = check(json.as_bytes()).into_bytes();
        line.push(b' ');
        line.extend(json.into_bytes());
        line.push(b'\n');
        line
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let (found, json) = line.split_at_checked(CHECK_DIGITS)?;
        let json = json.strip_prefix(b" ")?;
        if check(json).as_bytes() != found {
            return None;
        }
        serde_json::from_slice(json).ok()
    }
}

fn check(json: &[u8]) -> String {
    blake3::hash(json).to_hex().as_str()[..CHECK_DIGITS].to_owned()
}

/// Why a file could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Records are broken that others follow.
    Damaged,
    /// It was written by a newer program.
    Newer,
}

/// What a file holds.
#[derive(Debug)]
pub struct Reading {
    /// The state after the last good record; `None` where not even the first one is.
    pub typed: Option<TypedText>,
    pub known: Vec<Digest>,
    /// Bytes up to which the file is good.
    pub good_bytes: usize,
    pub fault: Option<Fault>,
}

/// Reads a whole file.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    let mut reading = Reading { typed: None, known: Vec::new(), good_bytes: 0, fault: None };
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = (&rest[..end], &rest[end + 1..]);
        if !take(&mut reading, line) {
            break;
        }
        reading.good_bytes = bytes.len() - behind.len();
        rest = behind;
    }
    let left = &bytes[reading.good_bytes..];
    // The first of them is what could not be taken in: torn off, where nothing whole follows.
    let goes_on = left.split(|byte| *byte == b'\n').skip(1).any(|line| Record::parse(line).is_some());
    if reading.fault.is_none() && (goes_on || (reading.typed.is_none() && !bytes.is_empty())) {
        reading.fault = Some(Fault::Damaged);
    }
    reading
}

/// Takes a line in; returns whether it could.
fn take(reading: &mut Reading, line: &[u8]) -> bool {
    match (Record::parse(line), &mut reading.typed) {
        (Some(Record::Start { version, .. }), _) if version > VERSION => {
            reading.fault = Some(Fault::Newer);
            false
        }
        (Some(Record::Start { snapshot, known, .. }), typed) => {
            *typed = Some(TypedText::from_snapshot(snapshot));
            reading.known = known;
            true
        }
        (Some(Record::Key(keystroke)), Some(typed)) => typed.replay(&keystroke),
        (Some(Record::Sent(digest)), Some(_)) => {
            reading.known.push(digest);
            true
        }
        (Some(Record::Held(digest)), Some(_)) => {
            reading.known = vec![digest];
            true
        }
        (_, None) | (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::widgets::prompt_editor::history::{Delta, Selection};

    fn typed(at: usize, inserted: &str) -> Record {
        let delta = Delta { at, removed: String::new(), inserted: inserted.to_owned() };
        Record::Key(Keystroke::Edit { delta, before: Selection::at(at), joins: false, group: None })
    }

    fn file(records: &[Record]) -> Vec<u8> {
        records.iter().flat_map(Record::line).collect()
    }

    fn start(text: &str) -> Record {
        Record::start(Snapshot { text: text.to_owned(), ..Snapshot::default() }, vec![Digest::of(text)])
    }

    fn text(reading: &Reading) -> Option<&str> {
        reading.typed.as_ref().map(TypedText::as_str)
    }

    #[test]
    fn what_was_written_is_read_with_its_history() {
        let records = [start("é"), typed(2, " b"), Record::Sent(Digest::of("é b")), typed(4, "c\n"), Record::Key(Keystroke::Undo)];
        let mut reading = read(&file(&records));
        assert_eq!((text(&reading), reading.fault), (Some("é b"), None));
        assert_eq!(reading.known, [Digest::of("é"), Digest::of("é b")]);
        let typed = reading.typed.as_mut().expect("a text");
        assert!(typed.redo() && typed.undo() && typed.undo() && !typed.undo());
        assert_eq!(typed.as_str(), "é");
    }

    #[test]
    fn what_the_platform_holds_makes_older_texts_unknown() {
        let records = [start("a"), typed(1, "b"), Record::Sent(Digest::of("ab")), Record::Held(Digest::of("ab"))];
        assert_eq!(read(&file(&records)).known, [Digest::of("ab")]);
    }

    #[test]
    fn a_record_that_is_broken_in_the_middle_is_damage_and_what_follows_is_not_guessed() {
        let mut bytes = file(&[start("a"), typed(1, "b"), typed(2, "c"), typed(3, "d")]);
        let second = file(&[start("a"), typed(1, "b")]).len() - 10;
        bytes[second] ^= 1;
        let reading = read(&bytes);
        assert_eq!((text(&reading), reading.fault), (Some("a"), Some(Fault::Damaged)));
        // A record that does not fit the text is as bad as a broken one.
        let reading = read(&file(&[start("a"), typed(9, "b"), typed(1, "c")]));
        assert_eq!((text(&reading), reading.fault), (Some("a"), Some(Fault::Damaged)));
        assert_eq!(read(b"not a journal\n").fault, Some(Fault::Damaged));
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let newer = Record::Start { version: VERSION + 1, snapshot: Snapshot::default(), known: Vec::new() };
        let reading = read(&file(&[newer]));
        assert_eq!((reading.typed.is_none(), reading.fault), (true, Some(Fault::Newer)));
    }

    proptest::proptest! {
        /// Wherever a crash tears the file off, every whole record before it is there and nothing else, and zeros behind it do no harm.
        #[test]
        fn a_torn_tail_loses_only_what_was_torn(letters in proptest::collection::vec("[a-zé\"\\\\\n]{1,4}", 1..20), torn in 0.0..1.0f64, zeros in 0..40usize) {
            let mut records = vec![start("")];
            let (mut whole, mut texts, mut lengths) = (String::new(), vec![String::new()], vec![records[0].line().len()]);
            for letter in &letters {
                records.push(typed(whole.len(), letter));
                whole.push_str(letter);
                texts.push(whole.clone());
                lengths.push(file(&records).len());
            }
            let mut bytes = file(&records);
            let at = lengths[0] + ((bytes.len() - lengths[0]) as f64 * torn) as usize;
            bytes.truncate(at);
            bytes.extend(std::iter::repeat_n(0, zeros));
            let kept = lengths.iter().rposition(|length| *length <= at).expect("the first is whole");
            let reading = read(&bytes);
            proptest::prop_assert_eq!(text(&reading), Some(texts[kept].as_str()));
            proptest::prop_assert_eq!((reading.fault, reading.good_bytes), (None, lengths[kept]));
        }

        /// Any bytes at all are read without a panic.
        #[test]
        fn rubbish_is_no_trouble(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read(&bytes);
        }
    }
}
