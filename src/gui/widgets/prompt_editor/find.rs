//! Finding in a text: where some words stand, with or without regard to case, as a part of words or as whole ones.

use std::ops::Range;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Query {
    pub words: String,
    pub is_case_sensitive: bool,
    pub is_whole_word: bool,
}

/// Where it stands, in bytes, in order and without overlap.
#[must_use]
pub fn matches(text: &str, query: &Query) -> Vec<Range<usize>> {
    if query.words.is_empty() {
        return Vec::new();
    }
    let is_fine = |range: &Range<usize>| !query.is_whole_word || is_whole(text, range, &query.words);
    if query.is_case_sensitive {
        let found = text.match_indices(&query.words).map(|(at, words)| at..at + words.len());
        return found.filter(is_fine).collect();
    }
    let wanted: Vec<char> = query.words.chars().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    let mut behind = 0;
    for (at, letter) in text.char_indices() {
        // Most letters are ruled out by the first look.
        if at < behind || letter.to_lowercase().next() != wanted.first().copied() {
            continue;
        }
        let range = length_of_match(&text[at..], &wanted).map(|length| at..at + length);
        if let Some(range) = range.filter(is_fine) {
            behind = range.end;
            found.push(range);
        }
    }
    found
}

/// Bytes of the text's beginning that read like this, when every letter is made small.
fn length_of_match(text: &str, wanted: &[char]) -> Option<usize> {
    let mut wanted = wanted.iter();
    let mut letters = text.char_indices();
    loop {
        let Some((at, letter)) = letters.next() else { return wanted.as_slice().is_empty().then_some(text.len()) };
        if wanted.as_slice().is_empty() {
            return Some(at);
        }
        for small in letter.to_lowercase() {
            if wanted.next() != Some(&small) {
                return None;
            }
        }
    }
}

/// Whether no word goes on at either end. Words that begin or end with a sign have no such end there.
fn is_whole(text: &str, range: &Range<usize>, words: &str) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let goes_on_before = is_word(words.chars().next()) && is_word(text[..range.start].chars().next_back());
    let goes_on_behind = is_word(words.chars().next_back()) && is_word(text[range.end..].chars().next());
    !goes_on_before && !goes_on_behind
}

/// The match to go to: the first at or behind a place, else the first of all.
#[must_use]
pub fn next(found: &[Range<usize>], from: usize) -> Option<usize> {
    let at = found.partition_point(|range| range.start < from);
    (!found.is_empty()).then_some(if at < found.len() { at } else { 0 })
}

/// The last match that ends at or before a place, else the last of all.
#[must_use]
pub fn previous(found: &[Range<usize>], from: usize) -> Option<usize> {
    let behind = found.partition_point(|range| range.end <= from);
    behind.checked_sub(1).or(found.len().checked_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(text: &'t str, words: &str, is_case_sensitive: bool, is_whole_word: bool) -> Vec<&'t str> {
        let query = Query { words: words.to_owned(), is_case_sensitive, is_whole_word };
        matches(text, &query).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn case_counts_when_it_is_told_to_in_every_script() {
        let text = "Tag tag TAG Ähre äHRE straße ΤΑΓ ταγ";
        assert_eq!(found(text, "tag", true, false), ["tag"]);
        assert_eq!(found(text, "tag", false, false), ["Tag", "tag", "TAG"]);
        assert_eq!(found(text, "ähre", false, false), ["Ähre", "äHRE"]);
        assert_eq!(found(text, "ταγ", false, false), ["ΤΑΓ", "ταγ"]);
        assert_eq!(found("", "a", false, false), [""; 0]);
        assert_eq!(found(text, "", false, false), [""; 0]);
    }

    #[test]
    fn whole_words_end_where_a_name_ends() {
        let text = "file file_name profile (file)";
        assert_eq!(found(text, "file", true, true).len(), 2);
        assert_eq!(found(text, "(file", true, true).len(), 1);
        assert_eq!(found("{{a}}{{ab}}", "{{a", true, true).len(), 1);
    }

    #[test]
    fn matches_do_not_overlap() {
        assert_eq!(found("aaaa", "aa", false, false).len(), 2);
        assert_eq!(found("aaaa", "aa", true, false).len(), 2);
    }

    #[test]
    fn going_on_leads_round_the_end() {
        let found = [2..4, 8..10];
        assert_eq!([next(&found, 0), next(&found, 2), next(&found, 3), next(&found, 9)], [Some(0), Some(0), Some(1), Some(0)]);
        assert_eq!([previous(&found, 9), previous(&found, 3), previous(&found, 10)], [Some(0), Some(1), Some(1)]);
        assert_eq!((next(&[], 3), previous(&[], 3)), (None, None));
    }

    proptest::proptest! {
        /// Whatever is looked for: each match reads like it, and they are in order.
        #[test]
        fn every_match_reads_like_the_words(text in "[aAbéÉİß ]{0,40}", words in "[aAéÉİß ]{1,3}", case: bool, whole: bool) {
            let query = Query { words: words.clone(), is_case_sensitive: case, is_whole_word: whole };
            let mut behind = 0;
            for range in matches(&text, &query) {
                proptest::prop_assert!(range.start >= behind);
                behind = range.end;
                let piece = &text[range];
                let reads_like_it = if case { piece == words } else { piece.to_lowercase() == words.to_lowercase() };
                proptest::prop_assert!(reads_like_it);
            }
        }
    }
}
