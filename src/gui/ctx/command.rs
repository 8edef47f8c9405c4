//! Commands: everything the program can be told to do. One enum gives a command its label, tooltip,
//! shortcut and palette row; the shell runs them at one place, once a frame.

use std::path::PathBuf;
use std::sync::mpsc;

use egui::{Key, KeyboardShortcut, Modifiers};

use super::route::{AreaId, LiveView, PipelineView, Route};
use crate::wire::config::ConfigChange;
use crate::wire::deployment::Environment;
use crate::wire::ids::{AlertId, ConfigChangeId, JobChangeId, PromptId, PromptVersionId, RunId};
use crate::wire::provider::{BUILT_IN_REMOTE, provider_label};
use crate::wire::run::ExportFormat;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    GoTo(Route),
    OpenPalette,
    OpenSettings,
    ShowShortcuts,
    /// The left panel with names, or as a rail of icons.
    ToggleNavigation,
    SetTheme(egui::ThemePreference),
    ZoomIn,
    ZoomOut,
    ZoomReset,
    /// Asks again for everything.
    Reload,
    Quit,
    // Live Status
    PausePipeline,
    /// Finishes what is queued, begins nothing that comes later, then pauses.
    DrainPipeline,
    ResumePipeline,
    /// Chooses files, adds them and queues them.
    AddPhotos,
    AddPhotoFolder,
    /// Chooses a folder whose photos come into the library by themselves.
    WatchPhotoFolder,
    /// Watches this one: what an undo button holds.
    WatchFolder(PathBuf),
    RetryFailedJobs,
    /// Opens the time strip, or closes it and shows the present.
    LookBack,
    /// Asks every provider and looks at every part of the platform.
    CheckHealth,
    /// Photos that the model was least sure of are asked about once more.
    ReprocessLowConfidence,
    /// Finds photos by words of their tags, captions and names; what is empty is typed there.
    SearchPhotos(String),
    /// Puts jobs back as they were: what an undo button holds.
    UndoJobsAction(JobChangeId),
    /// Puts back what was last done to jobs in this window.
    UndoLastJobsAction,
    // Pipeline Control
    NewPrompt,
    SavePromptVersion,
    /// Makes live what is shown, where nothing stands against it; else shows why.
    MakePromptLive,
    /// Goes through what the analysis found in the open prompt.
    NextFinding,
    PreviousFinding,
    /// Shows what a deployment of what is shown would change, and deploys it from there.
    DeployPrompt(Environment),
    /// Puts back what the newest deployment to production replaced.
    RollBackProduction,
    /// Holds the newest version against what is live, or the one before.
    CompareVersions,
    /// Reads prompts of a file.
    ImportPrompts,
    /// Writes the version that is shown to a file.
    ExportPromptVersion,
    /// Gives a prompt another name: what an undo button holds.
    RenamePrompt {
        prompt: PromptId,
        name: String,
    },
    /// Changes the labels of a version: what an undo button holds.
    ChangeLabels {
        prompt: PromptId,
        version: u32,
        change: crate::wire::prompt_label::ChangeLabels,
    },
    /// Puts back what the newest change of configuration replaced.
    UndoConfigChange,
    /// Does again what was undone last.
    RedoConfigChange,
    /// Saves the configuration as a file.
    ExportConfig,
    /// Reads the configuration from a file, and shows what it would change.
    ImportConfig,
    // Testing Lab
    /// Chooses these versions and the live model for the next comparison.
    TestVersions(Vec<PromptVersionId>),
    /// Runs what is selected.
    RunComparison,
    /// Asks on which photo set, and which gates; without a version that too.
    ValidateVersion(Option<PromptVersionId>),
    CancelRun,
    PauseRun,
    ResumeRun,
    /// Pins the column that the keyboard stands on as the baseline of the open run, or none if it is that.
    PinBaseline,
    /// What an undo button holds.
    SetBaseline {
        run: RunId,
        column: Option<u32>,
    },
    /// Writes the open run to a file, or copies it as a table.
    ExportRun(ExportFormat),
    /// Hides which column an answer is of in side by side, to vote, and back.
    TurnBlindMode,
    /// Every measure of every column, in place of the matrix, and back.
    ShowRunFigures,
    /// Any.
    ShowToast(Toast),
    /// Behind a toast's button.
    UndoThisConfigChange(ConfigChangeId),
}

