//! One model of the catalogue, and how the parts that a file gives are laid over what was known.

use chrono::NaiveDate;
use serde::Deserialize;

use super::image_tokens::ImageTokens;
use super::rate::Price;
use crate::providers::PhotoRule;

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedModel {
    pub provider: String,
    /// Without the provider.
    pub id: String,
    pub name: String,
    pub about: String,
    /// Takes photos.
    pub image: bool,
    /// Keeps to a JSON schema.
    pub json_schema: bool,
    /// Takes `temperature` and the like; others refuse a request that has them.
    pub sampling: bool,
    /// The least thinking that the model can be told to do, in the provider's own word.
    pub thinking: Option<String>,
    /// The last day on which it answers.
    pub retires: Option<NaiveDate>,
    /// `None`: not known, or not counted in tokens.
    pub image_tokens: Option<ImageTokens>,
    /// How its photos are best sent; `None`: as its provider does.
    pub photo: Option<PhotoRule>,
    /// Oldest first; empty: not known.
    pub prices: Vec<Price>,
    /// A file says that it has a price which it does not know: then it is not free either, wherever it runs.
    pub is_price_unknown: bool,
    /// Costs nothing in a call that also asks for this one (units only).
    pub free_with: Option<String>,
    /// Where the prices were read, and when.
    pub source: Option<String>,
    pub checked: Option<NaiveDate>,
    /// Whether a person's own file says something of it.
    pub is_own: bool,
}

/// An entry of a file: every field but the name may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    provider: String,
    id: String,
    name: Option<String>,
    about: Option<String>,
    image: Option<bool>,
    json_schema: Option<bool>,
    sampling: Option<bool>,
    thinking: Option<String>,
    retires: Option<NaiveDate>,
    image_tokens: Option<ImageTokens>,
    photo: Option<SentAs>,
    /// `null` or `[]`: the price is not known, which is more than nothing said of it.
    #[serde(default, deserialize_with = "said")]
    prices: Option<Vec<Price>>,
    free_with: Option<String>,
    source: Option<String>,
    checked: Option<NaiveDate>,
}

/// Tells `null` from a field that is not there.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Price>>, D::Error> {
    Option::<Vec<Price>>::deserialize(deserializer).map(|prices| Some(prices.unwrap_or_default()))
}

/// `{"max_edge_px": 1024, "quality": 85}`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentAs {
    max_edge_px: u32,
    quality: u8,
}

impl Entry {
    pub(super) fn names(&self, model: &ListedModel) -> bool {
        model.provider == self.provider && model.id == self.id
    }

    /// What can't be right although it can be read, after the entry's name.
    pub(super) fn problem(&self) -> Option<String> {
        let say = |what: &str| Some(format!("{}/{}: {what}", self.provider, self.id));
        if self.provider.trim().is_empty() || self.id.trim().is_empty() {
            return say("'provider' and 'id' must not be empty");
        }
        if let Some(problem) = self.image_tokens.and_then(ImageTokens::problem) {
            return say(&format!("image_tokens: {problem}"));
        }
        if self.photo.is_some_and(|photo| !(16..=16_384).contains(&photo.max_edge_px) || !(1..=100).contains(&photo.quality)) {
            return say("photo: 'max_edge_px' must be 16–16384 and 'quality' 1–100");
        }
        let prices = self.prices.as_deref().unwrap_or_default();
        if !prices.is_sorted_by(|a, b| a.from < b.from) {
            return say("prices: each must begin ('from') after the one before it");
        }
        if prices.iter().any(|price| !price.tiers.is_sorted_by(|a, b| a.above_prompt_tokens < b.above_prompt_tokens)) {
            return say("prices: tiers must go up in 'above_prompt_tokens'");
        }
        None
    }

    /// Lays what it says over what was known. `checked`: the day that its file names for all.
    pub(super) fn over(self, known: Option<ListedModel>, checked: Option<NaiveDate>, is_own: bool) -> ListedModel {
        let known = known.unwrap_or_else(|| ListedModel::unknown(self.provider, self.id));
        let photo = self.photo.map(|photo| PhotoRule::Jpeg { max_edge_px: photo.max_edge_px, quality: photo.quality });
        ListedModel {
            name: self.name.unwrap_or(known.name),
            about: self.about.unwrap_or(known.about),
            image: self.image.unwrap_or(known.image),
            json_schema: self.json_schema.unwrap_or(known.json_schema),
            sampling: self.sampling.unwrap_or(known.sampling),
            thinking: self.thinking.or(known.thinking),
            retires: self.retires.or(known.retires),
            image_tokens: self.image_tokens.or(known.image_tokens),
            photo: photo.or(known.photo),
            // The day is that of the prices: an entry without any leaves it.
            checked: self.checked.or(checked.filter(|_| self.prices.is_some())).or(known.checked),
            is_price_unknown: self.prices.as_ref().map_or(known.is_price_unknown, Vec::is_empty),
            prices: self.prices.unwrap_or(known.prices),
            free_with: self.free_with.or(known.free_with),
            source: self.source.or(known.source),
            is_own: is_own || known.is_own,
            provider: known.provider,
            id: known.id,
        }
    }
}

impl ListedModel {
    fn unknown(provider: String, id: String) -> Self {
        Self {
            provider,
            name: id.clone(),
            id,
            about: String::new(),
            image: true,
            json_schema: true,
            sampling: false,
            thinking: None,
            retires: None,
            image_tokens: None,
            photo: None,
            prices: Vec::new(),
            is_price_unknown: false,
            free_with: None,
            source: None,
            checked: None,
            is_own: false,
        }
    }

    /// The price that holds on a day.
    #[must_use]
    pub fn price_on(&self, day: NaiveDate) -> Option<&Price> {
        self.prices.iter().rev().find(|price| price.from <= day)
    }

    /// The first price after that of a day.
    #[must_use]
    pub fn next_change(&self, day: NaiveDate) -> Option<&Price> {
        self.prices.iter().find(|price| price.from > day)
    }
}
