//! Traces: what is kept of every photo that is processed or tested, how it is found, and how it is tried again.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::cost::Reprice;
use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::job::JobState;
use minerva_console::wire::result::{FaultKind, Outcome};
use minerva_console::wire::run::{Cell, RunPrompt, RunState, StartRun};
use minerva_console::wire::trace::{PHOTO_MARK, ReplayFrom, ReplayTrace, Trace, TraceFormat, TraceKind, TraceQuery};

use crate::support::platform::{self, Options, TestPlatform, lasting_prices, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::Scripted;

const MODEL: &str = "gemini/gemini-3.5-flash-lite";

async fn start(stub: &ProviderStub, wire: Wire, scenario: &str) -> TestPlatform {
    let keys = Keys::new(HashMap::from([(wire.name().to_owned(), wire.key().into())]), false);
    let endpoint = Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() }, &keys);
    platform::start(Options { providers, keys, ..Options::default() }.without_workers()).await
}

/// Asks about these photos and waits until all is said.
async fn test(platform: &TestPlatform, photos: &[PhotoId], model: &str, prompt: &str) -> Vec<Cell> {
    let asked = StartRun {
        name: String::new(),
        photo_ids: photos.to_vec(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", prompt)],
        models: vec![model.to_owned()],
        repeats: 1,
        concurrency: 1,
        ask_again: true,
    };
    let run = platform.client.start_run(&asked).await.expect("started");
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    platform.client.run_cells(run.id, None).await.expect("cells").items
}

async fn trace_of(platform: &TestPlatform, cell: &Cell) -> Trace {
    platform.client.trace(cell.id.0).await.expect("a trace")
}

async fn found(platform: &TestPlatform, query: TraceQuery) -> Vec<String> {
    platform.client.traces(&query).await.expect("found").items.into_iter().map(|trace| trace.file_name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_every_wire_the_exact_request_and_answer_are_kept_without_key_and_photo() {
    for (wire, model) in
        [(Wire::Gemini, "gemini/gemini-3.5-flash-lite"), (Wire::OpenAi, "openai/gpt-5.4-nano"), (Wire::Anthropic, "anthropic/claude-haiku-4-5")]
    {
        let stub = ProviderStub::start(Duration::ZERO).await;
        let platform = start(&stub, wire, "good").await;
        let photo = platform.add(1, false).await.remove(0);
        let cell = test(&platform, &[photo.id], model, "Name what you see").await.remove(0);
        let trace = trace_of(&platform, &cell).await;
        assert_eq!((trace.summary.kind, trace.summary.subject_id, trace.summary.tries), (TraceKind::Cell, cell.id.0, 1), "{wire:?}");
        let [exchange] = trace.exchanges.as_slice() else { panic!("{wire:?}: {:?}", trace.exchanges) };
        assert_eq!(exchange.status, Some(200), "{wire:?}");
        assert!(exchange.request.contains(PHOTO_MARK) && exchange.request.contains("Name what you see"), "{wire:?}: {}", exchange.request);
        let sent = exchange.photo.expect("a photo");
        assert_eq!((sent.width_px, sent.height_px), (64, 48));
        let in_place = sent.bytes.div_ceil(3) * 4;
        let whole = (exchange.request.len() - PHOTO_MARK.len()) as u64 + in_place;
        assert_eq!(exchange.request_bytes, whole, "{wire:?}: all but the photo is there");
        let text = exchange.text.as_deref().expect("a text");
        assert!(exchange.answer.contains(&serde_json::to_string(text).expect("JSON")), "{wire:?}: {}", exchange.answer);
        let whole = serde_json::to_string(&trace).expect("JSON");
        assert!(!whole.contains(wire.key()), "{wire:?}: no key");
        let variable = format!("${}_API_KEY", wire.name().to_uppercase());
        assert!(exchange.headers.iter().any(|(_, value)| value.contains(&variable)), "{wire:?}: {:?}", exchange.headers);
        assert_eq!(trace.prompt.expect("a prompt").content, "Name what you see");
        let tags: Vec<&str> = trace.tags.iter().filter(|fate| fate.kept).map(|fate| fate.name.as_str()).collect();
        let answer = cell.answer.as_ref().expect("an answer");
        assert_eq!(tags, answer.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), "{wire:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_tried_again_has_its_tries_and_waits_as_steps_of_their_own() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "fails-once").await;
    let photo = platform.add(1, false).await.remove(0);
    let cell = test(&platform, &[photo.id], MODEL, "Name what you see").await.remove(0);
    let trace = trace_of(&platform, &cell).await;
    assert_eq!((trace.summary.tries, trace.exchanges.len()), (2, 2));
    assert_eq!(trace.exchanges.iter().map(|exchange| exchange.status).collect::<Vec<_>>(), [Some(500), Some(200)]);
    assert_eq!(trace.exchanges[0].fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Server));
    let names: Vec<&str> = trace.steps.iter().map(|step| step.name.as_str()).filter(|name| name.starts_with("try") || *name == "wait").collect();
    assert_eq!(names, ["try 1", "wait", "try 2"], "{:?}", trace.steps);
    let step = |name: &str| trace.steps.iter().find(|step| step.name == name).expect("a step");
    let (first, wait, second, call) = (step("try 1"), step("wait"), step("try 2"), step("call"));
    assert!(first.start_ms + first.duration_ms <= wait.start_ms + 1.0 && wait.start_ms + wait.duration_ms <= second.start_ms + 1.0);
    assert!(call.start_ms <= first.start_ms && second.start_ms + second.duration_ms <= call.start_ms + call.duration_ms + 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_are_found_by_error_model_time_and_words() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "good").await;
    let photos = platform.add(2, false).await;
    test(&platform, &[photos[0].id], MODEL, "Name what you see").await;
    let query = |change: fn(&mut TraceQuery)| {
        let mut query = TraceQuery::default();
        change(&mut query);
        query
    };
    assert_eq!(found(&platform, TraceQuery::default()).await, ["0.jpg"]);
    assert_eq!(found(&platform, query(|query| query.model = Some(MODEL.to_owned()))).await, ["0.jpg"]);
    assert!(found(&platform, query(|query| query.model = Some("on-device".to_owned()))).await.is_empty());
    assert!(found(&platform, query(|query| query.error = Some("any".to_owned()))).await.is_empty());
    assert!(found(&platform, query(|query| query.min_duration_ms = Some(3_600_000))).await.is_empty());
    assert_eq!(found(&platform, query(|query| query.min_duration_ms = Some(0))).await, ["0.jpg"]);
    assert!(found(&platform, query(|query| query.q = Some("nothing-like-it".to_owned()))).await.is_empty());
    assert_eq!(found(&platform, query(|query| query.kind = Some(TraceKind::Cell))).await, ["0.jpg"]);
    assert!(found(&platform, query(|query| query.kind = Some(TraceKind::Job))).await.is_empty());
    let problem = platform.client.traces(&query(|query| query.error = Some("tired".to_owned()))).await.expect_err("no such error");
    assert_eq!(problem.code(), Some("bad_error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_found_by_their_kind_and_their_words_page_by_page() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "forbidden").await;
    let photos = platform.add(3, false).await;
    let ids: Vec<PhotoId> = photos.iter().map(|photo| photo.id).collect();
    let cells = test(&platform, &ids, MODEL, "Name what you see").await;
    let permission = || TraceQuery { error: Some("permission".to_owned()), limit: Some(2), ..TraceQuery::default() };
    let first = platform.client.traces(&permission()).await.expect("found");
    assert_eq!((first.items.len(), first.next_cursor.is_some()), (2, true));
    let rest = platform.client.traces(&TraceQuery { cursor: first.next_cursor, ..permission() }).await.expect("found");
    assert_eq!(rest.items.len(), 1, "{} cells", cells.len());
    assert!(first.items.iter().all(|trace| trace.id != rest.items[0].id));
    let words = |words: &str| TraceQuery { q: Some(words.to_owned()), ..TraceQuery::default() };
    assert_eq!(found(&platform, words("2.jp permiss")).await.len(), 0, "only the last word may be a beginning");
    assert_eq!(found(&platform, words("no permission 2.jp")).await, ["2.jpg"]);
    assert!(found(&platform, words("zz\" OR \"2")).await.is_empty(), "no language of the index gets through");
    let trace = platform.client.trace(rest.items[0].id.0).await.expect("a trace");
    let Outcome::Failed(fault) = &trace.outcome else { panic!("{trace:?}") };
    assert_eq!((fault.kind, trace.exchanges[0].status), (FaultKind::Permission, Some(403)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_a_trace_under_the_id_of_its_result() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    platform.add(1, true).await;
    let job = platform.until_jobs(1, JobState::Completed).await.remove(0);
    let details = platform.client.job(job.id).await.expect("details");
    let result = &details.results[0];
    let trace = platform.client.trace(result.id.0).await.expect("a trace");
    assert_eq!((trace.summary.kind, trace.summary.subject_id, &trace.steps), (TraceKind::Job, result.id.0, &result.trace));
    assert_eq!((trace.decision, trace.exchanges.len(), trace.is_forgotten), (result.decision, 0, false));
    assert_eq!(trace.prompt.expect("a prompt").name, "Photo tags v1");
    let why: Vec<&str> = trace.tags.iter().map(|fate| fate.why.as_str()).collect();
    assert_eq!(
        why,
        ["Surest, in no category, so the general thresholds hold; above 60 % to accept", "Kept; above 60 % to accept"],
        "cat at 90 %, sofa at 70 %"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_answer_is_read_again_without_a_call_and_stands_beside_what_was() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "good").await;
    let photo = platform.add(1, false).await.remove(0);
    let cell = test(&platform, &[photo.id], MODEL, "Name what you see").await.remove(0);
    let before = trace_of(&platform, &cell).await;
    let calls = stub.traffic().all_questions();
    let text = r#"{"caption": "Edited", "tags": [{"tag": "Heron", "confidence": 0.9}, {"tag": "heron", "confidence": 0.2}, {"tag": ""}, "pond"]}"#;
    let asked = ReplayTrace { from: ReplayFrom::Answer { text: text.to_owned() } };
    assert_eq!(platform.client.estimate_replay(cell.id.0, &asked).await.expect("an estimate"), None, "no call, no cost");
    let replay = platform.client.replay_trace(cell.id.0, &asked).await.expect("replayed");
    let Outcome::Completed(answer) = &replay.outcome else { panic!("{replay:?}") };
    assert_eq!(answer.tags.iter().map(|tag| (tag.name.as_str(), tag.confidence)).collect::<Vec<_>>(), [("heron", Some(0.9)), ("pond", None)]);
    assert_eq!((replay.summary.cost_usd.map(|cost| cost.0), replay.summary.tries, stub.traffic().all_questions()), (Some(0), 0, calls));
    let dropped: Vec<(&str, &str)> = replay.tags.iter().filter(|fate| !fate.kept).map(|fate| (fate.name.as_str(), fate.why.as_str())).collect();
    assert_eq!(dropped, [("heron", "It is named twice; the higher confidence counts"), ("{\"tag\":\"\"}", "It has no name")]);
    let after = trace_of(&platform, &cell).await;
    assert_eq!((&after.outcome, after.summary.id), (&before.outcome, before.summary.id), "nothing was overwritten");
    assert_eq!(after.replays.iter().map(|replay| replay.id).collect::<Vec<_>>(), [replay.summary.id]);
    let asked = ReplayTrace { from: ReplayFrom::Answer { text: "no JSON".to_owned() } };
    let replay = platform.client.replay_trace(cell.id.0, &asked).await.expect("replayed");
    assert_eq!(replay.summary.fault, Some(FaultKind::BadAnswer));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_prompt_is_asked_once_at_the_cost_that_was_told_and_counts_as_spent() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "good").await;
    let photo = platform.add(1, false).await.remove(0);
    let cell = test(&platform, &[photo.id], MODEL, "Name what you see").await.remove(0);
    let (from, to) = (chrono::Utc::now() - chrono::TimeDelta::days(1), chrono::Utc::now() + chrono::TimeDelta::days(1));
    let spent = async || platform.client.reprice(&Reprice { from, to, book: None }).await.expect("sums").total.charged_usd;
    let before = spent().await;
    let calls = stub.traffic().all_questions();
    let from = ReplayFrom::Prompt { model: MODEL.to_owned(), content: "Name the birds".to_owned(), parts: Default::default() };
    let asked = ReplayTrace { from };
    let estimate = platform.client.estimate_replay(cell.id.0, &asked).await.expect("an estimate").expect("it calls");
    assert_eq!((estimate.calls, estimate.total.unknown_calls, stub.traffic().all_questions()), (1, 0, calls), "nothing is asked for it");
    let replay = platform.client.replay_trace(cell.id.0, &asked).await.expect("replayed");
    assert_eq!(stub.traffic().all_questions(), calls + 1);
    assert!(replay.exchanges[0].request.contains("Name the birds"));
    let cost = replay.summary.cost_usd.expect("a cost");
    assert_eq!(spent().await, before + cost, "its cost is part of what was spent");
    let refused = ReplayTrace { from: ReplayFrom::Prompt { model: MODEL.to_owned(), content: "{{ nobody }}".to_owned(), parts: Default::default() } };
    let problem = platform.client.replay_trace(cell.id.0, &refused).await.expect_err("can't be filled in");
    assert_eq!(problem.code(), Some("template"));
}

/// The command is run by a real shell; a `curl` of the test's own takes down what it is given.
#[tokio::test(flavor = "multi_thread")]
async fn as_curl_a_shell_sends_the_same_body_with_the_key_of_its_own() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::OpenAi, "good").await;
    let photo = platform.add(1, false).await.remove(0);
    let prompt = "Name it's \"parts\" for $5 & `date`, \\ and ${HOME}\nBODY\nin two lines";
    let cell = test(&platform, &[photo.id], "openai/gpt-5.4-nano", prompt).await.remove(0);
    let curl = platform.client.trace_as_curl(cell.id.0, None).await.expect("a command").command;
    assert!(curl.contains("$OPENAI_API_KEY") && !curl.contains(Wire::OpenAi.key()), "{curl}");
    assert!(curl.contains("# photo.jpg: 0.jpg"), "{curl}");
    let none = platform.client.trace_as_curl(cell.id.0, Some(8)).await.expect_err("one try only").to_string();
    assert!(none.contains("There is no try 9; this trace has 1"), "{none}");

    let folder = tempfile::tempdir().expect("a folder");
    let shim = folder.path().join("curl");
    std::fs::write(&shim, "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\ncat > body\n").expect("written");
    #[cfg(unix)]
    std::fs::set_permissions(&shim, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
    std::fs::write(folder.path().join("photo.jpg"), b"any photo").expect("written");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh")
        .current_dir(folder.path())
        .env("PATH", path)
        .env("OPENAI_API_KEY", "key-of-the-shell")
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    shell.stdin.take().expect("a pipe").write_all(curl.as_bytes()).expect("given");
    assert!(shell.wait().expect("ends").success());
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("taken down");
    let arguments = read("arguments");
    assert!(arguments.contains("authorization: Bearer key-of-the-shell"), "{arguments}");
    let trace = trace_of(&platform, &cell).await;
    let wanted = trace.exchanges[0].request.replace(PHOTO_MARK, "YW55IHBob3Rv");
    assert_eq!(read("body").trim_end_matches('\n'), wanted, "byte for byte");
    assert!(arguments.contains(&trace.exchanges[0].url));
}

#[tokio::test(flavor = "multi_thread")]
async fn for_opentelemetry_the_spans_of_a_trace_keep_to_otlp() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, Wire::Gemini, "fails-once").await;
    let photo = platform.add(1, false).await.remove(0);
    let cell = test(&platform, &[photo.id], MODEL, "Name what you see").await.remove(0);
    let text = platform.client.export_trace(cell.id.0, TraceFormat::Otlp).await.expect("written");
    let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let resource = &file["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0], serde_json::json!({"key": "service.name", "value": {"stringValue": "minerva-console"}}));
    let spans = resource["scopeSpans"][0]["spans"].as_array().expect("spans");
    let is_hex = |value: &serde_json::Value, length: usize| {
        value.as_str().is_some_and(|text| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()))
    };
    let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).expect("nanoseconds as a string");
    let root = &spans[0];
    assert!(root.get("parentSpanId").is_none() && root["name"] == "chat gemini-3.5-flash-lite", "{root}");
    let mut ids = std::collections::HashSet::new();
    for span in spans {
        assert!(is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16) && span["kind"].is_u64(), "{span}");
        assert!(number(&span["startTimeUnixNano"]) <= number(&span["endTimeUnixNano"]), "{span}");
        assert!(number(&span["endTimeUnixNano"]) <= number(&root["endTimeUnixNano"]) + 1_000_000, "{span}");
        assert_eq!(span["traceId"], root["traceId"]);
        assert!(ids.insert(span["spanId"].as_str().expect("an id").to_owned()), "ids are unique");
    }
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).expect("a span");
    let (call, first) = (named("call"), named("try 1"));
    assert_eq!(first["parentSpanId"], call["spanId"], "a try is a part of the call");
    assert_eq!((&first["status"]["code"], &first["kind"]), (&serde_json::json!(2), &serde_json::json!(3)));
    let status = first["attributes"].as_array().expect("attributes").iter().find(|told| told["key"] == "http.response.status_code");
    assert_eq!(status.expect("a status")["value"], serde_json::json!({"intValue": "500"}));
    let tokens = root["attributes"].as_array().expect("attributes").iter().find(|told| told["key"] == "gen_ai.usage.input_tokens");
    assert_eq!(tokens.expect("tokens")["value"], serde_json::json!({"intValue": "760"}));
    let own: Trace = serde_json::from_str(&platform.client.export_trace(cell.id.0, TraceFormat::Json).await.expect("written")).expect("a trace");
    assert_eq!(own.summary.subject_id, cell.id.0);
}

