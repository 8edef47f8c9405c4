//! The text as it stands on the screen: wrapped and coloured. Paragraphs that did not change are not laid out again, so that a text
//! of 100 kB is typed into as quickly as a short one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use egui::text::{ByteIndex, CCursor, CharIndex, LayoutJob, LayoutSection, TextFormat, TextWrapping};
use egui::{Color32, FontId, Galley, Rect, Ui, pos2};

use super::highlight::{self, Kind, Span};
use super::{FONT_SIZE, LINE_HEIGHT, gutter};
use crate::gui::theme::{self, Tokens};

/// One line of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// Where it starts.
    byte: usize,
    letter: usize,
    row: usize,
}

/// What was laid out last.
struct Made {
    text: String,
    look: u64,
    galley: Arc<Galley>,
    lines: Vec<Line>,
    /// For each row the number of the line that starts there.
    numbers: Vec<Option<u32>>,
}

/// Keeps what was laid out from frame to frame.
#[derive(Default)]
pub struct Layout {
    made: Option<Made>,
    /// Paragraphs by what they say and how they look.
    paragraphs: HashMap<u64, Arc<Galley>>,
    /// Laid out by egui anew when its fonts are made anew, which ours would point into.
    witness: Option<Arc<Galley>>,
    version: u64,
}

impl Layout {
    /// Another number whenever the text or its look has changed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many lines a text has; quick for the one that was laid out last.
    #[must_use]
    pub fn count_lines(&self, text: &str) -> u32 {
        match &self.made {
            Some(made) if made.text == text => made.lines.len() as u32,
            _ => text.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1,
        }
    }

    /// Lays a text out, or gives what was laid out when nothing has changed.
    pub fn lay_out(&mut self, ui: &Ui, text: &str, wrap_width: f32, unknown: &[String]) -> Arc<Galley> {
        let wrap_width = wrap_width.round();
        let tokens = theme::tokens(ui.ctx());
        let look = egui::util::hash((unknown, ui.theme(), wrap_width.to_bits(), ui.pixels_per_point().to_bits()));
        let witness = ui.fonts_mut(|fonts| fonts.layout_job(LayoutJob::single_section("0".to_owned(), format_of(Kind::Text, tokens))));
        let is_same_font = self.witness.as_ref().is_some_and(|known| Arc::ptr_eq(known, &witness));
        let is_same_look = is_same_font && self.made.as_ref().is_some_and(|made| made.look == look);
        if let Some(made) = self.made.as_ref().filter(|made| is_same_look && made.text == text) {
            return Arc::clone(&made.galley);
        }
        if !is_same_look {
            self.paragraphs.clear();
        }
        self.witness = Some(witness);
        self.version += 1;
        let made = self.make(ui, text, look, wrap_width, &highlight::spans(text, unknown), tokens);
        let galley = Arc::clone(&made.galley);
        self.made = Some(made);
        galley
    }

