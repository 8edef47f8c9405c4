//! What `minerva compare` adds to the calls it makes: its run against calls × delay ÷ concurrency, and its memory against the number
//! of photos.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::support::binary::minerva;
use crate::{report, runtime};

/// What the far end always says. It looks at nothing, so that its own work does not count as ours.
const ANSWER: &str = r#"{"candidates": [{"content": {"parts": [{"text": "{\"caption\": \"A photo\", \"tags\": [{\"tag\": \"photo\", \"confidence\": 0.9}]}"}], "role": "model"}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 760, "candidatesTokenCount": 90}}"#;

const PHOTOS: u64 = 24;
const REPEATS: u64 = 20;
const AT_ONCE: u64 = 8;

/// Two comparisons whose memory is held against each other. The smaller one has enough photos to fill all that is kept of them.
#[cfg(target_os = "linux")]
const FEW_PHOTOS: u32 = 200;
#[cfg(target_os = "linux")]
const MANY_PHOTOS: u32 = 1_000;

pub fn overhead() {
    runtime().block_on(async {
        for delay_ms in [0, 200] {
            let calls = Arc::new(AtomicU64::new(0));
            let (run_ms, whole_ms) = compare(&far_end(Duration::from_millis(delay_ms), Arc::clone(&calls)).await).await;
            assert_eq!(calls.load(Ordering::SeqCst), PHOTOS * REPEATS);
            let ideal_ms = (PHOTOS * REPEATS * delay_ms) as f64 / AT_ONCE as f64;
            let what = format!("compare, {} calls of {delay_ms} ms, {AT_ONCE} at once", PHOTOS * REPEATS);
            if delay_ms == 0 {
                report(&format!("{what}: each"), run_ms / (PHOTOS * REPEATS) as f64, "ms");
            } else {
                report(&format!("{what}: over ideal"), (run_ms / ideal_ms - 1.0) * 100.0, "%");
                report("    the process from start to end", (whole_ms / ideal_ms - 1.0) * 100.0, "%");
            }
        }
    });
}

/// Answers every call after a delay. Returns its URL.
pub async fn far_end(delay: Duration, calls: Arc<AtomicU64>) -> String {
    let answer = move |_body: axum::body::Bytes| async move {
        calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(delay).await;
        ([("content-type", "application/json")], ANSWER)
    };
    let router = axum::Router::new().fallback(answer).layer(axum::extract::DefaultBodyLimit::disable());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Milliseconds of the run itself, and of the whole process.
async fn compare(base: &str) -> (f64, f64) {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = minerva(home.path());
    command.env("GEMINI_API_KEY", "a-key-for-nobody").args(["compare", "--format", "json", "--model", "gemini/gemini-3.8-flash"]);
    command.args(["--repeat", &REPEATS.to_string(), "--concurrency", &AT_ONCE.to_string(), "--base-url", &format!("gemini={base}")]);
    let begun = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("compare runs");
    let whole = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let moment = |name: &str| said[name].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()).expect("a time");
    let run = moment("finished_at") - moment("started_at");
    (run.num_microseconds().expect("short") as f64 / 1000.0, whole.as_secs_f64() * 1000.0)
}

/// The most memory that the process ever had, with few and with many different photos, each asked about once.
#[cfg(target_os = "linux")]
pub fn memory() {
    runtime().block_on(async {
        let base = far_end(Duration::ZERO, Arc::default()).await;
        let home = tempfile::tempdir().expect("a folder");
        let mut peaks = Vec::new();
        for photos in [FEW_PHOTOS, MANY_PHOTOS] {
            let folder = home.path().join(photos.to_string());
            write_photos(&folder, photos);
            peaks.push(peak_mib(home.path(), &folder, &base).await);
            report(&format!("compare, {photos} photos, {AT_ONCE} at once: most memory"), peaks[peaks.len() - 1], "MiB");
        }
        report("    each photo more", (peaks[1] - peaks[0]) * 1024.0 / f64::from(MANY_PHOTOS - FEW_PHOTOS), "KiB");
    });
}

/// So many photos, each of its own: noise, so that none of them shrinks.
#[cfg(target_os = "linux")]
fn write_photos(folder: &std::path::Path, photos: u32) {
    std::fs::create_dir_all(folder).expect("a folder");
    for seed in 1..=photos {
        let noise =
            image::RgbImage::from_fn(1_200, 900, |x, y| image::Rgb([(x * 7 + y * 13 + seed) as u8, (x * y * seed) as u8, ((x ^ y) + seed) as u8]));
        let bytes = minerva_console::photos::encode_jpeg(&noise, 85).expect("encodes");
        std::fs::write(folder.join(format!("{seed}.jpg")), bytes).expect("written");
    }
}

/// As the system counts it, looked at until the process has ended.
#[cfg(target_os = "linux")]
async fn peak_mib(home: &std::path::Path, photos: &std::path::Path, base: &str) -> f64 {
    let mut command = minerva(home);
    command.env("GEMINI_API_KEY", "a-key-for-nobody").args(["compare", "--format", "json", "--model", "gemini/gemini-3.8-flash"]);
    command.args(["--concurrency", &AT_ONCE.to_string(), "--base-url", &format!("gemini={base}"), "--photos"]).arg(photos);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().expect("compare starts");
    let mut peak_kib = 0.0_f64;
    let ended = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let told = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak_kib = peak_kib.max(told.unwrap_or_default());
        if let Some(ended) = child.try_wait().expect("its state can be asked") {
            break ended;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(ended.success() && peak_kib > 0.0, "{ended}");
    peak_kib / 1024.0
}
