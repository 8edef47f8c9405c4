//! Looking for traces: by words, error, model and time.

use egui::{Align, ComboBox, Key, Label, Layout, Modifiers, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};
use uuid::Uuid;

use crate::gui::ctx::{AreaCtx, Paged};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, empty_state, error_state, list_row, number, relative_time, section, skeleton};
use crate::wire::model::ModelInfo;
use crate::wire::result::FaultKind;
use crate::wire::trace::{TraceQuery, TraceSummary};

const PAGE: u32 = 100;
const ROW: f32 = 46.0;
/// What can be slower than.
const LEAST_MS: [u64; 4] = [1_000, 5_000, 15_000, 60_000];

/// Which errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Errors {
    #[default]
    All,
    Any,
    Kind(FaultKind),
}

impl Errors {
    fn words(self) -> String {
        match self {
            Self::All => "Answered or failed".to_owned(),
            Self::Any => "Any error".to_owned(),
            Self::Kind(kind) => sentence(kind.label()),
        }
    }

    fn query(self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Any => Some("any".to_owned()),
            Self::Kind(kind) => serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)),
        }
    }
}

/// What is looked for, and what was found.
#[derive(Default)]
pub struct Search {
    text: String,
    errors: Errors,
    model: Option<String>,
    least_ms: Option<u64>,
    found: Paged<TraceQuery, TraceSummary>,
}

impl Search {
    pub fn reload(&mut self) {
        self.found.mark_behind();
    }

    fn is_filtered(&self) -> bool {
        !self.text.trim().is_empty() || self.errors != Errors::All || self.model.is_some() || self.least_ms.is_some()
    }

    fn show_all(&mut self) {
        (self.text, self.errors, self.model, self.least_ms) = (String::new(), Errors::All, None, None);
    }

    fn wanted(&self) -> TraceQuery {
        TraceQuery {
            error: self.errors.query(),
            model: self.model.clone(),
            min_duration_ms: self.least_ms,
            q: Some(self.text.trim().to_owned()).filter(|text| !text.is_empty()),
            limit: Some(PAGE),
            ..TraceQuery::default()
        }
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        self.found.poll();
        let wanted = self.wanted();
        let query = wanted.clone();
        self.found.follow(wanted, ctx, |client, cursor| async move { client.traces(&TraceQuery { cursor, ..query }).await });
    }

