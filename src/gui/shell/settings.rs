//! Settings: which platform, how it looks, and whose work the program ships.

use egui::{ComboBox, Context, Id, Modal, RichText, ScrollArea, Slider, TextEdit, ThemePreference, Ui};
use poll_promise::Promise;
use secrecy::SecretString;
use url::Url;

use super::saved::{Saved, token_account};
use crate::client::Client;
use crate::gui::theme;
use crate::keys::Keys;

const CREDITS: [(&str, &str); 4] = [
    ("Photos", include_str!("../../../assets/photos/LICENSES.md")),
    ("Model", include_str!("../../../assets/model/NOTICE.txt")),
    ("Open Sans", include_str!("../../../assets/fonts/OpenSans-LICENSE.txt")),
    ("JetBrains Mono", include_str!("../../../assets/fonts/JetBrainsMono-LICENSE.txt")),
];

/// What a person decided.
pub enum Decision {
    UseEmbedded,
    /// The token is given along; it is in the keyring (or this session) already.
    UseRemote {
        base: Url,
        token: SecretString,
    },
}

#[derive(Default)]
pub struct Settings {
    is_open: bool,
    remote: bool,
    url: String,
    token: String,
    problem: Option<String>,
    note: Option<String>,
    /// A test of a remote platform that is under way: what follows when it is good.
    trying: Option<Promise<Result<Tried, String>>>,
    connect_after: bool,
}

struct Tried {
    base: Url,
    token: SecretString,
    /// Why the token is only held for this session, where the keyring would not take it.
    session_only: Option<String>,
}

impl Settings {
    pub fn open(&mut self, saved: &Saved) {
        let url = saved.remote.as_ref().map(Url::to_string).unwrap_or_default();
        *self = Self { is_open: true, remote: saved.remote.is_some(), url, ..Self::default() };
    }

    /// Draws it; returns what was decided.
    pub fn ui(&mut self, ctx: &Context, saved: &Saved, keys: &Keys, runtime: &tokio::runtime::Handle) -> Option<Decision> {
        if !self.is_open {
            return None;
        }
        let mut decision = self.take_in();
        let modal = Modal::new(Id::unique("settings")).show(ctx, |ui| {
            ui.set_width(560.0);
            ui.heading("Settings");
            ScrollArea::vertical().max_height(ui.ctx().content_rect().height() * 0.75).auto_shrink([false, true]).show(ui, |ui| {
                section(ui, "Look");
                look_ui(ui);
                section(ui, "Platform");
                if let Some(made) = self.platform_ui(ui, saved, keys, runtime) {
                    decision = Some(made);
                }
                section(ui, "Credits and licences");
                credits_ui(ui);
            });
            ui.add_space(theme::GAP_8);
            if ui.button("Close").clicked() {
                ui.close();
            }
        });
        if modal.should_close() || decision.is_some() {
            self.is_open = false;
        }
        decision
    }

    fn platform_ui(&mut self, ui: &mut Ui, saved: &Saved, keys: &Keys, runtime: &tokio::runtime::Handle) -> Option<Decision> {
        let tokens = theme::tokens(ui.ctx());
        ui.radio_value(&mut self.remote, false, "On this computer: starts and stops with the console, nothing to install");
        ui.radio_value(&mut self.remote, true, "A team's platform, run with 'minerva serve'");
        if !self.remote {
            let wanted = saved.remote.is_some() && ui.button("Use the platform on this computer").clicked();
            return wanted.then_some(Decision::UseEmbedded);
        }
        let url = ui.label("Address");
        ui.add(TextEdit::singleline(&mut self.url).hint_text("http://host:4100").desired_width(f32::INFINITY)).labelled_by(url.id);
        let token = ui.label("Token");
        let hint = if saved.remote.is_some() { "leave empty to use the one in the keyring" } else { "the token that 'minerva serve' was given" };
        ui.add(TextEdit::singleline(&mut self.token).password(true).hint_text(hint).desired_width(f32::INFINITY)).labelled_by(token.id);
        ui.horizontal(|ui| {
            let ready = self.trying.is_none() && !self.url.trim().is_empty();
            if ui.add_enabled(ready, egui::Button::new("Connect")).clicked() {
                self.try_it(ui.ctx(), keys, runtime, true);
            }
            if ui.add_enabled(ready, egui::Button::new("Test connection")).clicked() {
                self.try_it(ui.ctx(), keys, runtime, false);
            }
            if self.trying.is_some() {
                ui.spinner();
                ui.label("Asking the platform…");
            }
        });
        if let Some(problem) = &self.problem {
            ui.label(RichText::new(problem).color(tokens.bad));
        }
        if let Some(note) = &self.note {
            ui.label(RichText::new(note).color(tokens.good));
        }
        None
    }

