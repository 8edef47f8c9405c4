//! The journal of the configuration: who changed what, when, from what to what; searched, undone, done again, and taken
//! along as a file.

mod entry;
mod export;
mod filter;
mod import;
mod path;

use std::collections::HashSet;
use std::time::Duration;

use egui::{RichText, ScrollArea, Ui};

use crate::gui::ctx::{AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, error_state, skeleton};
use crate::wire::config::{ConfigChange, ConfigChanged, ConfigSteps};
use crate::wire::ids::ConfigChangeId;
use crate::wire::page::Page;
use export::ExportDialog;
use filter::Filter;
use import::ImportDialog;

const A_PAGE: u32 = 50;
const MOST: u32 = 1_000;
/// What is told of at the same time is asked for once.
const TYPING: Duration = Duration::from_millis(200);

/// The state of the panel.
#[derive(Default)]
pub struct Changes {
    filter: Filter,
    /// Asked with this filter.
    asked: Option<Filter>,
    answer: Remote<Page<ConfigChange>>,
    /// Whether the answer that is on its way comes after those that are there.
    goes_on: bool,
    entries: Vec<ConfigChange>,
    next: Option<String>,
    /// An answer has come.
    is_known: bool,
    steps: Remote<ConfigSteps>,
    people: Remote<Page<String>>,
    open: HashSet<ConfigChangeId>,
    is_behind: bool,
    typed_at: Option<std::time::Instant>,
    export: Option<ExportDialog>,
    import: Option<ImportDialog>,
}

impl Changes {
    /// Something was changed.
    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    pub fn begin_export(&mut self, ctx: &AreaCtx<'_>) {
        self.export = Some(ExportDialog::new(ctx.now));
    }

    pub fn begin_import(&mut self) {
        self.import = Some(ImportDialog::default());
    }

    /// Whether the keys belong to a dialog.
    #[must_use]
    pub fn has_dialog(&self) -> bool {
        self.export.is_some() || self.import.is_some()
    }

    /// Takes in answers; returns what a file has changed.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<ConfigChanged> {
        self.steps.poll();
        self.people.poll();
        if self.answer.poll()
            && let Some(page) = self.answer.take()
        {
            if !self.goes_on {
                self.entries.clear();
            }
            self.entries.extend(page.items);
            self.next = page.next_cursor;
            self.is_known = true;
        }
        if let Some(export) = &mut self.export
            && let Some(path) = export.logic(ctx)
        {
            ctx.commands.toast(ToastKind::Good, format!("The configuration is saved as {path}"));
            self.export = None;
        }
        let changed = self.import.as_mut()?.logic(ctx)?;
        self.import = None;
        let toast = match &changed.change {
            Some(change) => Toast::new(ToastKind::Good, "The file is imported").with_action("Undo", Command::UndoThisConfigChange(change.id)),
            None => Toast::new(ToastKind::Info, "The file changes nothing: all is as it says already"),
        };
        ctx.send(Command::ShowToast(toast));
        Some(changed)
    }

    /// Asks for what is shown, when it is old or another filter is set.
    fn ask(&mut self, ctx: &AreaCtx<'_>) {
        let is_other = self.asked.as_ref() != Some(&self.filter);
        if self.asked.is_some() && is_other {
            // A word that is typed is asked for when it stands.
            let since = *self.typed_at.get_or_insert_with(std::time::Instant::now);
            let left = TYPING.saturating_sub(since.elapsed());
            if !left.is_zero() {
                ctx.egui.request_repaint_after(left);
                return;
            }
        }
        if !is_other && !self.is_behind {
            return;
        }
        self.typed_at = None;
        self.is_behind = false;
        self.goes_on = false;
        let shown = if is_other { A_PAGE } else { (self.entries.len() as u32 + 1).clamp(A_PAGE, MOST) };
        self.asked = Some(self.filter.clone());
        let query = self.filter.query(ctx.now, shown, None);
        ctx.ask(&mut self.answer, |client| async move { client.find_config_changes(&query).await });
        ctx.ask(&mut self.steps, |client| async move { client.config_steps().await });
        ctx.ask(&mut self.people, |client| async move { client.config_actors().await });
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        self.ask(ctx);
        self.toolbar_ui(ui, ctx);
        let people = self.people.value().map(|page| page.items.as_slice()).unwrap_or_default();
        self.filter.ui(ui, people, &self.entries, ctx.tokens());
        ui.add_space(theme::GAP_8);
        if !self.is_known {
            match self.answer.failure() {
                Some(failure) => {
                    if error_state::ui(ui, "The changes could not be read", &failure.to_string()) {
                        self.asked = None;
                    }
                }
                None => skeleton::lines(ui, 4),
            }
            return;
        }
        if let Some(failure) = self.answer.failure() {
            ui.label(RichText::new(format!("The list is old. {failure}")).size(theme::TEXT_SMALL).color(ctx.tokens().warn));
        }
        if self.entries.is_empty() {
            let (words, action) = self.filter.nothing_words().map_or(("Nothing was changed yet", None), |words| (words, Some("Show all")));
            if empty_state::ui(ui, words, action) {
                self.filter = Filter::default();
            }
            return;
        }
        ScrollArea::vertical().id_salt("changes").auto_shrink(false).show(ui, |ui| {
            for change in &self.entries {
                let is_open = self.open.contains(&change.id);
                if entry::ui(ui, change, is_open, ctx) && !self.open.remove(&change.id) {
                    self.open.insert(change.id);
                }
                ui.separator();
            }
            if self.next.is_some() && !self.answer.is_pending() && ui.button("Show earlier changes").clicked() {
                self.goes_on = true;
                let query = self.filter.query(ctx.now, A_PAGE, self.next.take());
                ctx.ask(&mut self.answer, |client| async move { client.find_config_changes(&query).await });
            }
        });
    }

    fn toolbar_ui(&self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let steps = self.steps.value();
        let undo = steps.and_then(|steps| steps.undo.as_ref());
        let redo = steps.and_then(|steps| steps.redo.as_ref());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let says = undo.map_or_else(|| "There is nothing to undo".to_owned(), |change| format!("Undo: {} (Ctrl Z)", change.summary));
            if Tool::new(icons::ICON_UNDO, "Undo").icon_only().tooltip(&says).enabled(undo.is_some()).ui(ui).clicked() {
                ctx.send(Command::UndoConfigChange);
            }
            let says = redo.map_or_else(
                || "There is nothing to do again".to_owned(),
                |change| format!("Do again what was undone: {} (Ctrl Shift Z)", change.summary.trim_start_matches("Undo: ")),
            );
            if Tool::new(icons::ICON_REDO, "Redo").icon_only().tooltip(&says).enabled(redo.is_some()).ui(ui).clicked() {
                ctx.send(Command::RedoConfigChange);
            }
            let export = Command::ExportConfig.tooltip();
            if Tool::new(icons::ICON_FILE_DOWNLOAD, "Export…").tooltip(&export).ui(ui).clicked() {
                ctx.send(Command::ExportConfig);
            }
            let import = Command::ImportConfig.tooltip();
            if Tool::new(icons::ICON_FILE_UPLOAD, "Import…").tooltip(&import).ui(ui).clicked() {
                ctx.send(Command::ImportConfig);
            }
        });
    }

    /// Draws the dialogs that are open, whichever part is shown.
    pub fn dialogs_ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if let Some(export) = &mut self.export
            && export.ui(ui, ctx)
        {
            self.export = None;
        }
        if let Some(import) = &mut self.import
            && import.ui(ui, ctx)
        {
            self.import = None;
        }
    }
}
