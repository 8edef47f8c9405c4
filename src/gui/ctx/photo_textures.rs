//! Photos as textures: fetched from the platform, decoded off the frame, kept within a bound.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::mpsc;

use egui::{ColorImage, TextureHandle, TextureOptions};

use crate::client::Client;
use crate::photos;
use crate::wire::ids::PhotoId;

/// Textures are forgotten, longest unused first, beyond this many bytes.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Textures uploaded in one frame; an upload of 256² takes about 0.05 ms.
const UPLOADS_PER_FRAME: usize = 16;
/// Bytes uploaded in one frame, or one texture when it alone is larger.
const UPLOAD_BYTES_PER_FRAME: usize = 16 * 1024 * 1024;
/// Photos fetched and decoded at the same time.
const AT_ONCE: usize = 4;
/// A photo that waits and was not drawn for this many frames has been scrolled away: it is asked for again when it is back.
const FORGOTTEN_AFTER_FRAMES: u64 = 30;

/// What can be drawn of a photo now.
pub enum PhotoTexture<'a> {
    Loading,
    Ready(&'a TextureHandle),
    /// Why there is no picture.
    Failed(&'a str),
}

impl<'a> PhotoTexture<'a> {
    /// As widgets take it: the texture, or why there is none (an empty reason: it is on its way).
    pub fn picture(self) -> Result<&'a TextureHandle, &'a str> {
        match self {
            Self::Ready(texture) => Ok(texture),
            Self::Loading => Err(""),
            Self::Failed(why) => Err(why),
        }
    }
}

type Key = (PhotoId, u32);
type Decoded = (Key, Result<ColorImage, String>);

enum Held {
    /// Not asked for yet; the number gives the order within a frame.
    Waiting(u64),
    Fetching,
    Ready {
        texture: TextureHandle,
        bytes: usize,
    },
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
    waiting: Vec<Key>,
    fetching: usize,
    bytes: usize,
    asked: u64,
    sender: mpsc::Sender<Decoded>,
    receiver: mpsc::Receiver<Decoded>,
    /// Decoded, and too much for the frame in which it came.
    held_back: Option<Decoded>,
    frame: u64,
}

impl PhotoTextures {
    #[must_use]
    pub fn new(client: Client, runtime: tokio::runtime::Handle, egui: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        let (entries, waiting) = (HashMap::new(), Vec::new());
        Self { client, runtime, egui, entries, waiting, fetching: 0, bytes: 0, asked: 0, sender, receiver, held_back: None, frame: 0 }
    }

    /// Takes in what has been decoded and asks for more; called by the shell once a frame, before drawing.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
        let (mut uploaded, mut bytes) = (0, 0);
        while let Some((key, decoded)) = self.held_back.take().or_else(|| self.receiver.try_recv().ok()) {
            let size = decoded.as_ref().map_or(0, |image| image.pixels.len() * 4);
            if uploaded == UPLOADS_PER_FRAME || (uploaded > 0 && bytes + size > UPLOAD_BYTES_PER_FRAME) {
                self.held_back = Some((key, decoded));
                self.egui.request_repaint();
                break;
            }
            (uploaded, bytes) = (uploaded + 1, bytes + size);
            self.fetching -= 1;
            self.take_in(key, decoded);
        }
        self.forget_unused();
        self.fetch_more();
    }

    /// The photo with its longer edge at most `max_px` (256 for grids; the photo pane says what it
    /// wants). Asks for it when it is not there; a repaint follows when it is.
    pub fn get(&mut self, id: PhotoId, max_px: u32) -> PhotoTexture<'_> {
        let key = (id, max_px);
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.used_in_frame = self.frame;
        } else {
            self.asked += 1;
            self.entries.insert(key, Entry { held: Held::Waiting(self.asked), used_in_frame: self.frame });
            self.waiting.push(key);
            self.fetch_more();
        }
        match self.entries.get(&key).map(|entry| &entry.held) {
            Some(Held::Ready { texture, .. }) => PhotoTexture::Ready(texture),
            Some(Held::Failed(why)) => PhotoTexture::Failed(why),
            Some(Held::Waiting(_) | Held::Fetching) | None => PhotoTexture::Loading,
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

    /// Photos that are being fetched or decoded now.
    #[must_use]
    pub fn fetching(&self) -> usize {
        self.fetching
    }

    /// Asks for what waits: what was drawn last comes first, in the order in which it was drawn.
    fn fetch_more(&mut self) {
        while self.fetching < AT_ONCE && !self.waiting.is_empty() {
            let (entries, frame) = (&mut self.entries, self.frame);
            self.waiting.retain(|key| {
                let is_wanted = entries.get(key).is_some_and(|entry| entry.used_in_frame + FORGOTTEN_AFTER_FRAMES >= frame);
                if !is_wanted {
                    entries.remove(key);
                }
                is_wanted
            });
            let rank = |key: &Key| match entries.get(key) {
                Some(Entry { held: Held::Waiting(asked), used_in_frame }) => (*used_in_frame, Reverse(*asked)),
                _ => (0, Reverse(u64::MAX)),
            };
            let Some(next) = (0..self.waiting.len()).max_by_key(|at| rank(&self.waiting[*at])) else { return };
            let key = self.waiting.swap_remove(next);
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.held = Held::Fetching;
                self.fetching += 1;
                self.fetch(key);
            }
        }
    }

    fn fetch(&self, key: Key) {
        let (client, sender, egui) = (self.client.clone(), self.sender.clone(), self.egui.clone());
        // What the graphics card can't hold is asked for smaller.
        let max_px = (key.1 as usize).min(self.egui.input(|input| input.max_texture_side)) as u32;
        self.runtime.spawn(async move {
            let decoded = match client.photo_image(key.0, Some(max_px)).await {
                Ok(bytes) => tokio::task::spawn_blocking(move || decode(&bytes, max_px)).await.unwrap_or_else(|error| Err(error.to_string())),
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
        let used_in_frame = self.entries.get(&key).map_or(self.frame, |entry| entry.used_in_frame);
        self.entries.insert(key, Entry { held, used_in_frame });
    }

    fn forget_unused(&mut self) {
        if self.bytes <= MOST_BYTES {
            return;
        }
        let ready = self.entries.iter().filter(|(_, entry)| matches!(entry.held, Held::Ready { .. }));
        let mut unused: Vec<(u64, Key)> = ready.map(|(key, entry)| (entry.used_in_frame, *key)).collect();
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
