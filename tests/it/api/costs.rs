//! Costs: known before a run, kept with it, and computed again with other prices.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use minerva_console::client::ApiError;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::Clock as _;
use minerva_console::providers::{Endpoint, Limits, PriceBook, ProviderSettings, Providers};
use minerva_console::wire::cost::{CostRange, Reprice, RepricedSum, UnknownCost};
use minerva_console::wire::job::JobState;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Answer, Fault, FaultKind, Usage};
use minerva_console::wire::run::{Run, RunPrompt, RunState, StartRun};

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{self, Act, Scripted};

/// On the clock's day in March: 2 USD in and 12 USD out per million tokens, a photo is 560 tokens.
const PRO: &str = "gemini/gemini-3.1-pro-preview";

/// A priced model, one of unknown price and the free one.
async fn start(scripted: &Arc<Scripted>, clock: &Arc<TestClock>) -> TestPlatform {
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "k".to_owned().into())]), false);
    let list = vec![scripted.clone(), scripted.on_the_net("gemini", "gemini-3.1-pro-preview"), scripted.renamed("metered")];
    platform::start(Options { keys, clock: clock.clone(), ..Options::with_providers(list) }).await
}

/// 17 characters: five tokens.
fn ask(photos: &[Photo], models: &[&str], repeats: u32) -> StartRun {
    StartRun {
        name: String::new(),
        photo_ids: photos.iter().map(|photo| photo.id).collect(),
        photo_set: None,
        prompts: vec![RunPrompt::inline("Draft", "Name what you see")],
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        repeats,
        concurrency: 2,
        ask_again: true,
    }
}

fn range(low: i64, high: i64) -> CostRange {
    CostRange { low_usd: UsdMicros(low), high_usd: UsdMicros(high) }
}

async fn run(platform: &TestPlatform, asked: &StartRun) -> Run {
    let run = platform.client.start_run(asked).await.expect("started");
    until("the run to end", || async {
        let run = platform.client.run(run.id).await.expect("run");
        (run.state == RunState::Completed).then_some(run)
    })
    .await
}

/// By hand, a call: (560 + 5) × 2 + 60 × 12 = 1,850 micro-dollars with a short answer, (565 × 2) + 400 × 12 = 5,930 with a
/// long one; after answers of 40 tokens 565 × 2 + 40 × 12 = 1,610.
#[tokio::test]
async fn a_run_is_estimated_by_column_and_sharper_once_the_model_was_measured() {
    let (scripted, clock) = (Scripted::new(), TestClock::at_noon());
    let platform = start(&scripted, &clock).await;
    let photos = platform.add(3, false).await;
    let asked = ask(&photos, &[PRO, "metered", "on-device"], 2);
    let seen = platform.client.estimate_run(&asked).await.expect("an estimate");
    assert_eq!(scripted.calls(), 0, "nothing is asked");
    assert_eq!((seen.calls, seen.columns.len()), (18, 3));
    let [pro, metered, free] = &seen.columns[..] else { panic!("{seen:?}") };
    assert_eq!((pro.calls, pro.input_tokens, pro.output_tokens, pro.from_answers), (6, Some(6 * 565), Some(150), 0));
    assert_eq!(pro.cost, Some(range(6 * 1_850, 6 * 5_930)));
    assert_eq!((metered.cost, free.cost), (None, Some(range(0, 0))));
    assert_eq!((seen.total.cost, seen.total.unknown_calls, seen.total.time_ms), (range(11_100, 35_580), 6, None));

    let ended = run(&platform, &asked).await;
    assert_eq!(ended.estimate, Some(seen.total), "kept beside what it became");
    let after = platform.client.estimate_run(&asked).await.expect("an estimate");
    assert_eq!((after.columns[0].from_answers, after.columns[0].output_tokens), (6, Some(40)));
    assert_eq!(after.columns[0].cost, Some(range(6 * 1_610, 6 * 1_610)));
    assert!(after.total.time_ms.is_some(), "all three have been measured");
}

