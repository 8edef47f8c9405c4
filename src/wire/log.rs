//! What a process of the platform logs.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How grave, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Counted from 1 in what the process keeps.
    pub id: u64,
    pub at: DateTime<Utc>,
    pub level: LogLevel,
    /// The module that says it.
    pub target: String,
    pub message: String,
    /// Names and values, those of the spans around it first.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
    /// It is of a process that ran before: read from the log file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_start: bool,
}

impl fmt::Display for LogEntry {
    /// As a line of a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, level) = (self.at.format("%Y-%m-%dT%H:%M:%S%.3fZ"), self.level.as_str().to_uppercase());
        write!(f, "{at} {level:5} {}: {}", self.target, self.message)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// Query of `GET /api/ai/logs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// Only what came after the entry with this id; the newest unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only what is at least as grave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// Only lines with this text, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Entries at most: 1,000 unless told, and at most 5,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Answer of `GET /api/ai/logs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Oldest first.
    pub entries: Vec<LogEntry>,
    /// What `after` is to be the next time: the newest entry that was looked at.
    pub newest: u64,
    /// Entries after `after` were forgotten before they were asked for.
    pub missed: bool,
    /// The folder of the log files on the platform's machine; `None` where nothing is written to files.
    #[serde(default)]
    pub folder: Option<String>,
}
