//! Alerts: what fires now, the rules with their figures, and what fired before.

mod rows;
mod rules;

use std::time::{Duration, Instant};

use chrono::{DateTime, Local, TimeDelta, Utc};
use egui::{RichText, ScrollArea, Ui};

use crate::gui::ctx::{AreaCtx, Command, Remote, Route, Toast, ToastKind};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::{error_state, section, skeleton};
use crate::wire::alert::{Alert, AlertMetric, AlertRules, Alerts, CLEAR_FOR_MINUTES};
use crate::wire::config::ConfigChanged;
use crate::wire::event::{Event, Happened};
use crate::wire::ids::AlertId;
use crate::wire::job::JobState;
use crate::wire::page::Page;
use rules::Draft;

/// The platform looks at the rules this often; their figures follow while they are looked at.
const FOLLOW_EVERY: Duration = Duration::from_secs(15);

/// The state of the view.
#[derive(Default)]
pub struct AlertsView {
    alerts: Remote<Alerts>,
    is_behind: bool,
    asked_at: Option<Instant>,
    /// Newest first.
    history: Vec<Alert>,
    next_history: Option<String>,
    asked_history: Remote<Page<Alert>>,
    has_history: bool,
    act: Remote<Alert>,
    save: Remote<ConfigChanged>,
    draft: Option<Draft>,
    /// Who changed the configuration last, as far as it was heard here.
    changed_by: Option<String>,
}

/// What a person wants of an alert.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Acknowledge(AlertId),
    Snooze(AlertId, DateTime<Utc>),
}

impl AlertsView {
    pub fn on_event(&mut self, event: &Event) {
        match &event.what {
            Happened::AlertChanged(alert) => self.take(alert),
            Happened::ConfigChanged { change, .. } => {
                self.is_behind = true;
                if let Some(change) = change {
                    self.changed_by = Some(change.actor.clone());
                }
            }
            Happened::Resync => self.reload(),
            _ => {}
        }
    }

    /// Asks for everything anew, if it was asked for at all.
    pub fn reload(&mut self) {
        self.is_behind = true;
        self.has_history = false;
    }

    fn take(&mut self, alert: &Alert) {
        if let Some(alerts) = self.alerts.value_mut() {
            alerts.firing.retain(|known| known.id != alert.id);
            if alert.is_firing() {
                alerts.firing.push(alert.clone());
                Alert::sort(&mut alerts.firing);
            }
        }
        if !alert.is_firing() && !self.history.iter().any(|known| known.id == alert.id) {
            self.history.insert(0, alert.clone());
        }
        // The figures have moved too.
        self.is_behind = true;
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        self.take_in(ctx);
        self.ask(ctx);
        if let Some(failure) = self.alerts.failure()
            && error_state::ui(ui, "The alerts could not be read", &failure.to_string())
        {
            self.is_behind = true;
            self.alerts.take_failure();
        }
        let Some(alerts) = self.alerts.take() else {
            if self.alerts.failure().is_none() {
                skeleton::lines(ui, 6);
            }
            return;
        };
        ScrollArea::vertical().id_salt("alerts").auto_shrink(false).show(ui, |ui| {
            self.firing_ui(ui, &alerts, ctx);
            ui.add_space(theme::GAP_16);
            self.rules_ui(ui, &alerts, ctx);
            ui.add_space(theme::GAP_16);
            self.history_ui(ui, ctx);
        });
        self.alerts.set(alerts);
    }

    fn ask(&mut self, ctx: &AreaCtx<'_>) {
        let is_old = self.asked_at.is_some_and(|at| at.elapsed() >= FOLLOW_EVERY);
        if (self.is_behind || is_old || self.alerts.is_untouched()) && !self.alerts.is_pending() {
            self.is_behind = false;
            self.asked_at = Some(Instant::now());
            ctx.ask(&mut self.alerts, |client| async move { client.alerts().await });
        }
        ctx.egui.request_repaint_after(FOLLOW_EVERY);
        if !self.has_history && !self.asked_history.is_pending() && self.asked_history.failure().is_none() {
            ctx.ask(&mut self.asked_history, |client| async move { client.alert_history(None).await });
        }
    }

    fn take_in(&mut self, ctx: &AreaCtx<'_>) {
        self.alerts.poll();
        if self.asked_history.poll()
            && let Some(page) = self.asked_history.take()
        {
            if !std::mem::replace(&mut self.has_history, true) {
                self.history.clear();
            }
            self.history.extend(page.items);
            self.next_history = page.next_cursor;
        }
        if self.act.poll() {
            if let Some(failure) = self.act.take_failure() {
                ctx.commands.toast(ToastKind::Bad, failure.to_string());
                self.is_behind = true;
            } else if let Some(alert) = self.act.take() {
                self.take(&alert);
            }
        }
        if self.save.poll() {
            self.take_saved(ctx);
        }
    }

