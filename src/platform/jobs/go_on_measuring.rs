//! After a start: goes on with the blast radii that the last stop cut off, where that costs nothing.

use std::sync::Arc;

use crate::platform::domain::Core;
use crate::platform::domain::deployments::blast_radius;

pub async fn run(core: Arc<Core>) {
    if let Err(error) = blast_radius::go_on_if_free(&core).await {
        tracing::warn!(%error, "a blast radius that was cut off could not be gone on with");
    }
}
