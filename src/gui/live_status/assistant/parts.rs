//! A question and the pieces of its answer.

use egui::{Align, CollapsingHeader, Frame, Label, Layout, RichText, Spinner, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText};

use super::chat::{Ended, Exchange, Part};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{markdown, number};
use crate::wire::assistant::ProposedAction;

/// What a person wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartAnswer {
    /// A proposal was confirmed or dismissed.
    Answered {
        part: usize,
        is_confirmed: bool,
    },
    AskAgain,
}

/// `asked_back`: the part whose action asks once more just now.
pub fn exchange_ui(ui: &mut Ui, at: usize, exchange: &Exchange, (is_last, asked_back): (bool, Option<usize>), tokens: &Tokens) -> Option<PartAnswer> {
    let mut answer = None;
    ui.push_id(("exchange", at), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            let frame = Frame::new().fill(tokens.selection).corner_radius(theme::RADIUS_8).inner_margin(theme::GAP_8);
            frame.show(ui, |ui| {
                ui.set_max_width(ui.available_width() * 0.8);
                ui.add(Label::new(RichText::new(&exchange.question).color(tokens.text)).wrap());
            });
        });
        ui.add_space(theme::GAP_8);
        for (part, said) in exchange.parts.iter().enumerate() {
            match said {
                Part::Text(text) => {
                    ui.spacing_mut().item_spacing.y = theme::GAP_4;
                    markdown::ui(ui, text);
                }
                Part::Call { .. } => call_ui(ui, part, said, tokens),
                Part::Proposal { action, reason, answered } => {
                    let is_confirmed = proposal_ui(ui, (action, reason), *answered, asked_back == Some(part), tokens);
                    answer = answer.or(is_confirmed.map(|is_confirmed| PartAnswer::Answered { part, is_confirmed }));
                }
            }
            ui.add_space(theme::GAP_4);
        }
        if end_ui(ui, exchange, is_last, tokens) {
            answer = Some(PartAnswer::AskAgain);
        }
        ui.add_space(theme::GAP_16);
    });
    answer
}

/// Letters of a line that is told in full where it is opened.
const HEADER_MOST: usize = 160;

/// What was read: with what, how long it took, and what it gave.
fn call_ui(ui: &mut Ui, part: usize, call: &Part, tokens: &Tokens) {
    let Part::Call { tool, arguments, ms, is_error, result, .. } = call else { return };
    let took = ms.map_or_else(|| "…".to_owned(), |ms| number::duration_ms(ms as f64));
    let named = tool.replace('_', " ");
    let arguments = if arguments.is_empty() { String::new() } else { format!(" ({})", capped(arguments)) };
    let colour = if *is_error { tokens.warn } else { tokens.muted };
    let words = match (tool.as_str(), *is_error) {
        ("propose", true) => format!("It could not be proposed: {}", capped(result.trim_end_matches('.'))),
        ("propose", false) => format!("Proposed{arguments}"),
        (_, true) => format!("Could not read {named}{arguments} · {took}"),
        (_, false) => format!("Read {named}{arguments} · {took}"),
    };
    let header = RichText::new(words).size(theme::TEXT_SMALL).color(colour);
    // A header does not wrap by itself.
    let room = (ui.available_width() - ui.spacing().indent - 2.0 * ui.spacing().button_padding.x).max(80.0);
    let header = WidgetText::from(header).into_galley(ui, Some(TextWrapMode::Wrap), room, TextStyle::Body);
    CollapsingHeader::new(header).id_salt(("call", part)).show(ui, |ui| {
        Frame::new().fill(tokens.field).corner_radius(theme::RADIUS_4).inner_margin(theme::GAP_8).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(Label::new(RichText::new(result).monospace().size(theme::TEXT_SMALL)).wrap());
        });
    });
}

/// The beginning of what is long.
fn capped(words: &str) -> String {
    match words.char_indices().nth(HEADER_MOST) {
        Some((end, _)) => format!("{}…", words[..end].trim_end_matches([' ', ','])),
        None => words.to_owned(),
    }
}

/// What it would do and why; returns whether it was confirmed or dismissed.
fn proposal_ui(ui: &mut Ui, (action, reason): (&ProposedAction, &str), answered: Option<bool>, is_asked: bool, tokens: &Tokens) -> Option<bool> {
    let mut chosen = None;
    let frame = Frame::new().fill(tokens.surface).stroke((1.0, tokens.border)).corner_radius(theme::RADIUS_8).inner_margin(theme::GAP_12);
    frame.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::from(icons::ICON_LIGHTBULB).color(tokens.accent));
            ui.label(RichText::new(format!("Proposal: {}", action.words())).strong());
        });
        if !reason.is_empty() {
            ui.label(RichText::new(reason).color(tokens.muted));
        }
        ui.add_space(theme::GAP_4);
        match answered {
            Some(true) => _ = ui.label(RichText::new("Confirmed").color(tokens.good)),
            Some(false) => _ = ui.label(RichText::new("Not done").color(tokens.muted)),
            None if is_asked => _ = ui.label(RichText::new("It asks once more before it is done").color(tokens.muted)),
            None => {
                ui.horizontal(|ui| {
                    for (label, is_confirmed) in [("Confirm", true), ("Dismiss", false)] {
                        let button = ui.button(label);
                        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{label}: {}", action.words())));
                        if button.clicked() {
                            chosen = Some(is_confirmed);
                        }
                    }
                });
            }
        }
    });
    chosen
}

/// How it ended; returns whether it is to be asked again.
fn end_ui(ui: &mut Ui, exchange: &Exchange, is_last: bool, tokens: &Tokens) -> bool {
    let mut again = false;
    ui.horizontal_wrapped(|ui| {
        match &exchange.ended {
            None => {
                ui.add(Spinner::new().size(theme::TEXT_STRONG));
                ui.label(RichText::new("Thinking…").color(tokens.muted));
            }
            Some(Ended::Well) => {}
            Some(Ended::Early(why)) => {
                ui.label(RichText::new(why).color(tokens.warn));
            }
            Some(Ended::Stopped) => {
                ui.label(RichText::new("Stopped").color(tokens.muted));
            }
            Some(Ended::Failed(why)) => {
                ui.label(RichText::from(icons::ICON_ERROR).color(tokens.bad));
                ui.label(RichText::new(why).color(tokens.bad));
            }
        }
        let has_failed = matches!(exchange.ended, Some(Ended::Failed(_) | Ended::Stopped | Ended::Early(_)));
        again = is_last && has_failed && ui.button("Ask again").clicked();
        let text = exchange.text();
        if exchange.ended.is_some() && !text.is_empty() {
            let copy = ui.button(RichText::from(icons::ICON_CONTENT_COPY));
            copy.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Copy the answer"));
            if copy.on_hover_text("Copy the answer").clicked() {
                ui.ctx().copy_text(text);
            }
            let words = format!("{} tokens, {}", number::count(exchange.cost.tokens), exchange.cost.words());
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        }
    });
    again
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_capped_between_letters() {
        assert_eq!(capped("There is no action 'x'"), "There is no action 'x'");
        let models = "ä, ".repeat(200);
        let said = capped(&models);
        assert!(said.chars().count() <= HEADER_MOST + 1 && said.ends_with("ä…"), "{said}");
    }
}
