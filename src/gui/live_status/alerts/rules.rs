//! The rules: each with its figure of now, on or off, and edited where it stands.

use egui::{Button, Checkbox, ComboBox, Grid, RichText, TextEdit, Ui, WidgetInfo};

use serde_json::{Map, Value};

use super::rows;
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::merge::{self, Conflict, Words};
use crate::gui::widgets::{badge, choice};
use crate::wire::alert::{AlertMetric, AlertRule, AlertRules, Alerts, FOR_MINUTES_MOST, Severity, shipped_rules};
use crate::wire::author;

/// A rule that is being edited, or added.
pub struct Draft {
    name: String,
    /// As it is, or as it is to begin with.
    rule: AlertRule,
    /// It is not among the rules yet.
    is_added: bool,
    threshold: String,
    for_minutes: String,
    severity: Severity,
    /// Just opened: it comes into sight.
    is_new: bool,
    /// What the platform said of it.
    pub problem: Option<String>,
    /// What somebody else changed of it meanwhile as well.
    conflicts: Vec<Conflict>,
}

/// A rule's fields as they are typed; `severity` by its name.
fn fields(threshold: &str, for_minutes: &str, severity: Severity) -> Map<String, Value> {
    let of = |name: &str, words: &str| (name.to_owned(), Value::from(words));
    [of("threshold", threshold), of("for_minutes", for_minutes), of("severity", severity.label())].into_iter().collect()
}

fn fields_of(rule: &AlertRule) -> Map<String, Value> {
    fields(&rule.threshold.to_string(), &rule.for_minutes.to_string(), rule.severity)
}

impl Draft {
    fn of(name: &str, rule: &AlertRule) -> Self {
        let (threshold, for_minutes) = (rule.threshold.to_string(), rule.for_minutes.to_string());
        Self {
            name: name.to_owned(),
            rule: *rule,
            is_added: false,
            threshold,
            for_minutes,
            severity: rule.severity,
            is_new: true,
            problem: None,
            conflicts: Vec::new(),
        }
    }

    /// One more rule on a figure, with a name that none has, to begin with what the program ships.
    fn added(metric: AlertMetric, rules: &AlertRules) -> Option<Self> {
        let (name, rule) = shipped_rules().into_iter().find(|(_, rule)| rule.metric == metric)?;
        let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}_{number}")));
        let name = names.into_iter().find(|name| !rules.contains_key(name))?;
        Some(Self { is_added: true, ..Self::of(&name, &rule) })
    }

    fn fields(&self) -> Map<String, Value> {
        fields(&self.threshold, &self.for_minutes, self.severity)
    }

    fn set(&mut self, field: &str, value: &Value) {
        let words = value.as_str().unwrap_or_default().to_owned();
        match field {
            "threshold" => self.threshold = words,
            "for_minutes" => self.for_minutes = words,
            _ => self.severity = Severity::ALL.into_iter().find(|severity| severity.label() == words).unwrap_or(self.severity),
        }
    }

    /// Brings what is typed together with what somebody else has made of the rule meanwhile.
    fn follow(&mut self, rules: &AlertRules) {
        let Some(now) = rules.get(&self.name).filter(|_| !self.is_added) else {
            if !self.is_added {
                self.is_added = true;
                self.problem = Some("Somebody else removed this rule meanwhile. Add it again, or cancel".to_owned());
            }
            return;
        };
        if self.rule == *now {
            return;
        }
        let (merged, conflicts) = merge::three_way(&fields_of(&self.rule), &self.fields(), &fields_of(now));
        for (field, value) in &merged {
            self.set(field, value);
        }
        self.rule = *now;
        let mine = self.fields();
        merge::follow(&mut self.conflicts, conflicts, &mine, &fields_of(now));
        self.problem = None;
    }

    /// The threshold, or what is wrong with it.
    fn threshold(&self, metric: AlertMetric) -> Result<f64, String> {
        let Some((least, most)) = metric.bounds() else { return Ok(0.0) };
        let value: f64 = self.threshold.trim().replace(',', "").parse().map_err(|_| "Enter a number".to_owned())?;
        if (least..=most).contains(&value) { Ok(value) } else { Err(format!("From {} to {}", metric.words(least), metric.words(most))) }
    }

    fn for_minutes(&self) -> Result<u32, String> {
        let minutes = self.for_minutes.trim().parse().ok().filter(|minutes| *minutes <= FOR_MINUTES_MOST);
        minutes.ok_or_else(|| format!("Whole minutes from 0 to {FOR_MINUTES_MOST}"))
    }
}

