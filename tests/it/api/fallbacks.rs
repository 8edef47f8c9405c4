//! Models that stand in for the live one: in their order, after their faults, each paid for, none asked twice.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::config::{ConfigChanged, ProcessingRules};
use minerva_console::wire::fallback::{Fallback, SetFallbacks};
use minerva_console::wire::health::HealthState;
use minerva_console::wire::job::{JobDetails, JobState};
use minerva_console::wire::model::{ActivateModel, SetModelParameters};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::prompt_parts::Parameters;
use minerva_console::wire::result::{Fault, FaultKind, Note, Outcome};
use minerva_console::wire::worker::Doing;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted};

const LIVE: &str = "gemini/gemini-3.5-flash-lite";
const SECOND: &str = "openai/gpt-6-luna";
const THIRD: &str = "anthropic/claude-haiku-5-5";

/// The real providers at the stub, each acting out its scenario; Gemini's model is live.
async fn start(stub: &ProviderStub, scenarios: [(Wire, &str); 3]) -> TestPlatform {
    let keys = Keys::new(HashMap::from(Wire::ALL.map(|wire| (wire.name().to_owned(), SecretString::from(wire.key())))), false);
    let endpoint = |(wire, scenario): (Wire, &str)| Endpoint {
        name: wire.name().to_owned(),
        base: Some(stub.base_as(wire, scenario)),
        limits: Limits::default(),
    };
    let settings = ProviderSettings { endpoints: scenarios.map(endpoint).into(), on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &keys);
    let platform = platform::start(Options { providers, keys, ..Options::default() }).await;
    platform.client.activate_model(&ActivateModel { name: LIVE.to_owned() }).await.expect("live");
    platform
}

