//! Fills an empty library with the bundled photos, while the platform answers already.

use std::sync::Arc;

use crate::platform::domain::{Core, photos};

pub async fn run(core: Arc<Core>) {
    if let Err(error) = photos::seed(&core).await {
        tracing::error!(%error, "the bundled photos could not all be added; the next start tries again");
    }
}
