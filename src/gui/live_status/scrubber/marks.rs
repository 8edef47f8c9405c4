//! What the strip marks besides numbers: alerts that fired, and changes of configuration.

use chrono::{DateTime, Utc};

use crate::gui::ctx::{AreaCtx, Remote};
use crate::wire::alert::{Alert, Alerts};
use crate::wire::config::ConfigChange;
use crate::wire::page::Page;

/// Something that happened at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub at: DateTime<Utc>,
    pub is_alert: bool,
    pub words: String,
}

/// Everything that is marked, oldest first.
#[derive(Default)]
pub struct Marks {
    firing: Remote<Alerts>,
    fired: Remote<Page<Alert>>,
    changes: Remote<Page<ConfigChange>>,
    all: Vec<Mark>,
}

impl Marks {
    #[must_use]
    pub fn all(&self) -> &[Mark] {
        &self.all
    }

    pub fn reload(&mut self) {
        *self = Self { all: std::mem::take(&mut self.all), ..Self::default() };
    }

    /// The newest page of each: the strip is a help to find a moment, the views have the whole.
    pub fn ask(&mut self, ctx: &AreaCtx<'_>) {
        ctx.ask(&mut self.firing, |client| async move { client.alerts().await });
        ctx.ask(&mut self.fired, |client| async move { client.alert_history(None).await });
        ctx.ask(&mut self.changes, |client| async move { client.config_changes().await });
    }

    pub fn poll(&mut self) {
        let came = [self.firing.poll(), self.fired.poll(), self.changes.poll()];
        if !came.contains(&true) {
            return;
        }
        let firing = self.firing.value().map(|alerts| &alerts.firing[..]).unwrap_or_default();
        let fired = self.fired.value().map(|page| &page.items[..]).unwrap_or_default();
        let changes = self.changes.value().map(|page| &page.items[..]).unwrap_or_default();
        self.all = firing.iter().chain(fired).map(of_alert).chain(changes.iter().map(of_change)).collect();
        self.all.sort_by_key(|mark| (mark.at, mark.is_alert));
        self.all.dedup();
    }
}

fn of_alert(alert: &Alert) -> Mark {
    Mark { at: alert.fired_at, is_alert: true, words: format!("{}: {}", alert.severity.label(), alert.words()) }
}

fn of_change(change: &ConfigChange) -> Mark {
    Mark { at: change.at, is_alert: false, words: change.summary.clone() }
}
