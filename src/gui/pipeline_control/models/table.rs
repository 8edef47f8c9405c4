//! The columns of the list of models: their heads, by which it is sorted, and the figures under them.

use std::cmp::Ordering;

use egui::{Align, Label, Layout, RichText, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::words;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::wire::model::ModelInfo;

/// One column of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Cost,
    Latency,
    Confidence,
    Failed,
}

impl Column {
    const ALL: [Self; 4] = [Self::Cost, Self::Latency, Self::Confidence, Self::Failed];

    /// Share of the width; together they fill it.
    fn share(self) -> f32 {
        match self {
            Self::Cost => 0.3,
            Self::Latency => 0.28,
            Self::Confidence | Self::Failed => 0.21,
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Cost => "Per 1,000",
            Self::Latency => "Typical",
            Self::Confidence => "Sure",
            Self::Failed => "Failed",
        }
    }

    fn tooltip(self) -> &'static str {
        match self {
            Self::Cost => "Cost of 1,000 photos: measured over the last 30 days; ≈ by the price book where nothing was measured",
            Self::Latency => "Half of the answers of the last 30 days took at most this long",
            Self::Confidence => "Mean confidence of the last 30 days",
            Self::Failed => "Share of the calls of the last 30 days that failed",
        }
    }

    /// What is sorted by; `None` comes last.
    fn key(self, model: &ModelInfo) -> Option<f64> {
        let measured = model.measured.as_ref();
        match self {
            Self::Cost => model.cost_per_photo.map(words::photo_usd),
            Self::Latency => measured?.latency_p50_ms,
            Self::Confidence => measured?.mean_confidence,
            Self::Failed => measured?.failed_share(),
        }
    }

    fn figure(self, model: &ModelInfo) -> String {
        let known = match self {
            Self::Cost => return words::thousand(model.cost_per_photo),
            Self::Latency => self.key(model).map(number::duration_ms),
            Self::Confidence | Self::Failed => self.key(model).map(number::percent),
        };
        known.unwrap_or_else(|| "–".to_owned())
    }
}

/// By which column, and which way; `None`: by provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sort(Option<(Column, bool)>);

impl Sort {
    #[must_use]
    pub fn is_by_provider(self) -> bool {
        self.0.is_none()
    }

    /// The models in this order; those without a figure last.
    pub fn sort(self, models: &mut [&ModelInfo]) {
        let Some((column, descends)) = self.0 else { return };
        models.sort_by(|one, other| match (column.key(one), column.key(other)) {
            (Some(one), Some(other)) if descends => other.total_cmp(&one),
            (Some(one), Some(other)) => one.total_cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
    }

    /// One way, the other way, and by provider again.
    fn click(&mut self, column: Column) {
        // The sure ones are wanted first, as are the cheap, the quick and the sound.
        let first = column == Column::Confidence;
        self.0 = match self.0 {
            Some((by, descends)) if by == column && descends == first => Some((column, !first)),
            Some((by, _)) if by == column => None,
            _ => Some((column, first)),
        };
    }
}

/// The heads, each a button that sorts.
pub fn heads_ui(ui: &mut Ui, sort: &mut Sort, inset: f32, tokens: &Tokens) {
    cells_ui(ui, 22.0, inset, |ui, column| {
        let sorted = sort.0.filter(|(by, _)| *by == column).map(|(_, descends)| descends);
        let colour = if sorted.is_some() { tokens.text } else { tokens.muted };
        let mut head = RichText::new(column.head()).size(theme::TEXT_SMALL).color(colour);
        if sorted.is_some() {
            head = head.strong();
        }
        let said = match sorted {
            Some(true) => format!("{}, highest first", column.head()),
            Some(false) => format!("{}, lowest first", column.head()),
            None => format!("Sort by {}", column.head()),
        };
        ui.spacing_mut().item_spacing.x = 2.0;
        let response = ui.add(Label::new(head).sense(Sense::click()).selectable(false).truncate());
        response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, sorted.is_some(), &said));
        if let Some(descends) = sorted {
            let icon = if descends { icons::ICON_ARROW_DOWNWARD } else { icons::ICON_ARROW_UPWARD };
            ui.label(RichText::new(icon.codepoint).size(theme::TEXT_SMALL).color(colour));
        }
        if response.on_hover_text(column.tooltip()).clicked() {
            sort.click(column);
        }
    });
}

/// A model's figures, each under its head.
pub fn figures_ui(ui: &mut Ui, model: &ModelInfo, tokens: &Tokens) {
    cells_ui(ui, 18.0, 0.0, |ui, column| {
        let figure = column.figure(model);
        let is_known = !matches!(figure.as_str(), "–" | "unknown");
        let colour = if is_known { tokens.text } else { tokens.muted };
        let label = ui.add(Label::new(RichText::new(&figure).size(theme::TEXT_SMALL).color(colour)).truncate());
        label.on_hover_text(match column {
            Column::Cost => words::thousand_at_length(model.cost_per_photo),
            _ if is_known => column.tooltip().to_owned(),
            _ => format!("{} was not asked in the last 30 days", model.display_name),
        });
    });
}

/// A row of cells, each with its content at its right end.
fn cells_ui(ui: &mut Ui, height: f32, inset: f32, mut content: impl FnMut(&mut Ui, Column)) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let rect = rect.shrink2(vec2(inset, 0.0));
    let mut left = rect.left();
    for column in Column::ALL {
        let width = rect.width() * column.share();
        let cell = egui::Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()));
        left += width;
        let layout = Layout::right_to_left(Align::Center);
        let mut inside = ui.new_child(UiBuilder::new().id_salt(column.head()).max_rect(cell.with_min_x(cell.left() + 4.0)).layout(layout));
        content(&mut inside, column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::pipeline_control::models::words::tests::model;
    use crate::wire::model::PhotoCost;
    use crate::wire::money::UsdMicros;

    #[test]
    fn what_is_not_known_comes_last_both_ways() {
        let mut models = [model("a", None, None), model("b", None, None), model("c", None, None)];
        models[0].cost_per_photo = None;
        models[1].cost_per_photo = Some(PhotoCost::Measured { usd: UsdMicros(9), photos: 1 });
        models[2].cost_per_photo = Some(PhotoCost::Measured { usd: UsdMicros(2), photos: 1 });
        let mut sort = Sort::default();
        let order = |sort: Sort| {
            let mut list: Vec<&ModelInfo> = models.iter().collect();
            sort.sort(&mut list);
            list.iter().map(|model| model.provider.as_str()).collect::<String>()
        };
        assert_eq!(order(sort), "abc");
        sort.click(Column::Cost);
        assert_eq!(order(sort), "cba");
        sort.click(Column::Cost);
        assert_eq!(order(sort), "bca");
        sort.click(Column::Cost);
        assert!(sort.is_by_provider());
        sort.click(Column::Confidence);
        assert_eq!(sort, Sort(Some((Column::Confidence, true))));
    }
}
