//! Wire × scenario → what becomes of it: the right fault, the tries that were made, the retries and waits that were
//! told, and what was billed. All of the table runs at once, asked whole and asked in a stream; all that is wrong is
//! reported at once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use minerva_console::keys::Keys;
use minerva_console::providers::{CallContext, CallNews, Endpoint, Limits, PhotoRequest, PriceBook, ProviderSettings, Providers, SentPhoto};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Answer, Fault, FaultKind, Usage};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::support::provider_stub::{ProviderStub, Wire};

use FaultKind::{Auth, BadAnswer, BadRequest, Network, Overloaded, Permission, QuotaSpent, RateLimited, Refused, RetiredModel, Server};
use FaultKind::{Timeout, TooLarge, Truncated, UnknownModel};
use Wire::{Anthropic, Compatible, Gemini, Ollama, OpenAi, Vision};

const ALL: &[Wire] = &Wire::ALL;
/// Those that write text.
const TEXT: &[Wire] = &[Gemini, OpenAi, Compatible, Anthropic, Ollama];
/// Those that can decline.
const DECLINE: &[Wire] = &[Gemini, OpenAi, Compatible, Anthropic];
/// Those that have models to retire.
const RETIRE: &[Wire] = &[Gemini, OpenAi, Compatible, Anthropic, Ollama];

/// One line of the table.
#[derive(Clone, Copy)]
struct Row {
    scenario: &'static str,
    wires: &'static [Wire],
    want: Want,
    /// Calls of the wire; `None`: as many as the time allows.
    tries: Option<u64>,
    /// What the provider asked to wait: told by the fault, or passed before the next try.
    wait_ms: Option<u64>,
    /// Tokens in and out that are billed; `None`: nothing is.
    billed: Option<(u64, u64)>,
    tags: Option<usize>,
}

#[derive(Clone, Copy)]
enum Want {
    Works,
    Fails(FaultKind),
}

const fn works(scenario: &'static str, wires: &'static [Wire]) -> Row {
    Row { scenario, wires, want: Want::Works, tries: Some(1), wait_ms: None, billed: Some((760, 100)), tags: None }
}

const fn fails(scenario: &'static str, wires: &'static [Wire], kind: FaultKind) -> Row {
    Row { scenario, wires, want: Want::Fails(kind), tries: Some(1), wait_ms: None, billed: None, tags: None }
}

impl Row {
    const fn tries(self, tries: u64) -> Self {
        Self { tries: Some(tries), ..self }
    }

    const fn while_time_lasts(self) -> Self {
        Self { tries: None, ..self }
    }

    const fn wait_ms(self, ms: u64) -> Self {
        Self { wait_ms: Some(ms), ..self }
    }

    const fn billed(self, input: u64, output: u64) -> Self {
        Self { billed: Some((input, output)), ..self }
    }

    const fn tags(self, count: usize) -> Self {
        Self { tags: Some(count), ..self }
    }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    works("good",              ALL),
    works("confidence-7",      ALL).tags(1),
    works("ten-thousand-tags", ALL).tags(100),
    works("cached",            &[Gemini, OpenAi, Compatible, Anthropic]),
    works("empty",             &[Vision]).tags(0),

    // Wait and try again: each way in which a wait is told.
    works("limited-untold",    ALL).tries(2),
    works("limited-seconds",   ALL).tries(2).wait_ms(1_000),
    works("limited-date",      ALL).tries(2).wait_ms(1_900),
    works("limited-ms",        &[OpenAi, Compatible]).tries(2).wait_ms(1_300),
    works("limited-info",      &[Gemini, Vision]).tries(2).wait_ms(1_200),
    works("limited-words",     &[OpenAi, Compatible]).tries(2).wait_ms(1_300),
    fails("limited-long",      ALL, RateLimited).wait_ms(300_000),
    works("fails-twice",       ALL).tries(3),
    works("no-schema",         Wire::STREAMS).tries(2),

