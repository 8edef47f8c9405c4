//! A prompt's other parts: kept as they were written, sent over every wire in its own words, and never left out without a word.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::deployment::DeployPrompt;
use minerva_console::wire::job::JobState;
use minerva_console::wire::prompt::{CreatePrompt, PreviewPrompt, SavePromptVersion, UpdatePrompt};
use minerva_console::wire::prompt_parts::{Effort, Parameters, PromptParts, Variable};
use minerva_console::wire::run::{Cell, RunPrompt, RunState, StartRun};
use secrecy::SecretString;
use serde_json::Value;

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::Scripted;

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "summary": {"type": "string"},
    "labels": {"type": "array", "items": {
      "type": "object", "properties": {"label": {"type": "string"}, "score": {"type": "number"}}, "required": ["label", "score"],
      "additionalProperties": false
    }}
  },
  "required": ["summary", "labels"],
  "additionalProperties": false
}"#;

fn birds() -> Vec<Variable> {
    vec![Variable { name: "subject".to_owned(), value: "birds".to_owned() }]
}

fn parts() -> PromptParts {
    PromptParts {
        system: "Be exact about {{ subject }} in {{ file_name }}".to_owned(),
        schema: SCHEMA.to_owned(),
        parameters: Parameters { temperature: Some(0.25), max_output_tokens: Some(777), effort: Some(Effort::Low), ..Parameters::default() },
        variables: birds(),
    }
}

fn on(stub: &ProviderStub) -> Options {
    let endpoint = |wire: &Wire| Endpoint { name: wire.name().to_owned(), base: Some(stub.base(*wire)), limits: Limits::default() };
    let keys = Wire::ALL.map(|wire| (wire.name().to_owned(), SecretString::from(wire.key())));
    let keys = Keys::new(HashMap::from(keys), false);
    let settings = ProviderSettings { endpoints: Wire::ALL.iter().map(endpoint).collect(), on_device_threads: 1, book: PriceBook::shipped() };
    Options { providers: Providers::new(&settings, &keys), keys, ..Options::default().without_workers() }
}

/// One model of each wire, and the one that runs here.
const MODELS: [(&str, Option<Wire>); 7] = [
    ("gemini/gemini-3.8-flash", Some(Wire::Gemini)),
    ("vision/labels", Some(Wire::Vision)),
    ("openai/gpt-6-luna", Some(Wire::OpenAi)),
    ("mylab/qwen3.6-vl", Some(Wire::Compatible)),
    ("anthropic/claude-haiku-5-5", Some(Wire::Anthropic)),
    ("ollama/gemma4", Some(Wire::Ollama)),
    ("on-device", None),
];

async fn asked(platform: &TestPlatform, prompt: RunPrompt, models: &[&str]) -> (StartRun, Vec<Cell>) {
    let photos = platform.add(1, false).await;
    let asked = StartRun {
        name: String::new(),
        photo_ids: vec![photos[0].id],
        prompts: vec![prompt],
        photo_set: None,
        models: models.iter().map(|name| (*name).to_owned()).collect(),
        repeats: 1,
        concurrency: 8,
        ask_again: false,
    };
    let run = platform.client.start_run(&asked).await.expect("started");
    assert!(run.columns.iter().all(|column| column.parts == parts()), "the run pins all parts");
    until("the run is done", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state == RunState::Completed).then_some(())
    })
    .await;
    (asked, platform.client.run_cells(run.id, None).await.expect("cells").items)
}

