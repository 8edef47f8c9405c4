//! A report as a table for the terminal.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use crate::platform::domain::run_report::verdicts::ReportVerdicts;
use crate::platform::domain::run_report::words::{duration, failure_word, has_repeats, summary_header, summary_notes, summary_values};
use crate::platform::domain::run_report::{CellStatus, Report, ReportCell, ReportTag, SamePhoto};

/// Columns of the terminal's table; wider than most windows helps nobody.
const TABLE_WIDTH: u16 = 100;
/// Tags shown of an answer in a table; the other formats have them all.
const TAGS_SHOWN: usize = 8;

/// Every answer, then the summary, in 100 columns.
#[must_use]
pub fn table(report: &Report) -> String {
    let has_columns = report.summary.len() > 1;
    let is_repeated = report.cells.iter().any(|cell| cell.repeat > 1);
    let mut cells = plain_table();
    cells.set_header(if has_columns { vec!["Photo", "Prompt · model", "Found", "Time"] } else { vec!["Photo", "Found", "Time"] });
    let mut last_photo = "";
    for cell in &report.cells {
        let photo = if cell.photo == last_photo { "" } else { cell.photo.as_str() };
        last_photo = &cell.photo;
        let mut row = vec![Cell::new(photo)];
        if has_columns {
            let repeat = if is_repeated { format!(" · {}", cell.repeat) } else { String::new() };
            row.push(Cell::new(format!("{} · {}{repeat}", cell.prompt, cell.model)));
        }
        row.push(Cell::new(found(cell)));
        row.push(Cell::new(duration(cell.latency_ms.map(|ms| ms as f64))).set_alignment(CellAlignment::Right));
        cells.add_row(row);
    }
    let mut summary = plain_table();
    summary.set_header(summary_header(report));
    // Figures stay whole; long names of models and prompts wrap.
    for column in summary.column_iter_mut().skip(2) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    for row in &report.summary {
        let values = summary_values(row, has_repeats(report)).into_iter().enumerate();
        let align = |at| if at < 2 { CellAlignment::Left } else { CellAlignment::Right };
        summary.add_row(values.map(|(at, value)| Cell::new(value).set_alignment(align(at))).collect::<Vec<_>>());
    }
    let mut note = String::new();
    for line in summary_notes(report) {
        let _ = write!(note, "\n{line}");
    }
    let mut verdicts = String::new();
    let same = report.same_photos.iter().map(SamePhoto::words);
    for (at, line) in same.chain(report.verdicts.iter().flat_map(ReportVerdicts::lines)).enumerate() {
        let _ = write!(verdicts, "{}{line}", if at == 0 { "\n\n" } else { "\n" });
    }
    format!("{cells}\n\n{summary}{note}{verdicts}\n")
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_width(TABLE_WIDTH);
    table
}

/// The strongest tags, or what went wrong.
fn found(cell: &ReportCell) -> String {
    if cell.status == CellStatus::Failed {
        return format!("{}: {}", failure_word(cell), cell.error_words().as_deref().unwrap_or("no reason given"));
    }
    let mut words = tags_found(cell);
    for note in &cell.notes {
        let _ = write!(words, "\nNote: {}", note.text);
    }
    words
}

fn tags_found(cell: &ReportCell) -> String {
    let shown: Vec<_> = cell.tags.iter().take(TAGS_SHOWN).map(ReportTag::words).collect();
    let more = cell.tags.len().saturating_sub(TAGS_SHOWN);
    match (shown.is_empty(), more) {
        (true, _) => "no tags".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{}, {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::run_report::{ErrorKind, ReportPhoto, summary};
    use crate::wire::ids::{PhotoId, RunId};
    use crate::wire::result::{FaultKind, Note};
    use crate::wire::run::RunColumn;

    fn report() -> Report {
        let column = serde_json::json!({"prompt_name": "short list", "prompt_content": "", "prompt_version_id": null, "model": "on-device"});
        let column: RunColumn = serde_json::from_value(column).expect("a column");
        let photo = ReportPhoto { label: "boats_1865.jpg".to_owned(), id: Ok(PhotoId::fresh()) };
        let blank = |error: &str| ReportCell::failed(&photo, &column, 1, (ErrorKind::Fault(FaultKind::Photo), error.to_owned()));
        let ok = ReportCell {
            status: CellStatus::Ok,
            error: None,
            error_kind: None,
            tags: (0..12).map(|at| ReportTag { name: format!("a long tag name {at}"), confidence: Some(0.9) }).collect(),
            latency_ms: Some(1240),
            notes: vec![Note::mended("1 confidence was outside 0–1 and is not believed: boat 7")],
            is_billed: true,
            ..blank("")
        };
        let cells = vec![ok, blank("The file is cut off, so it can't be shown whole; export it again")];
        let row = |model| summary::summarise(model, "short list", &cells.iter().collect::<Vec<_>>(), None);
        let (now, summary) = (chrono::Utc::now(), vec![row("on-device"), row("gemini/gemini-3.8-flash")]);
        Report {
            run_id: RunId::fresh(),
            started_at: now,
            finished_at: now,
            summary,
            cells,
            same_photos: Vec::new(),
            validation: None,
            verdicts: None,
            votes: None,
        }
    }

    #[test]
    fn the_table_fits_a_hundred_columns() {
        let table = table(&report());
        for line in table.lines() {
            assert!(line.chars().count() <= usize::from(TABLE_WIDTH), "{line}");
        }
        assert!(table.contains("4 more") && table.contains("1.24 s") && table.contains("unknown"), "{table}");
        assert!(table.contains("Note: 1 confidence was outside"), "{table}");
    }
}