    fn take_saved(&mut self, ctx: &AreaCtx<'_>) {
        self.is_behind = true;
        if let Some(failure) = self.save.take_failure() {
            match &mut self.draft {
                Some(draft) => draft.problem = Some(failure.to_string()),
                None => ctx.commands.toast(ToastKind::Bad, failure.to_string()),
            }
        } else if let Some(changed) = self.save.take() {
            self.draft = None;
            if let Some(change) = changed.change {
                let toast = Toast::new(ToastKind::Good, change.summary).with_action("Undo", Command::UndoThisConfigChange(change.id));
                ctx.send(Command::ShowToast(toast));
            }
        }
    }

    fn firing_ui(&mut self, ui: &mut Ui, alerts: &Alerts, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        section::heading(ui, "Firing");
        if alerts.firing.is_empty() {
            ui.horizontal(|ui| {
                ui.label(RichText::from(icons::ICON_CHECK_CIRCLE).color(tokens.good));
                ui.label(RichText::new("Nothing fires").color(tokens.muted));
            });
        }
        let mut wish = None;
        for alert in &alerts.firing {
            ui.push_id(alert.id, |ui| wish = rows::firing_ui(ui, alert, self.act.is_pending(), ctx).or(wish));
        }
        match wish {
            Some(Wish::Acknowledge(id)) => ctx.ask(&mut self.act, move |client| async move { client.acknowledge_alert(id).await }),
            Some(Wish::Snooze(id, until)) => ctx.ask(&mut self.act, move |client| async move { client.snooze_alert(id, until).await }),
            None => {}
        }
    }

    fn rules_ui(&mut self, ui: &mut Ui, alerts: &Alerts, ctx: &AreaCtx<'_>) {
        section::heading(ui, "Rules");
        let words = format!(
            "Looked at when something happens and at least every 15 s. An alert ends when its figure has been clear of the threshold for \
             {CLEAR_FOR_MINUTES} min"
        );
        ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted));
        ui.add_space(theme::GAP_4);
        let around = (self.save.is_pending(), self.changed_by.as_deref().filter(|who| !ctx.client.is_me(who)));
        if let Some(rules) = rules::ui(ui, alerts, &mut self.draft, around, ctx) {
            self.save_rules(alerts.revision, rules, ctx);
        }
    }

    fn save_rules(&mut self, revision: u64, rules: AlertRules, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.save, move |client| async move { client.set_alert_rules(revision, rules).await });
    }

    fn history_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        section::heading(ui, "History");
        if let Some(failure) = self.asked_history.failure()
            && error_state::ui(ui, "The history could not be read", &failure.to_string())
        {
            self.asked_history = Remote::default();
        }
        if self.history.is_empty() && self.has_history {
            ui.label(RichText::new("Alerts that are over stand here for 90 days. There are none yet").color(ctx.tokens().muted));
        }
        for alert in &self.history {
            ui.push_id(alert.id, |ui| rows::past_ui(ui, alert, ctx));
        }
        if let Some(cursor) = &self.next_history
            && !self.asked_history.is_pending()
            && ui.button("Show more").clicked()
        {
            let cursor = cursor.clone();
            ctx.ask(&mut self.asked_history, move |client| async move { client.alert_history(Some(cursor)).await });
        }
    }
}

/// Where the number of a metric comes from.
fn source(metric: AlertMetric) -> Route {
    match metric {
        AlertMetric::QueueDepth | AlertMetric::OldestWaiting => Route::Jobs(Some(JobState::Pending)),
        AlertMetric::ErrorRate => Route::Jobs(Some(JobState::Failed)),
        AlertMetric::SpendToday => Route::Cost,
        AlertMetric::Confidence => Route::Confidence,
        AlertMetric::ProviderDown => Route::Providers,
        AlertMetric::ModelRetires => Route::Models,
    }
}

/// Eight in the morning of the next day, where the person is.
fn tomorrow(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.with_timezone(&Local).date_naive() + TimeDelta::days(1);
    let morning = day.and_hms_opt(8, 0, 0).and_then(|morning| morning.and_local_timezone(Local).earliest());
    morning.map_or(now + TimeDelta::days(1), |morning| morning.with_timezone(&Utc))
}