    // Waiting is of no use.
    fails("spent--per-day",    &[Gemini, Vision], QuotaSpent),
    fails("spent--limit-zero", &[Gemini, Vision], QuotaSpent),
    fails("spent--insufficient_quota",               &[OpenAi, Compatible], QuotaSpent),
    fails("spent--credit_balance_exhausted",         &[OpenAi, Compatible], QuotaSpent),
    fails("spent--organization_spend_limit_exceeded", &[OpenAi, Compatible], QuotaSpent),
    fails("spent--project_spend_limit_exceeded",     &[OpenAi, Compatible], QuotaSpent),
    fails("spent--organization_usage_limit_exceeded", &[OpenAi, Compatible], QuotaSpent),
    fails("spent",             &[Anthropic, Ollama], QuotaSpent),
    fails("spent--credit",     &[Anthropic], QuotaSpent),
    fails("spent--spending-cap",                     &[Gemini], QuotaSpent),
    fails("spent--words-per-day",                    &[Vision], QuotaSpent),
    fails("spent--billing_hard_limit_reached",       &[OpenAi, Compatible], QuotaSpent),
    fails("spent--budget_exceeded",                  &[OpenAi, Compatible], QuotaSpent),
    fails("spent--free-models-per-day",              &[OpenAi, Compatible], QuotaSpent),

    fails("key-refused",       ALL,    Auth),
    fails("barred--leaked",    &[Gemini], Auth),
    fails("barred",            &[Gemini, Vision, OpenAi, Compatible, Anthropic], Permission),
    fails("forbidden",         ALL,    Permission),
    fails("unknown-model",     TEXT,   UnknownModel),
    fails("retired",           RETIRE, RetiredModel),
    fails("gone",              ALL,    RetiredModel),
    fails("bad-request",       ALL,    BadRequest),
    fails("too-large",         ALL,    TooLarge),
    fails("beyond-context",    TEXT,   TooLarge),
    fails("redirected",        ALL,    BadRequest),

    fails("error-500",         ALL, Server).tries(4),
    fails("overloaded",        ALL, Overloaded).tries(4),
    fails("bad-gateway",       ALL, Server).tries(4),
    fails("cut",               ALL, Network).tries(4),
    fails("slow",              ALL, Timeout).while_time_lasts(),
    fails("stalled",           ALL, Timeout).while_time_lasts(),

    fails("html",              ALL, BadAnswer),
    fails("malformed",         ALL, BadAnswer),
    fails("error-inside",      &[Gemini, Vision, Anthropic],  Overloaded).tries(4),
    fails("error-inside",      &[OpenAi, Compatible, Ollama], Server).tries(4),

    // Results that were paid for.
    fails("prompt-refused",    DECLINE, Refused).billed(760, 0),
    fails("answer-refused",    DECLINE, Refused).billed(760, 12),
    fails("truncated",         TEXT, Truncated).billed(760, 100),
    fails("wrong-schema",      TEXT, BadAnswer).billed(760, 100),
    fails("not-json",          TEXT, BadAnswer).billed(760, 100),
    fails("empty",             TEXT, BadAnswer).billed(760, 100),
];

/// A model of the catalogue, so that there is a price; the scenario is in the base URL.
fn model(wire: Wire) -> &'static str {
    match wire {
        Gemini => "gemini-3.5-flash-lite",
        Vision => "labels",
        OpenAi => "gpt-6-luna",
        Compatible => "qwen3.6-vl",
        Anthropic => "claude-haiku-5-5",
        Ollama => "gemma4",
    }
}

/// By hand: USD per million tokens, which is micro-dollars a token. Vision's labels are 1.50 USD per thousand; a server
/// on this machine is free.
fn cost(wire: Wire, row: &Row) -> Option<UsdMicros> {
    let (input, output) = row.billed?;
    let cached = if row.scenario == "cached" { 500 } else { 0 };
    let micros = match wire {
        Gemini => (input - cached) as f64 * 0.30 + cached as f64 * 0.03 + output as f64 * 2.50,
        OpenAi | Anthropic => (input - cached) as f64 * 0.10 + cached as f64 * 0.01 + output as f64 * 0.50,
        Vision => 1_500.0,
        Compatible | Ollama => 0.0,
    };
    Some(UsdMicros(micros.round() as i64))
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Whole,
    /// Somebody listens: what can stream does.
    Streamed,
}

/// What became of one call.
struct Outcome {
    result: Result<Answer, Fault>,
    news: Vec<CallNews>,
    took: Duration,
}

/// Impatient where nothing comes.
fn is_impatient(scenario: &str) -> bool {
    matches!(scenario, "slow" | "stalled")
}

