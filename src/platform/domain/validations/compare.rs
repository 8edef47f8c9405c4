//! Two validations beside each other, photo by photo: is a version better than it was, or than another one was on the same set?

use std::collections::HashSet;

use super::{CANDIDATE, get};
use crate::platform::domain::{Core, DomainError, Result, baseline, near_duplicates, runs, truth};
use crate::wire::comparison::RunComparison;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::run::{Cell, Run};
use crate::wire::validation::{ValidationComparison, ValidationReport};

/// Holds the answers of one validation against those of an earlier one, over the photos that both are about.
pub async fn compare(core: &Core, id: RunId, before: RunId) -> Result<ValidationComparison> {
    if id == before {
        let message = "A validation is compared with another one; choose an earlier one".to_owned();
        return Err(DomainError::Invalid { code: "same_validation", message });
    }
    let (now, before) = (get(core, id).await?, get(core, before).await?);
    let (run, other) = (runs::get(core, now.run_id).await?, runs::get(core, before.run_id).await?);
    let (cells, others) = (runs::all_cells(core, run.id).await?, runs::all_cells(core, other.id).await?);
    let labels = truth::labels(core, &run.photo_ids).await?;
    let (joined, cells) = join((run, cells), (other, others));
    let shared_photos = joined.photo_ids.len() as u32;
    if shared_photos == 0 {
        let message = format!("{} and {} have no photo in common: there is nothing to compare", now.photo_set.label(), before.photo_set.label());
        return Err(DomainError::Conflict { code: "no_shared_photos", message });
    }
    let units = near_duplicates::units(core, &joined.photo_ids).await?;
    let RunComparison { mut columns, method, .. } = core.on_a_core(move || baseline::of(&joined, &cells, &labels, &units, Some(BEFORE))).await?;
    let column = columns.swap_remove(NOW as usize);
    Ok(ValidationComparison {
        shared_photos,
        differences: differences(&now, &before),
        verdict: column.verdict,
        words: column.words,
        measures: column.measures,
        method,
        now,
        before,
    })
}

const BEFORE: u32 = 0;
const NOW: u32 = 1;

/// Both as one run of two columns, over the photos that both have.
fn join((run, cells): (Run, Vec<Cell>), (other, others): (Run, Vec<Cell>)) -> (Run, Vec<Cell>) {
    let known: HashSet<PhotoId> = other.photo_ids.iter().copied().collect();
    let photo_ids: Vec<PhotoId> = run.photo_ids.iter().copied().filter(|photo| known.contains(photo)).collect();
    let columns = [&other, &run].into_iter().filter_map(|run| run.columns.get(CANDIDATE as usize).cloned()).collect();
    let of = |cells: Vec<Cell>, column: u32| cells.into_iter().filter(|cell| cell.column == CANDIDATE).map(move |cell| Cell { column, ..cell });
    let cells = of(others, BEFORE).chain(of(cells, NOW)).collect();
    (Run { photo_ids, columns, ..run }, cells)
}

/// What may be the reason of a difference beside the prompt.
fn differences(now: &ValidationReport, before: &ValidationReport) -> Vec<String> {
    let mut said = Vec::new();
    if now.version.id != before.version.id {
        said.push(format!("{} now, {} then", now.version.label, before.version.label));
    }
    if now.model != before.model {
        said.push(format!("{} now, {} then", now.model, before.model));
    }
    if (now.photo_set.id, now.photo_set.version) != (before.photo_set.id, before.photo_set.version) {
        said.push(format!("{} now, {} then", now.photo_set.label(), before.photo_set.label()));
    }
    if now.limits != before.limits {
        said.push("other gates or limits".to_owned());
    }
    said
}
