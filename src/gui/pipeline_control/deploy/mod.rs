//! Deploying: the page on which it is decided, and the tab that says what each environment uses and used.

mod changed_photos;
mod checks;
mod difference;
mod history;
mod measure;
mod radius_ui;
mod review;
mod tab;

use egui::Ui;

use super::Wish;
use crate::gui::ctx::{AreaCtx, Remote, ToastKind};
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::{CheckedFinding, DeployPrompt, Deployment, Environment};
use crate::wire::event::{Event, Happened};
use crate::wire::ids::{DeploymentId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt::PromptVersion;
use measure::Measure;
use review::{Review, Typed};

/// What the page and the tab ask for; done after drawing.
pub enum Asked {
    /// Shows the page of a version.
    Review(PromptVersionId, Environment),
    Close,
    Deploy(DeployPrompt),
    RollBack(DeploymentId),
    /// Shows what the analysis has found in a version.
    ShowFinding(Box<(PromptVersion, CheckedFinding)>),
}

/// The memory of both.
#[derive(Default)]
pub struct DeployPages {
    /// The page that is shown in the middle.
    pub open: Option<Review>,
    /// Note and reason of the page that was shown last: it may be closed and opened again before they are sent.
    typed: Option<(PromptVersionId, Typed)>,
    history: Remote<Page<Deployment>>,
    is_behind: bool,
    /// Of the version in staging.
    staged: Measure,
    more: Remote<Page<Deployment>>,
}

impl DeployPages {
    /// Shows the page of a version.
    pub fn review(&mut self, version: PromptVersionId, environment: Environment) {
        let typed = self.typed.take().filter(|(of, _)| *of == version).map(|(_, typed)| typed).unwrap_or_default();
        self.open = Some(Review::new(version, environment, typed));
    }

    /// What was typed has been sent.
    pub fn close_deployed(&mut self) {
        (self.open, self.typed) = (None, None);
    }

    pub fn on_event(&mut self, event: &Event) {
        match &event.what {
            Happened::ConfigChanged { .. } | Happened::Resync => self.reload(),
            Happened::RunChanged(run) => {
                self.staged.on_run(run);
                if let Some(review) = &mut self.open {
                    review.on_run(run);
                }
            }
            _ => {}
        }
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
        self.staged.reload();
        if let Some(review) = &mut self.open {
            review.reload();
        }
    }

    /// Takes in answers and asks for what the page wants.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.history.poll();
        if self.more.poll() {
            if let Some(page) = self.more.take()
                && let Some(known) = self.history.value_mut()
            {
                known.items.extend(page.items);
                known.next_cursor = page.next_cursor;
            }
            if let Some(failure) = self.more.take_failure() {
                ctx.commands.toast(ToastKind::Bad, format!("Older deployments could not be read. {failure}"));
            }
        }
        if let Some(review) = &mut self.open {
            review.logic(ctx);
        }
    }

    /// Asks for what the tab shows, while it is looked at.
    pub fn ask_for_tab(&mut self, config: Option<&PipelineConfig>, ctx: &AreaCtx<'_>) {
        if (self.history.is_untouched() || self.is_behind) && !self.history.is_pending() {
            self.is_behind = false;
            ctx.ask(&mut self.history, |client| async move { client.deployments(None).await });
        }
        self.staged.follow(config.and_then(|config| config.staged_prompt_version_id), ctx);
    }

    fn ask_more(&mut self, ctx: &AreaCtx<'_>) {
        let Some(cursor) = self.history.value().and_then(|page| page.next_cursor.clone()) else { return };
        if !self.more.is_pending() {
            ctx.ask(&mut self.more, |client| async move { client.deployments(Some(&cursor)).await });
        }
    }

    /// Draws the tab.
    pub fn tab_ui(&mut self, ui: &mut Ui, standing: &tab::Standing<'_>, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        tab::ui(ui, self, standing, ctx, wishes);
    }

    /// Draws the page, if one is open.
    pub fn page_ui(&mut self, ui: &mut Ui, is_busy: bool, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        if let Some(review) = &mut self.open {
            review.ui(ui, is_busy, ctx, wishes);
            if self.typed.as_ref().is_none_or(|(of, typed)| *of != review.version || *typed != review.typed) {
                self.typed = Some((review.version, review.typed.clone()));
            }
        }
    }

    /// The newest deployment of an environment, where it is known.
    fn newest(&self, environment: Environment) -> Option<&Deployment> {
        self.history.value()?.items.iter().find(|deployment| deployment.environment == environment)
    }

    /// The platform did not deploy: why.
    pub fn refuse(&mut self, code: &str, why: &str) -> bool {
        match &mut self.open {
            Some(review) => {
                review.refuse(code, why);
                true
            }
            None => false,
        }
    }
}

pub use tab::Standing;