/// Calls that take in 1,090 or 1,110 tokens where the rule says 565, and write `short` or `long` in turn.
fn answers(scripted: &Scripted, calls: u64, short: u64, long: u64) -> UsdMicros {
    let mut sum = UsdMicros(0);
    for call in 0..calls {
        let (input, output) = if call % 2 == 0 { (1_090, short) } else { (1_110, long) };
        let cost = UsdMicros((input * 2 + output * 12) as i64);
        let usage = Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() };
        scripted.then(Act::Answer(Answer { usage, cost_usd: Some(cost), ..scripted::answer(&[("cat", 0.9)]) }));
        sum += cost;
    }
    sum
}

/// By hand: 12 answers of 1,100 tokens in the mean are 13,200 where the rule expects 12 · 565 = 6,780, so a call is 1,100. They write 30 or
/// 50: 40 in the mean, s = √(12 · 100 / 11) = 10.44; the mean of twelve more is 40 ± 2 · 10.44 · √(2/12) = 40 ± 8.53, from 31 to 49.
#[tokio::test]
async fn the_second_estimate_has_learnt_what_a_call_takes_and_is_right_within_its_range() {
    let scripted = Scripted::new();
    let platform = start(&scripted, &TestClock::at_noon()).await;
    let photos = platform.add(12, false).await;
    let asked = ask(&photos, &[PRO], 1);
    let first = platform.client.estimate_run(&asked).await.expect("an estimate").columns.remove(0);
    assert_eq!((first.input_tokens, first.input_from_answers), (Some(12 * 565), 0));
    answers(&scripted, 12, 30, 50);
    run(&platform, &asked).await;
    let second = platform.client.estimate_run(&asked).await.expect("an estimate").columns.remove(0);
    assert_eq!((second.input_tokens, second.input_from_answers), (Some(12 * 1_100), 12));
    assert_eq!((second.output_tokens, second.from_answers), (Some(40), 12));
    let cost = second.cost.expect("known");
    assert_eq!(cost, range(12 * (2_200 + 31 * 12), 12 * (2_200 + 49 * 12)));
    let charged = answers(&scripted, 12, 35, 48);
    let ended = run(&platform, &asked).await;
    assert_eq!(ended.cost_usd, charged);
    assert!((cost.low_usd..=cost.high_usd).contains(&charged), "{charged}: {cost}");

    // A longer prompt takes more, in the same proportion: 17 + 400 characters are 105 tokens, so 665 · 1,100 / 565.
    let longer = StartRun { prompts: vec![RunPrompt::inline("Draft", format!("Name what you see{}", " x".repeat(200)))], ..asked };
    let longer = platform.client.estimate_run(&longer).await.expect("an estimate").columns.remove(0);
    let each = longer.input_tokens.expect("counted") / 12;
    assert!((1_294..=1_295).contains(&each), "{each}");
}

