//! What a deployment changes in the text: the lines that differ, with the words that come and go.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Label, RichText, Ui};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{number, section, skeleton};
use crate::wire::deployment::DeployReview;
use crate::wire::ids::PromptVersionId;
use crate::wire::prompt_diff::{DiffRow, Hunk, PartDiff, PromptDiff};

/// Lines that are shown before the person asks for all.
const FEW: usize = 14;

/// The difference of two versions, and how much of it is shown.
#[derive(Default)]
pub struct Difference {
    of: Option<(PromptVersionId, PromptVersionId)>,
    answer: Remote<PromptDiff>,
    shows_all: bool,
    /// The lines to draw; laid out when the answer came.
    lines: Vec<Line>,
}

/// A line as it is drawn.
enum Line {
    /// The name of a part of the version, or where in it a stretch begins.
    Heading(String),
    Text {
        comes: bool,
        text: String,
        /// What of it comes or goes, in bytes.
        marked: Vec<[u32; 2]>,
    },
}

impl Difference {
    /// Takes in the answer, and asks for the difference that the review is about.
    pub fn logic(&mut self, review: Option<&DeployReview>, ctx: &AreaCtx<'_>) {
        if self.answer.poll() {
            self.lines = self.answer.value().map(lines).unwrap_or_default();
        }
        let Some(review) = review else { return };
        let Some(replaced) = &review.replaces else { return };
        let of = (replaced.id, review.version.id);
        if of.0 != of.1 && self.of != Some(of) {
            *self = Self { of: Some(of), ..Self::default() };
            let prompt = review.version.prompt_id;
            ctx.ask(&mut self.answer, |client| async move { client.prompt_diff(prompt, &of.0.to_string(), &of.1.to_string()).await });
        }
    }

    /// Draws it; nothing where there is nothing to compare with.
    pub fn ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        if self.of.is_none() {
            return;
        }
        section::heading(ui, "Difference");
        if let Some(failure) = self.answer.failure() {
            ui.add(Label::new(RichText::new(format!("The difference could not be read. {failure}")).color(tokens.bad)).wrap());
        }
        let Some(diff) = self.answer.value() else {
            if self.answer.failure().is_none() {
                skeleton::lines(ui, 3);
            }
            return;
        };
        let counts = diff.counts();
        let words = match (counts.added, counts.removed) {
            (0, 0) if diff.is_same() => "The texts are the same".to_owned(),
            (added, removed) => counts_words(added, removed),
        };
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.spacing_mut().item_spacing.y = 1.0;
        let shown = if self.shows_all { self.lines.len() } else { few(&self.lines) };
        for line in &self.lines[..shown] {
            line_ui(ui, line, tokens);
        }
        if self.lines.len() > FEW {
            ui.add_space(theme::GAP_4);
            let words = if self.shows_all { "Show less".to_owned() } else { format!("Show all {} lines", self.lines.len()) };
            if ui.button(words).clicked() {
                self.shows_all = !self.shows_all;
            }
        }
        ui.add_space(theme::GAP_12);
    }
}

/// How many lines are shown at first: a heading with nothing below it says nothing.
fn few(lines: &[Line]) -> usize {
    let most = FEW.min(lines.len());
    lines[..most].iter().rposition(|line| matches!(line, Line::Text { .. })).map_or(most, |last| last + 1)
}

/// Such as `2 words added, none removed`.
fn counts_words(added: u32, removed: u32) -> String {
    let count = |count: u32| if count == 0 { "none".to_owned() } else { number::count(u64::from(count)) };
    let words = match added {
        0 => "No word".to_owned(),
        1 => "1 word".to_owned(),
        more => format!("{} words", count(more)),
    };
    format!("{words} added, {} removed", count(removed))
}

fn lines(diff: &PromptDiff) -> Vec<Line> {
    let changed = diff.parts.iter().filter(|part| !part.hunks.is_empty());
    changed.flat_map(|part| std::iter::once(Line::Heading(part.part.label().to_owned())).chain(lines_of(part))).collect()
}

