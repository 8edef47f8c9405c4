//! A photo in a pane: whole, on neutral grey, never stretched, with zoom and pan that panes can share.
//!
//! `PhotoView::new("cat.jpg", size_px, texture).ui(ui, size, &mut viewport)`: hand the same [`PhotoViewport`] to every
//! pane and they move together, whatever their sizes. Wheel and pinch zoom around the pointer, dragging and the arrow
//! keys pan, `+` and `-` zoom, `0` shows the whole photo, `1` its true pixels, a double click goes between the two; `R`
//! turns it to the right, with Shift to the left.

use egui::{
    Align2, Color32, EventFilter, FontId, Key, Mesh, Pos2, Rect, Response, Sense, StrokeKind, TextureHandle, Ui, Vec2, WidgetInfo, epaint::Vertex,
    pos2, vec2,
};

use crate::gui::theme;

/// How far a photo can be enlarged: this many points for one of its pixels.
const MOST_POINTS_PER_PIXEL: f32 = 16.0;
/// One press of `+` or `-`.
const KEY_ZOOM: f32 = 1.25;
/// One press of an arrow key, as a share of the pane.
const KEY_PAN: f32 = 0.1;

/// What panes show of a photo. Relative to the photo, so that panes of any size can share it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhotoViewport {
    /// 1: the whole photo fits the pane; 2: twice as large.
    pub zoom: f32,
    /// The point of the turned photo in the middle of the pane, 0–1 in both directions.
    pub centre: Pos2,
    /// Quarters to the right, 0–3, beyond the photo's own orientation.
    pub turns: u8,
}

impl Default for PhotoViewport {
    fn default() -> Self {
        Self { zoom: 1.0, centre: pos2(0.5, 0.5), turns: 0 }
    }
}

/// A box on the photo.
#[derive(Debug, Clone, Copy)]
pub struct OverlayBox<'a> {
    /// 0–1 in both directions.
    pub rect: Rect,
    pub label: &'a str,
    pub colour: Color32,
}

impl PhotoViewport {
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.zoom <= 1.0
    }

    /// The whole photo again, turned as it is.
    #[must_use]
    pub fn fitted(&self) -> Self {
        Self { turns: self.turns, ..Self::default() }
    }

    /// Turns the photo by quarters, to the left if negative; what was in the middle stays there.
    pub fn turn(&mut self, quarters: i8) {
        for _ in 0..quarters.rem_euclid(4) {
            self.centre = pos2(1.0 - self.centre.y, self.centre.x);
            self.turns = (self.turns + 1) % 4;
        }
    }

    /// The photo's size as it lies.
    fn lying(&self, size_px: Vec2) -> Vec2 {
        if self.turns % 2 == 1 { size_px.yx() } else { size_px }
    }

    /// Where a point of the photo (0–1) lies when it is turned (0–1).
    fn turned(&self, point: Pos2) -> Pos2 {
        (0..self.turns).fold(point, |point, _| pos2(1.0 - point.y, point.x))
    }

    /// Where the photo lies, larger than `pane` when zoomed in.
    #[must_use]
    pub fn place(&self, pane: Rect, size_px: Vec2) -> Rect {
        let size = fit(pane.size(), self.lying(size_px)) * self.zoom;
        Rect::from_min_size(pane.center() - vec2(self.centre.x * size.x, self.centre.y * size.y), size)
    }

    /// The longer edge, in pixels, of a texture that is crisp at this zoom and is not drawn at less than half its size,
    /// where it would flicker: a power of two from 256 to 8,192.
    #[must_use]
    pub fn wanted_px(&self, pane: Vec2, size_px: Vec2, pixels_per_point: f32) -> u32 {
        let drawn = (fit(pane, self.lying(size_px)) * self.zoom).max_elem() * pixels_per_point;
        let useful = drawn.min(size_px.max_elem());
        [256, 512, 1024, 2048, 4096].into_iter().find(|step| useful <= *step as f32).unwrap_or(8192)
    }

    /// The zoom at which one pixel of the photo is one pixel of the screen.
    #[must_use]
    pub fn true_zoom(&self, pane: Rect, size_px: Vec2, pixels_per_point: f32) -> f32 {
        let size_px = self.lying(size_px);
        (size_px.x / pixels_per_point / fit(pane.size(), size_px).x).max(1.0)
    }

    /// Zooms so that what is under `pointer` stays there.
    pub fn zoom_around(&mut self, factor: f32, pointer: Pos2, pane: Rect, size_px: Vec2) {
        let before = self.place(pane, size_px);
        let lying = self.lying(size_px);
        let most = (lying * MOST_POINTS_PER_PIXEL / fit(pane.size(), lying)).min_elem().max(1.0);
        let zoom = (self.zoom * factor).clamp(1.0, most);
        let held = (pointer - before.min) / before.size();
        let size = before.size() * (zoom / self.zoom);
        let centre = held + (pane.center() - pointer) / size;
        (self.zoom, self.centre) = (zoom, centre.to_pos2());
        self.clamp(pane, size_px);
    }

    fn pan(&mut self, by: Vec2, pane: Rect, size_px: Vec2) {
        self.centre -= by / self.place(pane, size_px).size();
        self.clamp(pane, size_px);
    }

    /// Fills the pane where the photo is larger, centres it where it is smaller.
    fn clamp(&mut self, pane: Rect, size_px: Vec2) {
        let shown = pane.size() / (fit(pane.size(), self.lying(size_px)) * self.zoom);
        let within = |centre: f32, shown: f32| if shown >= 1.0 { 0.5 } else { centre.clamp(shown / 2.0, 1.0 - shown / 2.0) };
        self.centre = pos2(within(self.centre.x, shown.x), within(self.centre.y, shown.y));
    }
}

