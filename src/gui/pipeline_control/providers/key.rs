//! A provider's key: typed once, stored in the keyring, never shown again.

use std::time::Duration;

use egui::text_edit::TextEditState;
use egui::{Id, Key, Label, Modal, RichText, TextEdit, Ui};
use poll_promise::Promise;
use secrecy::SecretString;

use super::page;
use crate::gui::ctx::{AreaCtx, ToastKind, modal, own_keys};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{badge, relative_time};
use crate::wire::model::KeyState;
use crate::wire::provider::{KeyWish, ProviderInfo};

/// The keyring may ask its owner for a password; longer than this nobody waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keys are other than before.
pub struct Changed {
    /// The model that is to be made live now.
    pub then_activate: Option<String>,
}

/// What is being done with the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Store,
    Remove,
}

/// The form for one provider's key.
#[derive(Default)]
pub struct KeyForm {
    /// The model that is made live once the key is there.
    then_activate: Option<String>,
    typed: String,
    /// Ends with what was done, in words.
    doing: Option<(Doing, Promise<Result<String, String>>)>,
    /// The key went into this session.
    is_kept: bool,
    /// Why the keyring did not do it.
    trouble: Option<String>,
    /// Storing failed: the session is what is left.
    offers_session: bool,
    is_removing: bool,
    wants_focus: bool,
}

impl KeyForm {
    /// A model waits for the key: the field takes the keyboard.
    pub fn wait_for(&mut self, model: String) {
        self.then_activate = Some(model);
        self.wants_focus = true;
    }

    fn field_id(provider: &str) -> Id {
        Id::unique(("provider key", provider))
    }

    /// The key leaves the field, and its undo, as soon as it is not needed there.
    fn forget_typed(&mut self, provider: &str, ctx: &AreaCtx<'_>) {
        self.typed.clear();
        TextEditState::default().store(ctx.egui, Self::field_id(provider));
        self.offers_session = false;
        self.is_removing = false;
        self.trouble = None;
    }

    /// Takes in what the keyring did.
    pub fn take_outcome(&mut self, provider: &str, ctx: &AreaCtx<'_>) -> Option<Changed> {
        if std::mem::take(&mut self.is_kept) {
            self.forget_typed(provider, ctx);
            return Some(Changed { then_activate: self.then_activate.take().filter(|_| ctx.embedded) });
        }
        let (doing, promise) = self.doing.take()?;
        match promise.try_take() {
            Err(promise) => {
                self.doing = Some((doing, promise));
                None
            }
            Ok(Ok(words)) => {
                self.forget_typed(provider, ctx);
                let then = self.then_activate.take_if(|_| doing == Doing::Store);
                ctx.commands.toast(ToastKind::Good, words);
                Some(Changed { then_activate: then.filter(|_| ctx.embedded) })
            }
            Ok(Err(why)) => {
                self.trouble = Some(why);
                self.offers_session = doing == Doing::Store;
                None
            }
        }
    }

    /// Holds the key in memory until the program ends.
    fn keep_for_session(&mut self, provider: &str, ctx: &AreaCtx<'_>) {
        ctx.keys.set_for_session(&account(provider, ctx), SecretString::from(self.typed.trim().to_owned()));
        self.is_kept = true;
        ctx.egui.request_repaint();
    }

