//! What a call may cost at most, as far as that can be known before it is made. People are shown what it usually costs.

use super::{Core, Known, PipelineConfig, Result, RunColumn, book};
use crate::platform::store;
use crate::platform::store::costs::Dearest;
use crate::providers::{OutputMost, PriceBook};
use crate::wire::answer_schema;
use crate::wire::cost::UnknownCost;
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;

/// No token is shorter than a byte: what goes around every question, and a file name that the prompt may hold.
const FRAME_TOKENS: u64 = 512;
/// Where no service promises the length of an answer: so many times what was usual or dearest.
const MARGIN: u64 = 2;

/// What calls may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    pub cost: UsdMicros,
    /// Whether the service is known to keep to the longest answer that is asked for; else it is what was seen, with a margin.
    pub is_kept: bool,
}

/// Of a call about each of these photos, all together; the error is why it is not known. `seen`: the dearest of the model's newest
/// results, since a model may count otherwise than its rule says.
pub async fn bound(
    core: &Core,
    config: &PipelineConfig,
    column: &RunColumn,
    photos: &[PhotoId],
    seen: Dearest,
) -> Result<std::result::Result<Bound, UnknownCost>> {
    let sizes = store::costs::photo_sizes(&core.db, core.org, photos).await?;
    let sizes: Vec<(u32, u32)> = photos.iter().filter_map(|id| sizes.get(id).copied()).collect();
    let book = book(core);
    let known = Known::of(core, config, &book, (&column.model, column.image), &sizes).await?;
    let said = core.providers.find(&column.model).and_then(|(provider, model)| provider.output_most(model, &column.parts.parameters));
    Ok(known.bound(core, &book, column, said, seen))
}

impl Known {
    fn bound(
        &self,
        core: &Core,
        book: &PriceBook,
        column: &RunColumn,
        said: Option<OutputMost>,
        seen: Dearest,
    ) -> std::result::Result<Bound, UnknownCost> {
        let today = core.now().date_naive();
        let place = self.priced.on(today);
        let usual = self.column(book, today, column, 1);
        let unknown = usual.unknown.unwrap_or(UnknownCost::Price);
        let usual = usual.cost.ok_or(unknown)?.high_usd;
        let text = text_tokens_most(column);
        let cost = |photo_tokens: Option<u64>, output: u64| {
            let input = photo_tokens.map(|tokens| (tokens + text).max(seen.input_tokens));
            book.cost(place, &super::Usage { input_tokens: input, output_tokens: Some(output), ..super::Usage::default() }, None)
        };
        let longest = said.map_or(0, |said| u64::from(said.tokens));
        let times = |cost: UsdMicros, by: u64| UsdMicros(cost.0.saturating_mul(i64::try_from(by).unwrap_or(i64::MAX)));
        let all = match &self.photo_tokens {
            Some(groups) => groups.iter().map(|(tokens, photos)| Some(times(cost(Some(*tokens), longest)?, *photos))).sum::<Option<UsdMicros>>(),
            None => cost(None, longest).map(|each| times(each, self.photos)),
        };
        let all = all.ok_or(unknown)?;
        let is_kept = said.is_some_and(|said| said.is_kept) || !self.counts_tokens;
        let seen = times(seen.cost, self.photos);
        let cost = if is_kept { all.max(seen) } else { all.max(times(usual, MARGIN)).max(times(seen, MARGIN)) };
        Ok(Bound { cost, is_kept: is_kept || cost == UsdMicros(0) })
    }
}

/// Tokens of all the text that is sent, at most.
fn text_tokens_most(column: &RunColumn) -> u64 {
    let parts = &column.parts;
    let schema = if parts.schema.is_empty() { answer_schema::shipped().to_string().len() } else { parts.schema.len() };
    (column.prompt_content.len() + parts.system.len() + schema) as u64 + FRAME_TOKENS
}
