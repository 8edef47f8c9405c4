//! What the rules in the form would have made of the last days: asked while they are dragged, without a call of any model.

use std::time::{Duration, Instant};

use egui::{Align, Button, Label, Layout, RichText, Sense, Ui, WidgetInfo, vec2};

use super::examples::Examples;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{error_state, number, section, skeleton};
use crate::wire::config::ProcessingRules;
use crate::wire::replay::{Flow, REPLAY_DAYS, Replay, ReplayRules, ReplayTruth, Share};
use crate::wire::result::Decision;

/// While a threshold is dragged, questions follow one another this fast.
const DRAGGING: Duration = Duration::from_millis(100);
/// New results come meanwhile.
const ANYWAY: Duration = Duration::from_secs(30);

/// The replay that is looked at.
pub struct ReplayView {
    /// Place in [`REPLAY_DAYS`].
    days: usize,
    answer: Remote<Replay>,
    /// What was asked last, and when.
    asked: Option<(ReplayRules, Instant)>,
    examples: Examples,
}

impl Default for ReplayView {
    /// A week shows weekdays and weekends alike.
    fn default() -> Self {
        Self { days: 1, answer: Remote::default(), asked: None, examples: Examples::default() }
    }
}

impl ReplayView {
    pub fn poll(&mut self) {
        self.answer.poll();
        self.examples.poll();
    }

    #[must_use]
    pub fn answer(&self) -> Option<&Replay> {
        self.answer.value()
    }

    /// Asks again at the next look.
    pub fn reload(&mut self) {
        self.asked = None;
        self.examples.forget();
    }

    /// Asks when the rules or the days are others than those that were asked about. A newer question replaces an older one.
    fn ask(&mut self, rules: &ProcessingRules, ctx: &AreaCtx<'_>) {
        let wanted = ReplayRules { rules: rules.clone(), days: REPLAY_DAYS[self.days] };
        let age = self.asked.as_ref().map(|(_, at)| at.elapsed());
        let is_other = self.asked.as_ref().is_none_or(|(asked, _)| *asked != wanted);
        let wait = if is_other { DRAGGING } else { ANYWAY };
        let left = age.map_or(Duration::ZERO, |age| wait.saturating_sub(age));
        if !left.is_zero() {
            ctx.egui.request_repaint_after(left);
            return;
        }
        if !is_other && self.answer.is_pending() {
            return;
        }
        if is_other {
            self.examples.forget();
        }
        self.asked = Some((wanted.clone(), Instant::now()));
        ctx.ask(&mut self.answer, |client| async move { client.replay_rules(&wanted).await });
        ctx.egui.request_repaint_after(ANYWAY);
    }

    /// Draws it. `is_changed`: the rules are not those that hold.
    pub fn ui(&mut self, ui: &mut Ui, rules: &ProcessingRules, is_changed: bool, ctx: &mut AreaCtx<'_>) {
        let tokens = ctx.tokens();
        section::heading(ui, "What they would have done");
        self.days_ui(ui);
        self.ask(rules, ctx);
        let Some(replay) = self.answer.value() else {
            match self.answer.failure() {
                Some(failure) => {
                    if error_state::ui(ui, "The results could not be replayed", &failure.to_string()) {
                        self.asked = None;
                    }
                }
                None => skeleton::lines(ui, 5),
            }
            return;
        };
        if let Some(failure) = self.answer.failure() {
            ui.add(Label::new(RichText::new(format!("These figures are old. {failure}")).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
        }
        if replay.photos == 0 {
            ui.add(Label::new(RichText::new("No photo was processed in this time").color(tokens.muted)).wrap());
            return;
        }
        ui.add(Label::new(in_words(replay, is_changed)).wrap());
        ui.add_space(theme::GAP_4);
        if let Some(chosen) = flow_ui(ui, &replay.flow, self.examples.of(), tokens) {
            self.examples.toggle(chosen);
        }
        truth_ui(ui, replay.ground_truth.as_ref(), tokens);
        self.examples.ui(ui, rules, REPLAY_DAYS[self.days], ctx);
    }

    fn days_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.spacing_mut().button_padding.x = 6.0;
            for (at, days) in REPLAY_DAYS.into_iter().enumerate() {
                let button = ui.add(Button::selectable(self.days == at, format!("{days} d")));
                let name = if days == 1 { "The last day".to_owned() } else { format!("The last {days} days") };
                button.widget_info(|| WidgetInfo::selected(egui::Role::RadioButton, true, self.days == at, &name));
                let words = format!("{name}: exactly the {} hours up to now. A photo counts once, as it was decided last", days * 24);
                if button.on_hover_text(words).clicked() {
                    self.days = at;
                }
            }
        });
    }
}

/// Instead of a replay, while the rules can't be followed.
pub fn waiting_ui(ui: &mut Ui, tokens: &Tokens) {
    section::heading(ui, "What they would have done");
    let words = "Told as soon as the thresholds are in order";
    ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
}

/// What moves, in a sentence.
fn in_words(replay: &Replay, is_changed: bool) -> String {
    let photos = |count: u64| if count == 1 { "1 photo".to_owned() } else { format!("{} photos", number::count(count)) };
    let rules = if is_changed { "these rules" } else { "the rules of now" };
    if replay.moved == 0 {
        return format!("With {rules}, all {} would have been decided as they were", photos(replay.photos));
    }
    // A number and its unit stay on one line.
    let share = number::percent(replay.moved as f64 / replay.photos as f64).replace(' ', "\u{a0}");
    format!("With {rules}, {} of {} ({share}) would have been decided otherwise", number::count(replay.moved), photos(replay.photos))
}