/// Making them takes a while, in which no call's time may run.
fn providers_for(stub: &ProviderStub, wire: Wire, scenario: &str) -> Providers {
    let impatient = is_impatient(scenario);
    let limits = Limits { timeout_s: impatient.then_some(1), ..Limits::default() };
    let endpoint = Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let keys = Keys::new(HashMap::from([(wire.name().to_owned(), SecretString::from(wire.key()))]), false);
    Providers::new(&settings, &keys)
}

async fn ask(providers: &Providers, wire: Wire, scenario: &str, mode: Mode) -> Outcome {
    let impatient = is_impatient(scenario);
    let name = format!("{}/{}", wire.name(), model(wire));
    let (provider, model) = providers.find(&name).expect("a provider of this name");
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30]));
    let bytes = minerva_console::photos::encode_jpeg(&image, 85).expect("encodes").into();
    let request = PhotoRequest::plain(model, SentPhoto::Jpeg { bytes, width_px: 64, height_px: 48 }, "Tag this photo".to_owned());
    let news = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&news);
    // All of the table runs at once: on a busy machine that takes what it takes, and time decides nothing but for the impatient.
    let limit = if impatient { Duration::from_millis(1_500) } else { Duration::from_mins(5) };
    let mut call = CallContext::new(CancellationToken::new(), limit);
    call.news =
        (mode == Mode::Streamed).then(|| Arc::new(move |item| told.lock().expect("not poisoned").push(item)) as Arc<dyn Fn(CallNews) + Send + Sync>);
    call.wants_text = mode == Mode::Streamed;
    let begun = Instant::now();
    let result = provider.analyse(&request, &call).await;
    let news = news.lock().expect("not poisoned").clone();
    Outcome { result, news, took: begun.elapsed() }
}

/// What people call the provider.
fn called(wire: Wire) -> &'static str {
    match wire {
        Gemini => "Gemini",
        Vision => "Cloud Vision",
        OpenAi => "OpenAI",
        Compatible => "mylab",
        Anthropic => "Anthropic",
        Ollama => "Ollama",
    }
}

/// What is wrong with an outcome, in words.
fn mismatches(stub: &ProviderStub, wire: Wire, row: &Row, mode: Mode, outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, words: String| wrong.extend((!is_right).then_some(words));
    let (retries, usage, cost_usd) = match (&outcome.result, row.want) {
        (Ok(answer), Want::Works) => {
            let tags = answer.tags.len();
            check(row.tags.is_none_or(|want| want == tags), format!("{tags} tags, not {:?}", row.tags));
            (answer.retries, answer.usage, answer.cost_usd)
        }
        (Err(fault), Want::Fails(kind)) => {
            check(fault.kind == kind, format!("{:?} ({fault}), not {kind:?}", fault.kind));
            check(fault.provider.as_deref() == Some(wire.name()), format!("provider {:?}", fault.provider));
            check(fault.message.len() > 15, format!("says only '{fault}'"));
            check(fault.message.contains(called(wire)), format!("does not say whose fault it is: '{fault}'"));
            check(!fault.message.contains(".."), format!("two full stops: '{fault}'"));
            check(fault.until.is_some() == (row.scenario == "limited-long"), format!("left alone until {:?}", fault.until));
            let stops = matches!(kind, Auth | QuotaSpent) || row.scenario == "barred";
            check(fault.stops_provider() == stops, format!("whether it stops the provider: {}", fault.stops_provider()));
            // Whoever heard nothing, or something else than an answer, does not know what it cost, where anything costs at all.
            let is_unheard = matches!(row.scenario, "slow" | "stalled" | "cut" | "html" | "malformed");
            // Nor does whoever heard half of an answer.
            let is_half = row.scenario == "error-inside" && mode == Mode::Streamed && Wire::STREAMS.contains(&wire);
            let may_cost = (is_unheard || is_half) && !matches!(wire, Compatible | Ollama);
            check(fault.may_cost == may_cost, format!("whether it may have been charged for: {}", fault.may_cost));
            check(!fault.is_unsent, "says that nothing was sent".to_owned());
            check(!fault.message.contains("unknown status"), format!("says '{fault}'"));
            check(row.wait_ms.is_none() || fault.wait_ms == row.wait_ms, format!("wait {:?}, not {:?}", fault.wait_ms, row.wait_ms));
            check_told(wire, row, fault, &mut check);
            let shown = format!("{fault:?}");
            check(!shown.contains(Wire::MARKER) && !shown.contains("127.0.0.1"), format!("tells too much: {shown}"));
            (fault.retries, fault.usage, fault.cost_usd)
        }
        (Ok(answer), Want::Fails(kind)) => return vec![format!("an answer ({:?}), not {kind:?}", answer.caption)],
        (Err(fault), Want::Works) => return vec![format!("{:?} ({fault}), not an answer", fault.kind)],
    };
    let tries = stub.traffic().questions(wire, row.scenario);
    check(row.tries.is_none_or(|want| want == tries), format!("{tries} tries, not {:?}", row.tries));
    // A server that was asked once more without the schema is not one that failed.
    let retried = if row.scenario == "no-schema" { 0 } else { tries.saturating_sub(1) };
    check(row.tries.is_none() || u64::from(retries) == retried, format!("{retries} retries told after {tries} tries"));
    if mode == Mode::Streamed {
        let told = outcome.news.iter().filter(|news| matches!(news, CallNews::Retrying { .. })).count() as u64;
        check(row.tries.is_none() || told == retried, format!("{told} retries in the news, not {retried}"));
        let text = outcome.news.iter().any(|news| matches!(news, CallNews::Text(_)));
        check(text || row.scenario != "good" || !Wire::STREAMS.contains(&wire), "no text was streamed".to_owned());
    }
    if let (Want::Works, Some(ms)) = (row.want, row.wait_ms) {
        check(outcome.took >= Duration::from_millis(ms), format!("waited only {:?}, not {ms} ms", outcome.took));
    }
    check_bill(wire, row, usage, cost_usd, &mut check);
    wrong
}

