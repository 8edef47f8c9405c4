//! The rules by which results are accepted, reviewed or rejected, what may be spent, and how hard the pipeline works; what they
//! would have done is shown while they are changed.

mod categories;
mod examples;
mod fields;
mod history;
mod merge;
mod replay;

use egui::{Align, Align2, FontId, Label, Layout, Panel, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use serde_json::Value;

use super::data::Data;
use super::{Wish, field_words};
use crate::gui::ctx::kept_free::keep_free;
use crate::gui::ctx::{AreaCtx, Remote};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::merge::{self as merge_view, Conflict};
use crate::gui::widgets::{error_state, section, skeleton};
use crate::wire::author;
use crate::wire::config::ProcessingRules;
use crate::wire::money::UsdMicros;
use crate::wire::rules::LimitAction;
use crate::wire::status::LiveStatus;
use categories::CategoryEditor;
use history::History;
use replay::ReplayView;

/// Points that the widest row of the rules needs.
const LEAST_WIDTH: f32 = 266.0;

/// The rules as they are being changed; without an edit those of the platform are shown.
#[derive(Default)]
pub struct RulesForm {
    edit: Option<Edit>,
    /// Why the platform did not take them, and its code, which names the field.
    trouble: Option<(String, String)>,
    categories: CategoryEditor,
    replay: ReplayView,
    history: History,
    /// What is spent; asked for when a limit is typed.
    status: Remote<LiveStatus>,
}

struct Edit {
    /// What was read before the first change.
    base: ProcessingRules,
    rules: ProcessingRules,
    /// What somebody else changed meanwhile as well.
    conflicts: Vec<Conflict>,
}

impl RulesForm {
    /// The platform has taken them, or they are given up.
    pub fn clear(&mut self) {
        self.edit = None;
        self.trouble = None;
        self.status = Remote::default();
        self.replay.reload();
        self.history.forget();
    }

    /// What is spent today already, where that is more than the limit that is being set; asked for when one is.
    fn spent_above(&mut self, rules: &ProcessingRules, ctx: &AreaCtx<'_>) -> Option<UsdMicros> {
        let limit = rules.daily_limit_usd?;
        if self.edit.as_ref()?.base.daily_limit_usd == Some(limit) {
            return None;
        }
        if self.status.is_untouched() {
            ctx.ask(&mut self.status, |client| async move { client.live_status().await });
        }
        self.status.value().map(|status| status.spend_today_usd).filter(|spent| limit < *spent)
    }

    /// The platform did not take them.
    pub fn refused(&mut self, code: &str, why: String) {
        self.trouble = Some((code.to_owned(), why));
    }

    pub fn forget_trouble(&mut self) {
        self.trouble = None;
    }

    pub fn reload(&mut self) {
        self.replay.reload();
        self.history.forget();
    }

    /// Takes in answers, and what somebody else made of the rules meanwhile: both are brought together.
    pub fn logic(&mut self, now: Option<&ProcessingRules>) {
        self.replay.poll();
        self.history.poll();
        self.status.poll();
        let (Some(edit), Some(now)) = (&mut self.edit, now) else { return };
        if edit.base == *now {
            return;
        }
        let (rules, conflicts) = merge::merge(&edit.base, &edit.rules, now);
        edit.base = now.clone();
        edit.rules = rules;
        merge_view::follow(&mut edit.conflicts, conflicts, &merge::fields(&edit.rules), &merge::fields(now));
        self.history.forget();
        self.trouble = None;
        if edit.rules == edit.base {
            self.edit = None;
        }
    }

    fn put_back(&mut self, rules: &mut ProcessingRules, field: &str, value: &Value) {
        if let Some(with) = merge::with(rules, field, value) {
            *rules = with;
        }
        self.trouble = None;
    }
}

/// Draws the form.
pub fn ui(ui: &mut Ui, data: &Data, form: &mut RulesForm, is_busy: bool, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let tokens = ctx.tokens();
    // As wide from the first frame on as the widest of it, so that nothing moves when figures come.
    ui.set_min_width(LEAST_WIDTH);
    let Some(config) = data.config.value() else {
        match data.config.failure() {
            Some(failure) => {
                if error_state::ui(ui, "The rules could not be read", &failure.to_string()) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 4),
        }
        return;
    };
    let mut rules = form.edit.as_ref().map_or_else(|| config.rules.clone(), |edit| edit.rules.clone());
    // A panel within the panel, so that what applies them is always in sight.
    let mut is_discarded = false;
    let bar = Panel::bottom("rules bar").frame(egui::Frame::NONE).show_separator_line(false).show(ui, |ui| {
        is_discarded = bar_ui(ui, form, &rules, is_busy, tokens, wishes);
    });
    keep_free(ui.ctx(), bar.response.rect);
    ScrollArea::vertical().id_salt("rules").auto_shrink(false).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if let Some(edit) = &mut form.edit
            && !edit.conflicts.is_empty()
        {
            let who = data.changed_by.as_deref().filter(|who| !ctx.client.is_me(who));
            let words =
                merge_view::Words { what: "rules", whence: &author::whence_or_window(who), label: &field_words::label, value: &field_words::value };
            if merge_view::ui(ui, &mut edit.conflicts, &words) {
                for conflict in &edit.conflicts {
                    if let Some(with) = merge::with(&rules, &conflict.field, conflict.value()) {
                        rules = with;
                    }
                }
            }
            ui.add_space(theme::GAP_12);
        }
        confidence_ui(ui, form, &mut rules, ctx);
        ui.add_space(theme::GAP_16);
        if are_in_order(&rules) {
            form.replay.ui(ui, &rules, rules != config.rules, ctx);
        } else {
            replay::waiting_ui(ui, tokens);
        }
        ui.add_space(theme::GAP_16);
        section::heading(ui, "Categories");
        let says = "A photo belongs to the category that names its most confident tag";
        ui.add(Label::new(RichText::new(says).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        ui.add_space(theme::GAP_4);
        form.categories.ui(ui, &mut rules, form.replay.answer(), tokens);
        trouble_ui(ui, form, "categories");
        ui.add_space(theme::GAP_16);
        work_ui(ui, form, &mut rules, ctx);
        ui.add_space(theme::GAP_16);
        spending_ui(ui, form, &mut rules, ctx);
        ui.add_space(theme::GAP_12);
    });
    if is_discarded {
        form.edit = None;
        form.trouble = None;
    } else {
        take(form, rules, &config.rules);
    }
}

/// What was changed in the form since the last frame.
fn take(form: &mut RulesForm, rules: ProcessingRules, now: &ProcessingRules) {
    let before = form.edit.as_ref().map_or(now, |edit| &edit.rules);
    if rules == *before {
        return;
    }
    form.trouble = None;
    match &mut form.edit {
        Some(edit) => edit.rules = rules,
        None => form.edit = Some(Edit { base: now.clone(), rules, conflicts: Vec::new() }),
    }
    if form.edit.as_ref().is_some_and(|edit| edit.rules == edit.base && edit.conflicts.is_empty()) {
        form.edit = None;
    }
}

/// What is wrong, and the buttons; returns whether all is to be as it was.
fn bar_ui(ui: &mut Ui, form: &RulesForm, rules: &ProcessingRules, is_busy: bool, tokens: &Tokens, wishes: &mut Vec<Wish>) -> bool {
    ui.add_space(theme::GAP_8);
    let is_open = form.edit.as_ref().is_some_and(|edit| merge_view::is_open(&edit.conflicts));
    let must_confirm = form.trouble.as_ref().is_some_and(|(code, _)| code == BELOW_SPENT);
    if let Some((code, trouble)) = &form.trouble
        && !has_place(code)
    {
        let colour = if must_confirm { tokens.warn } else { tokens.bad };
        ui.add(Label::new(RichText::new(trouble).color(colour)).wrap());
    }
    let mut is_discarded = false;
    ui.horizontal(|ui| {
        let are_in_order = are_in_order(rules);
        let can = form.edit.is_some() && !is_busy && !is_open && are_in_order;
        let verb = if must_confirm { "Apply all the same" } else { "Apply" };
        let apply = ui.add_enabled(can, egui::Button::new(verb));
        let apply = if are_in_order { apply } else { apply.on_disabled_hover_text("Mend the thresholds first: each says what is wrong with it") };
        let apply = if is_open { apply.on_disabled_hover_text("Choose first what holds where both changed the same") } else { apply };
        if apply.clicked() {
            wishes.push(Wish::ApplyRules { rules: Box::new(rules.clone()), confirmed: must_confirm });
        }
        is_discarded = ui.add_enabled(form.edit.is_some() && !is_busy, egui::Button::new("Discard")).clicked();
        if is_busy {
            ui.spinner();
        }
    });
    is_discarded
}

/// The platform's code for a limit below what is spent already.
const BELOW_SPENT: &str = "limit_below_spent";

/// Fields that say themselves what is wrong with them.
const PLACES: [&str; 10] = [
    "accept_threshold",
    "reject_threshold",
    "categories",
    "workers",
    "max_attempts",
    "image_max_edge_px",
    "image_quality",
    "photo_limit_usd",
    "daily_limit_usd",
    "monthly_limit_usd",
];

fn has_place(code: &str) -> bool {
    PLACES.contains(&code)
}

fn trouble_ui(ui: &mut Ui, form: &RulesForm, field: &str) {
    let trouble = form.trouble.as_ref().filter(|(code, _)| code == field);
    fields::trouble_ui(ui, trouble.map(|(_, why)| why.as_str()));
}

/// A field in a row, with its history at the end of it and what is wrong below.
fn field_ui(
    ui: &mut Ui,
    form: &mut RulesForm,
    rules: &mut ProcessingRules,
    field: &str,
    ctx: &AreaCtx<'_>,
    content: impl FnOnce(&mut Ui, &mut ProcessingRules),
) {
    // An id of its own: what comes above it while someone types in it must not make it another field, which would have no focus.
    ui.scope_builder(UiBuilder::new().scope_id(egui::Id::unique(("rule", field))), |ui| {
        ui.horizontal(|ui| {
            content(ui, rules);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(value) = form.history.button_ui(ui, field, ctx) {
                    form.put_back(rules, field, &value);
                }
            });
        });
    });
    trouble_ui(ui, form, field);
}

