//! Tells who watches a run what a cell does while it is being asked. The last of it is kept while the cell is asked, for who
//! comes later; nothing is stored.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::domain::Core;
use crate::providers::CallNews;
use crate::wire::event::Happened;
use crate::wire::run::{Cell, CellNow};

/// A cell's text is told at most this often.
const TEXT_EVERY: Duration = Duration::from_millis(250);
/// Characters of the text, its last ones: a cell has room for a few lines.
const TEXT_MOST: usize = 400;

/// Hears a call of a cell. `None` for models in this process, which have nothing to tell.
pub fn listener(core: &Arc<Core>, cell: &Cell, model: &str) -> Option<Arc<dyn Fn(CallNews) + Send + Sync>> {
    let is_remote = core.providers.find(model).is_some_and(|(provider, _)| provider.is_remote());
    if !is_remote {
        return None;
    }
    let (core, run_id, cell_id) = (Arc::downgrade(core), cell.run_id, cell.id);
    let told_text = Mutex::new(None::<Instant>);
    Some(Arc::new(move |news| {
        let Some(core) = core.upgrade() else { return };
        let mut told_text = told_text.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(news, CallNews::Text(_)) {
            if told_text.is_some_and(|at| at.elapsed() < TEXT_EVERY) {
                return;
            }
            *told_text = Some(Instant::now());
        } else {
            *told_text = None;
        }
        let news = now(news);
        core.working.note(run_id, cell_id, news.clone());
        // Nobody may listen: whoever comes later asks for the cells.
        let _ = core.news.send(Happened::CellNews { run_id, cell_id, news });
    }))
}

fn now(news: CallNews) -> CellNow {
    match news {
        CallNews::Waiting => CellNow::Waiting,
        CallNews::Asking => CellNow::Asking,
        CallNews::Text(text) => CellNow::Text { text: last_characters(&text).to_owned() },
        CallNews::Retrying { wait, kind } => CellNow::Retrying { wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), kind },
    }
}

fn last_characters(text: &str) -> &str {
    let start = text.char_indices().rev().nth(TEXT_MOST - 1).map_or(0, |(at, _)| at);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_end_and_a_short_one_all() {
        assert_eq!(last_characters("kurz"), "kurz");
        let long = format!("x{}", "ü".repeat(TEXT_MOST));
        assert_eq!(last_characters(&long), "ü".repeat(TEXT_MOST));
    }
}
