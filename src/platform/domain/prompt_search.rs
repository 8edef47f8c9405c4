//! Searching the versions of all prompts: what is asked of the store, and the line that shows why a version was found.

use super::{Core, Result, page};
use crate::platform::store;
use crate::platform::store::prompts::search::VersionsSought;
use crate::wire::ids::PromptVersionId;
use crate::wire::page::Page;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_search::{VersionFound, VersionQuery, words};

/// Characters of an excerpt before the first word, and in all.
const BEFORE: usize = 10;
const EXCERPT: usize = 120;
/// Words that a search may have; more are not looked at.
const WORDS_MOST: usize = 8;

/// The versions that match, newest first.
pub async fn find(core: &Core, query: &VersionQuery) -> Result<Page<VersionFound>> {
    let words = words_of(query.q.as_deref());
    let label = query.label.as_deref().map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned);
    let sought = VersionsSought { words, label, prompt: query.prompt };
    let after = query.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, PromptVersionId(id)));
    let limit = page::limit(query.limit);
    let found = store::prompts::search::find(&core.db, core.org, &sought, after, limit).await?;
    let total = store::prompts::search::count(&core.db, core.org, &sought).await?;
    let next_cursor = page::next_cursor(&found, limit, |version| (version.created_at, version.id.0));
    let items = found.into_iter().map(|version| with_excerpt(version, &sought.words)).collect();
    Ok(Page { items, next_cursor, total: Some(total) })
}

/// The words of a search that are looked for.
pub(super) fn words_of(search: Option<&str>) -> Vec<String> {
    let mut words = words(search.unwrap_or_default());
    words.truncate(WORDS_MOST);
    words
}

fn with_excerpt(version: PromptVersion, words: &[String]) -> VersionFound {
    // The user text first: it is what a person knows a version by.
    let texts = [&version.content, &version.parts.system, &version.parts.schema];
    let (excerpt, marks) = texts.into_iter().find_map(|text| excerpt(text, words)).unwrap_or_default();
    let PromptVersion { id, prompt_id, prompt_name, version, note, author, created_at, is_live, labels, .. } = version;
    VersionFound { id, prompt_id, prompt_name, version, note, author, created_at, is_live, labels, excerpt, marks }
}

/// The line with the first word that stands in a text, cut around it, and where words stand in what is left.
fn excerpt(text: &str, words: &[String]) -> Option<(String, Vec<[u32; 2]>)> {
    let line = words.iter().find_map(|word| text.lines().find(|line| !places(line, word).is_empty()))?;
    let first = words.iter().flat_map(|word| places(line, word)).map(|(from, _)| from).min()?;
    let start = line[..first].char_indices().rev().nth(BEFORE).map_or(0, |(at, letter)| at + letter.len_utf8());
    // Not in the middle of a word, where there is a whole one before what was found.
    let whole = line[start..first].find(char::is_whitespace).filter(|_| start > 0);
    let start = whole.map_or(start, |blank| start + blank);
    let rest = line[start..].trim_start();
    let end = rest.char_indices().nth(EXCERPT).map_or(rest.len(), |(at, _)| at);
    let mut shown = if start > 0 { "…".to_owned() } else { String::new() };
    shown.push_str(rest[..end].trim_end());
    if end < rest.len() {
        shown.push('…');
    }
    let mut marks: Vec<[u32; 2]> = words.iter().flat_map(|word| places(&shown, word)).map(|(from, to)| [from as u32, to as u32]).collect();
    marks.sort_unstable();
    marks.dedup_by(|next, before| {
        let overlaps = next[0] < before[1];
        before[1] = if overlaps { before[1].max(next[1]) } else { before[1] };
        overlaps
    });
    Some((shown, marks))
}

/// Where a word stands in a line, in bytes, large or small letters alike.
fn places(line: &str, word: &str) -> Vec<(usize, usize)> {
    let wanted: Vec<char> = word.to_lowercase().chars().collect();
    let letters: Vec<(usize, char)> = line.char_indices().flat_map(|(at, letter)| letter.to_lowercase().map(move |small| (at, small))).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while !wanted.is_empty() && at + wanted.len() <= letters.len() {
        if letters[at..at + wanted.len()].iter().map(|(_, letter)| letter).eq(&wanted) {
            let end = letters[at + wanted.len()..].iter().map(|(start, _)| *start).find(|start| *start > letters[at + wanted.len() - 1].0);
            found.push((letters[at].0, end.unwrap_or(line.len())));
            at += wanted.len();
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_words_where_they_stand() {
        let words = ["TAGS".to_owned(), "lower".to_owned()];
        let (shown, marks) = excerpt("Describe.\n- Tags are lower-case nouns\n", &words).expect("found");
        assert_eq!(shown, "- Tags are lower-case nouns");
        assert_eq!(excerpt("Name the streets of the old town", &["old".to_owned()]).expect("found").0, "…of the old town");
        assert_eq!(marks.iter().map(|[from, to]| &shown[*from as usize..*to as usize]).collect::<Vec<_>>(), ["Tags", "lower"]);
        assert_eq!(excerpt("nothing of it", &words), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_word_between_letters() {
        let line = format!("{} Übersicht {}", "ä".repeat(300), "ö".repeat(300));
        let (shown, marks) = excerpt(&line, &["übersicht".to_owned()]).expect("found");
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.chars().count() <= EXCERPT + 2, "{shown}");
        assert_eq!(&shown[marks[0][0] as usize..marks[0][1] as usize], "Übersicht");
    }

    #[test]
    fn marks_that_overlap_are_one() {
        let (_, marks) = excerpt("tagtag", &["tag".to_owned(), "gta".to_owned()]).expect("found");
        assert_eq!(marks, [[0, 6]]);
    }
}
