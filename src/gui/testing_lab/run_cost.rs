//! What a run has cost, beside what it was expected to cost; and, opened, the prices that it was charged by.

use egui::{RichText, Ui, WidgetInfo};

use super::runs_list::cost_words;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::number;
use crate::wire::cost::{EstimatedTotal, PriceEntry, RunPrice, sum_words, unknown_words};
use crate::wire::money;
use crate::wire::run::Run;

/// Draws the cost as a button that opens the prices.
pub fn ui(ui: &mut Ui, run: &Run, tokens: &Tokens) {
    let words = words(run);
    let opened = ui.menu_button(RichText::new(&words).color(tokens.muted), |ui| {
        ui.set_min_width(300.0);
        details_ui(ui, run, tokens);
    });
    opened.response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Cost {words}, show prices")));
    opened.response.on_hover_text("Cost so far; open for the prices of this run");
}

/// `$0.0123 of at most $0.0500` where there is a limit, else `$0.0123 of ≈ $0.0120–$0.0500`; the expectation stands there where money
/// was expected to be spent.
fn words(run: &Run) -> String {
    if let Some(limit) = &run.limit {
        return format!("{} of at most {}", cost_words(run), limit.most_usd);
    }
    match run.estimate {
        Some(estimate) if estimate.cost.high_usd.0 > 0 => format!("{} of {}", cost_words(run), estimate.cost),
        _ => cost_words(run),
    }
}

fn details_ui(ui: &mut Ui, run: &Run, tokens: &Tokens) {
    let line = |ui: &mut Ui, name: &str, value: String| {
        ui.label(RichText::new(name).color(tokens.muted));
        ui.label(value);
        ui.end_row();
    };
    egui::Grid::new("run cost").num_columns(2).spacing([theme::GAP_16, theme::GAP_4]).show(ui, |ui| {
        line(ui, "Cost", sum_words(run.cost_usd, run.cost_unknown_cells));
        if let Some(estimate) = run.estimate {
            line(ui, "Expected", expected_words(estimate));
            if let Some(time) = estimate.time_ms {
                line(ui, "Expected time", number::duration_ms(time as f64));
            }
        }
        if let Some(limit) = &run.limit {
            line(ui, "At most", limit.most_usd.to_string());
        }
        if let Some(finished) = run.finished_at {
            line(ui, "Time", number::duration_ms((finished - run.started_at).num_milliseconds() as f64));
        }
    });
    if run.prices.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Prices of this run").font(theme::semibold(theme::TEXT_SMALL)));
    for price in &run.prices {
        ui.label(RichText::new(&price.model).size(theme::TEXT_SMALL));
        for words in price_words(price) {
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
        }
    }
}

fn expected_words(estimate: EstimatedTotal) -> String {
    match unknown_words(estimate.unknown_calls) {
        None => estimate.cost.to_string(),
        Some(unknown) if estimate.cost.high_usd.0 == 0 => unknown,
        Some(unknown) => format!("{} + {unknown}", estimate.cost),
    }
}

/// A line each: the rates, and those of long prompts.
fn price_words(price: &RunPrice) -> Vec<String> {
    match price.entries.as_deref() {
        None => vec!["Price unknown".to_owned()],
        Some([]) => vec!["Costs nothing".to_owned()],
        Some(entries) => entries.iter().flat_map(entry_words).collect(),
    }
}

fn entry_words(entry: &PriceEntry) -> Vec<String> {
    if let Some(unit) = entry.per_thousand {
        return vec![format!("{} per thousand photos, since {}", money::price_words(unit), entry.from)];
    }
    let usd = |rate: Option<f64>| rate.map_or_else(|| "unknown".to_owned(), money::price_words);
    let cached = entry.cached.map(|rate| format!(", {} cached", money::price_words(rate))).unwrap_or_default();
    let mut lines = vec![format!("{} in, {} out{cached} per million tokens, since {}", usd(entry.input), usd(entry.output), entry.from)];
    let tier = |tier: &crate::wire::cost::PriceTier| {
        format!(
            "{} in, {} out above {} prompt tokens",
            money::price_words(tier.input),
            money::price_words(tier.output),
            number::count(tier.above_prompt_tokens)
        )
    };
    lines.extend(entry.tiers.iter().map(tier));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_told_as_they_were_charged() {
        let told = |entries| price_words(&RunPrice { model: "m".to_owned(), entries });
        assert_eq!(told(None), ["Price unknown"]);
        assert_eq!(told(Some(Vec::new())), ["Costs nothing"]);
        let from = "2026-09-02".parse().expect("a date");
        let tier = crate::wire::cost::PriceTier { above_prompt_tokens: 100_000, input: 0.5, output: 2.5, cached: None, cache_write: None };
        let entry = PriceEntry { from, input: Some(0.1), output: Some(0.5), cached: Some(0.01), tiers: vec![tier], ..PriceEntry::default() };
        assert_eq!(
            told(Some(vec![entry])),
            ["$0.10 in, $0.50 out, $0.01 cached per million tokens, since 2026-09-02", "$0.50 in, $2.50 out above 100,000 prompt tokens"]
        );
        let unit = PriceEntry { from, per_thousand: Some(1.5), ..PriceEntry::default() };
        assert_eq!(told(Some(vec![unit])), ["$1.50 per thousand photos, since 2026-09-02"]);
    }
}
