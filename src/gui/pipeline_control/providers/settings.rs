//! Where a provider is and how much may be asked of it.

use egui::{Align, Label, Layout, RichText, TextEdit, Ui, vec2};

use serde_json::{Map, Value};

use super::super::Wish;
use super::{Asked, page};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::merge::{self, Conflict, Words};
use crate::wire::author;
use crate::wire::provider::{ProviderInfo, ProviderLimits, ProviderSetting, SettingOrigin};

/// The limits: code of the platform, name on screen, what it means, its hint, how it is read and written.
type Limit = (&'static str, &'static str, &'static str, &'static str, fn(&mut ProviderLimits) -> &mut Option<u32>);
const LIMITS: [Limit; 5] = [
    ("requests_per_minute", "Requests a minute", "Further calls wait for their turn", "no limit", |limits| &mut limits.requests_per_minute),
    ("tokens_per_minute", "Tokens a minute", "Input and output together; estimated before a call, corrected after it", "no limit", |limits| {
        &mut limits.tokens_per_minute
    }),
    ("concurrency", "Calls at once", "In flight at the same time, 1 to 256", "as is usual for it", |limits| &mut limits.concurrency),
    (
        "timeout_s",
        "Longest silence",
        "A try is given up when its answer, or the next piece of one that comes in pieces, does not come for so long. 1 to 3,600 seconds",
        "120",
        |limits| &mut limits.timeout_s,
    ),
    (
        "total_s",
        "Time in all",
        "For one photo: all tries and the waits between them, from the first question on; a wait that the provider asks for counts, that for its turn does not. 1 to 7,200 seconds",
        "180",
        |limits| &mut limits.total_s,
    ),
];

/// The settings as they are being changed.
#[derive(Default)]
pub struct SettingsForm {
    /// What is typed, and what it was made from; `None`: nothing is typed yet.
    typed: Option<Typed>,
    /// The field's code, and why it was not taken.
    trouble: Option<(String, String)>,
    allow_http: bool,
    /// What stood when the first letter was typed, or when somebody else last changed it.
    base: Option<Typed>,
    /// What somebody else changed meanwhile as well.
    conflicts: Vec<Conflict>,
}

#[derive(Clone, PartialEq)]
struct Typed {
    base_url: String,
    limits: [String; 5],
}

impl Typed {
    fn of(provider: &ProviderInfo) -> Self {
        let mut limits = provider.setting.limits;
        let words = LIMITS.map(|(.., field)| field(&mut limits).map_or_else(String::new, |value| value.to_string()));
        Self { base_url: provider.base_url.clone().unwrap_or_default(), limits: words }
    }

    /// Field by field, as it is typed.
    fn fields(&self) -> Map<String, Value> {
        let limits = LIMITS.iter().zip(&self.limits).map(|((code, ..), words)| ((*code).to_owned(), Value::from(words.as_str())));
        std::iter::once((BASE_URL.to_owned(), Value::from(self.base_url.as_str()))).chain(limits).collect()
    }

    fn set(&mut self, field: &str, value: &Value) {
        let words = value.as_str().unwrap_or_default().to_owned();
        if field == BASE_URL {
            self.base_url = words;
        } else if let Some(at) = LIMITS.iter().position(|(code, ..)| *code == field) {
            self.limits[at] = words;
        }
    }
}

const BASE_URL: &str = "base_url";

/// What a field is called.
fn label(field: &str) -> String {
    LIMITS.iter().find(|(code, ..)| *code == field).map_or("Base URL", |(_, name, ..)| name).to_owned()
}

/// What a field holds; empty is what it is by itself.
fn value(_: &str, value: &Value) -> String {
    value.as_str().filter(|words| !words.is_empty()).unwrap_or("the default").to_owned()
}

