//! The models that are asked when the live one fails, and after which faults.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::result::FaultKind;

/// Models of one chain.
pub const FALLBACKS_MOST: usize = 8;

/// Faults that another model may be asked after. The others are the photo's, the prompt's or the platform's own: another model
/// would meet the same.
pub const TRIGGERS: [FaultKind; 15] = [
    FaultKind::RateLimited,
    FaultKind::QuotaSpent,
    FaultKind::Overloaded,
    FaultKind::Server,
    FaultKind::Timeout,
    FaultKind::Network,
    FaultKind::Auth,
    FaultKind::Permission,
    FaultKind::RetiredModel,
    FaultKind::UnknownModel,
    FaultKind::BadAnswer,
    FaultKind::Truncated,
    FaultKind::Refused,
    FaultKind::TooLarge,
    FaultKind::BadRequest,
];

/// Those that a model is asked after unless somebody chooses otherwise: the provider can't answer. What the model made of the
/// photo, such as a refusal, is an answer of a kind and not among them.
pub const USUAL_TRIGGERS: [FaultKind; 10] = [
    FaultKind::RateLimited,
    FaultKind::QuotaSpent,
    FaultKind::Overloaded,
    FaultKind::Server,
    FaultKind::Timeout,
    FaultKind::Network,
    FaultKind::Auth,
    FaultKind::Permission,
    FaultKind::RetiredModel,
    FaultKind::UnknownModel,
];

/// One model of the chain. The first one whose faults have that of the model asked before is asked next; one that was passed
/// over is not come back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Full model name.
    pub model: String,
    /// One of [`TRIGGERS`] at least.
    pub on: BTreeSet<FaultKind>,
}

impl Fallback {
    /// After the usual faults.
    #[must_use]
    pub fn usual(model: impl Into<String>) -> Self {
        Self { model: model.into(), on: USUAL_TRIGGERS.into() }
    }

    /// The faults in words: `usual faults`, or each by its name.
    #[must_use]
    pub fn words(&self) -> String {
        if self.on == BTreeSet::from(USUAL_TRIGGERS) {
            return "usual faults".to_owned();
        }
        self.words_at_length()
    }

    /// Each fault by its name.
    #[must_use]
    pub fn words_at_length(&self) -> String {
        let named = TRIGGERS.into_iter().filter(|kind| self.on.contains(kind)).map(FaultKind::label);
        named.collect::<Vec<_>>().join(", ")
    }
}

/// `PUT /api/ai/pipeline/models/fallbacks` with `If-Match`: this chain in place of the one there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetFallbacks {
    pub fallbacks: Vec<Fallback>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_no_usual_fault_and_words_name_what_was_chosen() {
        let mut fallback = Fallback::usual("on-device");
        assert!(!fallback.on.contains(&FaultKind::Refused));
        assert!(USUAL_TRIGGERS.iter().all(|kind| TRIGGERS.contains(kind)));
        assert_eq!(fallback.words(), "usual faults");
        fallback.on = [FaultKind::Refused, FaultKind::Timeout].into();
        assert_eq!(fallback.words(), "timed out, model refused");
    }
}
