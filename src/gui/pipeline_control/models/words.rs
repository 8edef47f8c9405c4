//! What is known of models, in words.

use chrono::NaiveDate;

use crate::gui::widgets::number;
use crate::wire::cost::CostRange;
use crate::wire::model::{ExpectedChange, MeasuredModel, ModelInfo, PhotoCost, RETIREMENT_NEAR_DAYS, RETIREMENT_URGENT_DAYS, Turn};
use crate::wire::money::{UsdMicros, price_words};
use crate::wire::provider::{per_thousand_photos, provider_label};

/// The provider whose models run in this process.
const ON_DEVICE: &str = "on-device";
/// Photos that costs are told for: of one they have too many digits to be compared.
const PHOTOS: f64 = 1_000.0;

/// A provider as people call it.
#[must_use]
pub fn provider_name(provider: &str) -> &str {
    if provider == ON_DEVICE { "On this computer" } else { provider_label(provider) }
}

/// A model as people tell it from the others: with its provider where another one is called the same.
#[must_use]
pub fn called(model: &ModelInfo, all: &[ModelInfo]) -> String {
    let is_alone = all.iter().filter(|other| other.display_name == model.display_name).count() < 2;
    if is_alone { model.display_name.clone() } else { format!("{} ({})", model.display_name, provider_name(&model.provider)) }
}

/// The same by a model's full name, which stands for it where it is not in the list.
#[must_use]
pub fn called_by_name(name: &str, all: &[ModelInfo]) -> String {
    all.iter().find(|model| model.name == name).map_or_else(|| name.to_owned(), |model| called(model, all))
}

/// A model's price as people read it.
#[must_use]
pub fn price(model: &ModelInfo) -> String {
    let is_free = model.provider == ON_DEVICE || (model.input_usd_per_million, model.output_usd_per_million) == (Some(0.0), Some(0.0));
    if is_free {
        return "Free".to_owned();
    }
    match (model.input_usd_per_million, model.output_usd_per_million) {
        (None, None) => match model.usd_per_thousand_photos {
            Some(usd) => per_thousand_photos(usd),
            None if model.cost_per_photo.is_some() => "Charged by the photo".to_owned(),
            None => "Price unknown".to_owned(),
        },
        (input, output) => per_million(input, output),
    }
}

/// Prices of tokens as people read them.
#[must_use]
pub fn per_million(input: Option<f64>, output: Option<f64>) -> String {
    let usd = |usd: Option<f64>| usd.map_or_else(|| "unknown".to_owned(), price_words);
    format!("{} in · {} out per million tokens", usd(input), usd(output))
}

/// The middle of what a photo costs, in USD; what models are sorted by.
#[must_use]
pub fn photo_usd(cost: PhotoCost) -> f64 {
    let CostRange { low_usd, high_usd } = cost.range();
    f64::midpoint(low_usd.as_usd(), high_usd.as_usd())
}

/// What 1,000 photos cost, short: an estimate by its middle.
#[must_use]
pub fn thousand(cost: Option<PhotoCost>) -> String {
    let Some(cost) = cost else { return "unknown".to_owned() };
    let usd = UsdMicros((photo_usd(cost) * PHOTOS * 1e6).round() as i64);
    match cost {
        PhotoCost::Estimated { .. } if usd != UsdMicros(0) => format!("≈ {}", short(usd)),
        _ => short(usd),
    }
}

/// Two digits after the point from a dollar's hundredth on.
fn short(usd: UsdMicros) -> String {
    if (10_000..1_000_000).contains(&usd.0) { format!("${:.2}", usd.as_usd()) } else { usd.to_string() }
}

/// What 1,000 photos cost, with where that comes from.
#[must_use]
pub fn thousand_at_length(cost: Option<PhotoCost>) -> String {
    let times = |usd: UsdMicros| UsdMicros((usd.0 as f64 * PHOTOS).round() as i64);
    match cost {
        None => "What a photo costs is not known: its price is not in the catalogue".to_owned(),
        Some(cost @ PhotoCost::Measured { photos, .. }) => {
            let photos = if photos == 1 { "1 photo".to_owned() } else { format!("{} photos", number::count(photos)) };
            format!("{} for 1,000 photos: mean of {photos} of the last 30 days, failed tries included", thousand(Some(cost)))
        }
        Some(PhotoCost::Estimated { usd: CostRange { low_usd, high_usd } }) => {
            let range = CostRange { low_usd: times(low_usd), high_usd: times(high_usd) };
            format!("{range} for 1,000 photos: by the price book, for the live prompt, a usual photo, and a short or a long answer")
        }
    }
}

