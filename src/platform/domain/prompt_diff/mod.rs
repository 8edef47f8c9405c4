//! What two versions of prompts differ in: their parts, line by line and word by word, worked out beside the other requests.

mod lines;
mod moved;
mod words;

use std::time::{Duration, Instant};

use super::{Core, DomainError, Result};
use crate::platform::store;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt_diff::{DiffSide, PartDiff, PromptDiff, PromptPart};
use crate::wire::prompt_parts::PromptParts;

/// How long the search for the shortest way from one text to the other may take; what is found until then is used.
const PATIENCE: Duration = Duration::from_millis(400);

/// What can be compared, by the words that a path has for it.
enum End {
    Number(u32),
    Id(PromptVersionId),
    Draft,
    Live,
}

impl End {
    fn read(word: &str) -> Result<Self> {
        match word {
            "draft" => Ok(Self::Draft),
            "live" => Ok(Self::Live),
            _ => match (word.parse(), word.parse()) {
                (Ok(number), _) => Ok(Self::Number(number)),
                (_, Ok(id)) => Ok(Self::Id(id)),
                _ => Err(DomainError::NotFound { what: "version" }),
            },
        }
    }
}

/// A side with its texts.
pub struct Side {
    pub side: DiffSide,
    pub texts: Vec<(PromptPart, String)>,
}

/// Compares two texts of prompts, each given as [`PromptDiff`] says.
pub async fn diff(core: &Core, id: PromptId, left: &str, right: &str) -> Result<PromptDiff> {
    let (left, right) = (side(core, id, left).await?, side(core, id, right).await?);
    core.on_a_core(move || of(left, right)).await
}

/// One side, such as `3`, `draft`, `live` or the id of a version.
pub async fn side(core: &Core, id: PromptId, word: &str) -> Result<Side> {
    let version = match End::read(word)? {
        End::Draft => return draft(core, id).await,
        End::Number(number) => store::prompts::numbered(&core.db, core.org, id, number).await?,
        End::Id(version) => store::prompts::version(&core.db, core.org, version).await?,
        End::Live => {
            let live = super::config::current(core).await?.live_prompt_version_id;
            store::prompts::version(&core.db, core.org, live).await?
        }
    };
    let version = version.ok_or(DomainError::NotFound { what: "version" })?;
    let side = DiffSide {
        prompt_id: version.prompt_id,
        prompt_name: version.prompt_name.clone(),
        version: Some(version.version),
        version_id: Some(version.id),
        is_live: version.is_live,
    };
    Ok(Side { side, texts: texts(&version.content, &version.parts) })
}

/// What is in the editor: the draft, and of what has none the newest version.
async fn draft(core: &Core, id: PromptId) -> Result<Side> {
    let prompt = super::prompts::get(core, id).await?;
    let side = DiffSide { prompt_id: id, prompt_name: prompt.name, version: None, version_id: None, is_live: false };
    let newest = store::prompts::newest_version(&core.db, core.org, id).await?;
    let (saved, saved_parts) = newest.map(|version| (version.content, version.parts)).unwrap_or_default();
    let (content, parts) = (prompt.draft.unwrap_or(saved), prompt.draft_parts.unwrap_or(saved_parts));
    Ok(Side { side, texts: texts(&content, &parts) })
}

/// The parts as texts; what is not set is none.
fn texts(content: &str, parts: &PromptParts) -> Vec<(PromptPart, String)> {
    let mut texts = vec![(PromptPart::User, content.to_owned())];
    if !parts.system.is_empty() {
        texts.push((PromptPart::System, parts.system.clone()));
    }
    if !parts.schema.is_empty() {
        // As it was typed, blanks are no change of a schema.
        let schema = serde_json::from_str::<serde_json::Value>(&parts.schema).and_then(|schema| serde_json::to_string_pretty(&schema));
        texts.push((PromptPart::Schema, schema.unwrap_or_else(|_| parts.schema.clone())));
    }
    if !parts.parameters.is_unset() {
        texts.push((PromptPart::Parameters, serde_json::to_string_pretty(&parts.parameters).unwrap_or_default()));
    }
    if !parts.variables.is_empty() {
        let variables = parts.variables.iter().map(|variable| (variable.name.clone(), serde_json::Value::String(variable.value.clone())));
        let variables = serde_json::Value::Object(variables.collect());
        texts.push((PromptPart::Variables, serde_json::to_string_pretty(&variables).unwrap_or_default()));
    }
    texts
}

/// Compares two sides, part by part.
#[must_use]
pub fn of(left: Side, right: Side) -> PromptDiff {
    let until = Instant::now() + PATIENCE;
    let text = |side: &Side, part| side.texts.iter().find(|(of, _)| *of == part).map(|(_, text)| text.clone());
    let parts = PromptPart::ALL.into_iter().filter_map(|part| match (text(&left, part), text(&right, part)) {
        (None, None) => None,
        (left, right) => Some(compare(part, left.unwrap_or_default(), right.unwrap_or_default(), until)),
    });
    PromptDiff { parts: parts.collect(), left: left.side, right: right.side }
}

