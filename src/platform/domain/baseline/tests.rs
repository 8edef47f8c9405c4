//! Stories of the baseline: figures checked against published ones, verdicts, and photos that got worse.

use std::collections::BTreeSet;

use super::*;
use crate::wire::comparison::ChangeReason;
use crate::wire::ids::{CellId, PhotoId};
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Tag, Usage};
use crate::wire::run::CellState;
use crate::wire::tag::normal_name;

/// A run of so many photos in two columns, one repeat.
fn run(photos: usize) -> Run {
    let column = |model: &str| serde_json::json!({"prompt_name": "P", "prompt_content": "", "prompt_version_id": null, "model": model});
    let run = serde_json::json!({
        "id": RunId::fresh(), "name": "", "state": "completed", "repeats": 1, "concurrency": 1, "cost_usd": 0,
        "photo_ids": (0..photos).map(|_| PhotoId::fresh()).collect::<Vec<_>>(), "columns": [column("a"), column("b")],
        "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
        "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
    });
    serde_json::from_value(run).expect("a run")
}

fn cell(run: &Run, photo: usize, column: u32, answer: std::result::Result<&[&str], FaultKind>, latency_ms: u64) -> Cell {
    let tag = |name: &&str| Tag { name: (*name).to_owned(), confidence: Some(0.8), bounds: None };
    let answered = answer.ok().map(|tags| Answer {
        caption: None,
        tags: tags.iter().map(tag).collect(),
        confidence_kind: ConfidenceKind::ModelScore,
        usage: Usage::default(),
        cost_usd: Some(UsdMicros(100)),
        retries: 0,
        notes: Vec::new(),
    });
    Cell {
        id: CellId::fresh(),
        run_id: run.id,
        photo_id: run.photo_ids[photo],
        column,
        repeat: 0,
        state: if answered.is_some() { CellState::Completed } else { CellState::Failed },
        answer: answered,
        fault: answer.err().map(|kind| Fault::new(kind, "no")),
        latency_ms: Some(latency_ms),
        trace: Vec::new(),
        reused: None,
    }
}

fn labels(run: &Run, labels: &[&[&str]]) -> Labels {
    let set = |tags: &&[&str]| tags.iter().map(|tag| normal_name(tag)).collect::<BTreeSet<_>>();
    run.photo_ids.iter().copied().zip(labels.iter().map(set)).collect()
}

fn value(column: &ColumnComparison, measure: Measure) -> f64 {
    column.measure(measure).unwrap_or_else(|| panic!("{measure:?}")).figure.value
}

/// The example of scikit-learn's `precision_recall_fscore_support`: `y_true = [0, 1, 2, 0, 1, 2]` ("cat", "dog", "pig"),
/// `y_pred = [0, 2, 1, 0, 0, 1]`. Macro: 0.22…, 0.33…, 0.26…; micro: 0.33… thrice; by tag F1 0.8, 0, 0.
#[test]
fn precision_recall_and_f1_are_those_of_scikit_learn() {
    let run = run(6);
    let truth: [&[&str]; 6] = [&["Cat"], &["dog"], &["pig"], &["cat"], &["dog"], &["pig"]];
    let said: [&[&str]; 6] = [&["cat"], &["pig"], &["dog"], &["cat"], &["cat"], &["dog"]];
    let cells: Vec<Cell> = (0..6).map(|at| cell(&run, at, 0, Ok(said[at]), 10)).collect();
    let found = of(&run, &cells, &labels(&run, &truth), &Units::each(run.photo_ids.len()), None);
    let column = &found.columns[0];
    for (measure, expected) in [
        (Measure::MacroPrecision, 2.0 / 9.0),
        (Measure::MacroRecall, 1.0 / 3.0),
        (Measure::MacroF1, 0.8 / 3.0),
        (Measure::Precision, 1.0 / 3.0),
        (Measure::Recall, 1.0 / 3.0),
        (Measure::F1, 1.0 / 3.0),
    ] {
        assert!((value(column, measure) - expected).abs() < 1e-12, "{measure:?}");
    }
    let by_tag: Vec<_> = column.tags.iter().map(|tag| (tag.tag.as_str(), tag.photos, tag.f1.value)).collect();
    assert_eq!(by_tag, [("cat", 2, 0.8), ("dog", 2, 0.0), ("pig", 2, 0.0)]);
    assert_eq!((found.labelled_photos, found.baseline, column.verdict), (6, None, Verdict::None));
}

