//! Short messages at the lower edge. Good news goes by itself, faults stay until closed; under the pointer none goes.

use std::time::{Duration, Instant};

use egui::text::LayoutJob;
use egui::{Align2, Area, Context, Frame, Id, Label, Margin, Order, RichText, TextStyle, vec2};

use crate::client::NO_ANSWER;
use crate::gui::ctx::kept_free::take_height_kept_free;
use crate::gui::ctx::{Command, Toast, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::wire::config::ConfigChange;
use crate::wire::ids::{AlertId, RunId};

const STAYS: Duration = Duration::from_secs(6);
const STAYS_WITH_ACTION: Duration = Duration::from_secs(12);
const MOST: usize = 5;
/// Lines of a message; what is longer is told whole when it is pointed at.
const MOST_LINES: usize = 5;
/// Points.
const WIDTH: f32 = 360.0;

struct Shown {
    toast: Toast,
    /// `None`: until closed.
    until: Option<Instant>,
}

#[derive(Default)]
pub struct Toasts {
    shown: Vec<Shown>,
}

impl Toasts {
    pub fn push(&mut self, toast: Toast) {
        let stays = if toast.action.is_some() { STAYS_WITH_ACTION } else { STAYS };
        let until = (toast.kind != ToastKind::Bad && !toast.stays).then(|| Instant::now() + stays);
        // The same words again renew what is shown.
        self.shown.retain(|shown| shown.toast != toast);
        self.shown.push(Shown { toast, until });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }

    /// Takes away what was said of questions that the platform did not answer: it is heard again.
    pub fn withdraw_unanswered(&mut self) {
        self.shown.retain(|shown| shown.toast.kind != ToastKind::Bad || !shown.toast.text.contains(NO_ANSWER));
    }

    /// Takes away what was said of an alert that is taken on, put off or over.
    pub fn withdraw(&mut self, alert: AlertId) {
        self.shown.retain(|shown| shown.toast.alert != Some(alert));
    }

    /// Takes away what was said of changes of configuration that another one has replaced.
    pub fn withdraw_replaced(&mut self, change: &ConfigChange) {
        self.shown.retain(|shown| shown.toast.change.as_deref().is_none_or(|told| told.id >= change.id || !change.touches_what(told)));
    }

    /// The runs and providers that a message tells of.
    pub fn held(&self) -> impl Iterator<Item = &(RunId, String)> {
        self.shown.iter().filter_map(|shown| shown.toast.held.as_ref())
    }

    /// Takes away what was said of a run or a provider that goes on.
    pub fn withdraw_held(&mut self, goes_on: impl Fn(RunId, &str) -> bool) {
        self.shown.retain(|shown| shown.toast.held.as_ref().is_none_or(|(run, provider)| !goes_on(*run, provider)));
    }

    /// Draws them; returns the command of a button that was pressed. `is_here`: what the command leads to is what is shown.
    pub fn ui(&mut self, ctx: &Context, is_here: impl Fn(&Command) -> bool) -> Option<Command> {
        let middle = ctx.content_rect().center().x;
        let kept_free = take_height_kept_free(ctx, middle - WIDTH / 2.0, middle + WIDTH / 2.0);
        if self.shown.is_empty() {
            return None;
        }
        self.shown.retain(|shown| !(shown.toast.stays && shown.toast.action.as_ref().is_some_and(|(_, command)| is_here(command))));
        let now = Instant::now();
        let mut pressed = None;
        let mut close = None;
        // In the middle: at the lower right stand the buttons that go on with the work ("Run the comparison"). Where a page has
        // its buttons there, above them.
        let above = if kept_free > 0.0 { kept_free + theme::GAP_8 } else { theme::GAP_16 };
        let area = Area::new(Id::unique("toasts")).order(Order::Foreground).anchor(Align2::CENTER_BOTTOM, vec2(0.0, -above));
        let response = area.show(ctx, |ui| {
            ui.set_width(WIDTH);
            for (at, shown) in self.shown.iter().enumerate() {
                match toast_ui(ui, &shown.toast, &is_here) {
                    Some(Press::Action) => {
                        pressed = shown.toast.action.as_ref().map(|(_, command)| (**command).clone());
                        close = Some(at);
                    }
                    Some(Press::Close) => close = Some(at),
                    None => {}
                }
            }
        });
        if let Some(at) = close {
            self.shown.remove(at);
        }
        let held = response.response.contains_pointer();
        for shown in &mut self.shown {
            if held && let Some(until) = &mut shown.until {
                *until = (*until).max(now + Duration::from_secs(2));
            }
        }
        self.shown.retain(|shown| shown.until.is_none_or(|until| until > now));
        if let Some(next) = self.shown.iter().filter_map(|shown| shown.until).min() {
            ctx.request_repaint_after(next.saturating_duration_since(now));
        }
        pressed
    }
}

/// The message, cut where it would cover what a person works on.
fn words_ui(ui: &mut egui::Ui, words: &str) {
    let colour = ui.visuals().text_color();
    let mut job = LayoutJob::simple(words.to_owned(), TextStyle::Body.resolve(ui.style()), colour, ui.available_width());
    job.wrap.max_rows = MOST_LINES;
    let galley = ui.painter().layout_job(job);
    let is_cut = galley.elided;
    let label = ui.add(Label::new(galley));
    if is_cut {
        label.on_hover_text(words);
    }
}

const ICON_SIZE: f32 = 18.0;

enum Press {
    Action,
    Close,
}

fn toast_ui(ui: &mut egui::Ui, toast: &Toast, is_here: &impl Fn(&Command) -> bool) -> Option<Press> {
    let tokens = theme::tokens(ui.ctx());
    let (icon, colour) = match toast.kind {
        ToastKind::Info => (icons::ICON_INFO, tokens.info),
        ToastKind::Good => (icons::ICON_CHECK_CIRCLE, tokens.good),
        ToastKind::Warn => (icons::ICON_WARNING, tokens.warn),
        ToastKind::Bad => (icons::ICON_ERROR, tokens.bad),
    };
    let mut press = None;
    let frame = Frame::new()
        .fill(tokens.surface)
        .stroke((1.0, colour))
        .corner_radius(theme::RADIUS_8)
        .inner_margin(Margin { left: 12, right: 8, top: 6, bottom: 8 })
        .shadow(ui.visuals().popup_shadow);
    frame.show(ui, |ui| {
        ui.set_width(WIDTH - 20.0);
        ui.horizontal_top(|ui| {
            ui.add_sized([ICON_SIZE, theme::CONTROL_HEIGHT], Label::new(RichText::new(icon.codepoint).size(ICON_SIZE).color(colour)));
            let words = ui.available_width() - theme::CONTROL_HEIGHT - theme::GAP_8;
            ui.vertical(|ui| {
                ui.set_width(words);
                // Its first line stands in the middle of the icon and the cross.
                ui.add_space((theme::CONTROL_HEIGHT - ui.text_style_height(&TextStyle::Body)).max(0.0) / 2.0);
                words_ui(ui, &toast.text);
                if let Some((label, command)) = &toast.action
                    && !is_here(command)
                    && ui.button(label).clicked()
                {
                    press = Some(Press::Action);
                }
            });
            let close = Tool::new(icons::ICON_CLOSE, "Close the message").icon_only();
            if close.ui(ui).clicked() {
                press = Some(Press::Close);
            }
        });
    });
    press
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gui::ctx::{AreaId, Route};
    use crate::wire::ids::ConfigChangeId;

    fn change(at: u128, field: &str) -> ConfigChange {
        let id = ConfigChangeId(uuid::Uuid::from_u128(at));
        let at = chrono::DateTime::UNIX_EPOCH;
        let (actor, summary, kind) = (String::new(), String::new(), crate::wire::config::ChangeKind::default());
        ConfigChange { id, at, actor, summary, before: json!({}), after: json!({ field: 1 }), undone: false, kind }
    }

    #[test]
    fn what_is_to_be_seen_stays_until_it_is_where_it_leads_to() {
        let mut toasts = Toasts::default();
        let there = Command::GoTo(Route::Area(AreaId::TestingLab));
        toasts.push(Toast::new(ToastKind::Info, "Cut off").with_action("Show it", there.clone()).until_closed());
        assert!(toasts.shown[0].until.is_none());
        egui::__run_test_ui(|ui| {
            toasts.ui(ui.ctx(), |_| false);
            assert_eq!(toasts.shown.len(), 1);
            toasts.ui(ui.ctx(), |command| *command == there);
            assert!(toasts.shown.is_empty());
        });
    }

    #[test]
    fn what_was_not_answered_is_told_until_the_platform_is_heard_again() {
        let mut toasts = Toasts::default();
        let failure = crate::client::ApiError::Network("Connection refused (os error 111)".to_owned());
        toasts.push(Toast::new(ToastKind::Bad, format!("The pipeline did not change. {failure}")));
        toasts.push(Toast::new(ToastKind::Bad, "The jobs were not changed. The disk is full"));
        assert!(toasts.shown.iter().all(|shown| shown.until.is_none()), "faults stay");
        toasts.withdraw_unanswered();
        assert_eq!(toasts.shown.iter().map(|shown| shown.toast.text.as_str()).collect::<Vec<_>>(), ["The jobs were not changed. The disk is full"]);
    }

    #[test]
    fn what_is_live_no_longer_is_not_said_to_be() {
        let mut toasts = Toasts::default();
        toasts.push(Toast::of_change("v2 is live", &change(2, "live_prompt_version_id")));
        toasts.push(Toast::new(ToastKind::Good, "Saved"));
        for other in [change(2, "live_prompt_version_id"), change(1, "live_prompt_version_id"), change(3, "workers")] {
            toasts.withdraw_replaced(&other);
            assert_eq!(toasts.shown.len(), 2, "its own change, an older one, or one of something else");
        }
        toasts.withdraw_replaced(&change(4, "live_prompt_version_id"));
        assert_eq!(toasts.shown.iter().map(|shown| shown.toast.text.as_str()).collect::<Vec<_>>(), ["Saved"]);
    }
}