/// What the pipeline has seen of a model.
#[must_use]
pub fn measured(measured: MeasuredModel) -> String {
    let results = if measured.results == 1 { "1 result".to_owned() } else { format!("{} results", number::count(measured.results)) };
    let mut said = vec![format!("{results} in the last 30 days"), failed(measured)];
    if let (Some(p50), Some(p95)) = (measured.latency_p50_ms, measured.latency_p95_ms) {
        said.push(format!("half of the answers within {}, 95 of 100 within {}", number::duration_ms(p50), number::duration_ms(p95)));
    }
    if let Some(confidence) = measured.mean_confidence {
        said.push(format!("mean confidence {}", number::percent(confidence)));
    }
    said.join(" · ")
}

/// How many failed, with the interval that the sample leaves open.
fn failed(measured: MeasuredModel) -> String {
    let Some(share) = measured.failed_share() else { return "none failed".to_owned() };
    // A number and its unit stay on one line.
    let [low, high, share] = [measured.failed_low, measured.failed_high, share].map(|share| number::percent(share).replace(' ', "\u{a0}"));
    format!("{} failed: {share} ({low}–{high}, 95\u{a0}% interval by Wilson's method)", number::count(measured.failed))
}

/// What a model can do, and what it lacks.
#[must_use]
pub fn capabilities(model: &ModelInfo) -> (String, String) {
    let takes = &model.takes;
    let context = model.context_tokens.map(|tokens| format!("up to {} tokens", number::count(tokens)));
    let all = [
        ("photos", true),
        ("captions", model.captions),
        ("any prompt", model.follows_prompt),
        ("system text", takes.system),
        ("a schema of the answer", takes.schema),
    ];
    let named = |wanted: bool| all.iter().filter(move |(_, is)| *is == wanted).map(|(name, _)| (*name).to_owned());
    let mut can: Vec<String> = named(true).chain(context).collect();
    if model.context_tokens.is_none() && model.provider != ON_DEVICE {
        can.push("token limit unknown".to_owned());
    }
    (can.join(", "), named(false).collect::<Vec<_>>().join(", "))
}

/// What would change, a line each.
#[must_use]
pub fn expected(change: &ExpectedChange) -> Vec<String> {
    let unknown = || "unknown".to_owned();
    let cost = |cost: Option<PhotoCost>| cost.map_or_else(unknown, |cost| cost.to_string());
    let day = |cost: Option<CostRange>| cost.map_or_else(unknown, |cost| cost.to_string());
    let Turn { before, after } = change.cost_per_photo;
    let mut lines = vec![format!("A photo: {} → {}", cost(before), cost(after))];
    lines.push(match change.photos_per_day {
        Some(photos) => {
            let Turn { before, after } = change.cost_per_day();
            let volume = if photos < 10.0 { format!("{photos:.1}") } else { number::count(photos.round() as u64) };
            format!("A day, at {volume} photos: {} → {}", day(before), day(after))
        }
        None => "A day: no photo was answered in the last 7 days".to_owned(),
    });
    let not_measured = || "not measured yet".to_owned();
    let ms = |ms: Option<f64>| ms.map_or_else(not_measured, number::duration_ms);
    let share = |share: Option<f64>| share.map_or_else(not_measured, number::percent);
    lines.push(match change.latency_p50_ms {
        Turn { before: None, after: None } => "Typical answer: neither was measured yet".to_owned(),
        Turn { before, after } => format!("Typical answer: {} → {}", ms(before), ms(after)),
    });
    lines.push(match change.mean_confidence {
        Turn { before: None, after: None } => "Mean confidence: neither was measured yet".to_owned(),
        Turn { before, after } => format!("Mean confidence: {} → {}", share(before), share(after)),
    });
    match (change.captions.before, change.captions.after) {
        (Some(true), Some(false)) => lines.push("Captions: no longer written".to_owned()),
        (Some(false), Some(true)) => lines.push("Captions: written from then on".to_owned()),
        _ => {}
    }
    lines
}

/// Until when a model answers, and whether that is urgent; `None` where no end is near.
#[must_use]
pub fn retirement(last: Option<NaiveDate>, today: NaiveDate) -> Option<(String, bool)> {
    let last = last?;
    let days = (last - today).num_days();
    let words = match days {
        ..0 => format!("Ended on {}", day(last)),
        0 => "Ends today".to_owned(),
        1 => "Ends tomorrow".to_owned(),
        _ => format!("Ends in {days} days, on {}", day(last)),
    };
    (days <= RETIREMENT_NEAR_DAYS).then_some((words, days <= RETIREMENT_URGENT_DAYS))
}

