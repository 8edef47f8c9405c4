//! The price book: what models can do, what their tokens cost on a day, how many tokens a photo is.
//!
//! The shipped catalogue is `assets/model-catalogue.json`; a person's own file of the same form lies over it.

mod entry;
mod image_tokens;
mod rate;

use std::sync::{Arc, OnceLock};

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use url::{Host, Url};

use super::{OLLAMA, ON_DEVICE};
use crate::wire::money::UsdMicros;
use crate::wire::result::Usage;
use entry::Entry;
pub use entry::ListedModel;
pub use image_tokens::{ImageTokens, MediaLevel};
pub use rate::{Price, Rate, Tier};

const SHIPPED: &str = include_str!("../../assets/model-catalogue.json");
/// Prices that were checked longer ago are said to be old.
const OLD_AFTER: Days = Days::new(90);
/// Services that charge wherever they are reached, a proxy on this machine included.
const ALWAYS_CHARGED: [&str; 4] = ["gemini", "vision", "openai", "anthropic"];

/// Names of machines on the own network.
const NEAR_ENDINGS: [&str; 6] = [".local", ".lan", ".internal", ".home", ".home.arpa", ".localhost"];

/// What the program and the person's own file say of models and prices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PriceBook(Arc<Book>);

#[derive(Debug, Clone)]
struct Book {
    /// Of the shipped prices.
    checked: NaiveDate,
    /// Of the person's own file, where it says so.
    own_checked: Option<NaiveDate>,
    models: Vec<ListedModel>,
    /// Why the person's own file is not part of it.
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "catalogue_version")]
    version: Option<u32>,
    checked: Option<NaiveDate>,
    models: Vec<Entry>,
}

/// Where and when a call is made: what its cost depends on besides its usage.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub provider: &'a str,
    /// Without the provider.
    pub model: &'a str,
    /// Where the provider is; `None` for a built-in address.
    pub base: Option<&'a Url>,
    pub day: NaiveDate,
}

impl Default for PriceBook {
    fn default() -> Self {
        Self::shipped()
    }
}

impl PriceBook {
    /// The catalogue that the program ships.
    #[must_use]
    pub fn shipped() -> Self {
        static BOOK: OnceLock<PriceBook> = OnceLock::new();
        BOOK.get_or_init(|| {
            let nothing = Book { checked: NaiveDate::default(), own_checked: None, models: Vec::new(), problem: None };
            let read = nothing.with(SHIPPED, false).unwrap_or_else(|problem| {
                tracing::error!(%problem, "the shipped model catalogue can't be read; prices are unknown");
                Book { problem: Some(problem), ..nothing }
            });
            Self(Arc::new(read))
        })
        .clone()
    }

    /// With a person's own file laid over it.
    ///
    /// # Errors
    /// What is wrong with the file, with line and field.
    pub fn with_own(&self, text: &str) -> Result<Self, String> {
        self.0.with(text, true).map(|book| Self(Arc::new(book)))
    }

    /// As it is, and why a person's own file is not part of it, for a screen to say.
    #[must_use]
    pub fn without_own(&self, problem: String) -> Self {
        Self(Arc::new(Book { problem: Some(problem), ..Book::clone(&self.0) }))
    }

