//! What a frame costs in each area, with a full library behind it: layout and tessellation of the real window, no GPU.

use std::time::{Duration, Instant};

use bytes::Bytes;
use image::{Rgb, RgbImage};
use minerva_console::client::Client;
use minerva_console::gui::ctx::AreaId;
use minerva_console::photos;
use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::job::{EnqueueJobs, JobQuery, JobState};

use crate::support::console::Console;
use crate::support::platform::Options;
use crate::support::scripted::Scripted;
use crate::{percentile_ms, report};

const PHOTOS: u32 = 1_000;
/// Every photo is queued this often.
const ROUNDS: usize = 10;
const FRAMES: usize = 300;

pub fn cost_by_area() {
    let mut console = Console::open(Options::with_providers(vec![Scripted::new()]));
    let client = console.client();
    let jobs = console.block_on(fill(&client));
    for area in AreaId::ALL {
        console.go_to(area);
        settle(&mut console);
        let mut times: Vec<Duration> = (0..FRAMES).map(|_| frame(&mut console)).collect();
        report(&format!("Frame of {}, {jobs} jobs, p50", area.label()), percentile_ms(&mut times, 0.5), "ms");
        report("    p99", percentile_ms(&mut times, 0.99), "ms");
    }
}

/// One frame with its accessibility tree, as a screen reader or a test wants it, down to triangles.
fn frame(console: &mut Console) -> Duration {
    let begun = Instant::now();
    console.harness.step();
    let output = console.harness.output();
    let triangles = console.harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let took = begun.elapsed();
    assert!(!triangles.is_empty(), "something is drawn");
    took
}

/// Until what the area asked for is there, thumbnails too.
fn settle(console: &mut Console) {
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        console.harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A thousand photos that all went through the pipeline ten times. Returns the number of jobs.
async fn fill(client: &Client) -> u64 {
    let mut ids = Vec::new();
    for batch in (0..PHOTOS).collect::<Vec<_>>().chunks(100) {
        let files = batch.iter().map(|at| (format!("photo_{at:04}.jpg"), small_photo(*at))).collect();
        ids.extend(client.add_photos(files, false).await.expect("photos are added").added.into_iter().map(|photo| photo.id));
    }
    for round in 1..=ROUNDS {
        client.enqueue_jobs(&EnqueueJobs { photo_ids: ids.clone(), priority: 0 }).await.expect("jobs are queued");
        wait_for(client, (round * ids.len()) as u64).await;
    }
    assert_eq!(ids.iter().collect::<std::collections::HashSet<&PhotoId>>().len(), PHOTOS as usize);
    (ROUNDS * ids.len()) as u64
}

async fn wait_for(client: &Client, completed: u64) {
    let deadline = Instant::now() + Duration::from_mins(5);
    loop {
        let query = JobQuery { state: Some(JobState::Completed), limit: Some(1), ..JobQuery::default() };
        let total = client.jobs(&query).await.expect("jobs").total.expect("counted");
        if total >= completed {
            return;
        }
        assert!(Instant::now() < deadline, "{total} of {completed} jobs after five minutes");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// No two alike, small so that filling the library takes seconds.
fn small_photo(at: u32) -> Bytes {
    let [_, high, middle, low] = at.to_be_bytes();
    let image = RgbImage::from_fn(96, 64, |x, y| Rgb([low ^ x as u8, middle.wrapping_mul(80) ^ y as u8, high]));
    photos::encode_jpeg(&image, 90).expect("a photo").into()
}
