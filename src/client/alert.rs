//! Alerts.

use chrono::{DateTime, Utc};
use reqwest::{Method, header};

use super::{Client, Result, read};
use crate::wire::alert::{Alert, AlertRules, Alerts, SetAlertRules, SnoozeAlert};
use crate::wire::config::ConfigChanged;
use crate::wire::ids::AlertId;
use crate::wire::page::Page;

impl Client {
    /// What fires, the rules and the figures.
    pub async fn alerts(&self) -> Result<Alerts> {
        self.get("api/ai/alerts").await
    }

    /// `revision`: of the [`Alerts`] that were edited.
    pub async fn set_alert_rules(&self, revision: u64, rules: AlertRules) -> Result<ConfigChanged> {
        let request = self.request(Method::PUT, "api/ai/alerts")?.header(header::IF_MATCH, format!("\"{revision}\""));
        read(request.json(&SetAlertRules { rules })).await
    }

    /// Alerts that are over, newest first.
    pub async fn alert_history(&self, cursor: Option<String>) -> Result<Page<Alert>> {
        self.get_with("api/ai/alerts/history", &[("cursor", cursor)]).await
    }

    pub async fn acknowledge_alert(&self, id: AlertId) -> Result<Alert> {
        self.post(&format!("api/ai/alerts/{id}/ack"), &()).await
    }

    pub async fn snooze_alert(&self, id: AlertId, until: DateTime<Utc>) -> Result<Alert> {
        self.post(&format!("api/ai/alerts/{id}/snooze"), &SnoozeAlert { until }).await
    }
}
