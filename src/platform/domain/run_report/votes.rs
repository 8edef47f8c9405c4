//! What people preferred, in a report's own words: photos, prompts and models by name.

use std::collections::HashMap;

use serde::Serialize;

use super::ReportPhoto;
use crate::wire::comparison::Figure;
use crate::wire::ids::PhotoId;
use crate::wire::run::{Run, RunColumn};
use crate::wire::vote::{Choice, RunVotes};

/// The ranking of the columns, and every vote that it was made of.
#[derive(Debug, Clone, Serialize)]
pub struct ReportVotes {
    pub words: String,
    pub ranking: Vec<RankedColumn>,
    pub ties: u32,
    pub none_good: u32,
    pub method: String,
    pub votes: Vec<ReportVote>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RankedColumn {
    pub column: String,
    pub strength: Option<Figure>,
    pub best: u32,
    pub shown: u32,
    pub ties: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReportVote {
    pub photo: String,
    /// A column, `tie` or `none good`.
    pub choice: String,
    /// In the order in which they stood.
    pub shown: Vec<String>,
}

/// `None` where nobody has voted.
#[must_use]
pub fn of(votes: RunVotes, run: &Run, photos: &[ReportPhoto]) -> Option<ReportVotes> {
    if votes.votes.is_empty() {
        return None;
    }
    let label = |column: u32| run.columns.get(column as usize).map_or_else(String::new, RunColumn::label);
    let names: HashMap<PhotoId, &str> = photos.iter().filter_map(|photo| Some((*photo.id.as_ref().ok()?, photo.label.as_str()))).collect();
    let ranked = votes.ranking.into_iter().map(|ranked| RankedColumn {
        column: label(ranked.column),
        strength: ranked.strength,
        best: ranked.best,
        shown: ranked.shown,
        ties: ranked.ties,
    });
    let cast = votes.votes.into_iter().map(|vote| ReportVote {
        photo: names.get(&vote.photo_id).map_or_else(|| "Deleted photo".to_owned(), |name| (*name).to_owned()),
        choice: match vote.choice {
            Choice::Best { column } => label(column),
            Choice::Tie => "tie".to_owned(),
            Choice::NoneGood => "none good".to_owned(),
        },
        shown: vote.columns.iter().map(|column| label(*column)).collect(),
    });
    Some(ReportVotes {
        words: votes.words,
        ranking: ranked.collect(),
        ties: votes.ties,
        none_good: votes.none_good,
        method: votes.method,
        votes: cast.collect(),
    })
}

fn ties(count: u32) -> String {
    if count == 1 { "1 tie".to_owned() } else { format!("{count} ties") }
}

impl ReportVotes {
    /// Lines for reports that are read.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let percent = |share: f64| format!("{:.0}", share * 100.0);
        let ranked = self.ranking.iter().enumerate().map(|(at, ranked)| {
            let strength = ranked.strength.map_or_else(String::new, |strength| {
                let interval = strength.interval().map(|(low, high)| format!(" ({}–{} %)", percent(low), percent(high))).unwrap_or_default();
                format!("{} % of the choices{interval}, ", percent(strength.value))
            });
            format!("{}. {}: {strength}best on {} of {} photos, {}", at + 1, ranked.column, ranked.best, ranked.shown, ties(ranked.ties))
        });
        let head = format!("Votes with hidden names on {} photos. {}", self.votes.len(), self.words);
        let none = (self.none_good > 0).then(|| format!("None was good: {}", self.none_good));
        std::iter::once(head).chain(ranked).chain(none).chain([self.method.clone()]).collect()
    }
}
