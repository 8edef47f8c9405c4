//! Named sets of photos, as the lab uses them: one is chosen, and then the grid shows its photos and runs name it.

mod bar;
mod name_dialog;

use std::collections::HashSet;

use egui::Ui;

pub use bar::SetAnswer;
use name_dialog::{NameDialog, Naming};

use super::library::Library;
use crate::gui::ctx::{AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::widgets::selection::Selection;
use crate::wire::ids::{PhotoId, PhotoSetId};
use crate::wire::page::Page;
use crate::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotoSet, PhotoSetChanged, PhotoSetOutline, PhotoSetVersion, PhotosChange, SetChoice};

/// The sets as last heard, and the one that is chosen.
#[derive(Default)]
pub struct PhotoSets {
    list: Remote<Page<PhotoSet>>,
    is_behind: bool,
    chosen: Option<PhotoSetId>,
    photos: Remote<PhotoSetVersion>,
    history: Remote<Page<PhotoSetOutline>>,
    changing: Remote<PhotoSetChanged>,
    /// What is under way makes a set, which is chosen when it is there.
    is_making: bool,
    dialog: Option<NameDialog>,
    /// Photos that were brought here last while no set was shown: a set can be made of them.
    brought: Vec<PhotoId>,
    /// Whether all photos of the set are selected and no other, and of what that was said.
    whole: (WholeOf, bool),
}

/// Revision of the selection, version of the set, state of the library.
type WholeOf = Option<(u64, PhotoSetId, u32, u64)>;

impl PhotoSets {
    pub fn reload(&mut self) {
        self.is_behind = true;
    }

