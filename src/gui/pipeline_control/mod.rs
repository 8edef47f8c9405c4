//! Pipeline control: which prompt, model and rules are live, and how they are changed.

mod changes;
mod compare;
mod data;
mod deploy;
mod dialogs;
mod document;
mod draft;
mod drawing;
mod editor_panel;
mod field_words;
mod files;
mod findings;
mod following;
mod journal;
mod merging;
mod models;
mod panel_width;
mod prompt_list;
mod providers;
mod rules;
mod tabs;
mod template_check;
mod three_way;
mod versions;
mod wishes;
mod writes;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, KeptNowhere, PipelineView, Route};
use crate::gui::widgets::prompt_editor::PromptEditor;
use crate::wire::config::ProcessingRules;
use crate::wire::deployment::Environment;
use crate::wire::event::{Event, Happened};
use crate::wire::fallback::Fallback;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::prompt_parts::Parameters;
use changes::Changes;
use data::Data;
use deploy::DeployPages;
use dialogs::Dialog;
use document::{Document, Part};
use draft::{Contents, Draft};
use files::Files;
use journal::{Journals, Opened, Opening};
use merging::Merging;
use models::ModelsPanel;
use panel_width::PanelWidth;
use prompt_list::Renaming;
use providers::{Asked, ProviderPages};
use rules::RulesForm;
use tabs::Tab;
use template_check::CheckedText;
use versions::{Asked as VersionsAsked, Versions};
use writes::Writes;

/// Least widths of the panels. What is left and right of the editor gives way where the window became smaller, however wide it was
/// made before, so that nothing of the editor's tools is cut off.
const LEFT_LEAST: f32 = 120.0;
const MIDDLE_LEAST: f32 = 384.0;
const RIGHT_LEAST: f32 = 240.0;

/// Drafts are handed over within this time when the window closes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a panel asks for; done after drawing, in one place.
enum Wish {
    Reload,
    Open(PromptId),
    NewPrompt,
    StartRename(PromptId),
    Rename(PromptId, String),
    /// A version read-only, or (`None`) the text in the editor.
    View(Option<PromptVersionId>),
    Restore(PromptVersionId),
    Versions(VersionsAsked),
    Import,
    Choose(Side),
    /// In a conflict: what was put together of both texts.
    Merge(Box<Contents>),
    RetryDraft,
    GoToLine(u32),
    Activate(String),
    /// Also where the list of its provider does not have it.
    ActivateAllTheSame(String),
    /// The whole chain of models that stand in for the live one.
    SetFallbacks(Vec<Fallback>),
    /// Of a model, by its full name.
    SetParameters(String, Parameters),
    /// Shows a provider's page; the model goes live when its key is there.
    OpenProvider {
        name: String,
        then_activate: Option<String>,
    },
    CloseProvider,
    AddProvider,
    Provider(Asked),
    Deploy(deploy::Asked),
    Finding(findings::Asked),
    ApplyRules {
        rules: Box<ProcessingRules>,
        /// A limit below what is spent already is meant.
        confirmed: bool,
    },
}

/// Whose text a conflict ends with.
enum Side {
    Mine,
    Theirs,
}

/// A dialog that has just closed keeps the keyboard from others for a frame more.
const FOCUS_FRAMES: u8 = 3;

/// The state of the area.
#[derive(Default)]
pub struct PipelineControl {
    data: Data,
    writes: Writes,
    /// Texts of the prompts that were opened; kept until the window closes.
    drafts: HashMap<PromptId, Draft>,
    /// Made when the first prompt is opened.
    journals: Option<Journals>,
    /// Prompts whose journal is being read.
    opening: HashMap<PromptId, [(Opening, Option<Opened>); 4]>,
    open: Option<PromptId>,
    viewing: Option<PromptVersionId>,
    /// A version that goes into the editor as soon as all of it is known.
    restoring: Option<(PromptId, PromptVersionId)>,
    tab: Tab,
    renaming: Renaming,
    dialog: Option<Dialog>,
    providers: ProviderPages,
    deploy: DeployPages,
    /// A version that is being saved is reviewed for this environment next.
    review_after: Option<Environment>,
    versions: Versions,
    files: Files,
    rules: RulesForm,
    analysis: findings::Analysis,
    changes: Changes,
    /// What was seen of [`Data::config_news`].
    seen_news: u64,
    models: ModelsPanel,
    editors: Editors,
    document: Document,
    left_width: PanelWidth,
    right_width: PanelWidth,
    /// At the last goodbye the journals were not done in time.
    is_disk_slow: bool,
    /// A part that is shown tells of models.
    wants_models: bool,
    /// Nothing is asked for before the area was looked at or told to do something.
    is_wanted: bool,
}

/// The editors' memory, and what they are to do in the next frame.
#[derive(Default)]
struct Editors {
    draft: PromptEditor,
    version: PromptEditor,
    merging: Merging,
    draft_check: CheckedText,
    version_check: CheckedText,
    system_check: CheckedText,
    /// Frames for which the editor still asks for the keyboard.
    focus_for: u8,
    go_to_line: Option<u32>,
    /// The line that the version which is looked at is to show.
    version_line: Option<u32>,
    cursor: Option<(u32, u32)>,
}

