//! A report as one HTML page that needs nothing else: photos inside, no script, no network, light and dark.

use std::collections::HashMap;
use std::fmt::Write;

use base64::Engine;
use bytes::Bytes;

use super::words::{
    GATES_HEADER, duration, failure_word, gate_rows, has_repeats, summary_header, summary_notes, summary_values, title, totals, validation_lines,
};
use super::{CellStatus, Report, ReportCell};
use crate::platform::domain::baseline::Labels;
use crate::wire::money::UsdMicros;
use crate::wire::tag::normal_name;
use crate::wire::validation::ValidationReport;

/// Longer edge of the thumbnails.
pub const THUMBNAIL_PX: u32 = 480;

/// JPEG by the photo's place in the report.
pub type Thumbnails = HashMap<usize, Bytes>;

const STYLE: &str = include_str!("report.css");

/// The whole page.
#[must_use]
pub fn page(report: &Report, thumbnails: &Thumbnails, labels: Option<&Labels>) -> String {
    let mut page = head(report);
    for cells in photos(report) {
        page.push_str(&photo(cells, cells.first().and_then(|cell| thumbnails.get(&cell.place.0)), labels));
    }
    page.push_str(FOOT);
    page
}

/// What ends the page.
pub const FOOT: &str = "</body>\n</html>\n";

/// The cells of each photo.
pub fn photos(report: &Report) -> impl Iterator<Item = &[ReportCell]> {
    report.cells.chunk_by(|one, other| one.place.0 == other.place.0)
}

/// The page down to its first photo.
#[must_use]
pub fn head(report: &Report) -> String {
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p class=\"muted\">{} · {} · run {}</p>\n",
        escape(&totals(report)),
        escape(&totals(report)),
        report.started_at.format("%Y-%m-%d %H:%M:%S UTC"),
        report.run_id,
        title = title(report),
    );
    if let Some(validation) = &report.validation {
        gates(&mut page, validation);
    }
    summary(&mut page, report);
    for same in &report.same_photos {
        let _ = writeln!(page, "<p>{}</p>", escape(&same.words()));
    }
    for line in report.verdicts.iter().flat_map(super::verdicts::ReportVerdicts::lines) {
        let _ = writeln!(page, "<p>{}</p>", escape(&line));
    }
    for line in report.votes.iter().flat_map(super::votes::ReportVotes::lines) {
        let _ = writeln!(page, "<p>{}</p>", escape(&line));
    }
    page
}

fn gates(page: &mut String, validation: &ValidationReport) {
    for line in validation_lines(validation) {
        let _ = writeln!(page, "<p>{}</p>", escape(&line));
    }
    page.push_str("<div class=\"scroll\"><table class=\"words\">\n<tr>");
    for heading in GATES_HEADER {
        let _ = write!(page, "<th>{heading}</th>");
    }
    page.push_str("</tr>\n");
    for row in gate_rows(validation) {
        page.push_str("<tr>");
        for value in &row {
            let _ = write!(page, "<td>{}</td>", escape(value));
        }
        page.push_str("</tr>\n");
    }
    let _ = writeln!(page, "</table></div>\n<p class=\"muted\">{}</p>", escape(&validation.method));
}

fn summary(page: &mut String, report: &Report) {
    page.push_str("<div class=\"scroll\"><table>\n<tr>");
    for heading in summary_header(report) {
        let _ = write!(page, "<th>{heading}</th>");
    }
    page.push_str("</tr>\n");
    for row in &report.summary {
        page.push_str("<tr>");
        for value in summary_values(row, has_repeats(report)) {
            let _ = write!(page, "<td>{}</td>", escape(&value));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n");
    for note in summary_notes(report) {
        let _ = writeln!(page, "<p class=\"muted\">{}</p>", escape(note));
    }
}

/// One photo with all that is said of it.
#[must_use]
pub fn photo(cells: &[ReportCell], thumbnail: Option<&Bytes>, labels: Option<&Labels>) -> String {
    let mut page = String::new();
    let Some(first) = cells.first() else { return page };
    let name = escape(&first.photo);
    let _ = write!(page, "<section>\n<h2>{name}</h2>\n<div class=\"row\">\n");
    match thumbnail {
        Some(jpeg) => {
            let data = base64::engine::general_purpose::STANDARD.encode(jpeg);
            let _ = writeln!(page, "<figure><img alt=\"{name}\" src=\"data:image/jpeg;base64,{data}\"></figure>");
        }
        None => page.push_str("<figure class=\"none\">No picture</figure>\n"),
    }
    page.push_str("<div class=\"cells\">\n");
    for cell in cells {
        answer(&mut page, cell, labels);
    }
    page.push_str("</div>\n</div>\n</section>\n");
    page
}

fn answer(page: &mut String, cell: &ReportCell, labels: Option<&Labels>) {
    let repeat = if cell.repeat > 1 { format!(" · repeat {}", cell.repeat) } else { String::new() };
    let _ = write!(page, "<article>\n<h3>{}<span>{}{repeat}</span></h3>\n", escape(&cell.model), escape(&cell.prompt));
    if let Some(error) = cell.error_words() {
        let _ = writeln!(page, "<p class=\"bad\">{}: {}</p>", failure_word(cell), escape(&error));
    }
    if let Some(caption) = &cell.caption {
        let _ = writeln!(page, "<p>{}</p>", escape(caption));
    }
    if cell.status == CellStatus::Ok && cell.tags.is_empty() {
        page.push_str("<p class=\"muted\">No tags</p>\n");
    }
    page.push_str("<ul>\n");
    let labels = labels.zip(cell.photo_id).and_then(|(labels, photo)| labels.get(&photo));
    for tag in &cell.tags {
        // The mark says it in a sign as well, never by colour alone.
        let mark = if labels.is_some_and(|labels| labels.contains(&normal_name(&tag.name))) { "✓ " } else { "" };
        let share = f64::from(tag.confidence.unwrap_or(0.0)).clamp(0.0, 1.0) * 100.0;
        let figure = tag.confidence.map_or_else(|| "–".to_owned(), |confidence| format!("{confidence:.2}"));
        let _ = writeln!(page, "<li><span>{mark}{}</span><i style=\"--share:{share:.0}%\"></i><b>{figure}</b></li>", escape(&tag.name));
    }
    page.push_str("</ul>\n");
    for note in &cell.notes {
        let (class, mark) = if note.is_mended() { ("note", "⚠ ") } else { ("muted", "") };
        let _ = writeln!(page, "<p class=\"{class}\">{mark}{}</p>", escape(&note.text));
    }
    let _ = writeln!(page, "<p class=\"muted\">{}</p>\n</article>", escape(&facts(cell)));
}

/// Time, tokens and cost, as far as there are any.
fn facts(cell: &ReportCell) -> String {
    let mut facts = Vec::new();
    if cell.latency_ms.is_some() {
        facts.push(duration(cell.latency_ms.map(|ms| ms as f64)));
    }
    if let (Some(input), Some(output)) = (cell.input_tokens, cell.output_tokens) {
        facts.push(format!("{input} + {output} tokens"));
    }
    match cell.cost_usd_micros {
        Some(micros) => facts.push(UsdMicros(micros).to_string()),
        None if cell.is_billed => facts.push("cost unknown".to_owned()),
        None => {}
    }
    facts.join(" · ")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
