//! Answers that are known already: the same photo, prompt, model and parameters were asked about before. They are taken as they
//! are, cost nothing, and say where they are from.
//!
//! What an answer depends on is hashed when it is given, so that a change of the settings between two runs asks anew.

use std::collections::HashMap;

use crate::platform::domain::{Core, Result, analysis, config};
use crate::platform::store;
use crate::platform::store::known_answers::KnownAnswer;
use crate::providers::PhotoRule;
use crate::wire::config::PipelineConfig;
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;
use crate::wire::result::{Answer, Note, Usage};
use crate::wire::run::{Cell, CellState, Reused, RunColumn};

/// What is asked of a column's model, but for the photo. Made once for many cells.
pub struct ColumnKey(blake3::Hasher);

impl ColumnKey {
    #[must_use]
    pub fn of(core: &Core, config: &PipelineConfig, column: &RunColumn) -> Self {
        let mut hasher = blake3::Hasher::new();
        let found = core.providers.find(&column.model);
        let sent = found.as_ref().map(|(provider, model)| match analysis::sent_as(provider.photo_rule(model), &config.rules, column.image) {
            PhotoRule::Pixels => "pixels".to_owned(),
            PhotoRule::Jpeg { max_edge_px, quality } => format!("jpeg {max_edge_px} {quality}"),
        });
        // A model that comes with the program may be another one in the next version.
        let version = found.filter(|(provider, _)| !provider.is_remote()).map(|_| env!("CARGO_PKG_VERSION"));
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let parts = [
            column.model.as_str(),
            &column.prompt_content,
            &json(serde_json::to_string(&column.parts)),
            &json(serde_json::to_string(&config.model_parameters.get(&column.model))),
            &sent.unwrap_or_default(),
            version.unwrap_or_default(),
        ];
        for part in parts {
            add(&mut hasher, part);
        }
        Self(hasher)
    }

    /// With the photo: its bytes, and its name, which a prompt may hold.
    #[must_use]
    pub fn with_photo(&self, content_hash: &str, file_name: &str) -> String {
        let mut hasher = self.0.clone();
        add(&mut hasher, content_hash);
        add(&mut hasher, file_name);
        hasher.finalize().to_hex().to_string()
    }
}

/// With its length, so that two parts never read as one.
fn add(hasher: &mut blake3::Hasher, part: &str) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
}

/// The key of what is asked now.
pub async fn key_now(core: &Core, column: &RunColumn, content_hash: &str, file_name: &str) -> Result<String> {
    Ok(ColumnKey::of(core, &config::current(core).await?, column).with_photo(content_hash, file_name))
}

/// By photo and column: the answers that are known, oldest first, at most as many as there are repeats.
pub async fn find(
    core: &Core,
    config: &PipelineConfig,
    columns: &[RunColumn],
    photo_ids: &[PhotoId],
    repeats: u32,
) -> Result<HashMap<(PhotoId, u32), Vec<KnownAnswer>>> {
    let contents = store::photos::contents(&core.db, core.org, photo_ids).await?;
    let mut places: HashMap<String, Vec<(PhotoId, u32)>> = HashMap::new();
    for (column, key) in columns.iter().enumerate().map(|(at, column)| (at as u32, ColumnKey::of(core, config, column))) {
        for (photo, (content_hash, file_name)) in &contents {
            places.entry(key.with_photo(content_hash, file_name)).or_default().push((*photo, column));
        }
    }
    let keys: Vec<&str> = places.keys().map(String::as_str).collect();
    let mut found: HashMap<(PhotoId, u32), Vec<KnownAnswer>> = HashMap::new();
    for known in store::known_answers::find(&core.db, core.org, &keys).await? {
        for place in places.get(&known.key).into_iter().flatten() {
            let answers = found.entry(*place).or_default();
            if answers.len() < repeats as usize {
                answers.push(known.clone());
            }
        }
    }
    Ok(found)
}

/// Fills the cells whose answers are known.
pub fn fill(cells: &mut [Cell], known: &HashMap<(PhotoId, u32), Vec<KnownAnswer>>) {
    for cell in cells {
        let Some(known) = known.get(&(cell.photo_id, cell.column)).and_then(|answers| answers.get(cell.repeat as usize)) else { continue };
        cell.state = CellState::Completed;
        cell.latency_ms = known.latency_ms;
        cell.reused = Some(known.from.clone());
        cell.answer = Some(taken(known.answer.clone(), &known.from));
    }
}

/// Nothing is used or charged for it again.
fn taken(answer: Answer, from: &Reused) -> Answer {
    let said = format!("Known already, not asked again: from “{}”, {}", from.run_name, from.at.format("%Y-%m-%d %H:%M UTC"));
    let notes = answer.notes.into_iter().chain([Note::routine(said)]).collect();
    Answer { usage: Usage::default(), cost_usd: Some(UsdMicros(0)), retries: 0, notes, ..answer }
}
