//! The estimate as it stands above the button that spends it: one line, and by column for who wants to know.

use egui::{CollapsingHeader, RichText, ScrollArea, Ui};

use super::estimate::LiveEstimate;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::wire::cost::{ColumnEstimate, Estimate, UnknownCost, unknown_words};

/// Height of the list by column.
const LIST_MOST_PX: f32 = 180.0;

/// Draws the estimate of the choice.
pub fn ui(ui: &mut Ui, live: &LiveEstimate, tokens: &Tokens) {
    if let Some(failure) = live.failure() {
        let words = format!("{} The cost could not be estimated: {failure}", icons::ICON_WARNING.codepoint);
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn));
        return;
    }
    // That nothing is spent and no photo leaves must be true now.
    let Some(estimate) = live.shown().filter(|estimate| !(live.is_behind() && is_free(estimate))) else {
        ui.label(RichText::new("Estimating the cost…").size(theme::TEXT_SMALL).color(tokens.muted));
        return;
    };
    if live.is_behind() {
        // The figure of the choice before would stand beside the calls of this one.
        ui.label(RichText::new("Estimating the cost…").color(tokens.muted));
    } else {
        let ink = if estimate.total.unknown_calls > 0 { tokens.warn } else { tokens.text };
        ui.label(RichText::new(total_words(estimate)).color(ink));
    }
    if estimate.reused > 0 {
        ui.label(RichText::new(known_words(estimate)).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    for note in &estimate.notes {
        let words = format!("{} {note}", icons::ICON_INFO.codepoint);
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn));
    }
    if is_free(estimate) {
        return;
    }
    CollapsingHeader::new(RichText::new("Cost by column").size(theme::TEXT_SMALL)).id_salt("cost by column").show(ui, |ui| {
        // In a small window the choice above is worth more.
        let height = (ui.ctx().content_rect().height() * 0.2).clamp(80.0, LIST_MOST_PX);
        ScrollArea::vertical().id_salt("cost by column").max_height(height).show(ui, |ui| {
            columns_ui(ui, estimate, tokens);
            let words = format!(
                "Prices checked on {}. Answers are as long as this model's earlier ones (95 % prediction interval of their mean), else 60–400 tokens",
                estimate.prices_checked
            );
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        });
    });
}

fn columns_ui(ui: &mut Ui, estimate: &Estimate, tokens: &Tokens) {
    for column in &estimate.columns {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.label(RichText::new(format!("{} · {}", column.prompt_name, column.model)).size(theme::TEXT_SMALL));
        let unknown = if column.unknown == Some(UnknownCost::PhotoTokens) { "Unknown: no rule for a photo's tokens" } else { "Price unknown" };
        let cost = column.cost.map_or_else(|| unknown.to_owned(), |cost| cost.to_string());
        let ink = if column.cost.is_none() { tokens.warn } else { tokens.text };
        ui.label(RichText::new(cost).size(theme::TEXT_SMALL).color(ink));
        ui.label(RichText::new(tokens_words(column)).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.add_space(theme::GAP_8);
    }
}

/// `Tokens a call: 1,090 in (as 144 earlier answers had), 96 out (mean of 144)`.
fn tokens_words(column: &ColumnEstimate) -> String {
    if column.calls == 0 {
        return "All answers are known already".to_owned();
    }
    let output = column.output_tokens.map(|output| {
        let from = if column.from_answers == 0 { "assumed".to_owned() } else { format!("mean of {}", number::count(column.from_answers)) };
        format!("{} out ({from})", number::count(output))
    });
    let learned = match column.input_from_answers {
        0 => String::new(),
        answers => format!(" (as {} earlier answers had)", number::count(answers)),
    };
    let input = column.input_tokens.map(|input| format!("{} in{learned}", number::count(input / column.calls)));
    match (input, output) {
        (None, None) => "Not counted in tokens".to_owned(),
        (input, output) => format!("Tokens a call: {}", input.into_iter().chain(output).collect::<Vec<_>>().join(", ")),
    }
}

fn is_free(estimate: &Estimate) -> bool {
    estimate.total.unknown_calls == 0 && estimate.total.cost.high_usd.0 == 0
}

/// `12 answers are known already; 12 are asked for`.
fn known_words(estimate: &Estimate) -> String {
    let known = if estimate.reused == 1 { "1 answer is".to_owned() } else { format!("{} answers are", number::count(estimate.reused)) };
    match estimate.calls {
        0 => format!("{known} known already; nothing is asked for"),
        1 => format!("{known} known already; 1 is asked for"),
        calls => format!("{known} known already; {} are asked for", number::count(calls)),
    }
}

/// `≈ $0.0120–$0.0500 + 24 calls of unknown price, about 2 min 10 s`.
#[must_use]
pub fn total_words(estimate: &Estimate) -> String {
    let total = estimate.total;
    let time = match total.time_ms {
        // Nobody waits for less.
        Some(..1_000) => String::new(),
        Some(ms) => format!(", about {}", number::duration_ms(ms as f64)),
        None if estimate.calls > 0 => ", time unknown until the first answer".to_owned(),
        None => String::new(),
    };
    if is_free(estimate) {
        let stays = estimate.columns.iter().all(|column| column.model == "on-device");
        let place = if stays { ": the photos stay on this machine" } else { "" };
        return format!("Costs nothing{place}{time}");
    }
    if total.unknown_calls == estimate.calls {
        return format!("Price unknown{time}");
    }
    let unknown = unknown_words(total.unknown_calls).map(|words| format!(" + {words}")).unwrap_or_default();
    format!("{}{unknown}{time}", total.cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::cost::{CostRange, EstimatedTotal};
    use crate::wire::money::UsdMicros;

    fn words(low: i64, high: i64, unknown_calls: u64, time_ms: Option<u64>) -> String {
        let cost = CostRange { low_usd: UsdMicros(low), high_usd: UsdMicros(high) };
        let total = EstimatedTotal { cost, unknown_calls, time_ms };
        total_words(&Estimate { calls: 24, columns: Vec::new(), total, prices_checked: chrono::NaiveDate::default(), notes: Vec::new(), reused: 0 })
    }

    #[test]
    fn the_line_says_what_is_known_and_what_is_not() {
        assert_eq!(words(0, 0, 0, Some(130_000)), "Costs nothing: the photos stay on this machine, about 2 min 10 s");
        assert_eq!(words(0, 0, 0, Some(999)), "Costs nothing: the photos stay on this machine");
        assert_eq!(words(12_000, 50_000, 0, None), "≈ $0.0120–$0.0500, time unknown until the first answer");
        assert_eq!(words(12_000, 12_000, 6, Some(9_000)), "≈ $0.0120 + 6 calls of unknown price, about 9.00 s");
        assert_eq!(words(0, 0, 24, Some(9_000)), "Price unknown, about 9.00 s");
    }
}
