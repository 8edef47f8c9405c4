//! Settings: which platform, how it looks, and whose work the program ships.

use egui::{ComboBox, Context, Grid, Label, RichText, ScrollArea, Slider, TextEdit, ThemePreference, Ui};
use poll_promise::Promise;
use secrecy::SecretString;
use url::Url;

use super::dialog;
use super::saved::{Saved, token_account};
use crate::client::Client;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, section};
use crate::keys::Keys;
use crate::wire::author::{self, AUTHOR_MOST};

/// Photos whose licence asks to be named; the rest is in the public domain.
const PHOTO_CREDITS: [&str; 4] =
    ["Dogs: Aitzol Berasategi, CC BY 4.0", "Fig: Trevor “Freespace”, CC BY 4.0", "Room: Jakub Mede, CC BY 4.0", "Pagoda: danielbuechele, CC BY 2.0"];
const LICENCES: [(&str, &str); 6] = [
    ("All photos and where they come from", include_str!("../../../assets/photos/LICENSES.md")),
    ("On-device model", include_str!("../../../assets/model/NOTICE.txt")),
    ("Apache License 2.0", include_str!("../../../assets/model/LICENSE-Apache-2.0.txt")),
    ("WordNet 3.0", include_str!("../../../assets/model/LICENSE-WordNet-3.0.txt")),
    ("Open Sans", include_str!("../../../assets/fonts/OpenSans-LICENSE.txt")),
    ("JetBrains Mono", include_str!("../../../assets/fonts/JetBrainsMono-LICENSE.txt")),
];

/// What a person decided.
pub enum Decision {
    /// Alerts are told by the window alone, or by the desktop too.
    BeQuiet(bool),
    /// What the person is called; empty: as the system says.
    BeCalled(String),
    UseEmbedded,
    /// The token is given along; it is in the keyring (or this session) already.
    UseRemote {
        base: Url,
        token: SecretString,
        /// Why the token is only held for this session, where the keyring would not take it.
        session_only: Option<String>,
    },
}

/// What the dialog needs from the window.
pub struct Surroundings<'a> {
    pub saved: &'a Saved,
    /// The platform that the command line names, if it does.
    pub named: Option<&'a Url>,
    pub keys: &'a Keys,
    pub runtime: &'a tokio::runtime::Handle,
    pub data_folder: Option<&'a std::path::Path>,
    /// What the system calls the person.
    pub user_name: &'a str,
}

/// How the last test of a platform ended.
enum Verdict {
    Good(String),
    Bad(String),
}

#[derive(Default)]
pub struct Settings {
    is_open: bool,
    remote: bool,
    name: String,
    url: String,
    token: String,
    verdict: Option<Verdict>,
    /// A test of a remote platform that is under way.
    trying: Option<Promise<Result<Tried, String>>>,
    /// The platform is used when the test ends well.
    connect_after: bool,
}

struct Tried {
    base: Url,
    token: SecretString,
    session_only: Option<String>,
}

