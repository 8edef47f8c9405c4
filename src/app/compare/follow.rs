//! Follows a run from its start to its end, with a progress bar for who watches.

use std::time::Duration;

use chrono::Utc;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::news::News;
use crate::app::terminal;
use crate::client::event::StreamItem;
use crate::client::{Client, Result};
use crate::wire::event::Happened;
use crate::wire::ids::RunId;
use crate::wire::run::{Cell, Run, RunState};
use crate::wire::sweep::StartSweep;

/// The run is asked for this often even when no event comes.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A bar on standard error; nothing when that is no terminal.
pub fn bar(length: u64, what: &'static str) -> ProgressBar {
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()).with_style(style(false)).with_prefix(what)
}

/// `is_waiting`: how long it still takes is nobody's to say, since it waits for a provider.
fn style(is_waiting: bool) -> ProgressStyle {
    ProgressStyle::with_template(template(is_waiting)).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn template(is_waiting: bool) -> &'static str {
    if is_waiting { "{bar:30} {pos}/{len} {prefix} · {elapsed} {msg}" } else { "{bar:30} {pos}/{len} {prefix} · {elapsed} · {eta} left {msg}" }
}

/// Starts a run and waits for its end. When `stop` is cancelled it is cancelled too, and what is answered stays.
pub async fn run_to_end(client: &Client, start: &StartSweep, stop: &CancellationToken) -> Result<Run> {
    let mut events = client.follow_events(None, || {});
    let mut run = client.start_sweep(start).await?;
    let bar = bar(run.counts.total(), "answers");
    let mut news = News::of(&run);
    let (mut is_stopping, mut was_waiting) = (false, false);
    while run.state == RunState::Running {
        tokio::select! {
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                run = client.cancel_run(run.id).await?;
            }
            Some(item) = events.recv() => match item {
                StreamItem::Event(event) => match event.what {
                    Happened::RunChanged(changed) if changed.id == run.id => run = changed,
                    Happened::CellChanged(cell) if cell.run_id == run.id => if let Some(words) = news.on_cell(&cell) {
                        bar.suspend(|| terminal::err(&words));
                    },
                    Happened::CellNews { run_id, cell_id, news: heard } if run_id == run.id => news.on_news(cell_id, &heard, Utc::now()),
                    _ => {}
                },
                // Events may have been missed: the loop asks for the run itself.
                StreamItem::Connected | StreamItem::Polling { .. } | StreamItem::Lost { .. } => run = client.run(run.id).await?,
            },
            () = tokio::time::sleep(LOOK_AGAIN) => run = client.run(run.id).await?,
        }
        for words in news.on_run(&run) {
            bar.suspend(|| terminal::err(&words));
        }
        if std::mem::replace(&mut was_waiting, news.is_waiting()) != was_waiting {
            bar.set_style(style(was_waiting));
        }
        bar.set_position(run.counts.finished());
        let failed = (run.counts.failed > 0).then(|| format!("{} failed", run.counts.failed));
        let words = news.words(Utc::now());
        let said = failed.into_iter().chain(Some(words).filter(|words| !words.is_empty()));
        bar.set_message(said.map(|words| format!("· {words}")).collect::<Vec<_>>().join(" "));
    }
    bar.finish_and_clear();
    Ok(run)
}

/// All cells of a run.
pub async fn cells(client: &Client, id: RunId) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    let mut cursor = None;
    loop {
        let page = client.run_cells(id, cursor.as_deref()).await?;
        cells.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_told_while_a_provider_is_waited_for() {
        for (is_waiting, tells_time) in [(true, false), (false, true)] {
            assert_eq!(template(is_waiting).contains("left"), tells_time);
            assert!(ProgressStyle::with_template(template(is_waiting)).is_ok());
        }
    }
}