/// One column is right about every photo, the other about all but every third.
fn better_and_worse(photos: usize) -> (Run, Vec<Cell>, Labels) {
    let run = run(photos);
    let mut cells = Vec::new();
    for at in 0..photos {
        cells.push(cell(&run, at, 0, Ok(&["cat", "sofa"]), 100 + 5 * (at as u64 % 3)));
        let tags: &[&str] = if at % 3 == 0 { &["dog"] } else { &["sofa", "CAT"] };
        cells.push(cell(&run, at, 1, Ok(tags), 60 + 5 * (at as u64 % 2)));
    }
    let truth: Vec<&[&str]> = vec![&["cat", "sofa"]; photos];
    let labels = labels(&run, &truth);
    (run, cells, labels)
}

#[test]
fn a_column_that_is_worse_is_called_so_with_its_interval_and_its_worst_photos_first() {
    let (run, cells, labels) = better_and_worse(30);
    let found = of(&run, &cells, &labels, &Units::each(run.photo_ids.len()), Some(0));
    let column = &found.columns[1];
    assert_eq!((column.paired_photos, column.verdict), (30, Verdict::Worse));
    let f1 = column.measure(Measure::F1).expect("F1");
    let (baseline, difference) = (f1.baseline.expect("of the baseline"), f1.difference.expect("a difference"));
    // 20 photos with two of two, 10 with none of one: 2·40 / (50 + 60).
    assert!((f1.figure.value - 80.0 / 110.0).abs() < 1e-12 && (baseline.value - 1.0).abs() < 1e-12);
    let (low, high) = difference.interval().expect("an interval");
    assert!(low < difference.value && difference.value < high && high < 0.0, "{difference:?}");
    assert!(column.words.starts_with("F1 worse, −27.3 pt ("), "{}", column.words);
    assert_eq!(column.measure(Measure::Latency).map(|one| one.verdict), Some(Verdict::Better), "less time is better");
    assert_eq!(column.measure(Measure::Cost).map(|one| one.verdict), Some(Verdict::NoDifferenceShown));
    assert_eq!(column.measure(Measure::Confidence).map(|one| one.verdict), Some(Verdict::NoDifferenceShown));
    let agreement = column.measure(Measure::Agreement).expect("agreement");
    assert!((agreement.figure.value - 2.0 / 3.0).abs() < 1e-12 && agreement.difference.is_none() && agreement.verdict == Verdict::None);

    assert_eq!((found.changes.len(), found.changes.iter().all(crate::wire::comparison::PhotoVerdict::is_regression)), (10, true));
    assert!(found.changes.iter().all(|change| (change.column, change.why, change.change) == (1, ChangeReason::Labels, -1.0)));
    let other_way = of(&run, &cells, &labels, &Units::each(run.photo_ids.len()), Some(1));
    assert_eq!(other_way.columns[0].verdict, Verdict::Better);
    assert!(other_way.changes.iter().all(|change| change.change > 0.0 && change.column == 0));
    assert_eq!(found.columns[0].words, "", "the baseline is held against nothing");
    assert!(found.columns[0].measures.iter().all(|one| one.difference.is_none()));
}

