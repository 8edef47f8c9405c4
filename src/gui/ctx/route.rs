//! Places in the program that a command or a click can lead to.

use serde::{Deserialize, Serialize};

use crate::wire::ids::{JobId, PhotoId, PromptId, RunId};
use crate::wire::job::JobState;

/// The four areas, in the order of the left panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AreaId {
    #[default]
    LiveStatus,
    PipelineControl,
    TestingLab,
    Analytics,
}

impl AreaId {
    pub const ALL: [Self; 4] = [Self::LiveStatus, Self::PipelineControl, Self::TestingLab, Self::Analytics];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::LiveStatus => "Live status",
            Self::PipelineControl => "Pipeline control",
            Self::TestingLab => "Testing lab",
            Self::Analytics => "Analytics",
        }
    }

    /// The question that the area answers.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::LiveStatus => "What is the pipeline doing right now, and is it healthy?",
            Self::PipelineControl => "Which prompt, model and rules are live?",
            Self::TestingLab => "Is this prompt or model better, on these photos?",
            Self::Analytics => "What does it cost, and how good is it?",
        }
    }
}

/// What Live status shows beneath its cards, in the order of its tabs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum LiveView {
    #[default]
    Jobs,
    Photos,
    Plots,
    Workers,
    Health,
    Events,
    Alerts,
    Log,
    Assistant,
}

impl LiveView {
    pub const ALL: [Self; 9] =
        [Self::Jobs, Self::Photos, Self::Plots, Self::Workers, Self::Health, Self::Events, Self::Alerts, Self::Log, Self::Assistant];

    /// Whether it can show a moment in the past.
    #[must_use]
    pub fn has_past(self) -> bool {
        matches!(self, Self::Jobs | Self::Plots | Self::Health)
    }

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Jobs => "Jobs",
            Self::Photos => "Photos",
            Self::Plots => "Depth and throughput",
            Self::Workers => "Workers",
            Self::Health => "Health",
            Self::Events => "Events",
            Self::Alerts => "Alerts",
            Self::Log => "Log",
            Self::Assistant => "Assistant",
        }
    }
}

/// A place in an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    Area(AreaId),
    Live(LiveView),
    /// The job table, filtered.
    Jobs(Option<JobState>),
    Job(JobId),
    Prompt(PromptId),
    /// What each environment uses, and used.
    Deployments,
    Models,
    /// Thresholds, workers and limits of the pipeline.
    Rules,
    /// The page of the provider that was open last, or the first.
    Providers,
    /// The page of this provider.
    Provider(String),
    Photo(PhotoId),
    Run(RunId),
    Cost,
    Latency,
    Confidence,
}

impl Route {
    #[must_use]
    pub fn area(&self) -> AreaId {
        match self {
            Self::Area(area) => *area,
            Self::Live(_) | Self::Jobs(_) | Self::Job(_) => AreaId::LiveStatus,
            Self::Prompt(_) | Self::Deployments | Self::Models | Self::Rules | Self::Providers | Self::Provider(_) => AreaId::PipelineControl,
            Self::Photo(_) | Self::Run(_) => AreaId::TestingLab,
            Self::Cost | Self::Latency | Self::Confidence => AreaId::Analytics,
        }
    }
}