/// A day as people write it.
#[must_use]
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::wire::model::KeyState;

    pub fn model(provider: &str, input: Option<f64>, output: Option<f64>) -> ModelInfo {
        ModelInfo {
            name: format!("{provider}/m"),
            provider: provider.to_owned(),
            display_name: "M".to_owned(),
            description: String::new(),
            captions: true,
            takes: crate::wire::prompt_parts::Takes::default(),
            follows_prompt: true,
            input_usd_per_million: input,
            output_usd_per_million: output,
            usd_per_thousand_photos: None,
            next_price: None,
            retires: None,
            context_tokens: None,
            health: None,
            key: KeyState::NotNeeded,
            is_live: false,
            measured: None,
            cost_per_photo: None,
            accuracy: None,
            expected: None,
        }
    }

    fn seen(results: u64, failed: u64) -> MeasuredModel {
        MeasuredModel {
            results,
            failed,
            failed_low: 0.001,
            failed_high: 0.007,
            latency_p50_ms: Some(146.0),
            latency_p95_ms: Some(310.0),
            mean_confidence: Some(0.87),
            cost_usd: UsdMicros(194 * results as i64),
            cost_unknown: 0,
        }
    }

    #[test]
    fn a_model_is_named_with_its_provider_where_another_is_called_the_same() {
        let all = [model("attic", None, None), model("cellar", None, None), ModelInfo { display_name: "N".to_owned(), ..model("lab", None, None) }];
        assert_eq!(all.each_ref().map(|model| called(model, &all)), ["M (attic)", "M (cellar)", "N"]);
        assert_eq!((called_by_name("cellar/m", &all).as_str(), called_by_name("gone/x", &all).as_str()), ("M (cellar)", "gone/x"));
    }

    #[test]
    fn an_unknown_price_is_never_zero() {
        assert_eq!(price(&model("gemini", None, None)), "Price unknown");
        assert_eq!(price(&model("gemini", Some(0.075), None)), "$0.075 in · unknown out per million tokens");
        assert_eq!(price(&model("gemini", Some(1.25), Some(10.0))), "$1.25 in · $10.00 out per million tokens");
        assert_eq!(price(&model("on-device", None, None)), "Free");
        assert_eq!((thousand(None).as_str(), thousand(seen(4, 4).cost_per_photo()).as_str()), ("unknown", "unknown"), "none was answered");
    }

    #[test]
    fn figures_name_failures_with_their_interval() {
        let said = measured(seen(1240, 3));
        assert!(
            said.starts_with(
                "1,240 results in the last 30 days · 3 failed: 0.2\u{a0}% (0.1\u{a0}%–0.7\u{a0}%, 95\u{a0}% interval by Wilson's method)"
            ),
            "{said}"
        );
        assert!(said.ends_with("within 146 ms, 95 of 100 within 310 ms · mean confidence 87 %"), "{said}");
    }

    #[test]
    fn what_would_change_is_told_as_measured_as_estimated_and_as_unknown() {
        let range = CostRange { low_usd: UsdMicros(300), high_usd: UsdMicros(500) };
        let change = ExpectedChange {
            cost_per_photo: Turn {
                before: Some(PhotoCost::Measured { usd: UsdMicros(194), photos: 9 }),
                after: Some(PhotoCost::Estimated { usd: range }),
            },
            photos_per_day: Some(2_000.0),
            latency_p50_ms: Turn { before: Some(146.0), after: None },
            mean_confidence: Turn { before: Some(0.87), after: Some(0.9) },
            captions: Turn { before: Some(true), after: Some(false) },
        };
        let expected_lines = [
            "A photo: $0.000194 → ≈ $0.000300–$0.000500",
            "A day, at 2,000 photos: ≈ $0.3880 → ≈ $0.6000–$1.00",
            "Typical answer: 146 ms → not measured yet",
            "Mean confidence: 87 % → 90 %",
            "Captions: no longer written",
        ];
        assert_eq!(expected(&change), expected_lines);
        let unknown = ExpectedChange { cost_per_photo: Turn { before: None, after: None }, photos_per_day: None, ..change };
        assert_eq!(expected(&unknown)[..2], ["A photo: unknown → unknown", "A day: no photo was answered in the last 7 days"]);
        assert_eq!(thousand(change.cost_per_photo.after), "≈ $0.40");
    }

    #[test]
    fn an_end_is_told_well_before_and_urgently_when_it_is_near() {
        let today: NaiveDate = "2026-03-14".parse().expect("a day");
        let told = |day: &str| retirement(Some(day.parse().expect("a day")), today);
        assert_eq!(told("2026-05-14"), None);
        assert_eq!(told("2026-05-13"), Some(("Ends in 60 days, on 13 May 2026".to_owned(), false)));
        assert_eq!(told("2026-03-28"), Some(("Ends in 14 days, on 28 March 2026".to_owned(), true)));
        assert_eq!(told("2026-03-13"), Some(("Ended on 13 March 2026".to_owned(), true)));
    }
}
