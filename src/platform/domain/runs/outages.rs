//! Providers that are plainly down, and models that plainly can't be had: when so many calls of a column in a row met one, its other
//! cells are not asked, so that nobody waits for hundreds of calls that fail one after the other.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::wire::result::{Fault, FaultKind};
use crate::wire::run::{Cell, CellState, StoppedColumn};

/// Each of them has had its own retries already.
const IN_A_ROW: u32 = 5;

/// By column: the faults since its last answer.
#[derive(Default)]
pub struct Outages(Mutex<BTreeMap<u32, StoppedColumn>>);

impl Outages {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, StoppedColumn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in how a cell ended. A column that is down stays so until a resume: what is still in flight is counted, and changes nothing.
    pub fn note(&self, cell: &Cell) {
        let is_down = self.is_down(cell.column);
        match cell.fault.as_ref().filter(|fault| cell.state == CellState::Failed && is_outage(fault)) {
            Some(_) if is_down => {
                if let Some(seen) = self.lock().get_mut(&cell.column) {
                    seen.faults += 1;
                }
            }
            None if is_down => {}
            Some(fault) => {
                let mut columns = self.lock();
                let seen = columns.entry(cell.column).or_insert_with(|| StoppedColumn { column: cell.column, faults: 0, fault: fault.clone() });
                (seen.faults, seen.fault) = (seen.faults + 1, fault.clone());
            }
            None => drop(self.lock().remove(&cell.column)),
        }
    }

    #[must_use]
    pub fn is_down(&self, column: u32) -> bool {
        self.lock().get(&column).is_some_and(|seen| seen.faults >= IN_A_ROW)
    }

    /// The columns that are down.
    #[must_use]
    pub fn stopped(&self) -> Vec<StoppedColumn> {
        self.lock().values().filter(|seen| seen.faults >= IN_A_ROW).cloned().collect()
    }
}

/// Not the photo's fault, not the prompt's, and no limit of calls, which only asks for patience.
fn is_outage(fault: &Fault) -> bool {
    let is_of_the_model = matches!(fault.kind, FaultKind::UnknownModel | FaultKind::RetiredModel | FaultKind::Permission);
    is_of_the_model || fault.kind.can_heal() && fault.kind != FaultKind::RateLimited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{CellId, PhotoId, RunId};

    fn cell(column: u32, kind: Option<FaultKind>) -> Cell {
        Cell {
            id: CellId::fresh(),
            run_id: RunId::fresh(),
            photo_id: PhotoId::fresh(),
            column,
            repeat: 0,
            state: if kind.is_some() { CellState::Failed } else { CellState::Completed },
            answer: None,
            fault: kind.map(|kind| Fault::new(kind, "no")),
            latency_ms: None,
            trace: Vec::new(),
            reused: None,
        }
    }

    /// A retired model is retired for every photo.
    #[test]
    fn a_model_that_can_not_be_had_is_not_asked_a_thousand_times() {
        for kind in [FaultKind::UnknownModel, FaultKind::RetiredModel, FaultKind::Permission] {
            let outages = Outages::default();
            (0..5).for_each(|_| outages.note(&cell(0, Some(kind))));
            assert!(outages.is_down(0), "{kind:?}");
        }
        let outages = Outages::default();
        (0..99).for_each(|_| outages.note(&cell(0, Some(FaultKind::BadRequest))));
        assert!(!outages.is_down(0), "another photo may be taken");
    }

    #[test]
    fn five_in_a_row_stop_a_column_and_an_answer_between_them_does_not() {
        let outages = Outages::default();
        for at in 0..4 {
            outages.note(&cell(0, Some(if at % 2 == 0 { FaultKind::Network } else { FaultKind::Overloaded })));
        }
        outages.note(&cell(0, None));
        for _ in 0..4 {
            outages.note(&cell(0, Some(FaultKind::Server)));
            outages.note(&cell(1, Some(FaultKind::Refused)));
            outages.note(&cell(1, Some(FaultKind::RateLimited)));
        }
        assert!(!outages.is_down(0) && !outages.is_down(1));
        outages.note(&cell(0, Some(FaultKind::Timeout)));
        assert!(outages.is_down(0));
        // In flight meanwhile.
        outages.note(&cell(0, None));
        outages.note(&cell(0, Some(FaultKind::Server)));
        let stopped = outages.stopped();
        assert_eq!(stopped.iter().map(|one| (one.column, one.faults, one.fault.kind)).collect::<Vec<_>>(), [(0, 6, FaultKind::Timeout)]);
    }
}
