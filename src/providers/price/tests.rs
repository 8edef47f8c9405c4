//! Each billing rule against a computation by hand, and the shipped catalogue against itself.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

fn place<'a>(provider: &'a str, model: &'a str) -> Place<'a> {
    Place { provider, model, base: None, day: day("2026-11-23") }
}

fn own(text: &str) -> PriceBook {
    PriceBook::shipped().with_own(text).expect("a sound file")
}

#[test]
fn the_price_of_the_day_holds() {
    let book = PriceBook::shipped();
    let flash = book.model("gemini", "gemini-3.8-flash").expect("listed");
    let input = |on: &str| flash.price_on(day(on)).map(|price| price.input.usd_per_million());
    assert_eq!(input("2026-09-01"), None);
    assert_eq!(input("2026-12-31"), Some(0.75));
    assert_eq!(input("2027-01-01"), Some(1.5));
    assert_eq!(flash.next_change(day("2026-11-23")).map(|price| price.from), Some(day("2027-01-01")));
    assert_eq!(flash.next_change(day("2027-01-01")), None);
}

/// By hand: 1,322 − 200 input at 0.75, 200 cached at 0.075, 150 + 40 output at 3.75 USD per million
/// = 841.5 + 15 + 712.5 = 1,569 micro-dollars.
#[test]
fn cached_tokens_and_thinking_are_charged_at_their_rates() {
    let used = Usage { cached_tokens: Some(200), thinking_tokens: Some(40), ..usage(1_322, 190) };
    assert_eq!(PriceBook::shipped().cost(place("gemini", "gemini-3.8-flash"), &used, None), Some(UsdMicros(1_569)));
}

#[test]
fn half_a_micro_dollar_is_rounded_up_once() {
    let book = own(r#"{"models": [{"provider": "p", "id": "m", "prices": [{"from": "2026-01-01", "in": 0.30, "out": 2.50}]}]}"#);
    let cost = |input, output| book.cost(place("p", "m"), &usage(input, output), None);
    assert_eq!(cost(0, 1), Some(UsdMicros(3)));
    assert_eq!(cost(1, 0), Some(UsdMicros(0)));
    assert_eq!(cost(1_320, 150), Some(UsdMicros(771)));
}

/// Cached input never costs more than plain input: without a rate of its own it is charged as that, and it is said.
#[test]
fn cached_input_without_a_price_is_charged_in_full_and_noted() {
    let book = own(r#"{"models": [{"provider": "p", "id": "m", "prices": [{"from": "2026-01-01", "in": 1, "out": 1}]},
            {"provider": "p", "id": "cheap", "prices": [{"from": "2026-01-01", "in": 1, "out": 1, "cached": 0.1}]}]}"#);
    let used = Usage { cached_tokens: Some(500), ..usage(760, 100) };
    assert_eq!(book.cost(place("p", "m"), &used, None), Some(UsdMicros(860)));
    assert!(book.cost_note(place("p", "m"), &used, None).is_some_and(|note| note.contains("full price")));
    assert_eq!(book.cost_note(place("p", "m"), &used, Some(UsdMicros(7))), None, "the provider said it itself");
    assert_eq!(book.cost_note(place("p", "m"), &usage(760, 100), None), None, "none was cached");
    assert_eq!((book.cost(place("p", "cheap"), &used, None), book.cost_note(place("p", "cheap"), &used, None)), (Some(UsdMicros(410)), None));
}

