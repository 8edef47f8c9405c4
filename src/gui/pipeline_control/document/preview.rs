//! Exactly what would be sent of a photo to a model: the platform renders it, since it is what asks.

use std::time::{Duration, Instant};

use egui::{Align, ComboBox, Frame, Key, Label, Layout, Margin, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::Part;
use crate::gui::ctx::{ApiError, AreaCtx, Remote};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, empty_state, error_state, number, section, skeleton, thumbnail};
use crate::wire::ids::PhotoId;
use crate::wire::model::ModelInfo;
use crate::wire::page::Page;
use crate::wire::photo::Photo;
use crate::wire::prompt::{PreviewPrompt, PromptPreview};
use crate::wire::prompt_parts::PromptParts;

/// Photos that can be chosen: the newest of the library.
const PHOTOS: u32 = 100;
/// What is typed is shown this long after the last keystroke.
const PAUSE: Duration = Duration::from_millis(300);
const THUMB: f32 = 72.0;
const THUMB_PX: u32 = 256;

/// The tab's memory.
#[derive(Default)]
pub struct Preview {
    photos: Remote<Page<Photo>>,
    /// Photos came or went since they were asked for.
    is_behind: bool,
    photo: Option<PhotoId>,
    model: Option<String>,
    shown: Remote<PromptPreview>,
    /// What was asked for last, as it is on the wire.
    asked: Option<PreviewPrompt>,
    /// What is to be asked for, and when.
    due: Option<(PreviewPrompt, Instant)>,
}

/// The way to what can't be sent.
pub struct GoTo {
    pub part: Part,
    pub line: Option<u32>,
}

impl Preview {
    /// The library is another.
    pub fn mark_behind(&mut self) {
        self.is_behind = true;
    }

    /// Asks for photos, and for the preview of what stands there now.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>, content: &str, parts: PromptParts, live_model: Option<&str>, models: &[ModelInfo]) {
        self.photos.poll();
        self.shown.poll();
        let is_new = self.photos.value().is_none() && self.photos.failure().is_none();
        if (is_new || self.is_behind) && !self.photos.is_pending() {
            self.is_behind = false;
            ctx.ask(&mut self.photos, |client| async move { client.photos(None, PHOTOS).await });
        }
        let photos = self.photos.value().map(|page| page.items.as_slice()).unwrap_or_default();
        if self.photo.is_none_or(|chosen| photos.iter().all(|photo| photo.id != chosen)) {
            self.photo = photos.first().map(|photo| photo.id);
        }
        let is_known = |name: &str| models.iter().any(|model| model.name == name);
        if self.model.as_deref().is_none_or(|model| !is_known(model)) {
            self.model = live_model.filter(|live| is_known(live)).map(str::to_owned).or_else(|| models.first().map(|model| model.name.clone()));
        }
        let (Some(photo_id), Some(model)) = (self.photo, self.model.clone()) else { return };
        let wanted = PreviewPrompt { content: content.to_owned(), parts, photo_id, model };
        if self.asked.as_ref() == Some(&wanted) {
            self.due = None;
            return;
        }
        let now = Instant::now();
        if self.due.as_ref().is_none_or(|(due, _)| *due != wanted) {
            // Another photo or model is shown at once; typing waits for a pause.
            let is_typed = self.asked.as_ref().is_some_and(|asked| asked.content != wanted.content || asked.parts != wanted.parts);
            self.due = Some((wanted, if is_typed { now + PAUSE } else { now }));
        }
        let Some((wanted, at)) = &self.due else { return };
        if *at > now {
            ctx.egui.request_repaint_after(*at - now);
            return;
        }
        let body = wanted.clone();
        self.asked = Some(body.clone());
        self.due = None;
        ctx.ask(&mut self.shown, |client| async move { client.preview_prompt(&body).await });
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>, models: &[ModelInfo]) -> Option<GoTo> {
        let tokens = theme::tokens(ui.ctx());
        let Some(page) = self.photos.value() else {
            match self.photos.failure() {
                Some(failure) if error_state::ui(ui, "The photos could not be read", &failure.to_string()) => {
                    self.photos = Remote::default();
                }
                Some(_) => {}
                None => skeleton::lines(ui, 8),
            }
            return None;
        };
        if page.items.is_empty() {
            empty_state::ui(ui, "There is no photo in the library to show the prompt with; add one in the Testing lab", None);
            return None;
        }
        let photos = &page.items;
        let at = photos.iter().position(|photo| Some(photo.id) == self.photo).unwrap_or(0);
        let step = choice_ui(ui, ctx, photos, at, models, &mut self.model, tokens);
        if let Some(other) = at.checked_add_signed(step).and_then(|at| photos.get(at)) {
            self.photo = Some(other.id);
        }
        ui.add_space(theme::GAP_8);
        self.shown_ui(ui, tokens)
    }

    fn shown_ui(&mut self, ui: &mut Ui, tokens: &Tokens) -> Option<GoTo> {
        if let Some(failure) = self.shown.failure() {
            let words = match failure {
                ApiError::Problem(problem) => problem.detail.clone(),
                other => other.to_string(),
            };
            let part = match failure.code() {
                Some("template" | "empty_prompt" | "prompt_too_long") => Some(Part::Prompt),
                Some("system_template" | "system_too_long") => Some(Part::System),
                Some("schema" | "schema_too_long") => Some(Part::Answer),
                Some("parameters" | "variables") => Some(Part::Settings),
                _ => None,
            };
            return refused_ui(ui, &words, part, tokens);
        }
        let Some(preview) = self.shown.value() else {
            skeleton::lines(ui, 8);
            return None;
        };
        ScrollArea::vertical().id_salt("preview").auto_shrink(false).show(ui, |ui| {
            for note in &preview.notes {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = theme::GAP_4;
                    ui.label(RichText::new(icons::ICON_WARNING.codepoint).size(14.0).color(tokens.warn));
                    ui.add(Label::new(RichText::new(note).size(theme::TEXT_SMALL)).wrap());
                });
            }
            if !preview.system.is_empty() {
                text_ui(ui, "System text", &preview.system, tokens);
            }
            text_ui(ui, "User text", &preview.user, tokens);
            section::heading(ui, "Photo");
            ui.add(Label::new(photo_words(preview)).wrap());
            ui.add_space(theme::GAP_8);
            request_ui(ui, preview, tokens);
        });
        None
    }
}

