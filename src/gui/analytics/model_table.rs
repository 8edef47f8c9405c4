//! The models beside each other: a row each, sortable.

use std::cmp::Ordering;

use egui::{Align, Label, Layout, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};

use super::series::Plotted;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::wire::analytics::{ModelPerformance, PerformancePoint};
use crate::wire::money::UsdMicros;

/// One column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModelColumn {
    Model,
    #[default]
    Results,
    Failed,
    P50,
    P95,
    Confidence,
    Cost,
    CostPerThousand,
}

impl ModelColumn {
    const ALL: [Self; 8] = [Self::Model, Self::Results, Self::Failed, Self::P50, Self::P95, Self::Confidence, Self::Cost, Self::CostPerThousand];

    fn header(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Results => "Results",
            Self::Failed => "Failed",
            Self::P50 => "Latency p50",
            Self::P95 => "Latency p95",
            Self::Confidence => "Confidence",
            Self::Cost => "Cost",
            Self::CostPerThousand => "Cost per 1,000",
        }
    }

    /// What the rows are sorted by; unknown values come last.
    fn key(self, point: &PerformancePoint) -> Option<f64> {
        let results = point.completed + point.failed;
        match self {
            Self::Model => None,
            Self::Results => Some(results as f64),
            Self::Failed => Some(failed_share(point)),
            Self::P50 => point.latency_p50_ms,
            Self::P95 => point.latency_p95_ms,
            Self::Confidence => point.mean_confidence,
            Self::Cost => (point.cost_unknown < results).then(|| point.cost_usd.as_usd()),
            Self::CostPerThousand => cost_per_thousand(point).map(UsdMicros::as_usd),
        }
    }

    fn words(self, point: &PerformancePoint) -> String {
        let or_dash = |words: Option<String>| words.unwrap_or_else(|| "–".to_owned());
        match self {
            Self::Model => String::new(),
            Self::Results => number::count(point.completed + point.failed),
            Self::Failed if point.failed == 0 => "0".to_owned(),
            Self::Failed => format!("{} ({})", number::count(point.failed), number::percent(failed_share(point))),
            Self::P50 => or_dash(point.latency_p50_ms.map(number::duration_ms)),
            Self::P95 => or_dash(point.latency_p95_ms.map(number::duration_ms)),
            Self::Confidence => or_dash(point.mean_confidence.map(number::percent)),
            Self::Cost => cost_words(point),
            Self::CostPerThousand => cost_per_thousand(point).map_or_else(|| "unknown".to_owned(), |cost| cost.to_string()),
        }
    }
}

/// Failed results of all results, 0–1.
#[must_use]
pub fn failed_share(point: &PerformancePoint) -> f64 {
    let results = point.completed + point.failed;
    if results == 0 { 0.0 } else { point.failed as f64 / results as f64 }
}

/// The known cost, and how many results have an unknown one.
#[must_use]
pub fn cost_words(point: &PerformancePoint) -> String {
    let results = point.completed + point.failed;
    match point.cost_unknown {
        0 => point.cost_usd.to_string(),
        unknown if unknown >= results || point.cost_usd == UsdMicros(0) => "unknown".to_owned(),
        unknown => format!("{} + unknown for {}", point.cost_usd, number::count(unknown)),
    }
}

/// Over the results whose cost is known; `None` where those are too few to speak for the rest.
fn cost_per_thousand(point: &PerformancePoint) -> Option<UsdMicros> {
    let known = (point.completed + point.failed).checked_sub(point.cost_unknown)?;
    if known <= point.cost_unknown {
        return None;
    }
    Some(UsdMicros((point.cost_usd.0 as f64 * 1000.0 / known as f64).round() as i64))
}

/// How the rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelSort {
    column: ModelColumn,
    ascending: bool,
}

impl ModelSort {
    fn compare(self, one: &ModelPerformance, other: &ModelPerformance) -> Ordering {
        let ordering = match (self.column.key(&one.total), self.column.key(&other.total)) {
            (Some(one), Some(other)) if self.ascending => one.total_cmp(&other),
            (Some(one), Some(other)) => other.total_cmp(&one),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) if self.column == ModelColumn::Model && !self.ascending => other.model.cmp(&one.model),
            (None, None) => Ordering::Equal,
        };
        ordering.then_with(|| one.model.cmp(&other.model))
    }
}