impl Settings {
    /// `named`: the platform that the command line names goes before the saved one.
    pub fn open(&mut self, saved: &Saved, named: Option<&Url>) {
        let remote = named.or(saved.remote.as_ref());
        let url = remote.map(Url::to_string).unwrap_or_default();
        *self = Self { is_open: true, remote: remote.is_some(), url, name: saved.name.clone(), ..Self::default() };
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Draws it; returns what was decided.
    pub fn ui(&mut self, ctx: &Context, around: &Surroundings<'_>) -> Option<Decision> {
        if !self.is_open {
            return None;
        }
        let mut decision = self.take_in();
        let ((), close) = dialog::show(ctx, "Settings", 600.0, |ui| {
            dialog::scrolled(ui, |ui| {
                section::heading(ui, "Look");
                look_ui(ui);
                ui.add_space(theme::GAP_12);
                section::heading(ui, "Alerts");
                let mut is_loud = !around.saved.is_quiet;
                if ui.checkbox(&mut is_loud, "Tell me on the desktop while the window is behind others").changed() {
                    decision = Some(Decision::BeQuiet(!is_loud));
                }
                ui.add_space(theme::GAP_12);
                section::heading(ui, "You");
                if let Some(named) = self.name_ui(ui, around) {
                    decision = Some(named);
                }
                ui.add_space(theme::GAP_12);
                section::heading(ui, "Platform");
                if let Some(made) = self.platform_ui(ui, around) {
                    decision = Some(made);
                }
                ui.add_space(theme::GAP_12);
                section::heading(ui, "Credits and licences");
                credits_ui(ui);
            });
        });
        if close || decision.as_ref().is_some_and(|decision| !matches!(decision, Decision::BeQuiet(_) | Decision::BeCalled(_))) {
            self.is_open = false;
        }
        decision
    }

    /// The name that stands with what this window changes. What can be none is said at the field, and the last good one holds.
    fn name_ui(&mut self, ui: &mut Ui, around: &Surroundings<'_>) -> Option<Decision> {
        let tokens = theme::tokens(ui.ctx());
        let mut decision = None;
        Grid::new("you").num_columns(2).spacing([theme::GAP_24, theme::GAP_8]).show(ui, |ui| {
            let label = ui.label("Your name");
            let hint = around.user_name;
            if ui.add(field(&mut self.name, hint).char_limit(AUTHOR_MOST)).labelled_by(label.id).changed() {
                let is_sound = self.name.trim().is_empty() || author::read(&self.name).is_ok();
                decision = is_sound.then(|| Decision::BeCalled(self.name.trim().to_owned()));
            }
            ui.end_row();
        });
        let trouble = author::read(&self.name).err().filter(|_| !self.name.trim().is_empty());
        let (words, colour) = match &trouble {
            Some(why) => (why.as_str(), tokens.bad),
            None => ("Stands with versions, deployments and every other change that you make, for all to see", tokens.muted),
        };
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).wrap());
        decision
    }

    fn platform_ui(&mut self, ui: &mut Ui, around: &Surroundings<'_>) -> Option<Decision> {
        let tokens = theme::tokens(ui.ctx());
        let hint = |ui: &mut Ui, words: &str| {
            egui::Frame::new().outer_margin(egui::Margin { left: 22, top: -6, ..egui::Margin::ZERO }).show(ui, |ui| {
                ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
            });
        };
        ui.radio_value(&mut self.remote, false, "On this computer");
        match around.data_folder {
            Some(folder) => hint(ui, &format!("Starts and stops with the console. Photos and results are in {}", folder.display())),
            None => hint(ui, "Starts and stops with the console"),
        }
        ui.radio_value(&mut self.remote, true, "A team's platform");
        match around.named {
            Some(_) => hint(ui, "Named on the command line, for as long as the console is open. Connect here to keep it"),
            None => hint(ui, "Somebody runs “minerva serve” and tells you its address and token"),
        }
        if !self.remote {
            let is_elsewhere = around.named.is_some() || around.saved.remote.is_some();
            let switch = is_elsewhere && ui.button("Use the platform on this computer").clicked();
            return switch.then_some(Decision::UseEmbedded);
        }
        ui.add_space(theme::GAP_4);
        Grid::new("platform").num_columns(2).spacing([theme::GAP_12, theme::GAP_8]).show(ui, |ui| {
            let label = ui.label("Address");
            ui.add(field(&mut self.url, "http://host:4100")).labelled_by(label.id);
            ui.end_row();
            let known = around.saved.remote.as_ref().is_some_and(|base| base.as_str().trim_end_matches('/') == self.url.trim().trim_end_matches('/'));
            let label = ui.label("Token");
            let hint = if known { "Leave empty to use the one that is kept" } else { "" };
            ui.add(field(&mut self.token, hint).password(true)).labelled_by(label.id);
            ui.end_row();
        });
        ui.horizontal(|ui| self.try_ui(ui, around));
        match &self.verdict {
            Some(Verdict::Good(words)) => verdict_ui(ui, icons::ICON_CHECK_CIRCLE, tokens.good, words),
            Some(Verdict::Bad(words)) => verdict_ui(ui, icons::ICON_ERROR, tokens.bad, words),
            None => {}
        }
        None
    }

    fn try_ui(&mut self, ui: &mut Ui, around: &Surroundings<'_>) {
        let ready = self.trying.is_none() && !self.url.trim().is_empty();
        let connect = Tool::new(icons::ICON_LINK, "Connect").primary().enabled(ready);
        if connect.tooltip("Test the connection, keep the token in the system's keyring, and use this platform from now on").ui(ui).clicked() {
            self.try_it(ui.ctx(), around, true);
        }
        if ui.add_enabled(ready, egui::Button::new("Test connection")).clicked() {
            self.try_it(ui.ctx(), around, false);
        }
        if self.trying.is_some() {
            ui.spinner();
            ui.label("Asking the platform…");
        }
    }

    fn try_it(&mut self, egui: &Context, around: &Surroundings<'_>, connect: bool) {
        self.verdict = None;
        let base = match address(&self.url) {
            Ok(base) => base,
            Err(problem) => {
                self.verdict = Some(Verdict::Bad(problem.to_owned()));
                return;
            }
        };
        self.connect_after = connect;
        let typed = self.token.trim().to_owned();
        let (keys, egui) = (around.keys.clone(), egui.clone());
        let (sender, promise) = Promise::new();
        around.runtime.spawn(async move {
            sender.send(try_platform(base, typed, &keys, connect).await);
            egui.request_repaint();
        });
        self.trying = Some(promise);
    }

    fn take_in(&mut self) -> Option<Decision> {
        let promise = self.trying.take()?;
        match promise.try_take() {
            Err(promise) => self.trying = Some(promise),
            Ok(Err(problem)) => self.verdict = Some(Verdict::Bad(problem)),
            Ok(Ok(Tried { base, token, session_only })) if self.connect_after => {
                self.token.clear();
                return Some(Decision::UseRemote { base, token, session_only });
            }
            Ok(Ok(_)) => self.verdict = Some(Verdict::Good("The platform answers and takes the token".to_owned())),
        }
        None
    }
}

