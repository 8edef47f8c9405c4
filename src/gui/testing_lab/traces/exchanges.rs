//! What went over the net, try by try: the request and the answer as they were, without key and photo.

use egui::{Align, FontId, Frame, Label, Layout, Margin, Resize, RichText, ScrollArea, Ui, WidgetInfo};

use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{number, section};
use crate::wire::trace::{Exchange, Trace};

/// Lines of a body that are shown at least before it scrolls; it may be drawn higher.
const LINES_LEAST: f32 = 12.0;
/// Of the window's height, what a long body takes.
const BODY_SHARE: f32 = 0.4;

/// Draws all tries; returns the one that is to be copied as a command.
pub fn ui(ui: &mut Ui, trace: &Trace, tokens: &Tokens) -> Option<usize> {
    section::heading(ui, "Requests and answers");
    if trace.exchanges.is_empty() {
        let words = match () {
            () if trace.is_forgotten => "What was sent and answered is not kept any more; the steps and the answer are",
            () if trace.edit.is_some() => "Nothing was sent: an edited answer was read",
            () if trace.summary.tries == 0 => "Nothing was sent",
            () => "Nothing left this computer: the model runs in this program",
        };
        ui.label(RichText::new(words).color(tokens.muted));
        return None;
    }
    let mut copied = None;
    let last = trace.exchanges.len() - 1;
    for (at, exchange) in trace.exchanges.iter().enumerate() {
        let title = format!("Try {}: {}", at + 1, ended(exchange));
        let header = egui::CollapsingHeader::new(RichText::new(title).size(theme::TEXT_BODY)).id_salt(("try", at)).default_open(at == last);
        header.show(ui, |ui| {
            if exchange_ui(ui, exchange, at, tokens) {
                copied = Some(at);
            }
        });
    }
    copied
}

/// `HTTP 200 in 340 ms`, or why not.
fn ended(exchange: &Exchange) -> String {
    let time = number::duration_ms(exchange.duration_ms);
    let status = exchange.status.map_or_else(|| "no reply".to_owned(), |status| format!("HTTP {status}"));
    let fault = exchange.fault.as_ref().map(|fault| format!(", {}", fault.kind.label())).unwrap_or_default();
    format!("{status}{fault} after {time}")
}

fn exchange_ui(ui: &mut Ui, exchange: &Exchange, at: usize, tokens: &Tokens) -> bool {
    let mut copied = false;
    ui.horizontal(|ui| {
        let tool = Tool::new(icons::ICON_TERMINAL, "Copy as cURL");
        copied = tool.tooltip("A command for a shell; the key is read from a variable, the photo from a file").ui(ui).clicked();
        if let Some(id) = &exchange.request_id {
            let words = format!("Request {id}");
            ui.add(Label::new(RichText::new(&words).monospace().size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(&words);
        }
    });
    if let Some(fault) = &exchange.fault {
        ui.label(RichText::new(&fault.message).color(tokens.bad));
    }
    let photo = exchange.photo.map(|photo| format!("; photo {} × {} px, {}", photo.width_px, photo.height_px, number::bytes(photo.bytes)));
    let sent = format!("Sent {}{}", size(exchange.request_bytes), photo.unwrap_or_default());
    let head: Vec<String> = std::iter::once(format!("{} {}", exchange.method, exchange.url))
        .chain(exchange.headers.iter().map(|(name, value)| format!("{name}: {value}")))
        .collect();
    let request = format!("{}\n\n{}", head.join("\n"), pretty(&exchange.request));
    body_ui(ui, (at, "request"), &sent, &request, tokens);
    let received = match (exchange.answer_bytes, exchange.is_cut) {
        (0, _) => "Nothing came back".to_owned(),
        (bytes, true) => format!("Received {}; the first 64 kB of a body are kept", size(bytes)),
        (bytes, false) => format!("Received {}", size(bytes)),
    };
    body_ui(ui, (at, "answer"), &received, &pretty(&exchange.answer), tokens);
    copied
}

fn size(bytes: u64) -> String {
    if bytes < 10_000 { format!("{} bytes", number::count(bytes)) } else { number::bytes(bytes) }
}

/// JSON with line breaks; what is none stays as it is.
fn pretty(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| text.to_owned(), |value| format!("{value:#}"))
}

fn body_ui(ui: &mut Ui, (at, what): (usize, &str), title: &str, text: &str, tokens: &Tokens) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        ui.label(RichText::new(title).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = format!("Copy the {what} of try {}", at + 1);
            if !text.is_empty() && Tool::new(icons::ICON_CONTENT_COPY, &words).icon_only().ui(ui).clicked() {
                ui.ctx().copy_text(text.to_owned());
            }
        });
    });
    if text.is_empty() {
        return;
    }
    let frame = Frame::new().fill(tokens.raised.gamma_multiply(0.5)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        let body = |ui: &mut Ui| {
            let label = ui.add(Label::new(RichText::new(text).monospace().size(theme::TEXT_SMALL)).wrap().selectable(true));
            label.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, text));
        };
        let (width, font) = (ui.available_width(), FontId::monospace(theme::TEXT_SMALL));
        let line = ui.text_style_height(&egui::TextStyle::Monospace).max(theme::TEXT_SMALL * 1.2);
        let height = ui.painter().layout(text.to_owned(), font, tokens.text, width).size().y;
        if height <= LINES_LEAST * line {
            return body(ui);
        }
        let room = (ui.ctx().content_rect().height() * BODY_SHARE).max(LINES_LEAST * line).min(height);
        let resize = Resize::default().id_salt((at, what, "height")).resizable([false, true]).with_stroke(false);
        resize.min_size([width, LINES_LEAST * line]).max_size([width, f32::INFINITY]).default_size([width, room]).show(ui, |ui| {
            let height = ui.available_height();
            ScrollArea::vertical().id_salt((at, what)).min_scrolled_height(height).max_height(height).auto_shrink(false).show(ui, body);
        });
    });
}
