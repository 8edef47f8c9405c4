//! A sweep: the same photos in several sizes and qualities, sent as they were asked for, estimated by what is sent, and measured.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::comparison::Measure;
use minerva_console::wire::prompt_parts::{Effort, Parameters};
use minerva_console::wire::run::{RunColumn, RunPrompt, RunState, StartRun};
use minerva_console::wire::sweep::{SentImage, StartSweep};
use minerva_console::wire::trace::{ReplayFrom, ReplayTrace};

use crate::support::platform::{self, Options, TestPlatform, jpeg, lasting_prices, until};
use crate::support::provider_stub::{ProviderStub, Wire};

const MODEL: &str = "openai/gpt-5.4-nano";

async fn start(stub: &ProviderStub) -> TestPlatform {
    let keys = Keys::new(HashMap::from([("openai".to_owned(), Wire::OpenAi.key().into())]), false);
    let endpoint = Endpoint { name: "openai".to_owned(), base: Some(stub.base_as(Wire::OpenAi, "good")), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() }, &keys);
    platform::start(Options { providers, keys, ..Options::default() }.without_workers()).await
}

async fn asked(platform: &TestPlatform, images: Vec<SentImage>, models: &[&str]) -> StartSweep {
    let files = (0..6).map(|seed| (format!("{seed}.jpg"), jpeg(1200, 900, seed))).collect();
    let photos = platform.client.add_photos(files, false).await.expect("added").added;
    let run = StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    };
    StartSweep { run, images, parameters: Vec::new(), max_cost_usd: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_sent_in_each_size_and_quality_and_the_estimate_knows_it() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let sweep = asked(&platform, SentImage::all(&[512, 256], &[40]), &["on-device", MODEL]).await;
    let estimate = platform.client.estimate_sweep(&sweep).await.expect("an estimate");
    let models: Vec<&str> = estimate.columns.iter().map(|column| column.model.as_str()).collect();
    assert_eq!(models, ["on-device", MODEL, MODEL, MODEL], "a model on this machine sees whole pixels in any case");
    let tokens: Vec<u64> = estimate.columns[1..].iter().map(|column| column.input_tokens.expect("counted")).collect();
    assert!(tokens[0] > tokens[1] && tokens[1] > tokens[2], "smaller photos are fewer tokens: {tokens:?}");

    let sweep = StartSweep { run: StartRun { models: vec![MODEL.to_owned()], ..sweep.run }, ..sweep };
    let run = platform.client.start_sweep(&sweep).await.expect("started");
    let labels: Vec<&str> = run.columns.iter().map(|column| column.prompt_name.as_str()).collect();
    assert_eq!(labels, ["Draft", "Draft · 512 px, quality 40", "Draft · 256 px, quality 40"]);
    let run = until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state != RunState::Running).then_some(run)
    })
    .await;
    assert_eq!((run.state, run.counts.completed), (RunState::Completed, 18));
    let mut sent: BTreeMap<u32, u32> = BTreeMap::new();
    for photo in stub.traffic().all().iter().filter_map(|seen| seen.photo.as_ref()) {
        *sent.entry(photo.width_px).or_default() += 1;
    }
    assert_eq!(sent, BTreeMap::from([(256, 6), (512, 6), (1024, 6)]), "by the width of what came over the net");
    let read = platform.client.sweep(run.id).await.expect("a sweep");
    assert_eq!((read.measure, read.lines.len(), read.lines[0].points.len()), (Measure::Agreement, 1, 3));
    let agreed: Vec<_> =
        read.lines[0].points.iter().filter(|point| point.image.is_some()).map(|point| point.accuracy.map(|figure| figure.value)).collect();
    assert_eq!(agreed, [Some(1.0), Some(1.0)], "the stub says the same of every size");
    assert!(read.lines[0].points.iter().all(|point| point.cost.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_was_answered_before_is_known_and_another_one_is_asked() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let sweep = asked(&platform, SentImage::all(&[512], &[]), &[MODEL]).await;
    let run = platform.client.start_sweep(&sweep).await.expect("started");
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    let calls = stub.traffic().all_questions();
    let sweep = StartSweep { images: SentImage::all(&[512, 300], &[]), ..sweep };
    let run = platform.client.start_sweep(&sweep).await.expect("started");
    let run = until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state != RunState::Running).then_some(run)
    })
    .await;
    assert_eq!((run.reused, stub.traffic().all_questions() - calls), (12, 6));
    let read = platform.client.sweep(run.id).await.expect("a sweep");
    let costs: Vec<f64> = read.lines[0].points.iter().map(|point| point.cost.expect("a cost, known already or not").value).collect();
    assert!(costs.iter().all(|cost| *cost > 0.0), "what was known counts with what it cost: {costs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_columns_of_models_that_take_them() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let mut asked = asked(&platform, Vec::new(), &["on-device", MODEL]).await;
    asked.parameters = Parameters::all(&[0.0, 0.7], &[Effort::Low, Effort::High]);
    let estimate = platform.client.estimate_sweep(&asked).await.expect("an estimate");
    assert_eq!((estimate.columns.len(), estimate.calls), (3, 18), "it takes no temperature, and what is on this machine takes nothing");
    let run = platform.client.start_sweep(&asked).await.expect("started");
    let labels: Vec<String> = run.columns.iter().map(RunColumn::label).collect();
    assert_eq!(labels, ["Draft · on-device", &format!("Draft · thinking low · {MODEL}"), &format!("Draft · thinking high · {MODEL}")]);
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    let bodies: Vec<String> = stub.traffic().all().iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
    for effort in ["low", "high"] {
        let told = format!("\"reasoning_effort\":\"{effort}\"");
        assert_eq!(bodies.iter().filter(|body| body.contains(&told)).count(), 6, "{effort}");
    }
    let calls = stub.traffic().all_questions();
    asked.parameters = Parameters::all(&[], &[Effort::Low]);
    let again = platform.client.start_sweep(&asked).await.expect("started");
    assert_eq!((again.reused, stub.traffic().all_questions()), (12, calls), "what was asked in the same way is known");
    let hot = StartSweep { parameters: Parameters::all(&[7.0], &[]), ..asked };
    let refused = platform.client.start_sweep(&hot).await.expect_err("too hot");
    assert_eq!((refused.code(), refused.to_string().contains("Temperature goes from 0 to 2")), (Some("parameters"), true), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_sweep_is_tried_again_in_the_size_that_it_was_asked_in() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let mut sweep = asked(&platform, SentImage::all(&[300], &[]), &[MODEL]).await;
    sweep.run.photo_ids.truncate(1);
    let run = platform.client.start_sweep(&sweep).await.expect("started");
    until("the run to end", || async { (platform.client.run(run.id).await.expect("run").state != RunState::Running).then_some(()) }).await;
    let cells = platform.client.run_cells(run.id, None).await.expect("cells").items;
    let cell = |column: u32| cells.iter().find(|cell| cell.column == column).expect("a cell").id.0;
    let again = ReplayTrace { from: ReplayFrom::Prompt { model: MODEL.to_owned(), content: "Name the birds".to_owned(), parts: Default::default() } };
    let tokens = async |id| platform.client.estimate_replay(id, &again).await.expect("an estimate").expect("it calls").columns[0].input_tokens;
    assert!(tokens(cell(0)).await > tokens(cell(1)).await, "the smaller photo is fewer tokens");
    let width = || stub.traffic().all().iter().rev().find_map(|seen| seen.photo.as_ref().map(|photo| photo.width_px));
    let first = platform.client.replay_trace(cell(1), &again).await.expect("replayed");
    assert_eq!(width(), Some(300));
    // A replay of a replay as well.
    platform.client.replay_trace(first.summary.id.0, &again).await.expect("replayed");
    assert_eq!(width(), Some(300));
    platform.client.replay_trace(cell(0), &again).await.expect("replayed");
    assert_eq!(width(), Some(1024), "as the model's rule says");

    // The photo alone is another: the model and its prompt are those of the trace.
    let sized = |max_edge_px| ReplayTrace { from: ReplayFrom::Photo { image: SentImage { max_edge_px, quality: None } } };
    let small = platform.client.replay_trace(cell(0), &sized(Some(200))).await.expect("replayed");
    assert_eq!((width(), small.summary.model.as_str()), (Some(200), MODEL));
    assert_eq!(
        small.prompt.map(|prompt| (prompt.content, prompt.image.and_then(|image| image.max_edge_px))),
        Some(("Name what you see".to_owned(), Some(200)))
    );
    platform.client.replay_trace(cell(1), &sized(None)).await.expect("replayed");
    assert_eq!(width(), Some(1024), "as usual again");
    let refused = platform.client.replay_trace(cell(0), &sized(Some(20))).await.expect_err("too small");
    assert_eq!(refused.code(), Some("image_size"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_sent_is_refused_before_anything_is_asked() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub).await;
    let sweep = asked(&platform, vec![SentImage { max_edge_px: Some(20), quality: None }], &[MODEL]).await;
    let problem = platform.client.start_sweep(&sweep).await.expect_err("too small");
    assert_eq!((problem.code(), stub.traffic().all_questions()), (Some("image_size"), 0));
    let plain = StartSweep { images: Vec::new(), ..sweep };
    let run = platform.client.start_sweep(&plain).await.expect("started");
    let problem = platform.client.sweep(run.id).await.expect_err("no sweep");
    assert_eq!(problem.code(), Some("no_sweep"));
}