fn field<'t>(text: &'t mut String, hint: &'t str) -> TextEdit<'t> {
    TextEdit::singleline(text).hint_text(hint).desired_width(420.0)
}

/// The address of a platform, as people write it: with or without the last stroke.
fn address(typed: &str) -> Result<Url, &'static str> {
    let base = Url::parse(typed.trim()).ok().filter(|base| matches!(base.scheme(), "http" | "https") && base.has_host());
    let mut base = base.ok_or("This is not an address. Write it as http://host:4100")?;
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    Ok(base)
}

/// Asks the platform for something that needs the token; keeps the token when `keep`.
async fn try_platform(base: Url, typed: String, keys: &Keys, keep: bool) -> Result<Tried, String> {
    let account = token_account(&base);
    let token = if typed.is_empty() {
        keys.get(&account).await.map_err(|_| "Enter the platform's token: none is kept for this address".to_owned())?.0
    } else {
        SecretString::from(typed)
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

fn verdict_ui(ui: &mut Ui, icon: egui_material_icons::MaterialIcon, colour: egui::Color32, words: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
        ui.label(RichText::new(words).color(colour));
    });
}

fn look_ui(ui: &mut Ui) {
    let mut preference = ui.ctx().options(|options| options.theme_preference);
    Grid::new("look").num_columns(2).spacing([theme::GAP_24, theme::GAP_8]).show(ui, |ui| {
        let label = ui.label("Theme");
        let list = ComboBox::from_id_salt("theme").selected_text(theme_name(preference));
        let themes = [ThemePreference::System, ThemePreference::Light, ThemePreference::Dark].map(|theme| (theme, theme_name(theme)));
        choice::ui(ui, list, &mut preference, themes).labelled_by(label.id);
        ui.end_row();
        let label = ui.label("Size");
        // Held apart while it is dragged, or the slider would move under the pointer.
        let id = ui.scope_id().with("size being chosen");
        let shown = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or_else(|| ui.ctx().zoom_factor() * 100.0);
        let mut percent = shown.round();
        let slider = ui.add(Slider::new(&mut percent, 80.0..=200.0).step_by(10.0).suffix(" %")).labelled_by(label.id);
        if slider.dragged() {
            ui.data_mut(|data| data.insert_temp(id, percent));
        } else {
            ui.data_mut(|data| data.remove::<f32>(id));
            if slider.changed() || slider.drag_stopped() {
                ui.ctx().set_zoom_factor(percent / 100.0);
            }
        }
        ui.end_row();
    });
    if preference != ui.ctx().options(|options| options.theme_preference) {
        ui.ctx().set_theme(preference);
    }
}

fn theme_name(preference: ThemePreference) -> &'static str {
    match preference {
        ThemePreference::System => "As the system",
        ThemePreference::Light => "Light",
        ThemePreference::Dark => "Dark",
    }
}

fn credits_ui(ui: &mut Ui) {
    let tokens = theme::tokens(ui.ctx());
    let small = |words: &str| Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap();
    ui.label(concat!("Minerva Console ", env!("CARGO_PKG_VERSION"), ", Apache License 2.0"));
    ui.add(small(&format!("Photos under CC BY, resized and re-encoded: {}. All others are in the public domain or CC0", PHOTO_CREDITS.join("; "))));
    for (title, text) in LICENCES {
        ui.collapsing(title, |ui| {
            ScrollArea::both().max_height(180.0).id_salt(title).show(ui, |ui| {
                ui.add(Label::new(RichText::new(text).monospace().size(theme::TEXT_SMALL)).selectable(true).extend());
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        assert_eq!(address(" http://host:4100 ").map(String::from), Ok("http://host:4100/".to_owned()));
        assert_eq!(address("https://team.example/minerva").map(String::from), Ok("https://team.example/minerva/".to_owned()));
        for bad in ["", "host:4100", "ftp://host", "http://"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_photo_that_asks_to_be_named_is_named() {
        let asking = include_str!("../../../assets/photos/LICENSES.md").lines().filter(|line| line.starts_with('|') && line.contains("| CC BY"));
        assert_eq!(asking.count(), PHOTO_CREDITS.len());
    }
}
