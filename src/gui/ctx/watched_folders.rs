//! Folders whose photos come into the library by themselves, for as long as the window is open. What came while it was closed is
//! caught up with at the next start.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use egui::Id;
use serde::{Deserialize, Serialize};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::folder_look::FolderLook;
use super::photo_upload::{PhotoUpload, UploadProgress};
use super::{AreaCtx, Command, Toast, ToastKind, kept};

/// What failed is tried again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(15);
/// How often a folder is looked at. A look costs a question for each folder in it, not for each file, and is right on disks of the
/// network too, whose changes no system tells of.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A photo that came so long before it was sent is looked for again at the next start: it may have been written to meanwhile.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);

/// What is remembered of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    /// Everything older is in the library; `None`: nothing is yet.
    caught_up: Option<DateTime<Utc>>,
}

/// All folders that are watched by this window.
#[derive(Default)]
pub struct WatchedFolders {
    folders: Vec<Folder>,
    is_loaded: bool,
}

/// One, and what is on its way from it.
struct Folder {
    kept: Kept,
    looks: mpsc::Receiver<Look>,
    _stop: DropGuard,
    is_gone: bool,
    waiting: Vec<PathBuf>,
    upload: Option<(PhotoUpload, DateTime<Utc>)>,
    /// What broke off is not repeated before.
    not_before: Option<Instant>,
}

/// What a look at the folder brought.
enum Look {
    /// Photos that came and are at rest.
    Came(Vec<PathBuf>),
    Gone,
    Back,
}

/// How a watched folder stands, for the list.
pub struct Standing<'a> {
    pub path: &'a Path,
    /// Why nothing comes from it.
    pub trouble: Option<&'a str>,
    /// Photos are on their way.
    pub is_busy: bool,
}

impl WatchedFolders {
    fn id() -> Id {
        Id::unique("watched folders")
    }

    /// Every folder, in the order in which they were chosen.
    pub fn list(&self) -> impl Iterator<Item = Standing<'_>> {
        const GONE: &str = "The folder is gone, or its disk is not connected. It is looked for again by itself";
        self.folders.iter().map(|folder| Standing {
            path: &folder.kept.path,
            trouble: folder.is_gone.then_some(GONE),
            is_busy: folder.upload.is_some(),
        })
    }

    /// Watches a folder; the photos in it are added first.
    pub fn watch(&mut self, path: PathBuf, ctx: &AreaCtx<'_>) {
        if self.folders.iter().any(|folder| folder.kept.path == path) {
            ctx.commands.toast(ToastKind::Info, format!("{} is watched already", path.display()));
            return;
        }
        self.folders.push(Folder::begin(Kept { path, caught_up: None }, ctx));
        self.store(ctx.egui);
    }

    /// Watches it no more; its photos stay in the library.
    pub fn stop(&mut self, path: &Path, ctx: &AreaCtx<'_>) {
        self.folders.retain(|folder| folder.kept.path != path);
        self.store(ctx.egui);
        let toast = Toast::new(ToastKind::Good, format!("{} is no longer watched; its photos stay in the library", path.display()));
        ctx.send(Command::ShowToast(toast.with_action("Undo", Command::WatchFolder(path.to_owned()))));
    }

    /// Takes in what happened in the folders. Once a frame.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if !std::mem::replace(&mut self.is_loaded, true) {
            let kept: Vec<Kept> = ctx.egui.data_mut(|data| data.get_persisted(Self::id())).unwrap_or_default();
            self.folders = kept.into_iter().map(|kept| Folder::begin(kept, ctx)).collect();
        }
        let mut is_ahead = false;
        for folder in &mut self.folders {
            is_ahead |= folder.logic(ctx);
        }
        if is_ahead {
            self.store(ctx.egui);
        }
    }

    fn store(&self, egui: &egui::Context) {
        let folders: Vec<Kept> = self.folders.iter().map(|folder| folder.kept.clone()).collect();
        kept::keep(egui, Self::id(), folders);
    }
}

impl Folder {
    fn begin(kept: Kept, ctx: &AreaCtx<'_>) -> Self {
        let (sender, looks) = mpsc::channel();
        let stop = CancellationToken::new();
        ctx.runtime.spawn(look_again_and_again(FolderLook::new(&kept.path, kept.caught_up), sender, stop.clone(), ctx.egui.clone()));
        Self { kept, looks, _stop: stop.drop_guard(), is_gone: false, waiting: Vec::new(), upload: None, not_before: None }
    }

    /// Returns whether more of it is in the library for good.
    fn logic(&mut self, ctx: &AreaCtx<'_>) -> bool {
        for look in self.looks.try_iter() {
            match look {
                Look::Came(photos) => self.waiting.extend(photos),
                Look::Gone => self.is_gone = true,
                Look::Back => self.is_gone = false,
            }
        }
        let is_ahead = self.take_in_upload(ctx);
        if self.upload.is_some() || self.waiting.is_empty() {
            return is_ahead;
        }
        let pause = self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        if pause.is_zero() {
            let paths = std::mem::take(&mut self.waiting);
            self.upload = Some((PhotoUpload::start(paths, false, ctx.client, ctx.runtime, ctx.egui), Utc::now()));
        } else {
            ctx.egui.request_repaint_after(pause);
        }
        is_ahead
    }

    fn take_in_upload(&mut self, ctx: &AreaCtx<'_>) -> bool {
        let Some((upload, begun_at)) = self.upload.take_if(|(upload, _)| upload.is_finished()) else { return false };
        let progress = upload.progress();
        tell(&self.kept.path, &progress, ctx);
        if progress.failure.is_some() {
            self.not_before = Some(Instant::now() + AGAIN_AFTER);
            self.waiting.extend(upload.left());
            return false;
        }
        self.not_before = None;
        self.kept.caught_up = Some(begun_at - OVERLAP);
        true
    }
}

async fn look_again_and_again(mut folder: FolderLook, sender: mpsc::Sender<Look>, stop: CancellationToken, egui: egui::Context) {
    let mut was_gone = false;
    while !stop.is_cancelled() {
        let Ok((after, came)) = tokio::task::spawn_blocking(move || {
            let came = folder.look();
            (folder, came)
        })
        .await
        else {
            return;
        };
        folder = after;
        let is_gone = came.is_none();
        let changed = (is_gone != was_gone).then_some(if is_gone { Look::Gone } else { Look::Back });
        let came = came.filter(|photos| !photos.is_empty()).map(Look::Came);
        for news in changed.into_iter().chain(came) {
            // The window is closed: nobody is left to take it.
            if sender.send(news).is_err() {
                return;
            }
            egui.request_repaint();
        }
        was_gone = is_gone;
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tells of photos that came, and of files that could not be taken; what was in the library already is no news.
fn tell(folder: &Path, progress: &UploadProgress, ctx: &AreaCtx<'_>) {
    let name = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
    if progress.added > 0 {
        let photos = if progress.added == 1 { "1 photo".to_owned() } else { format!("{} photos", progress.added) };
        ctx.commands.toast(ToastKind::Good, format!("{photos} came from {name}"));
    }
    if let Some(refused) = progress.refused_files.first() {
        let more = if progress.refused > 1 { format!(" (and {} more)", progress.refused - 1) } else { String::new() };
        ctx.commands.toast(ToastKind::Warn, format!("{} in {name} was not taken{more}: {}", refused.file_name, refused.message));
    }
    if let Some(failure) = &progress.failure {
        ctx.commands.toast(ToastKind::Bad, format!("Photos of {name} are not in the library yet; it is tried again. {failure}"));
    }
}
