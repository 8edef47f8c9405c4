//! What `minerva compare` adds to the calls it makes: its run against calls × delay ÷ concurrency.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::support::binary::minerva;
use crate::support::gemini_stub::{GeminiStub, KEY};
use crate::{report, runtime};

const PHOTOS: u64 = 24;
const REPEATS: u64 = 20;
const AT_ONCE: u64 = 8;

pub fn overhead() {
    runtime().block_on(async {
        for delay_ms in [0, 200] {
            let stub = GeminiStub::start(Duration::from_millis(delay_ms)).await;
            let (run_ms, whole_ms) = compare(&stub.base()).await;
            assert_eq!(stub.calls(), PHOTOS * REPEATS);
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

/// Milliseconds of the run itself, and of the whole process.
async fn compare(base: &str) -> (f64, f64) {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = minerva(home.path());
    command.env("GEMINI_API_KEY", KEY).args(["compare", "--format", "json", "--model", "gemini/gemini-3.8-flash"]);
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
