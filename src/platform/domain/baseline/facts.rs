//! What the answers of one column say of one photo, its repeats together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::platform::domain::deployments::compare::is_of_the_version;
use crate::platform::domain::statistics::mean;
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;
use crate::wire::result::Answer;
use crate::wire::run::{Cell, CellState, Run};
use crate::wire::tag::normal_name;

/// Labels of photos, their names normal.
pub type Labels = HashMap<PhotoId, BTreeSet<String>>;

/// Of all repeats that have ended.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub finished: u32,
    pub confidence: Option<f64>,
    pub latency_ms: Option<f64>,
    pub cost_usd: Option<f64>,
    /// By repeat: the tags of its answer.
    pub tags: BTreeMap<u32, BTreeSet<String>>,
    /// An answer is missing for a reason that lies in the prompt or model, not with the provider or the photo.
    pub fails_by_itself: bool,
    /// Of a labelled photo: tags of all answers that are labels, all tags, all labels.
    pub against: Option<Counts>,
}

/// Tags against labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub hits: u32,
    pub given: u32,
    pub expected: u32,
}

impl Counts {
    /// 2PR / (P + R) = 2·hits / (tags + labels), which stands where P or R alone does not.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        let all = self.given + self.expected;
        (all > 0).then(|| 2.0 * f64::from(self.hits) / f64::from(all))
    }
}

impl Facts {
    #[must_use]
    pub fn answered(&self) -> u32 {
        self.tags.len() as u32
    }

    fn of(cells: &[&Cell], labels: Option<&BTreeSet<String>>) -> Self {
        let answers: Vec<_> = cells.iter().filter_map(|cell| Some((*cell, cell.answer.as_ref()?))).collect();
        let names = |tags: &[crate::wire::result::Tag]| tags.iter().map(|tag| normal_name(&tag.name)).collect::<BTreeSet<_>>();
        let tags: BTreeMap<_, _> = answers.iter().map(|(cell, answer)| (cell.repeat, names(&answer.tags))).collect();
        let fails_by_itself = cells.iter().any(|cell| cell.fault.as_ref().is_some_and(|fault| is_of_the_version(fault.kind)));
        let against = labels.filter(|_| !tags.is_empty()).map(|labels| against(tags.values(), labels));
        Self {
            finished: cells.iter().filter(|cell| matches!(cell.state, CellState::Completed | CellState::Failed)).count() as u32,
            confidence: mean(answers.iter().filter_map(|(_, answer)| answer.mean_confidence()).map(f64::from)),
            latency_ms: mean(answers.iter().filter_map(|(cell, _)| cell.latency_ms).map(|ms| ms as f64)),
            cost_usd: mean(answers.iter().filter_map(|(cell, answer)| asked_for(cell, answer)).map(|cost| cost.0 as f64 / 1e6)),
            tags,
            fails_by_itself,
            against,
        }
    }

    /// The mean Jaccard index of its answers and the baseline's, repeat by repeat.
    #[must_use]
    pub fn agreement(&self, baseline: &Self) -> Option<f64> {
        let pairs = self.tags.iter().filter_map(|(repeat, tags)| Some((tags, baseline.tags.get(repeat)?)));
        mean(pairs.map(|(one, other)| jaccard(one, other)))
    }

    /// The mean Jaccard index over all pairs of its repeats; nothing where fewer than two have answered.
    #[must_use]
    pub fn repeatability(&self) -> Option<f64> {
        let sets: Vec<&BTreeSet<String>> = self.tags.values().collect();
        mean(sets.iter().enumerate().flat_map(|(at, one)| sets[at + 1..].iter().map(|other| jaccard(one, other))))
    }
}

/// |A ∩ B| / |A ∪ B| (Jaccard 1901); two empty sets agree.
fn jaccard(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let both = one.intersection(other).count();
    let either = one.len() + other.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

/// What an answer cost when it was asked for: one that was known already cost this run nothing, which says nothing of the model.
fn asked_for(cell: &Cell, answer: &Answer) -> Option<UsdMicros> {
    cell.reused.as_ref().map_or(answer.cost_usd, |from| from.cost_usd)
}

fn against<'t>(answers: impl Iterator<Item = &'t BTreeSet<String>>, labels: &BTreeSet<String>) -> Counts {
    answers.fold(Counts::default(), |counts, tags| Counts {
        hits: counts.hits + tags.intersection(labels).count() as u32,
        given: counts.given + tags.len() as u32,
        expected: counts.expected + labels.len() as u32,
    })
}

/// By column, then photo in the order of the run.
#[must_use]
pub fn of_run(run: &Run, cells: &[Cell], labels: &Labels) -> Vec<Vec<Facts>> {
    let mut by_place: HashMap<(u32, PhotoId), Vec<&Cell>> = HashMap::new();
    for cell in cells {
        by_place.entry((cell.column, cell.photo_id)).or_default().push(cell);
    }
    let of_column = |column: u32| -> Vec<Facts> {
        let of_photo = |photo: &PhotoId| match by_place.get(&(column, *photo)) {
            Some(cells) => Facts::of(cells, labels.get(photo)),
            None => Facts::default(),
        };
        run.photo_ids.iter().map(of_photo).collect()
    };
    (0..run.columns.len() as u32).map(of_column).collect()
}