/// What the provider itself told is in the fault: the status, its own code (Ollama has none), and which request it was.
fn check_told(wire: Wire, row: &Row, fault: &Fault, check: &mut impl FnMut(bool, String)) {
    let told = (fault.status, fault.code.as_deref(), fault.request_id.as_deref());
    let has_code = told.1.is_some_and(|code| !code.is_empty()) || wire == Ollama;
    let is_right = match row.scenario {
        // Nothing came, or not all of it.
        "slow" | "stalled" | "cut" => told.0.is_none(),
        "redirected" => told.0 == Some(307),
        "bad-gateway" => told.0 == Some(502),
        "html" | "malformed" | "wrong-schema" | "not-json" | "empty" => told.0 == Some(200),
        "error-inside" | "prompt-refused" | "answer-refused" | "truncated" => told.0 == Some(200) && has_code,
        _ => told.0 >= Some(400) && has_code && told.2.is_some_and(|id| id.starts_with("stub-") || id == "req_1"),
    };
    check(is_right, format!("told {told:?}"));
}

fn check_bill(wire: Wire, row: &Row, usage: Usage, cost_usd: Option<UsdMicros>, check: &mut impl FnMut(bool, String)) {
    let tokens = usage.input_tokens.zip(usage.output_tokens);
    if wire != Vision {
        check(tokens == row.billed, format!("billed tokens {tokens:?}, not {:?}", row.billed));
    }
    let want = cost(wire, row);
    check(cost_usd == want, format!("cost {cost_usd:?}, not {want:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_of_every_wire_has_its_fault_tries_and_bill() {
    let (whole, streamed) = (ProviderStub::start(Duration::ZERO).await, ProviderStub::start(Duration::ZERO).await);
    let cases = TABLE.iter().flat_map(|row| {
        row.wires.iter().filter(|wire| Wire::READY.contains(wire)).flat_map(move |wire| [(row, *wire, Mode::Whole), (row, *wire, Mode::Streamed)])
    });
    let stub_of = |mode| if mode == Mode::Whole { &whole } else { &streamed };
    let prepared: Vec<_> = cases.map(|(row, wire, mode)| (row, wire, mode, providers_for(stub_of(mode), wire, row.scenario))).collect();
    let mut found: Vec<String> = futures_util::stream::iter(prepared)
        .map(|(row, wire, mode, providers)| async move {
            let outcome = ask(&providers, wire, row.scenario, mode).await;
            let wrong = mismatches(stub_of(mode), wire, row, mode, &outcome);
            wrong.into_iter().map(move |words| format!("{:9} {:24} {mode:?}: {words}", wire.name(), row.scenario)).collect::<Vec<_>>()
        })
        .buffer_unordered(1_000)
        .flat_map(futures_util::stream::iter)
        .collect()
        .await;
    for stub in [&whole, &streamed] {
        found.extend(stub.traffic().misplaced_keys().into_iter().map(|place| format!("a key stands where it should not: {place}")));
        found.extend(stub.traffic().complaints());
        found.extend(stub.traffic().strays().into_iter().map(|seen| format!("followed a redirect: {}", seen.path_and_query)));
    }
    found.sort();
    let report = found.iter().fold(String::new(), |mut report, line| {
        let _ = writeln!(report, "  {line}");
        report
    });
    assert!(found.is_empty(), "{} mismatches\n{report}", found.len());
}

/// The models that a wire's own list offers for photos.
fn offered(wire: Wire) -> &'static [&'static str] {
    match wire {
        Gemini => &["gemini-3.8-flash"],
        Vision => &[],
        OpenAi => &["gpt-6-luna"],
        Compatible => &["qwen3.6-vl"],
        Anthropic => &["claude-haiku-5-5"],
        Ollama => &["gemma4"],
    }
}

/// Good key, wrong key, no key.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_tried_and_models_listed() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let call = CallContext::new(CancellationToken::new(), Duration::from_secs(10));
    for wire in Wire::READY.iter().copied() {
        let provider_with = |key: Option<&str>| {
            let endpoint = Endpoint { name: wire.name().to_owned(), base: Some(stub.base(wire)), limits: Limits::default() };
            let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
            let keys = Keys::new(key.map(|key| (wire.name().to_owned(), SecretString::from(key))).into_iter().collect(), false);
            Providers::new(&settings, &keys).iter().find(|provider| provider.name() == wire.name()).expect("it is there")
        };
        let good = provider_with(Some(wire.key()));
        assert!(good.check(&call).await.is_ok(), "{wire:?} takes its key");
        let listed = good.models(&call).await.unwrap_or_else(|fault| panic!("{wire:?}: {fault}"));
        let taking: Vec<&str> = listed.iter().filter(|model| model.takes_photos != Some(false)).map(|model| model.id.as_str()).collect();
        assert!(!Wire::STREAMS.contains(&wire) || taking == offered(wire), "{wire:?} offers {taking:?}");
        let wrong = provider_with(Some("a-key-that-is-none-at-all")).check(&call).await.expect_err("refused");
        assert_eq!(wrong.kind, Auth, "{wire:?}: {wrong}");
        let before = stub.traffic().all().len();
        let broken = provider_with(Some("a-key-that-was\ncopied-in-two-lines")).check(&call).await.expect_err("no header takes it");
        assert!(broken.kind == Auth && !broken.message.contains("copied"), "{wire:?}: {broken}");
        let without = provider_with(None).check(&call).await;
        assert_eq!(without.is_ok(), wire.key_is_optional(), "{wire:?} without a key: {without:?}");
        assert_eq!(
            stub.traffic().all().len() - before,
            usize::from(wire.key_is_optional()),
            "{wire:?}: nothing is asked without the key that it needs"
        );
    }
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
    let providers = providers_for(&stub, Gemini, "forbidden");
    let gemini = providers.iter().find(|provider| provider.name() == "gemini").expect("it is there");
    assert!(gemini.models(&call).await.is_ok(), "such keys may list models");
    assert_eq!(gemini.check(&call).await.expect_err("and ask nothing").kind, FaultKind::Permission);
    // Where it is to be mended: the key is a variable's.
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), SecretString::from("a-key-that-is-none-at-all"))]), false);
    let endpoint = Endpoint { name: "gemini".to_owned(), base: Some(stub.base(Gemini)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let gemini = Providers::new(&settings, &keys).iter().find(|provider| provider.name() == "gemini").expect("it is there");
    let fault = gemini.check(&call).await.expect_err("refused");
    let words = "GEMINI_API_KEY was refused. Gemini says: API key not valid. Set a valid key there, or enter one in Pipeline control";
    assert_eq!(fault.message, words);
    keys.set_for_session("gemini", "another-that-is-none".into());
    let fault = gemini.check(&call).await.expect_err("refused");
    assert!(fault.message.ends_with("Enter a valid Gemini key in Pipeline control"), "{fault}");
}