fn inline() -> RunPrompt {
    RunPrompt::Inline { name: "Birds".to_owned(), content: "Name the {{ subject }}".to_owned(), parts: parts() }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_parts_go_over_every_wire_and_what_is_left_out_is_said() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = platform::start(on(&stub)).await;
    let models: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
    let (_, cells) = asked(&platform, inline(), &models).await;
    for (cell, (name, wire)) in cells.iter().zip(MODELS) {
        let answer = cell.answer.as_ref().unwrap_or_else(|| panic!("{name}: {:?}", cell.fault));
        let notes = answer.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("\n");
        let detail = cell.trace.iter().find(|step| step.name == "prompt").map(|step| step.detail.clone()).unwrap_or_default();
        let takes_none = matches!(wire, None | Some(Wire::Vision));
        if takes_none {
            let words = "does not take it: the system text, the schema of the answer, temperature, the longest answer, how much to think";
            assert!(notes.contains(words) && detail.contains(words), "{name}: {notes}\n{detail}");
            continue;
        }
        let seen = stub.traffic().all().into_iter().find(|seen| seen.wire == wire && seen.is_question).expect("asked");
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        for words in ["Be exact about birds in ", "Name the birds", "\"labels\"", "777"] {
            assert!(body.contains(words), "{name}: {words} is not sent");
        }
        let takes_temperature = matches!(wire, Some(Wire::Compatible | Wire::Ollama));
        assert_eq!(body.contains("\"temperature\":0.25"), takes_temperature, "{name}");
        assert_eq!(notes.contains("temperature"), !takes_temperature, "{name}: {notes}");
        assert!(detail.contains("system text of ") && detail.contains("own schema"), "{name}: {detail}");
        // The stub writes "tags": other than the schema says, and tags all the same.
        assert!(notes.contains("The answer does not keep to its schema: 'summary' is missing"), "{name}: {notes}");
        assert!(!answer.tags.is_empty());
    }
    assert_eq!(stub.traffic().complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_is_what_is_sent_and_holds_neither_key_nor_photo() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = platform::start(on(&stub)).await;
    let models: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
    let (run, _) = asked(&platform, inline(), &models).await;
    for (name, wire) in MODELS {
        let photo_id = run.photo_ids[0];
        let ask = PreviewPrompt { content: "Name the {{ subject }}".to_owned(), parts: parts(), photo_id, model: name.to_owned() };
        let preview = platform.client.preview_prompt(&ask).await.expect(name);
        assert_eq!(preview.user, "Name the birds");
        assert!(preview.system.starts_with("Be exact about birds in "), "{}", preview.system);
        let Some(wire) = wire else {
            assert!(preview.request.is_none() && preview.photo.bytes.is_none() && preview.notes.len() == 2, "{preview:?}");
            continue;
        };
        let request = preview.request.expect("a request");
        let seen = stub.traffic().all().into_iter().find(|seen| seen.wire == Some(wire) && seen.is_question).expect("asked");
        assert!(request.url.ends_with(&seen.path_and_query), "{} {}", request.url, seen.path_and_query);
        assert_eq!(request.body_bytes, seen.body.len() as u64, "{name}");
        let sent: Value = serde_json::from_slice(&seen.body).expect("JSON");
        assert_eq!(strings(&request.body).len(), strings(&sent).len(), "{name}");
        let differing: Vec<_> = strings(&request.body).into_iter().zip(strings(&sent)).filter(|(shown, sent)| shown != sent).collect();
        assert!(differing.len() == 1 && differing[0].0.contains("<the photo: JPEG, "), "{name}: {differing:?}");
        let photo = seen.photo.expect("a photo");
        assert_eq!((preview.photo.width_px, preview.photo.height_px), (photo.width_px, photo.height_px));
        assert_eq!(preview.photo.bytes, Some(photo.jpeg.len() as u64));
        assert!(!format!("{request:?}").contains(Wire::MARKER), "{name}");
    }
}

/// Every string of a JSON value, in its order.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        other => vec![other.to_string()],
    }
}

#[tokio::test]
async fn versions_and_drafts_hold_all_parts_over_a_restart() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
    let client = &platform.client;
    let create = CreatePrompt { name: "Birds".to_owned(), content: Some("Name the {{ subject }}".to_owned()), parts: parts() };
    let prompt = client.create_prompt(&create).await.expect("made");
    let first = client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    assert_eq!((first.version, &first.parts), (1, &parts()));

    let hotter = PromptParts { parameters: Parameters { temperature: Some(1.5), ..parts().parameters }, ..parts() };
    let draft = |parts: &PromptParts| UpdatePrompt { draft_parts: Some(parts.clone()), ..UpdatePrompt::default() };
    let broken = PromptParts { schema: "{ half a".to_owned(), ..parts() };
    let prompt = client.update_prompt(prompt.id, prompt.revision, &draft(&broken)).await.expect("a draft may be anything");
    assert_eq!((prompt.draft.as_deref(), prompt.draft_parts.as_ref()), (None, Some(&broken)));
    let prompt = client.update_prompt(prompt.id, prompt.revision, &draft(&parts())).await.expect("kept");
    assert_eq!(prompt.draft_parts, None, "as the newest version");
    let prompt = client.update_prompt(prompt.id, prompt.revision, &draft(&hotter)).await.expect("kept");

    let folder = platform.stop().await;
    let platform = platform::start_in(folder, Options::with_providers(vec![Scripted::new()]).without_workers()).await.expect("starts");
    let client = &platform.client;
    let kept = client.prompts().await.expect("prompts").items.into_iter().find(|kept| kept.id == prompt.id).expect("kept");
    assert_eq!(kept.draft_parts.as_ref(), Some(&hotter));
    let save = |parts: PromptParts| SavePromptVersion { content: "Name the {{ subject }}".to_owned(), parts, ..SavePromptVersion::default() };
    let same = client.save_prompt_version(prompt.id, &save(parts())).await.expect("known");
    assert_eq!(same.id, first.id, "the same text and parts are the same version");
    let second = client.save_prompt_version(prompt.id, &save(hotter.clone())).await.expect("saved");
    assert_eq!((second.version, &second.parts), (2, &hotter));
    let kept = client.prompts().await.expect("prompts").items.into_iter().find(|kept| kept.id == prompt.id).expect("kept");
    assert_eq!(kept.draft_parts, None);
}

