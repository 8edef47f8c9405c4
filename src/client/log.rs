//! What the platform logs.

use super::{Client, Result};
use crate::wire::log::{LogPage, LogQuery};

impl Client {
    pub async fn logs(&self, query: &LogQuery) -> Result<LogPage> {
        self.get_with("api/ai/logs", query).await
    }
}
