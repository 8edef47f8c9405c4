//! What a run is going to need, before anything is asked: photos by the pixels that would be sent, text by its length,
//! answers by what the model has written before.

mod bound;
mod measured;
mod per_photo;

pub use bound::{Bound, bound};
pub use per_photo::{PerPhoto, Typing, per_photo};

use measured::{InputFactor, Written};

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{Duration, NaiveDate};

use super::{Priced, book};
use crate::photos;
use crate::platform::domain::prompts::{self, PhotoVariables, PromptText, Rendered};
use crate::platform::domain::{Core, Result, analysis, config, photo_sets, providers, runs};
use crate::platform::store;
use crate::platform::store::known_answers::KnownAnswer;
use crate::providers::price::{ImageTokens, PriceBook};
use crate::providers::{ON_DEVICE, PhotoRule};
use crate::wire::config::PipelineConfig;
use crate::wire::cost::{ColumnEstimate, CostRange, Estimate, EstimatedTotal, UnknownCost};
use crate::wire::ids::PhotoId;
use crate::wire::money::{self, UsdMicros};
use crate::wire::provider::provider_of;
use crate::wire::result::Usage;
use crate::wire::run::{RunColumn, StartRun};
use crate::wire::sweep::{SentImage, StartSweep};

/// Characters of a prompt that are about a token.
const CHARACTERS_A_TOKEN: u64 = 4;
/// Earlier answers that are looked at, and how far back.
const ANSWERS_MOST: usize = 200;
const MEASURED: Duration = Duration::days(30);
/// Photos × columns that are looked up while somebody still chooses.
const LOOKED_UP_MOST: usize = 20_000;
/// A price change that is told beforehand.
const CHANGE_NEAR: Duration = Duration::days(45);

/// What a run would need. Refuses what starting it would refuse.
pub async fn estimate(core: &Core, asked: &StartSweep) -> Result<Estimate> {
    let variants = asked.variants();
    let mut asked = asked.run.clone();
    photo_sets::fill_in(core, &mut asked).await?;
    runs::check_size(&asked, variants)?;
    let columns = runs::columns(core, &asked, variants, None).await?;
    let mut seen = HashSet::new();
    let photo_ids: Vec<PhotoId> = asked.photo_ids.iter().copied().filter(|id| seen.insert(*id)).collect();
    let config = config::current(core).await?;
    if asked.ask_again {
        return of_columns(core, &config, &columns, &photo_ids, asked.repeats, asked.concurrency).await;
    }
    if columns.len() * photo_ids.len() > LOOKED_UP_MOST {
        let mut estimate = of_columns(core, &config, &columns, &photo_ids, asked.repeats, asked.concurrency).await?;
        estimate.notes.push("Answers that are known already are not subtracted from so large a choice; they cost nothing".to_owned());
        return Ok(estimate);
    }
    let known = runs::known::find(core, &config, &columns, &photo_ids, asked.repeats).await?;
    of_missing(core, &config, &columns, &photo_ids, &asked, &known).await
}

/// What a run needs where some answers are known already.
pub async fn of_missing(
    core: &Core,
    config: &PipelineConfig,
    columns: &[RunColumn],
    photo_ids: &[PhotoId],
    asked: &StartRun,
    known: &HashMap<(PhotoId, u32), Vec<KnownAnswer>>,
) -> Result<Estimate> {
    if known.is_empty() {
        return of_columns(core, config, columns, photo_ids, asked.repeats, asked.concurrency).await;
    }
    let mut whole = of_columns(core, config, columns, &[], asked.repeats, asked.concurrency).await?;
    whole.total.time_ms = Some(0);
    for (at, column) in columns.iter().enumerate() {
        // Photos with the same number of answers missing are reckoned together.
        let mut missing: HashMap<u32, Vec<PhotoId>> = HashMap::new();
        for photo in photo_ids {
            let has = known.get(&(*photo, at as u32)).map_or(0, Vec::len) as u32;
            missing.entry(asked.repeats.saturating_sub(has)).or_default().push(*photo);
        }
        for (repeats, photos) in missing.into_iter().filter(|(repeats, _)| *repeats > 0) {
            let part = of_columns(core, config, std::slice::from_ref(column), &photos, repeats, asked.concurrency).await?;
            add(&mut whole, at, part);
        }
    }
    whole.reused = known.values().map(|answers| answers.len() as u64).sum();
    Ok(whole)
}

