//! Analysis of prompts: findings, what a photo will cost, counters, and what is ignored.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::client::ApiError;
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::cost::CostRange;
use minerva_console::wire::ids::PromptId;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt_analysis::{AnalyzePrompt, IgnoreFinding, ModelFigures, PromptAnalysis, PromptPart, Severity, TokenSource};
use minerva_console::wire::prompt_parts::PromptParts;
use secrecy::SecretString;

use crate::support::platform::{self, Options, TestPlatform, lasting_prices};
use crate::support::provider_stub::{ProviderStub, Wire, count};

const PROMPT: &str = "Tag the photo {{ file_nam }}. Give exactly 5 tags.\nUp to 15 tags are fine.\nAnswer as JSON: {\"tags\": [{\"name\": \"a\", \"confidence\": 0.5}]}, 0 to 1.\n";

fn of(content: &str) -> AnalyzePrompt {
    AnalyzePrompt { content: content.to_owned(), ..AnalyzePrompt::default() }
}

async fn start() -> TestPlatform {
    platform::start(Options::default().without_workers()).await
}

async fn analyze(platform: &TestPlatform, asked: &AnalyzePrompt) -> PromptAnalysis {
    platform.client.analyze_prompt(asked).await.expect("analysed")
}

fn codes(analysis: &PromptAnalysis) -> Vec<&str> {
    analysis.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn figures<'a>(analysis: &'a PromptAnalysis, model: &str) -> &'a ModelFigures {
    analysis.models.iter().find(|figures| figures.model == model).unwrap_or_else(|| panic!("no figures of {model}: {analysis:?}"))
}

#[tokio::test]
async fn a_body_with_content_alone_is_answered_and_findings_point_into_the_text() {
    let platform = start().await;
    let url = platform.host.base().join("api/ai/prompts/analyze").expect("a URL");
    let token = secrecy::ExposeSecret::expose_secret(&platform.host.token()).to_owned();
    let request = reqwest::Client::new().post(url).bearer_auth(token).json(&serde_json::json!({"content": PROMPT}));
    let answer: serde_json::Value = request.send().await.expect("sent").json().await.expect("JSON");
    let read: PromptAnalysis = serde_json::from_value(answer).expect("an analysis");
    assert_eq!(read, analyze(&platform, &of(PROMPT)).await);
    assert_eq!(codes(&read), ["unknown_variable", "conflicting_count", "no_tag_list"], "{read:?}");
    let variable = &read.findings[0];
    assert_eq!((variable.severity, variable.part, variable.line), (Severity::Error, PromptPart::User, Some(1)));
    assert_eq!(&PROMPT[variable.span.expect("a span").range()], "file_nam");
    let fix = variable.fix.as_ref().expect("a fix");
    assert_eq!((&PROMPT[fix.span.range()], fix.replacement.as_str()), ("file_nam", "file_name"));
    assert_eq!(&PROMPT[read.findings[1].span.expect("a span").range()], "Up to 15 tags");
}

#[tokio::test]
async fn the_models_are_those_that_could_be_used_and_those_that_are_asked_about() {
    let platform = start().await;
    let names = |analysis: &PromptAnalysis| analysis.models.iter().map(|figures| figures.model.clone()).collect::<Vec<_>>();
    let plain = analyze(&platform, &of(PROMPT)).await;
    assert!(names(&plain).contains(&"on-device".to_owned()) && !names(&plain).iter().any(|name| name.starts_with("gemini/")), "no key: {plain:?}");
    assert!(plain.models[0].is_live);
    let on_device = figures(&plain, "on-device");
    assert_eq!((&on_device.source, on_device.text_tokens), (&TokenSource::NotCounted, None));
    assert_eq!(on_device.cost_per_photo, Some(CostRange::default()), "free is not unknown");
    let asked = AnalyzePrompt { models: vec!["gemini/gemini-3.8-flash".to_owned(), "openai/gpt-99".to_owned()], ..of(PROMPT) };
    let asked = analyze(&platform, &asked).await;
    assert_eq!(figures(&asked, "openai/gpt-99").cost_per_photo, None, "an unknown price is unknown");
    assert!(matches!(&figures(&asked, "gemini/gemini-3.8-flash").source, TokenSource::Estimate { method } if method.contains("Google")));
}

