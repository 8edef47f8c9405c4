//! The baseline of a run: one column that the others are held against, photo by photo, with intervals and a verdict in words.
//! The one place where columns are measured; the window, the API and the command line read what is found here.

mod by_tag;
mod facts;
mod measures;
mod photos;
#[cfg(test)]
mod tests;

pub use facts::Labels;
pub use measures::figure;

use facts::Facts;

use super::statistics::Units;
use super::{Core, DomainError, Result, near_duplicates, runs, truth};
use crate::platform::store;
use crate::wire::comparison::{ColumnComparison, Measure, MeasureComparison, RunComparison, Verdict};
use crate::wire::event::Happened;
use crate::wire::ids::RunId;
use crate::wire::run::{Cell, Run};

const METHOD: &str = "Paired by photo. Photos that look alike (by their perceptual hash; pictures of one colour or a smooth slope only where their \
                      pixels are equal) count together as one: the mean of what is said of them. What was known already counts with \
                      what it cost when it was asked. The repeats of a photo agree as the mean Jaccard index over all pairs of its \
                      answers says (Jaccard 1901). Intervals are \
                      95 %: percentile bootstrap over what counts, look-alikes drawn together (cluster bootstrap; up to 4,000 \
                      resamples, fixed seed; Efron and Tibshirani 1993), and Wilson's of the share answered. A verdict needs 6 that \
                      count and an interval of the difference without 0; each stands by itself, so of many columns one in 20 \
                      differs by chance. The means over tags are over the tags that labels name: an answered tag that is no label of \
                      any photo lowers precision, but not the mean over tags";

/// Pins a column as the run's baseline, or none.
pub async fn set(core: &Core, id: RunId, column: Option<u32>) -> Result<Run> {
    let run = runs::get(core, id).await?;
    check(&run, column)?;
    if run.baseline == column {
        return Ok(run);
    }
    let mut change = core.change().await?;
    store::runs::set_baseline(&mut change.tx, core.org, id, column).await?;
    let run = Run { baseline: column, ..run };
    change.tell(&Happened::RunChanged(run.clone())).await?;
    change.commit().await?;
    Ok(run)
}

fn check(run: &Run, column: Option<u32>) -> Result<()> {
    if column.is_none_or(|column| (column as usize) < run.columns.len()) {
        return Ok(());
    }
    let message = format!("The run has {} columns, counted from 0; choose one of them as the baseline", run.columns.len());
    Err(DomainError::Invalid { code: "unknown_column", message })
}

/// Holds the columns of a run against `baseline`, else against the one that is pinned; with neither each stands for itself.
pub async fn compare(core: &Core, id: RunId, baseline: Option<u32>) -> Result<RunComparison> {
    let run = runs::get(core, id).await?;
    check(&run, baseline)?;
    let baseline = baseline.or(run.baseline);
    let cells = runs::all_cells(core, id).await?;
    let labels = truth::labels(core, &run.photo_ids).await?;
    let units = near_duplicates::units(core, &run.photo_ids).await?;
    core.on_a_core(move || of(&run, &cells, &labels, &units, baseline)).await
}

/// The same of cells that are at hand.
#[must_use]
pub fn of(run: &Run, cells: &[Cell], labels: &Labels, units: &Units, baseline: Option<u32>) -> RunComparison {
    let facts = facts::of_run(run, cells, labels);
    let against = baseline.and_then(|column| facts.get(column as usize));
    let column = |(at, column): (usize, &Vec<Facts>)| {
        let against = against.filter(|_| baseline != Some(at as u32)).map(Vec::as_slice);
        of_column(run, at as u32, (column.as_slice(), against), labels, units)
    };
    let changes = against.map(|against| photos::changes(run, &facts, baseline.unwrap_or_default(), against)).unwrap_or_default();
    RunComparison {
        run_id: run.id,
        baseline,
        labelled_photos: run.photo_ids.iter().filter(|photo| labels.contains_key(photo)).count() as u32,
        alike_photos: units.alike() as u32,
        method: METHOD.to_owned(),
        columns: facts.iter().enumerate().map(column).collect(),
        changes,
    }
}

/// The measures of every column by itself, without those of single tags.
#[must_use]
pub fn alone(run: &Run, cells: &[Cell], labels: &Labels, units: &Units) -> Vec<Vec<MeasureComparison>> {
    facts::of_run(run, cells, labels).iter().map(|column| measures::compare(column, None, units)).collect()
}

fn of_column(run: &Run, at: u32, (column, baseline): (&[Facts], Option<&[Facts]>), labels: &Labels, units: &Units) -> ColumnComparison {
    let mut measures = measures::compare(column, baseline, units);
    let mut tags = Vec::new();
    if let Some(by_tag) = by_tag::compare(&run.photo_ids, column, baseline, labels, units) {
        measures.extend(by_tag.means);
        tags = by_tag.tags;
    }
    measures.sort_by_key(|one| Measure::ALL.iter().position(|measure| *measure == one.measure));
    let both = |(one, other): (&Facts, &Facts)| one.answered() > 0 && other.answered() > 0;
    let paired = baseline.map_or(0, |baseline| column.iter().zip(baseline).filter(|pair| both(*pair)).count());
    let (verdict, words) = baseline.map_or((Verdict::None, String::new()), |_| overall(&measures));
    ColumnComparison { column: at, paired_photos: paired as u32, verdict, words, measures, tags }
}

/// What is said of a column as a whole. Nothing but labels says which tags are better.
fn overall(measures: &[MeasureComparison]) -> (Verdict, String) {
    let of = |measure| measures.iter().find(|one| one.measure == measure);
    if let Some(f1) = of(Measure::F1) {
        return (f1.verdict, format!("F1 {}", told(f1)));
    }
    match (of(Measure::Answered), of(Measure::Agreement)) {
        (Some(answered), _) if matches!(answered.verdict, Verdict::Better | Verdict::Worse) => {
            (answered.verdict, format!("Answers {}", told(answered)))
        }
        (_, Some(agreement)) => (Verdict::None, format!("Agrees {}", share_words(&agreement.figure))),
        _ => (Verdict::None, "No photo is answered by both".to_owned()),
    }
}

/// `better, +8.2 pt (+2.1 to +14.0)`.
fn told(one: &MeasureComparison) -> String {
    let points = |share: f64| format!("{:+.1}", share * 100.0).replace('-', "−");
    let Some(difference) = &one.difference else { return one.verdict.words().to_owned() };
    let interval = difference.interval().map(|(low, high)| format!(" ({} to {})", points(low), points(high))).unwrap_or_default();
    format!("{}, {} pt{interval}", one.verdict.words(), points(difference.value))
}

/// `71 % (62–79 %)`.
fn share_words(figure: &crate::wire::comparison::Figure) -> String {
    let interval = figure.interval().map(|(low, high)| format!(" ({:.0}–{:.0} %)", low * 100.0, high * 100.0)).unwrap_or_default();
    format!("{:.0} %{interval}", figure.value * 100.0)
}