fn add(whole: &mut Estimate, at: usize, part: Estimate) {
    whole.calls += part.calls;
    whole.total.cost += part.total.cost;
    whole.total.unknown_calls += part.total.unknown_calls;
    whole.total.time_ms = whole.total.time_ms.zip(part.total.time_ms).map(|(one, other)| one + other);
    let (Some(column), Some(part)) = (whole.columns.get_mut(at), part.columns.into_iter().next()) else { return };
    let is_first = column.calls == 0;
    let both = column.input_tokens.zip(part.input_tokens).map(|(one, other)| one + other);
    column.input_tokens = if is_first { part.input_tokens } else { both };
    column.cost = match (is_first, column.cost, part.cost) {
        (true, _, cost) => cost,
        (false, Some(one), Some(other)) => Some(CostRange { low_usd: one.low_usd + other.low_usd, high_usd: one.high_usd + other.high_usd }),
        _ => None,
    };
    column.calls += part.calls;
    column.input_from_answers = part.input_from_answers;
    column.unknown = part.unknown;
}

/// What these columns over these photos would need.
pub async fn of_columns(
    core: &Core,
    config: &PipelineConfig,
    columns: &[RunColumn],
    photo_ids: &[PhotoId],
    repeats: u32,
    concurrency: u32,
) -> Result<Estimate> {
    let sizes = store::costs::photo_sizes(&core.db, core.org, photo_ids).await?;
    let sizes: Vec<(u32, u32)> = photo_ids.iter().filter_map(|id| sizes.get(id).copied()).collect();
    let book = book(core);
    let today = core.now().date_naive();
    let mut known: HashMap<(&str, Option<SentImage>), Known> = HashMap::new();
    let (mut estimates, mut total, mut work_ms) = (Vec::with_capacity(columns.len()), EstimatedTotal::default(), Some(0.0));
    for column in columns {
        let key = (column.model.as_str(), column.image);
        if let Entry::Vacant(vacant) = known.entry(key) {
            vacant.insert(Known::of(core, config, &book, key, &sizes).await?);
        }
        let Some(known) = known.get(&key) else { continue };
        let estimate = known.column(&book, today, column, u64::from(repeats));
        match estimate.cost {
            Some(cost) => total.cost += cost,
            None => total.unknown_calls += estimate.calls,
        }
        work_ms = work_ms.zip(known.latency_ms).map(|(sum, each)| sum + each * estimate.calls as f64);
        estimates.push(estimate);
    }
    total.time_ms = work_ms.map(|ms| (ms / f64::from(concurrency.max(1))).round() as u64);
    let checked = columns.iter().map(|column| {
        let (provider, model) = column.model.split_once('/').unwrap_or((&column.model, ""));
        book.checked_of(provider, model)
    });
    Ok(Estimate {
        // Of the oldest price that is used.
        prices_checked: checked.min().unwrap_or_else(|| book.checked()),
        calls: estimates.iter().map(|column| column.calls).sum(),
        notes: held_back(core, columns).into_iter().chain(uncounted(&estimates)).chain(notes(&book, today, columns)).collect(),
        columns: estimates,
        total,
        reused: 0,
    })
}

/// What is known of a model for these photos.
struct Known {
    priced: Priced,
    /// How many of the photos are so many tokens; `None`: not counted in tokens, or the rule is not known.
    photo_tokens: Option<Vec<(u64, u64)>>,
    photos: u64,
    /// Pixels as they are sent, of the first photo: what a prompt may name.
    first: PhotoVariables,
    counts_tokens: bool,
    /// What its earlier answers took in, beside what the rule says of them.
    input: Option<InputFactor>,
    written: Written,
    latency_ms: Option<f64>,
}

