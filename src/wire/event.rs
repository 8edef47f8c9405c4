//! Events of `/api/ai/dashboard/events`: everything that changes, in order.

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::alert::Alert;
use super::config::{ConfigChange, PipelineConfig};
use super::health::HealthState;
use super::ids::{CellId, PhotoId, RunId};
use super::job::Job;
use super::photo::Photo;
use super::prompt::{Prompt, PromptVersion};
use super::prompt_label::VersionLabels;
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
        /// They were put back as they were before something was done to them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_undo: bool,
    },
    ConfigChanged {
        config: PipelineConfig,
        change: Option<ConfigChange>,
    },
    PromptChanged(Prompt),
    PromptVersionSaved(PromptVersion),
    /// Labels were put on a version, or taken off it.
    PromptLabelsChanged(VersionLabels),
    RunChanged(Run),
    CellChanged(Cell),
    /// It fired, resolved, was acknowledged or put off, or its snooze is over.
    AlertChanged(Alert),
    /// What a cell that is being asked is doing right now. Not kept: who was not there has missed it.
    CellNews {
        run_id: RunId,
        cell_id: CellId,
        news: CellNow,
    },
    /// A part of the platform, or a provider, is in another state of health than when it was last looked at.
    HealthChanged {
        /// As [`super::health::Component::name`].
        component: String,
        label: String,
        status: HealthState,
        /// Why, and what to do; empty when it is healthy.
        detail: String,
    },
    /// Bundled photos could not be added and why, or (`None`) all are there now. Not kept: see
    /// [`super::status::LiveStatus::bundled_wait`].
    BundledWait {
        why: Option<String>,
    },
    /// The client fell behind or asked for events no longer kept: ask again for everything.
    Resync,
}

/// `GET /api/ai/dashboard/events` with `Accept: application/json`: events without the stream, for clients whose
/// proxy breaks it, and for reading back. With `before` newest first, else in order from `after` on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventsQuery {
    /// The last event seen; without it the answer only says where the events stand.
    pub after: Option<i64>,
    /// Events before this one, newest first.
    pub before: Option<i64>,
    /// Only events about this; with `before` alone.
    pub topic: Option<EventTopic>,
    /// 1–500.
    pub limit: Option<u32>,
    /// With `after`: how long the answer may wait for the first event, at most 20 000 ms.
    pub wait_ms: Option<u64>,
}

/// Answer to [`EventsQuery`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsPage {
    #[serde(deserialize_with = "readable")]
    pub items: Vec<Event>,
    /// What the next question's `after` (or `before`) is.
    pub next: i64,
    /// More events are there already.
    pub has_more: bool,
    /// The events after `after` are no longer all kept: ask again for everything.
    #[serde(default)]
    pub resync: bool,
}

/// The events; one that can't be read, such as one of a newer platform, tells its reader to ask for everything anew.
fn readable<'de, D: Deserializer<'de>>(items: D) -> Result<Vec<Event>, D::Error> {
    #[derive(Deserialize)]
    struct Place {
        id: i64,
        at: DateTime<Utc>,
    }
    let items = Vec::<serde_json::Value>::deserialize(items)?;
    let read = |item: serde_json::Value| {
        Event::deserialize(&item).or_else(|_| Place::deserialize(&item).map(|Place { id, at }| Event { id, at, what: Happened::Resync }))
    };
    items.into_iter().map(read).collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// What an event is about, for filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTopic {
    Alerts,
    Jobs,
    Photos,
    Runs,
    Prompts,
    Configuration,
    /// What concerns the stream itself.
    Stream,
}

impl EventTopic {
    /// Those that people filter by.
    pub const ALL: [Self; 6] = [Self::Alerts, Self::Jobs, Self::Photos, Self::Runs, Self::Prompts, Self::Configuration];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Alerts => "Alerts",
            Self::Jobs => "Jobs",
            Self::Photos => "Photos",
            Self::Runs => "Runs",
            Self::Prompts => "Prompts",
            Self::Configuration => "Configuration",
            Self::Stream => "Stream",
        }
    }
}

impl Happened {
    #[must_use]
    pub fn topic(&self) -> EventTopic {
        match self {
            Self::PhotoAdded(_) | Self::PhotoDeleted { .. } | Self::BundledWait { .. } => EventTopic::Photos,
            Self::JobChanged(_) | Self::JobsChanged { .. } => EventTopic::Jobs,
            Self::ConfigChanged { .. } => EventTopic::Configuration,
            Self::PromptChanged(_) | Self::PromptVersionSaved(_) | Self::PromptLabelsChanged(_) => EventTopic::Prompts,
            Self::RunChanged(_) | Self::CellChanged(_) | Self::CellNews { .. } => EventTopic::Runs,
            Self::HealthChanged { .. } | Self::AlertChanged(_) => EventTopic::Alerts,
            Self::Resync => EventTopic::Stream,
        }
    }

    /// Whether it is kept, so that a client that reconnects hears it too.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::CellNews { .. } | Self::BundledWait { .. })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_with_an_event_that_this_version_does_not_know_is_read_around_it() {
        let event = |id: i64, kind: &str| json!({"id": id, "at": "2026-11-29T12:00:00Z", "kind": kind, "data": {"id": uuid::Uuid::nil()}});
        let page = |items: serde_json::Value| serde_json::from_value::<EventsPage>(json!({"items": items, "next": 3, "has_more": false}));
        let read = page(json!([event(1, "photo_deleted"), event(2, "photo_dreamt"), event(3, "photo_deleted")])).expect("read");
        let deleted = Happened::PhotoDeleted { id: PhotoId(uuid::Uuid::nil()) };
        assert_eq!(read.items.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(read.items.into_iter().map(|event| event.what).collect::<Vec<_>>(), [deleted.clone(), Happened::Resync, deleted]);
        assert!(page(json!([{"kind": "photo_deleted"}])).is_err(), "without its place it is no event");
    }
}
