//! Which words of a caption another one does not have.

use std::ops::Range;

use egui::text::LayoutJob;
use egui::{Color32, FontId, TextFormat};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Captions are short; beyond this many words nothing is marked.
const WORDS_MOST: usize = 400;

/// Where the words of `caption` are that are not in `other`, in its order, joined where they follow each other.
#[must_use]
pub fn own_words(caption: &str, other: &str) -> Vec<Range<usize>> {
    let (own, others) = (words(caption), words(other));
    if own.len().max(others.len()) > WORDS_MOST {
        return Vec::new();
    }
    let plain = |words: &[(Range<usize>, String)]| words.iter().map(|(_, word)| word.clone()).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &plain(&others), &plain(&own));
    let added = operations.into_iter().filter_map(|operation| match operation {
        DiffOp::Insert { new_index, new_len, .. } | DiffOp::Replace { new_index, new_len, .. } => Some(new_index..new_index + new_len),
        DiffOp::Equal { .. } | DiffOp::Delete { .. } => None,
    });
    added.map(|run| own[run.start].0.start..own[run.end - 1].0.end).collect()
}

/// The words with their places; case and the marks around them are no difference.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    text.split_whitespace().map(|word| (start(word)..start(word) + word.len(), bare(word))).collect()
}

/// The caption with its own words on a ground of `marked`.
#[must_use]
pub fn job(caption: &str, own: &[Range<usize>], font: FontId, colour: Color32, marked: Color32, width: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let mut section = |range: Range<usize>, background: Color32| {
        if !range.is_empty() {
            job.append(&caption[range], 0.0, TextFormat { background, ..TextFormat::simple(font.clone(), colour) });
        }
    };
    let mut at = 0;
    for range in own {
        section(at..range.start, Color32::TRANSPARENT);
        section(range.clone(), marked);
        at = range.end;
    }
    section(at..caption.len(), Color32::TRANSPARENT);
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own<'c>(caption: &'c str, other: &str) -> Vec<&'c str> {
        own_words(caption, other).into_iter().map(|range| &caption[range]).collect()
    }

    #[test]
    fn the_words_that_only_one_caption_has_are_found() {
        assert_eq!(own("A black cat on a red sofa.", "A cat on a sofa"), ["black", "red"]);
        assert_eq!(own("Ein Hund läuft über die Brücke", "Ein Hund geht"), ["läuft über die Brücke"]);
        assert!(own("a cat", "A cat!").is_empty(), "marks and case are no difference");
        assert_eq!(own("new words", ""), ["new words"]);
        assert!(own("", "gone").is_empty());
    }

    #[test]
    fn the_whole_caption_is_laid_out() {
        let caption = "A black cat";
        let laid = job(caption, &own_words(caption, "A cat"), FontId::proportional(13.0), Color32::default(), crate::gui::theme::UNTINTED, 100.0);
        assert_eq!((laid.text.as_str(), laid.sections.len()), (caption, 3));
    }
}
