//! Errors as they travel: `application/problem+json` (RFC 9457) with a stable `code`.

use serde::{Deserialize, Serialize};

/// What happened (`title`), why and what to do (`detail`), and a `code` that programs may match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct Problem {
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(default)]
    pub detail: String,
    pub code: String,
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, code: &str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: about_blank(), title: title.into(), status, detail: detail.into(), code: code.to_owned() }
    }
}

fn about_blank() -> String {
    "about:blank".to_owned()
}