/// Real providers and a person's own catalogue: what costs nothing is nothing although nobody counts its tokens, what is said to be
/// unknown is unknown wherever it runs, and where only the tokens of a photo are not known, that is what is said.
#[tokio::test]
async fn an_estimate_says_what_is_missing_and_knows_what_costs_nothing() {
    let book = PriceBook::shipped().with_own(
        r#"{"models": [{"provider": "lab", "id": "free", "prices": [{"from": "2026-01-01", "in": 0, "out": 0}]},
                       {"provider": "lab", "id": "counted-by-nobody", "prices": [{"from": "2026-01-01", "in": 1, "out": 2}]},
                       {"provider": "lab", "id": "m1", "prices": null}]}"#,
    );
    let base = Some("http://127.0.0.1:9/v1".parse().expect("a URL"));
    let endpoint = Endpoint { name: "lab".to_owned(), base, limits: Limits::default() };
    let keys = Keys::new(HashMap::new(), false);
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: book.expect("sound") };
    let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() };
    let platform = platform::start(options.without_workers()).await;
    let photos = platform.add(2, false).await;
    let asked = ask(&photos, &["lab/free", "lab/counted-by-nobody", "lab/m1", "lab/of-nobody"], 1);
    let seen = platform.client.estimate_run(&asked).await.expect("an estimate");
    let told: Vec<_> = seen.columns.iter().map(|column| (column.cost, column.unknown)).collect();
    let nothing = (Some(range(0, 0)), None);
    assert_eq!(told, [nothing, (None, Some(UnknownCost::PhotoTokens)), (None, Some(UnknownCost::Price)), nothing]);
    assert_eq!(seen.total.unknown_calls, 4);
    // The lists of models say the same.
    let models = platform.client.provider_models("lab", false).await.expect("models").items;
    let prices: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.input_usd_per_million)).collect();
    assert_eq!(prices, [("lab/free", Some(0.0)), ("lab/counted-by-nobody", Some(1.0)), ("lab/m1", None)]);
    let listed = platform.client.models().await.expect("models").items;
    let price = |name: &str| listed.iter().find(|model| model.name == name).expect("listed").input_usd_per_million;
    assert_eq!((price("lab/free"), price("lab/m1")), (Some(0.0), None));
    let about_tokens: Vec<_> = seen.notes.iter().filter(|note| note.contains("How many tokens a photo is")).collect();
    assert!(matches!(about_tokens[..], [note] if note.contains("lab/counted-by-nobody") && note.contains("image_tokens")), "{:?}", seen.notes);
}

