//! What a run found, as the command line and the API write it: JSON, CSV, Markdown, HTML. The one report of both.

pub mod csv;
pub mod html;
pub mod markdown;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod verdicts;
pub mod votes;
pub mod words;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use summary::{Accuracy, Repeatability, SummaryRow};
use verdicts::ReportVerdicts;
use votes::ReportVotes;

use super::baseline::{self, Labels};
use super::statistics::Units;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::provider::provider_of;
use crate::wire::result::{FaultKind, Note};
use crate::wire::run::{Cell, CellState, Run, RunColumn, RunState};
use crate::wire::validation::ValidationReport;

/// A whole comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub run_id: RunId,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// By photo, then prompt, model and repeat.
    pub cells: Vec<ReportCell>,
    /// By prompt, then model.
    pub summary: Vec<SummaryRow>,
    /// Files that have the bytes of another one: their photo was asked about once, and its answers stand at the other file. They have
    /// no cells of their own, because answers, costs and intervals would then count one photo twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_photos: Vec<SamePhoto>,
    /// Only of a validation: its gates, as they were judged when the run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationReport>,
    /// Only where a column is the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<ReportVerdicts>,
    /// Only where people have voted on the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<ReportVotes>,
}

/// A file with the bytes of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SamePhoto {
    pub photo: String,
    /// The file that its answers stand at.
    pub same_as: String,
}

impl SamePhoto {
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} is the same photo as {}: it was asked about once, and the answers stand there", self.photo, self.same_as)
    }
}

/// A photo of a report, and under which id the platform knows it, or why it does not.
#[derive(Debug, Clone)]
pub struct ReportPhoto {
    /// The file's name; its path or a number beside it where two files have one name.
    pub label: String,
    pub id: std::result::Result<PhotoId, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    Ok,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportTag {
    pub name: String,
    /// `null` where the model gave none.
    pub confidence: Option<f32>,
}

impl ReportTag {
    /// Such as `cat 0.87`; only the name where there is no confidence.
    #[must_use]
    pub fn words(&self) -> String {
        self.confidence.map_or_else(|| self.name.clone(), |confidence| format!("{} {confidence:.2}", self.name))
    }
}

/// Why a cell has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ErrorKind {
    Fault(FaultKind),
    Other(Unanswered),
}

/// Without a fault of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// Its provider held its calls back, or the comparison was stopped before.
    NotAsked,
    /// It was asked, and the platform has nothing of it.
    Lost,
}

/// In which size and quality a column sends the photos; nothing where it does as is usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReportImage {
    /// The longer edge, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jpeg_quality: Option<u8>,
}

impl ReportImage {
    #[must_use]
    pub fn of(column: &RunColumn) -> Self {
        column.image.map(|image| Self { image_size: image.max_edge_px, jpeg_quality: image.quality }).unwrap_or_default()
    }
}

/// One answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportCell {
    /// The file's name; its path where two files have one name.
    pub photo: String,
    pub prompt: String,
    pub model: String,
    #[serde(flatten)]
    pub image: ReportImage,
    /// 1-based.
    pub repeat: u32,
    pub status: CellStatus,
    pub caption: Option<String>,
    pub tags: Vec<ReportTag>,
    pub latency_ms: Option<u64>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// `None`: not known, or nothing was billed.
    pub cost_usd_micros: Option<i64>,
    pub error: Option<String>,
    /// What was mended in the answer, and what is so with every such call, in words.
    #[serde(serialize_with = "texts")]
    pub notes: Vec<Note>,
    /// What kind of failure it is: a refusal and a cut answer are other things than an outage.
    pub error_kind: Option<ErrorKind>,
    /// The provider's own name for a call that failed.
    pub request_id: Option<String>,
    /// Where its photo stands in the report, and its column in the run.
    #[serde(skip)]
    pub place: (usize, usize),
    /// Labels are looked up by it.
    #[serde(skip)]
    pub photo_id: Option<PhotoId>,
    /// Whether the provider charged for it, or may have, whatever the price.
    #[serde(skip)]
    pub is_billed: bool,
}

impl ReportCell {
    #[must_use]
    pub fn failed(photo: &ReportPhoto, column: &RunColumn, repeat: u32, (kind, error): (ErrorKind, String)) -> Self {
        Self {
            photo: photo.label.clone(),
            prompt: column.prompt_name.clone(),
            model: column.model.clone(),
            image: ReportImage::of(column),
            repeat,
            status: CellStatus::Failed,
            caption: None,
            tags: Vec::new(),
            latency_ms: None,
            input_tokens: None,
            output_tokens: None,
            cost_usd_micros: None,
            error: Some(error),
            notes: Vec::new(),
            error_kind: Some(kind),
            request_id: None,
            place: (0, 0),
            photo_id: photo.id.as_ref().ok().copied(),
            is_billed: false,
        }
    }
}

fn texts<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(notes.iter().map(|note| &note.text))
}

impl ReportCell {
    /// Why there is no answer, with the provider's name for the call.
    #[must_use]
    pub fn error_words(&self) -> Option<String> {
        let id = self.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        self.error.as_ref().map(|error| format!("{error}{id}"))
    }

    /// Whether something in the answer was mended or is to be looked at.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        self.notes.iter().any(Note::is_mended)
    }
}