#[tokio::test]
async fn the_pipeline_fills_in_the_live_versions_variables() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    let create = CreatePrompt { name: "Birds".to_owned(), content: Some("Name the {{ subject }}".to_owned()), parts: parts() };
    let prompt = platform.client.create_prompt(&create).await.expect("made");
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    let deploy = DeployPrompt { override_reason: Some("To see".to_owned()), ..DeployPrompt::to_production(version.id) };
    platform.client.deploy_prompt(&deploy).await.expect("deployed");
    platform.add(1, true).await;
    platform.until_jobs(1, JobState::Completed).await;
    assert_eq!(scripted.prompts(), ["Name the birds"]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_at_its_part_and_nothing_of_it_is_kept() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await;
    let client = &platform.client;
    let plain = PromptParts::default;
    let list = "{% set t = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}";
    let endless = format!("{list}{}x{}", "{% for a in t %}".repeat(8), "{% endfor %}".repeat(8));
    let growing = format!("{{% set x = file_name %}}\n{}", "{% set x = x ~ x %}".repeat(64));
    let variable = |name: &str| vec![Variable { name: name.to_owned(), value: String::new() }];
    let cases = [
        ("template", endless.as_str(), plain(), "too many steps"),
        ("template", growing.as_str(), plain(), "Line 2: A text that the prompt puts together grows beyond 6 MB"),
        ("system_template", "Look", PromptParts { system: growing.clone(), ..plain() }, "System text, line 2: A text"),
        ("system_template", "Look", PromptParts { system: "One\n{{ half".to_owned(), ..plain() }, "System text, line 2"),
        ("system_template", "Look", PromptParts { system: endless.clone(), ..plain() }, "too many steps"),
        ("schema", "Look", PromptParts { schema: "{\n\"type\":".to_owned(), ..plain() }, "Answer, line 2: This is not JSON"),
        ("schema", "Look", PromptParts { schema: "{\"type\": \"object\"}".to_owned(), ..plain() }, "No tags can be found"),
        ("parameters", "Look", PromptParts { parameters: Parameters { top_p: Some(2.0), ..Parameters::default() }, ..plain() }, "Top p goes"),
        ("variables", "Look", PromptParts { variables: variable("width"), ..plain() }, "filled in from the photo"),
        ("variables", "Look", PromptParts { variables: variable("two words"), ..plain() }, "no name"),
        ("system_too_long", "Look", PromptParts { system: "x".repeat(200_001), ..plain() }, "Shorten it"),
    ];
    let photo_id = platform.add(1, false).await[0].id;
    for (code, content, parts, words) in cases {
        let create = CreatePrompt { name: format!("Never {code}"), content: Some(content.to_owned()), parts: parts.clone() };
        let refused = client.create_prompt(&create).await.expect_err("refused");
        assert!(refused.code() == Some(code) && refused.to_string().contains(words), "{refused}");
        let preview = PreviewPrompt { content: content.to_owned(), parts: parts.clone(), photo_id, model: "on-device".to_owned() };
        assert_eq!(client.preview_prompt(&preview).await.expect_err("refused").code(), Some(code));
        let run = StartRun {
            name: String::new(),
            photo_ids: vec![photo_id],
            prompts: vec![RunPrompt::Inline { name: String::new(), content: content.to_owned(), parts }],
            photo_set: None,
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        assert_eq!(client.start_run(&run).await.expect_err("refused").code(), Some(code));
    }
    assert_eq!(client.prompts().await.expect("prompts").items.len(), 1, "only the shipped one");
    let unfilled = PreviewPrompt { content: "A\n{{ colour }}".to_owned(), parts: plain(), photo_id, model: "on-device".to_owned() };
    let refused = client.preview_prompt(&unfilled).await.expect_err("refused");
    assert!(refused.code() == Some("template") && refused.to_string().contains("Line 2: 'colour' has no value"), "{refused}");
    let nowhere = PreviewPrompt { content: "A".to_owned(), model: "nobody/none".to_owned(), ..unfilled };
    assert_eq!(client.preview_prompt(&nowhere).await.expect_err("refused").code(), Some("unknown_model"));
}
