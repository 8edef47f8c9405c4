//! What is done about what the versions' panel asks for.

use super::Asked;
use crate::gui::ctx::{AreaCtx, Command, ToastKind};
use crate::gui::pipeline_control::compare::{Compare, End};
use crate::gui::pipeline_control::{PipelineControl, Tab, Wish};
use crate::wire::prompt::PromptVersion;

impl PipelineControl {
    pub(in crate::gui::pipeline_control) fn fulfil_versions(&mut self, asked: Asked, ctx: &mut AreaCtx<'_>) {
        match asked {
            Asked::Compare(prompt, left, right) => {
                if self.open != Some(prompt) {
                    self.fulfil(Wish::Open(prompt), ctx);
                }
                self.providers.open = None;
                self.deploy.open = None;
                self.tab = Tab::Versions;
                self.versions.picked = None;
                if let Some(draft) = self.drafts.get_mut(&prompt) {
                    // A comparison with the draft is one with what the platform has of it.
                    draft.hurry();
                }
                self.versions.compare = Some(Compare::new(prompt, left, right));
            }
            Asked::CompareByDefault => self.compare_by_default(ctx),
            Asked::StopComparing => self.versions.leave(),
            Asked::Pick(id) => self.pick(id, ctx),
            Asked::Test(ids) => ctx.send(Command::TestVersions(ids)),
            Asked::Show(prompt, version) => {
                self.fulfil(Wish::Open(prompt), ctx);
                self.viewing = Some(version);
            }
            Asked::Label(id) => {
                if let Some(version) = self.open.and_then(|open| self.data.version(open, id)) {
                    self.versions.labels.open(version, ctx);
                }
            }
            Asked::Export(id) => {
                if let Some(version) = self.open.and_then(|open| self.data.version(open, id)) {
                    self.files.export.begin(version, ctx);
                }
            }
            Asked::ChangeLabels(prompt, version, change) => self.versions.labels.change(prompt, version, change, ctx),
        }
    }

    /// Exports the version that is shown: the one that is looked at, else the newest.
    pub(in crate::gui::pipeline_control) fn export_shown(&mut self, ctx: &AreaCtx<'_>) {
        let version = self.open.and_then(|open| {
            let viewed = self.viewing.and_then(|id| self.data.version(open, id));
            viewed.or_else(|| self.data.newest_version(open))
        });
        match version {
            Some(version) => self.files.export.begin(version, ctx),
            None => ctx.commands.toast(ToastKind::Info, "Save a version first; versions are what is exported"),
        }
    }

    /// Shows what was imported.
    pub(in crate::gui::pipeline_control) fn take_imported(&mut self, imported: Vec<PromptVersion>, ctx: &mut AreaCtx<'_>) {
        self.data.reload_prompts();
        let Some(first) = imported.first().map(|version| version.prompt_id) else { return };
        for version in imported {
            self.data.reload_versions(version.prompt_id);
            self.data.add_version(version);
        }
        self.tab = Tab::Versions;
        self.fulfil(Wish::Open(first), ctx);
    }

    fn pick(&mut self, id: crate::wire::ids::PromptVersionId, ctx: &mut AreaCtx<'_>) {
        let Some(prompt) = self.open else { return };
        match self.versions.picked {
            Some(before) if before == id => self.versions.picked = None,
            Some(before) => {
                let number = |id| self.data.version(prompt, id).map_or(0, |version| version.version);
                let (older, newer) = if number(before) <= number(id) { (before, id) } else { (id, before) };
                self.fulfil_versions(Asked::Compare(prompt, End::Version(older), End::Version(newer)), ctx);
            }
            None => self.versions.picked = Some(id),
        }
    }

    /// What is in the editor, or the newest version, against what is live, or else against the one before.
    fn compare_by_default(&mut self, ctx: &mut AreaCtx<'_>) {
        let Some(prompt) = self.open else {
            ctx.commands.toast(ToastKind::Info, "Open a prompt first");
            return;
        };
        let is_edited = self.is_edited(prompt);
        let versions = self.data.versions(prompt).and_then(|remote| remote.value()).map_or(&[][..], |page| &page.items);
        let newest = versions.first().map(|version| version.id);
        let newer = if is_edited { Some(End::Draft) } else { newest.map(End::Version) };
        let live = self.data.live_version().filter(|live| is_edited || Some(*live) != newest);
        let before = if is_edited { newest } else { versions.get(1).map(|version| version.id) };
        match (live.or(before), newer) {
            (Some(older), Some(newer)) => self.fulfil_versions(Asked::Compare(prompt, End::Version(older), newer), ctx),
            _ => ctx.commands.toast(ToastKind::Info, "There is only one version yet. Save another one to compare them"),
        }
    }
}