    /// Draws what is looked for and what was found; returns the trace that was chosen.
    pub fn ui(&mut self, ui: &mut Ui, shown: Option<Uuid>, models: &[ModelInfo], ctx: &AreaCtx<'_>) -> Option<Uuid> {
        let tokens = ctx.tokens();
        section::ui(ui, "Traces", |ui| {
            if Tool::new(icons::ICON_REFRESH, "Look again").tooltip("Look again for the newest traces").icon_only().ui(ui).clicked() {
                self.reload();
            }
        });
        self.field_ui(ui);
        ui.add_space(theme::GAP_4);
        self.choices_ui(ui, models);
        let order = if self.least_ms.is_some() && self.text.trim().is_empty() { "Slowest first" } else { "Newest first" };
        ui.label(RichText::new(format!("{order}. Kept for 14 days")).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.add_space(theme::GAP_4);
        self.found_ui(ui, shown, ctx)
    }

    fn field_ui(&mut self, ui: &mut Ui) {
        let edit = TextEdit::singleline(&mut self.text).id_salt("search traces").hint_text("Words of name, answer or error").char_limit(200);
        let field = ui.add_sized(vec2(ui.available_width(), theme::CONTROL_HEIGHT), edit.align(egui::Align2::LEFT_CENTER));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::SearchInput, true, "Search traces"));
        if field.changed() {
            self.found.on_typed();
        }
        if field.has_focus() && !self.text.is_empty() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.text.clear();
        }
        let wants = !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Slash));
        if wants {
            field.request_focus();
        }
    }

    fn choices_ui(&mut self, ui: &mut Ui, models: &[ModelInfo]) {
        let half = (ui.available_width() - theme::GAP_8) / 2.0 - 12.0;
        let named = |button: egui::Response, words: String| {
            button.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &words));
        };
        ui.horizontal(|ui| {
            let shown = self.errors.words();
            let list = ComboBox::from_id_salt("errors").width(half).truncate().selected_text(&shown);
            let kinds = FaultKind::ALL.into_iter().map(Errors::Kind);
            let all = [Errors::All, Errors::Any].into_iter().chain(kinds).map(|errors| (errors, errors.words()));
            named(choice::ui(ui, list, &mut self.errors, all), format!("Error: {shown}"));
            let words =
                |least: Option<u64>| least.map_or_else(|| "Any time".to_owned(), |least| format!("{} or slower", number::duration_ms(least as f64)));
            let shown = words(self.least_ms);
            let list = ComboBox::from_id_salt("least time").width(half).truncate().selected_text(&shown);
            let all = std::iter::once(None).chain(LEAST_MS.into_iter().map(Some)).map(|least| (least, words(least)));
            named(choice::ui(ui, list, &mut self.least_ms, all), format!("Time: {shown}"));
        });
        let shown = self.model.clone().unwrap_or_else(|| "All models".to_owned());
        let list = ComboBox::from_id_salt("trace model").width(ui.available_width() - 16.0).truncate().selected_text(&shown);
        let all = models.iter().map(|model| (Some(model.name.clone()), model.name.clone()));
        named(choice::ui(ui, list, &mut self.model, std::iter::once((None, "All models".to_owned())).chain(all)), format!("Model: {shown}"));
    }

    fn found_ui(&mut self, ui: &mut Ui, shown: Option<Uuid>, ctx: &AreaCtx<'_>) -> Option<Uuid> {
        if let Some(failure) = self.found.failure().map(ToString::to_string) {
            if error_state::ui(ui, "The traces could not be read", &failure) {
                self.found.try_again();
            }
            return None;
        }
        let Some(found) = self.found.found() else {
            skeleton::lines(ui, 6);
            return None;
        };
        if found.is_empty() {
            if self.is_filtered() {
                if empty_state::ui(ui, "No trace is like that", Some("Show all traces")) {
                    self.show_all();
                }
            } else {
                empty_state::ui(ui, "No photo was processed or tested in the last 14 days", None);
            }
            return None;
        }
        let (mut chosen, mut last) = (None, 0);
        ui.spacing_mut().item_spacing.y = 2.0;
        ScrollArea::vertical().id_salt("found traces").auto_shrink(false).show_rows(ui, ROW, found.len(), |ui, visible| {
            last = visible.end;
            for trace in found.get(visible).unwrap_or_default() {
                if row_ui(ui, trace, shown == Some(trace.id.0), ctx) {
                    chosen = Some(trace.id.0);
                }
            }
        });
        self.found.on_seen(last, ui.ctx());
        chosen
    }
}

/// What became of it in two or three words, and its colour.
pub fn state_words(trace: &TraceSummary, tokens: &Tokens) -> (String, egui::Color32) {
    match trace.fault {
        Some(kind) => (sentence(kind.label()), tokens.bad),
        None if trace.tries > 1 => (format!("Answered at try {}", trace.tries), tokens.warn),
        None => ("Answered".to_owned(), tokens.good),
    }
}

pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The prompt, the repeat and the model, as far as they are known.
fn asked_words(trace: &TraceSummary) -> Vec<String> {
    let repeat = trace.repeat.map(|repeat| format!("repeat {repeat}"));
    trace.prompt.clone().into_iter().chain(repeat).chain([trace.model.clone()]).collect()
}

fn row_ui(ui: &mut Ui, trace: &TraceSummary, is_shown: bool, ctx: &AreaCtx<'_>) -> bool {
    let tokens = ctx.tokens();
    let (state, colour) = state_words(trace, tokens);
    let time = number::duration_ms(trace.duration_ms as f64);
    let asked = asked_words(trace);
    let name = format!("Trace of {}, {}: {state}, {time}", trace.file_name, asked.join(", "));
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    let row = list_row::ui(ui, &name, is_shown, ROW, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(small(relative_time::words(trace.at, ctx.now)));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let icon = if trace.fault.is_some() { icons::ICON_ERROR } else { icons::ICON_CHECK_CIRCLE };
                    ui.label(RichText::new(icon.codepoint).size(14.0).color(colour)).on_hover_text(&state);
                    ui.add(Label::new(RichText::new(&trace.file_name)).truncate().show_tooltip_when_elided(false));
                });
            });
        });
        let fault = trace.fault.map(|_| format!(" · {state}")).unwrap_or_default();
        let words = format!("{} · {time} · {}{fault}", trace.kind.label(), asked.join(" · "));
        ui.add(Label::new(small(words)).truncate().show_tooltip_when_elided(false));
    });
    row.clicked()
}
