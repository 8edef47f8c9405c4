//! A report as one HTML page that needs nothing else: photos inside, no script, no network, light and dark.

use std::collections::HashMap;
use std::fmt::Write;

use base64::Engine;
use bytes::Bytes;

use super::report::{CellStatus, Report, ReportCell};
use super::text;
use super::truth::{self, Truth};
use crate::wire::money::UsdMicros;

/// JPEG by the photo's label.
pub type Thumbnails = HashMap<String, Bytes>;

const STYLE: &str = include_str!("report.css");

/// The whole page.
#[must_use]
pub fn page(report: &Report, thumbnails: &Thumbnails, truth: Option<&Truth>) -> String {
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Comparison · {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Comparison</h1>\n<p class=\"muted\">{} · {} · run {}</p>\n",
        escape(&text::totals(report)),
        escape(&text::totals(report)),
        report.started_at.format("%Y-%m-%d %H:%M:%S UTC"),
        report.run_id,
    );
    summary(&mut page, report);
    let mut cells = report.cells.as_slice();
    while let Some(first) = cells.first() {
        let count = cells.iter().take_while(|cell| cell.photo == first.photo).count();
        let (of_photo, rest) = cells.split_at(count);
        photo(&mut page, of_photo, thumbnails.get(&first.photo), truth);
        cells = rest;
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn summary(page: &mut String, report: &Report) {
    page.push_str("<div class=\"scroll\"><table>\n<tr>");
    for heading in text::summary_header(report) {
        let _ = write!(page, "<th>{heading}</th>");
    }
    page.push_str("</tr>\n");
    for row in &report.summary {
        page.push_str("<tr>");
        for value in text::summary_values(row) {
            let _ = write!(page, "<td>{}</td>", escape(&value));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n");
}

fn photo(page: &mut String, cells: &[ReportCell], thumbnail: Option<&Bytes>, truth: Option<&Truth>) {
    let Some(first) = cells.first() else { return };
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
        answer(page, cell, truth);
    }
    page.push_str("</div>\n</div>\n</section>\n");
}

fn answer(page: &mut String, cell: &ReportCell, truth: Option<&Truth>) {
    let repeat = if cell.repeat > 1 { format!(" · repeat {}", cell.repeat) } else { String::new() };
    let _ = write!(page, "<article>\n<h3>{}<span>{}{repeat}</span></h3>\n", escape(&cell.model), escape(&cell.prompt));
    if let Some(error) = cell.error_words() {
        let _ = writeln!(page, "<p class=\"bad\">{}: {}</p>", text::failure_word(cell), escape(&error));
    }
    if let Some(caption) = &cell.caption {
        let _ = writeln!(page, "<p>{}</p>", escape(caption));
    }
    if cell.status == CellStatus::Ok && cell.tags.is_empty() {
        page.push_str("<p class=\"muted\">No tags</p>\n");
    }
    page.push_str("<ul>\n");
    let labels = truth.and_then(|truth| truth.labels(&cell.file_name));
    for tag in &cell.tags {
        // The mark says it in a sign as well, never by colour alone.
        let mark = if labels.is_some_and(|labels| labels.contains(&truth::normal(&tag.name))) { "✓ " } else { "" };
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
        facts.push(text::duration(cell.latency_ms.map(|ms| ms as f64)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::compare::report::ErrorKind;
    use crate::wire::ids::RunId;
    use crate::wire::result::FaultKind;

    #[test]
    fn the_page_needs_nothing_from_outside_and_shows_text_as_text() {
        let cell = ReportCell::failed(
            "a.jpg".into(),
            "a.jpg".into(),
            "<script>alert(1)</script>".into(),
            "on-device".into(),
            1,
            (ErrorKind::Fault(FaultKind::Photo), "\"cut\" off & <gone>".into()),
        );
        let now = chrono::Utc::now();
        let report = Report { run_id: RunId::fresh(), started_at: now, finished_at: now, summary: Vec::new(), cells: vec![cell] };
        let page = page(&report, &Thumbnails::from([("a.jpg".to_owned(), Bytes::from_static(b"jpeg"))]), None);
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:") && !page.contains("<gone>"), "{page}");
        assert!(page.contains("&quot;cut&quot; off &amp; &lt;gone&gt;") && page.contains("data:image/jpeg;base64,anBlZw=="), "{page}");
    }
}