impl PipelineControl {
    /// Shows a tab, or a part of the open prompt in place of whatever page lies over it.
    fn show_view(&mut self, view: PipelineView) {
        let part = match view {
            PipelineView::Prompts => Part::Prompt,
            PipelineView::SystemText => Part::System,
            PipelineView::Answer => Part::Answer,
            PipelineView::PromptSettings => Part::Settings,
            PipelineView::Preview => Part::Preview,
            PipelineView::Findings => return self.tab = Tab::Findings,
            PipelineView::Versions => return self.tab = Tab::Versions,
            PipelineView::Changes => return self.tab = Tab::Changes,
        };
        (self.providers.open, self.deploy.open) = (None, None);
        self.versions.leave();
        self.document.part = part;
        self.editors.focus_for = FOCUS_FRAMES;
    }
}

impl Area for PipelineControl {
    fn id(&self) -> AreaId {
        AreaId::PipelineControl
    }

    fn on_event(&mut self, event: &Event, _ctx: &mut AreaCtx<'_>) {
        self.data.on_event(event);
        self.deploy.on_event(event);
        if matches!(event.what, Happened::PhotoAdded(_) | Happened::PhotoDeleted { .. } | Happened::Resync) {
            self.document.preview.mark_behind();
        }
        // Another model is live, or a provider's settings are others.
        if matches!(event.what, Happened::ConfigChanged { .. } | Happened::Resync) {
            self.analysis.reload();
        }
        self.versions.on_event(event);
    }

