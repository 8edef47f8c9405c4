//! A page per provider: its key, where it is, how much may be asked of it, and which models it offers.

mod add;
mod key;
mod list;
mod models;
mod page;
mod settings;

use std::collections::HashMap;

use egui::Ui;

use super::Wish;
use crate::gui::ctx::own_keys::InUse;
use crate::gui::ctx::{AreaCtx, OwnKeys, Remote, ToastKind};
use crate::wire::health::{HealthState, ProviderHealth};
use crate::wire::provider::{AddProvider, ProviderInfo, ProviderList, ProviderModels, ProviderSetting};
use add::AddDialog;
use key::KeyForm;
use settings::SettingsForm;

/// What the pages ask for; done after drawing.
pub enum Asked {
    Set { name: String, label: String, setting: ProviderSetting },
    Add(AddProvider),
    Remove { name: String, label: String },
}

/// What became of a change of settings.
pub enum Outcome {
    Done,
    /// The platform's code and words.
    Refused {
        code: String,
        why: String,
    },
}

/// The pages' memory.
#[derive(Default)]
pub struct ProviderPages {
    /// The provider whose page is shown in the middle.
    pub open: Option<String>,
    pages: HashMap<String, Page>,
    adding: Option<AddDialog>,
    /// Whose change is under way; none: that of the dialog which adds one.
    changing: Option<String>,
}

/// One page's memory.
#[derive(Default)]
struct Page {
    key: KeyForm,
    settings: SettingsForm,
    check: Remote<ProviderHealth>,
    /// Why the last check was not made.
    check_refused: Option<String>,
    models: Remote<ProviderModels>,
    resumed: Remote<()>,
    filter: String,
}

impl ProviderPages {
    /// Shows a provider's page, its key field with the keyboard when a model waits for the key.
    pub fn show(&mut self, name: &str, then_activate: Option<String>) {
        self.open = Some(name.to_owned());
        let page = self.pages.entry(name.to_owned()).or_default();
        if let Some(model) = then_activate {
            page.key.wait_for(model);
        }
    }

    pub fn show_adding(&mut self) {
        self.adding = Some(AddDialog::default());
    }

    /// Takes in answers. Returns whether providers and models are to be asked for again.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) -> bool {
        let mut is_old = false;
        for (name, page) in &mut self.pages {
            is_old |= page.logic(name, ctx, wishes);
        }
        is_old
    }

    /// Draws the list of providers.
    pub fn list_ui(&mut self, ui: &mut Ui, list: &Remote<ProviderList>, wishes: &mut Vec<Wish>) {
        list::ui(ui, list, &self.pages, self.open.as_deref(), wishes);
    }

    /// Draws the open provider's page. `who`: changed the configuration last.
    pub fn page_ui(&mut self, ui: &mut Ui, provider: &ProviderInfo, (is_busy, who): (bool, Option<&str>), ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        let page = self.pages.entry(provider.name.clone()).or_default();
        page::ui(ui, page, provider, (is_busy, who), ctx, wishes);
    }

    /// Draws the dialog that adds a server, if it is open.
    pub fn dialog_ui(&mut self, ui: &Ui, is_busy: bool, wishes: &mut Vec<Wish>) {
        let Some(dialog) = &mut self.adding else { return };
        match dialog.ui(ui, is_busy) {
            Some(add::Answer::Close) => self.adding = None,
            Some(add::Answer::Add(asked)) => wishes.push(Wish::Provider(Asked::Add(asked))),
            None => {}
        }
    }

    #[must_use]
    pub fn has_dialog(&self) -> bool {
        self.adding.is_some()
    }

    /// A change is on its way to the platform.
    pub fn begin(&mut self, asked: &Asked) {
        self.changing = match asked {
            Asked::Set { name, .. } | Asked::Remove { name, .. } => Some(name.clone()),
            Asked::Add(_) => None,
        };
    }

    /// Takes in what became of the change; words that have no field of their own are told as a message.
    pub fn end(&mut self, outcome: Outcome, ctx: &AreaCtx<'_>) {
        match (self.changing.take(), outcome) {
            (Some(name), Outcome::Done) => {
                if let Some(page) = self.pages.get_mut(&name) {
                    page.settings = SettingsForm::default();
                    page.models = Remote::default();
                }
            }
            (Some(name), Outcome::Refused { code, why }) => match self.pages.get_mut(&name) {
                Some(page) => page.settings.refuse(code, why),
                None => ctx.commands.toast(ToastKind::Bad, why),
            },
            (None, Outcome::Done) => {
                if let Some(dialog) = self.adding.take() {
                    self.show(dialog.name(), None);
                }
            }
            (None, Outcome::Refused { code, why }) => match &mut self.adding {
                Some(dialog) => dialog.refuse(code, why),
                None => ctx.commands.toast(ToastKind::Bad, why),
            },
        }
    }
}

impl Page {
    fn logic(&mut self, name: &str, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) -> bool {
        let mut is_old = false;
        if self.check.poll() {
            self.check_refused = self.check.take_failure().map(|failure| failure.to_string());
            is_old = true;
        }
        is_old |= self.models.poll();
        if self.resumed.poll() {
            if let Some(failure) = self.resumed.take_failure() {
                ctx.commands.toast(ToastKind::Bad, format!("The calls are still held back. {failure}"));
            }
            is_old = true;
        }
        if let Some(key::Changed { then_activate }) = self.key.take_outcome(name, ctx) {
            // A provider that was stopped for its key gets another chance, and what its old key gave is not asked about any more.
            if ctx.embedded {
                self.resume(name, ctx);
            }
            self.check = Remote::default();
            self.check_refused = None;
            wishes.extend(then_activate.map(Wish::Activate));
            is_old = true;
        }
        is_old
    }

    fn resume(&mut self, name: &str, ctx: &AreaCtx<'_>) {
        let name = name.to_owned();
        ctx.ask(&mut self.resumed, |client| async move { client.resume_provider(&name).await });
    }

    fn ask_check(&mut self, name: &str, ctx: &AreaCtx<'_>) {
        self.check_refused = None;
        let name = name.to_owned();
        let own = ctx.own_keys();
        ctx.ask_with_keys(&mut self.check, vec![name.clone()], |client| async move {
            let key = in_use(own, &name).await;
            let health = client.check_provider(&name).await?;
            if let (Some(key), HealthState::Healthy, Some(at)) = (key, health.status, health.last_check) {
                key.note_worked(at);
            }
            Ok(health)
        });
    }

    fn ask_models(&mut self, name: &str, refresh: bool, ctx: &AreaCtx<'_>) {
        let name = name.to_owned();
        // Without a question to the provider the key has no business on the way.
        let with_key_of = if refresh { vec![name.clone()] } else { Vec::new() };
        ctx.ask_with_keys(&mut self.models, with_key_of, move |client| async move { client.provider_models(&name, refresh).await });
    }
}

/// The person's own key that goes with a question, if there is one.
async fn in_use(own: Option<OwnKeys>, provider: &str) -> Option<InUse> {
    own?.in_use(provider).await
}
