//! Analytics: what it costs, how fast and how good it is, over time and by model.

mod data;
mod headlines;
mod model_table;
mod plots;
mod range;
mod series;

use egui::{Align, Button, RichText, ScrollArea, Ui};

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, LinkState, Route};
use crate::gui::theme;
use crate::gui::widgets::{empty_state, error_state, skeleton};
use crate::wire::analytics::Performance;
use crate::wire::event::{Event, Happened};
use data::Data;
use model_table::ModelSort;
use plots::{Metric, PlotState};
use range::TimeRange;

/// Below this width the plots stand under each other.
const TWO_COLUMNS_FROM: f32 = 700.0;

/// The state of the area.
#[derive(Default)]
pub struct Analytics {
    data: Data,
    plots: PlotState,
    sort: ModelSort,
    /// The plot that a link leads to.
    scroll_to: Option<Metric>,
}

impl Area for Analytics {
    fn id(&self) -> AreaId {
        AreaId::Analytics
    }

    fn on_event(&mut self, event: &Event, _ctx: &mut AreaCtx<'_>) {
        match &event.what {
            Happened::JobChanged(job) if job.finished_at.is_some() => self.data.mark_behind(),
            Happened::JobsChanged { .. } => self.data.mark_behind(),
            Happened::Resync => self.data.reload(),
            _ => {}
        }
    }

    fn logic(&mut self, _ctx: &mut AreaCtx<'_>) {
        self.data.poll();
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut AreaCtx<'_>) {
        self.data.ask(ctx);
        let frame = egui::Frame::new().inner_margin(theme::GAP_16).fill(ctx.tokens().background);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            self.range_ui(ui, ctx);
            ui.add_space(theme::GAP_8);
            self.body_ui(ui, ctx);
        });
    }

    fn on_command(&mut self, command: &Command, _ctx: &mut AreaCtx<'_>) -> bool {
        if *command == Command::Reload {
            self.data.reload();
        }
        // Every area reloads.
        false
    }

    fn go_to(&mut self, route: &Route, _ctx: &mut AreaCtx<'_>) {
        self.scroll_to = match route {
            Route::Cost => Some(Metric::Cost),
            Route::Latency => Some(Metric::Latency),
            Route::Confidence => Some(Metric::Confidence),
            _ => None,
        };
    }

    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Left, Right", "In a plot: walk over the steps that have results")]
    }
}

impl Analytics {
    fn range_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for range in TimeRange::ALL {
                let is_shown = self.data.range() == range;
                let button = ui.add(Button::selectable(is_shown, range.label()));
                button.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_shown, format!("Last {}", range.label())));
                if button.clicked() {
                    self.data.show(range);
                    self.plots.cursor = None;
                }
            }
            ui.add_space(theme::GAP_12);
            if self.data.performance().is_pending() && self.data.performance().value().is_none() {
                ui.spinner();
            }
            if let LinkState::Lost { why, .. } = ctx.link {
                ui.label(RichText::from(theme::icons::ICON_CLOUD_OFF).color(tokens.warn));
                ui.label(RichText::new("Stale: the platform is not heard").color(tokens.warn)).on_hover_text(why);
            }
        });
    }

    fn body_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let remote = self.data.performance();
        let Some(performance) = remote.value() else {
            match remote.failure() {
                Some(failure) => {
                    if error_state::ui(ui, "The figures could not be read", &failure.to_string()) {
                        self.data.reload();
                    }
                }
                None => skeleton::lines(ui, 12),
            }
            return;
        };
        if let Some(failure) = remote.failure() {
            ui.label(RichText::new(format!("These figures are old: {failure}")).color(ctx.tokens().warn));
        }
        if performance.total.completed + performance.total.failed == 0 {
            return self.empty_ui(ui, ctx);
        }
        // The value is borrowed beside the state of the plots.
        let (data, plots, sort) = (&self.data, &mut self.plots, &mut self.sort);
        let scroll_to = self.scroll_to.take();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            panels_ui(ui, performance, data, plots, sort, scroll_to, ctx);
        });
    }

    fn empty_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        if self.data.range() == TimeRange::Month {
            if empty_state::ui(ui, "No results in this range yet", Some("Add photos…")) {
                ctx.send(Command::AddPhotos);
            }
        } else if empty_state::ui(ui, "No results in this range yet", Some("Show the last 30 days")) {
            self.data.show(TimeRange::Month);
        }
    }
}

fn panels_ui(
    ui: &mut Ui,
    performance: &Performance,
    data: &Data,
    plots: &mut PlotState,
    sort: &mut ModelSort,
    scroll_to: Option<Metric>,
    ctx: &AreaCtx<'_>,
) {
    let tokens = ctx.tokens();
    headlines::ui(ui, performance, data, tokens);
    ui.add_space(theme::GAP_12);
    let columns = if ui.available_width() >= TWO_COLUMNS_FROM { 2 } else { 1 };
    for row in Metric::ALL.chunks(columns) {
        ui.columns(columns, |uis| {
            for (metric, ui) in row.iter().zip(uis) {
                plots::ui(ui, *metric, data.plotted(), data.range(), plots, tokens);
                if scroll_to == Some(*metric) {
                    ui.scroll_to_rect(ui.min_rect(), Some(Align::Center));
                }
            }
        });
        ui.add_space(theme::GAP_12);
    }
    ui.label(RichText::new("By model").size(theme::TEXT_STRONG));
    model_table::ui(ui, &performance.models, data.plotted(), sort, tokens);
    ui.add_space(theme::GAP_16);
}