/// By hand: 400 letters are 100 tokens at four a token; a photo is 560 at any size. 660 × 0.75 + 60 × 3.75 = 720 micro-dollars
/// with a short answer, 660 × 0.75 + 400 × 3.75 = 1,995 with a long one.
#[tokio::test]
async fn the_cost_of_a_typical_photo_is_worked_out_from_the_price_book() {
    let platform = start().await;
    let model = "gemini/gemini-3.8-flash";
    let asked = AnalyzePrompt { models: vec![model.to_owned()], ..of(&"Tag it! ".repeat(50)) };
    let without = analyze(&platform, &asked).await;
    assert_eq!((without.photo.width_px, without.photo.height_px, without.photo.of_photos), (4_032, 3_024, 0));
    let flash = figures(&without, model);
    assert_eq!((flash.text_tokens, flash.image_tokens, flash.from_answers), (Some(100), Some(560), 0));
    assert_eq!(flash.cost_per_photo, Some(CostRange { low_usd: UsdMicros(720), high_usd: UsdMicros(1_995) }));
    let files = [(100, 50), (40, 30), (400, 300)].into_iter().enumerate();
    let files = files.map(|(n, (width, height))| (format!("{n}.jpg"), platform::jpeg(width, height, n as u8))).collect();
    platform.client.add_photos(files, false).await.expect("added");
    let with = analyze(&platform, &asked).await;
    assert_eq!((with.photo.width_px, with.photo.height_px, with.photo.of_photos), (100, 50, 3), "the median by pixels");
}

fn stubbed(stub: &ProviderStub, base: impl Fn(Wire) -> url::Url) -> Options {
    let _ = stub;
    let wires = [Wire::Gemini, Wire::Anthropic, Wire::OpenAi];
    let endpoints = wires.map(|wire| Endpoint { name: wire.name().to_owned(), base: Some(base(wire)), limits: Limits::default() });
    let keys = wires.map(|wire| (wire.name().to_owned(), SecretString::from(wire.key())));
    let keys = Keys::new(HashMap::from(keys), false);
    let settings = ProviderSettings { endpoints: endpoints.into(), on_device_threads: 1, book: lasting_prices() };
    Options { providers: Providers::new(&settings, &keys), keys, ..Options::default().without_workers() }
}

#[tokio::test]
async fn providers_count_where_they_can_are_asked_once_and_only_when_told_to() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = platform::start(stubbed(&stub, |wire| stub.base(wire))).await;
    let text = "Name what is in the photo, as JSON: {\"tags\": []}";
    let estimated = analyze(&platform, &of(text)).await;
    assert!(stub.traffic().all().is_empty(), "nothing leaves unless it is asked for");
    assert!(figures(&estimated, "gemini/gemini-3.8-flash").can_be_counted && !figures(&estimated, "openai/gpt-6-luna").can_be_counted);

    let asked = AnalyzePrompt { count_tokens: true, parts: PromptParts { system: "Be brief.".to_owned(), ..PromptParts::default() }, ..of(text) };
    let counted = analyze(&platform, &asked).await;
    let expected = Some((count::tokens(text) + count::tokens("Be brief.")) as u64);
    for model in ["gemini/gemini-3.8-flash", "anthropic/claude-haiku-5-5"] {
        let figures = figures(&counted, model);
        assert_eq!((&figures.source, figures.text_tokens, figures.can_be_counted), (&TokenSource::Provider, expected, false), "{model}");
    }
    assert!(matches!(figures(&counted, "openai/gpt-6-luna").source, TokenSource::Estimate { .. }), "OpenAI has no counter");
    let calls = stub.traffic().all().len();
    assert!(calls > 2, "each model is counted by itself");
    assert_eq!(analyze(&platform, &asked).await.models, counted.models);
    assert_eq!(analyze(&platform, &AnalyzePrompt { count_tokens: false, ..asked }).await.models, counted.models, "what was counted is remembered");
    assert_eq!(stub.traffic().all().len(), calls, "and not asked again");
    assert_eq!(stub.traffic().all_questions(), 0, "no photo was asked about");
    assert!(stub.traffic().complaints().is_empty() && stub.traffic().misplaced_keys().is_empty(), "{:?}", stub.traffic().complaints());
}

