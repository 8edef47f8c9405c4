//! A person looks into what was sent and answered, sees why each tag is there, and tries it again with an edit.

use std::collections::HashMap;
use std::time::Duration;

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::gui::testing_lab::TestingLab;
use minerva_console::keys::Keys;
use minerva_console::platform::store;
use minerva_console::platform::store::traces::KeptTrace;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::ids::TraceId;
use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Answer, ConfidenceKind, Decision, FaultKind, Outcome, Tag, TraceStep, Usage};
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use minerva_console::wire::trace::{Exchange, ExchangeFault, PHOTO_MARK, Ruled, SentSize, TraceKind, TracePrompt, TraceSummary};

use crate::support::area::{self, Window, wait_until};
use crate::support::clock::TestClock;
use crate::support::console::{Console, fixed_now};
use crate::support::platform::{self, Options, TestPlatform, lasting_prices, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::Scripted;

const MODEL: &str = "gemini/gemini-3.8-flash";

/// Clicks a button wherever in a long page it stands.
fn give(console: &mut Console, button: &str) {
    console.wait_for(button);
    console.harness.get_by_label(button).scroll_to_me();
    console.steps();
    console.click(button);
}

#[test]
fn from_an_answer_to_its_trace_and_from_there_it_is_tried_again_with_edits() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base_as(Wire::Gemini, "good")), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() }, &keys);
    let clock = TestClock::at(fixed_now());
    let mut console = Console::open(Options { providers, keys, clock, ..Options::default() }.seeded().without_workers());
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    console.click("Past runs");
    console.wait_for("Nothing has been compared yet");
    console.click("Traces");
    console.wait_for("No photo was processed or tested in the last 14 days");

    let client = console.client();
    let run = console.block_on(async {
        let photos = client.photos(None, 100).await.expect("photos").items;
        let asked = StartRun {
            name: "Of one".to_owned(),
            photo_ids: photos.iter().filter(|photo| photo.file_name == "cat.jpg").map(|photo| photo.id).collect(),
            photo_set: None,
            prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
            models: vec![MODEL.to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        let run = client.start_run(&asked).await.expect("begun");
        until("the run to end", || async { (client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
        run.id
    });
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("1 of 1 answered");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pane A: cat.jpg");
    console.press(Modifiers::NONE, Key::T);
    console.wait_for("Where the time went");
    console.wait_for("Kept: asked name. ");
    console.wait_for("Try 1: HTTP 200");
    console.wait_for("$GEMINI_API_KEY");
    assert!(!console.says(Wire::Gemini.key()), "the key is nowhere");
    console.wait_for(&format!("Trace of cat.jpg, Draft, {MODEL}: Answered"));

    let calls = stub.traffic().all_questions();
    console.harness.get_by_label("Text of the answer").scroll_to_me();
    console.steps();
    console.fill("Text of the answer", r#"{"caption": "Edited", "tags": [{"tag": "heron", "confidence": 0.9}]}"#);
    give(&mut console, "Read again");
    console.wait_for("only here");
    console.wait_for("heron 90 %");
    assert_eq!(stub.traffic().all_questions(), calls, "nobody was asked");

    give(&mut console, "From the prompt");
    console.wait_for("Ask again: ≈ $");
    console.harness.get_by_label("User text of the replay").scroll_to_me();
    console.steps();
    console.fill("User text of the replay", "Birds in this photo");
    console.wait_until("the cost of the edit", |console| console.says("Ask again: ≈ $"));
    let button = console.harness.query_all_by_label_contains("Ask again: ").next().expect("a button");
    let words = egui_kittest::kittest::NodeT::accesskit_node(&button).label().expect("a label");
    give(&mut console, &words);
    console.wait_for("asked birds 80 %");
    assert_eq!(stub.traffic().all_questions(), calls + 1, "once");
    console.wait_until("both replays are listed", |console| console.harness.query_all_by_label_contains("Show the replay by").count() == 2);
    // The first may only take the keyboard from what has it.
    for _ in 0..2 {
        if !console.says("Pane A: cat.jpg") {
            console.press(Modifiers::NONE, Key::Escape);
        }
    }
    console.wait_for("Pane A: cat.jpg");
}

#[test]
fn a_job_leads_to_its_trace() {
    let clock = TestClock::at(fixed_now());
    let mut console = Console::open(Options { clock, ..Options::with_providers(vec![Scripted::new() as _]).seeded() });
    let client = console.client();
    let job = console.block_on(until("a job to end", || async {
        let query = JobQuery { state: Some(JobState::Completed), limit: Some(1), ..JobQuery::default() };
        client.jobs(&query).await.expect("jobs").items.pop()
    }));
    console.command(Command::GoTo(Route::Job(job.id)));
    console.wait_for("Newest result · on-device");
    console.wait_for("Open the trace");
    give(&mut console, "Open the trace");
    console.wait_for("Kept: cat. Surest, in no category, so the general thresholds hold; above 60 % to accept");
    console.wait_for("Nothing left this computer: the model runs in this program");
}

fn step(name: &str, start_ms: f64, duration_ms: f64, detail: &str) -> TraceStep {
    TraceStep { name: name.to_owned(), start_ms, duration_ms, detail: detail.to_owned() }
}

fn exchange(start_ms: f64, duration_ms: f64, status: u16) -> Exchange {
    let text = r#"{"caption":"An osprey rests on a bare branch","tags":[{"tag":"osprey","confidence":0.94},{"tag":"branch","confidence":0.71},{"tag":"Osprey","confidence":0.6},{"tag":"nest","confidence":0.38},{"tag":""}]}"#;
    let refused = r#"{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED"}}"#;
    let answer = serde_json::json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]});
    let is_good = status == 200;
    Exchange {
        start_ms,
        duration_ms,
        method: "POST".to_owned(),
        url: "https://generativelanguage.googleapis.com/v1/models/gemini-3.8-flash:generateContent".to_owned(),
        headers: vec![("x-goog-api-key".to_owned(), "$GEMINI_API_KEY".to_owned())],
        request: serde_json::json!({"contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/jpeg", "data": PHOTO_MARK}}, {"text": "Name the animals and what they do"}]}]})
        .to_string(),
        request_bytes: 243_918,
        photo: Some(SentSize { width_px: 1_536, height_px: 1_024, bytes: 182_400 }),
        status: Some(status),
        request_id: None,
        answer: if is_good { answer.to_string() } else { refused.to_owned() },
        answer_bytes: if is_good { 402 } else { 96 },
        text: is_good.then(|| text.to_owned()),
        fault: (!is_good).then(|| ExchangeFault { kind: FaultKind::RateLimited, message: "Gemini asks to wait 1 s".to_owned() }),
        is_cut: false,
    }
}