/// The largest size with the photo's proportions that fits; a photo smaller than the pane is not enlarged beyond double.
fn fit(pane: Vec2, size_px: Vec2) -> Vec2 {
    let size_px = size_px.max(Vec2::splat(1.0));
    size_px * (pane / size_px).min_elem().clamp(f32::MIN_POSITIVE, 2.0)
}

/// One pane.
pub struct PhotoView<'a> {
    name: &'a str,
    size_px: Vec2,
    texture: Result<&'a TextureHandle, &'a str>,
    boxes: &'a [OverlayBox<'a>],
    hears_keys: bool,
}

impl<'a> PhotoView<'a> {
    /// `name` is what screen readers say; `size_px` the photo's own size; `texture` the picture, or why there is none
    /// (an empty reason: it is on its way).
    #[must_use]
    pub fn new(name: &'a str, size_px: Vec2, texture: Result<&'a TextureHandle, &'a str>) -> Self {
        Self { name, size_px, texture, boxes: &[], hears_keys: false }
    }

    #[must_use]
    pub fn boxes(mut self, boxes: &'a [OverlayBox<'a>]) -> Self {
        self.boxes = boxes;
        self
    }

    /// Hears the keys even without the focus: for the one pane of a view in which nothing has it.
    #[must_use]
    pub fn hears_keys(mut self, hears_keys: bool) -> Self {
        self.hears_keys = hears_keys;
        self
    }

    /// Draws the pane in `size` points and moves `viewport` as the person asks.
    pub fn ui(self, ui: &mut Ui, size: Vec2, viewport: &mut PhotoViewport) -> Response {
        let (pane, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, self.name));
        viewport.clamp(pane, self.size_px);
        self.pointer(ui, &response, viewport);
        if response.has_focus() || self.hears_keys {
            self.keys(ui, &response, viewport);
        }
        if ui.is_rect_visible(pane) {
            self.paint(ui, &response, *viewport);
        }
        if viewport.is_fit() { response } else { response.on_hover_cursor(egui::CursorIcon::Grab) }
    }

    fn pointer(&self, ui: &Ui, response: &Response, viewport: &mut PhotoViewport) {
        let pane = response.rect;
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if response.dragged() {
            viewport.pan(response.drag_delta(), pane, self.size_px);
        }
        let Some(pointer) = response.hover_pos().filter(|_| response.contains_pointer()) else { return };
        if response.double_clicked() {
            let factor =
                if viewport.is_fit() { viewport.true_zoom(pane, self.size_px, ui.ctx().pixels_per_point()).max(2.0) } else { 1.0 / viewport.zoom };
            viewport.zoom_around(factor, pointer, pane, self.size_px);
        }
        // Taken here, so that the page around the pane does not scroll too.
        let (wheel, pinch) = ui.input_mut(|input| (std::mem::take(&mut input.smooth_scroll_delta).y, input.zoom_delta()));
        let factor = pinch * (wheel / 240.0).exp();
        if (factor - 1.0).abs() > f32::EPSILON {
            viewport.zoom_around(factor, pointer, pane, self.size_px);
        }
    }

    fn keys(&self, ui: &Ui, response: &Response, viewport: &mut PhotoViewport) {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        if response.has_focus() {
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        }
        let pane = response.rect;
        let plain = |key: Key| ui.input(|input| !input.modifiers.command && input.key_pressed(key));
        let step = pane.size() * KEY_PAN;
        for (key, by) in [
            (Key::ArrowLeft, vec2(step.x, 0.0)),
            (Key::ArrowRight, vec2(-step.x, 0.0)),
            (Key::ArrowUp, vec2(0.0, step.y)),
            (Key::ArrowDown, vec2(0.0, -step.y)),
        ] {
            if plain(key) {
                viewport.pan(by, pane, self.size_px);
            }
        }
        let mut zoom = |factor: f32| viewport.zoom_around(factor, pane.center(), pane, self.size_px);
        if plain(Key::Plus) || plain(Key::Equals) {
            zoom(KEY_ZOOM);
        }
        if plain(Key::Minus) {
            zoom(1.0 / KEY_ZOOM);
        }
        if plain(Key::Num0) {
            *viewport = viewport.fitted();
        } else if plain(Key::Num1) {
            let factor = viewport.true_zoom(pane, self.size_px, ui.ctx().pixels_per_point()) / viewport.zoom;
            viewport.zoom_around(factor, pane.center(), pane, self.size_px);
        }
        if plain(Key::R) {
            viewport.turn(if ui.input(|input| input.modifiers.shift) { -1 } else { 1 });
        }
    }

    fn paint(&self, ui: &Ui, response: &Response, viewport: PhotoViewport) {
        let (pane, tokens) = (response.rect, theme::tokens(ui.ctx()));
        let painter = ui.painter().with_clip_rect(pane.intersect(ui.clip_rect()));
        painter.rect_filled(pane, theme::RADIUS_4, tokens.photo_backdrop);
        match self.texture {
            Ok(texture) => {
                // On whole pixels, so that edges are crisp at 1:1.
                let pixels = ui.ctx().pixels_per_point();
                let mut placed = viewport.place(pane, self.size_px);
                placed = placed.translate((placed.min.to_vec2() * pixels).round() / pixels - placed.min.to_vec2());
                painter.add(turned_image(texture, placed, &viewport));
                for overlay in self.boxes {
                    paint_box(&painter, placed, overlay, &viewport);
                }
            }
            Err(why) => {
                let words = if why.is_empty() { "Loading…" } else { why };
                let mut job =
                    egui::text::LayoutJob::simple(words.to_owned(), FontId::proportional(theme::TEXT_BODY), tokens.muted, pane.width() - 32.0);
                job.halign = egui::Align::Center;
                let galley = painter.layout_job(job);
                painter.galley(pane.center() - vec2(0.0, galley.size().y / 2.0), galley, tokens.muted);
            }
        }
        if !viewport.is_fit() {
            self.paint_zoom(ui, &painter, pane, viewport);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(pane, theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
        }
    }

    /// How large it is shown, as a percentage of its true pixels.
    fn paint_zoom(&self, ui: &Ui, painter: &egui::Painter, pane: Rect, viewport: PhotoViewport) {
        let tokens = theme::tokens(ui.ctx());
        let lying = viewport.lying(self.size_px);
        let drawn = fit(pane.size(), lying).x * viewport.zoom * ui.ctx().pixels_per_point();
        let words = format!("{:.0} %", drawn / lying.x * 100.0);
        let galley = painter.layout_no_wrap(words, FontId::proportional(theme::TEXT_SMALL), tokens.text);
        let label = Align2::RIGHT_BOTTOM.anchor_size(pane.right_bottom() - vec2(8.0, 8.0), galley.size() + vec2(12.0, 4.0));
        painter.rect_filled(label, theme::RADIUS_4, tokens.raised.gamma_multiply(0.9));
        painter.galley(label.min + vec2(6.0, 2.0), galley, tokens.text);
    }
}

