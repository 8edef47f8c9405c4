//! The blast radius on screen: what it would cost and whether it may, how far it is, and what it says.

use egui::{DragValue, Frame, Label, Margin, ProgressBar, RichText, Ui, WidgetInfo, vec2};

use super::measure::Measure;
use crate::gui::ctx::{AreaCtx, Command, Route};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{number, section, skeleton};
use crate::wire::cost::sum_words;
use crate::wire::deployment::{BlastRadius, BlastRadiusEstimate, Share, tags_changed_words};
use crate::wire::money::UsdMicros;
use crate::wire::run::RunState;

const METHOD: &str = "95 % interval after Wilson (1927), which Brown, Cai and DasGupta (2001) recommend for small samples. The sample lies evenly \
                      spread over the last photos, and every photo is answered by both; photos that look alike count in the interval as one";

/// Draws the heading, and whatever is so now.
pub fn ui(ui: &mut Ui, measure: &mut Measure, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    section::ui(ui, "Blast radius", |ui| {
        if let Some(radius) = measure.radius().filter(|radius| radius.state != RunState::Running) {
            let go = Command::GoTo(Route::Run(radius.run_id));
            if ui.button("Open in the lab").on_hover_text("See every answer of both side by side in the Testing lab").clicked() {
                ctx.send(go);
            }
        }
    });
    if measure.has_nothing_to_compare() && measure.radius().is_none() {
        let words = measure.trouble().unwrap_or_default();
        ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
        return;
    }
    if measure.is_running() {
        running_ui(ui, measure, ctx);
        return;
    }
    if let Some(radius) = measure.radius() {
        result_ui(ui, radius, tokens);
        let is_open = matches!(radius.state, RunState::Interrupted | RunState::Cancelled | RunState::Paused) && radius.outdated.is_none();
        if is_open && !radius.stopped_at_limit {
            ui.horizontal(|ui| {
                let go_on = ui.add_enabled(!measure.is_acting(), egui::Button::new("Go on"));
                if go_on.on_hover_text("Ask only what is missing; what is answered stays").clicked() {
                    measure.go_on(ctx);
                }
            });
        }
        ui.add_space(theme::GAP_8);
    }
    if let Some(trouble) = measure.trouble() {
        ui.add(Label::new(RichText::new(trouble).color(tokens.bad)).wrap());
    }
    // An id of its own, so that a field that is typed into stays that field while results come in above it.
    ui.scope_builder(egui::UiBuilder::new().scope_id(egui::Id::unique("measure again")), |ui| begin_ui(ui, measure, ctx));
}

/// What a measurement would need, and the button that begins it. Where it costs money, the person is asked first.
fn begin_ui(ui: &mut Ui, measure: &mut Measure, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let is_again = measure.radius().is_some();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_8;
        ui.label(if is_again { "Measure again on" } else { "Measure on" });
        let field = ui.add(DragValue::new(&mut measure.photos).range(1..=200).speed(0.3));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, "Photos of the sample"));
        field.on_hover_text("Photos of the sample, 1 to 200. More photos make the interval narrower");
        ui.label(if measure.photos == 1 { "photo" } else { "photos" });
        let Some(estimate) = measure.estimate() else {
            ui.label(RichText::new("Estimating the cost…").color(tokens.muted));
            return;
        };
        let (is_free, cost) = (estimate.is_free(), cost_words(estimate));
        ui.label(RichText::new(&cost).color(if is_free { tokens.muted } else { tokens.text })).on_hover_text(calls_words(estimate));
        let words = if is_free { "Measure" } else { "Measure…" };
        if !measure.is_confirming && ui.add_enabled(!measure.is_acting(), egui::Button::new(words)).clicked() {
            if is_free {
                measure.begin(ctx);
            } else {
                measure.is_confirming = true;
            }
        }
    });
    if measure.is_confirming {
        confirm_ui(ui, measure, ctx);
    }
}

