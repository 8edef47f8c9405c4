//! What it takes to compare two versions of 100 kB each, as the window asks for it: worked out, written as JSON, read again.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use minerva_console::client::Client;
use minerva_console::wire::prompt::{CreatePrompt, SavePromptVersion};

use crate::support::platform::{self, Options};
use crate::support::scripted::Scripted;
use crate::{percentile_ms, report, runtime};

const BYTES: usize = 100_000;
const ASKED: usize = 30;

pub fn versions_of_100_kb() {
    runtime().block_on(async {
        let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
        let text = prompt(1, |_| false);
        let cases = [
            ("every 10th line edited", prompt(1, |line| line % 10 == 0)),
            ("every line edited", prompt(1, |_| true)),
            ("nothing in common", prompt(7_919, |_| true)),
        ];
        for (name, other) in cases {
            ask(&platform.client, name, &text, &other).await;
        }
        platform.stop().await;
    });
}

async fn ask(client: &Client, name: &str, left: &str, right: &str) {
    let asked = CreatePrompt { name: name.to_owned(), content: Some(left.to_owned()), ..CreatePrompt::default() };
    let prompt = client.create_prompt(&asked).await.expect("made");
    let save = SavePromptVersion { content: right.to_owned(), ..SavePromptVersion::default() };
    client.save_prompt_version(prompt.id, &save).await.expect("saved");
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begun = Instant::now();
        let diff = client.prompt_diff(prompt.id, "1", "2").await.expect("compared");
        times.push(begun.elapsed());
        assert!(!diff.is_same() && diff.parts[0].left.len() >= BYTES && !diff.parts[0].is_rough, "{name}");
    }
    let slowest: Duration = times.iter().copied().max().unwrap_or_default();
    report(&format!("Diff of two 100 kB versions, {name}, p50"), percentile_ms(&mut times, 0.5), "ms");
    report("    slowest", slowest.as_secs_f64() * 1000.0, "ms");
}

/// Lines of words that are different from line to line; another `seed` has other words.
fn prompt(seed: usize, is_edited: impl Fn(usize) -> bool) -> String {
    const WORDS: [&str; 16] = [
        "tags",
        "photo",
        "the",
        "main",
        "subject",
        "light",
        "mood",
        "place",
        "short",
        "lower-case",
        "noun",
        "street",
        "colour",
        "people",
        "name",
        "only",
    ];
    let mut text = String::with_capacity(BYTES + 200);
    let mut line = 0;
    while text.len() < BYTES {
        let words: Vec<&str> = (0..12).map(|at| WORDS[(seed * 31 + line * 7 + at * (line % 5 + 3)) % WORDS.len()]).collect();
        let number = if seed == 1 { line } else { line + 100_000 * seed };
        let edit = if is_edited(line) { " and nothing else" } else { "" };
        let _ = writeln!(text, "- {number}: {}{edit}", words.join(" "));
        line += 1;
    }
    text
}
