//! What other rules would have made of the results that are there: a dry run, without any call of a model.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{PhotoId, ResultId};
use super::result::Decision;
use super::rules::ProcessingRules;

/// How far back a replay may go.
pub const REPLAY_DAYS: [u32; 4] = [1, 7, 30, 90];

/// `POST /api/ai/pipeline/processing-rules/dry-run`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayRules {
    pub rules: ProcessingRules,
    /// 1–90: so many times 24 hours up to now.
    pub days: u32,
}

/// What became of the photos that the pipeline processed, and what these rules would have made of them. A photo that was
/// processed more than once counts once, as it was decided last; photos that are deleted don't count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    pub from: DateTime<Utc>,
    pub photos: u64,
    /// Those that would have been decided otherwise.
    pub moved: u64,
    pub flow: Flow,
    /// Of each category of the rules, by name.
    pub categories: Vec<CategoryReplay>,
    /// What labels say of what is accepted; `None`: no photo in this time has labels.
    pub ground_truth: Option<ReplayTruth>,
}

/// How many went from which decision (as it was made then) to which (by these rules).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow(pub [[u64; 3]; 3]);

impl Flow {
    pub const ORDER: [Decision; 3] = [Decision::Accept, Decision::Review, Decision::Reject];

    #[must_use]
    pub fn get(&self, from: Decision, to: Decision) -> u64 {
        self.0[place(from)][place(to)]
    }

    pub fn add(&mut self, from: Decision, to: Decision, photos: u64) {
        self.0[place(from)][place(to)] += photos;
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    #[must_use]
    pub fn moved(&self) -> u64 {
        self.total() - (0..3).map(|at| self.0[at][at]).sum::<u64>()
    }
}

fn place(decision: Decision) -> usize {
    match decision {
        Decision::Accept => 0,
        Decision::Review => 1,
        Decision::Reject => 2,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryReplay {
    pub name: String,
    pub photos: u64,
    pub moved: u64,
}

/// Precision of what is accepted: of the accepted photos that have labels, the share whose most confident tag is one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayTruth {
    /// Processed photos in this time that have labels.
    pub photos: u64,
    /// `None`: none of them was accepted.
    pub before: Option<Share>,
    pub after: Option<Share>,
}

/// A share with its 95 % interval by Wilson's method, which is sound for few cases and near 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub hits: u64,
    pub of: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// `POST /api/ai/pipeline/processing-rules/dry-run/examples`: photos that would move, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayExamples {
    pub rules: ProcessingRules,
    pub days: u32,
    pub from: Decision,
    pub to: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A photo that would move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedPhoto {
    pub result_id: ResultId,
    pub photo_id: PhotoId,
    pub file_name: String,
    pub at: DateTime<Utc>,
    /// `None`: no tag had one.
    pub mean_confidence: Option<f32>,
    pub main_tag: Option<String>,
    /// The category whose thresholds decide.
    pub category: Option<String>,
    pub from: Decision,
    pub to: Decision,
}
