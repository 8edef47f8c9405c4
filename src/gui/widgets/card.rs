//! A card: one number with its unit, what it is, how it changed, and its recent past. The whole card is the link.

use egui::{Align2, Color32, FontId, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::sparkline;
use crate::gui::theme;

/// Height of a full card, in points.
pub const CARD_HEIGHT: f32 = 96.0;
/// Of a line of small words in it.
const LINE_HEIGHT: f32 = 15.0;

/// How much room cards take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// With note and sparkline.
    Full,
    /// Title, figure and a small sparkline; the note is shown on hover.
    Compact,
}

impl Size {
    fn height(self) -> f32 {
        match self {
            Self::Full => CARD_HEIGHT,
            Self::Compact => 50.0,
        }
    }

    fn least_width(self) -> f32 {
        match self {
            Self::Full => 140.0,
            Self::Compact => 116.0,
        }
    }
}

/// How a figure moved, and whether that is welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    Neutral,
    Good,
    Bad,
}

/// What was clicked of a row of cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clicked {
    pub card: usize,
    /// Its line below the note, not the card.
    pub more: bool,
}

/// What a card shows.
#[derive(Debug, Clone, Default)]
pub struct Card<'a> {
    pub title: &'a str,
    /// The title of a compact card, whose note is not shown, where it says more than [`Self::title`].
    pub short_title: String,
    /// The number as it is read.
    pub figure: String,
    /// The figure is a name, not a number: it is set smaller.
    pub is_name: bool,
    /// The figure is a lower bound: a part is not known, as the note says.
    pub is_partial: bool,
    /// Behind the number, small.
    pub unit: &'a str,
    /// Below the number: what belongs to it, or the change against the period before.
    pub note: String,
    /// A line below the note, and a link of its own.
    pub more: String,
    pub more_leads_to: &'a str,
    /// What the note says of the figure.
    pub trend: Option<Trend>,
    /// Oldest first; `None` is a gap. Empty: no line.
    pub series: Vec<Option<f64>>,
    /// The line's colour; the accent unless told.
    pub colour: Option<Color32>,
    /// What a click leads to, as hovering says it.
    pub leads_to: &'a str,
    /// The number is old: it is greyed.
    pub is_stale: bool,
}