impl Command {
    /// Every command that the palette lists.
    #[must_use]
    pub fn palette() -> Vec<Self> {
        let mut all: Vec<Self> = AreaId::ALL.into_iter().map(|area| Self::GoTo(Route::Area(area))).collect();
        all.extend(LiveView::ALL.into_iter().map(|view| Self::GoTo(Route::Live(view))));
        all.extend(PipelineView::ALL.into_iter().map(|view| Self::GoTo(Route::Pipeline(view))));
        all.extend([
            Self::GoTo(Route::Deployments),
            Self::GoTo(Route::Models),
            Self::GoTo(Route::Rules),
            Self::GoTo(Route::Providers),
            Self::GoTo(Route::Traces),
            Self::GoTo(Route::Jobs(Some(crate::wire::job::JobState::Failed))),
            Self::PausePipeline,
            Self::DrainPipeline,
            Self::ResumePipeline,
            Self::AddPhotos,
            Self::AddPhotoFolder,
            Self::WatchPhotoFolder,
            Self::RetryFailedJobs,
            Self::SearchPhotos(String::new()),
            Self::LookBack,
            Self::CheckHealth,
            Self::ReprocessLowConfidence,
            Self::UndoLastJobsAction,
            Self::NewPrompt,
            Self::SavePromptVersion,
            Self::MakePromptLive,
            Self::NextFinding,
            Self::PreviousFinding,
            Self::DeployPrompt(Environment::Production),
            Self::DeployPrompt(Environment::Staging),
            Self::RollBackProduction,
            Self::CompareVersions,
            Self::ImportPrompts,
            Self::ExportPromptVersion,
            Self::UndoConfigChange,
            Self::RedoConfigChange,
            Self::ExportConfig,
            Self::ImportConfig,
            Self::RunComparison,
            Self::ValidateVersion(None),
            Self::CancelRun,
            Self::PauseRun,
            Self::ResumeRun,
            Self::PinBaseline,
            Self::ShowRunFigures,
            Self::TurnBlindMode,
            Self::ExportRun(ExportFormat::Csv),
            Self::ExportRun(ExportFormat::Json),
            Self::ExportRun(ExportFormat::Md),
            Self::ExportRun(ExportFormat::Html),
            Self::ExportRun(ExportFormat::Tsv),
            Self::SetTheme(egui::ThemePreference::Light),
            Self::SetTheme(egui::ThemePreference::Dark),
            Self::SetTheme(egui::ThemePreference::System),
            Self::ToggleNavigation,
            Self::ZoomIn,
            Self::ZoomOut,
            Self::ZoomReset,
            Self::Reload,
            Self::OpenSettings,
            Self::ShowShortcuts,
            Self::Quit,
        ]);
        all.extend(BUILT_IN_REMOTE.map(|name| Self::GoTo(Route::Provider(name.to_owned()))));
        all
    }

    /// The area that is shown when the command is given elsewhere; `None`: the person stays where they are.
    #[must_use]
    pub fn home(&self) -> Option<AreaId> {
        match self {
            Self::NewPrompt
            | Self::SavePromptVersion
            | Self::NextFinding
            | Self::PreviousFinding
            | Self::MakePromptLive
            | Self::DeployPrompt(_)
            | Self::RollBackProduction
            | Self::ExportConfig
            | Self::ImportConfig
            | Self::CompareVersions
            | Self::ImportPrompts
            | Self::ExportPromptVersion => Some(AreaId::PipelineControl),
            Self::TestVersions(_)
            | Self::RunComparison
            | Self::ValidateVersion(_)
            | Self::CancelRun
            | Self::PauseRun
            | Self::ResumeRun
            | Self::PinBaseline
            | Self::SetBaseline { .. }
            | Self::ShowRunFigures
            | Self::ExportRun(_)
            | Self::WatchPhotoFolder
            | Self::TurnBlindMode
            | Self::WatchFolder(_) => Some(AreaId::TestingLab),
            Self::CheckHealth | Self::LookBack | Self::UndoLastJobsAction | Self::SearchPhotos(_) => Some(AreaId::LiveStatus),
            _ => None,
        }
    }

