//! Words on one line, cut with an ellipsis where they are too long.
//!
//! `elided::text(ui, "a long name", font, width, colour)`; `elided::middle(…)` keeps the end, as of a file's name; `elided::job(ui, layout_job, width)` for words of several kinds.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Galley, Ui};

/// Lays out words of one kind.
#[must_use]
pub fn text(ui: &Ui, words: &str, font: FontId, width: f32, colour: Color32) -> Arc<Galley> {
    job(ui, LayoutJob::simple_singleline(words.to_owned(), font, colour), width)
}

/// Lays out a name that is cut in its middle: of files that are called alike, the end tells which is which.
#[must_use]
pub fn middle(ui: &Ui, name: &str, font: FontId, width: f32, colour: Color32) -> Arc<Galley> {
    let laid_out = |words: String| ui.painter().layout_no_wrap(words, font.clone(), colour);
    let letters: Vec<char> = name.chars().collect();
    let cut = |kept: usize| {
        let (start, end) = (kept.div_ceil(2), kept / 2);
        format!("{}…{}", letters[..start].iter().collect::<String>(), letters[letters.len() - end..].iter().collect::<String>())
    };
    let whole = laid_out(name.to_owned());
    if whole.size().x <= width {
        return whole;
    }
    // The most letters that fit.
    let (mut fits, mut too_many) = (0, letters.len());
    while fits + 1 < too_many {
        let kept = usize::midpoint(fits, too_many);
        *if laid_out(cut(kept)).size().x <= width { &mut fits } else { &mut too_many } = kept;
    }
    laid_out(cut(fits))
}

/// Lays out words of several kinds.
#[must_use]
pub fn job(ui: &Ui, mut words: LayoutJob, width: f32) -> Arc<Galley> {
    words.break_on_newline = false;
    words.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_cut_in_its_middle_keeps_its_end() {
        let out = egui::Context::default().run_ui(egui::RawInput::default(), |ui| {
            let cut = |name: &str, width: f32| middle(ui, name, FontId::proportional(12.0), width, ui.visuals().text_color());
            let galley = cut("astronaut_portrait_1.jpg", 90.0);
            assert!(galley.size().x <= 90.0 && galley.text().starts_with("astro") && galley.text().ends_with("1.jpg"), "{}", galley.text());
            assert_eq!(cut("cat.jpg", 90.0).text(), "cat.jpg");
            assert_eq!(cut("cat.jpg", 0.0).text(), "…");
        });
        out.drop_without_applying_deltas();
    }
}