fn lines_of(part: &PartDiff) -> Vec<Line> {
    let (left, right) = (Lines::of(&part.left), Lines::of(&part.right));
    let mut all = Vec::new();
    for Hunk { rows, .. } in &part.hunks {
        // All that goes, then all that comes, as a diff is read.
        all.extend(rows.iter().filter_map(|row| left.line(row.left, &row.removed, false, row)));
        all.extend(rows.iter().filter_map(|row| right.line(row.right, &row.added, true, row)));
    }
    all
}

/// The lines of a text by their numbers.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// A line of a row, with what is marked in it; one that only moved is marked nowhere.
    fn line(&self, number: Option<u32>, marked: &[[u32; 2]], comes: bool, row: &DiffRow) -> Option<Line> {
        let number = number? as usize;
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end)?.to_owned();
        let inside = |at: u32| (at as usize).clamp(start, end) - start;
        let marked = marked.iter().map(|[from, to]| [inside(*from) as u32, inside(*to) as u32]).filter(|_| row.moved.is_none()).collect();
        Some(Line::Text { comes, text, marked })
    }
}

fn line_ui(ui: &mut Ui, line: &Line, tokens: &Tokens) {
    match line {
        Line::Heading(words) => {
            ui.add_space(theme::GAP_4);
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        }
        Line::Text { comes, text, marked } => {
            let colour = if *comes { tokens.good } else { tokens.bad };
            let job = job(text, marked, if *comes { "+ " } else { "− " }, colour, tokens);
            let frame = egui::Frame::new().fill(colour.gamma_multiply(0.08)).inner_margin(egui::Margin::symmetric(6, 1));
            frame.show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.add(Label::new(job).wrap());
            });
        }
    }
}

fn job(text: &str, marked: &[[u32; 2]], sign: &str, colour: Color32, tokens: &Tokens) -> LayoutJob {
    let font = FontId::monospace(theme::TEXT_SMALL);
    let plain = TextFormat { font_id: font.clone(), color: tokens.text, ..TextFormat::default() };
    let strong = TextFormat { background: colour.gamma_multiply(0.25), ..plain.clone() };
    let mut job = LayoutJob::default();
    job.append(sign, 0.0, TextFormat { font_id: font, color: colour, ..TextFormat::default() });
    let mut at = 0;
    for [from, to] in marked {
        let (from, to) = (*from as usize, *to as usize);
        // A range that does not fit the text is left out rather than drawn wrongly.
        if from < at || text.get(at..from).is_none() || text.get(from..to).is_none() {
            continue;
        }
        job.append(&text[at..from], 0.0, plain.clone());
        job.append(&text[from..to], 0.0, strong.clone());
        at = to;
    }
    job.append(text.get(at..).unwrap_or_default(), 0.0, plain);
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_differs_is_told_in_words_and_no_heading_stands_alone() {
        let told = [(1, 0), (0, 3), (1_200, 1)].map(|(added, removed)| counts_words(added, removed));
        let text = || Line::Text { comes: true, text: String::new(), marked: Vec::new() };
        let lines: Vec<Line> = (0..FEW + 3).map(|at| if at == FEW - 1 { Line::Heading("Parameters".to_owned()) } else { text() }).collect();
        assert_eq!((few(&lines), few(&lines[..2])), (FEW - 1, 2), "no heading stands last");
        assert_eq!(told, ["1 word added, none removed", "No word added, 3 removed", "1,200 words added, 1 removed"]);
    }

    #[test]
    fn lines_are_found_by_their_numbers_with_what_is_marked_in_them() {
        let text = "Name things\nName cölours\n";
        let lines = Lines::of(text);
        let found = lines.line(Some(2), &[[17, 25]], true, &DiffRow::default());
        let Some(Line::Text { text, marked, comes }) = found else { panic!("a line") };
        assert_eq!((text.as_str(), marked, comes), ("Name cölours", vec![[5, 13]], true));
        assert!(lines.line(Some(9), &[], true, &DiffRow::default()).is_none() && lines.line(None, &[], true, &DiffRow::default()).is_none());
    }
}
