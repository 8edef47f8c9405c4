//! Hashes photos that came before there were perceptual hashes, once, while the platform answers already.

use std::sync::Arc;

use crate::platform::domain::{Core, near_duplicates};

pub async fn run(core: Arc<Core>) {
    if let Err(error) = near_duplicates::hash_old(&core).await {
        tracing::warn!(%error, "photos could not all be looked at for near-duplicates; the next start goes on");
    }
}