impl Known {
    async fn of(
        core: &Core,
        config: &PipelineConfig,
        book: &PriceBook,
        (model, image): (&str, Option<SentImage>),
        sizes: &[(u32, u32)],
    ) -> Result<Self> {
        let priced = Priced::of(core, config, model);
        let listed = book.model(&priced.provider, &priced.model);
        let sent = |size: (u32, u32)| sent_size(core, config, model, image, size);
        let rule = listed.and_then(|model| model.image_tokens);
        let input = match rule {
            Some(rule) => {
                let inputs = store::costs::counted_inputs(&core.db, core.org, model, ANSWERS_MOST).await?;
                InputFactor::of(&inputs, |column, size| {
                    let sent = sent_size(core, config, model, column.image, size);
                    rule.of(sent.0, sent.1) + text_tokens(column, &variables(sent))
                })
            }
            None => None,
        };
        let measured = store::costs::measured(&core.db, core.org, model, core.now() - MEASURED, ANSWERS_MOST).await?;
        let written: Vec<u64> = measured.iter().filter_map(|answer| answer.output_tokens).collect();
        let mean = |sum: u64, count: usize| (count > 0).then(|| sum as f64 / count as f64);
        let first = sizes.first().copied().map_or((1024, 768), sent);
        let is_charged_by_unit = listed.is_some_and(|model| model.prices.iter().any(|price| price.unit.is_some()))
            || book.prices(priced.on(core.now().date_naive())).is_some_and(|prices| prices.iter().any(|price| price.unit.is_some()));
        Ok(Self {
            photo_tokens: rule.map(|rule| grouped(rule, sizes.iter().copied().map(sent))),
            photos: sizes.len() as u64,
            first: variables(first),
            counts_tokens: priced.provider != ON_DEVICE && !is_charged_by_unit,
            input,
            written: Written::of(&written),
            latency_ms: mean(measured.iter().map(|answer| answer.latency_ms).sum(), measured.len()),
            priced,
        })
    }

    fn column(&self, book: &PriceBook, today: NaiveDate, column: &RunColumn, repeats: u64) -> ColumnEstimate {
        let text_tokens = text_tokens(column, &self.first);
        let photo_tokens = self.photo_tokens.as_ref().filter(|_| self.counts_tokens);
        let input = photo_tokens.map(|groups| groups.iter().map(|(tokens, photos)| self.input_of(tokens + text_tokens) * photos * repeats).sum());
        let most = column.parts.parameters.max_output_tokens.map_or(u64::MAX, u64::from);
        let [short, usual, long] = self.output(self.photos * repeats).map(|tokens| tokens.min(most));
        let cost = |output| self.cost(book, today, text_tokens, output, repeats);
        let cost = cost(short).zip(cost(long)).map(|(low_usd, high_usd)| CostRange { low_usd, high_usd });
        let is_priced = book.prices(self.priced.on(today)).is_some();
        let unknown = if is_priced { UnknownCost::PhotoTokens } else { UnknownCost::Price };
        ColumnEstimate {
            prompt_name: column.prompt_name.clone(),
            model: column.model.clone(),
            calls: self.photos * repeats,
            input_from_answers: self.input.filter(|_| input.is_some()).map_or(0, |input| input.answers),
            input_tokens: input,
            output_tokens: self.counts_tokens.then_some(usual),
            from_answers: self.written.answers,
            cost,
            unknown: cost.is_none().then_some(unknown),
        }
    }

    /// Tokens that a call takes in, of which the rules expect so many.
    fn input_of(&self, expected: u64) -> u64 {
        self.input.map_or(expected, |input| input.applied_to(expected))
    }

    /// Tokens that an answer has in the mean of so many calls: at least, usually, at most.
    fn output(&self, calls: u64) -> [u64; 3] {
        self.written.in_mean_of(calls)
    }

    /// Of all calls, when each answer has so many tokens.
    fn cost(&self, book: &PriceBook, today: NaiveDate, text_tokens: u64, output: u64, repeats: u64) -> Option<UsdMicros> {
        let place = self.priced.on(today);
        let each = |photo_tokens: Option<u64>| {
            let usage =
                Usage { input_tokens: photo_tokens.map(|photo| self.input_of(photo + text_tokens)), output_tokens: Some(output), ..Usage::default() };
            book.cost(place, &usage, None)
        };
        let times = |cost: UsdMicros, calls: u64| UsdMicros(cost.0.saturating_mul(i64::try_from(calls).unwrap_or(i64::MAX)));
        match &self.photo_tokens {
            Some(groups) => groups.iter().map(|(tokens, photos)| Some(times(each(Some(*tokens))?, photos * repeats))).sum(),
            // By the unit, or free: tokens do not matter. By the token with an unknown rule: not known.
            None => each(None).map(|cost| times(cost, self.photos * repeats)),
        }
    }
}

/// Pixels of a photo as it is sent.
fn sent_size(core: &Core, config: &PipelineConfig, model: &str, image: Option<SentImage>, (width, height): (u32, u32)) -> (u32, u32) {
    let rule = core.providers.find(model).map(|(provider, model)| analysis::sent_as(provider.photo_rule(model), &config.rules, image));
    match rule {
        Some(PhotoRule::Jpeg { max_edge_px, .. }) => photos::fitted(width, height, max_edge_px),
        _ => (width, height),
    }
}

