//! A file on its way to prompts: chosen, read and looked at by the platform, shown, and imported when a person says so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::Ui;

use super::preview::{self, Decision, Item};
use crate::gui::ctx::file_choosing::{FileChoosing, Purpose};
use crate::gui::ctx::{ApiError, AreaCtx, Remote, ToastKind, prompt_file};
use crate::wire::problem::Problem;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_file::{ImportChoice, ImportInto, ImportOutcome, ImportPrompts, Imported};

/// A changed name is looked at this long after the last keystroke.
const PAUSE: Duration = Duration::from_millis(300);
const EXTENSIONS: [&str; 7] = ["md", "markdown", "txt", "yaml", "yml", "json", "prompt"];

/// What is open.
#[derive(Default)]
pub struct Import {
    choosing: FileChoosing,
    /// The file that is read and looked at.
    reading: Option<Remote<(ImportPrompts, Imported)>>,
    open: Option<Open>,
}

/// A file that was looked at.
pub struct Open {
    pub file: ImportPrompts,
    pub found: Imported,
    /// One per item.
    pub items: Vec<Item>,
    /// Why the platform took nothing.
    pub trouble: Option<String>,
    looking: Remote<Imported>,
    importing: Option<Remote<Imported>>,
    changed_at: Option<Instant>,
}

impl Open {
    fn new(file: ImportPrompts, found: Imported) -> Self {
        let items = found.items.iter().map(Item::new).collect();
        Self { file, found, items, trouble: None, looking: Remote::default(), importing: None, changed_at: None }
    }

    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.importing.is_some()
    }

    /// How many versions would be made.
    #[must_use]
    pub fn makes(&self) -> usize {
        self.items.iter().zip(&self.found.items).filter(|(item, found)| item.is_taken && found.outcome.makes()).count()
    }

    /// Whether something that is taken can't be imported, or is about to be looked at again.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        let refused =
            |(item, found): (&Item, &crate::wire::prompt_file::ImportItem)| item.is_taken && matches!(found.outcome, ImportOutcome::Refused { .. });
        self.changed_at.is_some() || self.looking.is_pending() || self.items.iter().zip(&self.found.items).any(refused)
    }

    /// The file with what was chosen. What can't be imported is left out of what is looked at only if it is not taken.
    fn asked(&self) -> ImportPrompts {
        let choice = |(at, item): (usize, &Item)| {
            let into = if item.is_taken { ImportInto::Prompt { name: item.name.clone() } } else { ImportInto::Skip };
            ImportChoice { item: at as u32, into }
        };
        ImportPrompts { choices: self.items.iter().enumerate().map(choice).collect(), ..self.file.clone() }
    }
}

impl Import {
    /// Asks which file.
    pub fn choose(&mut self, ctx: &AreaCtx<'_>) {
        self.choosing.choose("Import prompts", Purpose::Read, ("Prompts", &EXTENSIONS), ctx);
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some() || self.choosing.is_open()
    }

    /// Files were dropped on the window: one at a time is looked at.
    pub fn dropped(&mut self, paths: Vec<PathBuf>, ctx: &AreaCtx<'_>) {
        if self.is_open() || self.reading.is_some() {
            ctx.commands.toast(ToastKind::Warn, "A file is being imported. Finish that, or cancel it first");
            return;
        }
        let many = paths.len() > 1;
        let Some(first) = paths.into_iter().next() else { return };
        if many {
            let name = first.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            ctx.commands.toast(ToastKind::Info, format!("Files are imported one at a time. This is {name}"));
        }
        self.read(first, ctx);
    }

    /// Reads a file and has the platform look at it.
    pub fn read(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        let mut reading = Remote::default();
        ctx.ask(&mut reading, |client| async move {
            let file = tokio::task::spawn_blocking(move || prompt_file::read(&path).map_err(unreadable)).await;
            let file = file.unwrap_or_else(|_| Err(unreadable("The work was interrupted; try again".to_owned())))?;
            let found = client.import_prompts(&file, true).await?;
            Ok((file, found))
        });
        self.reading = Some(reading);
    }

    /// Takes in answers; returns the versions that were just imported.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<Vec<PromptVersion>> {
        if let Some(path) = self.choosing.logic() {
            self.read(path, ctx);
        }
        if let Some(reading) = &mut self.reading
            && reading.poll()
        {
            match (reading.take_failure(), reading.take()) {
                (Some(failure), _) => ctx.commands.toast(ToastKind::Bad, format!("Nothing was imported. {}", words(&failure))),
                (None, Some((file, found))) => self.open = Some(Open::new(file, found)),
                (None, None) => {}
            }
            self.reading = None;
        }
        let open = self.open.as_mut()?;
        if open.looking.poll() {
            match (open.looking.take_failure(), open.looking.take()) {
                (Some(failure), _) => open.trouble = Some(words(&failure)),
                (None, Some(found)) => {
                    // What was not taken keeps what it would have been.
                    let kept = open.found.items.iter().zip(found.items).zip(&open.items);
                    open.found.items = kept.map(|((before, now), item)| if item.is_taken { now } else { before.clone() }).collect();
                }
                (None, None) => {}
            }
        }
        if let Some(at) = open.changed_at {
            let wait = PAUSE.saturating_sub(at.elapsed());
            if wait.is_zero() {
                open.changed_at = None;
                let asked = open.asked();
                ctx.ask(&mut open.looking, |client| async move { client.import_prompts(&asked, true).await });
            } else {
                ctx.egui.request_repaint_after(wait);
            }
        }
        self.take_imported(ctx)
    }

    fn take_imported(&mut self, ctx: &AreaCtx<'_>) -> Option<Vec<PromptVersion>> {
        let open = self.open.as_mut()?;
        let importing = open.importing.as_mut()?;
        if !importing.poll() {
            return None;
        }
        let (failure, done) = (importing.take_failure(), importing.take());
        open.importing = None;
        if let Some(failure) = failure {
            open.trouble = Some(words(&failure));
            return None;
        }
        let versions = done?.versions;
        self.open = None;
        let said = match versions.as_slice() {
            [] => "Nothing was new in the file".to_owned(),
            [one] => format!("{} is imported", one.label()),
            many => format!("{} versions are imported", many.len()),
        };
        ctx.commands.toast(ToastKind::Good, said);
        Some(versions)
    }

    pub fn ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if let Some(path) = self.choosing.ui(ui) {
            self.read(path, ctx);
        }
        let Some(open) = &mut self.open else { return };
        match preview::ui(ui, open) {
            Some(Decision::Changed) => {
                open.trouble = None;
                open.changed_at = Some(Instant::now());
            }
            Some(Decision::Import) => {
                open.trouble = None;
                let asked = open.asked();
                let mut importing = Remote::default();
                ctx.ask(&mut importing, |client| async move { client.import_prompts(&asked, false).await });
                open.importing = Some(importing);
            }
            Some(Decision::Close) => self.open = None,
            None => {}
        }
    }
}

fn unreadable(why: String) -> ApiError {
    ApiError::Problem(Problem::new(0, "unreadable", "The file could not be read", why))
}

/// Why, without the title that says what the window says anyway.
fn words(failure: &ApiError) -> String {
    if let ApiError::Problem(problem) = failure { problem.detail.clone() } else { failure.to_string() }
}