/// A trace whose times never change, as the store would keep it.
fn osprey(photo: &Photo) -> (TraceSummary, KeptTrace) {
    let tag = |name: &str, confidence: f32| Tag { name: name.to_owned(), confidence: Some(confidence), bounds: None };
    let answer = Answer {
        caption: Some("An osprey rests on a bare branch".to_owned()),
        tags: vec![tag("osprey", 0.94), tag("branch", 0.71), tag("nest", 0.38)],
        confidence_kind: ConfidenceKind::SelfReported,
        usage: Usage { input_tokens: Some(1_204), output_tokens: Some(96), ..Usage::default() },
        cost_usd: Some(UsdMicros(842)),
        retries: 1,
        notes: Vec::new(),
    };
    let summary = TraceSummary {
        id: TraceId("0198c0de-0000-7000-8000-000000000001".parse().expect("an id")),
        kind: TraceKind::Job,
        subject_id: "0198c0de-0000-7000-8000-000000000002".parse().expect("an id"),
        photo_id: photo.id,
        file_name: photo.file_name.clone(),
        model: "gemini/gemini-3.8-flash".to_owned(),
        at: fixed_now() - chrono::TimeDelta::minutes(3),
        duration_ms: 2_716,
        tries: 2,
        fault: None,
        cost_usd: Some(UsdMicros(842)),
        prompt: None,
        repeat: None,
    };
    let prompt = TracePrompt::Inline {
        name: "Animals v4".to_owned(),
        content: "Name the animals and what they do".to_owned(),
        parts: Default::default(),
        image: None,
    };
    let steps = vec![
        step("fetch", 0.0, 2.1, "412 kB from disk"),
        step("decode", 2.1, 38.0, "2000 × 1333 px"),
        step("resize", 40.1, 21.0, "1536 × 1024 px, JPEG of 182 kB"),
        step("prompt", 61.1, 0.3, "33 characters"),
        step("call", 61.4, 2_653.0, "gemini/gemini-3.8-flash, 1204 tokens in, 96 tokens out, 1 retries"),
        step("wait", 61.6, 420.0, "for its turn under the provider's limits"),
        step("try 1", 481.6, 190.0, "HTTP 429, rate limited; 243918 bytes sent, 96 received"),
        step("wait", 671.6, 1_020.0, "before it is tried again: rate limited"),
        step("try 2", 1_691.6, 1_022.0, "HTTP 200; 243918 bytes sent, 402 received"),
        step("parse", 2_714.4, 0.2, "3 tags"),
        step("rules", 2_714.6, 0.1, "mean confidence 0.68, category Birds: review"),
    ];
    let ruled = Ruled { category: Some("Birds".to_owned()), accept_threshold: 0.8, reject_threshold: 0.4 };
    let kept = KeptTrace {
        prompt,
        outcome: Outcome::Completed(answer),
        decision: Some(Decision::Review),
        ruled: Some(ruled),
        steps,
        exchanges: vec![exchange(481.6, 190.0, 429), exchange(1_691.6, 1_022.0, 200)],
        edit: None,
    };
    (summary, kept)
}