    /// Why the person's own file is not part of it.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.0.problem.as_deref()
    }

    /// The day on which the shipped prices were last compared with the providers' pages.
    #[must_use]
    pub fn checked(&self) -> NaiveDate {
        self.0.checked
    }

    /// The same of the person's own file, where it says so.
    #[must_use]
    pub fn own_checked(&self) -> Option<NaiveDate> {
        self.0.own_checked
    }

    /// The day on which a model's own price was last compared; of a joined name, that of its oldest part.
    #[must_use]
    pub fn checked_of(&self, provider: &str, model: &str) -> NaiveDate {
        let of = |id: &str| self.model(provider, id).and_then(|listed| listed.checked);
        of(model).or_else(|| model.split('+').filter_map(of).min()).unwrap_or(self.0.checked)
    }

    /// Whether that was longer than 90 days before this day.
    #[must_use]
    pub fn is_old(&self, day: NaiveDate) -> bool {
        self.0.checked.checked_add_days(OLD_AFTER).is_some_and(|last| day > last)
    }

    #[must_use]
    pub fn model(&self, provider: &str, id: &str) -> Option<&ListedModel> {
        self.0.models.iter().find(|model| model.provider == provider && model.id == id)
    }

    /// The models of a provider, in the order in which they are best offered.
    pub fn models<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a ListedModel> {
        self.0.models.iter().filter(move |model| model.provider == provider)
    }

    /// What a call cost. What the provider itself says goes first; a model that runs here costs nothing; `None`: not
    /// known, which is not zero. Free units of a month and discounts of volume are not subtracted: whether they are
    /// used up, only the provider knows.
    #[must_use]
    pub fn cost(&self, place: Place<'_>, usage: &Usage, reported: Option<UsdMicros>) -> Option<UsdMicros> {
        if reported.is_some() {
            return reported;
        }
        if let Some(prices) = self.prices(place) {
            return prices.iter().map(|price| price.pico_dollars(usage)).sum::<Option<u128>>().and_then(rate::rounded);
        }
        self.is_free(place).then_some(UsdMicros(0))
    }

    /// What a person should know of the cost of a call: where the book has no price for input that was cached, the cost is the most
    /// that it can be.
    #[must_use]
    pub fn cost_note(&self, place: Place<'_>, usage: &Usage, reported: Option<UsdMicros>) -> Option<&'static str> {
        let lacks_rate = || self.prices(place).is_some_and(|prices| prices.iter().any(|price| price.lacks_cached_rate(usage)));
        (reported.is_none() && lacks_rate()).then_some("Cached tokens are charged at the full price, since the price book has none for them")
    }

    /// Whether a call is known to cost nothing: the book has no price for it, and it stays on this machine or network as
    /// far as the address tells. Who has a price from a later day on is not known to be free until then; a person who means
    /// it to be free writes a price of 0 from an earlier day. While the person's own file can't be read, nobody knows what it
    /// has a price for.
    #[must_use]
    pub fn is_free(&self, place: Place<'_>) -> bool {
        let is_near = place.provider == ON_DEVICE || (!ALWAYS_CHARGED.contains(&place.provider) && place.base.is_some_and(is_near));
        let is_priced = self.model(place.provider, place.model).is_some_and(|model| model.is_price_unknown || !model.prices.is_empty());
        let may_be_priced = is_priced || self.prices(place).is_some() || self.problem().is_some() && place.provider != ON_DEVICE;
        is_near && !is_relayed(place) && !may_be_priced
    }

    /// The prices that a call on this day has: one, or one for each part of a joined name (`labels+text`). `None`: not
    /// known here (a model that runs on this machine or network costs nothing all the same).
    #[must_use]
    pub fn prices(&self, place: Place<'_>) -> Option<Vec<&Price>> {
        let price_of = |id: &str| self.model(place.provider, id).and_then(|model| model.price_on(place.day));
        if let Some(price) = price_of(place.model) {
            return Some(vec![price]);
        }
        let parts: Vec<&str> = place.model.split('+').collect();
        let is_paid = |part: &&&str| {
            let free_with = self.model(place.provider, part).and_then(|model| model.free_with.as_deref());
            free_with.is_none_or(|other| !parts.contains(&other))
        };
        // Joined names are those of units: a token price can't be split among parts.
        parts.iter().filter(is_paid).map(|part| price_of(part).filter(|price| price.unit.is_some())).collect()
    }
}

/// Whether what answers there is known to pass calls on to a service that may charge: Ollama's cloud models, and
/// `LiteLLM` at its usual port.
fn is_relayed(place: Place<'_>) -> bool {
    const LITELLM_PORT: u16 = 4000;
    let is_cloud = place.provider == OLLAMA && (place.model.ends_with("-cloud") || place.model.ends_with(":cloud"));
    is_cloud || place.base.is_some_and(|base| base.port() == Some(LITELLM_PORT))
}

/// Whether an address is on this machine or its own network.
#[must_use]
pub fn is_near(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        // A name without a dot is one that only the own network knows.
        Some(Host::Domain(name)) => !name.contains('.') || NEAR_ENDINGS.iter().any(|ending| name.ends_with(ending)),
        None => false,
    }
}

impl Book {
    fn with(&self, text: &str, is_own: bool) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let file: File = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." || path == "?" { String::new() } else { format!("{path}: ") };
            format!("{place}{}", error.inner())
        })?;
        reader.end().map_err(|error| error.to_string())?;
        if file.version.is_some_and(|version| version != 1) {
            return Err("catalogue_version: this program reads version 1".to_owned());
        }
        // What a person checked says nothing of the shipped prices.
        let (checked, own_checked) = if is_own { (self.checked, file.checked) } else { (file.checked.unwrap_or(self.checked), None) };
        let mut book = Self { checked, own_checked, models: self.models.clone(), problem: None };
        for entry in file.models {
            if let Some(problem) = entry.problem() {
                return Err(problem);
            }
            if let Some(place) = book.models.iter().position(|model| entry.names(model)) {
                let known = book.models[place].clone();
                book.models[place] = entry.over(Some(known), file.checked, is_own);
            } else {
                book.models.push(entry.over(None, file.checked, is_own));
            }
        }
        Ok(book)
    }
}

/// The models that the program ships knowledge of.
#[must_use]
pub fn models() -> &'static [ListedModel] {
    static BOOK: OnceLock<PriceBook> = OnceLock::new();
    &BOOK.get_or_init(PriceBook::shipped).0.models
}

#[must_use]
pub fn model(provider: &str, id: &str) -> Option<&'static ListedModel> {
    models().iter().find(|model| model.provider == provider && model.id == id)
}

#[cfg(test)]
mod tests;