/// Rows of one photo that differ in nothing but prompt and repeat are told apart.
#[tokio::test]
async fn the_list_says_of_a_test_which_prompt_and_which_repeat_it_is_of() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new() as _]).without_workers()).await;
    let photos: Vec<PhotoId> = platform.add(1, false).await.iter().map(|photo| photo.id).collect();
    let asked = |prompts: &[&str], repeats| StartRun {
        name: String::new(),
        photo_ids: photos.clone(),
        photo_set: None,
        prompts: prompts.iter().map(|name| RunPrompt::inline(*name, format!("Name what you see, {name}"))).collect(),
        models: vec!["on-device".to_owned()],
        repeats,
        concurrency: 1,
        ask_again: true,
    };
    for asked in [asked(&["a v1", "b v1"], 2), asked(&["once"], 1)] {
        let run = platform.client.start_run(&asked).await.expect("started");
        until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    }
    let mut told: Vec<_> = platform.client.traces(&TraceQuery::default()).await.expect("found").items;
    told.sort_by(|one, other| (&one.prompt, one.repeat).cmp(&(&other.prompt, other.repeat)));
    let told: Vec<_> = told.iter().map(|trace| (trace.prompt.as_deref(), trace.repeat)).collect();
    assert_eq!(told, [(Some("a v1"), Some(1)), (Some("a v1"), Some(2)), (Some("b v1"), Some(1)), (Some("b v1"), Some(2)), (Some("once"), None)]);
}