impl SettingsForm {
    /// Whether something is typed that is not applied.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.typed.is_some()
    }

    /// The platform did not take it.
    pub fn refuse(&mut self, code: String, why: String) {
        let why = if code == "stale" {
            "The configuration was changed elsewhere meanwhile. Yours is kept here: look at it again and apply it".to_owned()
        } else {
            why
        };
        self.trouble = Some((code, why));
    }

    /// Brings what is typed together with what somebody else has set meanwhile.
    fn follow(&mut self, stands: &Typed) {
        let Some(typed) = &mut self.typed else {
            (self.base, self.conflicts) = (None, Vec::new());
            return;
        };
        let base = self.base.get_or_insert_with(|| stands.clone());
        if base == stands {
            return;
        }
        let (merged, conflicts) = merge::three_way(&base.fields(), &typed.fields(), &stands.fields());
        for (field, value) in &merged {
            typed.set(field, value);
        }
        merge::follow(&mut self.conflicts, conflicts, &typed.fields(), &stands.fields());
        *base = stands.clone();
        self.trouble = None;
    }

    fn is_refused(&self, code: &str) -> bool {
        self.trouble.as_ref().is_some_and(|(of, _)| of == code)
    }

    /// What would be set, or the field that can't be read and why.
    fn setting(&self, typed: &Typed, provider: &ProviderInfo) -> Result<ProviderSetting, (String, String)> {
        let mut limits = ProviderLimits::default();
        for ((code, name, .., field), words) in LIMITS.iter().zip(&typed.limits) {
            let digits: String = words.chars().filter(|letter| !matches!(letter, ' ' | ',' | '_' | '\u{202f}')).collect();
            if !digits.is_empty() {
                let value =
                    digits.parse().map_err(|_| ((*code).to_owned(), format!("{name} must be a whole number; leave it empty for the default")))?;
                *field(&mut limits) = Some(value);
            }
        }
        let base_url = typed.base_url.trim();
        let is_default = base_url.is_empty() || provider.default_base_url.as_deref() == Some(base_url);
        Ok(ProviderSetting {
            base_url: (!is_default).then(|| base_url.to_owned()),
            allow_http: self.allow_http || (provider.setting.allow_http && provider.setting.base_url.as_deref() == Some(base_url)),
            limits,
        })
    }
}

/// Draws the form.
pub fn ui(ui: &mut Ui, form: &mut SettingsForm, provider: &ProviderInfo, (is_busy, who): (bool, Option<&str>), wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let stands = Typed::of(provider);
    form.follow(&stands);
    let mut typed = form.typed.clone().unwrap_or_else(|| stands.clone());
    if !form.conflicts.is_empty() {
        if merge::ui(ui, &mut form.conflicts, &Words { what: "settings", whence: &author::whence_or_window(who), label: &label, value: &value }) {
            for conflict in &form.conflicts {
                typed.set(&conflict.field, conflict.value());
            }
        }
        ui.add_space(theme::GAP_12);
    }
    page::heading(ui, "Address");
    address_ui(ui, form, provider, &mut typed, tokens);
    ui.add_space(theme::GAP_16);
    page::heading(ui, "Limits");
    limits_ui(ui, form, provider, &mut typed, tokens);
    let before = form.typed.clone();
    let is_open = merge::is_open(&form.conflicts);
    form.typed = (typed != stands || is_open).then(|| typed.clone());
    if form.typed != before {
        form.trouble = None;
        form.allow_http = false;
    }
    ui.add_space(theme::GAP_8);
    ui.horizontal(|ui| {
        let can_discard = form.typed.is_some() && !is_busy;
        let can = can_discard && !is_open;
        let entered = form.typed.is_some()
            && ui.input(|input| input.key_pressed(egui::Key::Enter))
            && ui.data(|data| data.get_temp(entered_id())) == Some(true);
        let apply = ui.add_enabled(can, egui::Button::new("Apply"));
        let apply = if is_open { apply.on_disabled_hover_text("Choose first what holds where both changed the same") } else { apply };
        if apply.clicked() || (can && entered) {
            match form.setting(&typed, provider) {
                Ok(setting) => {
                    form.trouble = None;
                    wishes.push(Wish::Provider(Asked::Set { name: provider.name.clone(), label: provider.label.clone(), setting }));
                }
                Err(trouble) => form.trouble = Some(trouble),
            }
        }
        if ui.add_enabled(can_discard, egui::Button::new("Discard")).clicked() {
            *form = SettingsForm::default();
        }
        if is_busy {
            ui.spinner();
        } else if form.is_changed() {
            // In a place that is free anyway: nothing moves when the first letter is typed.
            let words = "Not applied yet: a test of the key tests what is in use";
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn)).truncate());
        }
    });
    trouble_ui(ui, form, tokens);
    ui.data_mut(|data| data.remove::<bool>(entered_id()));
}

