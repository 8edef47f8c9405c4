//! A tag as a chip: its name, its confidence as a figure, and the same as a bar along the lower edge.
//!
//! `Chip::new("sunset").confidence(0.87).ui(ui)`; chips flow in `ui.horizontal_wrapped`.

use egui::{Align2, Color32, FontId, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;

use super::number;
use crate::gui::theme;

const HEIGHT: f32 = 26.0;
const BAR: f32 = 3.0;

/// What a chip shows.
#[derive(Debug, Clone, Copy)]
pub struct Chip<'a> {
    name: &'a str,
    confidence: Option<f32>,
    colour: Option<Color32>,
    icon: Option<MaterialIcon>,
    is_weak: bool,
    is_selected: bool,
    sense: Sense,
}

impl<'a> Chip<'a> {
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        Self { name, confidence: None, colour: None, icon: None, is_weak: false, is_selected: false, sense: Sense::hover() }
    }

    /// 0–1.
    #[must_use]
    pub fn confidence(mut self, confidence: f32) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Of the bar and the icon; the accent unless told.
    #[must_use]
    pub fn colour(mut self, colour: Color32) -> Self {
        self.colour = Some(colour);
        self
    }

    /// Before the name.
    #[must_use]
    pub fn icon(mut self, icon: MaterialIcon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Below the threshold: greyed, so that it does not look sure.
    #[must_use]
    pub fn weak(mut self, is_weak: bool) -> Self {
        self.is_weak = is_weak;
        self
    }

    #[must_use]
    pub fn selected(mut self, is_selected: bool) -> Self {
        self.is_selected = is_selected;
        self
    }

    /// Makes it a button.
    #[must_use]
    pub fn clickable(mut self) -> Self {
        self.sense = Sense::click();
        self
    }

    /// Draws it. A name too long for the row is cut, and whole on hover.
    pub fn ui(self, ui: &mut Ui) -> Response {
        let tokens = theme::tokens(ui.ctx());
        let figure = self.confidence.map(|confidence| number::percent(f64::from(confidence)));
        let words = if self.is_weak { tokens.muted } else { tokens.text };
        let figure_galley =
            figure.as_ref().map(|figure| ui.painter().layout_no_wrap(figure.clone(), FontId::proportional(theme::TEXT_SMALL), tokens.muted));
        let icon_width = if self.icon.is_some() { 18.0 } else { 0.0 };
        let beside = figure_galley.as_ref().map_or(0.0, |galley| galley.size().x + theme::GAP_8) + icon_width + 16.0;
        let mut job = egui::text::LayoutJob::simple_singleline(self.name.to_owned(), FontId::proportional(theme::TEXT_BODY), words);
        job.wrap = egui::text::TextWrapping::truncate_at_width((ui.max_rect().width() - beside).max(24.0));
        let name = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(vec2(name.size().x + beside, HEIGHT), self.sense);
        let is_button = self.sense.senses_click();
        let said = figure.map_or_else(|| self.name.to_owned(), |figure| format!("{} {figure}", self.name));
        response.widget_info(|| {
            let role = if is_button { egui::Role::Button } else { egui::Role::Label };
            WidgetInfo { selected: self.is_selected.then_some(true), ..WidgetInfo::labeled(role, true, &said) }
        });
        let is_cut = name.elided;
        if ui.is_rect_visible(rect) {
            self.ground(ui, rect, &response);
            if let Some(icon) = self.icon {
                let colour = self.colour.unwrap_or(tokens.muted);
                ui.painter().text(rect.left_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER, icon.codepoint, FontId::proportional(14.0), colour);
            }
            let middle = rect.center().y - if self.confidence.is_some() { 1.0 } else { 0.0 };
            ui.painter().galley(pos2(rect.left() + 8.0 + icon_width, middle - name.size().y / 2.0), name, words);
            if let Some(galley) = figure_galley {
                ui.painter().galley(pos2(rect.right() - 8.0 - galley.size().x, middle - galley.size().y / 2.0), galley, tokens.muted);
            }
        }
        if is_cut { response.on_hover_text(self.name) } else { response }
    }

    fn ground(&self, ui: &Ui, rect: Rect, response: &Response) {
        let tokens = theme::tokens(ui.ctx());
        let fill = match () {
            () if self.is_selected => tokens.selection,
            () if self.sense.senses_click() && response.hovered() => tokens.hovered,
            () => tokens.raised,
        };
        ui.painter().rect_filled(rect, theme::RADIUS_4, fill);
        if let Some(confidence) = self.confidence {
            let bar = Rect::from_min_max(
                pos2(rect.left(), rect.bottom() - BAR),
                pos2(rect.left() + rect.width() * confidence.clamp(0.0, 1.0), rect.bottom()),
            );
            let colour = if self.is_weak { tokens.muted } else { self.colour.unwrap_or(tokens.accent) };
            // The bar is the chip's own lower edge: the same rounding, cut to its height.
            ui.painter().with_clip_rect(bar.intersect(ui.clip_rect())).rect_filled(rect, theme::RADIUS_4, colour);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(rect, theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
        }
    }
}
