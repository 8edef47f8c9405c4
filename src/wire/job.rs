//! Jobs: one photo's way through the pipeline.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{JobChangeId, JobId, PhotoId};
use super::result::{Fault, PhotoResult};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Pending,
    Processing,
    /// Failed in a way that can heal; waits for its next try.
    RetryWait,
    Completed,
    Failed,
    Cancelled,
}

impl JobState {
    pub const ALL: [Self; 6] = [Self::Pending, Self::Processing, Self::RetryWait, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::RetryWait => "retry_wait",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The name for a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Processing => "Processing",
            Self::RetryWait => "Waiting to retry",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// One row of the job table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub photo_id: PhotoId,
    pub file_name: String,
    pub state: JobState,
    /// −100 … 100, higher first.
    pub priority: i32,
    /// Tries begun so far.
    pub attempts: u32,
    /// Full model name of the last try.
    pub model: Option<String>,
    /// Such as `Photo tags v3`, of the last try.
    pub prompt: Option<String>,
    pub enqueued_at: DateTime<Utc>,
    /// Since when it waits for a worker, or waited: added, or put back to be tried again.
    pub ready_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When a waiting job is tried again.
    pub not_before: Option<DateTime<Utc>>,
    /// Mean confidence of the result.
    pub confidence: Option<f32>,
    pub fault: Option<Fault>,
}

/// A job with its results, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobDetails {
    pub job: Job,
    pub results: Vec<PhotoResult>,
}

/// `POST /api/ai/pipeline/jobs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnqueueJobs {
    pub photo_ids: Vec<PhotoId>,
    #[serde(default)]
    pub priority: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnqueuedJobs {
    pub jobs: Vec<Job>,
}

/// `POST /api/ai/pipeline/jobs/actions`: on those named, or on everything that matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobsAction {
    pub action: JobAction,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<JobsMatching>,
    /// Only counts.
    #[serde(default)]
    pub dry_run: bool,
}

impl JobsAction {
    /// On these jobs.
    #[must_use]
    pub fn on(action: JobAction, ids: Vec<JobId>) -> Self {
        Self { action, ids, matching: None, dry_run: false }
    }
}

/// Jobs by what they are, however many; see [`super::job_filter`] for `q`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsMatching {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobAction {
    /// Puts failed, cancelled and waiting jobs into the queue again, with all their tries.
    Retry,
    /// Puts completed jobs into the queue again: their photos are asked about once more.
    Reprocess,
    Cancel,
    /// Sets the priority, −100 … 100, of jobs that wait.
    Reprioritise(i32),
}

/// How many jobs an action changed, or would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsActed {
    /// Jobs that were meant.
    pub matched: u64,
    pub changed: u64,
    /// Why others were left as they are, of those whose state the action applies to.
    #[serde(default)]
    pub left: JobsLeft,
    /// What `POST …/jobs/actions/{id}/undo` takes; `None` when nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<JobChangeId>,
}

/// Jobs that an action leaves as they are because of their photos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsLeft {
    /// Their photos have another job that is queued or in work.
    pub queued: u64,
    /// Another job of the same photo is meant as well; it is queued once.
    pub twice: u64,
    /// Their photos were deleted.
    pub deleted: u64,
}

impl JobsActed {
    /// Why jobs that are meant stay as they are, such as `1 is of a photo that is queued already`; `None`: none does.
    #[must_use]
    pub fn left_words(&self) -> Option<String> {
        let JobsLeft { queued, twice, deleted } = self.left;
        let others = self.matched.saturating_sub(self.changed + queued + twice + deleted);
        let said = |count: u64, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{} {many}", thousands(count))),
        };
        let parts = [
            said(queued, "is of a photo that is queued already", "are of photos that are queued already"),
            said(
                twice,
                "is of a photo that another of them is about too, which is queued once",
                "are of photos that others of them are about too; each is queued once",
            ),
            said(deleted, "is of a photo that was deleted", "are of photos that were deleted"),
            said(others, "is in a state that it does not apply to", "are in states that it does not apply to"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}

/// What the job table is sorted by. What a job does not have (a confidence, an end) comes below all values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobSort {
    /// When it was enqueued.
    #[default]
    Queued,
    Photo,
    State,
    /// From queued to begun.
    Wait,
    Took,
    Confidence,
    Priority,
    Attempts,
}

/// Query of `GET /api/ai/pipeline/jobs`. Largest, newest or last of the alphabet first, unless `ascending`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Words of the file name and terms, see [`super::job_filter`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(default)]
    pub sort: JobSort,
    #[serde(default)]
    pub ascending: bool,
    /// At most 1,000; 200 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Whether the answer has the number of all that match, which with terms takes a look at each job; `true` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<bool>,
    /// Jobs as they were at this moment, up to a week back; as they are unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_jobs_stay_as_they_are_is_said_for_each_kind() {
        let acted = |matched, changed, left| JobsActed { matched, changed, left, change: None }.left_words();
        assert_eq!(acted(3, 3, JobsLeft::default()), None);
        assert_eq!(acted(37, 36, JobsLeft { queued: 1, ..JobsLeft::default() }).as_deref(), Some("1 is of a photo that is queued already"));
        let words = acted(1_500, 10, JobsLeft { queued: 0, twice: 1, deleted: 2 }).expect("words");
        assert!(
            words.starts_with("1 is of a photo that another of them") && words.contains("; 2 are of photos that were deleted; 1,487 are in states"),
            "{words}"
        );
    }
}
