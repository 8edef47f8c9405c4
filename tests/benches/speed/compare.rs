//! What `minerva compare` adds to the calls it makes: its run against calls × delay ÷ concurrency.

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
