//! Alerts as the whole window knows them: how many people are to see to, and a message when one fires.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::client::Client;
use crate::gui::ctx::{Command, LiveView, Remote, Route, Toast, ToastKind};
use crate::wire::alert::{Alert, Alerts, Severity};
use crate::wire::ids::AlertId;

#[derive(Default)]
pub struct Alarms {
    asked: Remote<Alerts>,
    /// What changed while the answer was under way, and is newer than it.
    since_asked: Vec<Alert>,
    firing: HashMap<AlertId, Alert>,
}

impl Alarms {
    pub fn ask(&mut self, client: &Client, runtime: &tokio::runtime::Handle, egui: &egui::Context) {
        let client = client.clone();
        self.since_asked.clear();
        self.asked.ask(runtime, egui, async move { client.alerts().await });
    }

    pub fn poll(&mut self) {
        if self.asked.poll()
            && let Some(alerts) = self.asked.take()
        {
            self.firing = alerts.firing.into_iter().map(|alert| (alert.id, alert)).collect();
            for alert in std::mem::take(&mut self.since_asked) {
                self.note(&alert);
            }
        }
    }

    fn note(&mut self, alert: &Alert) -> Option<Alert> {
        if alert.is_firing() { self.firing.insert(alert.id, alert.clone()) } else { self.firing.remove(&alert.id) }
    }

    /// Takes in a change; returns what the person is told of it.
    pub fn on_alert(&mut self, alert: &Alert, now: DateTime<Utc>) -> Option<Toast> {
        if self.asked.is_pending() {
            self.since_asked.push(alert.clone());
        }
        let before = self.note(alert);
        let show = |toast: Toast| Some(toast.with_action("Show", Command::GoTo(Route::Live(LiveView::Alerts))));
        if alert.is_loud(now) {
            let kind = if alert.severity == Severity::Critical { ToastKind::Bad } else { ToastKind::Warn };
            let toast = Toast::new(kind, format!("{}: {}", alert.severity.label(), alert.words()));
            return show(Toast { alert: Some(alert.id), ..toast });
        }
        let was_loud = before.is_some_and(|before| before.is_loud(now));
        if was_loud && !alert.is_firing() { show(Toast::new(ToastKind::Good, format!("Resolved: {}", alert.words()))) } else { None }
    }

    /// Alerts that nobody has taken on or put off, and whether one of them is critical.
    #[must_use]
    pub fn loud(&self, now: DateTime<Utc>) -> (usize, bool) {
        let loud = self.firing.values().filter(|alert| alert.is_loud(now));
        loud.fold((0, false), |(count, is_critical), alert| (count + 1, is_critical || alert.severity == Severity::Critical))
    }
}