/// That trace, and two that failed, on a platform of their own.
async fn keep(platform: &TestPlatform, photo: &Photo) -> TraceId {
    let core = platform.host.core();
    let (summary, kept) = osprey(photo);
    let mut tx = core.db.begin().await.expect("a write");
    for (number, (name, fault, duration_ms)) in
        [("coffee.jpg", FaultKind::Timeout, 180_000), ("cat.jpg", FaultKind::BadAnswer, 1_930)].into_iter().enumerate()
    {
        let id = TraceId(uuid::Uuid::from_u128(7 + number as u128));
        let at = summary.at - chrono::TimeDelta::minutes(20 * (2 - number as i64));
        let failed = TraceSummary { id, file_name: name.to_owned(), fault: Some(fault), duration_ms, at, cost_usd: None, ..summary.clone() };
        store::traces::insert(&mut tx, core.org, &failed, &kept).await.expect("kept");
    }
    store::traces::insert(&mut tx, core.org, &summary, &kept).await.expect("kept");
    tx.commit().await.expect("written");
    summary.id
}

fn picture(name: &str, window: Window) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock = TestClock::at(fixed_now());
    let options = Options { clock, ..Options::with_providers(vec![Scripted::new() as _]).seeded().without_workers() };
    let platform = runtime.block_on(platform::start(options));
    let (photo, id) = runtime.block_on(async {
        let photo = until("the photos", || async {
            let photos = platform.client.photos(None, 100).await.expect("photos").items;
            (photos.len() == 24).then(|| photos.into_iter().find(|photo| photo.file_name == "osprey.jpg").expect("bundled"))
        })
        .await;
        let id = keep(&platform, &photo).await;
        (photo, id)
    });
    let mut lab = area::show(TestingLab::default(), &platform.client, &runtime, fixed_now(), window);
    lab.state_mut().go_to(Route::Trace(id.0));
    let has = |words: &'static str| {
        move |lab: &egui_kittest::Harness<'_, area::AreaState<TestingLab>>| lab.query_all_by_label_contains(words).next().is_some()
    };
    wait_until(&mut lab, "the trace", has("Kept: osprey"));
    wait_until(&mut lab, "the list", has("Trace of coffee.jpg"));
    area::wait_for_photos(&mut lab, &[(photo.id, 512)]);
    lab.remove_cursor();
    lab.run_steps(4);
    lab.snapshot(name);
}

#[test]
fn a_trace_is_pictured_dark() {
    picture("trace_dark", Window { size: [1440.0, 900.0], ..Window::default() });
}

#[test]
fn a_trace_is_pictured_light_in_a_small_window() {
    picture("trace_light", Window { size: [1024.0, 640.0], theme: Theme::Light, pixels_per_point: 1.0 });
}
