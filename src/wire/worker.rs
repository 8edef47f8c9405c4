//! Workers: what takes jobs from the queue, and what each does at this moment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::PipelineState;
use super::job::Job;
use super::result::{Fault, FaultKind};

/// `GET /api/ai/pipeline/workers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workers {
    /// As many as the rules allow, 1–64.
    pub wanted: u32,
    /// Whether this platform takes jobs from the queue at all.
    pub runs: bool,
    pub state: PipelineState,
    /// Why none begins a job although the pipeline runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<Fault>,
    /// Jobs that can be begun.
    pub pending: u64,
    /// Those with a job, by their number; at most 200. More than `wanted` while some end that are no longer wanted.
    pub at_work: Vec<Worker>,
}

/// A worker with a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// From 1 on; `None` for a worker of another process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    pub job: Job,
    /// Full name of the model that is asked now: the live one, or one that stands in for it. `None` for a worker of another
    /// process, and before any is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `None` for a worker of another process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<WorkerNow>,
}

/// What a worker does, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WorkerNow {
    pub doing: Doing,
    pub since: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Doing {
    /// Decodes and scales the photo, fills in the prompt.
    Preparing,
    /// The provider's own limits make it wait for its turn.
    WaitingForTurn,
    Asking,
    /// Will ask again at this time, after a fault that can heal.
    Retrying {
        at: DateTime<Utc>,
        kind: FaultKind,
    },
    Storing,
    /// The result can't be stored; it is kept, and tried again.
    NotStored,
}