/// Draws the rules; returns all of them when one was changed. `who`: changed the configuration last.
pub fn ui(ui: &mut Ui, alerts: &Alerts, draft: &mut Option<Draft>, (is_busy, who): (bool, Option<&str>), ctx: &AreaCtx<'_>) -> Option<AlertRules> {
    let mut changed = None;
    Grid::new("alert rules").num_columns(5).spacing([theme::GAP_16, theme::GAP_8]).show(ui, |ui| {
        for header in ["On", "Fires when", "Severity", "Now", ""] {
            ui.label(RichText::new(header).size(theme::TEXT_SMALL).color(ctx.tokens().muted));
        }
        ui.end_row();
        for (name, rule) in &alerts.rules {
            ui.push_id(name, |ui| {
                let mut is_enabled = rule.is_enabled;
                let toggle = ui.add_enabled(!is_busy, Checkbox::without_text(&mut is_enabled));
                let said = format!("Alert on {}", named(name, rule));
                toggle.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, !is_busy, is_enabled, &said));
                if toggle.on_hover_text(said).changed() {
                    changed = Some(with(alerts, name, AlertRule { is_enabled, ..*rule }));
                }
            });
            let words = RichText::new(rule.words()).color(if rule.is_enabled { ctx.tokens().text } else { ctx.tokens().muted });
            ui.label(words).on_hover_text(rule.metric.explanation());
            let (icon, tone) = rows::mark(rule.severity);
            badge::ui(ui, tone, icon, rule.severity.label());
            now_ui(ui, rule, alerts, ctx);
            edit_button(ui, name, rule, draft);
            ui.end_row();
        }
    });
    if alerts.rules.is_empty() {
        ui.label(RichText::new("There is no rule: no alert can fire").color(ctx.tokens().muted));
    }
    add_ui(ui, alerts, draft);
    if let Some(draft) = draft {
        draft.follow(&alerts.rules);
    }
    editor_ui(ui, alerts, draft, (is_busy, who), ctx).or(changed)
}

/// Offers one more rule on any of the figures.
fn add_ui(ui: &mut Ui, alerts: &Alerts, draft: &mut Option<Draft>) {
    ui.add_space(theme::GAP_4);
    let menu = ui.menu_button((RichText::from(icons::ICON_ADD), "Add rule…"), |ui| {
        for metric in AlertMetric::ALL {
            if ui.button(metric.label()).on_hover_text(metric.explanation()).clicked() {
                *draft = Draft::added(metric, &alerts.rules);
                ui.close();
            }
        }
    });
    menu.response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Add rule…"));
}

/// A rule by its figure; the second one of a figure by its threshold too.
fn named(name: &str, rule: &AlertRule) -> String {
    let is_first = shipped_rules().contains_key(name);
    let words = if is_first { rule.metric.label().to_owned() } else { rule.words() };
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn with(alerts: &Alerts, name: &str, rule: AlertRule) -> AlertRules {
    let mut rules = alerts.rules.clone();
    rules.insert(name.to_owned(), rule);
    rules
}

/// The figure of the last look, said to be over where it is.
fn now_ui(ui: &mut Ui, rule: &AlertRule, alerts: &Alerts, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    match alerts.figures.get(&rule.metric) {
        None if rule.metric == AlertMetric::ModelRetires => ui.label(RichText::new("no end is known").color(tokens.muted)),
        None => ui.label(RichText::new("not enough data").color(tokens.muted)),
        Some(count) if rule.metric == AlertMetric::ProviderDown => {
            ui.label(if *count > 0.0 { format!("{count:.0} down") } else { "none down".to_owned() })
        }
        Some(value) if rule.is_broken_by(*value) => {
            let how = match rule.metric {
                AlertMetric::ModelRetires => "soon",
                metric if metric.is_broken_below() => "too low",
                _ => "too high",
            };
            ui.label(RichText::new(format!("{}, {how}", rule.metric.words(*value))).color(tokens.warn))
        }
        Some(value) => ui.label(rule.metric.words(*value)),
    };
}

fn edit_button(ui: &mut Ui, name: &str, rule: &AlertRule, draft: &mut Option<Draft>) {
    let is_open = draft.as_ref().is_some_and(|draft| draft.name == name);
    let button = ui.add(Button::selectable(is_open, "Edit"));
    let said = format!("Edit {}", named(name, rule));
    button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_open, &said));
    if button.clicked() {
        *draft = if is_open { None } else { Some(Draft::of(name, rule)) };
    }
}

