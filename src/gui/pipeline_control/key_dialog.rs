//! A provider's key: typed once, stored in the keyring, never shown again.

use std::time::Duration;

use egui::text_edit::TextEditState;
use egui::{Id, Modal, RichText, TextEdit, Ui};
use poll_promise::Promise;
use secrecy::SecretString;

use super::models::provider_name;
use crate::gui::ctx::{AreaCtx, ToastKind};
use crate::gui::theme;
use crate::wire::model::KeyState;

/// The keyring may ask its owner for a password; longer than this nobody waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is being done with the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Store,
    Remove,
}

/// The dialog for one provider's key.
pub struct KeyDialog {
    provider: String,
    /// The model that is made live once the key is there.
    then_activate: Option<String>,
    typed: String,
    doing: Option<(Doing, Promise<Result<(), String>>)>,
    /// Why the keyring did not do it.
    trouble: Option<String>,
    /// Storing failed: the session is what is left.
    offers_session: bool,
    has_focus: bool,
}

/// How the dialog ended.
pub enum Ended {
    /// Keys are other than before; the model that is to be made live now.
    Changed(Option<String>),
    Cancelled,
}

impl KeyDialog {
    #[must_use]
    pub fn new(provider: String, then_activate: Option<String>) -> Self {
        Self { provider, then_activate, typed: String::new(), doing: None, trouble: None, offers_session: false, has_focus: false }
    }

    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    fn field_id(&self) -> Id {
        Id::unique(("provider key", &self.provider))
    }

    /// Draws the dialog; `key`: how the key stands. Returns how it ended, when it did.
    pub fn ui(&mut self, ui: &Ui, key: Option<&KeyState>, ctx: &AreaCtx<'_>) -> Option<Ended> {
        let mut ended = self.take_outcome(ctx);
        let modal = Modal::new(Id::unique("key dialog")).show(ui.ctx(), |ui| {
            ui.set_width(420.0);
            ui.label(RichText::new(format!("Key for {}", provider_name(&self.provider))).font(theme::semibold(theme::TEXT_STRONG)));
            ui.add_space(theme::GAP_4);
            if ctx.embedded { self.form_ui(ui, key, ctx) } else { remote_ui(ui, ctx) }
        });
        let closes = modal.should_close();
        ended = ended.or(modal.inner);
        if ended.is_none() && closes && self.doing.is_none() {
            ended = Some(Ended::Cancelled);
        }
        if ended.is_some() {
            self.forget_typed(ctx);
        }
        ended
    }

    /// The key leaves the field, and its undo, as soon as it is not needed there.
    fn forget_typed(&mut self, ctx: &AreaCtx<'_>) {
        self.typed.clear();
        TextEditState::default().store(ctx.egui, self.field_id());
    }

    fn take_outcome(&mut self, ctx: &AreaCtx<'_>) -> Option<Ended> {
        let (doing, promise) = self.doing.take()?;
        match promise.try_take() {
            Err(promise) => {
                self.doing = Some((doing, promise));
                None
            }
            Ok(Ok(())) => {
                let (words, then) = match doing {
                    Doing::Store => ("is stored in the keyring", self.then_activate.take()),
                    Doing::Remove => ("was removed", None),
                };
                ctx.commands.toast(ToastKind::Good, format!("The key for {} {words}", provider_name(&self.provider)));
                Some(Ended::Changed(then))
            }
            Ok(Err(why)) => {
                self.trouble = Some(why);
                self.offers_session = doing == Doing::Store;
                None
            }
        }
    }

    fn start(&mut self, doing: Doing, ctx: &AreaCtx<'_>) {
        let (keys, provider, egui) = (ctx.keys.clone(), self.provider.clone(), ctx.egui.clone());
        let key = SecretString::from(self.typed.trim().to_owned());
        let (sender, promise) = Promise::new();
        ctx.runtime.spawn(async move {
            let work = async {
                match doing {
                    Doing::Store => keys.set(&provider, key).await.map_err(|problem| problem.to_string()),
                    Doing::Remove => keys.remove(&provider).await.map_err(|problem| problem.to_string()),
                }
            };
            let outcome = tokio::time::timeout(PATIENCE, work).await;
            let waited = format!("The keyring did not answer within {} s. Unlock it and try again", PATIENCE.as_secs());
            sender.send(outcome.unwrap_or(Err(waited)));
            egui.request_repaint();
        });
        self.trouble = None;
        self.offers_session = false;
        self.doing = Some((doing, promise));
    }

    fn form_ui(&mut self, ui: &mut Ui, key: Option<&KeyState>, ctx: &AreaCtx<'_>) -> Option<Ended> {
        let tokens = ctx.tokens();
        let mut ended = None;
        let standing = match key {
            Some(KeyState::Present { tail, from }) => format!("The key in use ends with {tail} and comes from the {from}"),
            Some(KeyState::Missing { .. }) | None => "Photos are sent to this provider with your own key".to_owned(),
            Some(KeyState::NotNeeded) => "This provider needs no key".to_owned(),
        };
        ui.label(RichText::new(standing).color(tokens.muted));
        ui.add_space(theme::GAP_8);
        let label = ui.label("Key");
        let is_idle = self.doing.is_none();
        let edit = TextEdit::singleline(&mut self.typed).id(Id::unique(("provider key", &self.provider))).password(true).char_limit(512);
        let field = ui.add_enabled(is_idle, edit.hint_text("Paste the key here").desired_width(f32::INFINITY)).labelled_by(label.id);
        if !std::mem::replace(&mut self.has_focus, true) {
            field.request_focus();
        }
        ui.label(RichText::new("It goes into this computer's keyring and is never shown again").size(theme::TEXT_SMALL).color(tokens.muted));
        if let Some(trouble) = &self.trouble {
            ui.add_space(theme::GAP_8);
            ui.label(RichText::new(trouble).color(tokens.bad));
        }
        ui.add_space(theme::GAP_12);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        ui.horizontal(|ui| {
            let can = is_idle && !self.typed.trim().is_empty();
            let store = if self.then_activate.is_some() { "Store and make live" } else { "Store" };
            if ui.add_enabled(can, egui::Button::new(store)).clicked() || (can && entered) {
                self.start(Doing::Store, ctx);
            }
            if self.offers_session && ui.add_enabled(can, egui::Button::new("Keep for this session only")).clicked() {
                ctx.keys.set_for_session(&self.provider, SecretString::from(self.typed.trim().to_owned()));
                ended = Some(Ended::Changed(self.then_activate.take()));
            }
            let is_ours = matches!(key, Some(KeyState::Present { from, .. }) if from != "environment");
            if is_ours && ui.add_enabled(is_idle, egui::Button::new("Remove")).on_hover_text("Forget the key that is in use").clicked() {
                self.start(Doing::Remove, ctx);
            }
            if ui.add_enabled(is_idle, egui::Button::new("Cancel")).clicked() {
                ended = Some(Ended::Cancelled);
            }
            if !is_idle {
                ui.spinner();
                ui.label(RichText::new("Waiting for the keyring").color(tokens.muted));
            }
        });
        ended
    }
}

/// A team's platform holds its own keys.
fn remote_ui(ui: &mut Ui, ctx: &AreaCtx<'_>) -> Option<Ended> {
    let host = ctx.client.base().host_str().unwrap_or("the server").to_owned();
    ui.label(format!("The keys are held by {host}. Whoever runs it adds this one there"));
    ui.add_space(theme::GAP_12);
    ui.button("Close").clicked().then_some(Ended::Cancelled)
}
