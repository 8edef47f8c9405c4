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

/// What Pipeline control shows of the open prompt and beside it, where that has no route of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PipelineView {
    /// The text of the open prompt, and the list of all.
    Prompts,
    SystemText,
    Answer,
    PromptSettings,
    Preview,
    Findings,
    Versions,
    Changes,
}

impl PipelineView {
    pub const ALL: [Self; 8] =
        [Self::Prompts, Self::SystemText, Self::Answer, Self::PromptSettings, Self::Preview, Self::Findings, Self::Versions, Self::Changes];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Prompts => "Show prompts",
            Self::SystemText => "Show the system text",
            Self::Answer => "Show the answer's schema",
            Self::PromptSettings => "Show the prompt's settings and variables",
            Self::Preview => "Show the preview of what is sent",
            Self::Findings => "Show findings",
            Self::Versions => "Show versions",
            Self::Changes => "Show changes of configuration",
        }
    }

    /// What is to be seen there.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Prompts => "All prompts, and the text of the open one that goes to the model with the photo",
            Self::SystemText => "Instructions that go before the prompt, where a model takes them",
            Self::Answer => "What the answer must hold, as a form or as a JSON Schema",
            Self::PromptSettings => "Parameters of the model, and variables of your own",
            Self::Preview => "Exactly what is sent, for a photo and a model",
            Self::Findings => "What the analysis finds in the prompt, and what a photo takes",
            Self::Versions => "What was saved of the prompt, compared, labelled and searched",
            Self::Changes => "Every change of configuration, and the way back",
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
    /// The jobs that these words find, see [`crate::wire::job_filter`].
    JobsFound(&'static str),
    Job(JobId),
    Prompt(PromptId),
    Pipeline(PipelineView),
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
    /// The list of all runs.
    PastRuns,
    /// What happened to photos, step by step: looked for.
    Traces,
    /// A trace, or the newest of a result or a cell, by its id.
    Trace(uuid::Uuid),
    Cost,
    Latency,
    Confidence,
}

impl Route {
    #[must_use]
    pub fn area(&self) -> AreaId {
        match self {
            Self::Area(area) => *area,
            Self::Live(_) | Self::Jobs(_) | Self::JobsFound(_) | Self::Job(_) => AreaId::LiveStatus,
            Self::Prompt(_) | Self::Pipeline(_) | Self::Deployments | Self::Models | Self::Rules | Self::Providers | Self::Provider(_) => {
                AreaId::PipelineControl
            }
            Self::Photo(_) | Self::Run(_) | Self::PastRuns | Self::Traces | Self::Trace(_) => AreaId::TestingLab,
            Self::Cost | Self::Latency | Self::Confidence => AreaId::Analytics,
        }
    }
}