#[test]
fn few_photos_show_nothing_and_the_same_answers_no_difference() {
    let (run, cells, labels) = better_and_worse(5);
    let found = of(&run, &cells, &labels, &Units::each(run.photo_ids.len()), Some(0));
    assert_eq!(found.columns[1].verdict, Verdict::TooFewPhotos);
    assert!(found.columns[1].measure(Measure::F1).is_some_and(|f1| f1.figure.interval().is_none()));

    let run = self::run(20);
    let same = (0..20).flat_map(|at| [0, 1].map(|column| cell(&run, at, column, Ok(&["cat"]), 50))).collect::<Vec<_>>();
    let found = of(&run, &same, &Labels::new(), &Units::each(run.photo_ids.len()), Some(0));
    let column = &found.columns[1];
    assert_eq!((column.verdict, column.words.as_str()), (Verdict::None, "Agrees 100 % (100–100 %)"));
    assert!(column.measures.iter().all(|one| matches!(one.verdict, Verdict::NoDifferenceShown | Verdict::None)), "{:?}", column.measures);
    assert!(found.changes.is_empty() && column.tags.is_empty());
}

/// By hand: {a, b}, {b, c}, {a} have 1 of 3, 1 of 2 and nothing in common; the others answer the same each time, nothing at all among it.
#[test]
fn the_repeats_of_a_photo_agree_as_the_mean_over_all_their_pairs_says() {
    let run = run(8);
    let asked = |photo: usize, repeats: &[&[&str]]| -> Vec<Cell> {
        let one = |(repeat, tags): (usize, &&[&str])| Cell { repeat: repeat as u32, ..cell(&run, photo, 0, Ok(*tags), 10) };
        repeats.iter().enumerate().map(one).collect()
    };
    let mut cells = asked(0, &[&["a", "B"], &["b", "c"], &["a"]]);
    cells.extend(asked(1, &[&[], &[]]));
    cells.extend((2..7).flat_map(|photo| asked(photo, &[&["cat", "sofa"], &["Sofa", "cat"], &["cat", "sofa"]])));
    // One answer has nothing to agree with, and a refusal is none.
    cells.extend(asked(7, &[&["cat"]]));
    cells.push(Cell { repeat: 1, ..cell(&run, 7, 0, Err(FaultKind::Refused), 10) });
    let of_photo = (1.0 / 3.0 + 1.0 / 2.0) / 3.0;
    let found = of(&run, &cells, &Labels::new(), &Units::each(8), None);
    let repeats = found.columns[0].measure(Measure::Repeatability).expect("repeats");
    assert!((repeats.figure.value - (of_photo + 6.0) / 7.0).abs() < 1e-12, "{repeats:?}");
    assert_eq!((repeats.photos, repeats.units, repeats.verdict), (7, 7, Verdict::None));
    // Each resample holds the photo 0 to 7 times; that it is drawn five times of seven happens in fewer than 25 of 1,000.
    let (low, high) = repeats.figure.interval().expect("seven count");
    assert!(low < repeats.figure.value && (high - 1.0).abs() < 1e-12 && low > (4.0 * of_photo + 3.0) / 7.0 - 1e-9, "{low} {high}");
    assert!(found.method.contains("repeats of a photo agree"), "{}", found.method);

    let groups = [vec![run.photo_ids[0], run.photo_ids[1]]];
    let alike = of(&run, &cells, &Labels::new(), &Units::of_groups(&run.photo_ids, &groups), None);
    let once = alike.columns[0].measure(Measure::Repeatability).expect("repeats");
    assert!((once.figure.value - (f64::midpoint(of_photo, 1.0) + 5.0) / 6.0).abs() < 1e-12, "{once:?}");
    assert_eq!((once.photos, once.units), (7, 6), "look-alikes count once");
    assert!(found.columns[1].measure(Measure::Repeatability).is_none());

    // Beside a baseline: neither better nor worse, since an answer that is always the same may be wrong.
    let other = cells.iter().map(|cell| Cell { id: CellId::fresh(), column: 1, ..cell.clone() }).collect::<Vec<_>>();
    let both = of(&run, &[cells, other].concat(), &Labels::new(), &Units::each(8), Some(0));
    let beside = both.columns[1].measure(Measure::Repeatability).expect("repeats");
    assert_eq!((beside.verdict, beside.difference.map(|one| one.value)), (Verdict::NoDifferenceShown, Some(0.0)));
}

