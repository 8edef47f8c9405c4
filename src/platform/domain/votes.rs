//! Votes on answers whose columns are hidden, and the ranking that they make.

mod ranking;

use std::collections::{HashMap, HashSet};

use super::statistics::Units;
use super::{Core, DomainError, Result, near_duplicates, runs};
use crate::platform::store;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::run::Run;
use crate::wire::vote::{CastVote, Choice, RunVotes, Vote};

/// Columns that are shown at once.
const SHOWN_MOST: usize = 6;

/// The votes of a run and their ranking.
pub async fn of_run(core: &Core, id: RunId) -> Result<RunVotes> {
    let run = runs::get(core, id).await?;
    let votes = store::votes::of_run(&core.db, core.org, id).await?;
    let units = near_duplicates::units(core, &run.photo_ids).await?;
    core.on_a_core(move || ranked(&run, votes, &units)).await
}

fn ranked(run: &Run, mut votes: Vec<Vote>, units: &Units) -> RunVotes {
    let place: HashMap<PhotoId, usize> = run.photo_ids.iter().enumerate().map(|(at, photo)| (*photo, at)).collect();
    votes.sort_by_key(|vote| place.get(&vote.photo_id).copied().unwrap_or(usize::MAX));
    ranking::of(run, votes, &place, units)
}

/// Keeps a vote, or takes one back.
pub async fn cast(core: &Core, id: RunId, photo: PhotoId, asked: &CastVote) -> Result<RunVotes> {
    let run = runs::get(core, id).await?;
    if !run.photo_ids.contains(&photo) {
        return Err(DomainError::NotFound { what: "photo of the run" });
    }
    let mut change = core.change().await?;
    match asked.choice {
        Some(choice) => {
            check(&run, &asked.columns, choice)?;
            let vote = Vote { photo_id: photo, columns: asked.columns.clone(), choice, at: core.now() };
            store::votes::set(&mut change.tx, core.org, id, &vote).await?;
        }
        None => store::votes::delete(&mut change.tx, core.org, id, photo).await?,
    }
    change.commit().await?;
    of_run(core, id).await
}

fn check(run: &Run, columns: &[u32], choice: Choice) -> Result<()> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "vote", message });
    let once: HashSet<u32> = columns.iter().copied().collect();
    if !(2..=SHOWN_MOST).contains(&columns.len()) || once.len() != columns.len() {
        return refuse(format!("A vote is among 2 to {SHOWN_MOST} columns, each once"));
    }
    if columns.iter().any(|column| *column as usize >= run.columns.len()) {
        return refuse(format!("The run has {} columns, counted from 0", run.columns.len()));
    }
    match choice {
        Choice::Best { column } if !columns.contains(&column) => refuse("The best is one of the columns that were shown".to_owned()),
        _ => Ok(()),
    }
}