fn editor_ui(ui: &mut Ui, alerts: &Alerts, draft: &mut Option<Draft>, (is_busy, who): (bool, Option<&str>), ctx: &AreaCtx<'_>) -> Option<AlertRules> {
    let edited = draft.as_mut()?;
    let rule = edited.rule;
    let tokens = ctx.tokens();
    let (mut saved, mut is_over) = (None, false);
    ui.add_space(theme::GAP_8);
    let frame = egui::Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_4).inner_margin(theme::GAP_12);
    let shown = frame.show(ui, |ui| {
        ui.label(RichText::new(rule.metric.label()).font(theme::semibold(theme::TEXT_BODY)));
        ui.label(RichText::new(rule.metric.explanation()).size(theme::TEXT_SMALL).color(tokens.muted));
        if !edited.conflicts.is_empty() {
            ui.add_space(theme::GAP_4);
            let label = |field: &str| label_of(field, rule.metric).to_owned();
            let value = |_: &str, value: &Value| value.as_str().unwrap_or_default().to_owned();
            if merge::ui(
                ui,
                &mut edited.conflicts,
                &Words { what: "fields of this rule", whence: &author::whence_or_window(who), label: &label, value: &value },
            ) {
                for conflict in edited.conflicts.clone() {
                    edited.set(&conflict.field, conflict.value());
                }
            }
            ui.add_space(theme::GAP_8);
        }
        let (threshold, for_minutes) = (edited.threshold(rule.metric), edited.for_minutes());
        Grid::new("rule").num_columns(3).spacing([theme::GAP_12, theme::GAP_8]).show(ui, |ui| {
            if rule.metric.bounds().is_some() {
                field_ui(ui, label_of("threshold", rule.metric), unit(rule.metric), &mut edited.threshold, threshold.as_ref().err());
            }
            field_ui(ui, "For", "min", &mut edited.for_minutes, for_minutes.as_ref().err());
            let label = ui.label("Severity");
            let list = ComboBox::from_id_salt("severity").selected_text(edited.severity.label());
            let choices = Severity::ALL.into_iter().map(|severity| (severity, severity.label()));
            choice::ui(ui, list, &mut edited.severity, choices).labelled_by(label.id);
            ui.end_row();
        });
        if let Some(problem) = &edited.problem {
            ui.label(RichText::new(problem).color(tokens.bad));
        }
        ui.horizontal(|ui| {
            let is_open = merge::is_open(&edited.conflicts);
            let is_ready = threshold.is_ok() && for_minutes.is_ok() && !is_busy && !is_open;
            let button = ui.add_enabled(is_ready, Button::new(if edited.is_added { "Add rule" } else { "Save rule" }));
            let button = if is_open { button.on_disabled_hover_text("Choose first what holds where both changed the same") } else { button };
            if button.clicked()
                && let (Ok(threshold), Ok(for_minutes)) = (threshold, for_minutes)
            {
                edited.problem = None;
                saved = Some(with(alerts, &edited.name, AlertRule { threshold, for_minutes, severity: edited.severity, ..rule }));
            }
            is_over = ui.button("Cancel").clicked();
            let hint = "What it fired stays in the history; it can be put back by undo";
            if !edited.is_added && ui.add_enabled(!is_busy, Button::new("Remove rule")).on_hover_text(hint).clicked() {
                edited.problem = None;
                let mut rules = alerts.rules.clone();
                rules.remove(&edited.name);
                saved = Some(rules);
            }
        });
    });
    if std::mem::take(&mut edited.is_new) {
        shown.response.scroll_to_me(None);
    }
    if is_over {
        *draft = None;
    }
    saved
}

/// What a field is called.
fn label_of(field: &str, metric: AlertMetric) -> &'static str {
    match field {
        "threshold" if metric == AlertMetric::ModelRetires => "Within",
        "threshold" if metric.is_broken_below() => "Below",
        "threshold" => "Above",
        "for_minutes" => "For",
        _ => "Severity",
    }
}

/// A field with its unit, and what is wrong with it beside it.
fn field_ui(ui: &mut Ui, name: &str, unit: &str, text: &mut String, problem: Option<&String>) {
    let tokens = theme::tokens(ui.ctx());
    let label = ui.label(name);
    ui.horizontal(|ui| {
        ui.add(TextEdit::singleline(text).id_salt(name).desired_width(90.0)).labelled_by(label.id);
        ui.label(RichText::new(unit).color(tokens.muted));
    });
    if let Some(problem) = problem {
        ui.label(RichText::new(problem).color(tokens.bad));
    }
    ui.end_row();
}

fn unit(metric: AlertMetric) -> &'static str {
    match metric {
        AlertMetric::QueueDepth => "jobs",
        AlertMetric::OldestWaiting => "min",
        AlertMetric::ErrorRate | AlertMetric::Confidence => "%",
        AlertMetric::SpendToday => "USD",
        AlertMetric::ModelRetires => "days",
        AlertMetric::ProviderDown => "",
    }
}
