//! Photo by photo: where a column is worse or better than the baseline, the worst first.

use super::facts::Facts;
use crate::wire::comparison::{ChangeReason, PhotoVerdict};
use crate::wire::run::Run;

/// All photos and columns that are not as good as the baseline, or better.
#[must_use]
pub fn changes(run: &Run, columns: &[Vec<Facts>], baseline: u32, against: &[Facts]) -> Vec<PhotoVerdict> {
    let mut changes = Vec::new();
    for (at, photo_id) in run.photo_ids.iter().enumerate() {
        for (column, facts) in columns.iter().enumerate().filter(|(column, _)| *column != baseline as usize) {
            if let Some((change, why)) = change(&facts[at], &against[at]) {
                changes.push(PhotoVerdict { photo_id: *photo_id, column: column as u32, change, why });
            }
        }
    }
    changes.sort_by(|one, other| one.change.total_cmp(&other.change));
    changes
}

/// A provider that is down says nothing of a prompt or model: such a photo is neither better nor worse.
fn change(column: &Facts, baseline: &Facts) -> Option<(f64, ChangeReason)> {
    match (column.answered(), baseline.answered()) {
        (0, 1..) => column.fails_by_itself.then_some((-1.0, ChangeReason::AnsweredNoMore)),
        (1.., 0) => baseline.fails_by_itself.then_some((1.0, ChangeReason::AnsweredNow)),
        _ => {
            let change = column.against?.f1()? - baseline.against?.f1()?;
            (change.abs() > 1e-9).then_some((change, ChangeReason::Labels))
        }
    }
}
