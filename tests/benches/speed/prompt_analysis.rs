//! Analysis of a prompt while someone types: the rules alone, and the whole question over the API. No counter is asked.

use std::time::{Duration, Instant};

use minerva_console::platform::domain::prompt_analysis::{ModelFacts, Subject, findings};
use minerva_console::wire::prompt_analysis::AnalyzePrompt;

use crate::support::platform;
use crate::{percentile_ms, report, runtime};

/// Analyses of one measurement.
const TIMES: usize = 200;

/// A prompt of 10 kB: instructions of all kinds, an example of JSON, template constructs, some mistakes among them.
fn prompt() -> String {
    let mut text = String::from(
        "You tag photos for an archive.\n\nAnswer with JSON only:\n{\"tags\": [{\"name\": \"a\", \"confidence\": 0.5}]}\nConfidence is from 0 to 1.\n",
    );
    for n in 0.. {
        if text.len() >= 10_000 {
            return text;
        }
        let line = match n % 6 {
            0 => format!("- Name the things of kind {n} that can be seen, the largest first, and leave out what is cut off at the edge.\n"),
            1 => format!("- If the photo {{{{ file_name }}}} shows more than {n} of them, give the kind and not each one.\n"),
            2 => format!("{{% if width > {n} %}}- Look at both sides of a wide photo.{{% endif %}}\n"),
            3 => format!("- Do not name people of group {n}; describe what they do in appropriate words.\n"),
            4 => format!("- Write tags in English, in the singular, such as \"sandy beach {n}\", etc.\n"),
            _ => format!("- Give up to {} tags for the light and the weather.\n", 3 + n % 5),
        };
        text.push_str(&line);
    }
    text
}

pub fn analysis() {
    let asked = AnalyzePrompt { content: prompt(), ..AnalyzePrompt::default() };
    let model = ModelFacts {
        name: "gemini/gemini-3.8-flash".to_owned(),
        provider: "gemini".to_owned(),
        is_live: true,
        captions: true,
        follows_prompt: true,
        ..ModelFacts::default()
    };
    let models = [model];
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(findings(&Subject::new(&asked, &models)));
            begun.elapsed()
        })
        .collect();
    report("analysis of a prompt of 10 kB, rules alone, p50", percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
    runtime().block_on(async {
        let platform = platform::start(platform::Options::default().without_workers()).await;
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let begun = Instant::now();
            platform.client.analyze_prompt(&asked).await.expect("an answer");
            times.push(begun.elapsed());
        }
        report("    over the API, with tokens and cost by model, p50", percentile_ms(&mut times, 0.5), "ms");
        report("    p99", percentile_ms(&mut times, 0.99), "ms");
    });
}
