//! What is typed to find photos: words of their names, tags and captions.
//!
//! Words are joined by "and"; each is found at the beginning of a word. `"two words"` stand side by side, as they are;
//! `-word` leaves out what has it; `tag:`, `name:` and `caption:` look only there. Whatever else is typed is text: nothing
//! is wrong. The platform finds by it, the console marks by it what was found.

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

    /// Whether a word of this text, of this field, is what one of the terms looks for.
    #[must_use]
    pub fn marks(&self, field: Field, text: &str) -> bool {
        let words = words(text);
        self.terms.iter().filter(|term| !term.negated && term.field.is_none_or(|wanted| wanted == field)).any(|term| term.is_in(&words))
    }
}

impl Term {
    fn is_in(&self, words: &[String]) -> bool {
        let wanted = self::words(&self.text);
        let fits = |at: usize, word: &String| match wanted.get(at) {
            Some(part) if self.is_prefix && at + 1 == wanted.len() => word.starts_with(part),
            Some(part) => word == part,
            None => false,
        };
        !wanted.is_empty() && words.windows(wanted.len()).any(|window| window.iter().enumerate().all(|(at, word)| fits(at, word)))
    }
}

/// The words of a text as the index parts them: letters and digits, in lower case.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
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
    let text = text.replace('"', " ").trim().to_owned();
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
        assert_eq!(read("Tag:\"sea shore\" name:IMG_1"), [
            term(false, Some(Field::Tag), "sea shore", false),
            term(false, Some(Field::Name), "IMG_1", true)
        ]);
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
        assert!(search.marks(Field::Caption, "A beach at noon") && search.marks(Field::Tag, "Dog"));
        assert!(!search.marks(Field::Caption, "dog") && !search.marks(Field::Tag, "cat"));
        assert!(search.marks(Field::Caption, "In the old town.") && !search.marks(Field::Caption, "town, old"));
    }
}
