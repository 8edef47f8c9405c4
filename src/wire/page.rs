//! Cursor-paged lists.

use serde::{Deserialize, Serialize};

/// One page of a list. `next_cursor` is opaque; absent on the last page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many rows match in all, where the server counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}
