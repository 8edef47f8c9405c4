//! `minerva compare` with every provider at once, and what each answer costs by each rule of billing.

use std::process::Command;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;

use crate::support::binary::{Said, minerva};
use crate::support::provider_stub::{ProviderStub, Wire};

use Wire::{Anthropic, Compatible, Gemini, Ollama, OpenAi, Vision};

/// The environment variable of a wire's key: what its users already have.
pub fn variable(wire: Wire) -> &'static str {
    match wire {
        Gemini => "GEMINI_API_KEY",
        Vision => "GOOGLE_VISION_API_KEY",
        OpenAi => "OPENAI_API_KEY",
        Compatible => "MYLAB_API_KEY",
        Anthropic => "ANTHROPIC_API_KEY",
        Ollama => "OLLAMA_API_KEY",
    }
}

/// One model of a wire, how its far end behaves, and what the answer costs in micro-dollars.
struct Priced {
    wire: Wire,
    model: &'static str,
    scenario: &'static str,
    cost: Option<i64>,
    why: &'static str,
}

const fn priced(wire: Wire, model: &'static str, scenario: &'static str, cost: i64, why: &'static str) -> Priced {
    Priced { wire, model, scenario, cost: Some(cost), why }
}

/// One photo, one prompt, these models, each wire where the stub has it.
fn compare(home: &tempfile::TempDir, stub: &ProviderStub, models: &[Priced]) -> Command {
    let mut command = minerva(home.path());
    command.args(["compare", "--format", "json", "--photos", "assets/photos/cat.jpg"]);
    for priced in models {
        let base = if priced.scenario.is_empty() { stub.base(priced.wire) } else { stub.base_as(priced.wire, priced.scenario) };
        command.env(variable(priced.wire), priced.wire.key()).arg("--base-url").arg(format!("{}={base}", priced.wire.name()));
    }
    command.args(["--model", "on-device"]).args(models.iter().map(|priced| format!("{}/{}", priced.wire.name(), priced.model)));
    command
}

/// Asks, and holds every cell to its cost. Gives the report.
async fn costs_are(stub: &ProviderStub, models: &[Priced]) -> Value {
    let home = tempfile::tempdir().expect("folder");
    let mut command = compare(&home, stub, models);
    let said: Said = tokio::task::spawn_blocking(move || command.output().expect("the program starts").into()).await.expect("no panic");
    assert_eq!(said.code, Some(0), "{}\n{}", said.err, said.out);
    assert!(!said.err.contains("about what was mended"), "what is charged for every photo is no warning: {}", said.err);
    for wire in Wire::ALL {
        assert!(!said.out.contains(wire.key()) && !said.err.contains(wire.key()), "{wire:?}: a key is shown");
    }
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    let cells = report["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), models.len() + 1);
    assert_eq!((&cells[0]["model"], &cells[0]["cost_usd_micros"]), (&"on-device".into(), &0.into()));
    let wrong: Vec<String> = cells[1..]
        .iter()
        .zip(models)
        .filter(|(cell, priced)| cell["status"] != "ok" || cell["cost_usd_micros"].as_i64() != priced.cost)
        .map(|(cell, priced)| {
            format!(
                "{}/{} costs {}, not {:?} ({}); {}",
                priced.wire.name(),
                priced.model,
                cell["cost_usd_micros"],
                priced.cost,
                priced.why,
                cell["error"]
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(stub.traffic().complaints(), Vec::<String>::new());
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new(), "every key in its header, at its own provider");
    report
}

/// Those that the program speaks so far.
fn ready(models: Vec<Priced>) -> Vec<Priced> {
    models.into_iter().filter(|priced| Wire::READY.contains(&priced.wire)).collect()
}

/// Gemini 3.8 Flash costs twice as much from 2027 on.
fn flash_factor() -> i64 {
    let doubles = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a date");
    if chrono::Utc::now().date_naive() < doubles { 1 } else { 2 }
}

/// All answers took 760 tokens in, 560 of them for the photo, and 100 out, 10 of them for thinking. USD per million
/// tokens are micro-dollars a token.
#[tokio::test(flavor = "multi_thread")]
async fn all_providers_at_once_answer_and_cost_what_is_computed_by_hand() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let models = ready(vec![
        priced(Gemini, "gemini-3.8-flash", "", 945 * flash_factor(), "760 × 0.75 + 100 × 3.75, thinking is output"),
        priced(Vision, "labels", "", 1_500, "a unit at 1.50 USD per thousand"),
        priced(OpenAi, "gpt-6-luna", "", 126, "760 × 0.10 + 100 × 0.50"),
        priced(Compatible, "qwen3.6-vl", "", 0, "a server on this machine is free"),
        priced(Anthropic, "claude-haiku-5-5", "", 126, "760 × 0.10 + 100 × 0.50"),
        priced(Ollama, "gemma4", "", 0, "it runs on this machine"),
    ]);
    let report = costs_are(&stub, &models).await;
    let cells = report["cells"].as_array().expect("cells");
    for (cell, priced) in cells[1..].iter().zip(&models) {
        let tokens = (cell["input_tokens"].as_u64(), cell["output_tokens"].as_u64());
        assert_eq!(tokens, if priced.wire == Vision { (None, None) } else { (Some(760), Some(100)) }, "{cell}");
        let tags = cell["tags"].as_array().expect("tags");
        assert!(tags.iter().any(|tag| tag["name"] == "photo"), "{cell}");
    }
    let total: i64 = report["summary"].as_array().expect("summary").iter().filter_map(|row| row["cost_usd_micros"].as_i64()).sum();
    assert_eq!(total, models.iter().filter_map(|priced| priced.cost).sum::<i64>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_billing_is_kept_to_the_micro_dollar() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let models = ready(vec![
        // 260 × 0.75 + 500 × 0.075 + 100 × 3.75 = 195 + 37.5 + 375 = 607.5; twice that from 2027 on.
        priced(
            Gemini,
            "gemini-3.8-flash",
            "cached",
            if flash_factor() == 1 { 608 } else { 1_215 },
            "500 of the tokens were cached; half is rounded up",
        ),
        priced(Vision, "labels+objects+text+safe-search", "", 5_250, "1,500 + 2,250 + 1,500, and safe search is free with labels"),
        priced(OpenAi, "gpt-6-luna", "long-prompt", 60_075, "above 272,000 tokens: 300,000 × 0.20 + 100 × 0.75"),
        priced(Compatible, "qwen3.6-vl", "priced", 1_234, "the provider says itself what it costs"),
        priced(Anthropic, "claude-haiku-5-5", "long-prompt", 150_250, "above 100,000 tokens: 300,000 × 0.50 + 100 × 2.50"),
    ]);
    costs_are(&stub, &models).await;
    let unknown = ready(vec![Priced { wire: Gemini, model: "of-tomorrow", scenario: "", cost: None, why: "what is not known is not zero" }]);
    costs_are(&stub, &unknown).await;
}
