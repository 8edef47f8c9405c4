//! A report for spreadsheets: CSV with one line a cell, and a table of photos and columns for the clipboard.

use super::{CellStatus, Report, ReportTag};
use crate::platform::domain::spreadsheet::as_text;

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

/// A row for each photo and a column for each prompt and model, separated by tabs: what a spreadsheet takes from the clipboard.
/// Repeated answers stand behind each other, separated by a bar.
#[must_use]
pub fn table(report: &Report) -> String {
    let flat = |field: &str| as_text(&field.replace(['\t', '\n', '\r'], " "));
    let mut lines = vec![vec!["Photo".to_owned()]];
    lines[0].extend(report.summary.iter().map(|column| flat(&format!("{} · {}", column.prompt, column.model))));
    let mut last = None;
    for cell in &report.cells {
        let (row, column) = cell.place;
        if last.replace(row) != Some(row) {
            lines.push(vec![String::new(); report.summary.len() + 1]);
        }
        let Some(line) = lines.last_mut() else { continue };
        line[0] = flat(&cell.photo);
        let Some(field) = line.get_mut(column + 1) else { continue };
        let said = match cell.error_words() {
            Some(error) => format!("{}: {error}", super::words::failure_word(cell)),
            None => cell.tags.iter().map(ReportTag::words).collect::<Vec<_>>().join(", "),
        };
        *field = if cell.repeat > 1 { format!("{field} | {}", flat(&said)) } else { flat(&said) };
    }
    lines.into_iter().map(|line| line.join("\t") + "\n").collect()
}
