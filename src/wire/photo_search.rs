//! What is typed to find photos: words of their names, tags and captions.
//!
//! Words are joined by "and"; each is found at the beginning of a word. `"two words"` stand side by side, as they are;
//! `-word` leaves out what has it; `tag:`, `name:` and `caption:` look only there. Whatever else is typed is text: nothing
//! is wrong. The platform finds by it, the console marks by it what was found.

use std::ops::Range;

/// What was typed, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhotoSearch {
    pub terms: Vec<Term>,
}

/// One thing that must be there, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub negated: bool,
    /// Only there; anywhere where `None`.
    pub field: Option<Field>,
    /// With at least one letter or digit.
    pub text: String,
    /// The last word of the text may go on.
    pub is_prefix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    Tag,
    Caption,
}

/// Terms read of one text: nobody types more, and each is looked for.
const TERMS_MOST: usize = 32;

impl PhotoSearch {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let mut terms = Vec::new();
        let mut rest = typed.trim_start();
        while !rest.is_empty() && terms.len() < TERMS_MOST {
            let (piece, after) = piece(rest);
            terms.extend(term(piece));
            rest = after.trim_start();
        }
        Self { terms }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Where in a text of this field words stand that the terms look for: byte ranges in order, none touching another.
    #[must_use]
    pub fn marks(&self, field: Field, text: &str) -> Vec<Range<usize>> {
        let words = words(text);
        let terms = self.terms.iter().filter(|term| !term.negated && term.field.is_none_or(|wanted| wanted == field));
        let mut found: Vec<Range<usize>> = terms.flat_map(|term| term.places(&words)).collect();
        found.sort_by_key(|range| (range.start, range.end));
        let mut marks: Vec<Range<usize>> = Vec::new();
        for range in found {
            match marks.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => marks.push(range),
            }
        }
        marks
    }
}

impl Term {
    fn places(&self, words: &[Word]) -> Vec<Range<usize>> {
        let wanted = self::words(&self.text);
        let Some(last) = wanted.len().checked_sub(1) else { return Vec::new() };
        let fits = |at: usize, word: &Word| {
            let part = &wanted[at].lower;
            if self.is_prefix && at == last { word.lower.starts_with(part) } else { word.lower == *part }
        };
        let all_fit = |window: &&[Word]| window.iter().enumerate().all(|(at, word)| fits(at, word));
        words.windows(wanted.len()).filter(all_fit).map(|window| window[0].range.start..window[last].range.end).collect()
    }
}

/// A word, and where it stands.
struct Word {
    range: Range<usize>,
    lower: String,
}

/// The words of a text as the index parts them: letters and digits.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, letter.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push(Word { range: from..at, lower: text[from..at].to_lowercase() });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The first piece, which ends at a space outside of quotes, and what comes after it.
fn piece(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        letter.is_whitespace() && !quoted
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

fn term(piece: &str) -> Option<Term> {
    let (negated, piece) = piece.strip_prefix('-').map_or((false, piece), |rest| (true, rest));
    let fields = [("tag:", Field::Tag), ("name:", Field::Name), ("caption:", Field::Caption)];
    let found = fields.into_iter().find_map(|(name, field)| {
        let start = piece.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| (Some(field), &piece[name.len()..]))
    });
    let (field, text) = found.unwrap_or((None, piece));
    let is_quoted = text.starts_with('"');
    let text = text.replace(|letter: char| letter == '"' || letter.is_control(), " ").trim().to_owned();
    let is_prefix = !is_quoted && text.chars().next_back().is_some_and(char::is_alphanumeric);
    text.chars().any(char::is_alphanumeric).then_some(Term { negated, field, text, is_prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_fields_and_what_is_left_out() {
        let term = |negated, field, text: &str, is_prefix| Term { negated, field, text: text.to_owned(), is_prefix };
        let read = |typed| PhotoSearch::parse(typed).terms;
        assert_eq!(read("dog bea"), [term(false, None, "dog", true), term(false, None, "bea", true)]);
        assert_eq!(read("\"old town\" -car"), [term(false, None, "old town", false), term(true, None, "car", true)]);
        assert_eq!(
            read("Tag:\"sea shore\" name:IMG_1"),
            [term(false, Some(Field::Tag), "sea shore", false), term(false, Some(Field::Name), "IMG_1", true)]
        );
        for odd in ["", "  ", "-", "\"", "***", "tag:", "-\"\"", "( )"] {
            assert_eq!(read(odd), [], "{odd:?} says nothing");
        }
        assert_eq!(read("AND")[0].text, "AND");
        assert_eq!(read("\"open at the end")[0].text, "open at the end");
        assert_eq!(PhotoSearch::parse(&"a ".repeat(10_000)).terms.len(), TERMS_MOST);
    }

    #[test]
    fn what_was_found_is_marked() {
        let search = PhotoSearch::parse("bea tag:dog \"old town\" -cat");
        let marked = |field, text: &str| search.marks(field, text).into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(marked(Field::Caption, "A beach at noon, bears, a dog"), ["beach", "bears"]);
        assert_eq!(marked(Field::Tag, "Dog"), ["Dog"]);
        assert_eq!(marked(Field::Tag, "cat"), [""; 0]);
        assert_eq!(marked(Field::Caption, "In the Old, town."), ["Old, town"]);
        assert_eq!(marked(Field::Caption, "town, old"), [""; 0]);
        assert_eq!(marked(Field::Name, "IMG_BEACH.jpg"), ["BEACH"]);
        let twice = PhotoSearch::parse("old \"old town\" tow");
        let marked: Vec<&str> = twice.marks(Field::Caption, "ältere old town").into_iter().map(|range| &"ältere old town"[range]).collect();
        assert_eq!(marked, ["old town"], "what touches is one");
    }
}