fn confidence_ui(ui: &mut Ui, form: &mut RulesForm, rules: &mut ProcessingRules, ctx: &AreaCtx<'_>) {
    section::heading(ui, "Confidence");
    zones_ui(ui, rules, ctx.tokens());
    for (at, (field, name, tooltip)) in [
        ("accept_threshold", "Accept from", "Results with a mean confidence of at least this are accepted"),
        ("reject_threshold", "Reject below", "Results with a mean confidence below this are rejected"),
    ]
    .into_iter()
    .enumerate()
    {
        field_ui(ui, form, rules, field, ctx, |ui, rules| {
            fields::name_ui(ui, name).on_hover_text(tooltip);
            let (accept, reject) = (rules.accept_threshold, rules.reject_threshold);
            if at == 0 {
                fields::slider_ui(ui, (name, tooltip), &mut rules.accept_threshold, reject..=1.0, 100.0);
            } else {
                fields::slider_ui(ui, (name, tooltip), &mut rules.reject_threshold, 0.0..=accept, 100.0);
            }
        });
        let troubles = fields::threshold_troubles(rules.accept_threshold, rules.reject_threshold);
        fields::trouble_ui(ui, troubles[at].as_deref());
    }
    if are_in_order(rules) {
        ui.add(Label::new(RichText::new(in_words(rules)).size(theme::TEXT_SMALL).color(ctx.tokens().muted)).wrap());
    }
}