#[tokio::test]
async fn a_counter_that_fails_leaves_the_estimate_and_is_left_alone_for_a_while() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = platform::start(stubbed(&stub, |wire| stub.base_as(wire, "error-500"))).await;
    let asked = AnalyzePrompt { count_tokens: true, ..of("Name what is in the photo, as JSON: {\"tags\": []}") };
    let seen = analyze(&platform, &asked).await;
    let flash = figures(&seen, "gemini/gemini-3.8-flash");
    assert!(matches!(flash.source, TokenSource::Estimate { .. }) && flash.text_tokens.is_some() && !flash.can_be_counted, "{flash:?}");
    let calls = stub.traffic().all().len();
    analyze(&platform, &AnalyzePrompt { content: "Another text, as JSON".to_owned(), ..asked }).await;
    assert_eq!(stub.traffic().all().len(), calls);
}

#[tokio::test]
async fn what_is_ignored_stays_so_over_a_restart_and_can_be_shown_again() {
    let platform = start().await;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let asked = AnalyzePrompt { prompt_id: Some(prompt.id), ..of(PROMPT) };
    let seen = analyze(&platform, &asked).await;
    assert!(seen.findings.iter().all(|finding| !finding.is_ignored));
    let key = seen.findings[1].key.clone();
    let ignore = |ignored| IgnoreFinding { key: key.clone(), ignored };
    for _ in 0..2 {
        platform.client.ignore_finding(prompt.id, &ignore(true)).await.expect("ignored");
    }
    let folder = platform.stop().await;
    let platform = platform::start_in(folder, Options::default().without_workers()).await.expect("starts");
    let seen = analyze(&platform, &asked).await;
    let ignored: Vec<&str> = seen.findings.iter().filter(|finding| finding.is_ignored).map(|finding| finding.code.as_str()).collect();
    assert_eq!((ignored, seen.count(Severity::Warning)), (vec!["conflicting_count"], 0));
    let moved = AnalyzePrompt { content: format!("Look twice.\n{PROMPT}"), ..asked.clone() };
    assert_eq!(analyze(&platform, &moved).await.count(Severity::Warning), 0, "it is the same finding a line below");
    assert_eq!(analyze(&platform, &of(PROMPT)).await.count(Severity::Warning), 1, "another prompt has its own");
    platform.client.ignore_finding(prompt.id, &ignore(false)).await.expect("shown");
    assert_eq!(analyze(&platform, &asked).await.count(Severity::Warning), 1);
}

#[tokio::test]
async fn bad_input_is_refused_with_what_to_do() {
    let platform = start().await;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let refused = |id: PromptId, key: &str| {
        let (client, body) = (platform.client.clone(), IgnoreFinding { key: key.to_owned(), ignored: true });
        async move {
            let ApiError::Problem(problem) = client.ignore_finding(id, &body).await.expect_err("refused") else { panic!("no problem") };
            (problem.status, problem.code)
        }
    };
    assert_eq!(refused(prompt.id, " ").await, (422, "finding_key".to_owned()));
    assert_eq!(refused(prompt.id, &"x:".repeat(200)).await, (422, "finding_key".to_owned()));
    assert_eq!(refused(PromptId::fresh(), "a:b").await.0, 404);
    assert_eq!(codes(&analyze(&platform, &of(" \n")).await), ["empty_prompt"]);
    assert!(codes(&analyze(&platform, &of(&"Name it. ".repeat(25_000))).await).contains(&"prompt_too_long"));
    assert!(codes(&analyze(&platform, &of("{% if")).await).contains(&"template_error"));
}
