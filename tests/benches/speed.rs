//! How fast it is: prints one line per figure. `cargo bench -- api` runs only the parts with that in their name.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a measurement that can't go on says so, and the others print")]

#[path = "speed/api.rs"]
mod api;
#[path = "speed/compare.rs"]
mod compare;
#[path = "speed/editor.rs"]
mod editor;
#[path = "speed/events.rs"]
mod events;
#[path = "speed/frames.rs"]
mod frames;
#[path = "speed/lab.rs"]
mod lab;
#[path = "speed/photos.rs"]
mod photos;
#[path = "speed/prompt_analysis.rs"]
mod prompt_analysis;
#[path = "speed/prompt_diff.rs"]
mod prompt_diff;
#[cfg(target_os = "linux")]
#[path = "speed/provider_calls.rs"]
mod provider_calls;
#[path = "speed/queue.rs"]
mod queue;
#[path = "speed/rules.rs"]
mod rules;
#[path = "speed/store.rs"]
mod store;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
#[path = "speed/window.rs"]
mod window;

use std::time::{Duration, Instant};

type Part = (&'static str, fn());

/// Every part, in the order of the table.
const PARTS: &[Part] = &[
    ("thumbnails", photos::thumbnails),
    ("thumbnails-vips", lab::thumbnails_beside_vips),
    ("on-device", photos::on_device),
    ("api", api::requests),
    ("compare", compare::overhead),
    #[cfg(target_os = "linux")]
    ("compare-memory", compare::memory),
    ("queue", queue::throughput),
    ("store", store::questions),
    ("prompt-analysis", prompt_analysis::analysis),
    ("rules-replay", rules::replay),
    #[cfg(target_os = "linux")]
    ("provider-calls", provider_calls::overhead),
    ("run-overhead", lab::run_overhead),
    ("lab-scroll", lab::scroll),
    ("lab-large-photo", lab::large_photo),
    ("prompt-diff", prompt_diff::versions_of_100_kb),
    ("frames", frames::cost_by_area),
    ("editor", editor::keystroke_to_painted),
    ("events-delivery", events::delivery),
    ("events-on-screen", events::on_screen),
    ("events-frames", events::frames_under_load),
    ("events-memory", events::memory_after_an_hour),
    #[cfg(target_os = "linux")]
    ("window", window::start_memory_idle),
];

fn main() {
    // Cargo passes `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|want| name.contains(want.as_str())) {
            part();
        }
    }
}

/// One figure with its unit.
fn report(what: &str, figure: f64, unit: &str) {
    let digits = if figure >= 100.0 { 0 } else { 2 };
    println!("{what:<56} {figure:>10.digits$} {unit}");
}

/// How often a second `work` is done on `threads` threads, over at least `limit`.
fn per_second(threads: usize, limit: Duration, work: impl Fn(usize) + Sync) -> f64 {
    let begun = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let count = |thread: usize| {
            let work = &work;
            move || {
                let mut done = 0;
                while begun.elapsed() < limit {
                    work(done * threads + thread);
                    done += 1;
                }
                done
            }
        };
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(count(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    done as f64 / begun.elapsed().as_secs_f64()
}

/// Nearest-rank percentile of durations, in milliseconds; sorts them.
fn percentile_ms(durations: &mut [Duration], p: f64) -> f64 {
    durations.sort_unstable();
    let rank = ((p * durations.len() as f64).ceil() as usize).clamp(1, durations.len());
    durations[rank - 1].as_secs_f64() * 1000.0
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}
