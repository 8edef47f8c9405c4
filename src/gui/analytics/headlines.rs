//! The headline cards: the whole range in six figures, against the range before it.

use egui::Ui;

use super::data::Data;
use super::model_table::{cost_words, failed_share};
use super::series::Plotted;
use crate::gui::theme::Tokens;
use crate::gui::widgets::card::{self, Card, Trend};
use crate::gui::widgets::number;
use crate::wire::analytics::{Performance, PerformancePoint};

pub fn ui(ui: &mut Ui, performance: &Performance, data: &Data, tokens: &Tokens) {
    let compared = Compared { now: &performance.total, before: data.before(), words: data.range().before_label(), plotted: data.plotted() };
    let cost = compared.cost_card();
    let cards = [
        compared.card("Results", Better::Neither, |point| Some((point.completed + point.failed) as f64), |value| number::count(value as u64)),
        Card { colour: Some(tokens.bad), ..compared.card("Failed", Better::Lower, |point| Some(failed_share(point)), number::percent) },
        compared.card("Latency p50", Better::Lower, |point| point.latency_p50_ms, number::duration_ms),
        compared.card("Latency p95", Better::Lower, |point| point.latency_p95_ms, number::duration_ms),
        compared.card("Mean confidence", Better::Higher, |point| point.mean_confidence, number::percent),
        cost,
    ];
    // Nothing to lead to: the plots below are where the figures come from.
    let is_small = ui.available_width() < 900.0;
    card::row(ui, &cards, if is_small { card::Size::Compact } else { card::Size::Full });
}

/// Which way is welcome.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
    Neither,
}

struct Compared<'d> {
    now: &'d PerformancePoint,
    before: Option<&'d PerformancePoint>,
    /// `the day before`
    words: &'static str,
    plotted: &'d Plotted,
}

impl<'d> Compared<'d> {
    fn card(&self, title: &'d str, better: Better, value: impl Fn(&PerformancePoint) -> Option<f64>, words: impl Fn(f64) -> String) -> Card<'d> {
        let (now, before) = (value(self.now), self.before.and_then(&value));
        let note = match (now, before) {
            (_, None) => format!("none {}", self.words),
            // What reads the same is the same.
            (Some(now), Some(before)) if words(now) != words(before) => {
                let way = if now > before { "up" } else { "down" };
                format!("{way} from {} {}", words(before), self.words)
            }
            (_, Some(before)) => format!("{} {}", words(before), self.words),
        };
        let trend = match (now, before) {
            (Some(now), Some(before)) if better != Better::Neither && words(now) != words(before) => {
                Some(if (now > before) == (better == Better::Higher) { Trend::Good } else { Trend::Bad })
            }
            _ => None,
        };
        Card {
            title,
            figure: now.map_or_else(|| "–".to_owned(), &words),
            note,
            trend,
            series: self.plotted.all.slots.iter().map(|slot| slot.as_ref().and_then(&value)).collect(),
            ..Card::default()
        }
    }

    fn cost_card(&self) -> Card<'d> {
        let results = self.now.completed + self.now.failed;
        let unknown = self.now.cost_unknown;
        let nothing_known = unknown >= results || unknown > 0 && self.now.cost_usd.0 == 0;
        let note = match unknown {
            0 => self.before.map_or_else(|| format!("none {}", self.words), |before| format!("{} {}", cost_words(before), self.words)),
            unknown => format!("unknown for {} of {}", number::count(unknown), number::count(results)),
        };
        Card {
            title: "Cost",
            is_partial: unknown > 0 && !nothing_known,
            figure: if nothing_known { "unknown".to_owned() } else { self.now.cost_usd.to_string() },
            note,
            series: self.plotted.all.slots.iter().map(|slot| slot.map(|point| point.cost_usd.as_usd())).collect(),
            ..Card::default()
        }
    }
}