/// Nothing is spent before this is answered.
fn confirm_ui(ui: &mut Ui, measure: &mut Measure, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let Some(estimate) = measure.estimate() else { return };
    let (calls, unknown, suggested) = (estimate.estimate.calls, estimate.estimate.total.unknown_calls > 0, estimate.suggested_limit_usd);
    let expected = cost_words(estimate);
    let frame = Frame::new().fill(tokens.warn.gamma_multiply(0.12)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let words = if unknown {
            format!("The price of the live model is not known. {} will be made", calls_of(calls))
        } else {
            format!("{} will be made: {expected}", calls_of(calls))
        };
        ui.add(Label::new(words).wrap());
        if let Some(suggested) = suggested {
            ui.horizontal_wrapped(|ui| {
                let label = ui.label("Spend at most $");
                let mut usd = measure.limit.unwrap_or(suggested).as_usd();
                let speed = (suggested.as_usd() / 50.0).max(0.000_1);
                let field = ui.add(DragValue::new(&mut usd).range(0.000_001..=10_000.0).speed(speed).max_decimals(6)).labelled_by(label.id);
                if field.changed() {
                    measure.limit = Some(UsdMicros((usd * 1e6).round() as i64));
                }
                field.on_hover_text("No call is begun that might cross it. Twice what is expected lets every call begin");
            });
        }
        ui.horizontal(|ui| {
            let words = if unknown { "Ask all the same" } else { "Spend it and measure" };
            if ui.add_enabled(!measure.is_acting(), egui::Button::new(words)).clicked() {
                measure.begin(ctx);
            }
            // Escape answers this question, and closes nothing behind it.
            let escapes = ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
            if ui.button("Not now").clicked() || escapes {
                measure.is_confirming = false;
            }
            if measure.is_acting() {
                ui.spinner();
            }
        });
    });
}

/// How far it is.
fn running_ui(ui: &mut Ui, measure: &mut Measure, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let Some(radius) = measure.radius() else {
        skeleton::lines(ui, 1);
        return;
    };
    let (finished, total) = (radius.calls.finished(), radius.calls.total());
    let mut cancels = false;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let share = if total == 0 { 1.0 } else { finished as f32 / total as f32 };
        let width = (ui.available_width() * 0.35).clamp(80.0, 220.0);
        let bar = ui.add_sized(vec2(width, 10.0), ProgressBar::new(share).desired_height(8.0).fill(tokens.accent));
        bar.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, format!("{finished} of {total} answered")));
        ui.label(format!("{finished} of {total}"));
        if let Some(left) = radius.time_left_ms.filter(|left| *left > 0) {
            ui.label(RichText::new(format!("{} left", number::duration_ms((left as f64 / 1e3).ceil() * 1e3))).color(tokens.muted));
        }
        if radius.cost_usd.0 > 0 || radius.cost_unknown_calls > 0 {
            ui.label(RichText::new(sum_words(radius.cost_usd, radius.cost_unknown_calls)).color(tokens.muted));
        }
        cancels = ui.add_enabled(!measure.is_acting(), egui::Button::new("Cancel")).on_hover_text("Stop asking; what is answered stays").clicked();
    });
    if radius.compared > 0 {
        ui.label(RichText::new(so_far_words(radius)).size(theme::TEXT_SMALL).color(tokens.muted));
    }
    if cancels {
        measure.cancel(ctx);
    }
}

/// What it says.
fn result_ui(ui: &mut Ui, radius: &BlastRadius, tokens: &Tokens) {
    if let Some(why) = &radius.outdated {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(icons::ICON_HISTORY.codepoint).color(tokens.warn));
            ui.add(Label::new(RichText::new(format!("Outdated. {why}")).color(tokens.warn)).wrap());
        });
    }
    let ink = if radius.outdated.is_some() { tokens.muted } else { tokens.text };
    let hover = format!("{}.\n\n{METHOD}", tags_changed_words(radius.tag_threshold));
    let headline = ui.add(Label::new(RichText::new(headline(radius)).size(theme::TEXT_STRONG).color(ink)).wrap());
    headline.on_hover_text(&hover);
    for words in details(radius) {
        ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap()).on_hover_text(&hover);
    }
    let words = format!("{}. 95 % interval after Wilson", tags_changed_words(radius.tag_threshold));
    ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap()).on_hover_text(METHOD);
    if let Some(state) = state_words(radius) {
        ui.add(Label::new(RichText::new(state).color(tokens.warn)).wrap());
    }
}