#[test]
fn what_is_not_known_is_not_zero() {
    let book = own(r#"{"models": [{"provider": "p", "id": "m", "prices": [{"from": "2026-01-01", "in": 1, "out": 1}]}]}"#);
    let cost = |used: &Usage| book.cost(place("p", "m"), used, None);
    assert_eq!(cost(&Usage::default()), None);
    assert_eq!(cost(&Usage { cache_write_tokens: Some(1), ..usage(9, 9) }), None);
    assert_eq!(book.cost(Place { day: day("2025-12-31"), ..place("p", "m") }, &usage(9, 9), None), None);
    assert_eq!(book.cost(place("p", "another"), &usage(9, 9), None), None);
}

#[test]
fn a_price_of_nothing_is_nothing_however_many_tokens_it_takes() {
    let book = own(r#"{"models": [
        {"provider": "p", "id": "free", "prices": [{"from": "2026-01-01", "in": 0, "out": 0}]},
        {"provider": "p", "id": "paid-when-long", "prices": [{"from": "2026-01-01", "in": 0, "out": 0, "tiers": [
            {"above_prompt_tokens": 1000, "in": 1, "out": 0}]}]},
        {"provider": "p", "id": "paid-answers", "prices": [{"from": "2026-01-01", "in": 0, "out": 1}]}]}"#);
    let cost = |model, used: &Usage| book.cost(place("p", model), used, None);
    assert_eq!(cost("free", &Usage::default()), Some(UsdMicros(0)), "before a run nobody knows the tokens");
    assert_eq!(cost("free", &Usage { cached_tokens: Some(5), ..usage(9, 9) }), Some(UsdMicros(0)));
    assert_eq!((cost("paid-when-long", &Usage::default()), cost("paid-answers", &Usage::default())), (None, None));
}