pub fn ui(ui: &mut Ui, models: &[ModelPerformance], plotted: &Plotted, sort: &mut ModelSort, tokens: &Tokens) {
    let mut rows: Vec<&ModelPerformance> = models.iter().collect();
    rows.sort_by(|one, other| sort.compare(one, other));
    ui.visuals_mut().widgets.noninteractive.bg_stroke.color = tokens.border.gamma_multiply(0.5);
    let mut table = TableBuilder::new(ui).id_salt("by model").vscroll(false).resizable(true).cell_layout(Layout::left_to_right(Align::Center));
    for column in ModelColumn::ALL {
        table = table.column(match column {
            ModelColumn::Model => Column::remainder().at_least(80.0).clip(true),
            ModelColumn::CostPerThousand => Column::initial(104.0).at_least(60.0).clip(true),
            ModelColumn::Cost => Column::initial(140.0).at_least(60.0).clip(true),
            _ => Column::initial(92.0).at_least(50.0).clip(true),
        });
    }
    table
        .header(theme::ROW_HEIGHT, |mut header| {
            for column in ModelColumn::ALL {
                header.col(|ui| header_ui(ui, column, sort, tokens));
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT, rows.len(), |mut row| {
                let Some(model) = rows.get(row.index()) else { return };
                for column in ModelColumn::ALL {
                    row.col(|ui| cell_ui(ui, model, column, plotted, tokens));
                }
            });
        });
}

fn aligned(ui: &mut Ui, column: ModelColumn, add: impl FnOnce(&mut Ui)) {
    if column == ModelColumn::Model {
        add(ui);
    } else {
        ui.with_layout(Layout::right_to_left(Align::Center), add);
    }
}

fn header_ui(ui: &mut Ui, column: ModelColumn, sort: &mut ModelSort, tokens: &Tokens) {
    aligned(ui, column, |ui| {
        let is_sorted = sort.column == column;
        let arrow = if sort.ascending { icons::ICON_ARROW_UPWARD } else { icons::ICON_ARROW_DOWNWARD };
        let words = RichText::new(column.header()).size(theme::TEXT_SMALL).color(tokens.muted);
        let arrow = RichText::from(arrow).size(theme::TEXT_SMALL).color(tokens.muted);
        let button = ui.add(if is_sorted { egui::Button::new((words, arrow)) } else { egui::Button::new(words) }.frame(false));
        button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_sorted, format!("Sort by {}", column.header())));
        if button.clicked() {
            *sort = ModelSort { column, ascending: if is_sorted { !sort.ascending } else { column == ModelColumn::Model } };
        }
    });
}

fn cell_ui(ui: &mut Ui, model: &ModelPerformance, column: ModelColumn, plotted: &Plotted, tokens: &Tokens) {
    aligned(ui, column, |ui| {
        if column == ModelColumn::Model {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().circle_filled(rect.center(), 4.5, plotted.colours.get(&model.model, tokens));
            ui.add(Label::new(&model.model).truncate());
        } else {
            ui.add(Label::new(column.words(&model.total)).truncate());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, completed: u64, failed: u64, micros: i64, unknown: u64) -> ModelPerformance {
        let total = PerformancePoint {
            at: chrono::DateTime::UNIX_EPOCH,
            completed,
            failed,
            latency_p50_ms: None,
            latency_p90_ms: None,
            latency_p95_ms: None,
            latency_p99_ms: None,
            mean_confidence: None,
            cost_usd: UsdMicros(micros),
            cost_unknown: unknown,
        };
        ModelPerformance { model: name.to_owned(), total, points: Vec::new() }
    }

    #[test]
    fn unknown_cost_is_never_shown_as_nothing() {
        assert_eq!(cost_words(&model("m", 4, 0, 0, 4).total), "unknown");
        assert_eq!(cost_words(&model("m", 4, 0, 2_000_000, 1).total), "$2.00 + unknown for 1");
        assert_eq!(cost_words(&model("m", 4, 0, 0, 1).total), "unknown", "what is known is nothing");
        assert_eq!(cost_words(&model("m", 4, 0, 0, 0).total), "$0");
        assert_eq!(ModelColumn::CostPerThousand.words(&model("m", 4, 0, 0, 4).total), "unknown");
        assert_eq!(ModelColumn::CostPerThousand.words(&model("m", 4, 1, 4_000, 1).total), "$1.00", "over the four that are known");
    }

    #[test]
    fn models_sort_by_any_column_with_the_unknown_last() {
        let models = [model("a", 1, 0, 5, 0), model("b", 9, 0, 0, 9), model("c", 5, 0, 7, 0)];
        let sorted = |column, ascending| {
            let mut rows: Vec<_> = models.iter().collect();
            rows.sort_by(|one, other| ModelSort { column, ascending }.compare(one, other));
            rows.iter().map(|row| row.model.as_str()).collect::<String>()
        };
        assert_eq!(sorted(ModelColumn::Results, false), "bca");
        assert_eq!(sorted(ModelColumn::Cost, false), "cab");
        assert_eq!(sorted(ModelColumn::Cost, true), "acb");
        assert_eq!(sorted(ModelColumn::Model, true), "abc");
        assert_eq!(sorted(ModelColumn::Model, false), "cba");
    }
}