    /// What the palette and buttons say.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::GoTo(Route::Area(area)) => format!("Go to {}", area.label().to_lowercase()),
            Self::GoTo(Route::Live(LiveView::Assistant)) => "Ask the assistant".to_owned(),
            Self::GoTo(Route::Live(view)) => format!("Show {}", view.label().to_lowercase()),
            Self::GoTo(Route::Pipeline(view)) => view.label().to_owned(),
            Self::GoTo(Route::Deployments) => "Show deployments: production and staging".to_owned(),
            Self::GoTo(Route::Models) => "Show models: choose the live one".to_owned(),
            Self::GoTo(Route::Rules) => "Show rules: thresholds, workers and limits".to_owned(),
            Self::GoTo(Route::Providers) => "Show providers and their keys".to_owned(),
            Self::GoTo(Route::Provider(name)) => format!("Show {}", provider_label(name)),
            Self::GoTo(Route::Traces) => "Show traces: what was sent and answered".to_owned(),
            Self::GoTo(Route::Jobs(Some(_))) => "Show failed jobs".to_owned(),
            Self::GoTo(_) => "Go there".to_owned(),
            Self::OpenPalette => "Find a command…".to_owned(),
            Self::OpenSettings => "Settings…".to_owned(),
            Self::ShowShortcuts => "Keyboard shortcuts".to_owned(),
            Self::ToggleNavigation => "Narrow or widen the left panel".to_owned(),
            Self::SetTheme(egui::ThemePreference::Light) => "Light theme".to_owned(),
            Self::SetTheme(egui::ThemePreference::Dark) => "Dark theme".to_owned(),
            Self::SetTheme(egui::ThemePreference::System) => "Theme of the system".to_owned(),
            Self::ZoomIn => "Larger".to_owned(),
            Self::ZoomOut => "Smaller".to_owned(),
            Self::ZoomReset => "Normal size".to_owned(),
            Self::Reload => "Reload".to_owned(),
            Self::Quit => "Quit".to_owned(),
            Self::PausePipeline => "Pause the pipeline".to_owned(),
            Self::DrainPipeline => "Drain the pipeline".to_owned(),
            Self::ResumePipeline => "Resume the pipeline".to_owned(),
            Self::AddPhotos => "Add photos…".to_owned(),
            Self::AddPhotoFolder => "Add a folder of photos…".to_owned(),
            Self::WatchPhotoFolder => "Watch a folder of photos…".to_owned(),
            Self::WatchFolder(path) => format!("Watch {}", path.display()),
            Self::RetryFailedJobs => "Retry failed jobs".to_owned(),
            Self::SearchPhotos(words) if words.is_empty() => "Search photos…".to_owned(),
            Self::SearchPhotos(words) => format!("Search photos for “{words}”"),
            Self::LookBack => "Look back in time".to_owned(),
            Self::CheckHealth => "Check health".to_owned(),
            Self::ReprocessLowConfidence => "Reprocess photos of low confidence…".to_owned(),
            Self::UndoJobsAction(_) => "Put the jobs back as they were".to_owned(),
            Self::UndoLastJobsAction => "Undo what was last done to jobs".to_owned(),
            Self::NewPrompt => "New prompt…".to_owned(),
            Self::SavePromptVersion => "Save as version…".to_owned(),
            Self::MakePromptLive => "Make this version live".to_owned(),
            Self::DeployPrompt(environment) => format!("Deploy to {}…", environment.word()),
            Self::RollBackProduction => "Roll back production".to_owned(),
            Self::TestVersions(_) => "Test in the lab".to_owned(),
            Self::NextFinding => "Next finding in the prompt".to_owned(),
            Self::PreviousFinding => "Previous finding in the prompt".to_owned(),
            Self::CompareVersions => "Compare versions".to_owned(),
            Self::ImportPrompts => "Import prompts…".to_owned(),
            Self::ExportPromptVersion => "Export this version…".to_owned(),
            Self::RenamePrompt { name, .. } => format!("Rename the prompt to {name}"),
            Self::ChangeLabels { .. } => "Change the labels of a version".to_owned(),
            Self::UndoConfigChange | Self::UndoThisConfigChange(_) => "Undo the last change: configuration, labels, photo sets".to_owned(),
            Self::RedoConfigChange => "Redo the last change: configuration, labels, photo sets".to_owned(),
            Self::ExportConfig => "Export the configuration…".to_owned(),
            Self::ImportConfig => "Import a configuration…".to_owned(),
            Self::RunComparison => "Run the comparison".to_owned(),
            Self::ValidateVersion(_) => "Validate a version…".to_owned(),
            Self::CancelRun => "Cancel the run".to_owned(),
            Self::PauseRun => "Pause the run".to_owned(),
            Self::ResumeRun => "Resume the run".to_owned(),
            Self::PinBaseline => "Pin the column as the baseline".to_owned(),
            Self::SetBaseline { .. } => "Put the baseline back".to_owned(),
            Self::ShowRunFigures => "Figures of the run".to_owned(),
            Self::TurnBlindMode => "Vote with hidden names".to_owned(),
            Self::ExportRun(ExportFormat::Tsv) => "Copy the run as a table".to_owned(),
            Self::ExportRun(format) => format!("Export the run as {}…", format.label()),
            Self::ShowToast(_) => "Message".to_owned(),
        }
    }

    /// What it does, in one sentence without a full stop.
    #[must_use]
    pub fn tooltip(&self) -> String {
        match self {
            Self::GoTo(Route::Area(area)) => area.question().to_owned(),
            Self::GoTo(Route::Pipeline(view)) => view.about().to_owned(),
            Self::GoTo(Route::Deployments) => "What each environment uses, since when, and what it used before".to_owned(),
            Self::GoTo(Route::Models) => "Choose the live model, and those that stand in for it".to_owned(),
            Self::GoTo(Route::Traces) => "Find what happened to a photo, step by step, and try it again with an edit".to_owned(),
            Self::GoTo(Route::Provider(name)) => format!("Its key, address and limits, and what it offers: {name}/…"),
            Self::GoTo(Route::Providers) => "Set up the providers of models, and their keys".to_owned(),
            Self::PausePipeline => "Take no new job; what is begun is finished".to_owned(),
            Self::DrainPipeline => "Finish what is queued, begin nothing that comes later, then pause".to_owned(),
            Self::ResumePipeline => "Take jobs again".to_owned(),
            Self::AddPhotos => "Choose photo files, add them to the library and queue them".to_owned(),
            Self::AddPhotoFolder => "Choose a folder, add every photo in it and queue them".to_owned(),
            Self::WatchPhotoFolder => "Photos that come into the folder come into the library by themselves".to_owned(),
            Self::RetryFailedJobs => "Queue every failed job once more".to_owned(),
            Self::GoTo(Route::Live(LiveView::Health)) => "Is every part of the platform well, and since when".to_owned(),
            Self::GoTo(Route::Live(LiveView::Events)) => "Everything that happens, newest first".to_owned(),
            Self::GoTo(Route::Live(LiveView::Alerts)) => "What fires, when alerts fire, and what fired before".to_owned(),
            Self::SearchPhotos(_) => "Find photos by words of their tags, captions and file names".to_owned(),
            Self::LookBack => "See the figures, jobs and health of a moment of the last week; again: back to the present".to_owned(),
            Self::GoTo(Route::Live(LiveView::Assistant)) => "Questions about the platform, answered by a model that reads its figures".to_owned(),
            Self::GoTo(Route::Live(LiveView::Log)) => "What the platform says about itself, as it says it".to_owned(),
            Self::CheckHealth => "Ask every provider and look at every part now; costs nothing".to_owned(),
            Self::ReprocessLowConfidence => "Ask once more about every photo whose tags have a mean confidence below 60 %".to_owned(),
            Self::UndoLastJobsAction => {
                "Put the jobs back that were retried, cancelled or given another priority, where they have not moved on".to_owned()
            }
            Self::SavePromptVersion => "Keep the text in the editor as a version that never changes".to_owned(),
            Self::MakePromptLive => "Use this version for every photo from now on; can be undone".to_owned(),
            Self::DeployPrompt(Environment::Production) => "See what it would change, then use it for every photo from now on".to_owned(),
            Self::DeployPrompt(Environment::Staging) => "Try it beside production: on the last photos, and in the Testing lab".to_owned(),
            Self::RollBackProduction => "Put back the prompt version that production used before".to_owned(),
            Self::TestVersions(_) => "Choose these versions and the live model in the Testing lab".to_owned(),
            Self::NextFinding => "Select the next place in the text that the analysis has something to say about".to_owned(),
            Self::PreviousFinding => "Select the place before it".to_owned(),
            Self::CompareVersions => "See word by word what the newest version, or the draft, changes in what is live".to_owned(),
            Self::ImportPrompts => "Read prompts of a Markdown, promptfoo or Langfuse file; shown before anything is saved".to_owned(),
            Self::ExportPromptVersion => "Write the version that is shown to a Markdown file".to_owned(),
            Self::UndoConfigChange => {
                "Put back the model, prompt, rules, settings of a provider, labels or photo set that were there before".to_owned()
            }
            Self::RedoConfigChange => "Do again what was undone last".to_owned(),
            Self::ExportConfig => "Save everything that is set as a file, without any key".to_owned(),
            Self::ImportConfig => "Read settings from a file; what it would change is shown first".to_owned(),
            Self::RunComparison => "Ask every chosen model with every chosen prompt about every chosen photo".to_owned(),
            Self::ValidateVersion(_) => "Hold a prompt version against gates on a photo set, before it is deployed".to_owned(),
            Self::CancelRun => "Stop asking; what is answered stays".to_owned(),
            Self::PauseRun => "Finish what is being asked and begin nothing more until you resume".to_owned(),
            Self::ResumeRun => "Ask only what is missing or failed".to_owned(),
            Self::PinBaseline => "Hold the other columns against the one that the keyboard stands on; again: against none".to_owned(),
            Self::TurnBlindMode => "Side by side: hide which column an answer is of, and say which is best".to_owned(),
            Self::ShowRunFigures => "Every measure of every column with its interval, and what is better or worse".to_owned(),
            Self::Reload => "Ask the platform for everything again".to_owned(),
            _ => self.label().trim_end_matches('…').to_owned(),
        }
    }

    /// Ctrl on Windows and Linux, Cmd on macOS.
    #[must_use]
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let shift = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, key));
        match self {
            Self::GoTo(Route::Area(AreaId::LiveStatus)) => command(Key::Num1),
            Self::GoTo(Route::Area(AreaId::PipelineControl)) => command(Key::Num2),
            Self::GoTo(Route::Area(AreaId::TestingLab)) => command(Key::Num3),
            Self::GoTo(Route::Area(AreaId::Analytics)) => command(Key::Num4),
            Self::OpenPalette => command(Key::K),
            Self::OpenSettings => command(Key::Comma),
            Self::ToggleNavigation => command(Key::B),
            Self::AddPhotos => command(Key::O),
            Self::AddPhotoFolder => shift(Key::O),
            Self::SearchPhotos(_) => shift(Key::F),
            Self::SavePromptVersion => command(Key::S),
            Self::DeployPrompt(Environment::Production) => shift(Key::D),
            Self::NewPrompt => command(Key::N),
            Self::RunComparison => command(Key::Enter),
            Self::Reload => command(Key::R),
            Self::ZoomIn => command(Key::Plus),
            Self::ZoomOut => command(Key::Minus),
            Self::ZoomReset => command(Key::Num0),
            Self::Quit => command(Key::Q),
            Self::NextFinding => Some(KeyboardShortcut::new(Modifiers::NONE, Key::F8)),
            Self::PreviousFinding => Some(KeyboardShortcut::new(Modifiers::SHIFT, Key::F8)),
            _ => None,
        }
    }
}