    fn logic(&mut self, ctx: &mut AreaCtx<'_>) {
        if !self.is_wanted {
            return;
        }
        self.data.poll();
        self.data.ask(ctx);
        if std::mem::take(&mut self.wants_models) {
            self.data.ask_models(ctx);
        }
        self.versions.logic(&mut self.data, ctx);
        if let (Some(open), Some(viewing)) = (self.open, self.viewing) {
            self.data.ask_whole(open, viewing, ctx);
        }
        self.follow_restoring(ctx);
        if let Some(imported) = self.files.logic(ctx) {
            self.take_imported(imported, ctx);
        }
        for written in self.writes.logic(ctx) {
            self.take_written(written, ctx);
        }
        self.deploy.logic(ctx);
        let mut wishes = Vec::new();
        if self.providers.logic(ctx, &mut wishes) {
            self.data.reload_providers();
            self.data.reload_models();
        }
        for wish in wishes {
            self.fulfil(wish, ctx);
        }
        self.follow_config(ctx);
        self.open_something();
        self.follow_drafts(ctx);
        self.follow_analysis(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.is_wanted = true;
        let mut wishes = Vec::new();
        let width = ui.available_width();
        let usual = self.left_width.before(ui, "prompts", width, (width * 0.17).clamp(140.0, 190.0));
        let left = Panel::left("prompts")
            .resizable(true)
            .default_size(usual)
            .size_range(LEFT_LEAST..=(width * 0.26).clamp(140.0, 320.0).min((width - RIGHT_LEAST - MIDDLE_LEAST).max(LEFT_LEAST)));
        let gap = |left: i8, right: i8| Frame::new().inner_margin(Margin { left, right, top: 16, bottom: 12 });
        let shown = left.frame(gap(16, 12)).show(ui, |ui| {
            // A panel is as wide as its content: what is short must not make it narrow.
            ui.set_min_width(ui.available_width());
            self.left_ui(ui, ctx, &mut wishes);
        });
        self.left_width.after(ui, width, shown.response.rect.width());
        let usual = self.right_width.before(ui, "versions, models, rules", width, (width * 0.31).clamp(256.0, 384.0));
        let right = Panel::right("versions, models, rules").resizable(true).default_size(usual);
        let room = (ui.available_width() - MIDDLE_LEAST).max(RIGHT_LEAST);
        let right = right.size_range(RIGHT_LEAST..=(width * 0.42).clamp(250.0, 560.0).min(room));
        let shown = right.frame(gap(12, 16)).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            self.right_ui(ui, ctx, &mut wishes);
        });
        self.right_width.after(ui, width, shown.response.rect.width());
        CentralPanel::default().frame(gap(12, 12)).show(ui, |ui| self.middle_ui(ui, ctx, &mut wishes));
        self.dialogs_ui(ui, ctx, &mut wishes);
        self.undo_keys(ui, ctx);
        for wish in wishes {
            self.fulfil(wish, ctx);
        }
    }

    fn on_command(&mut self, command: &Command, ctx: &mut AreaCtx<'_>) -> bool {
        self.is_wanted |= command.home() == Some(AreaId::PipelineControl);
        match command {
            Command::NewPrompt => self.fulfil(Wish::NewPrompt, ctx),
            Command::SavePromptVersion => self.ask_to_save(false, ctx),
            Command::MakePromptLive => self.make_live(ctx),
            Command::NextFinding => self.step_finding(true, ctx),
            Command::PreviousFinding => self.step_finding(false, ctx),
            Command::DeployPrompt(environment) => self.review(*environment, ctx),
            Command::RollBackProduction => self.writes.roll_back_production(ctx),
            Command::ExportConfig => self.changes.begin_export(ctx),
            Command::ImportConfig => self.changes.begin_import(),
            Command::ImportPrompts => self.files.import.choose(ctx),
            Command::ExportPromptVersion => self.export_shown(ctx),
            Command::CompareVersions => self.fulfil(Wish::Versions(VersionsAsked::CompareByDefault), ctx),
            Command::RenamePrompt { prompt, name } => self.fulfil(Wish::Rename(*prompt, name.clone()), ctx),
            Command::ChangeLabels { prompt, version, change } => {
                self.fulfil(Wish::Versions(VersionsAsked::ChangeLabels(*prompt, *version, change.clone())), ctx);
            }
            Command::Reload => {
                self.data.reload();
                self.deploy.reload();
                self.analysis.reload();
                // Every area reloads.
                return false;
            }
            _ => return false,
        }
        true
    }

    fn go_to(&mut self, route: &Route, ctx: &mut AreaCtx<'_>) {
        match route {
            Route::Deployments => self.tab = Tab::Deploy,
            Route::Models => self.tab = Tab::Models,
            Route::Rules => self.tab = Tab::Rules,
            Route::Providers => {
                self.is_wanted = true;
                let list = self.data.providers.value();
                let first = list.and_then(|list| list.items.iter().find(|provider| provider.is_remote)).map(|provider| provider.name.clone());
                self.providers.open = self.providers.open.take().or(first).or_else(|| Some("gemini".to_owned()));
            }
            Route::Provider(name) => {
                self.is_wanted = true;
                self.providers.show(name, None);
            }
            Route::Prompt(id) => self.fulfil(Wish::Open(*id), ctx),
            Route::Pipeline(view) => self.show_view(*view),
            _ => {}
        }
    }

    fn is_at(&self, route: &Route) -> bool {
        matches!(route, Route::Provider(name) if self.providers.open.as_ref() == Some(name))
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("Tab", "Indent the line, or the lines that are selected"),
            ("Shift Tab", "Move the lines out"),
            ("Esc", "Close the search or the list of names; leave the editor"),
            ("Ctrl Z", "Undo in the editor, also what was done before a restart"),
            ("Ctrl Shift Z", "Redo in the editor"),
            ("Ctrl F", "Find in the text"),
            ("Ctrl H", "Find and replace"),
            ("F3, Shift F3", "Next and previous match"),
            ("Ctrl Space", "Offer names of variables inside of {{ or {%"),
            ("Ctrl /", "Make the lines a comment, or text again"),
            ("Ctrl D", "Write the lines twice"),
            ("Alt ↑, Alt ↓", "Move the lines up and down"),
            ("F2", "Rename the prompt"),
            ("Ctrl Z", "Outside a text: undo the last change of configuration"),
            ("Ctrl Shift Z", "Outside a text: do it again"),
            ("Ctrl click", "Choose a version to compare; a second one opens the comparison"),
            ("F7  Shift F7", "Next and previous change of a comparison"),
        ]
    }

    fn on_files_dropped(&mut self, paths: Vec<std::path::PathBuf>, ctx: &mut AreaCtx<'_>) -> bool {
        self.is_wanted = true;
        self.files.import.dropped(paths, ctx);
        true
    }

    fn on_exit(&mut self, ctx: &mut AreaCtx<'_>) {
        let deadline = Instant::now() + LAST_WORDS;
        for draft in self.drafts.values_mut() {
            draft.hurry();
        }
        while self.drafts.values().any(|draft| !draft.is_settled()) && Instant::now() < deadline {
            self.data.poll();
            self.data.ask(ctx);
            self.follow_drafts(ctx);
            std::thread::sleep(Duration::from_millis(2));
        }
        for draft in self.drafts.values_mut() {
            draft.flush_now();
        }
        self.is_disk_slow = self.journals.as_ref().is_some_and(|journals| !journals.finish(LAST_WORDS));
        for draft in self.drafts.values_mut() {
            // Takes in whether it failed.
            draft.flush();
            draft.drop_stale();
        }
        if let Some(journals) = &self.journals {
            journals.finish(LAST_WORDS);
        }
    }

    fn kept_nowhere(&self) -> Vec<KeptNowhere> {
        let disk = self.is_disk_slow.then_some("the disk does not answer");
        let name = |id| self.data.prompt(id).map_or("a prompt", |prompt| &prompt.name).to_owned();
        let lost = self.drafts.iter().filter_map(|(id, draft)| {
            let why = draft.nowhere_else(disk)?;
            Some(KeptNowhere { what: format!("What you typed into {}", name(*id)), why, text: draft.unsaved_text() })
        });
        lost.collect()
    }
}
