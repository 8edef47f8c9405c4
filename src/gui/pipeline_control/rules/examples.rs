//! Photos that would move, page by page, with what was found in them.

use egui::{Label, RichText, Sense, Ui, vec2};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{error_state, number, relative_time, skeleton, thumbnail};
use crate::wire::config::ProcessingRules;
use crate::wire::page::Page;
use crate::wire::replay::{MovedPhoto, ReplayExamples};
use crate::wire::result::Decision;

const A_PAGE: u32 = 12;
const THUMB: f32 = 44.0;
const THUMB_PX: u32 = 256;

/// The examples of one way that photos would move.
#[derive(Default)]
pub struct Examples {
    of: Option<(Decision, Decision)>,
    photos: Vec<MovedPhoto>,
    next: Option<String>,
    answer: Remote<Page<MovedPhoto>>,
    is_begun: bool,
}

impl Examples {
    #[must_use]
    pub fn of(&self) -> Option<(Decision, Decision)> {
        self.of
    }

    /// Shows the photos that move this way, or none when they were shown.
    pub fn toggle(&mut self, way: (Decision, Decision)) {
        let of = (self.of != Some(way)).then_some(way);
        *self = Self { of, ..Self::default() };
    }

    /// The rules are others: what is shown is asked for anew.
    pub fn forget(&mut self) {
        *self = Self { of: self.of, ..Self::default() };
    }

    pub fn poll(&mut self) {
        if self.answer.poll()
            && let Some(page) = self.answer.take()
        {
            self.photos.extend(page.items);
            self.next = page.next_cursor;
        }
    }

    fn ask(&mut self, rules: &ProcessingRules, days: u32, ctx: &AreaCtx<'_>) {
        let Some((from, to)) = self.of else { return };
        self.is_begun = true;
        let asked = ReplayExamples { rules: rules.clone(), days, from, to, cursor: self.next.take(), limit: Some(A_PAGE) };
        ctx.ask(&mut self.answer, |client| async move { client.replay_examples(&asked).await });
    }

    pub fn ui(&mut self, ui: &mut Ui, rules: &ProcessingRules, days: u32, ctx: &mut AreaCtx<'_>) {
        let Some((from, to)) = self.of else { return };
        let tokens = ctx.tokens();
        if !self.is_begun {
            self.ask(rules, days, ctx);
        }
        ui.add_space(theme::GAP_8);
        let way = format!("{} → {}", from.label(), to.label().to_lowercase());
        ui.label(RichText::new(way).font(theme::semibold(theme::TEXT_BODY)));
        for photo in &self.photos {
            row_ui(ui, photo, ctx, tokens);
        }
        if self.answer.is_pending() {
            skeleton::lines(ui, 2);
        } else if let Some(failure) = self.answer.failure().map(ToString::to_string) {
            if error_state::ui(ui, "The photos could not be listed", &failure) {
                self.forget();
            }
        } else if self.photos.is_empty() {
            ui.label(RichText::new("None would move this way").color(tokens.muted));
        }
        if self.next.is_some() && !self.answer.is_pending() && ui.button("Show more").clicked() {
            self.ask(rules, days, ctx);
        }
    }
}

fn row_ui(ui: &mut Ui, photo: &MovedPhoto, ctx: &mut AreaCtx<'_>, tokens: &Tokens) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_8;
        let (rect, response) = ui.allocate_exact_size(vec2(THUMB, THUMB), Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &photo.file_name));
        if ui.is_rect_visible(rect) {
            thumbnail::ui(ui, rect, ctx.textures.get(photo.photo_id, THUMB_PX).picture());
            if let Ok(texture) = ctx.textures.get(photo.photo_id, THUMB_PX).picture() {
                let larger = egui::Image::from_texture(texture).max_size(vec2(256.0, 256.0));
                response.on_hover_ui(|ui| drop(ui.add(larger)));
            }
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.add(Label::new(&photo.file_name).truncate());
            let sure = photo.mean_confidence.map_or_else(|| "no confidence".to_owned(), |mean| number::confidence(Some(mean)));
            let tag = photo.main_tag.as_deref().unwrap_or("no tags");
            let category = photo.category.as_ref().map(|name| format!(" · {name}")).unwrap_or_default();
            let words = format!("{sure} · {tag}{category} · {}", relative_time::words(photo.at, ctx.now));
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate())
                .on_hover_text(relative_time::absolute(photo.at));
        });
    });
}
