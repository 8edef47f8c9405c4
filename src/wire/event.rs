//! Events of `/api/ai/dashboard/events`: everything that changes, in order.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::{ConfigChange, PipelineConfig};
use super::ids::{CellId, PhotoId, RunId};
use super::job::Job;
use super::photo::Photo;
use super::prompt::{Prompt, PromptVersion};
use super::run::{Cell, CellNow, Run};

/// One event. `id` grows by one per event and is the SSE id; one that is not kept has no SSE id, and here
/// that of the event before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: i64,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened, with the new state of the thing it happened to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "data")]
pub enum Happened {
    PhotoAdded(Photo),
    PhotoDeleted {
        id: PhotoId,
    },
    JobChanged(Job),
    /// Many jobs changed at once (a bulk action): ask again for the list.
    JobsChanged {
        changed: u64,
    },
    ConfigChanged {
        config: PipelineConfig,
        change: Option<ConfigChange>,
    },
    PromptChanged(Prompt),
    PromptVersionSaved(PromptVersion),
    RunChanged(Run),
    CellChanged(Cell),
    /// What a cell that is being asked is doing right now. Not kept: who was not there has missed it.
    CellNews {
        run_id: RunId,
        cell_id: CellId,
        news: CellNow,
    },
    /// The client fell behind or asked for events no longer kept: ask again for everything.
    Resync,
}

impl Happened {
    /// Whether it is kept, so that a client that reconnects hears it too.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::CellNews { .. })
    }
}