    fn make(&mut self, ui: &Ui, text: &str, look: u64, wrap_width: f32, spans: &[Span], tokens: &Tokens) -> Made {
        let wrap = TextWrapping { max_width: wrap_width, ..TextWrapping::default() };
        let job = |text: &str| LayoutJob { text: text.to_owned(), wrap: wrap.clone(), keep_trailing_whitespace: true, ..LayoutJob::default() };
        let mut known = std::mem::take(&mut self.paragraphs);
        let mut galleys = Vec::new();
        let mut lines = Vec::new();
        let (mut start, mut letter, mut row, mut first_span) = (0, 0, 0, 0);
        loop {
            let end = paragraph_end(text, start);
            let paragraph = &text[start..end];
            while spans.get(first_span).is_some_and(|span| span.range.end <= start) {
                first_span += 1;
            }
            let inside = || spans[first_span..].iter().take_while(|span| span.range.start < end).map(|span| clip(span, start..end));
            let key = egui::util::hash((paragraph, inside().map(|span| (span.range.start, span.kind)).collect::<Vec<_>>()));
            let galley = self.paragraphs.get(&key).cloned().or_else(|| known.remove(&key)).unwrap_or_else(|| {
                let mut job = job(paragraph);
                job.sections = inside().map(|span| section(&span, tokens)).collect();
                if job.sections.is_empty() {
                    // An empty line is as high as any other.
                    job.sections.push(section(&Span { range: 0..0, kind: Kind::Text }, tokens));
                }
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            });
            let mut byte = start;
            for piece in paragraph.split('\n') {
                lines.push(Line { byte, letter: letter + text[start..byte].chars().count(), row: usize::MAX });
                byte += piece.len() + 1;
            }
            letter += paragraph.chars().count() + 1;
            row += galley.rows.len();
            self.paragraphs.insert(key, Arc::clone(&galley));
            galleys.push(galley);
            start = end + 1;
            if end == text.len() {
                break;
            }
        }
        debug_assert!(row >= lines.len(), "every line has a row");
        let mut whole = job(text);
        // The paragraphs have their sections; a whole without any would not be painted.
        whole.sections.push(section(&Span { range: 0..text.len(), kind: Kind::Text }, tokens));
        let galley = Arc::new(Galley::concat(Arc::new(whole), &galleys, ui.pixels_per_point()));
        let numbers = gutter::numbers(galley.rows.iter().map(|row| row.ends_with_newline));
        for (row, number) in numbers.iter().enumerate().filter_map(|(row, number)| Some((row, (*number)?))) {
            if let Some(line) = lines.get_mut(number as usize - 1) {
                line.row = row;
            }
        }
        Made { text: text.to_owned(), look, galley, lines, numbers }
    }

    /// For each row the number of the line that starts there, from 1; `None` where a line goes on.
    #[must_use]
    pub fn numbers(&self) -> &[Option<u32>] {
        self.made.as_ref().map_or(&[], |made| &made.numbers)
    }

    /// Line and column of a cursor, from 1.
    #[must_use]
    pub fn line_and_column(&self, cursor: CCursor) -> Option<(u32, u32)> {
        let made = self.made.as_ref()?;
        let at = made.lines.partition_point(|line| line.letter <= cursor.index.0).checked_sub(1)?;
        Some((at as u32 + 1, (cursor.index.0 - made.lines[at].letter) as u32 + 1))
    }

    /// The bytes of the text that lie in some rows.
    #[must_use]
    pub fn bytes_of_rows(&self, rows: Range<usize>) -> Range<usize> {
        let Some(made) = &self.made else { return 0..0 };
        let first = made.lines.partition_point(|line| line.row <= rows.start).saturating_sub(1);
        let behind = made.lines.partition_point(|line| line.row < rows.end);
        made.lines.get(first).map_or(0, |line| line.byte)..made.lines.get(behind).map_or(made.text.len(), |line| line.byte)
    }

    /// The rectangles, measured from the top left of the text, that cover a range of bytes; one for each row that it touches.
    #[must_use]
    pub fn rects(&self, range: &Range<usize>) -> Vec<Rect> {
        let Some(made) = &self.made else { return Vec::new() };
        let (Some(start), Some(end)) = (made.place(range.start), made.place(range.end)) else { return Vec::new() };
        let rect = |row: usize| {
            let placed = made.galley.rows.get(row)?;
            let left = if row == start.0 { placed.x_offset(CharIndex(start.1)) } else { 0.0 };
            let right = if row == end.0 { placed.x_offset(CharIndex(end.1)) } else { placed.size.x };
            Some(Rect::from_min_max(pos2(placed.pos.x + left, placed.min_y()), pos2(placed.pos.x + right, placed.max_y())))
        };
        (start.0..=end.0).filter_map(rect).filter(|rect| rect.width() > 0.0 || range.is_empty()).collect()
    }

