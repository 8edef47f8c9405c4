//! Cursor-paged lists: where a page begins and how long it is.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DomainError, Result};

const LIMIT: u32 = 200;
const LIMIT_MOST: u32 = 1_000;

/// How many rows a page has.
#[must_use]
pub fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(LIMIT).clamp(1, LIMIT_MOST)
}

/// The row that a page begins after: its time and its id.
pub fn read_cursor(cursor: &str) -> Result<(DateTime<Utc>, Uuid)> {
    let read = || {
        let (ms, id) = cursor.split_once('_')?;
        Some((DateTime::from_timestamp_millis(ms.parse().ok()?)?, id.parse().ok()?))
    };
    let message = "The cursor is not one that this list gave; ask for the first page again";
    read().ok_or_else(|| DomainError::Invalid { code: "bad_cursor", message: message.to_owned() })
}

/// The cursor of the next page; `None` when this one is the last.
pub fn next_cursor<T>(items: &[T], limit: u32, row: impl Fn(&T) -> (DateTime<Utc>, Uuid)) -> Option<String> {
    let last = items.last().filter(|_| items.len() >= limit as usize)?;
    let (at, id) = row(last);
    Some(format!("{}_{}", at.timestamp_millis(), id.simple()))
}
