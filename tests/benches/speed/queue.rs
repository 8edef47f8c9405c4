//! Jobs a second, from enqueued over claimed to completed, with a provider that answers at once: what the queue costs.

use std::time::{Duration, Instant};

use minerva_console::wire::config::{PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::job::EnqueueJobs;

use crate::support::platform::{self, Options, jpeg};
use crate::support::scripted::Scripted;
use crate::{report, runtime};

const JOBS: usize = 2_000;
const PHOTOS_A_REQUEST: usize = 100;

pub fn throughput() {
    for workers in [1, 8, 32] {
        runtime().block_on(async {
            let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
            let client = &platform.client;
            let config = client.config().await.expect("config");
            client.set_processing_rules(config.revision, &ProcessingRules { workers, ..config.rules }).await.expect("set");
            let mut photo_ids = Vec::with_capacity(JOBS);
            for chunk in (0..JOBS).collect::<Vec<_>>().chunks(PHOTOS_A_REQUEST) {
                // No two photos alike: those would be one.
                let file = |n: &usize| (format!("{n}.jpg"), jpeg(16 + (*n / 256) as u32, 16, (*n % 256) as u8));
                let added = client.add_photos(chunk.iter().map(file).collect(), false).await.expect("added");
                photo_ids.extend(added.added.iter().map(|photo| photo.id));
            }
            assert_eq!(photo_ids.len(), JOBS);
            let begun = Instant::now();
            client.enqueue_jobs(&EnqueueJobs { photo_ids, priority: 0 }).await.expect("queued");
            report(&format!("queue, enqueue {JOBS} jobs at once"), JOBS as f64 / begun.elapsed().as_secs_f64(), "jobs/s");
            while client.live_status().await.expect("status").completed_today < JOBS as u64 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            report(&format!("queue, enqueue to completed, {workers} workers"), JOBS as f64 / begun.elapsed().as_secs_f64(), "jobs/s");
            client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
            platform.stop().await;
        });
    }
}