fn photo_words(preview: &PromptPreview) -> String {
    let photo = preview.photo;
    let size = format!("{} × {} px", number::count(u64::from(photo.width_px)), number::count(u64::from(photo.height_px)));
    let bytes =
        photo.bytes.map_or_else(|| " as pixels, to the model in this program".to_owned(), |bytes| format!(", JPEG, {} bytes", number::count(bytes)));
    let tokens = match (photo.tokens, photo.bytes) {
        (Some(tokens), _) => format!(", {} tokens by this model's rule", number::count(tokens)),
        (None, Some(_)) => ", tokens not known".to_owned(),
        (None, None) => String::new(),
    };
    format!("{size}{bytes}{tokens}")
}

/// What the platform will not send, and the way to it.
fn refused_ui(ui: &mut Ui, words: &str, part: Option<Part>, tokens: &Tokens) -> Option<GoTo> {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_4;
        ui.label(RichText::new(icons::ICON_ERROR.codepoint).color(tokens.bad));
        ui.add(Label::new(RichText::new(words).color(tokens.bad)).wrap());
    });
    let part = part?;
    let lower = words.to_lowercase();
    let digits = lower.split("line ").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_digit).collect::<String>();
    let line: Option<u32> = digits.parse().ok();
    let words = line.map_or_else(|| "Go there".to_owned(), |line| format!("Go to line {line}"));
    ui.button(words).clicked().then_some(GoTo { part, line })
}

fn text_ui(ui: &mut Ui, name: &str, text: &str, tokens: &Tokens) {
    section::ui(ui, name, |ui| {
        let words = format!("Copy the {}", name.to_lowercase());
        if Tool::new(icons::ICON_CONTENT_COPY, &words).icon_only().ui(ui).clicked() {
            ui.ctx().copy_text(text.to_owned());
        }
    });
    block_ui(ui, text, tokens);
    ui.add_space(theme::GAP_8);
}

