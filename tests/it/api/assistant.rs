//! The assistant reads the platform, says what it read, proposes, and changes nothing.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::client::ApiError;
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::assistant::{AskAssistant, AssistantEvent, AssistantMessage, AssistantRole, ProposedAction};
use minerva_console::wire::config::PipelineState;
use minerva_console::wire::cost::Reprice;
use minerva_console::wire::money::UsdMicros;
use secrecy::SecretString;

use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};

/// With what 700 tokens in and 30 out cost by the shipped book, in micro-dollars: 0.3 and 2.5 USD per million; 0.1 and
/// 0.5; on one's own machine nothing.
const MODELS: [(&str, i64); 5] = [
    ("gemini/gemini-3.5-flash-lite", 285),
    ("openai/gpt-6-luna", 85),
    ("anthropic/claude-haiku-5-5", 85),
    ("ollama/gemma4", 0),
    ("mylab/qwen3.6-vl", 0),
];

/// A platform whose providers are the stub, acting out a scenario.
async fn start(stub: &ProviderStub, scenario: &str) -> TestPlatform {
    let endpoint = |wire: Wire| Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: Wire::ALL.map(endpoint).into(), on_device_threads: 1, book: PriceBook::shipped() };
    let own: HashMap<String, SecretString> = Wire::ALL.map(|wire| (wire.name().to_owned(), SecretString::from(wire.key()))).into();
    let keys = Keys::new(own, false);
    let providers = Providers::new(&settings, &keys);
    platform::start(Options { providers, keys, ..Options::default().without_workers() }).await
}

fn question(model: &str, words: &str) -> AskAssistant {
    AskAssistant { model: model.to_owned(), messages: vec![AssistantMessage { role: AssistantRole::Person, text: words.to_owned() }] }
}

async fn ask(platform: &TestPlatform, asked: &AskAssistant) -> Vec<AssistantEvent> {
    let mut events = Vec::new();
    platform.client.ask_assistant(asked, |event| events.push(event)).await.expect("it answers");
    events
}

/// What it did, in words.
fn story(events: &[AssistantEvent]) -> Vec<String> {
    let said = |event: &AssistantEvent| match event {
        AssistantEvent::Text { text } => text.lines().next().unwrap_or_default().to_owned(),
        AssistantEvent::Call { tool, arguments, .. } => format!("call {tool} {arguments}"),
        AssistantEvent::Called { is_error, result, .. } => format!("{} {}", if *is_error { "error" } else { "ok" }, !result.is_empty()),
        AssistantEvent::Proposal { action, reason } => format!("proposes {action:?} {reason}"),
        AssistantEvent::Usage { input_tokens, output_tokens, .. } => format!("{input_tokens:?} {output_tokens:?}"),
        AssistantEvent::Done { why } => format!("done {why:?}"),
        AssistantEvent::Fault { fault } => format!("fault {:?}", fault.kind),
    };
    events.iter().map(said).collect()
}

#[tokio::test]
async fn every_wire_that_converses_reads_what_it_needs_and_answers() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "good").await;
    for (model, micros) in MODELS {
        let events = ask(&platform, &question(model, "Why did costs rise on Tuesday?")).await;
        assert_eq!(
            story(&events),
            [
                "Some(700) Some(30)",
                "I look at the costs.",
                "call cost {\"timeframe\":\"7d\"}",
                "ok true",
                "call configuration_changes {\"limit\":5}",
                "ok true",
                "Some(700) Some(30)",
                "Costs **rose**, for these reasons:",
                "done None",
            ],
            "{model}"
        );
        let AssistantEvent::Called { result, .. } = &events[3] else { panic!("{events:?}") };
        assert!(result.contains("\"totalCost\":0") && result.contains("costByProvider"), "{result}");
        let cost = |event: &AssistantEvent| match event {
            AssistantEvent::Usage { cost_usd, .. } => Some(*cost_usd),
            _ => None,
        };
        let costs: Vec<Option<UsdMicros>> = events.iter().filter_map(cost).collect();
        assert_eq!(costs, [Some(UsdMicros(micros)); 2], "{model}: each turn is paid for");
    }
    let of_all_time =
        Reprice { from: "2020-01-01T00:00:00Z".parse().expect("a time"), to: "2100-01-01T00:00:00Z".parse().expect("a time"), book: None };
    let costs = platform.client.reprice(&of_all_time).await.expect("costs");
    let mut counted: Vec<(&str, u64, i64)> = costs.models.iter().map(|model| (&model.model[..], model.sum.calls, model.sum.charged_usd.0)).collect();
    let mut paid = MODELS.map(|(model, micros)| (model, 2, 2 * micros));
    counted.sort_unstable();
    paid.sort_unstable();
    assert_eq!(counted, paid, "'minerva costs' lists what the assistant spent");
    assert_eq!(stub.traffic().complaints(), Vec::<String>::new());
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
}