/// By hand: 3000 × 2000 px are sent as 1024 × 683, which are 32 × 22 patches of 32 px, times 1.2 that is 845 tokens, or 37 × 25 = 925
/// patches of 28 px; 64 × 48 px are sent as they are, 2 × 2 × 1.2 = 5 tokens or 3 × 2 = 6; for Gemini each is 560. The prompt is five.
/// GPT-6 Luna: 860 tokens in at 0.10 and 60 or 400 out a photo at 0.50 USD per million are 86 + 60 and 86 + 400 micro-dollars.
#[tokio::test(flavor = "multi_thread")]
async fn the_cost_before_a_run_comes_from_the_pixels_that_will_be_sent() {
    let keys = Keys::new(HashMap::from(["gemini", "openai", "anthropic"].map(|name| (name.to_owned(), "k".into()))), false);
    let settings = ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: PriceBook::shipped() };
    let clock = TestClock::at("2026-11-20T12:00:30Z".parse().expect("a time"));
    let options = Options { providers: Providers::new(&settings, &keys), keys, clock, ..Options::default() };
    let platform = platform::start(options.without_workers()).await;
    let files = [(3_000, 2_000), (64, 48)].map(|(width, height)| (format!("{width}.jpg"), platform::jpeg(width, height, 1)));
    let photos = platform.client.add_photos(files.into(), false).await.expect("added").added;
    let asked = ask(&photos, &["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "gemini/gemini-3.5-flash-lite"], 1);
    let seen = platform.client.estimate_run(&asked).await.expect("an estimate");
    let input: Vec<_> = seen.columns.iter().map(|column| column.input_tokens).collect();
    assert_eq!(input, [Some(845 + 5 + 2 * 5), Some(925 + 6 + 2 * 5), Some(2 * 565)]);
    assert_eq!(seen.columns[0].cost, Some(range(86 + 60, 86 + 400)));
}

/// By hand: labels are 1,500 micro-dollars a photo, with objects at 2,250 and text at 1,500 they are 5,250, and safe search is free
/// beside them; three photos, two prompts that it does not follow.
#[tokio::test(flavor = "multi_thread")]
async fn cloud_vision_is_estimated_by_the_photo_and_costs_what_was_estimated() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let keys = Keys::new(HashMap::from([("vision".to_owned(), Wire::Vision.key().into())]), false);
    let endpoint = Endpoint { name: "vision".to_owned(), base: Some(stub.base(Wire::Vision)), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let options = Options { providers: Providers::new(&settings, &keys), keys, ..Options::default() };
    let platform = platform::start(options.without_workers()).await;
    let photos = platform.add(3, false).await;
    let mut asked = ask(&photos, &["vision/labels", "vision/labels+objects+text+safe-search"], 1);
    asked.prompts.push(RunPrompt::inline("Another", "Name the colours"));
    let seen = platform.client.estimate_run(&asked).await.expect("an estimate");
    let costs: Vec<_> = seen.columns.iter().map(|column| (column.model.as_str(), column.cost, column.input_tokens)).collect();
    let (labels, all) = (("vision/labels", Some(range(4_500, 4_500)), None), (asked.models[1].as_str(), Some(range(15_750, 15_750)), None));
    assert_eq!(costs, [labels, all, labels, all]);
    assert_eq!(stub.traffic().all_questions(), 0, "nothing is asked");
    let said = |words: &str| seen.notes.iter().filter(|note| note.contains(words)).count();
    assert_eq!((said("Free units of the month"), said("vision/labels follows no prompt: each prompt is charged")), (1, 1), "{:?}", seen.notes);

    let ended = run(&platform, &asked).await;
    assert_eq!((ended.cost_usd, ended.cost_unknown_cells), (UsdMicros(2 * (4_500 + 15_750)), 0));
    let entries = ended.prices[1].entries.as_ref().expect("known");
    let per_thousand: Vec<_> = entries.iter().map(|entry| (entry.per_thousand, entry.input)).collect();
    assert_eq!(per_thousand, [(Some(1.5), None), (Some(2.25), None), (Some(1.5), None)], "what is free beside labels has no price");
}

/// A refusal is billed; without a price its cost is unknown, during the run and when it is read again.
#[tokio::test]
async fn a_refused_answer_of_unknown_price_is_not_told_as_free() {
    let scripted = Scripted::new();
    let platform = start(&scripted, &TestClock::at_noon()).await;
    let photos = platform.add(2, false).await;
    let usage = Usage { input_tokens: Some(700), output_tokens: Some(3), ..Usage::default() };
    scripted.then(Act::Fail(Fault { usage, ..Fault::new(FaultKind::Refused, "It declined") }));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadRequest, "Its \"usage\":{\"input_tokens\":7 is no usage")));
    let asked = StartRun { concurrency: 1, ..ask(&photos, &["metered"], 1) };
    let ended = run(&platform, &asked).await;
    assert_eq!((ended.counts.failed, ended.cost_usd, ended.cost_unknown_cells), (2, UsdMicros(0), 1));
    let again = platform.client.runs().await.expect("runs").items.remove(0);
    assert_eq!(again.cost_unknown_cells, 1);
}

#[tokio::test]
async fn an_estimate_refuses_what_a_run_would_refuse() {
    let platform = start(&Scripted::new(), &TestClock::at_noon()).await;
    let photos = platform.add(1, false).await;
    for asked in [ask(&[], &[PRO], 1), ask(&photos, &[], 1), ask(&photos, &["nobody/knows"], 1), ask(&photos, &[PRO], 0)] {
        let ApiError::Problem(problem) = platform.client.estimate_run(&asked).await.expect_err("refused") else { panic!("no problem") };
        assert_eq!(problem.status, 422, "{problem:?}");
    }
}

