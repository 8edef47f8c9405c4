//! A run written to a file: the report of a run, in pieces, so that one with thousands of photos need not lie in memory whole.
//!
//! Thumbnails are drawn anew from the photo's pixels: nothing that its file says of a place or a camera goes with them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};

use super::baseline::Labels;
use super::run_report::{self, Report, ReportPhoto, csv, html, markdown};
use super::{Core, DomainError, Result, near_duplicates, photos, runs, truth, validations, votes};
use crate::platform::store;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::run::{ExportFormat, Run, RunKind};

/// Photos whose thumbnails are made ahead of what is sent.
const THUMBNAILS_AHEAD: usize = 4;

/// The pieces of a file, in order.
pub type Pieces = std::pin::Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Writes a run as it stands. What is not answered yet says so.
pub async fn export(core: &Arc<Core>, id: RunId, format: ExportFormat) -> Result<Pieces> {
    let run = runs::get(core, id).await?;
    let photos = report_photos(core, &run).await?;
    let cells = runs::all_cells(core, id).await?;
    let finished_at = run.finished_at.unwrap_or_else(|| core.now());
    let labels = truth::labels(core, &run.photo_ids).await?;
    let labels = (!labels.is_empty()).then_some(labels);
    let units = near_duplicates::units(core, &run.photo_ids).await?;
    let validation = if run.kind == RunKind::Validation { Some(validations::get(core, id).await?) } else { None };
    let votes = votes::of_run(core, id).await?;
    let labels_of_page = labels.clone().filter(|_| format == ExportFormat::Html);
    let made = core.on_a_core(move || {
        let votes = run_report::votes::of(votes, &run, &photos);
        Report { validation, votes, ..Report::of(&run, cells, &photos, (labels.as_ref(), &units), finished_at) }
    });
    let report = made.await?;
    let text = move |text: String| -> Pieces { Box::pin(stream::once(std::future::ready(Bytes::from(text)))) };
    let unwritten = |error: String| DomainError::Files { message: format!("The run could not be written: {error}") };
    match format {
        ExportFormat::Json => serde_json::to_string_pretty(&report).map(text).map_err(|error| unwritten(error.to_string())),
        ExportFormat::Csv => csv::csv(&report).map(text).map_err(|error| unwritten(error.to_string())),
        ExportFormat::Tsv => Ok(text(csv::table(&report))),
        ExportFormat::Md => Ok(text(markdown::markdown(&report))),
        ExportFormat::Html => Ok(page(Arc::clone(core), report, labels_of_page)),
    }
}

/// The photos of a run with their names; two of one name are told apart by a number.
async fn report_photos(core: &Core, run: &Run) -> Result<Vec<ReportPhoto>> {
    let names = store::photos::names(&core.db, core.org, &run.photo_ids).await?;
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let named = run.photo_ids.iter().map(|id| {
        let name = names.get(id).map_or("Deleted photo", String::as_str);
        let times = seen.entry(name).or_default();
        *times += 1;
        let label = if *times == 1 { name.to_owned() } else { format!("{name} ({times})") };
        ReportPhoto { label, id: Ok(*id) }
    });
    Ok(named.collect())
}

fn page(core: Arc<Core>, report: Report, labels: Option<Labels>) -> Pieces {
    let head = Bytes::from(html::head(&report));
    let (report, labels) = (Arc::new(report), Arc::new(labels));
    let ranges: Vec<std::ops::Range<usize>> = html::photos(&report)
        .scan(0, |from, cells| {
            let range = *from..*from + cells.len();
            *from = range.end;
            Some(range)
        })
        .collect();
    let sections = stream::iter(ranges)
        .map(move |range| {
            let (core, report, labels) = (Arc::clone(&core), Arc::clone(&report), Arc::clone(&labels));
            async move {
                let cells = report.cells.get(range).unwrap_or_default();
                let picture = match cells.first().and_then(|cell| cell.photo_id) {
                    Some(photo) => thumbnail(&core, photo).await,
                    None => None,
                };
                Bytes::from(html::photo(cells, picture.as_ref(), labels.as_ref().as_ref()))
            }
        })
        .buffered(THUMBNAILS_AHEAD);
    let whole = |piece: Bytes| stream::once(std::future::ready(piece));
    Box::pin(whole(head).chain(sections).chain(whole(Bytes::from_static(html::FOOT.as_bytes()))))
}

/// A page without one picture is better than none.
async fn thumbnail(core: &Core, id: PhotoId) -> Option<Bytes> {
    let photo = photos::get(core, id).await.ok()?;
    let picture = photos::image(core, &photo, Some(html::THUMBNAIL_PX)).await;
    picture.inspect_err(|error| tracing::warn!(%error, photo = %photo.file_name, "no thumbnail for an export")).ok().map(Bytes::from)
}
