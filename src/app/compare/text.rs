//! Reports as text: a table for the terminal, Markdown, CSV.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::report::{CellStatus, ErrorKind, Report, ReportCell, ReportTag, Unanswered};
use super::summary::SummaryRow;
use crate::wire::money::UsdMicros;
use crate::wire::result::FaultKind;

/// Columns of the terminal's table; wider than most windows helps nobody.
const TABLE_WIDTH: u16 = 100;
/// Tags shown of an answer in a table; the other formats have them all.
const TAGS_SHOWN: usize = 8;

const ACCURACY_NOTE: &str = "Precision (Prec.), recall and F1: all answered tags against the labels, counted over all labelled photos";

/// Every answer, then the summary, in 100 columns.
#[must_use]
pub fn table(report: &Report) -> String {
    let has_columns = report.summary.len() > 1;
    let has_repeats = report.cells.iter().any(|cell| cell.repeat > 1);
    let mut cells = plain_table();
    cells.set_header(if has_columns { vec!["Photo", "Prompt · model", "Found", "Time"] } else { vec!["Photo", "Found", "Time"] });
    let mut last_photo = "";
    for cell in &report.cells {
        let photo = if cell.photo == last_photo { "" } else { cell.photo.as_str() };
        last_photo = &cell.photo;
        let mut row = vec![Cell::new(photo)];
        if has_columns {
            let repeat = if has_repeats { format!(" · {}", cell.repeat) } else { String::new() };
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
        let values = summary_values(row).into_iter().enumerate();
        let align = |at| if at < 2 { CellAlignment::Left } else { CellAlignment::Right };
        summary.add_row(values.map(|(at, value)| Cell::new(value).set_alignment(align(at))).collect::<Vec<_>>());
    }
    let note = if has_accuracy(report) { format!("\n{ACCURACY_NOTE}") } else { String::new() };
    format!("{cells}\n\n{summary}{note}\n")
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

/// A refusal and a cut answer are results of the model; the rest failed.
#[must_use]
pub fn failure_word(cell: &ReportCell) -> &'static str {
    match cell.error_kind {
        Some(ErrorKind::Fault(FaultKind::Refused)) => "refused",
        Some(ErrorKind::Fault(FaultKind::Truncated)) => "cut off",
        Some(ErrorKind::Other(Unanswered::NotAsked)) => "not asked",
        _ => "failed",
    }
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

fn has_accuracy(report: &Report) -> bool {
    report.summary.iter().any(|row| row.accuracy.is_some())
}

/// Headings of [`summary_values`].
#[must_use]
pub fn summary_header(report: &Report) -> Vec<&'static str> {
    let mut header = vec!["Model", "Prompt", "Answered", "p50", "p95", "Cost", "Conf."];
    if has_accuracy(report) {
        header.extend(["Prec.", "Recall", "F1"]);
    }
    header
}

/// One row of the summary, as a person reads it.
#[must_use]
pub fn summary_values(row: &SummaryRow) -> Vec<String> {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let mut values = vec![
        row.model.clone(),
        row.prompt.clone(),
        format!("{}/{}", row.ok, row.ok + row.failed),
        duration(row.latency_p50_ms),
        duration(row.latency_p95_ms),
        row.cost_usd_micros.map_or_else(|| "unknown".to_owned(), |micros| UsdMicros(micros).to_string()),
        share(row.mean_confidence),
    ];
    if let Some(accuracy) = row.accuracy {
        values.extend([share(accuracy.precision), share(accuracy.recall), share(accuracy.f1)]);
    }
    values
}

/// `146 ms`, `1.24 s`; `–` where there is none.
#[must_use]
pub fn duration(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 1000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.2} s", ms / 1000.0),
    }
}

/// GitHub-flavoured Markdown: the summary, then every answer with all its tags.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = String::from("# Comparison\n\n");
    let _ = writeln!(text, "Run {} · {} · {}\n", report.run_id, report.started_at.format("%Y-%m-%d %H:%M:%S UTC"), totals(report));
    markdown_row(&mut text, &summary_header(report));
    markdown_row(&mut text, &summary_header(report).iter().enumerate().map(|(at, _)| if at < 2 { "---" } else { "--:" }).collect::<Vec<_>>());
    for row in &report.summary {
        markdown_row(&mut text, &summary_values(row));
    }
    if has_accuracy(report) {
        let _ = writeln!(text, "\n{ACCURACY_NOTE}");
    }
    text.push_str("\n## Answers\n\n");
    markdown_row(&mut text, &["Photo", "Prompt", "Model", "Repeat", "Caption", "Tags", "Time"]);
    markdown_row(&mut text, &["---", "---", "---", "--:", "---", "---", "--:"]);
    for cell in &report.cells {
        let tags = match cell.error_words() {
            Some(error) => format!("**{}:** {error}", failure_word(cell)),
            None => cell.tags.iter().map(ReportTag::words).collect::<Vec<_>>().join(", "),
        };
        // A cell of a Markdown table is one line.
        let tags = std::iter::once(tags).chain(cell.notes.iter().map(|note| format!("*Note: {}*", note.text))).collect::<Vec<_>>().join(" · ");
        markdown_row(
            &mut text,
            &[
                cell.photo.as_str(),
                &cell.prompt,
                &cell.model,
                &cell.repeat.to_string(),
                cell.caption.as_deref().unwrap_or_default(),
                &tags,
                &duration(cell.latency_ms.map(|ms| ms as f64)),
            ],
        );
    }
    text
}

