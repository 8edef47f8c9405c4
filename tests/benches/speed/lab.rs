//! The testing lab under load: the matrix and the grid while they are scrolled, a photo of 50 megapixels, thumbnails
//! beside another program's, and what a run adds to its calls.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use image::{Rgb, RgbImage};
use minerva_console::client::Client;
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::keys::Keys;
use minerva_console::photos;
use minerva_console::platform::domain::bundled;
use minerva_console::providers::{Endpoint, GEMINI, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::ids::{PhotoId, RunId};
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::compare::far_end;
use crate::support::console::{Console, Look};
use crate::support::platform::{self, Options};
use crate::support::scripted::Scripted;
use crate::{per_second, percentile_ms, report, runtime};

/// Photos and columns of the matrix: 10,000 cells.
const ROWS: u32 = 2_500;
const COLUMNS: usize = 4;
const GRID: u32 = 100_000;
const FRAMES: usize = 400;
/// Points that a frame of a brisk scroll moves.
const STEP: f32 = 120.0;
/// Where the pointer is while it scrolls.
const MIDDLE: egui::Pos2 = pos2(800.0, 600.0);

/// 10,000 cells and 100,000 photos, scrolled without a rest.
pub fn scroll() {
    let mut console = Console::open_looking(Options::with_providers(vec![Scripted::new()]).without_workers(), Look::DARK);
    let client = console.client();
    let ids = console.block_on(add(&client, 0..ROWS));
    let run = console.block_on(finished_run(&client, &ids));
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("10,000 of 10,000 answered");
    settle(&mut console, Duration::from_secs(3));
    report_scroll(&mut console, &format!("Matrix of {} cells, a frame of scrolling", ROWS as usize * COLUMNS));

    console.block_on(add(&client, ROWS..GRID));
    console.command(Command::GoTo(Route::Area(AreaId::TestingLab)));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the library is read", |console| console.says(" of 100,000 selected"));
    settle(&mut console, Duration::from_secs(10));
    let before = resident_mib();
    report_scroll(&mut console, &format!("Grid of {GRID} photos, a frame of scrolling"));
    report("    memory that the scrolling adds", resident_mib() - before, "MiB");
}

fn report_scroll(console: &mut Console, what: &str) {
    let mut times: Vec<Duration> = (0..FRAMES).map(|_| scrolled(console)).collect();
    report(&format!("{what}, p50"), percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}

/// A frame in which the wheel was turned, with its accessibility tree, down to triangles.
fn scrolled(console: &mut Console) -> Duration {
    console.harness.event(Event::PointerMoved(MIDDLE));
    console.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, -STEP),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    let begun = Instant::now();
    console.harness.step();
    let output = console.harness.output();
    let triangles = console.harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
    let took = begun.elapsed();
    assert!(!triangles.is_empty(), "something is drawn");
    // As a screen of 60 Hz: what is decoded meanwhile comes in as it would.
    std::thread::sleep(Duration::from_millis(16).saturating_sub(took));
    took
}

/// Frames until so much time has passed: what the area asked for is there then.
fn settle(console: &mut Console, span: Duration) {
    let until = Instant::now() + span;
    while Instant::now() < until {
        console.harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn add(client: &Client, which: std::ops::Range<u32>) -> Vec<PhotoId> {
    let mut ids = Vec::new();
    for batch in which.collect::<Vec<_>>().chunks(200) {
        let files = batch.iter().map(|at| (format!("photo_{at:06}.jpg"), small_photo(*at))).collect();
        ids.extend(client.add_photos(files, false).await.expect("photos are added").added.into_iter().map(|photo| photo.id));
    }
    ids
}

/// No two alike, small so that filling the library takes minutes rather than hours.
fn small_photo(at: u32) -> Bytes {
    let [_, high, middle, low] = at.to_be_bytes();
    let image = RgbImage::from_fn(48, 32, |x, y| Rgb([low ^ x as u8, middle ^ y as u8, high.wrapping_mul(90) ^ (x * y) as u8]));
    photos::encode_jpeg(&image, 90).expect("a photo").into()
}

async fn finished_run(client: &Client, photos: &[PhotoId]) -> RunId {
    let prompts = (1..=COLUMNS).map(|at| RunPrompt::inline(format!("Prompt {at}"), format!("Tag this photo, way {at}."))).collect();
    let asked = asked(photos, prompts, "on-device", 1, 16);
    let id = client.start_run(&asked).await.expect("begun").id;
    ended(client, id).await;
    id
}

fn asked(photos: &[PhotoId], prompts: Vec<RunPrompt>, model: &str, repeats: u32, concurrency: u32) -> StartRun {
    let (name, models) = (String::new(), vec![model.to_owned()]);
    StartRun { name, photo_ids: photos.to_vec(), photo_set: None, prompts, models, repeats, concurrency, ask_again: true }
}

/// Waits for its end; returns how long it ran.
async fn ended(client: &Client, id: RunId) -> Duration {
    loop {
        let run = client.run(id).await.expect("the run");
        if run.state != RunState::Running {
            assert_eq!((run.state, run.counts.failed), (RunState::Completed, 0));
            return (run.finished_at.expect("ended") - run.started_at).to_std().expect("later");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A run of 2,000 calls against calls × delay ÷ concurrency.
pub fn run_overhead() {
    const PHOTOS: u32 = 100;
    const REPEATS: u32 = 20;
    const AT_ONCE: u32 = 20;
    const DELAY: Duration = Duration::from_millis(200);
    runtime().block_on(async {
        let calls = Arc::new(AtomicU64::new(0));
        let base = far_end(DELAY, Arc::clone(&calls)).await.parse().expect("a URL");
        let limits = Limits { concurrency: Some(AT_ONCE), ..Limits::default() };
        let endpoint = Endpoint { name: GEMINI.to_owned(), base: Some(base), limits };
        let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
        let keys = Keys::new(HashMap::from([(GEMINI.to_owned(), "a-key-for-nobody".into())]), false);
        let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() }.without_workers();
        let platform = platform::start(options).await;
        let photos = add(&platform.client, 0..PHOTOS).await;
        let prompts = vec![RunPrompt::inline("Tags", "Tag this photo.")];
        let id = platform.client.start_run(&asked(&photos, prompts, "gemini/gemini-3.8-flash", REPEATS, AT_ONCE)).await.expect("begun").id;
        let took = ended(&platform.client, id).await;
        assert_eq!(calls.load(Ordering::SeqCst), u64::from(PHOTOS * REPEATS));
        let ideal = DELAY * (PHOTOS * REPEATS / AT_ONCE);
        let what = format!("Run of {} calls of {} ms, {AT_ONCE} at once: over ideal", PHOTOS * REPEATS, DELAY.as_millis());
        report(&what, (took.as_secs_f64() / ideal.as_secs_f64() - 1.0) * 100.0, "%");
        platform.stop().await;
    });
}

/// A photo of 50 megapixels: how soon it is there in each size, and frames while it is zoomed and moved.
pub fn large_photo() {
    let (_, bytes) = bundled::PHOTOS[0];
    let small = photos::decode(bytes).expect("a bundled photo").image;
    let large = image::imageops::resize(&small, 8_660, 5_774, image::imageops::FilterType::Triangle);
    let file: Bytes = photos::encode_jpeg(&large, 90).expect("a photo").into();
    drop(large);
    let mut console = Console::open_looking(Options::with_providers(vec![Scripted::new()]).without_workers(), Look::DARK);
    let client = console.client();
    let begun = Instant::now();
    let id = console.block_on(client.add_photos(vec![("large.jpg".to_owned(), file)], false)).expect("added").added[0].id;
    report("Photo of 50 MP: added", begun.elapsed().as_secs_f64() * 1e3, "ms");
    for max_px in [256, 2_048, 8_192] {
        let begun = Instant::now();
        let bytes = console.block_on(client.photo_image(id, Some(max_px))).expect("an image");
        photos::decode(&bytes).expect("decodes");
        report(&format!("    there at {max_px} px, first time"), begun.elapsed().as_secs_f64() * 1e3, "ms");
    }
    let run = console.block_on(finished_run(&client, &[id]));
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("4 of 4 answered");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane A: large.jpg");
    settle(&mut console, Duration::from_secs(5));
    let mut times = Vec::with_capacity(FRAMES);
    for at in 0..FRAMES {
        let key = if at % 40 < 10 {
            Key::Plus
        } else if at % 40 < 30 {
            Key::ArrowRight
        } else {
            Key::Minus
        };
        console.harness.key_press(key);
        let begun = Instant::now();
        console.harness.step();
        let output = console.harness.output();
        let triangles = console.harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
        let took = begun.elapsed();
        assert!(!triangles.is_empty(), "something is drawn");
        times.push(took);
        std::thread::sleep(Duration::from_millis(16).saturating_sub(took));
    }
    report("    zoomed and moved, a frame, p50", percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}

/// The same files, from disk to disk, on one core each.
pub fn thumbnails_beside_vips() {
    let folder = tempfile::tempdir().expect("a folder");
    let rounds = 5;
    let files: Vec<_> = (0..rounds).flat_map(|round| bundled::PHOTOS.iter().map(move |(name, bytes)| (format!("{round}_{name}"), *bytes))).collect();
    for (name, bytes) in &files {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let Some(theirs) = vipsthumbnail(folder.path(), &files) else {
        println!("vipsthumbnail is not installed (Debian: libvips-tools): nothing to compare thumbnails with");
        return;
    };
    let ours = per_second(1, Duration::from_secs(5), |at| {
        let (name, _) = &files[at % files.len()];
        let bytes = std::fs::read(folder.path().join(name)).expect("read");
        let photo = photos::decode(&bytes).expect("a bundled photo");
        let small = photos::encode_jpeg(&photos::fit(&photo.image, 256), 85).expect("a thumbnail");
        std::fs::write(folder.path().join(format!("our_{name}.out")), small).expect("written");
    });
    report("Thumbnails from disk to disk, one core: ours", ours, "photos/s");
    report("    vipsthumbnail's", theirs, "photos/s");
    report("    ours over theirs", ours / theirs, "×");
}

fn vipsthumbnail(folder: &Path, files: &[(String, &[u8])]) -> Option<f64> {
    let begun = Instant::now();
    let mut process = Process::new("taskset");
    process.args(["-c", "0", "vipsthumbnail", "--size", "256x256", "--output", "their_%s.jpg[Q=85]"]).env("VIPS_CONCURRENCY", "1");
    let status = process.current_dir(folder).args(files.iter().map(|(name, _)| name)).status().ok()?;
    status.success().then(|| files.len() as f64 / begun.elapsed().as_secs_f64())
}

fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / f64::from(1 << 20)
}
