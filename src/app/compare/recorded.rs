//! What a comparison spent is written down in the person's library, where `minerva costs` finds it.

use super::super::config::Settings;
use super::super::terminal;
use crate::platform::host;
use crate::platform::store::compare_calls;
use crate::platform::store::costs::BilledCall;
use crate::providers::ON_DEVICE;
use crate::wire::result::Usage;
use crate::wire::run::{Cell, Run};

/// Writes it down, or says why not. A comparison that is done is not failed for it.
pub async fn record(settings: &Settings, run: &Run, cells: &[Cell]) {
    let calls: Vec<BilledCall> = cells.iter().filter_map(|cell| billed(run, cell)).collect();
    let database = settings.data_dir.join(host::DATABASE_FILE);
    if calls.is_empty() || !database.is_file() {
        return;
    }
    let why = match compare_calls::record(&database, &calls).await {
        Ok(true) => return,
        Ok(false) => "it was last opened by an earlier version of Minerva".to_owned(),
        Err(error) => error.to_string(),
    };
    terminal::err(&format!(
        "What this cost is not in the library {}: {why}. 'minerva costs' will not count it; the report has every cost",
        settings.data_dir.display()
    ));
}

/// What a cell's call used, where something was charged or may have been.
fn billed(run: &Run, cell: &Cell) -> Option<BilledCall> {
    let model = run.columns.get(cell.column as usize)?.model.clone();
    let (usage, cost) = match (&cell.answer, &cell.fault) {
        (Some(answer), _) => (answer.usage, answer.cost_usd),
        (None, Some(fault)) if fault.is_billed() => (fault.usage, fault.cost_usd),
        _ => return None,
    };
    // A model in this program costs nothing and counts no tokens.
    let is_nothing = model == ON_DEVICE && usage == Usage::default();
    (!is_nothing).then_some(BilledCall { model, at: run.started_at, usage, cost })
}