#[test]
fn a_price_that_is_said_to_be_unknown_is_unknown_wherever_the_model_runs() {
    let near: Url = "http://127.0.0.1:8000/v1".parse().expect("a URL");
    let cost = |text: &str| own(text).cost(Place { base: Some(&near), ..place("lab", "m1") }, &usage(9, 9), None);
    assert_eq!(cost(r#"{"models": []}"#), Some(UsdMicros(0)), "nobody says anything of it");
    assert_eq!(cost(r#"{"models": [{"provider": "lab", "id": "m1", "name": "M 1"}]}"#), Some(UsdMicros(0)));
    for unknown in ["null", "[]"] {
        assert_eq!(cost(&format!(r#"{{"models": [{{"provider": "lab", "id": "m1", "prices": {unknown}}}]}}"#)), None, "{unknown}");
    }
}

/// By hand: above 100,000 prompt tokens every token of the call has the higher rate, the hundred thousandth does not.
/// 100,000 × 0.10 + 10 × 0.50 = 10,005; 100,001 × 0.50 + 10 × 2.50 = 50,025.5 → 50,026; of which 1,000 cached
/// (0.05) and 500 written (0.625): 98,501 × 0.50 + 50 + 312.5 + 25 = 49,638.
#[test]
fn a_long_prompt_has_its_own_rates() {
    let cost = |used: &Usage| PriceBook::shipped().cost(place("anthropic", "claude-haiku-5-5"), used, None);
    assert_eq!(cost(&usage(100_000, 10)), Some(UsdMicros(10_005)));
    assert_eq!(cost(&usage(100_001, 10)), Some(UsdMicros(50_026)));
    let cached = Usage { cached_tokens: Some(1_000), cache_write_tokens: Some(500), ..usage(100_001, 10) };
    assert_eq!(cost(&cached), Some(UsdMicros(49_638)));
}

/// By hand: labels 1,500 + objects 2,250 + text 1,500 micro-dollars a photo; safe search is free beside labels only.
#[test]
fn cloud_vision_is_charged_by_feature() {
    let cost = |features| PriceBook::shipped().cost(place("vision", features), &Usage::default(), None);
    assert_eq!(cost("labels"), Some(UsdMicros(1_500)));
    assert_eq!(cost("labels+objects+text"), Some(UsdMicros(5_250)));
    assert_eq!(cost("labels+safe-search"), Some(UsdMicros(1_500)));
    assert_eq!(cost("safe-search+labels"), Some(UsdMicros(1_500)));
    assert_eq!(cost("safe-search"), Some(UsdMicros(1_500)));
    assert_eq!(cost("objects+safe-search"), Some(UsdMicros(3_750)));
    assert_eq!(cost("labels+landmarks"), None);
}

#[test]
fn what_the_provider_says_goes_first() {
    let cost = |model| PriceBook::shipped().cost(place("router", model), &usage(9, 9), Some(UsdMicros(42)));
    assert_eq!(cost("anything"), Some(UsdMicros(42)));
    let listed = PriceBook::shipped().cost(place("gemini", "gemini-3.8-flash"), &usage(9, 9), Some(UsdMicros(0)));
    assert_eq!(listed, Some(UsdMicros(0)));
}

#[test]
fn a_model_that_runs_near_costs_nothing_and_one_far_away_is_not_known() {
    let cost = |provider, base: &str| {
        let base: Url = base.parse().expect("a URL");
        PriceBook::shipped().cost(Place { base: Some(&base), ..place(provider, "gemma4") }, &Usage::default(), None)
    };
    for near in [
        "http://127.0.0.1:11434/",
        "http://localhost:1234/v1",
        "http://[::1]:8080/",
        "http://192.168.1.20:8000/v1",
        "http://10.0.0.4/",
        "http://gpu.local/",
    ] {
        assert_eq!(cost("ollama", near), Some(UsdMicros(0)), "{near}");
        assert_eq!(cost("my-server", near), Some(UsdMicros(0)), "{near}");
        // A proxy on this machine does not make the service behind it free.
        assert_eq!(cost("openai", near), None, "{near}");
    }
    // What passes calls on is not known to be free, wherever it runs.
    let relayed = |provider, base: &str, model| {
        let base: Url = base.parse().expect("a URL");
        PriceBook::shipped().cost(Place { base: Some(&base), ..place(provider, model) }, &Usage::default(), None)
    };
    assert_eq!(relayed("ollama", "http://127.0.0.1:11434/", "gpt-oss:120b-cloud"), None);
    assert_eq!(relayed("ollama", "http://127.0.0.1:11434/", "qwen3.5:cloud"), None);
    assert_eq!(relayed("lab", "http://localhost:4000/v1", "anthropic/claude-sonnet-5-5"), None);
    for far in ["https://ollama.com/", "https://openrouter.ai/api/v1", "http://8.8.8.8/", "http://localhost.example.com/"] {
        assert_eq!(cost("ollama", far), None, "{far}");
    }
    assert_eq!(PriceBook::shipped().cost(place(ON_DEVICE, ""), &Usage::default(), None), Some(UsdMicros(0)));
}

#[test]
fn who_is_priced_from_a_later_day_on_is_not_free_until_then() {
    let near: Url = "http://127.0.0.1:8000/v1".parse().expect("a URL");
    let cost = |text: &str| own(text).cost(Place { base: Some(&near), ..place("lab", "m1") }, &usage(1_000, 0), None);
    assert_eq!(cost(r#"{"models": [{"provider": "lab", "id": "m1", "prices": [{"from": "2027-01-01", "in": 1, "out": 1}]}]}"#), None);
    let free_first = r#"{"models": [{"provider": "lab", "id": "m1", "prices": [
        {"from": "2020-01-01", "in": 0, "out": 0}, {"from": "2027-01-01", "in": 1, "out": 1}]}]}"#;
    assert_eq!(cost(free_first), Some(UsdMicros(0)), "said, not guessed");
}

#[test]
fn nothing_of_ones_own_is_free_while_the_own_file_is_broken() {
    let near: Url = "http://127.0.0.1:8000/v1".parse().expect("a URL");
    let book = PriceBook::shipped().without_own("line 3: what is that".to_owned());
    let cost = |provider| book.cost(Place { base: Some(&near), ..place(provider, "m1") }, &usage(9, 9), None);
    assert_eq!((cost("lab"), cost("ollama")), (None, None), "the file may have a price for it");
    assert_eq!(book.cost(place(ON_DEVICE, ""), &Usage::default(), None), Some(UsdMicros(0)));
    assert!(book.cost(place("gemini", "gemini-3.8-flash"), &usage(9, 9), None).is_some(), "what the program ships holds");
}

#[test]
fn an_own_file_lies_over_the_shipped_one() {
    let book = own(r#"{"checked": "2026-11-30", "models": [
            {"provider": "gemini", "id": "gemini-3.8-flash", "prices": [{"from": "2026-11-01", "in": 0.5, "out": 2}]},
            {"provider": "gpu-box", "id": "gemma4", "prices": [{"from": "2026-11-01", "in": 0.02, "out": 0.04}]}]}"#);
    let flash = book.model("gemini", "gemini-3.8-flash").expect("listed");
    assert_eq!((flash.name.as_str(), flash.thinking.as_deref(), flash.is_own), ("Gemini 3.8 Flash", Some("LOW"), true));
    assert_eq!(book.cost(place("gemini", "gemini-3.8-flash"), &usage(1_000, 100), None), Some(UsdMicros(700)));
    assert_eq!(book.cost(place("gpu-box", "gemma4"), &usage(1_000, 100), None), Some(UsdMicros(24)));
    assert_eq!(book.models("gemini").count(), PriceBook::shipped().models("gemini").count());
}

#[test]
fn every_price_says_the_day_of_its_own_book() {
    let shipped = PriceBook::shipped();
    let book = own(r#"{"checked": "2027-03-01", "models": [
            {"provider": "gemini", "id": "gemini-3.8-flash", "prices": [{"from": "2026-11-01", "in": 0.5, "out": 2}]},
            {"provider": "gemini", "id": "gemini-3.5-flash", "thinking": "LOW"},
            {"provider": "vision", "id": "labels", "checked": "2027-04-01", "prices": [{"from": "2026-11-01", "per_thousand": 1}]}]}"#);
    assert_eq!((book.checked(), book.own_checked()), (shipped.checked(), Some(day("2027-03-01"))));
    assert_eq!(book.checked_of("gemini", "gemini-3.8-flash"), day("2027-03-01"));
    assert_eq!(book.checked_of("gemini", "gemini-3.5-flash"), shipped.checked(), "its price is still the shipped one");
    assert_eq!(book.checked_of("openai", "gpt-6-luna"), shipped.checked());
    assert_eq!((book.checked_of("vision", "labels"), book.checked_of("vision", "labels+text")), (day("2027-04-01"), shipped.checked()));
    assert!(!book.is_old(day("2027-02-21")) && book.is_old(day("2027-02-22")), "the shipped ones are old, whatever the file says");
}

#[test]
fn a_broken_file_is_told_with_line_and_field() {
    let shipped = PriceBook::shipped();
    let problem = |text: &str| shipped.with_own(text).expect_err("broken");
    let told = problem("{\"models\": [\n {\"provider\": \"p\", \"id\": \"m\",\n  \"prices\": [{\"from\": \"2026-01-01\", \"in\": \"cheap\"}]}]}");
    assert!(told.contains("models[0].prices[0].in") && told.contains("line 3"), "{told}");
    let told = problem("{\"models\": [{\"provider\": \"p\", \"id\": \"m\",\n\"pricse\": []}]}");
    assert!(told.contains("pricse") && told.contains("line 2"), "{told}");
    let told = problem("{\"models\": [{\"provider\": \"p\"}]}");
    assert!(told.contains("models[0]") && told.contains("`id`"), "{told}");
    let told = problem("{\"models\": [{\"provider\": \"p\", \"id\": \"m\", \"prices\": [{\"from\": \"2026-02-01\"}, {\"from\": \"2026-01-01\"}]}]}");
    assert!(told.contains("p/m: prices"), "{told}");
    assert!(problem("").contains("line 1"), "an empty file");
}

#[test]
fn the_shipped_catalogue_is_sound() {
    let book = PriceBook::shipped();
    let today = book.checked();
    assert_eq!(book.problem(), None);
    assert!(SHIPPED.len() < 30_000);
    let mut names = std::collections::HashSet::new();
    for model in &book.0.models {
        let name = format!("{}/{}", model.provider, model.id);
        assert!(names.insert(name.clone()), "{name} stands there twice");
        // One that ends soon is there so that its end is told, whether or not its price is known.
        let is_unpriced = model.is_price_unknown && model.retires.is_some();
        assert!(is_unpriced || model.price_on(today).is_some(), "{name} has no price today");
        assert!(model.retires.is_none_or(|last| last > today), "{name} is retired");
        assert!(model.image && model.photo.is_some() && model.source.is_some(), "{name}");
        assert!(is_unpriced || model.image_tokens.is_none() == (model.provider == "vision"), "{name}");
        for price in &model.prices {
            assert_eq!(price.unit.is_some(), model.provider == "vision", "{name}");
            let cheaper_cached = |full: Rate, cached: Option<Rate>| cached.is_none_or(|cached| cached.0 < full.0);
            assert!(cheaper_cached(price.input, price.cached), "{name}");
            assert!(price.unit.is_some() || 0 < price.input.0 && price.input.0 < price.output.0, "{name}");
            assert!(price.tiers.iter().all(|tier| tier.input.0 > price.input.0 && tier.output.0 > price.output.0), "{name}");
        }
    }
}

/// Providers serve them still; whoever uses one is told when it ends, and that its cost is not known.
#[test]
fn models_that_end_soon_are_known_with_their_last_day() {
    let book = PriceBook::shipped();
    for (provider, id, last) in [
        ("anthropic", "claude-sonnet-4-5", "2026-11-30"),
        ("openai", "gpt-5-mini", "2026-12-11"),
        ("openai", "o3", "2026-12-11"),
        ("openai", "gpt-4o", "2027-01-14"),
        ("openai", "gpt-4.1-mini", "2027-01-14"),
    ] {
        assert_eq!(book.model(provider, id).and_then(|model| model.retires), Some(day(last)), "{provider}/{id}");
        assert_eq!(book.cost(place(provider, id), &usage(760, 100), None), None, "{provider}/{id}");
    }
}

/// USD for a thousand photos of 1024 × 768 with 200 tokens of prompt and 150 of answer, by hand.
#[test]
fn a_thousand_photos_cost_what_is_computed_by_hand() {
    let book = PriceBook::shipped();
    let thousand = |provider, id, tokens: Option<u64>| {
        let model = book.model(provider, id).expect("listed");
        let photo = tokens.or(model.image_tokens.map(|rule| rule.of(1024, 768))).unwrap_or_default();
        let used = usage(photo + 200, 150);
        let pico = model.price_on(day("2026-11-23")).and_then(|price| price.pico_dollars(&used)).expect("priced");
        rate::rounded(pico * 1_000).expect("in range").0
    };
    assert_eq!(thousand("openai", "gpt-6-luna", None), 187_200);
    assert_eq!(thousand("openai", "gpt-6-luna", Some(14_364)), 1_531_400);
    assert_eq!(thousand("anthropic", "claude-haiku-5-5", None), 198_600);
    assert_eq!(thousand("gemini", "gemini-3.5-flash-lite", None), 603_000);
    assert_eq!(thousand("gemini", "gemini-3.5-flash-lite", Some(1_120)), 771_000);
    assert_eq!(thousand("gemini", "gemini-3.8-flash", Some(1_120)), 1_552_500);
    assert_eq!(thousand("openai", "gpt-6.1-terra", None), 1_872_000);
    assert_eq!(thousand("anthropic", "claude-sonnet-5-5", None), 3_972_000);
    assert_eq!(thousand("vision", "labels", None), 1_500_000);
}