/// Whether the thresholds can be followed; the fields say what is wrong with them.
fn are_in_order(rules: &ProcessingRules) -> bool {
    fields::threshold_troubles(rules.accept_threshold, rules.reject_threshold) == [None, None]
}

fn work_ui(ui: &mut Ui, form: &mut RulesForm, rules: &mut ProcessingRules, ctx: &AreaCtx<'_>) {
    section::heading(ui, "Work");
    field_ui(ui, form, rules, "workers", ctx, |ui, rules| {
        fields::count_ui(ui, "Workers", "Photos worked on at the same time, 1 to 64", &mut rules.workers, 1..=64);
    });
    field_ui(ui, form, rules, "max_attempts", ctx, |ui, rules| {
        fields::count_ui(ui, "Tries of a job", "A job fails for good after so many tries, 1 to 10", &mut rules.max_attempts, 1..=10);
    });
    ui.add_space(theme::GAP_16);
    section::heading(ui, "Photos that are sent");
    let edge = "The longer edge of a photo that goes to a provider, 128 to 8,192 px; a model that takes less gets less";
    field_ui(ui, form, rules, "image_max_edge_px", ctx, |ui, rules| {
        fields::optional_ui(ui, "Longest edge", edge, " px", &mut rules.image_max_edge_px, 128..=8_192);
    });
    let quality = "JPEG quality at most, 30 to 100; less costs no tokens less, but sends fewer bytes";
    field_ui(ui, form, rules, "image_quality", ctx, |ui, rules| {
        let mut value = rules.image_quality.map(u32::from);
        fields::optional_ui(ui, "JPEG quality", quality, "", &mut value, 30..=100);
        rules.image_quality = value.and_then(|value| u8::try_from(value).ok());
    });
}

