//! The panel at the right: one photo that was found, with everything that is known of it.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::grid::status_words;
use super::marked;
use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::live_status::photo_pane;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{confidence_bar, number, relative_time};
use crate::wire::photo::Photo;
use crate::wire::photo_search::{Field, PhotoSearch};

/// What the reader wants of the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelAnswer {
    Close,
    /// The jobs of photos with this name.
    ShowJobs(String),
}

pub fn ui(ui: &mut Ui, photo: &Photo, search: &PhotoSearch, ctx: &mut AreaCtx<'_>) -> Option<PanelAnswer> {
    let tokens = ctx.tokens();
    let mut answer = None;
    ui.horizontal(|ui| {
        let close = ui.button(RichText::from(icons::ICON_CLOSE));
        close.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Close the photo"));
        if close.on_hover_text("Close the photo (Esc)").clicked() {
            answer = Some(PanelAnswer::Close);
        }
        ui.add(Label::new(marked::text(search, Field::Name, &photo.file_name, theme::TEXT_STRONG, tokens.text, tokens)).truncate());
    });
    ui.add_space(theme::GAP_8);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        photo_pane::ui(ui, photo.id, &photo.file_name, ctx);
        ui.add_space(theme::GAP_8);
        let muted = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
        let facts = format!("{} × {} px · {} · {}", photo.width_px, photo.height_px, number::bytes(photo.size_bytes), photo.format.to_uppercase());
        ui.label(muted(facts));
        ui.horizontal(|ui| {
            ui.label(muted("Added".to_owned()));
            relative_time::ui(ui, photo.created_at, ctx.now);
        });
        ui.add_space(theme::GAP_8);
        ui.horizontal_wrapped(|ui| {
            if ui.button("Compare in the testing lab").on_hover_text("Choose this photo there").clicked() {
                ctx.send(Command::GoTo(Route::Photo(photo.id)));
            }
            if ui.button("Show its jobs").on_hover_text("Every try of the pipeline at photos of this name").clicked() {
                answer = Some(PanelAnswer::ShowJobs(photo.file_name.clone()));
            }
        });
        ui.add_space(theme::GAP_12);
        if let Some(caption) = &photo.caption {
            ui.add(Label::new(marked::text(search, Field::Caption, caption, theme::TEXT_BODY, tokens.text, tokens)).wrap());
            ui.add_space(theme::GAP_8);
        }
        if photo.tags.is_empty() {
            ui.label(RichText::new(status_words(photo.ai_processing_status)).color(tokens.muted));
        }
        for tag in &photo.tags {
            ui.allocate_ui_with_layout(vec2(ui.available_width(), 18.0), Layout::left_to_right(Align::Center), |ui| {
                ui.allocate_ui_with_layout(vec2(130.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
                    ui.set_width(130.0);
                    ui.add(Label::new(marked::text(search, Field::Tag, &tag.name, theme::TEXT_BODY, tokens.text, tokens)).truncate());
                });
                confidence_bar::ui(ui, tag.confidence);
            });
        }
    });
    answer
}
