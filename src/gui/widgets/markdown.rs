//! Text with marks of Markdown, as models write it: paragraphs, lists, code, tables.

mod blocks;

use egui::text::{LayoutJob, TextFormat};
use egui::{FontId, Frame, Grid, Label, RichText, ScrollArea, Sense, Stroke, TextStyle, Ui, vec2};

use crate::gui::theme::{self, Tokens};
use blocks::{Block, Place, Span};

/// Points that a list or a quotation stands further in.
const STEP: f32 = 20.0;

/// Draws it as wide as there is room.
pub fn ui(ui: &mut Ui, text: &str) {
    let tokens = theme::tokens(ui.ctx());
    for (at, block) in blocks::read(text).iter().enumerate() {
        match block {
            Block::Text { place, heading, spans, links } => {
                if heading.is_some() && at > 0 {
                    ui.add_space(theme::GAP_4);
                }
                placed(ui, place, tokens, |ui| {
                    ui.add(Label::new(job(ui, spans, *heading, place.is_quoted, tokens)).wrap());
                    // The address itself: the words of a link say nothing about where it leads.
                    for link in links {
                        let words = RichText::new(link).size(theme::TEXT_SMALL);
                        let is_page = ["http://", "https://"].iter().any(|scheme| link.starts_with(scheme));
                        _ = if is_page { ui.hyperlink_to(words, link) } else { ui.label(words.color(tokens.muted)) };
                    }
                });
            }
            Block::Code { place, text } => placed(ui, place, tokens, |ui| code_ui(ui, text, tokens)),
            Block::Table(rows) => table_ui(ui, at, rows, tokens),
            Block::Rule => _ = ui.separator(),
        }
    }
}

/// In its place, with its sign on the first line.
fn placed(ui: &mut Ui, place: &Place, tokens: &Tokens, add: impl FnOnce(&mut Ui)) {
    if place.depth == 0 {
        return add(ui);
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(STEP * (place.depth - 1) as f32);
        let font = TextStyle::Body.resolve(ui.style());
        let (sign, _) = ui.allocate_exact_size(vec2(STEP, ui.text_style_height(&TextStyle::Body)), Sense::hover());
        if let Some(marker) = &place.marker {
            let galley = ui.painter().layout_no_wrap(marker.clone(), font, tokens.text);
            ui.painter().galley(sign.left_top() + vec2((STEP - 6.0 - galley.size().x).max(0.0), 0.0), galley, tokens.text);
        }
        let inner = ui.vertical(add).response.rect;
        if place.is_quoted {
            ui.painter().vline(sign.center().x, inner.y_range(), Stroke::new(2.0, tokens.border));
        }
    });
}

/// The spans as one text, which wraps as a whole.
fn job(ui: &Ui, spans: &[Span], heading: Option<u8>, is_quoted: bool, tokens: &Tokens) -> LayoutJob {
    let size = match heading {
        Some(1) => theme::TEXT_HEADING,
        Some(_) => theme::TEXT_STRONG,
        None => TextStyle::Body.resolve(ui.style()).size,
    };
    let mut job = LayoutJob::default();
    for Span { text, style } in spans {
        let font = match (style.code, style.strong || heading.is_some()) {
            (true, _) => FontId::monospace(size * 0.93),
            (false, true) => theme::semibold(size),
            (false, false) => FontId::proportional(size),
        };
        let colour = if style.link {
            tokens.accent
        } else if is_quoted {
            tokens.muted
        } else {
            tokens.text
        };
        let mut format = TextFormat { italics: style.emphasis, ..TextFormat::simple(font, colour) };
        if style.code {
            format.background = tokens.field;
        }
        if style.struck {
            format.strikethrough = Stroke::new(1.0, colour);
        }
        job.append(text, 0.0, format);
    }
    job
}

fn code_ui(ui: &mut Ui, text: &str, tokens: &Tokens) {
    Frame::new().fill(tokens.field).corner_radius(theme::RADIUS_4).inner_margin(theme::GAP_8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(Label::new(RichText::new(text).monospace()).wrap());
    });
}

fn table_ui(ui: &mut Ui, at: usize, rows: &[Vec<Vec<Span>>], tokens: &Tokens) {
    ScrollArea::horizontal().id_salt(("table", at)).show(ui, |ui| {
        Grid::new(("cells", at)).striped(true).spacing([theme::GAP_16, theme::GAP_4]).show(ui, |ui| {
            for (row, cells) in rows.iter().enumerate() {
                for cell in cells {
                    let mut spans = cell.clone();
                    for span in &mut spans {
                        span.style.strong |= row == 0;
                    }
                    ui.add(Label::new(job(ui, &spans, None, false, tokens)).extend());
                }
                ui.end_row();
            }
        });
    });
}
