//! Photos as models take them. A photo that goes to many columns is prepared once: the first who
//! asks prepares it, the others wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::{Core, Steps};
use crate::photos;
use crate::platform::domain::photo_files;
use crate::providers::{PhotoRule, SentPhoto};
use crate::wire::photo::Photo;
use crate::wire::result::{Fault, FaultKind, TraceStep};

/// Bytes of prepared photos kept at most, those in use not counted.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A photo in the form that a model takes.
#[derive(Debug)]
pub struct PreparedPhoto {
    pub sent: SentPhoto,
    /// Of the whole photo, after orientation.
    pub width_px: u32,
    pub height_px: u32,
    /// What was done, for the traces of those who find it done: sizes before and after.
    detail: String,
}

impl PreparedPhoto {
    fn bytes(&self) -> usize {
        match &self.sent {
            SentPhoto::Pixels(image) => image.as_raw().len(),
            SentPhoto::Jpeg { bytes, .. } => bytes.len(),
        }
    }
}

/// Content hash and, for JPEG, the longer edge and the quality.
type Key = (String, Option<(u32, u8)>);
type Slot = Arc<OnceCell<Arc<PreparedPhoto>>>;

/// The photos prepared last.
#[derive(Default)]
pub struct Prepared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, (Slot, u64)>,
    /// Counts uses; the slot with the smallest was not used for longest.
    clock: u64,
}

impl Prepared {
    /// A photo as `rule` wants it. Steps that were taken are traced.
    pub(super) async fn get(&self, core: &Core, photo: &Photo, rule: PhotoRule, steps: &mut Steps) -> std::result::Result<Arc<PreparedPhoto>, Fault> {
        let start = steps.elapsed_ms();
        let key = (photo.content_hash.clone(), jpeg_rule(rule));
        let slot = self.slot(key);
        let mut made = Vec::new();
        let prepared = slot.get_or_try_init(|| prepare(core, photo, rule, start, &mut made)).await.map(Arc::clone);
        if let Ok(prepared) = &prepared
            && made.is_empty()
        {
            steps.add("fetch", start, format!("prepared already: {}", prepared.detail));
        }
        steps.list.append(&mut made);
        self.shrink();
        prepared
    }

    /// Makes a photo ready that is about to be asked for, so that no call waits for it. A fault is met again by who asks.
    pub async fn ahead(&self, core: &Core, photo: &Photo, rule: PhotoRule) {
        let _ = self.get(core, photo, rule, &mut Steps::begin()).await;
    }

    /// Forgets a photo that was deleted.
    pub fn forget(&self, content_hash: &str) {
        self.lock().slots.retain(|(hash, _), _| hash != content_hash);
    }

    fn slot(&self, key: Key) -> Slot {
        let mut state = self.lock();
        state.clock += 1;
        let now = state.clock;
        let (slot, used) = state.slots.entry(key).or_default();
        *used = now;
        Arc::clone(slot)
    }

    /// Drops what was not used for longest until the rest fits, and slots whose preparation failed.
    fn shrink(&self) {
        let mut state = self.lock();
        let mut kept: Vec<(u64, usize, Key)> = Vec::with_capacity(state.slots.len());
        // A slot that somebody else holds is being prepared.
        state.slots.retain(|key, (slot, used)| {
            let bytes = slot.get().map(|photo| photo.bytes());
            kept.extend(bytes.map(|bytes| (*used, bytes, key.clone())));
            bytes.is_some() || Arc::strong_count(slot) > 1
        });
        let mut total: usize = kept.iter().map(|(_, bytes, _)| bytes).sum();
        kept.sort_unstable_by_key(|(used, ..)| *used);
        for (_, bytes, key) in kept {
            if total <= KEPT_BYTES {
                break;
            }
            state.slots.remove(&key);
            total -= bytes;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn jpeg_rule(rule: PhotoRule) -> Option<(u32, u8)> {
    match rule {
        PhotoRule::Pixels => None,
        PhotoRule::Jpeg { max_edge_px, quality } => Some((max_edge_px, quality)),
    }
}

async fn prepare(
    core: &Core,
    photo: &Photo,
    rule: PhotoRule,
    start_ms: f64,
    made: &mut Vec<TraceStep>,
) -> std::result::Result<Arc<PreparedPhoto>, Fault> {
    let begun = std::time::Instant::now();
    let bytes = photo_files::read_photo(core, &photo.content_hash).await?;
    let fetch_ms = begun.elapsed().as_secs_f64() * 1e3;
    made.push(TraceStep { name: "fetch".to_owned(), start_ms, duration_ms: fetch_ms, detail: format!("{} bytes", bytes.len()) });
    let work = move || {
        let since_start = || start_ms + begun.elapsed().as_secs_f64() * 1e3;
        let at = since_start();
        let decoded = photos::decode(&bytes).map_err(photo_fault)?;
        let (width_px, height_px) = decoded.image.dimensions();
        let mut detail = format!("{width_px} × {height_px} px, {}", decoded.format);
        for note in &decoded.notes {
            detail.push_str("; ");
            detail.push_str(note);
        }
        let mut steps = vec![TraceStep { name: "decode".to_owned(), start_ms: at, duration_ms: since_start() - at, detail }];
        let mut whole = format!("{width_px} × {height_px} px, {}, {} bytes", decoded.format, bytes.len());
        let sent = match rule {
            PhotoRule::Pixels => SentPhoto::Pixels(Arc::new(decoded.image)),
            PhotoRule::Jpeg { max_edge_px, quality } => {
                let at = since_start();
                let small = photos::fit(&decoded.image, max_edge_px);
                let (width_px, height_px) = small.dimensions();
                let bytes = Bytes::from(photos::encode_jpeg(&small, quality).map_err(photo_fault)?);
                let detail = format!("{width_px} × {height_px} px, JPEG {quality}, {} bytes", bytes.len());
                whole = format!("{whole} → {detail}");
                steps.push(TraceStep { name: "resize".to_owned(), start_ms: at, duration_ms: since_start() - at, detail });
                SentPhoto::Jpeg { bytes, width_px, height_px }
            }
        };
        Ok((PreparedPhoto { sent, width_px, height_px, detail: whole }, steps))
    };
    let (prepared, mut steps) = core.on_a_core(work).await.map_err(|_| interrupted())??;
    made.append(&mut steps);
    Ok(Arc::new(prepared))
}

fn photo_fault(error: photos::PhotoError) -> Fault {
    let mut fault = Fault::new(FaultKind::Photo, error.message);
    fault.code = Some(error.code.to_owned());
    fault
}

fn interrupted() -> Fault {
    Fault::new(FaultKind::Internal, "The photo could not be prepared: the work was interrupted. Try again")
}
