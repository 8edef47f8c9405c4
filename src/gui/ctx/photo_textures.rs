//! Photos as textures: fetched from the platform, decoded off the frame, kept within a bound.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use egui::{ColorImage, TextureHandle, TextureOptions};
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::photos;
use crate::wire::ids::PhotoId;

/// Textures are forgotten, longest unused first, beyond this many bytes.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Textures uploaded in one frame; an upload of 256² takes about 0.05 ms.
const UPLOADS_PER_FRAME: usize = 16;
/// Photos fetched and decoded at the same time.
const AT_ONCE: usize = 4;

/// What can be drawn of a photo now.
pub enum PhotoTexture<'a> {
    Loading,
    Ready(&'a TextureHandle),
    /// Why there is no picture.
    Failed(&'a str),
}

type Key = (PhotoId, u32);

enum Held {
    Loading,
    Ready { texture: TextureHandle, bytes: usize },
    Failed(String),
}

struct Entry {
    held: Held,
    used_in_frame: u64,
}

/// The textures of one window.
pub struct PhotoTextures {
    client: Client,
    runtime: tokio::runtime::Handle,
    egui: egui::Context,
    entries: HashMap<Key, Entry>,
    bytes: usize,
    slots: Arc<Semaphore>,
    sender: mpsc::Sender<(Key, Result<ColorImage, String>)>,
    receiver: mpsc::Receiver<(Key, Result<ColorImage, String>)>,
    frame: u64,
}

impl PhotoTextures {
    #[must_use]
    pub fn new(client: Client, runtime: tokio::runtime::Handle, egui: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { client, runtime, egui, entries: HashMap::new(), bytes: 0, slots: Arc::new(Semaphore::new(AT_ONCE)), sender, receiver, frame: 0 }
    }

    /// Takes in what has been decoded; called by the shell once a frame, before drawing.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
        let mut uploaded = 0;
        while uploaded < UPLOADS_PER_FRAME
            && let Ok((key, decoded)) = self.receiver.try_recv()
        {
            uploaded += 1;
            self.take_in(key, decoded);
        }
        if uploaded == UPLOADS_PER_FRAME {
            self.egui.request_repaint();
        }
        self.forget_unused();
    }

    /// The photo with its longer edge at most `max_px` (256 for grids, 2048 for the large view).
    /// Asks for it when it is not there; a repaint follows when it is.
    pub fn get(&mut self, id: PhotoId, max_px: u32) -> PhotoTexture<'_> {
        let key = (id, max_px);
        if !self.entries.contains_key(&key) {
            self.entries.insert(key, Entry { held: Held::Loading, used_in_frame: self.frame });
            self.fetch(key);
        }
        let frame = self.frame;
        match self.entries.get_mut(&key) {
            None => PhotoTexture::Loading,
            Some(entry) => {
                entry.used_in_frame = frame;
                match &entry.held {
                    Held::Loading => PhotoTexture::Loading,
                    Held::Ready { texture, .. } => PhotoTexture::Ready(texture),
                    Held::Failed(why) => PhotoTexture::Failed(why),
                }
            }
        }
    }

    /// Fetches what will be wanted next.
    pub fn prefetch(&mut self, id: PhotoId, max_px: u32) {
        self.get(id, max_px);
    }

    /// Asks again for what failed, the next time it is drawn.
    pub fn forget_failures(&mut self) {
        self.entries.retain(|_, entry| !matches!(entry.held, Held::Failed(_)));
    }

    /// Bytes of texture held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn fetch(&self, key: Key) {
        let (client, slots, sender, egui) = (self.client.clone(), Arc::clone(&self.slots), self.sender.clone(), self.egui.clone());
        self.runtime.spawn(async move {
            // The semaphore is never closed; without a permit the photo is fetched all the same.
            let _permit = slots.acquire_owned().await.ok();
            let decoded = match client.photo_image(key.0, Some(key.1)).await {
                Ok(bytes) => tokio::task::spawn_blocking(move || decode(&bytes, key.1)).await.unwrap_or_else(|error| Err(error.to_string())),
                Err(error) => Err(error.to_string()),
            };
            // The receiver is gone when the window is: then nobody waits for the picture.
            if sender.send((key, decoded)).is_ok() {
                egui.request_repaint();
            }
        });
    }

    fn take_in(&mut self, key: Key, decoded: Result<ColorImage, String>) {
        let held = match decoded {
            Ok(image) => {
                let bytes = image.pixels.len() * 4;
                self.bytes += bytes;
                let texture = self.egui.load_texture(format!("photo {} {}", key.0, key.1), image, TextureOptions::LINEAR);
                Held::Ready { texture, bytes }
            }
            Err(why) => Held::Failed(why),
        };
        let used_in_frame = self.frame;
        if let Some(Entry { held: Held::Ready { bytes, .. }, .. }) = self.entries.insert(key, Entry { held, used_in_frame }) {
            self.bytes -= bytes;
        }
    }

    fn forget_unused(&mut self) {
        if self.bytes <= MOST_BYTES {
            return;
        }
        let mut unused: Vec<(u64, Key)> = self
            .entries
            .iter()
            .filter(|(_, entry)| matches!(entry.held, Held::Ready { .. }))
            .map(|(key, entry)| (entry.used_in_frame, *key))
            .collect();
        unused.sort_unstable_by_key(|(used, _)| *used);
        for (used, key) in unused {
            // What was drawn in the last frame is drawn in this one too, most likely.
            if self.bytes <= MOST_BYTES || used + 1 >= self.frame {
                break;
            }
            if let Some(Entry { held: Held::Ready { bytes, .. }, .. }) = self.entries.remove(&key) {
                self.bytes -= bytes;
            }
        }
    }
}

fn decode(bytes: &[u8], max_px: u32) -> Result<ColorImage, String> {
    let decoded = photos::decode(bytes).map_err(|error| error.to_string())?;
    let image = photos::fit(&decoded.image, max_px);
    Ok(ColorImage::from_rgb([image.width() as usize, image.height() as usize], image.as_raw()))
}