#[tokio::test]
async fn what_it_proposes_is_not_done_and_a_conversation_goes_on() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "chat-proposes").await;
    let mut asked = question("openai/gpt-6-luna", "Costs run away!");
    let events = ask(&platform, &asked).await;
    let proposed =
        events.iter().find_map(|event| if let AssistantEvent::Proposal { action, reason } = event { Some((action, &reason[..])) } else { None });
    assert_eq!(proposed, Some((&ProposedAction::Pause, "Costs run away")));
    assert!(matches!(events.last(), Some(AssistantEvent::Done { why: None })), "{events:?}");
    assert_eq!(platform.client.config().await.expect("config").state, PipelineState::Running, "nothing was done");
    for (role, text) in [(AssistantRole::Assistant, "I proposed it"), (AssistantRole::Person, "Thanks")] {
        asked.messages.push(AssistantMessage { role, text: text.to_owned() });
    }
    assert!(matches!(ask(&platform, &asked).await.last(), Some(AssistantEvent::Done { why: None })));
    assert_eq!(stub.traffic().complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn odd_calls_are_told_to_the_model_and_endless_ones_end() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let odd = start(&stub, "chat-odd").await;
    let events = ask(&odd, &question("anthropic/claude-haiku-5-5", "?")).await;
    let told: Vec<(bool, &str)> = events
        .iter()
        .filter_map(|event| if let AssistantEvent::Called { is_error, result, .. } = event { Some((*is_error, &result[..])) } else { None })
        .collect();
    assert_eq!(told[0], (true, "There is no tool 'drop_tables'"));
    assert!(told[1].0 && told[1].1.contains("limit"), "{told:?}");
    assert!(told[2].0 && told[2].1.starts_with("There is no model 'no/such'"), "what it proposed in vain is shown too: {told:?}");
    assert!(told[3].0 && told[3].1.contains("nonsense"), "{told:?}");
    assert!(!events.iter().any(|event| matches!(event, AssistantEvent::Proposal { .. })), "a model that nobody has is not proposed");
    assert!(matches!(events.last(), Some(AssistantEvent::Done { why: None })), "it could still answer: {events:?}");

    let endless = start(&stub, "chat-loops").await;
    let events = ask(&endless, &question("gemini/gemini-3.5-flash-lite", "?")).await;
    assert!(matches!(events.last(), Some(AssistantEvent::Done { why: Some(why) }) if why.contains("10 turns")), "{events:?}");
    assert_eq!(events.iter().filter(|event| matches!(event, AssistantEvent::Usage { .. })).count(), 10);

    let silent = start(&stub, "chat-silent").await;
    let events = ask(&silent, &question("openai/gpt-6-luna", "?")).await;
    assert!(matches!(events.last(), Some(AssistantEvent::Fault { fault }) if fault.message.contains("said nothing")), "{events:?}");
}

/// Nobody knows what a call cost that was stopped on its way.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_stopped_counts_as_one_of_unknown_cost_where_it_is_not_free() {
    let stub = ProviderStub::start(Duration::from_secs(600)).await;
    let platform = start(&stub, "good").await;
    for (model, unknown) in [("ollama/gemma4", 0), ("gemini/gemini-3.5-flash-lite", 1)] {
        let asked = question(model, "Why did costs rise on Tuesday?");
        let before = stub.traffic().all().len();
        let answering = async { platform.client.ask_assistant(&asked, |_| {}).await };
        tokio::select! {
            _ = answering => unreachable!("the stub is slow"),
            () = until("the call to be under way", || async { (stub.traffic().all().len() > before).then_some(()) }) => {}
        }
        let told = || async { (platform.client.live_status().await.expect("status").lab_spend_unknown == unknown).then_some(()) };
        until("it to be written down", told).await;
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_before_it_begins_or_at_its_end() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let platform = start(&stub, "key-refused").await;
    let refused = async |asked: AskAssistant| match platform.client.ask_assistant(&asked, |_| {}).await {
        Err(ApiError::Problem(problem)) => problem.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(AskAssistant { messages: Vec::new(), ..question("openai/gpt-6-luna", "") }).await, "no_question");
    assert_eq!(refused(question("openai/gpt-6-luna", "  ")).await, "no_question");
    assert_eq!(refused(question("openai/gpt-6-luna", &"a".repeat(200_001))).await, "too_long");
    assert_eq!(refused(question("on-device", "Hello?")).await, "no_chat");
    assert_eq!(refused(question("vision/labels", "Hello?")).await, "no_chat");
    let unknown = refused(question("nobody/nothing", "Hello?")).await;
    assert_eq!(unknown, "unknown_model");

    let wrong_key = Keys::new(HashMap::from([("openai".to_owned(), SecretString::from("sk-wrong"))]), false);
    let endpoint = Endpoint { name: "openai".to_owned(), base: Some(stub.base(Wire::OpenAi)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let providers = Providers::new(&settings, &wrong_key);
    let platform = platform::start(Options { providers, keys: wrong_key, ..Options::default().without_workers() }).await;
    let events = ask(&platform, &question("openai/gpt-6-luna", "Hello?")).await;
    assert_eq!(story(&events), ["fault Auth"]);
    let none = platform.client.ask_assistant(&question("gemini/gemini-3.8-flash", "Hello?"), |_| {}).await;
    assert!(matches!(&none, Err(ApiError::Problem(problem)) if problem.code == "no_key"), "{none:?}");
}
