//! What the area follows: drafts and what the platform says of them, the prompt that is open, and the configuration.

use std::time::Duration;

use super::PipelineControl;
use super::draft::{Draft, Heard, TEXTS};
use super::journal::{Begun, Journals, KeptText};
use crate::gui::ctx::{AreaCtx, ToastKind};
use crate::wire::author;
use crate::wire::config::PipelineConfig;
use crate::wire::ids::PromptId;
use crate::wire::prompt::Prompt;

impl PipelineControl {
    /// Opens the live prompt, or the first, when none is open.
    pub(super) fn open_something(&mut self) {
        let Some(page) = self.data.prompts.value() else { return };
        // What was just made elsewhere, or imported, may not stand in the list yet.
        if self.open.is_some_and(|open| self.data.prompt(open).is_some() || self.data.prompts_are_due()) {
            return;
        }
        let live = page.items.iter().find(|prompt| prompt.live_version.is_some());
        self.open = live.or(page.items.first()).map(|prompt| prompt.id);
        self.viewing = None;
    }

    /// Makes the open prompt's draft as soon as its text is known, sends what is due, and holds what is heard against what is typed.
    pub(super) fn follow_drafts(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(id) = self.open {
            self.data.ask_versions(id, ctx);
            if !self.drafts.contains_key(&id) {
                self.make_draft(id, ctx);
            }
        }
        for (id, draft) in &mut self.drafts {
            for news in draft.texts_mut().into_iter().filter_map(KeptText::take_news) {
                ctx.commands.toast(ToastKind::Warn, news);
            }
            if let Some(since) = draft.stale_since() {
                let is_fresh = self.data.prompts.received_at().is_some_and(|at| at > since);
                if !is_fresh {
                    if !self.data.prompts.is_pending() {
                        self.data.reload_prompts();
                        self.data.reload_versions(*id);
                    }
                    ctx.egui.request_repaint_after(Duration::from_millis(50));
                    continue;
                }
            }
            self.data.ask_versions(*id, ctx);
            let Some(prompt) = self.data.prompt(*id) else { continue };
            if !draft.is_news(prompt) {
                draft.logic(ctx);
                continue;
            }
            let (name, by) = (&prompt.name, author::whence(&prompt.updated_by));
            match self.data.contents_of(prompt).map(|contents| draft.hear(prompt, contents)) {
                Some(Heard::Adopted) => {
                    ctx.commands.toast(ToastKind::Info, format!("{name} was changed {by}; the editor shows the new text"));
                }
                Some(Heard::Merged) => {
                    let words = format!("{name} was changed {by} while you typed; both changes are in the text. Ctrl-Z leads back to yours");
                    ctx.commands.toast(ToastKind::Info, words);
                }
                Some(Heard::Conflict) => {
                    ctx.commands.toast(ToastKind::Warn, format!("{name} was changed {by} while you typed. Choose which text stays"));
                }
                Some(Heard::Nothing) => {}
                // The newest version's text is on its way; where it isn't, it is asked for.
                None if self.data.versions(*id).is_some_and(|versions| !versions.is_pending() && versions.failure().is_none()) => {
                    self.data.reload_versions(*id);
                }
                None => {}
            }
            draft.logic(ctx);
        }
    }

    /// Makes a prompt's draft of what the platform holds and what was kept on this computer, as soon as both are known.
    pub(super) fn make_draft(&mut self, id: PromptId, ctx: &AreaCtx<'_>) {
        let journals = self.journals.get_or_insert_with(|| Journals::new(ctx));
        let opening = self.opening.entry(id).or_insert_with(|| TEXTS.map(|(part, _)| (journals.open(id, part), None)));
        let Some(prompt) = self.data.prompt(id) else { return };
        let Some(contents) = self.data.contents_of(prompt) else { return };
        for (opening, opened) in opening.iter_mut().filter(|(_, opened)| opened.is_none()) {
            *opened = opening.poll();
        }
        if opening.iter().any(|(_, opened)| opened.is_none()) {
            ctx.egui.request_repaint_after(Duration::from_millis(100));
            return;
        }
        let Some(opened) = self.opening.remove(&id) else { return };
        let (mut draft, begun) = Draft::resume(prompt, contents, opened.map(|(_, opened)| opened.unwrap_or_default()));
        let (name, by) = (&prompt.name, author::whence(&prompt.updated_by));
        for news in draft.texts_mut().into_iter().filter_map(KeptText::take_news) {
            ctx.commands.toast(ToastKind::Warn, news);
        }
        match begun {
            Begun::Same => {}
            Begun::Unsent => ctx.commands.toast(ToastKind::Info, format!("What you typed into {name} before is here again")),
            Begun::ChangedElsewhere => {
                let words = format!("{name} was changed {by} meanwhile; the editor shows the new text, and Ctrl-Z leads back to yours");
                ctx.commands.toast(ToastKind::Info, words);
            }
            Begun::Merged => {
                let words = format!("{name} was changed {by} meanwhile; that and what you typed are both in the text. Ctrl-Z leads back to yours");
                ctx.commands.toast(ToastKind::Info, words);
            }
            Begun::Conflict => {
                let words = format!("{name} was changed {by} before what you typed had arrived. Choose which text stays");
                ctx.commands.toast(ToastKind::Warn, words);
            }
        }
        self.drafts.insert(id, draft);
    }

    /// Whether a prompt's text here is no version.
    pub(super) fn is_edited(&self, id: PromptId) -> bool {
        let Some(prompt) = self.data.prompt(id) else { return false };
        match (self.drafts.get(&id), self.data.newest_version(id)) {
            (Some(draft), Some(newest)) => !draft.is_version(newest),
            (Some(draft), None) => prompt.latest_version == 0 && !draft.is_empty(),
            (None, _) => prompt.draft.is_some() || prompt.draft_parts.is_some(),
        }
    }

    /// The older version that the text here is letter for letter, among those whose whole text is known.
    pub(super) fn same_as(&self, prompt: &Prompt) -> Option<u32> {
        let draft = self.drafts.get(&prompt.id)?;
        let versions = &self.data.versions(prompt.id)?.value()?.items;
        let is_it = |id| self.data.whole_version(prompt.id, id).is_some_and(|whole| draft.is_version(whole));
        versions.iter().find(|version| is_it(version.id)).map(|version| version.version)
    }

    /// Takes what the configuration has become to the parts that show or change it.
    pub(super) fn follow_config(&mut self, ctx: &AreaCtx<'_>) {
        if let Some(changed) = self.changes.logic(ctx) {
            self.data.set_config(changed.config);
        }
        if std::mem::replace(&mut self.seen_news, self.data.config_news) != self.data.config_news {
            self.changes.mark_behind();
            self.rules.reload();
        }
        self.rules.logic(self.data.config.value().map(|config: &PipelineConfig| &config.rules));
    }
}