/// A short message at the edge of the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub kind: ToastKind,
    pub text: String,
    /// A button on the toast: its label and what it does.
    pub action: Option<(String, Box<Command>)>,
    /// It goes when that alert is taken on, put off or over.
    pub alert: Option<AlertId>,
    /// It goes when this run goes on, or its provider lets calls through again.
    pub held: Option<(RunId, String)>,
    /// The change of configuration that it tells of: it goes when another one replaces that.
    pub change: Option<Box<ConfigChange>>,
    /// It stays until it is closed, or what its button leads to is shown.
    pub stays: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    Info,
    Good,
    Warn,
    Bad,
}

impl Toast {
    pub fn new(kind: ToastKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), action: None, alert: None, held: None, change: None, stays: false }
    }

    /// Tells of a change of configuration that can be undone.
    pub fn of_change(text: impl Into<String>, change: &ConfigChange) -> Self {
        let toast = Self { change: Some(Box::new(change.clone())), ..Self::new(ToastKind::Good, text) };
        toast.with_action("Undo", Command::UndoThisConfigChange(change.id))
    }

    #[must_use]
    pub fn until_closed(self) -> Self {
        Self { stays: true, ..self }
    }

    #[must_use]
    pub fn with_action(mut self, label: impl Into<String>, command: Command) -> Self {
        self.action = Some((label.into(), Box::new(command)));
        self
    }
}

/// Where drawing puts its commands.
#[derive(Clone)]
pub struct CommandSender {
    sender: mpsc::Sender<Command>,
    egui: egui::Context,
}

impl CommandSender {
    #[must_use]
    pub fn new(egui: egui::Context) -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel();
        (Self { sender, egui }, receiver)
    }

    /// The command runs in the next frame.
    pub fn send(&self, command: Command) {
        // The receiver lives as long as the window; after that nobody waits for the command.
        if self.sender.send(command).is_ok() {
            self.egui.request_repaint();
        }
    }

    pub fn toast(&self, kind: ToastKind, text: impl Into<String>) {
        self.send(Command::ShowToast(Toast::new(kind, text)));
    }
}
