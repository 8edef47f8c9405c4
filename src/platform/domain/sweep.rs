//! A sweep over sizes and qualities: of each prompt and model, what smaller photos cost in accuracy, and what they save.

use super::baseline::{self, Labels};
use super::statistics::Units;
use super::{Core, DomainError, Result, near_duplicates, runs, truth};
use crate::wire::comparison::{ColumnComparison, Figure, Measure, Verdict};
use crate::wire::ids::RunId;
use crate::wire::prompt_parts::Parameters;
use crate::wire::run::{Cell, Run, RunColumn};
use crate::wire::sweep::{EDGE_PX, IMAGES_MOST, PARAMETERS_MOST, QUALITY, SentImage, Sweep, SweepLine, SweepPoint, Variants};

/// Refuses sizes and qualities that no photo is sent in, and parameters that no model is asked with.
pub fn check(Variants { images, parameters }: Variants<'_>) -> Result<()> {
    let refuse = |code, message: String| Err(DomainError::Invalid { code, message });
    if images.len() > IMAGES_MOST {
        return refuse("too_many_images", format!("A sweep has at most {IMAGES_MOST} sizes and qualities together; choose fewer"));
    }
    if parameters.len() > PARAMETERS_MOST {
        return refuse("too_many_parameters", format!("A run has at most {PARAMETERS_MOST} sets of parameters; choose fewer"));
    }
    if let Some((_, words)) = parameters.iter().flat_map(Parameters::problems).next() {
        return refuse("parameters", words);
    }
    for image in images {
        if image.max_edge_px.is_some_and(|edge| !EDGE_PX.contains(&edge)) {
            return refuse("image_size", format!("Sizes are from {} to {} pixels", EDGE_PX.start(), EDGE_PX.end()));
        }
        if image.quality.is_some_and(|quality| !QUALITY.contains(&quality)) {
            return refuse("jpeg_quality", format!("JPEG qualities are from {} to {}", QUALITY.start(), QUALITY.end()));
        }
    }
    Ok(())
}

/// The figures of a run's sweep.
pub async fn read(core: &Core, id: RunId) -> Result<Sweep> {
    let run = runs::get(core, id).await?;
    if run.columns.iter().all(|column| column.image.is_none()) {
        let message = "The run asks with one size and quality only. Choose several sizes or qualities before it is begun";
        return Err(DomainError::Unanswerable { code: "no_sweep", message: message.to_owned() });
    }
    let cells = runs::all_cells(core, id).await?;
    let labels = truth::labels(core, &run.photo_ids).await?;
    let units = near_duplicates::units(core, &run.photo_ids).await?;
    core.on_a_core(move || of(&run, &cells, &labels, &units)).await
}

/// The same of cells that are at hand.
#[must_use]
pub fn of(run: &Run, cells: &[Cell], labels: &Labels, units: &Units) -> Sweep {
    let is_labelled = run.photo_ids.iter().any(|photo| labels.contains_key(photo));
    let measure = if is_labelled { Measure::F1 } else { Measure::Agreement };
    let mut lines: Vec<SweepLine> = Vec::new();
    let mut method = String::new();
    // Of the column by itself: the usual one may have no known cost for a photo, and this one still has.
    let costs: Vec<Option<Figure>> = baseline::alone(run, cells, labels, units)
        .iter()
        .map(|measures| measures.iter().find(|one| one.measure == Measure::Cost).map(|cost| cost.figure))
        .collect();
    for (at, column) in run.columns.iter().enumerate().filter(|(_, column)| column.image.is_none()) {
        // Two prompts of one text are two: a version beside a draft that is still the same.
        let is_alike = |other: &RunColumn| {
            (&other.model, &other.prompt_content, &other.parts) == (&column.model, &column.prompt_content, &column.parts)
                && other.prompt_version_id == column.prompt_version_id
                && is_named_after(&other.prompt_name, &column.prompt_name, other.image)
        };
        let own: Vec<u32> = (0..run.columns.len() as u32).filter(|other| *other == at as u32 || is_alike(&run.columns[*other as usize])).collect();
        if own.len() < 2 {
            continue;
        }
        let compared = baseline::of(run, cells, labels, units, Some(at as u32));
        method = compared.method;
        let mut points: Vec<SweepPoint> =
            compared.columns.iter().filter(|one| own.contains(&one.column)).map(|one| point(run, one, measure, costs[one.column as usize])).collect();
        let cost = |point: &SweepPoint| point.cost.map_or(f64::NEG_INFINITY, |cost| cost.value);
        points.sort_by(|one, other| cost(other).total_cmp(&cost(one)));
        lines.push(SweepLine { prompt_name: column.prompt_name.clone(), model: column.model.clone(), advice: advice(&points), points });
    }
    Sweep { run_id: run.id, measure, method, lines }
}