    /// Takes in answers and asks for what is missing; returns the photos of the chosen set when they have come anew.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<Vec<PhotoId>> {
        self.take_in_change(ctx);
        if self.list.poll() {
            self.drop_what_is_gone();
        }
        if (self.is_behind || self.list.is_untouched()) && !self.list.is_pending() {
            self.is_behind = false;
            ctx.ask(&mut self.list, |client| async move { client.photo_sets().await });
        }
        self.history.poll();
        let has_come = self.photos.poll();
        if let Some(failure) = self.photos.take_failure() {
            ctx.commands.toast(ToastKind::Bad, format!("The photos of the set could not be read. {failure}"));
            self.chosen = None;
        }
        if let Some(set) = self.set()
            && !self.photos.is_pending()
            && self.photos.value().is_none_or(|known| (known.set_id, known.version) != (set.id, set.version))
        {
            let (id, version) = (set.id, set.version);
            ctx.ask(&mut self.photos, |client| async move { client.photo_set_version(id, version).await });
        }
        self.shown().filter(|_| has_come).map(<[PhotoId]>::to_vec)
    }

    fn take_in_change(&mut self, ctx: &AreaCtx<'_>) {
        if !self.changing.poll() {
            return;
        }
        let is_making = std::mem::take(&mut self.is_making);
        if let Some(failure) = self.changing.take_failure() {
            match &mut self.dialog {
                Some(dialog) => dialog.trouble = Some(failure.to_string()),
                None => ctx.commands.toast(ToastKind::Bad, failure.to_string()),
            }
            return;
        }
        let Some(changed) = self.changing.take() else { return };
        self.dialog = None;
        if is_making {
            self.chosen = Some(changed.set.id);
            self.brought.clear();
        }
        let toast = match &changed.change {
            Some(change) => Toast::new(ToastKind::Good, &change.summary).with_action("Undo", Command::UndoThisConfigChange(change.id)),
            None => Toast::new(ToastKind::Info, format!("{} stays as it is", changed.set.label())),
        };
        ctx.send(Command::ShowToast(toast));
        self.is_behind = true;
    }

    fn drop_what_is_gone(&mut self) {
        if self.list.failure().is_none() && self.set().is_none() {
            self.chosen = None;
        }
    }

    /// Shows a set, or all photos.
    pub fn choose(&mut self, id: Option<PhotoSetId>) {
        self.chosen = id;
        (self.photos, self.history) = (Remote::default(), Remote::default());
    }

    /// The sets that there are, by name.
    #[must_use]
    pub fn all(&self) -> &[PhotoSet] {
        self.list.value().map_or(&[][..], |page| &page.items)
    }

    /// The set that is chosen.
    #[must_use]
    pub fn set(&self) -> Option<&PhotoSet> {
        let id = self.chosen?;
        self.list.value()?.items.iter().find(|set| set.id == id)
    }

    /// A set is chosen that the list does not have yet.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.chosen.is_some()
    }

    /// The photos of the chosen set, once they are known.
    #[must_use]
    pub fn shown(&self) -> Option<&[PhotoId]> {
        let known = self.photos.value().filter(|known| Some(known.set_id) == self.chosen)?;
        Some(&known.photo_ids)
    }

    /// The set that is shown, and its version, once its photos are known.
    #[must_use]
    pub fn shown_version(&self) -> Option<(PhotoSetId, u32)> {
        let known = self.photos.value().filter(|known| Some(known.set_id) == self.chosen)?;
        Some((known.set_id, known.version))
    }

    /// The set and version that a run over the selection uses: only where that is all of the set and nothing else.
    pub fn of_run(&mut self, selection: &Selection<PhotoId>, library: &Library) -> Option<SetChoice> {
        let known = self.photos.value().filter(|known| Some(known.set_id) == self.chosen)?;
        let of = Some((selection.revision(), known.set_id, known.version, library.members()));
        if self.whole.0 != of {
            let present: HashSet<PhotoId> = known.photo_ids.iter().copied().filter(|id| library.photo(*id).is_some()).collect();
            let is_whole = !present.is_empty() && present.len() == selection.len() && present.iter().all(|id| selection.contains(*id));
            self.whole = (of, is_whole);
        }
        let choice = SetChoice { id: known.set_id, version: known.version };
        self.whole.1.then_some(choice)
    }

    /// Photos that were brought here while a set is chosen belong to it.
    pub fn add_brought(&mut self, photo_ids: Vec<PhotoId>, ctx: &AreaCtx<'_>) {
        match self.chosen {
            Some(id) if !photo_ids.is_empty() => self.change(id, ChangePhotoSet::photos(PhotosChange::Add { photo_ids }), ctx),
            Some(_) => {}
            None => self.brought = photo_ids,
        }
    }

    fn change(&mut self, id: PhotoSetId, body: ChangePhotoSet, ctx: &AreaCtx<'_>) {
        if self.changing.is_pending() {
            ctx.commands.toast(ToastKind::Warn, "The set is being changed; do this again in a moment");
            return;
        }
        ctx.ask(&mut self.changing, |client| async move { client.change_photo_set(id, &body).await });
    }

    fn delete(&mut self, id: PhotoSetId, ctx: &AreaCtx<'_>) {
        if !self.changing.is_pending() {
            ctx.ask(&mut self.changing, |client| async move { client.delete_photo_set(id).await });
        }
    }

    fn create(&mut self, name: String, photo_ids: Vec<PhotoId>, ctx: &AreaCtx<'_>) {
        self.is_making = true;
        ctx.ask(&mut self.changing, |client| async move { client.create_photo_set(&CreatePhotoSet { name, photo_ids }).await });
    }

    fn ask_history(&mut self, ctx: &AreaCtx<'_>) {
        let Some(set) = self.set() else { return };
        let (id, version) = (set.id, set.version);
        let is_known = self.history.value().and_then(|page| page.items.first()).is_some_and(|newest| newest.version >= version);
        if !is_known && !self.history.is_pending() && self.history.failure().is_none() {
            ctx.ask(&mut self.history, |client| async move { client.photo_set_versions(id).await });
        }
    }

    /// Draws the open dialog.
    pub fn dialog_ui(&mut self, ui: &Ui, library: &Library, selection: &Selection<PhotoId>, ctx: &AreaCtx<'_>) {
        let Some(dialog) = &mut self.dialog else { return };
        match dialog.ui(ui, self.changing.is_pending()) {
            Some(Naming::Close) => self.dialog = None,
            Some(Naming::Create(name)) if dialog.is_of_brought => self.create(name, self.brought.clone(), ctx),
            Some(Naming::Create(name)) => self.create(name, library.selected(selection), ctx),
            Some(Naming::Rename(id, name)) => self.change(id, ChangePhotoSet::renamed(name), ctx),
            None => {}
        }
    }
}
