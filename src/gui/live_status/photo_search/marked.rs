//! Words with those marked that the search looked for.

use egui::text::LayoutJob;
use egui::{Color32, FontId, TextFormat};

use crate::gui::theme::{self, Tokens};
use crate::wire::photo::Photo;
use crate::wire::photo_search::{Field, PhotoSearch};

/// Letters before the first mark that are shown where the whole does not fit.
const LEAD_IN: usize = 14;

/// Appends a text with its marks.
pub fn append(job: &mut LayoutJob, search: &PhotoSearch, field: Field, text: &str, size: f32, colour: Color32, tokens: &Tokens) {
    let plain = || TextFormat::simple(FontId::proportional(size), colour);
    let mut at = 0;
    for mark in search.marks(field, text) {
        job.append(&text[at..mark.start], 0.0, plain());
        let format = TextFormat { background: tokens.selection, ..TextFormat::simple(theme::semibold(size), tokens.text) };
        job.append(&text[mark.clone()], 0.0, format);
        at = mark.end;
    }
    job.append(&text[at..], 0.0, plain());
}

/// A text with its marks.
#[must_use]
pub fn text(search: &PhotoSearch, field: Field, text: &str, size: f32, colour: Color32, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    append(&mut job, search, field, text, size, colour, tokens);
    job
}

/// One line of why a photo was found: the tags, those looked for first, or the place in the caption.
#[must_use]
pub fn reason(search: &PhotoSearch, photo: &Photo, tokens: &Tokens) -> LayoutJob {
    let is_marked = |name: &str| !search.marks(Field::Tag, name).is_empty();
    let (mut tags, others): (Vec<_>, Vec<_>) = photo.tags.iter().partition(|tag| is_marked(&tag.name));
    let caption = photo.caption.as_deref().unwrap_or_default();
    if tags.is_empty() {
        let marks = search.marks(Field::Caption, caption);
        if let Some(first) = marks.first() {
            return text(search, Field::Caption, &from_mark(caption, first.start), theme::TEXT_SMALL, tokens.muted, tokens);
        }
    }
    tags.extend(others);
    let mut job = LayoutJob::default();
    for (at, tag) in tags.iter().enumerate() {
        if at > 0 {
            job.append(", ", 0.0, TextFormat::simple(FontId::proportional(theme::TEXT_SMALL), tokens.muted));
        }
        append(&mut job, search, Field::Tag, &tag.name, theme::TEXT_SMALL, tokens.muted, tokens);
    }
    job
}

/// The text from a little before a mark on.
fn from_mark(text: &str, mark: usize) -> String {
    let before = &text[..mark];
    let from = before.char_indices().rev().take(LEAD_IN).last().map_or(0, |(at, _)| at);
    if from == 0 {
        return text.to_owned();
    }
    let from = before[from..].find(' ').map_or(from, |space| from + space + 1);
    format!("…{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_caption_begins_near_its_mark() {
        let caption = "Two people stand at the edge of a quiet forest and look at an old bridge";
        let mark = caption.find("bridge").expect("there");
        assert_eq!(from_mark(caption, mark), "…at an old bridge");
        assert_eq!(from_mark("an old bridge", 7), "an old bridge");
        assert_eq!(from_mark("ÄÖÜ äöü ÄÖÜ äöü ÄÖÜ äöü ÄÖÜ äöü Brücke", "ÄÖÜ äöü ÄÖÜ äöü ÄÖÜ äöü ÄÖÜ äöü ".len()), "…äöü ÄÖÜ äöü Brücke");
    }
}