fn colour(decision: Decision, tokens: &Tokens) -> egui::Color32 {
    match decision {
        Decision::Accept => tokens.good,
        Decision::Review => tokens.warn,
        Decision::Reject => tokens.bad,
    }
}

/// A count that fits a narrow cell.
fn compact(count: u64) -> String {
    match count {
        0..100_000 => number::count(count),
        100_000..10_000_000 => format!("{}k", number::count(count / 1_000)),
        _ => format!("{}M", number::count(count / 1_000_000)),
    }
}

/// From which decision to which: a row each for what was, a column each for what would be. Returns the cell that was chosen.
fn flow_ui(ui: &mut Ui, flow: &Flow, open: Option<(Decision, Decision)>, tokens: &Tokens) -> Option<(Decision, Decision)> {
    let mut chosen = None;
    ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
    let width = ui.available_width();
    let head = (width * 0.28).clamp(56.0, 92.0);
    let cell = vec2(((width - head) / 3.0 - 2.0).floor(), 26.0);
    ui.horizontal(|ui| {
        head_ui(ui, if head < 84.0 { "was ↓" } else { "was ↓  would →" }, head, tokens.muted);
        for to in Flow::ORDER {
            let layout = Layout::right_to_left(Align::Center);
            ui.allocate_ui_with_layout(cell, layout, |ui| {
                ui.add_space(6.0);
                ui.add(Label::new(RichText::new(to.label()).size(theme::TEXT_SMALL).color(colour(to, tokens))).truncate());
            });
        }
    });
    for from in Flow::ORDER {
        ui.horizontal(|ui| {
            head_ui(ui, from.label(), head, colour(from, tokens));
            for to in Flow::ORDER {
                let count = flow.get(from, to);
                let moves = from != to && count > 0;
                let is_open = open == Some((from, to));
                let (rect, response) = ui.allocate_exact_size(cell, if moves { Sense::click() } else { Sense::hover() });
                let name = format!("{} to {}: {}", from.label(), to.label().to_lowercase(), number::count(count));
                let role = if moves { egui::Role::Button } else { egui::Role::Label };
                response.widget_info(|| WidgetInfo { selected: moves.then_some(is_open), ..WidgetInfo::labeled(role, true, &name) });
                let fill = match () {
                    () if is_open => tokens.selection,
                    () if moves && response.hovered() => tokens.hovered,
                    () if moves => tokens.raised,
                    () => tokens.surface,
                };
                ui.painter().rect_filled(rect, theme::RADIUS_4, fill);
                if response.has_focus() {
                    ui.painter().rect_stroke(rect, theme::RADIUS_4, (2.0, tokens.focus), egui::StrokeKind::Inside);
                }
                let words = if moves { tokens.text } else { tokens.muted };
                let at = rect.right_center() - vec2(6.0, 0.0);
                ui.painter().text(at, egui::Align2::RIGHT_CENTER, compact(count), egui::FontId::proportional(theme::TEXT_BODY), words);
                let says = if moves { format!("{name}. Click to see them") } else { name };
                if response.on_hover_text(says).clicked() {
                    chosen = Some((from, to));
                }
            }
        });
    }
    chosen
}

fn head_ui(ui: &mut Ui, words: &str, width: f32, colour: egui::Color32) {
    ui.allocate_ui_with_layout(vec2(width, 26.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate());
    });
}

/// What labels say of what is accepted.
fn truth_ui(ui: &mut Ui, truth: Option<&ReplayTruth>, tokens: &Tokens) {
    ui.add_space(theme::GAP_4);
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    let Some(truth) = truth else {
        ui.add(Label::new(small("No ground truth yet: none of these photos has labels to hold its tags against".to_owned())).wrap());
        return;
    };
    let words = format!("Right among the accepted: {} → {}", share_words(truth.before), share_words(truth.after));
    let label = ui.add(Label::new(small(words)).wrap());
    label.on_hover_text(format!(
        "Of the {} photos that have labels: how many of the accepted ones have a label as their most confident tag, with the 95 % interval by Wilson's method",
        truth.photos
    ));
}

fn share_words(share: Option<Share>) -> String {
    let Some(share) = share else { return "none accepted".to_owned() };
    format!("{:.0} % ({:.0}–{:.0} %, {} of {})", share.share * 100.0, share.low * 100.0, share.high * 100.0, share.hits, share.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_told_in_a_sentence() {
        let mut flow = Flow::default();
        flow.add(Decision::Accept, Decision::Accept, 1_150);
        flow.add(Decision::Accept, Decision::Review, 50);
        let replay = Replay {
            from: chrono::DateTime::UNIX_EPOCH,
            photos: flow.total(),
            moved: flow.moved(),
            flow,
            categories: Vec::new(),
            ground_truth: None,
        };
        assert_eq!(in_words(&replay, true), "With these rules, 50 of 1,200 photos (4.2\u{a0}%) would have been decided otherwise");
        let still = Replay { moved: 0, ..replay };
        assert_eq!(in_words(&still, false), "With the rules of now, all 1,200 photos would have been decided as they were");
    }

    #[test]
    fn counts_fit_their_cells() {
        assert_eq!([compact(99_999), compact(1_234_567), compact(12_345_678)], ["99,999", "1,234k", "12M"]);
    }
}