/// The one sentence that matters.
pub fn headline(radius: &BlastRadius) -> String {
    let all = radius.population;
    match radius.tags.interval {
        None => "No photo could be compared yet".to_owned(),
        Some(_) if radius.compared >= all => {
            format!("{} of all {} that production answered would change tags", radius.tags.count, photos(all))
        }
        Some(interval) => {
            let (about, low, high) = (interval.photos, interval.photos_low, interval.photos_high);
            format!("Of the last {} about {} would change tags ({}–{})", photos(all), number::count(about.into()), low, number::count(high.into()))
        }
    }
}

fn details(radius: &BlastRadius) -> Vec<String> {
    let mut said = vec![format!(
        "Compared: {}. {} change tags, {}",
        photos(radius.compared),
        share_words(radius.tags),
        match radius.decisions.count {
            0 => "no decision changes".to_owned(),
            _ => format!("{} get another decision", share_words(radius.decisions)),
        }
    )];
    if radius.unanswered > 0 {
        said.push(format!("{} would get no answer that can be used", photos(radius.unanswered)));
    }
    if radius.left_out > 0 {
        said.push(format!("{} could not be compared: the provider or the photo had trouble", photos(radius.left_out)));
    }
    let asked = match radius.reused {
        0 => "both were asked".to_owned(),
        count if count == radius.photos => "production's answers were stored already".to_owned(),
        count => format!("{count} of production's answers were stored already"),
    };
    said.push(format!(
        "Against {}, both by {}; {asked}; cost {}",
        radius.baseline.label,
        radius.model,
        sum_words(radius.cost_usd, radius.cost_unknown_calls)
    ));
    said
}

fn state_words(radius: &BlastRadius) -> Option<String> {
    match radius.state {
        _ if radius.stopped_at_limit => {
            let limit = radius.limit_usd.map(|limit| format!(" of {limit}")).unwrap_or_default();
            Some(format!("Stopped at the limit{limit}. Measure again with a higher one, or with fewer photos"))
        }
        RunState::Cancelled => Some("Cancelled before it was done".to_owned()),
        RunState::Paused => Some("Paused before it was done".to_owned()),
        RunState::Interrupted => Some("Cut off before it was done".to_owned()),
        RunState::Running | RunState::Completed => None,
    }
}

/// Such as `2 (10 %, 2.8–30 %)`.
fn share_words(share: Share) -> String {
    match share.interval {
        None => share.count.to_string(),
        Some(interval) => {
            let percent = |share: f64| number::percent(share);
            format!("{} ({}, {}–{})", share.count, percent(interval.share), percent(interval.low).trim_end_matches(" %"), percent(interval.high))
        }
    }
}

fn so_far_words(radius: &BlastRadius) -> String {
    format!("So far {} of {} change tags", radius.tags.count, photos(radius.compared))
}

fn photos(count: u32) -> String {
    if count == 1 { "1 photo".to_owned() } else { format!("{} photos", number::count(count.into())) }
}

fn calls_of(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{} calls", number::count(calls)) }
}

/// `costs nothing`, `≈ $0.0069`, `price unknown`.
fn cost_words(estimate: &BlastRadiusEstimate) -> String {
    let total = estimate.estimate.total;
    if estimate.is_free() {
        return "costs nothing".to_owned();
    }
    if total.unknown_calls > 0 && total.cost.high_usd.0 == 0 {
        return "price unknown".to_owned();
    }
    let time = total.time_ms.map(|ms| format!(", about {}", number::duration_ms((ms as f64 / 1e3).ceil() * 1e3))).unwrap_or_default();
    format!("{}{time}", total.cost)
}

fn calls_words(estimate: &BlastRadiusEstimate) -> String {
    let stored = match estimate.reused {
        0 => "production's answers are of another version or model and are asked for again".to_owned(),
        count => format!("{count} of production's answers are stored already"),
    };
    format!("{} of the last {}; {}; {stored}", photos(estimate.photos), photos(estimate.population), calls_of(estimate.estimate.calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deployment::Interval;

    #[test]
    fn a_share_is_told_with_its_interval() {
        let interval = Interval { share: 0.1, low: 0.027_9, high: 0.301, photos: 100, photos_low: 27, photos_high: 302 };
        assert_eq!(share_words(Share { count: 2, interval: Some(interval) }), "2 (10 %, 2.8–30 %)");
        assert_eq!(share_words(Share::default()), "0");
    }
}