    /// The letter that begins at a byte.
    #[must_use]
    pub fn letter(&self, byte: usize) -> usize {
        let Some(made) = &self.made else { return 0 };
        made.line_of(byte).map_or(0, |line| line.letter + made.text.get(line.byte..byte).map_or(0, |before| before.chars().count()))
    }

    /// The byte at which a letter begins.
    #[must_use]
    pub fn byte(&self, letter: usize) -> usize {
        let Some(made) = &self.made else { return 0 };
        let at = made.lines.partition_point(|line| line.letter <= letter).saturating_sub(1);
        let Some(line) = made.lines.get(at) else { return 0 };
        made.text[line.byte..].char_indices().nth(letter - line.letter).map_or(made.text.len(), |(byte, _)| line.byte + byte)
    }
}

impl Made {
    fn line_of(&self, byte: usize) -> Option<Line> {
        let at = self.lines.partition_point(|line| line.byte <= byte).checked_sub(1)?;
        self.lines.get(at).copied()
    }

    /// Row and column of a byte.
    fn place(&self, byte: usize) -> Option<(usize, usize)> {
        let line = self.line_of(byte)?;
        let mut column = self.text.get(line.byte..byte)?.chars().count();
        let mut row = line.row;
        while let Some(placed) = self.galley.rows.get(row) {
            let letters = placed.char_count_excluding_newline().0;
            if column < letters || placed.ends_with_newline || row + 1 == self.galley.rows.len() {
                return Some((row, column.min(letters)));
            }
            column -= letters;
            row += 1;
        }
        None
    }
}

/// Where a paragraph ends: before its line break. The last line break of a text belongs to the paragraph before it, as egui has it.
fn paragraph_end(text: &str, start: usize) -> usize {
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    if end + 1 == text.len() { text.len() } else { end }
}

/// A span's part in a range, measured from its start.
fn clip(span: &Span, range: Range<usize>) -> Span {
    Span { range: span.range.start.max(range.start) - range.start..span.range.end.min(range.end) - range.start, kind: span.kind }
}

fn section(span: &Span, tokens: &Tokens) -> LayoutSection {
    LayoutSection { leading_space: 0.0, byte_range: ByteIndex(span.range.start)..ByteIndex(span.range.end), format: format_of(span.kind, tokens) }
}

