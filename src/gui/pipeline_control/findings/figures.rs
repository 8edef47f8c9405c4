//! What a typical photo takes with each model that could be used: tokens and cost, estimates marked.

use egui::{Align, Label, Layout, RichText, Ui};

use super::super::Wish;
use super::Asked;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{elided, number, section};
use crate::wire::prompt_analysis::{ModelFigures, PromptAnalysis, TokenSource, TypicalPhoto};

/// Models that are shown unless all are wanted.
const SHOWN: usize = 6;

/// Draws them, the live model first.
pub fn ui(ui: &mut Ui, value: &PromptAnalysis, shows_all: bool, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    section::heading(ui, "A photo takes");
    ui.add(Label::new(RichText::new(photo_words(value.photo)).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    ui.add_space(theme::GAP_4);
    let most = if shows_all { value.models.len() } else { SHOWN };
    for figures in value.models.iter().take(most) {
        model_ui(ui, figures, tokens);
    }
    if value.models.len() > SHOWN {
        let words = if shows_all { "Show fewer models".to_owned() } else { format!("Show all {} models", value.models.len()) };
        if ui.button(words).clicked() {
            wishes.push(Wish::Finding(Asked::ShowAllModels(!shows_all)));
        }
    }
    for note in &value.notes {
        ui.add(Label::new(RichText::new(note).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
    }
}

/// Which photo the figures are of.
fn photo_words(photo: TypicalPhoto) -> String {
    let size = format!("{} × {} pixels", photo.width_px, photo.height_px);
    match photo.of_photos {
        0 => format!("A photo of {size}, assumed: the library is empty"),
        1 => format!("A photo of {size}, as the one in the library"),
        count => format!("A photo of {size}, the median of the newest {}", number::count(u64::from(count))),
    }
}

fn model_ui(ui: &mut Ui, figures: &ModelFigures, tokens: &Tokens) {
    let response = ui
        .vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(RichText::new(cost_words(figures)));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = theme::GAP_4;
                        if figures.is_live {
                            ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).size(14.0).color(tokens.good)).on_hover_text("The live model");
                        }
                        // Of models that begin alike the end tells which is which.
                        let font = theme::semibold(theme::TEXT_BODY);
                        ui.add(Label::new(elided::middle(ui, &figures.display_name, font, ui.available_width(), tokens.text)));
                    });
                });
            });
            ui.add(Label::new(RichText::new(token_words(figures)).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
        })
        .response;
    response.on_hover_ui(|ui| {
        ui.set_max_width(360.0);
        ui.label(RichText::new(&figures.model).font(theme::semibold(theme::TEXT_BODY)));
        for line in details(figures) {
            ui.label(line);
        }
    });
    ui.add_space(theme::GAP_4);
}

/// `$0`, `≈ $0.0021`, `≈ $0.0007–$0.0020`, `unknown`.
fn cost_words(figures: &ModelFigures) -> String {
    figures.cost_per_photo.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string())
}

/// The figure with its mark: what a provider's counter said has none.
fn text_words(figures: &ModelFigures) -> Option<String> {
    let count = number::count(figures.text_tokens?);
    Some(if figures.source == TokenSource::Provider { count } else { format!("≈ {count}") })
}

/// `≈ 210 text + 560 photo → ≈ 150 tokens`.
fn token_words(figures: &ModelFigures) -> String {
    let Some(text) = text_words(figures) else { return "Not counted in tokens".to_owned() };
    let photo = figures.image_tokens.map_or_else(|| "photo unknown".to_owned(), |tokens| format!("{} photo", number::count(tokens)));
    let answer = figures.output_tokens.map_or_else(String::new, |tokens| format!(" → ≈ {}", number::count(tokens)));
    format!("{text} text + {photo}{answer} tokens")
}

/// How each figure was come by.
fn details(figures: &ModelFigures) -> Vec<String> {
    let mut lines = Vec::new();
    match &figures.source {
        TokenSource::Provider => lines.push("Text: counted by the provider".to_owned()),
        TokenSource::Estimate { method } => lines.push(format!("Text: {}", lower_first(method))),
        TokenSource::NotCounted => lines.push("It is not paid by the token".to_owned()),
    }
    if figures.source != TokenSource::NotCounted {
        lines.push(match figures.image_tokens {
            Some(_) => "Photo: by the model's own rule, at the size at which it is sent".to_owned(),
            None => "Photo: how many tokens it is, is not known".to_owned(),
        });
        lines.push(match figures.from_answers {
            0 => "Answer: 60 to 400 tokens assumed, since none was measured yet".to_owned(),
            1 => "Answer: as long as the one before".to_owned(),
            count => format!("Answer: the mean of {} earlier ones", number::count(count)),
        });
    }
    lines.push(match figures.cost_per_photo {
        Some(_) => "Cost: by the price book, for one photo".to_owned(),
        None => "Cost: the price is not known, which is not free".to_owned(),
    });
    if let Some(context) = figures.context_tokens {
        lines.push(format!("It takes {} tokens at most", number::count(context)));
    }
    lines
}

fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cost::CostRange;
    use crate::wire::money::UsdMicros;

    fn figures() -> ModelFigures {
        ModelFigures {
            model: "gemini/m".to_owned(),
            display_name: "M".to_owned(),
            is_live: true,
            source: TokenSource::Estimate { method: "Estimated".to_owned() },
            text_tokens: Some(1_210),
            image_tokens: Some(560),
            output_tokens: Some(150),
            from_answers: 0,
            cost_per_photo: Some(CostRange { low_usd: UsdMicros(720), high_usd: UsdMicros(1_995) }),
            context_tokens: None,
            can_be_counted: true,
        }
    }

    #[test]
    fn an_estimate_is_marked_and_what_is_not_known_is_said() {
        assert_eq!(token_words(&figures()), "≈ 1,210 text + 560 photo → ≈ 150 tokens");
        assert_eq!(
            token_words(&ModelFigures { source: TokenSource::Provider, image_tokens: None, ..figures() }),
            "1,210 text + photo unknown → ≈ 150 tokens"
        );
        assert_eq!(token_words(&ModelFigures { text_tokens: None, ..figures() }), "Not counted in tokens");
        assert_eq!(cost_words(&ModelFigures { cost_per_photo: None, ..figures() }), "unknown");
        assert!(cost_words(&figures()).starts_with("≈ $0.0007"));
    }

    #[test]
    fn the_photo_is_said_to_be_assumed_where_it_is() {
        let of = |of_photos| photo_words(TypicalPhoto { width_px: 40, height_px: 30, of_photos });
        assert!(of(0).contains("assumed") && of(1).contains("the one") && of(999).contains("median of the newest 999"));
    }
}