/// `48 of 48 cells answered`.
#[must_use]
pub fn totals(report: &Report) -> String {
    format!("{} of {} cells answered", report.cells.len() - report.failed_cells(), report.cells.len())
}

fn markdown_row<S: AsRef<str>>(text: &mut String, cells: &[S]) {
    text.push('|');
    for cell in cells {
        // A bar or a line break would end the cell, and a model's `<b>` is a word, not markup.
        let safe = cell.as_ref().replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ");
        let _ = write!(text, " {safe} |");
    }
    text.push('\n');
}

/// `name:confidence`, and only the name where the model gave no confidence.
fn csv_tag(tag: &ReportTag) -> String {
    let name = tag.name.replace(';', ",");
    tag.confidence.map_or_else(|| name.clone(), |confidence| format!("{name}:{confidence}"))
}

/// One line per cell with everything that the JSON has of it; tags as `name:confidence`, separated by `;`.
pub fn csv(report: &Report) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "photo",
        "prompt",
        "model",
        "repeat",
        "status",
        "caption",
        "tags",
        "latency_ms",
        "input_tokens",
        "output_tokens",
        "cost_usd_micros",
        "error",
        "notes",
        "error_kind",
        "request_id",
    ])?;
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    for cell in &report.cells {
        let tags: Vec<_> = cell.tags.iter().map(csv_tag).collect();
        let notes: Vec<_> = cell.notes.iter().map(|note| note.text.as_str()).collect();
        // The same word as in the JSON.
        let kind = serde_json::to_value(cell.error_kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
        writer.write_record([
            as_text(&cell.photo),
            as_text(&cell.prompt),
            as_text(&cell.model),
            cell.repeat.to_string(),
            if cell.status == CellStatus::Ok { "ok" } else { "failed" }.to_owned(),
            as_text(cell.caption.as_deref().unwrap_or_default()),
            as_text(&tags.join(";")),
            number(cell.latency_ms),
            number(cell.input_tokens),
            number(cell.output_tokens),
            cell.cost_usd_micros.map(|micros| micros.to_string()).unwrap_or_default(),
            as_text(cell.error.as_deref().unwrap_or_default()),
            as_text(&notes.join("; ")),
            kind,
            as_text(cell.request_id.as_deref().unwrap_or_default()),
        ])?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A spreadsheet would run a model's `=HYPERLINK(…)` as a formula; an apostrophe makes it text.
fn as_text(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::summary;
    use super::*;
    use crate::wire::ids::RunId;
    use crate::wire::result::Note;

    fn report() -> Report {
        let blank = |error: &str| {
            let error = (ErrorKind::Fault(FaultKind::Photo), error.into());
            ReportCell::failed("boats_1865.jpg".into(), "boats_1865.jpg".into(), "short list".into(), "on-device".into(), 1, error)
        };
        let tags = (0..12).map(|at| ReportTag { name: format!("a long tag name {at}"), confidence: Some(0.9) }).collect();
        let ok = ReportCell {
            status: CellStatus::Ok,
            error: None,
            error_kind: None,
            caption: Some("=2+2 | <b>boats</b>\nat sea".into()),
            tags,
            latency_ms: Some(1240),
            notes: vec![Note::mended("1 confidence was outside 0–1 and is not believed: boat 7")],
            is_billed: true,
            ..blank("")
        };
        let failed = blank("The file is cut off, so it can't be shown whole; export it again");
        let cells = vec![ok, failed];
        let row = |model| summary::summarise(model, "short list", &cells.iter().collect::<Vec<_>>(), None);
        let now = chrono::Utc::now();
        Report { run_id: RunId::fresh(), started_at: now, finished_at: now, summary: vec![row("on-device"), row("gemini/gemini-3.8-flash")], cells }
    }

    #[test]
    fn the_table_fits_a_hundred_columns() {
        let table = table(&report());
        for line in table.lines() {
            assert!(line.chars().count() <= usize::from(TABLE_WIDTH), "{line}");
        }
        assert!(table.contains("4 more") && table.contains("1.24 s") && table.contains("unknown"), "{table}");
    }

    #[test]
    fn what_was_mended_is_told_in_every_format() {
        let (report, note) = (report(), "is not believed: boat 7");
        let csv = csv(&report).expect("writes");
        let page = super::super::html::page(&report, &super::super::html::Thumbnails::new(), None);
        for text in [markdown(&report), csv, page] {
            assert_eq!(text.matches(note).count(), 1, "{text}");
        }
        assert!(table(&report).contains("Note: 1 confidence was outside"), "{}", table(&report));
    }

    #[test]
    fn what_a_model_wrote_breaks_neither_markdown_nor_a_spreadsheet() {
        let markdown = markdown(&report());
        assert!(markdown.contains("=2+2 \\| &lt;b>boats&lt;/b> at sea"), "{markdown}");
        let csv = csv(&report()).expect("writes");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let first = reader.records().next().expect("a row").expect("reads");
        assert_eq!(&first[5], "'=2+2 | <b>boats</b>\nat sea");
        assert_eq!(first[6].split(';').count(), 12);
    }
}
