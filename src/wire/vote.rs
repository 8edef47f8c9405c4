//! Votes on answers whose columns were hidden, and the ranking that they make.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::comparison::Figure;
use super::ids::{PhotoId, RunId};

/// What a person says of the answers that they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Choice {
    Best {
        column: u32,
    },
    /// All that are shown are equally good.
    Tie,
    NoneGood,
}

/// `PUT /api/ai/testing/live-test/{run}/votes/{photo}`: one vote a photo, a newer one takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CastVote {
    /// The columns that were shown, each once, in the order in which they stood.
    #[serde(default)]
    pub columns: Vec<u32>,
    /// `None`: the vote is taken back.
    pub choice: Option<Choice>,
}

/// One of them, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    pub photo_id: PhotoId,
    pub columns: Vec<u32>,
    pub choice: Choice,
    pub at: DateTime<Utc>,
}

/// `GET /api/ai/testing/live-test/{run}/votes`, and the answer of every vote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunVotes {
    pub run_id: RunId,
    /// By photo, in the order of the run.
    pub votes: Vec<Vote>,
    /// Columns that were voted on, the most preferred first.
    pub ranking: Vec<Ranked>,
    /// The first of them beside the second, in a sentence.
    pub words: String,
    pub ties: u32,
    /// Votes that none is good: they say nothing of which is better.
    pub none_good: u32,
    /// How the ranking was found, in a sentence.
    pub method: String,
}

impl RunVotes {
    #[must_use]
    pub fn of(&self, photo: PhotoId) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.photo_id == photo)
    }
}

/// A column of the ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    pub column: u32,
    /// How often it would be chosen among all columns of the ranking, 0–1, with its 95 % interval; `None` where the votes don't
    /// connect the columns.
    pub strength: Option<Figure>,
    /// Votes in which it was shown, and in which it was chosen alone.
    pub shown: u32,
    pub best: u32,
    pub ties: u32,
}