    fn start(&mut self, doing: Doing, provider: &str, ctx: &AreaCtx<'_>) {
        let (keys, account, egui) = (ctx.keys.clone(), account(provider, ctx), ctx.egui.clone());
        let key = SecretString::from(self.typed.trim().to_owned());
        let (sender, promise) = Promise::new();
        ctx.runtime.spawn(async move {
            let work = async {
                match doing {
                    Doing::Store => keys.set(&account, key).await.map_err(|problem| problem.to_string())?,
                    Doing::Remove => keys.remove(&account).await.map_err(|problem| problem.to_string())?,
                }
                Ok(match doing {
                    Doing::Store => "The key is stored in the keyring".to_owned(),
                    Doing::Remove => removed_words(&keys.state(&account).await),
                })
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
}

/// What was removed, and what is used now instead.
fn removed_words(now: &KeyState) -> String {
    match now {
        KeyState::Present { from, .. } if from == "keyring" => "The key of this session was removed; the one in the keyring is used again",
        KeyState::Present { .. } => "The key was removed; the one of the environment variable is used now",
        _ => "The key was removed",
    }
    .to_owned()
}

/// What the keyring calls the key: for a platform elsewhere it is one for that platform alone.
fn account(provider: &str, ctx: &AreaCtx<'_>) -> String {
    ctx.own_keys().map_or_else(|| provider.to_owned(), |own| own.account(provider))
}

fn host(ctx: &AreaCtx<'_>) -> String {
    ctx.client.base().host_str().unwrap_or("the server").to_owned()
}

/// Draws the key's part of the page. `is_tested`: the page says below how a test of the key ended.
pub fn ui(ui: &mut Ui, form: &mut KeyForm, provider: &ProviderInfo, is_tested: bool, ctx: &AreaCtx<'_>) {
    page::heading(ui, if provider.key_wish == KeyWish::Optional { "Key (optional)" } else { "Key" });
    ui.scope(|ui| standing_ui(ui, provider, is_tested, ctx));
    if !ctx.embedded && !ctx.client.is_private() {
        let words = format!("Your own key can't be used with {}, since others could read it on the way: reach it over https", host(ctx));
        ui.add(Label::new(RichText::new(words).color(ctx.tokens().muted)).wrap());
        return;
    }
    ui.add_space(theme::GAP_4);
    entry_ui(ui, form, provider, ctx);
    if let Some(trouble) = &form.trouble {
        ui.add(Label::new(RichText::new(trouble).color(ctx.tokens().bad)).wrap());
        if form.offers_session {
            let words = format!("Or close the program, set {} and start it again", provider.key_variable);
            ui.add(Label::new(RichText::new(words).color(ctx.tokens().muted)).wrap());
            if ui.button("Keep for this session only").clicked() {
                form.keep_for_session(&provider.name, ctx);
            }
        }
    }
}

/// Which key is in use, from where, and when it last worked.
fn standing_ui(ui: &mut Ui, provider: &ProviderInfo, is_tested: bool, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    // As high without a key as with one.
    ui.set_min_height(theme::CONTROL_HEIGHT);
    match &provider.key {
        KeyState::Present { tail, from } => {
            ui.horizontal_wrapped(|ui| {
                let tail = if tail.is_empty() { "The key".to_owned() } else { format!("····{tail}") };
                badge::ui(ui, badge::Tone::Good, icons::ICON_KEY, &tail);
                ui.label(RichText::new(place(from, provider, ctx)).color(tokens.muted));
                if let Some(at) = provider.key_worked_at {
                    let words = format!("· last worked {}", relative_time::words(at, ctx.now));
                    ui.label(RichText::new(words).color(tokens.muted)).on_hover_text(relative_time::absolute(at));
                } else if !is_tested {
                    ui.label(RichText::new("· not tested yet").color(tokens.muted));
                }
            });
        }
        KeyState::Missing { .. } if provider.key_wish == KeyWish::Optional => {
            ui.label(RichText::new("No key is sent. Enter one if the server wants it").color(tokens.muted));
        }
        // The platform's own reason: its keyring is not this computer's, and this one's is told of below.
        KeyState::Missing { why } if !ctx.embedded => {
            let words = format!("{} has no key for {}", host(ctx), provider.label);
            ui.label(RichText::new(words).color(tokens.muted)).on_hover_text(why);
        }
        KeyState::Missing { .. } if ctx.keys.known_keyring_trouble().is_some() => {
            let words = format!("There is no key for {} yet. Enter one here, or set {}", provider.label, provider.key_variable);
            ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
        }
        KeyState::Missing { why } => {
            ui.add(Label::new(RichText::new(page::here(why)).color(tokens.muted)).wrap());
        }
        KeyState::NotNeeded => {}
    }
}

fn place(from: &str, provider: &ProviderInfo, ctx: &AreaCtx<'_>) -> String {
    match from {
        own_keys::FROM => "your own, kept on this computer".to_owned(),
        own_keys::FROM_SESSION => "your own, held on this computer until the program ends".to_owned(),
        own_keys::FROM_ENVIRONMENT => format!("your own, from this computer's variable {}", provider.key_variable),
        _ if !ctx.embedded => format!("held by {}", host(ctx)),
        "keyring" => "kept in this computer's keyring".to_owned(),
        "environment" => format!("from the environment variable {}", provider.key_variable),
        "session" => "kept until the program ends".to_owned(),
        other => format!("from {other}"),
    }
}

fn entry_ui(ui: &mut Ui, form: &mut KeyForm, provider: &ProviderInfo, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let is_idle = form.doing.is_none();
    let from = from(provider, ctx);
    let is_held = from.is_some_and(is_of_session);
    let hint = if from.is_some() { "Paste another key" } else { "Paste the key here" };
    ui.horizontal_wrapped(|ui| {
        let width = (ui.available_width() - 430.0).clamp(200.0, 360.0);
        let edit = TextEdit::singleline(&mut form.typed).id(KeyForm::field_id(&provider.name)).password(true).char_limit(512);
        let field = ui.add_enabled(is_idle, edit.hint_text(hint).desired_width(width));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::PasswordInput, is_idle, format!("Key for {}", provider.label)));
        if std::mem::take(&mut form.wants_focus) {
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let can = is_idle && !form.typed.trim().is_empty();
        // A key that is only here makes no model live elsewhere.
        let words = match (form.then_activate.as_ref().filter(|_| ctx.embedded), from) {
            (Some(_), _) => "Store and make live",
            (None, None) => "Store key",
            (None, Some(_)) => "Replace key",
        };
        if ui.add_enabled(can, egui::Button::new(words)).clicked() || (can && entered) {
            form.start(Doing::Store, &provider.name, ctx);
        }
        // The keyring has failed already: the same is offered with the reason.
        if !form.offers_session {
            let tooltip = "Hold the key in memory until the program ends: it is written nowhere";
            let session = ui.add_enabled(can, egui::Button::new("Use for this session only"));
            if session.on_hover_text(tooltip).on_disabled_hover_text(tooltip).clicked() {
                form.keep_for_session(&provider.name, ctx);
            }
        }
        // Always there: what comes with a key would push away what is below it.
        let is_ours = from.is_some_and(|from| !is_of_environment(from));
        let remove = ui.add_enabled(is_idle && is_ours, egui::Button::new("Remove…")).on_hover_text("Forget the key that is in use");
        let nothing = if from.is_some() { "The key is a variable's: unset it to remove the key" } else { "There is no key here to remove" };
        if remove.on_disabled_hover_text(nothing).clicked() {
            form.is_removing = true;
        }
        if !is_idle {
            ui.spinner();
            ui.label(RichText::new("Waiting for the keyring").color(tokens.muted));
        }
    });
    if form.is_removing {
        removing_ui(ui, form, provider, is_held, ctx);
    }
    if form.trouble.is_none() {
        let words = RichText::new(keeping_words(is_held, provider, ctx)).size(theme::TEXT_SMALL).color(tokens.muted);
        let told = ui.scope(|ui| {
            // As long for a key that is held as for one that is stored, so that nothing moves when one becomes the other.
            ui.set_min_height(2.0 * ui.text_style_height(&egui::TextStyle::Small));
            ui.add(Label::new(words).wrap())
        });
        if let Some(trouble) = ctx.keys.known_keyring_trouble() {
            told.inner.on_hover_text(trouble.in_full());
        }
    }
}

/// Where the key in use that this form can replace or remove is from; a server's key is not for it.
fn from<'p>(provider: &'p ProviderInfo, ctx: &AreaCtx<'_>) -> Option<&'p str> {
    match &provider.key {
        KeyState::Present { from, .. } if ctx.embedded || own_keys::is_own(from) => Some(from.as_str()),
        _ => None,
    }
}

/// Whether a key is held in memory alone.
fn is_of_session(from: &str) -> bool {
    from == "session" || from == own_keys::FROM_SESSION
}

/// Whether a key is a variable's, which the program can't change.
fn is_of_environment(from: &str) -> bool {
    from == "environment" || from == own_keys::FROM_ENVIRONMENT
}

/// Asks before a key is forgotten. Escape keeps it.
fn removing_ui(ui: &Ui, form: &mut KeyForm, provider: &ProviderInfo, is_held: bool, ctx: &AreaCtx<'_>) {
    let shown = modal::show(ui.ctx(), Modal::new(Id::unique("remove a key")), |ui| {
        ui.set_width(400.0);
        ui.label(RichText::new(format!("Forget the key for {}?", provider.label)).font(theme::semibold(theme::TEXT_STRONG)));
        let words = if is_held {
            "The key of this session can't be shown again or brought back. If the keyring holds another one, that is used again"
        } else {
            "It can't be shown again or brought back"
        };
        ui.add(Label::new(RichText::new(words).color(ctx.tokens().muted)).wrap());
        ui.add_space(theme::GAP_12);
        ui.horizontal(|ui| {
            if ui.button("Remove key").clicked() {
                form.start(Doing::Remove, &provider.name, ctx);
                form.is_removing = false;
            }
            if ui.button("Keep it").clicked() {
                form.is_removing = false;
            }
        });
    });
    form.is_removing &= !shown.closes;
}

/// Where a key goes. `is_held`: the one in use is held in memory alone.
fn keeping_words(is_held: bool, provider: &ProviderInfo, ctx: &AreaCtx<'_>) -> String {
    let trouble = ctx.keys.known_keyring_trouble();
    if let Some(why) = trouble.as_ref().filter(|_| ctx.embedded) {
        let key = if is_held { "The key in use" } else { "A key that is entered here" };
        let variable = &provider.key_variable;
        let why = page::here(&why.to_string());
        return format!("{key} is held in memory alone and is gone when the program ends; {variable} holds one for longer. {why}");
    }
    if ctx.embedded {
        let words = if is_held {
            "The key in use is held in memory alone and is gone when the program ends. One that is stored goes into the keyring"
        } else {
            "It goes into this computer's keyring and is never shown again"
        };
        return words.to_owned();
    }
    let host = host(ctx);
    let is_variable = from(provider, ctx).is_some_and(is_of_environment);
    let kept = if is_variable {
        "it is the variable's until you enter another one here,"
    } else if is_held || trouble.is_some() {
        "it is held in memory alone until the program ends,"
    } else {
        "it stays in this computer's keyring"
    };
    let why = trouble.map(|trouble| format!(". {trouble}")).unwrap_or_default();
    format!(
        "Your own key for tests: {kept} and goes to {host} only with the tests that you start; {host} does not keep it. The live pipeline works \
         with the key that {host} holds{why}"
    )
}