impl Card<'_> {
    /// Draws the card as wide as told; a click means "lead me to where the number comes from". Returns the card and its line below
    /// the note, where it has one.
    pub fn ui(&self, ui: &mut Ui, width: f32, size: Size) -> (Response, Option<Response>) {
        let tokens = theme::tokens(ui.ctx());
        let is_link = !self.leads_to.is_empty();
        let sense = if is_link { Sense::click() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(vec2(width, size.height()), sense);
        let is_compact = size == Size::Compact;
        let note = if is_compact && !self.more.is_empty() { format!("{}; {}", self.note, self.more) } else { self.note.clone() };
        let said = format!("{}: {} {}. {note}", self.title, self.figure, self.unit).replace(" .", ".");
        let role = if is_link { egui::Role::Button } else { egui::Role::Label };
        response.widget_info(|| WidgetInfo::labeled(role, true, &said));
        if ui.is_rect_visible(rect) {
            let is_raised = is_link && (response.hovered() || response.has_focus());
            let border = if response.has_focus() { tokens.focus } else { tokens.border };
            ui.painter().rect_filled(rect, theme::RADIUS_8, if is_raised { tokens.raised } else { tokens.surface });
            ui.painter().rect_stroke(rect, theme::RADIUS_8, (if response.has_focus() { 2.0 } else { 1.0 }, border), StrokeKind::Inside);
            match size {
                Size::Full => self.paint(ui, rect),
                Size::Compact => self.paint_compact(ui, rect),
            }
        }
        let more = (!is_compact && !self.more.is_empty()).then(|| self.more_ui(ui, rect, &response));
        // What does not fit is told on hover.
        let is_cut = is_compact || response.hovered() && elided(ui, &note, theme::TEXT_SMALL, rect.width() - 24.0, tokens.muted).elided;
        let response = if is_cut { response.on_hover_text(note) } else { response };
        if is_link {
            return (response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(self.leads_to), more);
        }
        (response, more)
    }

    /// The line below the note.
    fn more_ui(&self, ui: &Ui, card: Rect, response: &Response) -> Response {
        let tokens = theme::tokens(ui.ctx());
        let inner = card.shrink2(vec2(12.0, 10.0));
        let line = Rect::from_min_max(pos2(inner.left(), inner.bottom() - LINE_HEIGHT), inner.right_bottom());
        let more = ui.interact(line, response.id.with("more"), Sense::click());
        more.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &self.more));
        let colour = if more.hovered() || more.has_focus() { tokens.accent } else { tokens.muted };
        let words = elided(ui, &self.more, theme::TEXT_SMALL, inner.width(), colour);
        ui.painter().galley(pos2(inner.left(), inner.bottom() - words.size().y), words, colour);
        if more.has_focus() {
            ui.painter().rect_stroke(line.expand(2.0), theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
        }
        more.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(self.more_leads_to)
    }

    /// The figure, set smaller until it fits into its share of the width beside the line; one that is too long even so takes the
    /// whole width, and the line gives way.
    fn figure(&self, ui: &Ui, words: &str, sizes: &[f32], width: f32, share: f32, colour: Color32) -> std::sync::Arc<egui::Galley> {
        let layout = |size: f32| ui.painter().layout_no_wrap(words.to_owned(), FontId::proportional(size), colour);
        let fitting = |room: f32| sizes.iter().map(|size| layout(*size)).find(|galley| galley.size().x <= room);
        let beside = if self.series.is_empty() { None } else { fitting(width * share) };
        let least = sizes.last().copied().unwrap_or(theme::TEXT_BODY);
        beside.or_else(|| fitting(width)).unwrap_or_else(|| elided(ui, words, least, width, colour))
    }

    fn line(&self, ui: &Ui, card: Rect, lane: Rect) {
        if self.series.is_empty() {
            return;
        }
        let tokens = theme::tokens(ui.ctx());
        let colour = if self.is_stale { tokens.muted } else { self.colour.unwrap_or(tokens.accent) };
        sparkline::paint(&ui.painter().with_clip_rect(card), lane, &self.series, colour);
    }

    fn paint_compact(&self, ui: &Ui, rect: Rect) {
        let tokens = theme::tokens(ui.ctx());
        let inner = rect.shrink2(vec2(10.0, 7.0));
        let title = if self.short_title.is_empty() { self.title } else { &self.short_title };
        let title = elided(ui, title, theme::TEXT_SMALL, inner.width(), tokens.muted);
        ui.painter().galley(inner.min, title, tokens.muted);
        let colour = if self.is_stale { tokens.muted } else { tokens.text };
        let words = format!("{}{} {}", if self.is_partial { "≥ " } else { "" }, self.figure, self.unit);
        let figure = self.figure(ui, words.trim_end(), &[theme::TEXT_STRONG, theme::TEXT_BODY], inner.width(), 0.58, colour);
        if figure.size().x <= inner.width() * 0.58 {
            let lane = Rect::from_min_max(pos2(inner.right() - inner.width() * 0.4, inner.center().y), inner.right_bottom());
            self.line(ui, rect, lane);
        }
        ui.painter().galley(pos2(inner.left(), inner.bottom() - figure.size().y), figure, colour);
    }

    fn paint(&self, ui: &Ui, rect: Rect) {
        let tokens = theme::tokens(ui.ctx());
        let inner = rect.shrink2(vec2(12.0, 10.0));
        let painter = ui.painter().with_clip_rect(rect);
        let small = FontId::proportional(theme::TEXT_SMALL);
        painter.text(inner.left_top(), Align2::LEFT_TOP, self.title, small.clone(), tokens.muted);
        let figure_colour = if self.is_stale { tokens.muted } else { tokens.text };
        let sizes = [theme::TEXT_FIGURE, theme::TEXT_HEADING, theme::TEXT_STRONG, theme::TEXT_BODY];
        let galley = self.figure(ui, &self.figure, &sizes[usize::from(self.is_name)..], inner.width(), 0.56, figure_colour);
        if galley.size().x <= inner.width() * 0.56 {
            let lane = Rect::from_min_max(
                pos2(inner.right() - inner.width() * 0.42, inner.top() + 22.0),
                pos2(inner.right(), inner.bottom() - 20.0 - if self.more.is_empty() { 0.0 } else { LINE_HEIGHT }),
            );
            self.line(ui, rect, lane);
        }
        let raised = if self.more.is_empty() { 0.0 } else { LINE_HEIGHT };
        let baseline = inner.center().y + 1.0 - raised * 0.5;
        let figure = Align2::LEFT_CENTER.anchor_size(pos2(inner.left(), baseline), galley.size());
        painter.galley(figure.min, galley, figure_colour);
        painter.text(figure.right_bottom() + vec2(4.0, -3.0), Align2::LEFT_BOTTOM, self.unit, small, tokens.muted);
        let note_colour = match self.trend {
            Some(Trend::Good) => tokens.good,
            Some(Trend::Bad) => tokens.bad,
            Some(Trend::Neutral) | None => tokens.muted,
        };
        let note = elided(ui, &self.note, theme::TEXT_SMALL, inner.width(), if self.is_stale { tokens.muted } else { note_colour });
        painter.galley(pos2(inner.left(), inner.bottom() - raised - note.size().y), note, note_colour);
    }
}

/// One line, cut with an ellipsis where it is too long.
fn elided(ui: &Ui, words: &str, size: f32, width: f32, colour: Color32) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), FontId::proportional(size), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    ui.painter().layout_job(job)
}

/// Lays cards out in rows of equal widths; the last card takes what is left of its row.
/// Returns what was clicked.
pub fn row(ui: &mut Ui, cards: &[Card<'_>], size: Size) -> Option<Clicked> {
    let gap = theme::GAP_8;
    let least_width = size.least_width();
    let width = ui.available_width();
    let fit = (((width + gap) / (least_width + gap)).floor() as usize).clamp(1, cards.len().max(1));
    // Rows of even length: nine cards in two rows are five and four, not eight and one.
    let rows = cards.len().div_ceil(fit);
    let per_row = cards.len().div_ceil(rows.max(1)).max(1);
    let card_width = ((width - gap * (per_row - 1) as f32) / per_row as f32).floor();
    let mut clicked = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(gap, gap);
        for (row, chunk) in cards.chunks(per_row).enumerate() {
            ui.horizontal(|ui| {
                for (column, card) in chunk.iter().enumerate() {
                    let is_last = column + 1 == chunk.len();
                    let width = if is_last { width - (card_width + gap) * column as f32 } else { card_width };
                    let (whole, more) = card.ui(ui, width, size);
                    let more = more.is_some_and(|more| more.clicked());
                    if more || whole.clicked() {
                        clicked = Some(Clicked { card: row * per_row + column, more });
                    }
                }
            });
        }
    });
    clicked
}