/// Why the settings were not taken, below the button that was pressed: nothing moves away under the pointer.
fn trouble_ui(ui: &mut Ui, form: &mut SettingsForm, tokens: &Tokens) {
    let Some((code, why)) = &form.trouble else { return };
    let is_question = code == "http_unconfirmed";
    ui.add(Label::new(RichText::new(why).color(if is_question { tokens.warn } else { tokens.bad })).wrap());
    if is_question {
        ui.checkbox(&mut form.allow_http, "Send photos and the key unencrypted all the same");
    }
}

/// The colours of a field that was not taken.
fn mark(ui: &mut Ui, is_refused: bool, tokens: &Tokens) {
    if is_refused {
        ui.visuals_mut().widgets.inactive.bg_stroke = (1.0, tokens.bad).into();
        ui.visuals_mut().widgets.hovered.bg_stroke = (1.0, tokens.bad).into();
    }
}

/// Whether a field of the form was left with Enter in this frame.
fn entered_id() -> egui::Id {
    egui::Id::unique("provider settings entered")
}

fn note_entered(ui: &Ui, field: &egui::Response) {
    if field.lost_focus() {
        ui.data_mut(|data| data.insert_temp(entered_id(), true));
    }
}

fn address_ui(ui: &mut Ui, form: &SettingsForm, provider: &ProviderInfo, typed: &mut Typed, tokens: &Tokens) {
    ui.horizontal(|ui| {
        let label = ui.label("Base URL");
        mark(ui, form.is_refused("base_url") || form.is_refused("http_unconfirmed"), tokens);
        let width = (ui.available_width() - 80.0).max(140.0);
        let edit = TextEdit::singleline(&mut typed.base_url).id_salt("base url").char_limit(500).desired_width(width);
        let field = ui.add(edit.hint_text(provider.default_base_url.as_deref().unwrap_or("http://localhost:1234/v1"))).labelled_by(label.id);
        note_entered(ui, &field);
        let default = provider.default_base_url.clone().unwrap_or_default();
        let can = !default.is_empty() && typed.base_url != default;
        if ui.add_enabled(can, egui::Button::new("Reset")).on_hover_text("Put the default address back").clicked() {
            typed.base_url = default;
        }
    });
    let words = match provider.base_url_from {
        SettingOrigin::BuiltIn => "The provider's own address",
        SettingOrigin::Told => "From the command line or the configuration file; what is set here goes before it",
        SettingOrigin::Set => "Set here",
    };
    ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
}

fn limits_ui(ui: &mut Ui, form: &SettingsForm, provider: &ProviderInfo, typed: &mut Typed, tokens: &Tokens) {
    /// Below this a unit has room for one letter; the tooltip says the rest.
    const NARROW: f32 = 480.0;
    /// What is kept for it.
    const UNIT_WIDTH: f32 = 20.0;
    let is_narrow = ui.available_width() < NARROW;
    let mut told = provider.told_limits;
    for ((code, name, tooltip, hint, of), words) in LIMITS.iter().zip(&mut typed.limits) {
        ui.horizontal(|ui| {
            let layout = Layout::left_to_right(Align::Center);
            let label = ui.allocate_ui_with_layout(vec2(124.0, theme::CONTROL_HEIGHT), layout, |ui| {
                ui.set_min_width(124.0);
                ui.label(*name)
            });
            let label = label.inner.on_hover_text(*tooltip);
            let hint = of(&mut told).map_or_else(|| (*hint).to_owned(), |value| format!("{value} (configuration)"));
            let unit = match *code {
                "timeout_s" | "total_s" if is_narrow => "s",
                "timeout_s" => "seconds of a try without a word",
                "total_s" => "seconds for a photo, with all retries",
                _ => "",
            };
            mark(ui, form.is_refused(code), tokens);
            let width = (ui.available_width() - UNIT_WIDTH).clamp(60.0, 150.0);
            let edit = TextEdit::singleline(words).id_salt(*code).char_limit(12).hint_text(hint).desired_width(width);
            let field = ui.add(edit).labelled_by(label.id).on_hover_text(*tooltip);
            note_entered(ui, &field);
            // What is wider than the page would push the right ends of all that follows out of sight.
            ui.add(Label::new(RichText::new(unit).color(tokens.muted)).truncate());
        });
    }
}