/// The picture with each of its corners where it lies when it is turned.
fn turned_image(texture: &TextureHandle, placed: Rect, viewport: &PhotoViewport) -> Mesh {
    let corners = [pos2(0.0, 0.0), pos2(1.0, 0.0), pos2(1.0, 1.0), pos2(0.0, 1.0)];
    let vertex = |uv: Pos2| Vertex { pos: placed.lerp_inside(viewport.turned(uv).to_vec2()), uv, color: theme::UNTINTED };
    Mesh { indices: vec![0, 1, 2, 0, 2, 3], vertices: corners.map(vertex).to_vec(), texture_id: texture.id() }
}

fn paint_box(painter: &egui::Painter, photo: Rect, overlay: &OverlayBox<'_>, viewport: &PhotoViewport) {
    let at = |point: Pos2| photo.lerp_inside(viewport.turned(point).to_vec2());
    let rect = Rect::from_two_pos(at(overlay.rect.min), at(overlay.rect.max));
    painter.rect_stroke(rect, 2.0, (2.0, overlay.colour), StrokeKind::Inside);
    if !overlay.label.is_empty() {
        let words = theme::legible_on(overlay.colour);
        let galley = painter.layout_no_wrap(overlay.label.to_owned(), FontId::proportional(theme::TEXT_SMALL), words);
        let label = Rect::from_min_size(rect.min, galley.size() + vec2(8.0, 2.0));
        painter.rect_filled(label, 2.0, overlay.colour);
        painter.galley(label.min + vec2(4.0, 1.0), galley, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANE: Rect = Rect { min: pos2(100.0, 50.0), max: pos2(500.0, 350.0) };
    const PHOTO: Vec2 = vec2(2000.0, 1000.0);

    #[test]
    fn a_photo_is_shown_whole_and_unstretched() {
        let placed = PhotoViewport::default().place(PANE, PHOTO);
        assert_eq!(placed, Rect::from_center_size(PANE.center(), vec2(400.0, 200.0)));
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let mut viewport = PhotoViewport::default();
        let pointer = pos2(200.0, 220.0);
        viewport.zoom_around(4.0, PANE.center(), PANE, PHOTO);
        let share = |viewport: &PhotoViewport| (pointer - viewport.place(PANE, PHOTO).min) / viewport.place(PANE, PHOTO).size();
        let before = share(&viewport);
        viewport.zoom_around(1.7, pointer, PANE, PHOTO);
        assert!((share(&viewport) - before).length() < 1e-4, "{before:?} became {:?}", share(&viewport));
        assert!((viewport.zoom - 6.8).abs() < 1e-4);
    }

    #[test]
    fn a_photo_can_not_be_lost_out_of_its_pane() {
        let mut viewport = PhotoViewport::default();
        viewport.zoom_around(8.0, PANE.center(), PANE, PHOTO);
        viewport.pan(vec2(1e6, -1e6), PANE, PHOTO);
        let placed = viewport.place(PANE, PHOTO);
        assert!((placed.left() - PANE.left()).abs() < 0.1 && (placed.bottom() - PANE.bottom()).abs() < 0.1, "{placed:?}");
        viewport.zoom_around(0.001, PANE.center(), PANE, PHOTO);
        assert_eq!(viewport, PhotoViewport::default());
    }

    #[test]
    fn four_turns_are_none_and_the_middle_stays() {
        let mut viewport = PhotoViewport { zoom: 3.0, centre: pos2(0.3, 0.4), turns: 0 };
        let before = viewport;
        viewport.turn(1);
        assert_eq!(viewport.place(PANE, PHOTO).size(), vec2(150.0, 300.0) * 3.0, "upright, it fits by its height");
        assert!(viewport.turned(pos2(0.3, 0.4)).distance(viewport.centre) < 1e-6, "the same point is in the middle");
        assert_eq!(viewport.turned(Pos2::ZERO), pos2(1.0, 0.0), "turned to the right, the upper left corner is the upper right one");
        viewport.turn(-2);
        assert_eq!(viewport.turned(Pos2::ZERO), pos2(0.0, 1.0));
        viewport.turn(1);
        assert!(viewport.turns == 0 && viewport.centre.distance(before.centre) < 1e-6);
        assert_eq!(viewport.fitted().turns, viewport.turns);
    }

    #[test]
    fn a_larger_picture_is_asked_for_only_when_it_shows_more() {
        let (pane, huge) = (PANE.size(), vec2(6000.0, 4000.0));
        let at = |zoom: f32, size: Vec2| PhotoViewport { zoom, ..PhotoViewport::default() }.wanted_px(pane, size, 1.0);
        assert_eq!([at(1.0, huge), at(4.0, huge), at(9.0, huge), at(40.0, huge)], [512, 2048, 4096, 8192]);
        assert_eq!(at(40.0, vec2(800.0, 600.0)), 1024);
    }
}