/// How a piece looks: by colour, and by slant or ground wherever it says something.
fn format_of(kind: Kind, tokens: &Tokens) -> TextFormat {
    let plain = TextFormat { font_id: FontId::monospace(FONT_SIZE), color: tokens.text, line_height: Some(LINE_HEIGHT), ..TextFormat::default() };
    let coloured = |color: Color32| TextFormat { color, ..plain.clone() };
    match kind {
        Kind::Text => plain,
        Kind::Heading => coloured(tokens.series[0]),
        Kind::Bold => coloured(tokens.series[1]),
        Kind::Italic => TextFormat { italics: true, ..plain },
        Kind::Code => coloured(tokens.series[2]),
        Kind::Mark => coloured(tokens.accent),
        Kind::Quote => TextFormat { italics: true, ..coloured(tokens.muted) },
        Kind::Variable => TextFormat { background: tokens.raised, ..coloured(tokens.accent) },
        // On a ground of its own, not underlined: the line below is for what is said about a piece, once.
        Kind::UnknownVariable | Kind::Broken => TextFormat { background: tokens.bad.gamma_multiply(0.16), ..coloured(tokens.bad) },
        Kind::Statement => coloured(tokens.series[3]),
        Kind::Comment => TextFormat { italics: true, ..coloured(tokens.muted) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_ui(work: impl FnMut(&mut Ui)) {
        let ctx = egui::Context::default();
        theme::apply(&ctx);
        ctx.run_ui(egui::RawInput::default(), work).drop_without_applying_deltas();
    }

    /// As egui lays the whole text out, without our help.
    fn by_egui(ui: &Ui, text: &str, width: f32) -> Arc<Galley> {
        let tokens = theme::tokens(ui.ctx());
        let mut sections: Vec<LayoutSection> = highlight::spans(text, &[]).iter().map(|span| section(span, tokens)).collect();
        if sections.is_empty() {
            sections.push(section(&Span { range: 0..0, kind: Kind::Text }, tokens));
        }
        let wrap = TextWrapping { max_width: width, ..TextWrapping::default() };
        let job = LayoutJob { text: text.to_owned(), sections, wrap, keep_trailing_whitespace: true, ..LayoutJob::default() };
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    }

    fn rows(galley: &Galley) -> Vec<(String, egui::Pos2, bool)> {
        galley.rows.iter().map(|row| (row.text(), row.pos, row.ends_with_newline)).collect()
    }

    const TEXTS: [&str; 8] = [
        "",
        "one line",
        "\n",
        "a\n\nb",
        "ends with a break\n",
        "# Head\n{{ file_name }} is *wide* and this line is long enough to be wrapped more than once\n\n```\ncode\n```\n",
        "é😀 ü\n\n\nx\n\n",
        "{# over\nlines #} a",
    ];

    #[test]
    fn paragraph_by_paragraph_gives_the_same_as_all_at_once() {
        with_ui(|ui| {
            let mut layout = Layout::default();
            // One after the other, so that paragraphs of the one are found again in the next.
            for text in TEXTS.iter().chain(TEXTS.iter().rev()) {
                let ours = layout.lay_out(ui, text, 140.0, &[]);
                let theirs = by_egui(ui, text, 140.0);
                assert_eq!(rows(&ours), rows(&theirs), "{text:?}");
                assert_eq!((ours.rect, ours.mesh_bounds, ours.text()), (theirs.rect, theirs.mesh_bounds, theirs.text()), "{text:?}");
                assert_eq!((ours.is_empty(), ours.num_indices), (theirs.is_empty(), theirs.num_indices), "{text:?}");
            }
        });
    }

    #[test]
    fn nothing_is_laid_out_again_while_nothing_changes_and_one_paragraph_when_one_does() {
        with_ui(|ui| {
            let mut layout = Layout::default();
            let text = "a line\n".repeat(300) + "b\nlast";
            let first = layout.lay_out(ui, &text, 300.0, &[]);
            assert!(Arc::ptr_eq(&first, &layout.lay_out(ui, &text, 300.0, &[])));
            let version = layout.version();
            let changed = text.replace('b', "bc");
            let second = layout.lay_out(ui, &changed, 300.0, &[]);
            assert_eq!(layout.version(), version + 1);
            let same = first.rows.iter().zip(&second.rows).filter(|(a, b)| Arc::ptr_eq(&a.row, &b.row)).count();
            assert_eq!(same, 301, "of {} rows", second.rows.len());
        });
    }

    #[test]
    fn places_and_bytes_lead_to_each_other() {
        with_ui(|ui| {
            let mut layout = Layout::default();
            for text in TEXTS {
                let galley = layout.lay_out(ui, text, 140.0, &[]);
                assert_eq!(layout.count_lines(text), text.matches('\n').count() as u32 + 1, "{text:?}");
                for (letter, (byte, sign)) in text.char_indices().enumerate() {
                    assert_eq!((layout.letter(byte), layout.byte(letter)), (letter, byte), "{text:?}");
                    let before = &text[..byte];
                    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) as u32 + 1;
                    let line = before.matches('\n').count() as u32 + 1;
                    assert_eq!(layout.line_and_column(CCursor::new(letter)), Some((line, column)), "{text:?} at {byte}");
                    if sign != '\n' {
                        let rects = layout.rects(&(byte..byte + sign.len_utf8()));
                        let cursor = CCursor { index: CharIndex(letter), prefer_next_row: true };
                        assert_eq!(rects.first().map(Rect::left_top), Some(galley.pos_from_cursor(cursor).left_top()), "{text:?} at {byte}");
                    }
                }
                let rows = galley.rows.len();
                assert_eq!(layout.bytes_of_rows(0..rows), 0..text.len(), "{text:?}");
            }
        });
    }
}
