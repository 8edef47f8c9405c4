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

#[test]
fn what_is_not_known_is_not_zero() {
    let book = own(r#"{"models": [{"provider": "p", "id": "m", "prices": [{"from": "2026-01-01", "in": 1, "out": 1}]}]}"#);
    let cost = |used: &Usage| book.cost(place("p", "m"), used, None);
    assert_eq!(cost(&Usage::default()), None);
    assert_eq!(cost(&Usage { cached_tokens: Some(1), ..usage(9, 9) }), None);
    assert_eq!(cost(&Usage { cache_write_tokens: Some(1), ..usage(9, 9) }), None);
    assert_eq!(book.cost(Place { day: day("2025-12-31"), ..place("p", "m") }, &usage(9, 9), None), None);
    assert_eq!(book.cost(place("p", "another"), &usage(9, 9), None), None);
}
