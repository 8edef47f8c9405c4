//! The columns against the baseline, in a report's own words: photos, prompts and models by name.

use std::collections::HashMap;

use serde::Serialize;

use super::ReportPhoto;
use crate::wire::comparison::{ChangeReason, MeasureComparison, RunComparison, TagComparison, Verdict};
use crate::wire::run::Run;

/// Every column but the baseline, held against it.
#[derive(Debug, Clone, Serialize)]
pub struct ReportVerdicts {
    pub baseline_prompt: String,
    pub baseline_model: String,
    pub method: String,
    pub columns: Vec<ColumnVerdict>,
    /// Worse photos first.
    pub photos: Vec<PhotoChange>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ColumnVerdict {
    pub prompt: String,
    pub model: String,
    pub paired_photos: u32,
    pub verdict: Verdict,
    pub words: String,
    pub measures: Vec<MeasureComparison>,
    pub tags: Vec<TagComparison>,
}

/// A photo that is worse or better than with the baseline.
#[derive(Debug, Clone, Serialize)]
pub struct PhotoChange {
    pub photo: String,
    pub prompt: String,
    pub model: String,
    pub change: f64,
    pub why: ChangeReason,
}

/// `None` where there is no baseline.
#[must_use]
pub fn of(comparison: RunComparison, run: &Run, photos: &[ReportPhoto]) -> Option<ReportVerdicts> {
    let baseline = run.columns.get(comparison.baseline? as usize)?;
    let others = comparison.columns.into_iter().filter(|column| Some(column.column) != comparison.baseline);
    let columns = others.filter_map(|column| {
        let named = run.columns.get(column.column as usize)?;
        Some(ColumnVerdict {
            prompt: named.prompt_name.clone(),
            model: named.model.clone(),
            paired_photos: column.paired_photos,
            verdict: column.verdict,
            words: column.words,
            measures: column.measures,
            tags: column.tags,
        })
    });
    let labels: HashMap<_, _> = photos.iter().filter_map(|photo| Some((*photo.id.as_ref().ok()?, photo.label.as_str()))).collect();
    let changes = comparison.changes.into_iter().filter_map(|change| {
        let named = run.columns.get(change.column as usize)?;
        let (prompt, model) = (named.prompt_name.clone(), named.model.clone());
        Some(PhotoChange { photo: (*labels.get(&change.photo_id)?).to_owned(), prompt, model, change: change.change, why: change.why })
    });
    Some(ReportVerdicts {
        baseline_prompt: baseline.prompt_name.clone(),
        baseline_model: baseline.model.clone(),
        method: comparison.method,
        columns: columns.collect(),
        photos: changes.collect(),
    })
}

impl ReportVerdicts {
    /// A line for every column and for the photos, for reports that are read.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("Against the baseline {} · {}", self.baseline_prompt, self.baseline_model)];
        let column = |column: &ColumnVerdict| format!("{} · {}: {}, {} photos", column.prompt, column.model, column.words, column.paired_photos);
        lines.extend(self.columns.iter().map(column));
        let (worse, better): (Vec<_>, Vec<_>) = self.photos.iter().partition(|photo| photo.change < 0.0);
        if !worse.is_empty() {
            let worst: Vec<_> = worse.iter().take(5).map(|photo| format!("{} (−{:.0} pt)", photo.photo, photo.change.abs() * 100.0)).collect();
            lines.push(format!("Worse: {}, the worst {}", worse.len(), worst.join(", ")));
        }
        if !better.is_empty() {
            lines.push(format!("Better: {}", better.len()));
        }
        lines
    }
}