fn spending_ui(ui: &mut Ui, form: &mut RulesForm, rules: &mut ProcessingRules, ctx: &AreaCtx<'_>) {
    section::heading(ui, "Spending of the pipeline");
    let photo = "Held against what a photo is expected to cost, before it is sent";
    let day = "No photo is begun that might cross it; jobs wait for the next day (UTC)";
    let month = "No photo is begun that might cross it; jobs wait for the next month (UTC)";
    for (of, field, tooltip, digits) in
        [("photo", "photo_limit_usd", photo, 6), ("day", "daily_limit_usd", day, 2), ("month", "monthly_limit_usd", month, 2)]
    {
        let (name, at) = (format!("Limit a {of}"), format!("At the limit of a {of}"));
        let mut goes_below = false;
        field_ui(ui, form, rules, field, ctx, |ui, rules| {
            let (limit, action) = limit_of(rules, field);
            fields::limit_ui(ui, &name, tooltip, limit, digits);
            goes_below = limit.is_some() && !fields::has_room_for_action(ui);
            if limit.is_some() && !goes_below {
                fields::action_ui(ui, &at, action);
            }
        });
        if goes_below {
            fields::action_below_ui(ui, &at, limit_of(rules, field).1);
        }
        let spent = if field == "daily_limit_usd" { form.spent_above(rules, ctx) } else { None };
        let refused = below_spent(form, rules).filter(|refused| *refused == field).and(form.trouble.as_ref());
        let refused = refused.map(|(_, why)| why.trim_end_matches(". Confirm to set it all the same").to_owned());
        if let Some(words) = refused.or_else(|| spent.map(|spent| format!("{spent} is spent today already"))) {
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().warn)).wrap());
        }
    }
    let note = "Comparisons in the Testing lab do not count towards it. While the live model's price is unknown, jobs wait at a limit that stops";
    ui.add(Label::new(RichText::new(note).size(theme::TEXT_SMALL).color(ctx.tokens().muted)).wrap());
}

/// A limit, and what happens at it.
fn limit_of<'r>(rules: &'r mut ProcessingRules, field: &str) -> (&'r mut Option<UsdMicros>, &'r mut LimitAction) {
    match field {
        "photo_limit_usd" => (&mut rules.photo_limit_usd, &mut rules.photo_limit_action),
        "daily_limit_usd" => (&mut rules.daily_limit_usd, &mut rules.daily_limit_action),
        _ => (&mut rules.monthly_limit_usd, &mut rules.monthly_limit_action),
    }
}