impl Report {
    /// Puts a run's cells and the photos that never came to be asked into one list.
    #[must_use]
    pub fn of(run: &Run, cells: Vec<Cell>, photos: &[ReportPhoto], (labels, units): (Option<&Labels>, &Units), finished_at: DateTime<Utc>) -> Self {
        let none = Labels::new();
        let comparison = run.baseline.map(|_| baseline::of(run, &cells, labels.unwrap_or(&none), units, run.baseline));
        let verdicts = comparison.and_then(|comparison| verdicts::of(comparison, run, photos));
        let unasked = why_unasked(run, &cells);
        let alone = match labels {
            None if run.repeats < 2 => vec![Vec::new(); run.columns.len()],
            labels => baseline::alone(run, &cells, labels.unwrap_or(&none), units),
        };
        let measured: Vec<Measured> = alone.iter().map(|measures| (Repeatability::of(measures), labels.map(|_| Accuracy::of(measures)))).collect();
        let mut by_place: HashMap<(PhotoId, u32, u32), Cell> =
            cells.into_iter().map(|cell| ((cell.photo_id, cell.column, cell.repeat), cell)).collect();
        let mut listed = Vec::new();
        for (row, photo) in photos.iter().enumerate() {
            for (at, column) in run.columns.iter().enumerate() {
                for repeat in 0..run.repeats {
                    let found = photo.id.as_ref().map(|id| by_place.remove(&(*id, at as u32, repeat)));
                    listed.push(ReportCell { place: (row, at), ..report_cell(photo, column, repeat + 1, found, &unasked[at]) });
                }
            }
        }
        let summary = summaries(&run.columns, &listed, &measured);
        Self {
            run_id: run.id,
            started_at: run.started_at,
            finished_at,
            cells: listed,
            summary,
            same_photos: Vec::new(),
            validation: None,
            verdicts,
            votes: None,
        }
    }

    #[must_use]
    pub fn failed_cells(&self) -> usize {
        self.cells.iter().filter(|cell| cell.status == CellStatus::Failed).count()
    }
}

/// What is measured of a column by itself, as the window does.
type Measured = (Option<Repeatability>, Option<Accuracy>);

fn summaries(columns: &[RunColumn], cells: &[ReportCell], measured: &[Measured]) -> Vec<SummaryRow> {
    let mut by_column: Vec<Vec<&ReportCell>> = vec![Vec::new(); columns.len()];
    for cell in cells {
        by_column[cell.place.1].push(cell);
    }
    let of_column = |(column, (cells, (repeatability, accuracy))): (&RunColumn, (&Vec<&ReportCell>, &Measured))| SummaryRow {
        image: ReportImage::of(column),
        repeatability: *repeatability,
        ..summary::summarise(&column.model, &column.prompt_name, cells, *accuracy)
    };
    columns.iter().zip(by_column.iter().zip(measured)).map(of_column).collect()
}

/// Why the cells of each column that were not asked were not.
fn why_unasked(run: &Run, cells: &[Cell]) -> Vec<String> {
    let held = held_back(run, cells);
    let limit = run.limit.as_ref().filter(|_| run.state == RunState::Interrupted);
    let of_column = |(at, column): (usize, &RunColumn)| {
        if let Some(stopped) = run.stopped.iter().find(|stopped| stopped.column as usize == at) {
            return format!("Not asked: {}. {}", stopped.words(&column.label()), stopped.fault.message);
        }
        if let Some(words) = held.get(provider_of(&column.model)) {
            return words.clone();
        }
        match limit {
            Some(limit) => format!("Not asked: it might have crossed the limit of {}", limit.most_usd),
            None => "Stopped before it was answered".to_owned(),
        }
    };
    run.columns.iter().enumerate().map(of_column).collect()
}

/// Why the cells of a provider that holds its calls back were not asked, by its name. One cell has told.
fn held_back(run: &Run, cells: &[Cell]) -> HashMap<String, String> {
    let told = cells.iter().filter_map(|cell| {
        let fault = cell.fault.as_ref().filter(|fault| cell.state == CellState::Failed && fault.holds_back())?;
        let provider = provider_of(&run.columns.get(cell.column as usize)?.model);
        Some((provider.to_owned(), format!("Not asked. {}. {}", fault.held_back_words(provider), fault.said())))
    });
    told.collect()
}

fn report_cell(photo: &ReportPhoto, column: &RunColumn, repeat: u32, found: Result<Option<Cell>, &String>, unasked: &str) -> ReportCell {
    let blank = |kind: ErrorKind, error: String| ReportCell::failed(photo, column, repeat, (kind, error));
    let cell = match found {
        Err(why) => return blank(ErrorKind::Fault(FaultKind::Photo), why.clone()),
        Ok(None) => return blank(ErrorKind::Other(Unanswered::Lost), "The platform lost this cell".to_owned()),
        Ok(Some(cell)) => cell,
    };
    let not_asked = ErrorKind::Other(Unanswered::NotAsked);
    match (cell.state, cell.answer, cell.fault) {
        (CellState::Completed, Some(answer), _) => ReportCell {
            status: CellStatus::Ok,
            caption: answer.caption,
            tags: answer.tags.into_iter().map(|tag| ReportTag { name: tag.name, confidence: tag.confidence }).collect(),
            latency_ms: cell.latency_ms,
            input_tokens: answer.usage.input_tokens,
            output_tokens: answer.usage.output_tokens,
            cost_usd_micros: answer.cost_usd.map(|cost| cost.0),
            error: None,
            error_kind: None,
            notes: answer.notes,
            is_billed: true,
            ..blank(not_asked, String::new())
        },
        (_, _, Some(fault)) => ReportCell {
            latency_ms: cell.latency_ms,
            input_tokens: fault.usage.input_tokens,
            output_tokens: fault.usage.output_tokens,
            cost_usd_micros: fault.cost_usd.map(|cost| cost.0),
            is_billed: fault.is_billed(),
            request_id: fault.request_id,
            ..blank(ErrorKind::Fault(fault.kind), fault.message)
        },
        _ => blank(not_asked, unasked.to_owned()),
    }
}
