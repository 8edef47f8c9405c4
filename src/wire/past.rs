//! The past: what a question asks by when it means another moment than the present one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Query of `GET /api/ai/dashboard/live-status` and `GET /api/ai/health`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtQuery {
    /// Answers what was so at this moment, up to a week back; the present unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}