    fn try_it(&mut self, egui: &Context, keys: &Keys, runtime: &tokio::runtime::Handle, connect: bool) {
        (self.problem, self.note) = (None, None);
        let base = match Url::parse(self.url.trim()) {
            Ok(base) if matches!(base.scheme(), "http" | "https") && base.has_host() => base,
            _ => {
                self.problem = Some("This is not an address. Write it as http://host:4100".to_owned());
                return;
            }
        };
        self.connect_after = connect;
        let typed = std::mem::take(&mut self.token);
        let (keys, egui) = (keys.clone(), egui.clone());
        let (sender, promise) = Promise::new();
        runtime.spawn(async move {
            sender.send(try_platform(base, &typed, &keys, connect).await);
            egui.request_repaint();
        });
        self.trying = Some(promise);
    }

    fn take_in(&mut self) -> Option<Decision> {
        let promise = self.trying.take()?;
        match promise.try_take() {
            Err(promise) => self.trying = Some(promise),
            Ok(Err(problem)) => self.problem = Some(problem),
            Ok(Ok(tried)) => {
                if self.connect_after {
                    if let Some(why) = tried.session_only {
                        tracing::warn!(%why, "the platform's token is held for this session only");
                    }
                    return Some(Decision::UseRemote { base: tried.base, token: tried.token });
                }
                self.note = Some("The platform answers and accepts the token".to_owned());
            }
        }
        None
    }
}

/// Asks the platform for something that needs the token; keeps the token when `keep`.
async fn try_platform(base: Url, typed: &str, keys: &Keys, keep: bool) -> Result<Tried, String> {
    let account = token_account(&base);
    let token = if typed.trim().is_empty() {
        keys.get(&account).await.map_err(|_| "Enter the platform's token".to_owned())?.0
    } else {
        SecretString::from(typed.trim().to_owned())
    };
    let client = Client::new(base.clone(), token.clone()).map_err(|error| error.to_string())?;
    client.config().await.map_err(|error| error.to_string())?;
    let mut session_only = None;
    if keep && let Err(problem) = keys.set(&account, token.clone()).await {
        keys.set_for_session(&account, token.clone());
        session_only = Some(problem.to_string());
    }
    Ok(Tried { base, token, session_only })
}

fn section(ui: &mut Ui, title: &str) {
    ui.add_space(theme::GAP_12);
    ui.label(RichText::new(title).family(egui::FontFamily::Name(theme::SEMIBOLD.into())).size(theme::TEXT_STRONG));
    ui.add_space(theme::GAP_4);
}

fn look_ui(ui: &mut Ui) {
    let mut preference = ui.ctx().options(|options| options.theme_preference);
    ui.horizontal(|ui| {
        let label = ui.label("Theme");
        let shown = theme_name(preference);
        let combo = ComboBox::from_id_salt("theme").selected_text(shown).show_ui(ui, |ui| {
            for choice in [ThemePreference::System, ThemePreference::Light, ThemePreference::Dark] {
                ui.selectable_value(&mut preference, choice, theme_name(choice));
            }
        });
        combo.response.labelled_by(label.id);
        let label = ui.label("Size");
        let mut percent = (ui.ctx().zoom_factor() * 100.0).round();
        let slider = ui.add(Slider::new(&mut percent, 80.0..=200.0).step_by(10.0).suffix(" %")).labelled_by(label.id);
        // While it is dragged the slider would move under the pointer.
        if (slider.changed() && !slider.dragged()) || slider.drag_stopped() {
            ui.ctx().set_zoom_factor(percent / 100.0);
        }
    });
    ui.ctx().set_theme(preference);
}

fn theme_name(preference: ThemePreference) -> &'static str {
    match preference {
        ThemePreference::System => "As the system",
        ThemePreference::Light => "Light",
        ThemePreference::Dark => "Dark",
    }
}

fn credits_ui(ui: &mut Ui) {
    ui.label(concat!("Minerva Console ", env!("CARGO_PKG_VERSION"), ", Apache License 2.0"));
    for (title, text) in CREDITS {
        ui.collapsing(title, |ui| {
            let mut words = text;
            let edit = ui.add(TextEdit::multiline(&mut words).desired_width(f32::INFINITY).desired_rows(8).font(egui::TextStyle::Small));
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, title));
        });
    }
}
