//! Stories of reports: what was mended is told everywhere, and what a model wrote stays text.

use bytes::Bytes;

use super::html::Thumbnails;
use super::*;
use crate::wire::ids::PhotoId;

fn photo(name: &str) -> ReportPhoto {
    ReportPhoto { label: name.to_owned(), id: Ok(PhotoId::fresh()) }
}

fn column(prompt: &str, model: &str) -> RunColumn {
    let column = serde_json::json!({"prompt_name": prompt, "prompt_content": "", "prompt_version_id": null, "model": model});
    serde_json::from_value(column).expect("a column")
}

fn report() -> Report {
    let blank = |error: &str| {
        let error = (ErrorKind::Fault(FaultKind::Photo), error.into());
        ReportCell::failed(&photo("boats_1865.jpg"), &column("short list", "on-device"), 1, error)
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
    Report {
        run_id: RunId::fresh(),
        started_at: now,
        finished_at: now,
        summary: vec![row("on-device"), row("gemini/gemini-3.8-flash")],
        cells,
        same_photos: vec![SamePhoto { photo: "copy.jpg".into(), same_as: "boats_1865.jpg".into() }],
        validation: None,
        verdicts: None,
        votes: None,
    }
}

#[test]
fn a_file_with_the_bytes_of_another_is_named_wherever_a_person_reads() {
    let (report, said) = (report(), "copy.jpg is the same photo as boats_1865.jpg");
    for text in [markdown::markdown(&report), html::page(&report, &Thumbnails::new(), None)] {
        assert_eq!(text.matches(said).count(), 1, "{text}");
    }
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["same_photos"], serde_json::json!([{"photo": "copy.jpg", "same_as": "boats_1865.jpg"}]));
}

#[test]
fn what_was_mended_is_told_in_every_format() {
    let (report, note) = (report(), "is not believed: boat 7");
    let csv = csv::csv(&report).expect("writes");
    let page = html::page(&report, &Thumbnails::new(), None);
    for text in [markdown::markdown(&report), csv, page] {
        assert_eq!(text.matches(note).count(), 1, "{text}");
    }
}

#[test]
fn what_a_model_wrote_breaks_neither_markdown_nor_a_spreadsheet() {
    let markdown = markdown::markdown(&report());
    assert!(markdown.contains("=2+2 \\| &lt;b>boats&lt;/b> at sea"), "{markdown}");
    let csv = csv::csv(&report()).expect("writes");
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let first = reader.records().next().expect("a row").expect("reads");
    assert_eq!(&first[5], "'=2+2 | <b>boats</b>\nat sea");
    assert_eq!(first[6].split(';').count(), 12);
}

#[test]
fn the_page_needs_nothing_from_outside_and_shows_text_as_text() {
    let why = (ErrorKind::Fault(FaultKind::Photo), "\"cut\" off & <gone>".into());
    let cell = ReportCell::failed(&photo("a.jpg"), &column("<script>alert(1)</script>", "on-device"), 1, why);
    let now = chrono::Utc::now();
    let report = Report {
        run_id: RunId::fresh(),
        started_at: now,
        finished_at: now,
        summary: Vec::new(),
        cells: vec![cell],
        same_photos: Vec::new(),
        validation: None,
        verdicts: None,
        votes: None,
    };
    let page = html::page(&report, &Thumbnails::from([(0, Bytes::from_static(b"jpeg"))]), None);
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:") && !page.contains("<gone>"), "{page}");
    assert!(page.contains("&quot;cut&quot; off &amp; &lt;gone&gt;") && page.contains("data:image/jpeg;base64,anBlZw=="), "{page}");
}

#[test]
fn the_table_of_the_clipboard_has_a_row_for_each_photo() {
    let mut report = report();
    report.cells[1].place = (1, 1);
    let table = csv::table(&report);
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3], "{table}");
    assert_eq!(lines[0], ["Photo", "short list · on-device", "short list · gemini/gemini-3.8-flash"]);
    assert!(lines[1][1].starts_with("a long tag name 0 0.90, ") && lines[1][2].is_empty(), "{table}");
    assert!(lines[2][2].starts_with("failed: The file is cut off"), "{table}");
}