/// The limit of which the platform says that more is spent already: of those that were changed, the one whose time it names.
fn below_spent(form: &RulesForm, rules: &ProcessingRules) -> Option<&'static str> {
    let (_, why) = form.trouble.as_ref().filter(|(code, _)| code == BELOW_SPENT)?;
    let base = &form.edit.as_ref()?.base;
    let day = (rules.daily_limit_usd, rules.daily_limit_action) != (base.daily_limit_usd, base.daily_limit_action);
    Some(if day && why.contains("today") { "daily_limit_usd" } else { "monthly_limit_usd" })
}

/// What the thresholds do.
fn in_words(rules: &ProcessingRules) -> String {
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    let (accept, reject) = (percent(rules.accept_threshold), percent(rules.reject_threshold));
    let review = if accept == reject {
        "only what has no confidence is kept for review".to_owned()
    } else {
        format!("{reject} to {accept} is kept for review")
    };
    format!("{accept} and more is accepted, {review}, less than {reject} is rejected")
}

/// The three zones from 0 to 100 %.
fn zones_ui(ui: &mut Ui, rules: &ProcessingRules, tokens: &Tokens) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, in_words(rules)));
    let bar = Rect::from_min_size(rect.min + vec2(0.0, 4.0), vec2(rect.width(), 10.0));
    let x = |share: f32| bar.left() + bar.width() * share.clamp(0.0, 1.0);
    let zones = [
        (0.0, rules.reject_threshold, "Rejected", tokens.bad),
        (rules.reject_threshold, rules.accept_threshold, "Review", tokens.warn),
        (rules.accept_threshold, 1.0, "Accepted", tokens.good),
    ];
    for (from, to, word, colour) in zones {
        let zone = Rect::from_min_max(pos2(x(from) + 1.0, bar.top()), pos2((x(to) - 1.0).max(x(from) + 1.0), bar.bottom()));
        ui.painter().rect_filled(zone, 2, colour.gamma_multiply(0.75));
        let words = ui.painter().layout_no_wrap(word.to_owned(), FontId::proportional(theme::TEXT_SMALL), colour);
        if words.size().x + 2.0 <= zone.width() {
            ui.painter().text(pos2(zone.center().x, bar.bottom() + 4.0), Align2::CENTER_TOP, word, FontId::proportional(theme::TEXT_SMALL), colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thresholds_are_told_in_words() {
        let rules = |accept, reject| ProcessingRules { accept_threshold: accept, reject_threshold: reject, ..ProcessingRules::default() };
        assert_eq!(in_words(&rules(0.6, 0.2)), "60 % and more is accepted, 20 % to 60 % is kept for review, less than 20 % is rejected");
        assert!(in_words(&rules(0.5, 0.5)).contains("only what has no confidence is kept for review"));
    }

    #[test]
    fn the_limit_that_is_below_what_is_spent_is_the_one_that_is_marked() {
        let with = |daily: Option<i64>, monthly: Option<i64>| {
            let [daily_limit_usd, monthly_limit_usd] = [daily, monthly].map(|limit| limit.map(UsdMicros));
            ProcessingRules { daily_limit_usd, monthly_limit_usd, ..ProcessingRules::default() }
        };
        let marked = |rules: &ProcessingRules, code: &str, period: &str| {
            let edit = Edit { base: with(None, None), rules: rules.clone(), conflicts: Vec::new() };
            let trouble = Some((code.to_owned(), format!("$5 is spent {period} already")));
            below_spent(&RulesForm { edit: Some(edit), trouble, ..RulesForm::default() }, rules)
        };
        assert_eq!(marked(&with(Some(1), None), BELOW_SPENT, "today"), Some("daily_limit_usd"));
        assert_eq!(marked(&with(Some(1), Some(2)), BELOW_SPENT, "this month"), Some("monthly_limit_usd"));
        assert_eq!(marked(&with(Some(1), None), "stale", "today"), None);
    }
}