/// Compares two texts.
fn compare(part: PromptPart, left: String, right: String, until: Instant) -> PartDiff {
    let mut hunks = lines::hunks(&left, &right, until);
    let moved = moved::mark(&mut hunks, &left, &right);
    let mut counts = words::counts(&hunks, &left, &right);
    counts.moved = moved;
    let is_rough = Instant::now() >= until;
    PartDiff { part, left, right, hunks, counts, is_rough }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(left: &str, right: &str) -> PartDiff {
        compare(PromptPart::User, left.to_owned(), right.to_owned(), Instant::now() + Duration::from_secs(5))
    }

    /// Both texts again, from the hunks and what lies between them: nothing may be lost or invented.
    fn rebuilt(diff: &PartDiff) -> (String, String) {
        let lines = |text: &'_ str| if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect::<Vec<_>>() };
        let (left, right) = (lines(&diff.left), lines(&diff.right));
        let (mut one, mut other): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut at, mut beside) = (0, 0);
        for hunk in &diff.hunks {
            let same = hunk.left.first as usize - 1 - at;
            assert_eq!(left[at..at + same], right[beside..beside + same], "between hunks all is the same");
            one.extend_from_slice(&left[at..at + same]);
            other.extend_from_slice(&right[beside..beside + same]);
            for row in &hunk.rows {
                one.extend(row.left.map(|line| left[line as usize - 1].clone()));
                other.extend(row.right.map(|line| right[line as usize - 1].clone()));
            }
            at = (hunk.left.first + hunk.left.lines) as usize - 1;
            beside = (hunk.right.first + hunk.right.lines) as usize - 1;
        }
        assert_eq!(left[at..], right[beside..]);
        one.extend_from_slice(&left[at..]);
        other.extend_from_slice(&right[beside..]);
        (one.join("\n"), other.join("\n"))
    }

    fn slices<'t>(text: &'t str, ranges: &[[u32; 2]]) -> Vec<&'t str> {
        ranges.iter().map(|[from, to]| &text[*from as usize..*to as usize]).collect()
    }

    #[test]
    fn words_that_changed_are_told_in_their_line() {
        let diff = diff("# Task\nGive up to 15 tags.\nBe kind.\n", "# Task\nGive up to 12 short tags.\nBe kind.\n");
        assert_eq!(diff.hunks.len(), 1);
        let row = &diff.hunks[0].rows[0];
        assert_eq!((row.left, row.right), (Some(2), Some(2)));
        assert_eq!((slices(&diff.left, &row.removed), slices(&diff.right, &row.added)), (vec!["15"], vec!["12 short"]));
        assert_eq!((diff.counts.removed, diff.counts.added), (1, 2));
    }

    #[test]
    fn lines_are_paired_with_what_became_of_them() {
        let diff = diff("One apple a day\nTwo pears and a plum\n", "Nothing like it before\nOne apple a week\nTwo pears and a plum or so\n");
        let pairs: Vec<_> = diff.hunks[0].rows.iter().map(|row| (row.left, row.right)).collect();
        assert_eq!(pairs, [(None, Some(1)), (Some(1), Some(2)), (Some(2), Some(3))]);
    }

    #[test]
    fn a_line_that_moved_is_no_word_added_or_removed() {
        let moving = "- Name only what can be seen";
        let diff = diff(&format!("{moving}\n\n# Answer\nJSON only\n"), &format!("# Answer\nJSON only\n\n{moving}\n"));
        assert_eq!((diff.counts.moved, diff.counts.added, diff.counts.removed), (1, 0, 0), "{diff:?}");
        let rows: Vec<_> = diff.hunks.iter().flat_map(|hunk| &hunk.rows).filter(|row| row.moved.is_some()).collect();
        assert_eq!(rows.iter().map(|row| (row.left, row.right, row.moved)).collect::<Vec<_>>(), [(Some(1), None, Some(4)), (None, Some(4), Some(1))]);
    }

    #[test]
    fn the_same_text_has_no_hunks_and_an_empty_one_is_all_added() {
        assert!(diff("a\nb", "a\nb").hunks.is_empty());
        let all = diff("", "two words\nand three more");
        assert_eq!((all.counts.added, all.counts.removed, all.hunks[0].left.lines), (5, 0, 0));
        assert_eq!(diff("a", "a\n").hunks.len(), 1, "a new line at the end is a change");
    }

    proptest::proptest! {
        #[test]
        fn both_texts_can_be_told_from_the_hunks(left in "[ab é\n]{0,60}", right in "[ab é\n]{0,60}") {
            let diff = diff(&left, &right);
            proptest::prop_assert_eq!(rebuilt(&diff), (left.clone(), right.clone()));
            for row in diff.hunks.iter().flat_map(|hunk| &hunk.rows) {
                let rest = |text: &str, line: Option<u32>, cut: &[[u32; 2]]| {
                    let line = line?;
                    let start: usize = text.split('\n').take(line as usize - 1).map(|line| line.len() + 1).sum();
                    let end = start + text.split('\n').nth(line as usize - 1)?.len();
                    let mut kept = String::new();
                    let mut at = start;
                    for [from, to] in cut {
                        kept.push_str(&text[at..*from as usize]);
                        at = *to as usize;
                    }
                    kept.push_str(&text[at..end]);
                    Some(kept)
                };
                // What is neither removed nor added of a pair is the same on both sides.
                if let (Some(_), Some(_)) = (row.left, row.right) {
                    proptest::prop_assert_eq!(rest(&diff.left, row.left, &row.removed), rest(&diff.right, row.right, &row.added));
                }
            }
        }
    }
}