fn scenarios<'s>(gemini: &'s str, openai: &'s str, anthropic: &'s str) -> [(Wire, &'s str); 3] {
    [(Wire::Gemini, gemini), (Wire::OpenAi, openai), (Wire::Anthropic, anthropic)]
}

async fn set(platform: &TestPlatform, fallbacks: Vec<Fallback>) -> ConfigChanged {
    let revision = platform.client.config().await.expect("config").revision;
    platform.client.set_fallbacks(revision, &SetFallbacks { fallbacks }).await.expect("set")
}

fn after(model: &str, kinds: &[FaultKind]) -> Fallback {
    Fallback { model: model.to_owned(), on: kinds.iter().copied().collect() }
}

/// One photo, once its job has ended.
async fn one_photo(platform: &TestPlatform, state: JobState) -> JobDetails {
    platform.add(1, true).await;
    let jobs = platform.until_jobs(1, state).await;
    platform.client.job(jobs[0].id).await.expect("job")
}

fn asked(stub: &ProviderStub) -> Vec<String> {
    stub.traffic()
        .all()
        .into_iter()
        .filter(|seen| seen.is_question)
        .map(|seen| format!("{}/{}", seen.wire.expect("a wire").name(), seen.model))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_fault_the_next_is_asked_the_result_says_why_and_both_are_paid_for() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("answer-refused", "forbidden", "good")).await;
    set(&platform, vec![after(SECOND, &[FaultKind::Refused]), Fallback::usual(THIRD)]).await;
    let done = one_photo(&platform, JobState::Completed).await;
    assert_eq!(asked(&stub), [LIVE, SECOND, THIRD], "in their order");
    assert_eq!(done.job.model.as_deref(), Some(THIRD));
    let models: Vec<&str> = done.results.iter().rev().map(|result| result.model.as_str()).collect();
    assert_eq!(models, [LIVE, SECOND, THIRD], "each call has its result");
    let Outcome::Completed(answer) = &done.results[0].outcome else { panic!("{:?}", done.results[0]) };
    let why = format!("{THIRD} stood in, because {LIVE}: model refused; {SECOND}: no permission");
    assert_eq!(answer.notes.first(), Some(&Note::mended(why)));
    let calls: Vec<&str> = done.results[0].trace.iter().filter(|step| step.name == "call").map(|step| step.detail.as_str()).collect();
    assert!(calls.len() == 3 && calls[0].starts_with(LIVE) && calls[1].starts_with(SECOND) && calls[2].starts_with(THIRD), "{calls:?}");
    let turns: Vec<&str> = done.results[0].trace.iter().filter(|step| step.name == "fallback").map(|step| step.detail.as_str()).collect();
    assert_eq!(
        turns,
        [format!("{SECOND} is asked instead of {LIVE}: model refused"), format!("{THIRD} is asked instead of {SECOND}: no permission")]
    );
    assert!(done.results[0].trace.is_sorted_by(|one, next| one.start_ms <= next.start_ms), "{:?}", done.results[0].trace);
    let Outcome::Failed(refused) = &done.results[2].outcome else { panic!("{:?}", done.results[2]) };
    let (refusal, answered) = (refused.cost_usd.expect("billed"), answer.cost_usd.expect("priced"));
    assert!(refusal > UsdMicros(0) && answered > UsdMicros(0));
    assert_eq!(platform.client.live_status().await.expect("status").spend_today_usd, refusal + answered);
    let listed = platform.client.models().await.expect("models").items;
    let live = listed.iter().find(|model| model.name == LIVE).and_then(|model| model.measured).expect("measured");
    assert_eq!((live.results, live.failed), (1, 1), "its failure is not hidden by who stood in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_no_reason_unless_it_is_chosen() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("answer-refused", "good", "good")).await;
    set(&platform, vec![Fallback::usual(SECOND)]).await;
    let done = one_photo(&platform, JobState::Failed).await;
    assert_eq!(done.job.fault.expect("a fault").kind, FaultKind::Refused);
    assert_eq!(asked(&stub), [LIVE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_fail_the_first_fault_is_told_with_the_list() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("forbidden", "unknown-model", "truncated")).await;
    // The live one is in its own chain: it is not asked again.
    let chain = vec![after(LIVE, &[FaultKind::Permission]), Fallback::usual(SECOND), Fallback::usual(THIRD)];
    set(&platform, chain).await;
    let done = one_photo(&platform, JobState::Failed).await;
    assert_eq!(asked(&stub), [LIVE, SECOND, THIRD], "none twice");
    let fault = done.job.fault.expect("a fault");
    assert_eq!(fault.kind, FaultKind::Permission);
    let list = format!("The models after it gave no answer either: {SECOND}: unknown model; {THIRD}: answer cut off");
    assert!(fault.message.ends_with(&list), "{}", fault.message);
    assert_eq!(done.results.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_held_back_is_passed_at_once_and_the_queue_goes_on() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("key-refused", "good", "good")).await;
    set(&platform, vec![Fallback::usual(SECOND)]).await;
    let first = one_photo(&platform, JobState::Completed).await;
    assert_eq!(first.job.model.as_deref(), Some(SECOND));
    let files = (100..106).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    let jobs = platform.until_jobs(7, JobState::Completed).await;
    assert!(jobs.iter().all(|job| job.model.as_deref() == Some(SECOND)), "{jobs:?}");
    let asked = asked(&stub);
    assert_eq!(asked.iter().filter(|model| *model == LIVE).count(), 1, "its key was refused once: {asked:?}");
    assert!(platform.client.live_status().await.expect("status").held_back.is_none());
    let details = platform.client.job(jobs[0].id).await.expect("job");
    let Outcome::Completed(answer) = &details.results[0].outcome else { panic!("{details:?}") };
    let why = format!("{SECOND} stood in, because {LIVE}: not asked, key not accepted");
    assert_eq!(answer.notes.first(), Some(&Note::mended(why)));
    assert_eq!(details.results.len(), 1, "what was not called has no result");

    // Without the chain the queue waits as ever.
    set(&platform, Vec::new()).await;
    platform.client.add_photos(vec![("last.jpg".to_owned(), platform::jpeg(64, 48, 200))], true).await.expect("added");
    platform.until_jobs(1, JobState::Pending).await;
    assert!(platform.client.live_status().await.expect("status").held_back.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_not_waited_for_where_another_model_stands_in() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("limited-minute", "good", "good")).await;
    set(&platform, vec![Fallback::usual(SECOND)]).await;
    let first = one_photo(&platform, JobState::Completed).await;
    assert_eq!(first.job.model.as_deref(), Some(SECOND));
    let Outcome::Completed(answer) = &first.results[0].outcome else { panic!("{first:?}") };
    assert_eq!(answer.notes.first(), Some(&Note::mended(format!("{SECOND} stood in, because {LIVE}: rate limited"))));
    let Outcome::Failed(limited) = &first.results[1].outcome else { panic!("{first:?}") };
    assert!(limited.kind == FaultKind::RateLimited && limited.message.contains("takes no more calls for"), "{limited:?}");
    assert_eq!(limited.cost_usd.unwrap_or_default(), UsdMicros(0));
    // While the limit lasts the live one is not asked at all.
    let files = (100..103).map(|seed| (format!("{seed}.jpg"), platform::jpeg(64, 48, seed))).collect();
    platform.client.add_photos(files, true).await.expect("added");
    platform.until_jobs(4, JobState::Completed).await;
    let asked = asked(&stub);
    assert_eq!(asked.iter().filter(|model| *model == LIVE).count(), 1, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stands_in_is_named_among_the_workers_while_it_is_asked() {
    let (live, standing_in) = (Scripted::new(), Scripted::held());
    live.then(Act::Fail(Fault::new(FaultKind::Server, "broken")));
    let platform = platform::start(Options::with_providers(vec![live.clone(), standing_in.renamed("second")])).await;
    set(&platform, vec![Fallback::usual("second")]).await;
    platform.add(1, true).await;
    let worker = platform::until("the second is asked", || async {
        let workers = platform.client.workers().await.expect("workers").at_work;
        workers.into_iter().find(|worker| worker.model.as_deref() == Some("second") && worker.now.is_some_and(|now| now.doing == Doing::Asking))
    })
    .await;
    assert_eq!(worker.job.model.as_deref(), Some("on-device"), "the job was begun with the live one");
    standing_in.let_through(1);
    platform.until_jobs(1, JobState::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_spending_holds_for_who_stands_in() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("forbidden", "good", "good")).await;
    set(&platform, vec![Fallback::usual("openai/not-in-any-catalogue"), Fallback::usual("on-device")]).await;
    let config = platform.client.config().await.expect("config");
    let rules = ProcessingRules { daily_limit_usd: Some(UsdMicros(1_000_000)), ..config.rules };
    platform.client.set_processing_rules(config.revision, &rules).await.expect("set");
    let done = one_photo(&platform, JobState::Completed).await;
    assert_eq!(asked(&stub), [LIVE], "its price is not known, so it was not asked");
    assert_eq!(done.job.model.as_deref(), Some("on-device"), "what is free is asked under any limit");
    let Outcome::Completed(answer) = &done.results[0].outcome else { panic!("{done:?}") };
    assert!(answer.notes[0].text.contains("openai/not-in-any-catalogue: not asked. The price of"), "{:?}", answer.notes);
}

#[tokio::test]
async fn a_chain_that_can_not_be_followed_is_refused_and_nothing_is_saved() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("good", "good", "good")).await;
    let before = platform.client.config().await.expect("config");
    let many = (0..9).map(|at| Fallback::usual(format!("openai/m{at}"))).collect();
    for (chain, code, words) in [
        (vec![Fallback::usual(SECOND), Fallback::usual(SECOND)], "fallbacks", "twice"),
        (many, "fallbacks", "At most 8"),
        (vec![after(SECOND, &[])], "fallback_faults", "no fault at all"),
        (vec![after(SECOND, &[FaultKind::Cancelled])], "fallback_faults", "'cancelled'"),
        (vec![Fallback::usual("opnai/x")], "unknown_model", "no model 'opnai/x'"),
    ] {
        let refused = platform.client.set_fallbacks(before.revision, &SetFallbacks { fallbacks: chain }).await.expect_err("refused");
        assert_eq!(refused.code(), Some(code), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let stale = platform.client.set_fallbacks(before.revision - 1, &SetFallbacks { fallbacks: Vec::new() }).await.expect_err("refused");
    assert_eq!(stale.code(), Some("stale"));
    assert_eq!(platform.client.config().await.expect("config"), before);
    // A model whose key is missing can't stand in.
    let keyless = platform::start(Options::with_providers(vec![Scripted::new(), Scripted::new().on_the_net("gemini", "flash")])).await;
    let revision = keyless.client.config().await.expect("config").revision;
    let refused = keyless.client.set_fallbacks(revision, &SetFallbacks { fallbacks: vec![Fallback::usual("gemini/flash")] }).await;
    assert_eq!(refused.expect_err("refused").code(), Some("no_key"));
}

#[tokio::test]
async fn chain_and_parameters_are_journalled_undone_done_again_and_carried_by_files() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (here, there) = (start(&stub, scenarios("good", "good", "good")).await, start(&stub, scenarios("good", "good", "good")).await);
    let changed = set(&here, vec![Fallback::usual(SECOND)]).await;
    assert_eq!(changed.change.expect("a change").summary, format!("Fallback models: none → {SECOND}"));
    let cool = Parameters { temperature: Some(0.2), max_output_tokens: Some(500), ..Parameters::default() };
    let asked = SetModelParameters { model: LIVE.to_owned(), parameters: cool };
    let changed = here.client.set_model_parameters(changed.config.revision, &asked).await.expect("set");
    assert_eq!(changed.change.expect("a change").summary, format!("Parameters of {LIVE}: unset → temperature 0.2, longest answer 500 tokens"));
    here.client.undo_config().await.expect("undone");
    assert!(here.client.config().await.expect("config").model_parameters.is_empty());
    here.client.undo_config().await.expect("undone");
    assert!(here.client.config().await.expect("config").fallbacks.is_empty());
    here.client.redo_config().await.expect("again");
    here.client.redo_config().await.expect("again");
    let config = here.client.config().await.expect("config");
    assert_eq!((config.fallbacks.len(), config.model_parameters.get(LIVE)), (1, Some(&cool)));

    let file = here.client.export_config().await.expect("exported");
    assert!(file.settings.contains_key("fallbacks") && file.settings.contains_key(&format!("model:{LIVE}")), "{file:?}");
    let text = serde_json::to_string(&file).expect("a text");
    let preview = there.client.preview_config_import(text.clone()).await.expect("a preview");
    let fields: Vec<&str> = preview.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["fallbacks", &format!("model:{LIVE}")], "{preview:?}");
    there.client.import_config(preview.revision, text, false).await.expect("imported");
    assert_eq!(there.client.config().await.expect("config").fallbacks, config.fallbacks);
    // What can't be followed is refused at its field, and by its shape.
    for (field, value, words) in [
        ("fallbacks", json!([{"model": "opnai/x", "on": ["timeout"]}]), "no model 'opnai/x'"),
        ("fallbacks", json!([{"model": SECOND, "on": ["sunspots"]}]), "can't hold"),
        (&format!("model:{LIVE}"), json!({"temperature": 9.0}), "Temperature goes from 0 to 2"),
    ] {
        let mut file = file.clone();
        file.settings.insert(field.to_owned(), value);
        let preview = there.client.preview_config_import(serde_json::to_string(&file).expect("a text")).await.expect("a preview");
        assert!(preview.refused.iter().any(|refused| refused.field == field && refused.why.contains(words)), "{preview:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_answers_with_its_own_parameters_where_the_prompt_says_nothing() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, scenarios("good", "good", "good")).await;
    let config = platform.client.config().await.expect("config");
    let too_hot = SetModelParameters { model: LIVE.to_owned(), parameters: Parameters { temperature: Some(2.5), ..Parameters::default() } };
    let refused = platform.client.set_model_parameters(config.revision, &too_hot).await.expect_err("refused");
    assert_eq!(refused.code(), Some("temperature"));
    let set = Parameters { max_output_tokens: Some(321), ..Parameters::default() };
    let asked = SetModelParameters { model: LIVE.to_owned(), parameters: set };
    platform.client.set_model_parameters(config.revision, &asked).await.expect("set");
    let done = one_photo(&platform, JobState::Completed).await;
    let sent = stub.traffic().all().into_iter().rfind(|seen| seen.is_question).expect("asked");
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(body["generationConfig"]["maxOutputTokens"], json!(321), "{}", body["generationConfig"]);
    let prompt = done.results[0].trace.iter().find(|step| step.name == "prompt").expect("a step");
    assert!(prompt.detail.contains("longest answer 321 tokens as set for the model"), "{}", prompt.detail);
}

#[tokio::test]
async fn where_another_model_does_the_work_the_platform_is_not_down() {
    let (live, second) = (Scripted::new(), Scripted::new());
    let keys = ["gemini", "openai"].map(|name| (name.to_owned(), "a-key-for-nobody".into()));
    let list = vec![Scripted::new() as _, live.on_the_net("gemini", "gemini-3.5-flash-lite"), second.on_the_net("openai", "gpt-6-luna")];
    let platform = platform::start(Options { keys: Keys::new(HashMap::from(keys), false), ..Options::with_providers(list) }).await;
    platform.client.activate_model(&ActivateModel { name: LIVE.to_owned() }).await.expect("live");
    set(&platform, vec![Fallback::usual(SECOND)]).await;
    for _ in 0..6 {
        live.then(Act::Fail(Fault::new(FaultKind::Server, "Broken")));
    }
    let model = async || {
        let health = platform.client.health().await.expect("health");
        health.checks.into_iter().find(|check| check.name == "model").expect("the model")
    };
    platform.add(6, true).await;
    platform.until_jobs(6, JobState::Completed).await;
    let meanwhile = model().await;
    assert_eq!(meanwhile.status, HealthState::Degraded);
    assert!(meanwhile.detail.starts_with(&format!("{SECOND} stands in for {LIVE}. ")), "{}", meanwhile.detail);
    set(&platform, Vec::new()).await;
    assert_eq!(model().await.status, HealthState::Down, "nothing stands in");
}