fn request_ui(ui: &mut Ui, preview: &PromptPreview, tokens: &Tokens) {
    let Some(request) = &preview.request else {
        section::heading(ui, "Request");
        ui.label(RichText::new("Nothing leaves this computer: the model runs in this program").color(tokens.muted));
        return;
    };
    let json = format!("{:#}", request.body);
    section::ui(ui, "Request", |ui| {
        if Tool::new(icons::ICON_CONTENT_COPY, "Copy as JSON").ui(ui).clicked() {
            ui.ctx().copy_text(json.clone());
        }
    });
    let words = format!("{} {} · {} bytes · the key stands in a header", request.method, request.url, number::count(request.body_bytes));
    ui.add(Label::new(RichText::new(&words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(&words);
    ui.add_space(theme::GAP_4);
    block_ui(ui, &json, tokens);
}

/// The photo and the model; returns by how many photos a person goes on.
fn choice_ui(
    ui: &mut Ui,
    ctx: &mut AreaCtx<'_>,
    photos: &[Photo],
    at: usize,
    models: &[ModelInfo],
    model: &mut Option<String>,
    tokens: &Tokens,
) -> isize {
    let Some(photo) = photos.get(at) else { return 0 };
    let mut step = 0_isize;
    ui.horizontal(|ui| {
        let thumb = thumb_ui(ui, ctx, photo, &format!("Photo {}, {} of {}", photo.file_name, at + 1, photos.len()), tokens);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = theme::GAP_4;
            ui.add(Label::new(RichText::new(&photo.file_name).font(theme::semibold(theme::TEXT_BODY))).truncate());
            let place = format!("{} of {} · {} × {} px", at + 1, photos.len(), photo.width_px, photo.height_px);
            ui.add(Label::new(RichText::new(place).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::GAP_4;
                if Tool::new(icons::ICON_CHEVRON_LEFT, "Photo before (←)").icon_only().enabled(at > 0).ui(ui).clicked() {
                    step = -1;
                }
                if Tool::new(icons::ICON_CHEVRON_RIGHT, "Next photo (→)").icon_only().enabled(at + 1 < photos.len()).ui(ui).clicked() {
                    step = 1;
                }
                ui.add_space(theme::GAP_4);
                model_ui(ui, models, model);
            });
        });
        // Arrows belong to who has the keyboard; where nobody has it they turn the photos.
        let focused = ui.memory(egui::Memory::focused);
        let is_free = focused.is_none_or(|focused| focused == thumb.id) && !egui::Popup::is_any_open(ui.ctx());
        if is_free {
            ui.input(|input| step += isize::from(input.key_pressed(Key::ArrowRight)) - isize::from(input.key_pressed(Key::ArrowLeft)));
        }
    });
    for near in [at.wrapping_sub(1), at + 1] {
        if let Some(photo) = photos.get(near) {
            ctx.textures.prefetch(photo.id, THUMB_PX);
        }
    }
    step
}

fn thumb_ui(ui: &mut Ui, ctx: &mut AreaCtx<'_>, photo: &Photo, name: &str, tokens: &Tokens) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(THUMB, THUMB), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
    thumbnail::ui(ui, rect, ctx.textures.get(photo.id, THUMB_PX).picture());
    if response.has_focus() {
        ui.painter().rect_stroke(rect, theme::RADIUS_4, (2.0, tokens.focus), egui::StrokeKind::Outside);
        let filter = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
    if response.clicked() {
        response.request_focus();
    }
    response.on_hover_text("Left and right arrow choose another photo")
}

fn model_ui(ui: &mut Ui, models: &[ModelInfo], chosen: &mut Option<String>) {
    let label = |model: &ModelInfo| format!("{}{}", model.display_name, if model.is_live { " (live)" } else { "" });
    let shown = models.iter().find(|model| Some(&model.name) == chosen.as_ref()).map(label).unwrap_or_default();
    let width = (ui.available_width() - 16.0).clamp(80.0, 240.0);
    let list = ComboBox::from_id_salt("preview model").width(width).truncate().selected_text(&shown);
    let button = choice::shown(ui, list, |ui| {
        for model in models {
            let is_chosen = Some(&model.name) == chosen.as_ref();
            let response = ui.selectable_label(is_chosen, label(model)).on_hover_text(&model.name);
            if response.clicked() {
                *chosen = Some(model.name.clone());
            }
            choice::close_when_chosen(ui, &response);
        }
    });
    button.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Model of the preview: {shown}")));
}

/// A text as it is, in the type of code.
fn block_ui(ui: &mut Ui, text: &str, tokens: &Tokens) {
    let frame = Frame::new().fill(tokens.raised.gamma_multiply(0.5)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add(Label::new(RichText::new(text).monospace().size(theme::TEXT_SMALL)).wrap().selectable(true));
        });
    });
}
