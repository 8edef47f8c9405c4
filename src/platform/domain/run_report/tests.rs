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

fn answered(run: &Run, photo: usize, tags: &[&str]) -> Cell {
    let tags: Vec<_> = tags.iter().map(|name| serde_json::json!({"name": name, "confidence": 0.8})).collect();
    let cell = serde_json::json!({
        "id": crate::wire::ids::CellId::fresh(), "run_id": run.id, "photo_id": run.photo_ids[photo], "column": 0, "repeat": 0,
        "state": "completed", "latency_ms": 10, "fault": null, "trace": [],
        "answer": {"caption": null, "tags": tags, "confidence_kind": "model_score", "usage": {}, "cost_usd": 0, "retries": 0},
    });
    serde_json::from_value(cell).expect("a cell")
}

/// One photo answers twice the same, one has one of three tags in common with itself.
#[test]
fn how_far_repeats_agree_is_told_in_every_report() {
    let photos: Vec<ReportPhoto> = ["a.jpg", "b.jpg"].map(photo).into();
    let ids: Vec<PhotoId> = photos.iter().filter_map(|photo| photo.id.as_ref().ok().copied()).collect();
    let run = serde_json::json!({
        "id": RunId::fresh(), "name": "", "state": "completed", "photo_ids": ids, "repeats": 2, "concurrency": 1, "cost_usd": 0,
        "columns": [column("short list", "on-device")], "counts": {"waiting": 0, "running": 0, "completed": 4, "failed": 0},
        "cost_unknown_cells": 0, "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
    });
    let run: Run = serde_json::from_value(run).expect("a run");
    let again = |cell: Cell| Cell { repeat: 1, ..cell };
    let cells = vec![
        answered(&run, 0, &["cat"]),
        again(answered(&run, 0, &["Cat"])),
        answered(&run, 1, &["sky", "hill"]),
        again(answered(&run, 1, &["sky", "sea"])),
    ];
    let report = Report::of(&run, cells, &photos, (None, &Units::each(2)), run.started_at);
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["summary"][0]["repeats_agree"], serde_json::json!(0.666_667));
    let said = [markdown::markdown(&report), html::page(&report, &Thumbnails::new(), None)];
    assert!(said[0].contains("| Repeats |") && said[0].contains("| 0.67 |") && said[0].contains(words::REPEATS_NOTE), "{}", said[0]);
    assert!(said[1].contains("<th>Repeats</th>") && said[1].contains("<td>0.67</td>") && said[1].contains(words::REPEATS_NOTE), "{}", said[1]);
    let once = Report { summary: vec![SummaryRow { repeatability: None, ..report.summary[0].clone() }], ..report };
    assert!(!markdown::markdown(&once).contains("Repeats"), "asked once there is nothing to tell");
    assert!(serde_json::to_value(&once).expect("JSON")["summary"][0].get("repeats_agree").is_none());
}

/// Cat and sofa are right of the first photo, and of its copy; the third, of which sky is missed, is none of them.
#[test]
fn look_alikes_count_once_in_the_summary_as_they_do_in_the_figures() {
    let photos: Vec<ReportPhoto> = ["a.jpg", "copy of a.jpg", "b.jpg"].map(photo).into();
    let ids: Vec<PhotoId> = photos.iter().filter_map(|photo| photo.id.as_ref().ok().copied()).collect();
    let run = serde_json::json!({
        "id": RunId::fresh(), "name": "", "state": "completed", "photo_ids": ids, "repeats": 1, "concurrency": 1, "cost_usd": 0,
        "columns": [column("short list", "on-device")], "counts": {"waiting": 0, "running": 0, "completed": 3, "failed": 0},
        "cost_unknown_cells": 0, "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
    });
    let run: Run = serde_json::from_value(run).expect("a run");
    let cells = vec![answered(&run, 0, &["Cat", "sofa"]), answered(&run, 1, &["cat", "sofa"]), answered(&run, 2, &["hill"])];
    let set = |tags: &[&str]| tags.iter().map(|tag| crate::wire::tag::normal_name(tag)).collect();
    let labels = Labels::from([(ids[0], set(&["cat", "sofa"])), (ids[1], set(&["cat", "sofa"])), (ids[2], set(&["sky", "hill"]))]);
    let of = |units: &Units| Report::of(&run, cells.clone(), &photos, (Some(&labels), units), run.started_at).summary[0].accuracy.expect("labelled");
    // 2 · (2 + 1) of (2 + 1) + (2 + 2), and with the copy counted in full 2 · 5 of 5 + 6.
    let once = of(&Units::of_groups(&ids, &[vec![ids[0], ids[1]]]));
    assert_eq!((once.f1, once.recall, once.precision), (Some(0.857_143), Some(0.75), Some(1.0)));
    assert_eq!(of(&Units::each(3)).f1, Some(0.909_091));
    assert_eq!(once.f1_low, None, "two are too few for an interval");
    let none = Report::of(&run, cells.clone(), &photos, (None, &Units::each(3)), run.started_at).summary[0].accuracy;
    assert_eq!(none, None, "without labels nothing says which tags are right");
}