#[tokio::test]
async fn a_run_keeps_the_prices_that_it_was_charged_by() {
    let platform = start(&Scripted::new(), &TestClock::at_noon()).await;
    let photos = platform.add(1, false).await;
    let ended = run(&platform, &ask(&photos, &[PRO, "metered", "on-device"], 1)).await;
    let listed = platform.client.runs().await.expect("runs").items;
    assert_eq!(listed[0].prices, ended.prices);
    let [pro, metered, free] = &ended.prices[..] else { panic!("{:?}", ended.prices) };
    let [entry] = pro.entries.as_deref().expect("known") else { panic!("{pro:?}") };
    assert_eq!((pro.model.as_str(), entry.input, entry.output, entry.cached), (PRO, Some(2.0), Some(12.0), Some(0.2)));
    assert_eq!((entry.tiers[0].above_prompt_tokens, entry.tiers[0].input), (200_000, 4.0));
    assert_eq!((metered.entries.as_deref(), free.entries.as_deref()), (None, Some(&[][..])), "unknown is not free");
}

/// By hand: the scripted answers have 300 + 40 tokens and were charged 194 micro-dollars. With the present book a call of
/// `PRO` is 300 × 2 + 40 × 12 = 1,080; with the other 300 × 1 + 40 × 5 = 500.
#[tokio::test]
async fn a_past_period_is_priced_again_without_changing_it() {
    let (scripted, clock) = (Scripted::new(), TestClock::at_noon());
    let platform = start(&scripted, &clock).await;
    let photos = platform.add(2, true).await;
    platform.until_jobs(2, JobState::Completed).await;
    let refused = Fault {
        usage: Usage { input_tokens: Some(300), output_tokens: Some(0), ..Usage::default() },
        cost_usd: Some(UsdMicros(50)),
        ..Fault::new(FaultKind::Refused, "The model declined")
    };
    scripted.then(Act::Fail(refused));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadRequest, "Never reached the model")));
    let asked = StartRun { concurrency: 1, ..ask(&photos, &[PRO], 2) };
    run(&platform, &asked).await;
    run(&platform, &ask(&photos, &["metered"], 1)).await;
    let now = clock.now();
    let period = Reprice { from: now - TimeDelta::hours(1), to: now + TimeDelta::hours(1), book: None };
    let sum = |calls, charged, repriced, unknown| RepricedSum {
        calls,
        charged_usd: UsdMicros(charged),
        charged_unknown: 0,
        repriced_usd: UsdMicros(repriced),
        repriced_unknown: unknown,
    };
    let seen = platform.client.reprice(&period).await.expect("repriced");
    let by_model: Vec<_> = seen.models.iter().map(|model| (model.model.as_str(), model.sum)).collect();
    // The refusal is billed, the fault that never reached the model is not.
    let pro = sum(3, 50 + 2 * 194, 600 + 2 * 1_080, 0);
    assert_eq!(by_model, [(PRO, pro), ("metered", sum(2, 388, 0, 2)), ("on-device", sum(2, 0, 0, 0))]);
    assert_eq!(seen.total, sum(7, 50 + 4 * 194, 2_760, 2));

    let other = r#"{"models": [
        {"provider": "gemini", "id": "gemini-3.1-pro-preview", "prices": [{"from": "2026-01-01", "in": 1, "out": 5}]}]}"#;
    let with_other = platform.client.reprice(&Reprice { book: Some(other.to_owned()), ..period.clone() }).await.expect("repriced");
    assert_eq!(with_other.models[0].sum, sum(3, 438, 300 + 2 * 500, 0));
    assert_eq!(platform.client.reprice(&period).await.expect("repriced"), seen, "nothing that is stored has changed");

    let earlier = Reprice { from: now - TimeDelta::hours(2), to: now - TimeDelta::hours(1), book: None };
    assert_eq!(platform.client.reprice(&earlier).await.expect("repriced").models, []);
    let broken = Reprice { book: Some("{\"models\": [{}]}".to_owned()), ..period.clone() };
    let ApiError::Problem(problem) = platform.client.reprice(&broken).await.expect_err("refused") else { panic!("no problem") };
    assert!(problem.status == 422 && problem.detail.contains("models[0]"), "{problem:?}");
    let backwards = Reprice { from: period.to, to: period.from, book: None };
    assert!(platform.client.reprice(&backwards).await.is_err());
}
