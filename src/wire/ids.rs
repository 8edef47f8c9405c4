//! Identifiers: a newtype per noun, so that a photo's id can't be passed for a job's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id (UUID v7: sorts by time of creation).
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// One organisation; every row belongs to one.
    OrganizationId,
    /// One photo of the library.
    PhotoId,
    /// One job of the pipeline's queue.
    JobId,
    /// What was done to jobs at once, and can be undone at once.
    JobChangeId,
    /// One row of `ai_processing_results`.
    ResultId,
    /// One prompt, with all its versions.
    PromptId,
    /// One immutable version of a prompt.
    PromptVersionId,
    /// One named set of photos.
    PhotoSetId,
    /// One comparison run of the Testing Lab.
    RunId,
    /// One cell of a run: photo × column × repeat.
    CellId,
    /// One photo's way through a model, as it is kept.
    TraceId,
    /// One time that an alert fired.
    AlertId,
    /// One entry of the configuration journal.
    ConfigChangeId,
    /// One time that an environment came to use another prompt version.
    DeploymentId,
}

impl OrganizationId {
    /// The organisation of a platform that serves one person: fixed, so that a data folder can
    /// join a team's database later.
    pub const LOCAL: Self = Self(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
}