/// As [`column_name`](crate::wire::sweep::column_name) names what is sent otherwise than a column.
fn is_named_after(name: &str, usual: &str, image: Option<SentImage>) -> bool {
    let particular = image.map(SentImage::words).and_then(|words| name.strip_suffix(words.as_str()).map(str::to_owned));
    particular.is_some_and(|rest| rest.strip_suffix(" · ").or_else(|| rest.strip_suffix(", ")) == Some(usual))
}

fn point(run: &Run, column: &ColumnComparison, measure: Measure, cost: Option<Figure>) -> SweepPoint {
    let accuracy = column.measure(measure);
    SweepPoint {
        column: column.column,
        image: run.columns[column.column as usize].image,
        photos: accuracy.map_or(0, |accuracy| accuracy.photos),
        accuracy: accuracy.map(|accuracy| accuracy.figure),
        difference: accuracy.and_then(|accuracy| accuracy.difference),
        verdict: accuracy.map_or(Verdict::None, |accuracy| accuracy.verdict),
        cost,
    }
}

/// Only labels say what is worse; and what is not shown to be worse is not shown to be as good.
fn advice(points: &[SweepPoint]) -> Option<String> {
    let usual = points.iter().find(|point| point.image.is_none())?;
    let usual_cost = usual.cost?.value;
    let holds = |point: &&SweepPoint| matches!(point.verdict, Verdict::NoDifferenceShown | Verdict::Better) && point.cost.is_some();
    let cheapest = points.iter().filter(holds).min_by(|one, other| cost_of(one).total_cmp(&cost_of(other)))?;
    let (image, cost) = (cheapest.image?, cost_of(cheapest));
    let saved = (1.0 - cost / usual_cost) * 100.0;
    let lost =
        cheapest.difference.and_then(|difference| difference.low).map(|low| format!(": it loses at most {:.1} points", low.min(0.0).abs() * 100.0));
    (usual_cost > 0.0 && saved >= 1.0)
        .then(|| format!("{} saves {saved:.0} % and is not shown to be worse{}", image.words(), lost.unwrap_or_default()))
}

