//! The columns of a run held against one of them, the baseline: paired, photo by photo.

use serde::{Deserialize, Serialize};

use super::ids::{PhotoId, RunId};

/// `PUT /api/ai/testing/live-test/{run}/baseline`: which column the others are held against; `None`: none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBaseline {
    pub column: Option<u32>,
}

/// `GET /api/ai/testing/compare?run=&baseline=`: without `baseline` the one that is pinned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunComparison {
    pub run_id: RunId,
    /// Index into `Run::columns`; `None`: each column stands for itself.
    pub baseline: Option<u32>,
    /// Photos of the run with labels to measure against.
    pub labelled_photos: u32,
    /// Photos that look like another one of the run, and count together with it.
    #[serde(default)]
    pub alike_photos: u32,
    /// How the intervals and verdicts were found, in a sentence.
    pub method: String,
    /// All columns in their order, the baseline too: it has figures, and no differences.
    pub columns: Vec<ColumnComparison>,
    /// Photos on which a column is worse or better than the baseline, the worst first.
    pub changes: Vec<PhotoVerdict>,
}

/// One column against the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnComparison {
    pub column: u32,
    /// Photos that both have answered.
    pub paired_photos: u32,
    /// Of F1 where there are labels; without labels nothing says which is better, unless one fails more often.
    pub verdict: Verdict,
    /// The verdict and its figure in a sentence; empty of the baseline.
    pub words: String,
    /// The measures that can be taken, in the order of [`Measure`].
    pub measures: Vec<MeasureComparison>,
    /// By tag of the labels, those with the most photos first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagComparison>,
}

impl ColumnComparison {
    #[must_use]
    pub fn measure(&self, measure: Measure) -> Option<&MeasureComparison> {
        self.measures.iter().find(|one| one.measure == measure)
    }
}

/// What is measured. Tags against labels: over all labelled photos that were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Share of the asked cells with an answer.
    Answered,
    /// Jaccard index of its tags and the baseline's: 1 the same, 0 nothing in common.
    Agreement,
    /// Mean Jaccard index of the tag sets of all pairs of repeats of a photo; only where it was asked more than once.
    Repeatability,
    /// Of all tags together (micro).
    Precision,
    Recall,
    F1,
    /// The mean over the tags of the labels (macro).
    MacroPrecision,
    MacroRecall,
    MacroF1,
    /// Mean confidence of the tags.
    Confidence,
    /// Milliseconds an answer.
    Latency,
    /// USD an answer.
    Cost,
}

impl Measure {
    pub const ALL: [Self; 12] = [
        Self::Answered,
        Self::Agreement,
        Self::Repeatability,
        Self::Precision,
        Self::Recall,
        Self::F1,
        Self::MacroPrecision,
        Self::MacroRecall,
        Self::MacroF1,
        Self::Confidence,
        Self::Latency,
        Self::Cost,
    ];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Answered => "Answered",
            Self::Agreement => "Agreement with the baseline",
            Self::Repeatability => "Agreement of the repeats",
            Self::Precision => "Precision",
            Self::Recall => "Recall",
            Self::F1 => "F1",
            Self::MacroPrecision => "Precision, mean over tags",
            Self::MacroRecall => "Recall, mean over tags",
            Self::MacroF1 => "F1, mean over tags",
            Self::Confidence => "Confidence",
            Self::Latency => "Time per answer",
            Self::Cost => "Cost per answer",
        }
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Answered => "Share of the asked cells that have an answer",
            Self::Agreement => "Jaccard index of the two tag sets, the mean over the photos: 100 % the same tags, 0 % none in common",
            Self::Repeatability => {
                "Jaccard index of the tag sets of two repeats, the mean over all pairs of repeats of a photo, then over the photos: 100 % every \
                 repeat has the same tags, 0 % no two have one in common. An answer that is always the same may be wrong"
            }
            Self::Precision => "Share of the answered tags that are labels, all tags counted together (micro)",
            Self::Recall => "Share of the labels that were answered, all tags counted together (micro)",
            Self::F1 => "Harmonic mean of precision and recall, all tags counted together (micro)",
            Self::MacroPrecision => "Precision of each tag of the labels by itself, then the mean: rare tags count as much as common ones (macro)",
            Self::MacroRecall => "Recall of each tag of the labels by itself, then the mean: rare tags count as much as common ones (macro)",
            Self::MacroF1 => "F1 of each tag of the labels by itself, then the mean: rare tags count as much as common ones (macro)",
            Self::Confidence => "Mean confidence of the tags; a language model's confidence is its own word, so higher is not better by itself",
            Self::Latency => "The provider's time for an answer, retries and waits included, the mean over the photos",
            Self::Cost => "What an answer cost where that is known, the mean over the photos",
        }
    }

    /// Whether more of it is better; `None`: neither is.
    #[must_use]
    pub fn more_is_better(self) -> Option<bool> {
        match self {
            Self::Confidence | Self::Agreement | Self::Repeatability => None,
            Self::Latency | Self::Cost => Some(false),
            _ => Some(true),
        }
    }

    /// Whether it is a share, 0–1.
    #[must_use]
    pub fn is_share(self) -> bool {
        !matches!(self, Self::Latency | Self::Cost)
    }
}

/// A figure with its 95 % interval; without one where the sample is too small to have it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Figure {
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

/// One measure of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureComparison {
    pub measure: Measure,
    /// Photos that it was taken of: those that both have it for.
    pub photos: u32,
    /// What counts of them: photos that look alike count together as one.
    #[serde(default)]
    pub units: u32,
    pub figure: Figure,
    /// The same of the baseline, over the same photos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Figure>,
    /// This column minus the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Figure>,
    pub verdict: Verdict,
}

/// What an interval says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// Of what is neither good nor bad.
    Higher,
    Lower,
    /// The interval of the difference holds 0.
    NoDifferenceShown,
    TooFewPhotos,
    /// There is nothing to be compared.
    #[default]
    None,
}

impl Verdict {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::NoDifferenceShown => "no difference shown",
            Self::TooFewPhotos => "too few photos to tell",
            Self::None => "",
        }
    }
}

/// One tag of the labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagComparison {
    pub tag: String,
    /// Labelled photos with it.
    pub photos: u32,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Figure,
    pub baseline_precision: Option<f64>,
    pub baseline_recall: Option<f64>,
    pub baseline_f1: Option<Figure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Figure>,
    pub verdict: Verdict,
}

/// One photo on which a column is better or worse than the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoVerdict {
    pub photo_id: PhotoId,
    pub column: u32,
    /// −1 … 1: F1 on this photo minus the baseline's; ±1 where only one of them has an answer. Never 0.
    pub change: f64,
    pub why: ChangeReason,
}

impl PhotoVerdict {
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.change < 0.0
    }
}

/// Why a photo is called better or worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeReason {
    /// The tags fit the labels worse or better.
    Labels,
    /// The baseline answers, the column does not.
    AnsweredNoMore,
    /// The column answers, the baseline does not.
    AnsweredNow,
}