/// What a prompt may name of a photo that is sent in this size.
fn variables((width, height): (u32, u32)) -> PhotoVariables {
    PhotoVariables { file_name: "photo.jpg".to_owned(), width, height }
}

/// Tokens of the text that is sent with a photo.
fn text_tokens(column: &RunColumn, photo: &PhotoVariables) -> u64 {
    // A prompt that can't be rendered was refused before; one that fails for this photo alone is counted as it stands.
    let prompt = PromptText { content: &column.prompt_content, parts: &column.parts };
    let text =
        prompts::render(prompt, photo).unwrap_or_else(|_| Rendered { system: column.parts.system.clone(), user: column.prompt_content.clone() });
    // A schema of the author's own may be long; the shipped one is hardly more than what goes around every question.
    let all = [&text.user, &text.system, &column.parts.schema];
    all.map(|text| (text.chars().count() as u64).div_ceil(CHARACTERS_A_TOKEN)).iter().sum()
}

/// How many photos are so many tokens: most photos of a library have one of few sizes.
fn grouped(rule: ImageTokens, sizes: impl Iterator<Item = (u32, u32)>) -> Vec<(u64, u64)> {
    let mut groups: HashMap<u64, u64> = HashMap::new();
    for (width, height) in sizes {
        *groups.entry(rule.of(width, height)).or_default() += 1;
    }
    groups.into_iter().collect()
}

/// The providers that would ask nothing now, each once, with the reason.
fn held_back(core: &Core, columns: &[RunColumn]) -> Vec<String> {
    let mut told = HashSet::new();
    let first_of = columns.iter().filter(|column| told.insert(provider_of(&column.model)));
    first_of.filter_map(|column| providers::held_back(core, &column.model)).map(|fault| fault.message).collect()
}

/// The models that have a price, but no rule for the tokens of a photo, each once.
fn uncounted(estimates: &[ColumnEstimate]) -> Vec<String> {
    let mut told = HashSet::new();
    let models = estimates.iter().filter(|column| column.unknown == Some(UnknownCost::PhotoTokens) && told.insert(&column.model));
    let words = |column: &ColumnEstimate| {
        let rule = r#""image_tokens": {"rule": "flat", "tokens": 1000}"#;
        format!("How many tokens a photo is for {} is not known, only what a token costs. Say it in model-catalogue.json: {rule}", column.model)
    };
    models.map(words).collect()
}

/// What a person should know of the prices before they lean on them.
fn notes(book: &PriceBook, today: NaiveDate, columns: &[RunColumn]) -> Vec<String> {
    let has_price = |column: &RunColumn| {
        let (provider, id) = column.model.split_once('/').unwrap_or((&column.model, ""));
        id.split('+').any(|part| book.model(provider, part).is_some_and(|model| !model.prices.is_empty()))
    };
    // Old prices are no matter of what has none.
    let mut notes: Vec<String> = book.problem().map(str::to_owned).into_iter().collect();
    notes.extend(super::old_note(book, today).filter(|_| columns.iter().any(has_price)));
    let mut told = HashSet::new();
    for column in columns.iter().filter(|column| told.insert(column.model.as_str())) {
        let (provider, id) = column.model.split_once('/').unwrap_or((&column.model, ""));
        if provider == "vision" {
            let free = "Free units of the month and volume discounts of Cloud Vision are not subtracted";
            if notes.iter().all(|note| note != free) {
                notes.push(free.to_owned());
            }
            if columns.iter().filter(|other| other.model == column.model).count() > 1 {
                notes.push(format!("{} follows no prompt: each prompt is charged, and all get the same answer", column.model));
            }
        }
        let Some(model) = book.model(provider, id) else { continue };
        if let Some(change) = model.next_change(today).filter(|change| change.from - today <= CHANGE_NEAR) {
            let unit = |price: &crate::providers::price::Price| match price.unit {
                Some(unit) => format!("{} per thousand", money::price_words(unit.usd_per_thousand())),
                None => {
                    let [input, output] = [price.input, price.output].map(|rate| money::price_words(rate.usd_per_million()));
                    format!("{input} in, {output} out per million tokens")
                }
            };
            notes.push(format!("{} costs {} from {} on", model.name, unit(change), change.from));
        }
        if let Some(last) = model.retires.filter(|last| *last - today <= CHANGE_NEAR) {
            notes.push(format!("{} ends on {last}", model.name));
        }
    }
    notes
}