fn cost_of(point: &SweepPoint) -> f64 {
    point.cost.map_or(f64::INFINITY, |cost| cost.value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wire::ids::PhotoId;
    use crate::wire::money::UsdMicros;
    use crate::wire::result::{Answer, ConfidenceKind, Tag, Usage};
    use crate::wire::run::{CellState, Reused};
    use crate::wire::sweep::column_name;

    /// One prompt on one model, as usual and in two sizes.
    fn run(photos: usize) -> Run {
        let column = |edge: Option<u32>| {
            let image = edge.map(|edge| SentImage { max_edge_px: Some(edge), quality: None });
            let name = column_name("P", None, image);
            serde_json::json!({"prompt_name": name, "prompt_content": "", "prompt_version_id": null, "model": "lab/a", "image": image})
        };
        let sizes = [None, Some(512), Some(256)];
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": "completed", "repeats": 1, "concurrency": 1, "cost_usd": 0,
            "photo_ids": (0..photos).map(|_| PhotoId::fresh()).collect::<Vec<_>>(), "columns": sizes.map(column),
            "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        serde_json::from_value(run).expect("a run")
    }

    fn cell(run: &Run, photo: usize, column: u32, tags: &[&str], cost: i64) -> Cell {
        let answer = Answer {
            caption: None,
            tags: tags.iter().map(|name| Tag { name: (*name).to_owned(), confidence: Some(0.8), bounds: None }).collect(),
            confidence_kind: ConfidenceKind::ModelScore,
            usage: Usage::default(),
            cost_usd: Some(UsdMicros(cost)),
            retries: 0,
            notes: Vec::new(),
        };
        let cell = serde_json::json!({
            "id": crate::wire::ids::CellId::fresh(), "run_id": run.id, "photo_id": run.photo_ids[photo], "column": column, "repeat": 0,
            "state": CellState::Completed, "answer": answer, "fault": null, "latency_ms": 5,
        });
        serde_json::from_value(cell).expect("a cell")
    }

    /// Half the size finds the same, a quarter loses one of two tags everywhere.
    fn cells(run: &Run) -> Vec<Cell> {
        let of = |photo| [cell(run, photo, 0, &["dog", "ball"], 400), cell(run, photo, 1, &["dog", "ball"], 200), cell(run, photo, 2, &["dog"], 100)];
        (0..run.photo_ids.len()).flat_map(of).collect()
    }

    #[test]
    fn with_labels_the_cheapest_that_is_not_worse_is_named_with_what_it_saves() {
        let run = run(12);
        let labels: Labels = run.photo_ids.iter().map(|id| (*id, BTreeSet::from(["dog".to_owned(), "ball".to_owned()]))).collect();
        let sweep = of(&run, &cells(&run), &labels, &Units::each(run.photo_ids.len()));
        assert_eq!((sweep.measure, sweep.lines.len()), (Measure::F1, 1));
        let line = &sweep.lines[0];
        let told: Vec<(u32, f64, f64, Verdict)> = line
            .points
            .iter()
            .map(|point| (point.column, point.accuracy.expect("F1").value, (point.cost.expect("a cost").value * 1e6).round(), point.verdict))
            .collect();
        // Of one tag out of two labels F1 is 2·1 / (1 + 2).
        assert_eq!(told, [(0, 1.0, 400.0, Verdict::None), (1, 1.0, 200.0, Verdict::NoDifferenceShown), (2, 2.0 / 3.0, 100.0, Verdict::Worse)]);
        assert_eq!(line.advice.as_deref(), Some("512 px saves 50 % and is not shown to be worse: it loses at most 0.0 points"));
    }

    #[test]
    fn two_prompts_of_one_text_have_a_line_each() {
        let mut run = run(3);
        for column in run.columns.clone() {
            run.columns
                .push(RunColumn { prompt_name: column.prompt_name.replacen('P', "P draft · seed 7", 1).replacen("7 · ", "7, ", 1), ..column });
        }
        let found = of(&run, &cells(&run), &Labels::new(), &Units::each(3));
        let lines: Vec<(&str, Vec<u32>)> = found.lines.iter().map(|line| (line.prompt_name.as_str(), columns_of(line))).collect();
        assert_eq!(lines, [("P", vec![0, 1, 2]), ("P draft · seed 7", vec![3, 4, 5])]);
    }

    fn columns_of(line: &SweepLine) -> Vec<u32> {
        let mut columns: Vec<u32> = line.points.iter().map(|point| point.column).collect();
        columns.sort_unstable();
        columns
    }

    #[test]
    fn an_answer_that_was_known_counts_with_what_it_cost_when_it_was_asked() {
        let run = run(12);
        let mut cells = cells(&run);
        for cell in cells.iter_mut().filter(|cell| cell.column < 2) {
            let answer = cell.answer.as_mut().expect("an answer");
            // Answers that were taken over before their cost was kept with them have none that is known.
            let cost_usd = answer.cost_usd.replace(UsdMicros(0)).filter(|_| cell.column == 1);
            cell.reused =
                Some(Reused { run_id: RunId::fresh(), run_name: "First".to_owned(), at: run.started_at, cost_usd, usage: Usage::default() });
        }
        let costs: Vec<(u32, Option<f64>)> = of(&run, &cells, &Labels::new(), &Units::each(run.photo_ids.len())).lines[0]
            .points
            .iter()
            .map(|point| (point.column, point.cost.map(|cost| (cost.value * 1e6).round())))
            .collect();
        assert_eq!(costs, [(1, Some(200.0)), (2, Some(100.0)), (0, None)]);
    }

    #[test]
    fn without_labels_there_is_agreement_with_the_usual_photo_and_no_advice() {
        let run = run(12);
        let sweep = of(&run, &cells(&run), &Labels::new(), &Units::each(run.photo_ids.len()));
        let agreed: Vec<Option<f64>> = sweep.lines[0].points.iter().map(|point| point.accuracy.map(|figure| figure.value)).collect();
        assert_eq!((sweep.measure, agreed), (Measure::Agreement, vec![None, Some(1.0), Some(0.5)]), "with itself the usual one is not compared");
        assert_eq!(sweep.lines[0].advice, None, "nothing says which tags are right");
    }

    #[test]
    fn what_no_photo_is_sent_in_is_refused() {
        fn sent(images: &[SentImage]) -> Variants<'_> {
            Variants { images, parameters: &[] }
        }
        let refused = |max_edge_px, quality| check(sent(&[SentImage { max_edge_px, quality }])).is_err();
        assert!(!refused(Some(64), Some(100)) && refused(Some(63), None) && refused(None, Some(9)) && refused(Some(9_000), None));
        assert!(check(sent(&[SentImage { max_edge_px: Some(512), quality: None }; 41])).is_err());
    }
}