#[test]
fn a_photo_that_is_refused_is_a_regression_and_one_that_did_not_get_through_is_not() {
    let run = run(3);
    let refused = |photo, kind| cell(&run, photo, 1, Err(kind), 10);
    let mut cells: Vec<Cell> = (0..3).map(|photo| cell(&run, photo, 0, Ok(&["cat"]), 10)).collect();
    cells.extend([refused(0, FaultKind::Network), refused(1, FaultKind::Refused), cell(&run, 2, 1, Ok(&["dog"]), 10)]);
    let found = of(&run, &cells, &Labels::new(), &Units::each(run.photo_ids.len()), Some(0));
    let told: Vec<_> = found.changes.iter().map(|change| (change.photo_id, change.change, change.why)).collect();
    assert_eq!(told, [(run.photo_ids[1], -1.0, ChangeReason::AnsweredNoMore)], "other tags alone are neither better nor worse");
    assert_eq!(of(&run, &cells, &Labels::new(), &Units::each(run.photo_ids.len()), Some(1)).changes[0].why, ChangeReason::AnsweredNow);
}

/// Copies of a photo say nothing that it does not say: with them every figure and interval is what it is without them, where
/// one by one they would count as so many photos.
#[test]
fn photos_that_look_alike_count_once() {
    let (run, cells, labels) = better_and_worse(12);
    let alone = of(&run, &cells, &labels, &Units::each(12), Some(0));
    let mut burst = run.clone();
    let (mut all_cells, mut all_labels, mut groups) = (cells.clone(), labels.clone(), Vec::new());
    burst.photo_ids = Vec::new();
    for photo in &run.photo_ids {
        let copies: Vec<PhotoId> = std::iter::once(*photo).chain((0..3).map(|_| PhotoId::fresh())).collect();
        for copy in &copies[1..] {
            let own = cells.iter().filter(|cell| cell.photo_id == *photo);
            all_cells.extend(own.map(|cell| Cell { id: CellId::fresh(), photo_id: *copy, ..cell.clone() }));
            all_labels.insert(*copy, labels[photo].clone());
        }
        burst.photo_ids.extend(&copies);
        groups.push(copies);
    }
    let once = of(&burst, &all_cells, &all_labels, &Units::of_groups(&burst.photo_ids, &groups), Some(0));
    let each = of(&burst, &all_cells, &all_labels, &Units::each(48), Some(0));
    assert_eq!((once.alike_photos, each.alike_photos), (36, 0));
    let width = |found: &RunComparison, measure| {
        let difference = found.columns[1].measure(measure).and_then(|one| one.difference).expect("a difference");
        let (low, high) = difference.interval().expect("an interval");
        high - low
    };
    for measure in [Measure::F1, Measure::MacroF1, Measure::Latency] {
        let (of_alone, of_once) = (width(&alone, measure), width(&once, measure));
        assert!((of_alone - of_once).abs() < 1e-9, "{measure:?}: {of_alone} {of_once}");
        assert!(width(&each, measure) < 0.7 * of_once, "{measure:?}: one by one they would halve it");
        let units = once.columns[1].measure(measure).map(|one| (one.photos, one.units));
        assert_eq!(units, Some((48, 12)), "{measure:?}");
    }
    let rate = |found: &RunComparison| found.columns[0].measure(Measure::Answered).expect("answered").figure;
    assert_eq!(rate(&once), rate(&alone), "Wilson's interval is of what counts");
    assert_eq!(once.columns[1].tags[0].f1, alone.columns[1].tags[0].f1);

    let five: Vec<Vec<PhotoId>> = groups.chunks(3).map(|three| three.iter().flatten().copied().collect()).collect();
    let few = of(&burst, &all_cells, &all_labels, &Units::of_groups(&burst.photo_ids, &five), Some(0));
    assert_eq!(few.columns[1].verdict, Verdict::TooFewPhotos, "48 photos of four things are four");
}
