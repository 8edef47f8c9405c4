//! The limits on what the pipeline may spend: they are reached before they are crossed. What the calls under way and the next
//! ones may cost at most is set aside beforehand, with the longest answer that they allow; a price that is not known can't be kept
//! within a limit, so such calls wait.
//!
//! A call that ends passes from what is under way to what is spent in one transaction. What is under way is therefore read
//! first ([`UnderWay::read`]): one that ends in between is counted twice and never missed. From the look on until the calls are
//! begun, nobody else begins any ([`Core::begins_calls`]).

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::costs::Bound;
use super::{Core, Result, config, costs};
use crate::platform::store;
use crate::platform::store::costs::Dearest;
use crate::platform::store::rollups::{Histograms, Span, Wanted};
use crate::wire::config::{PipelineConfig, ProcessingRules};
use crate::wire::ids::{JobId, PhotoId};
use crate::wire::money::UsdMicros;
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::rules::LimitAction;
use crate::wire::run::RunColumn;

/// A model may count otherwise than its rule says: of so many of its newest results the dearest is set aside where that is more.
const REMEMBERED: u32 = 200;
/// How far back those results are looked for.
const REMEMBERED_FOR: TimeDelta = TimeDelta::days(30);

/// How many calls may be begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    pub calls: u32,
    /// Why no more, and when that ends by itself.
    pub held: Option<(Fault, Option<DateTime<Utc>>)>,
}

/// What the pipeline has spent, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub today: UsdMicros,
    pub month: UsdMicros,
}

/// A limit, what is spent of it, and when it begins anew.
struct Limit {
    name: &'static str,
    most: UsdMicros,
    action: LimitAction,
    spent: UsdMicros,
    /// Results whose cost is not known; each may have cost what a call costs.
    unknown: u64,
    renews: DateTime<Utc>,
}

/// The calls under way, a photo each. Only who has read them is told what is spent: the other way round a call that ends in
/// between would be neither.
pub struct UnderWay(Vec<(JobId, PhotoId)>);

impl UnderWay {
    pub async fn read(core: &Core) -> Result<Self> {
        Ok(Self(store::jobs::in_work_about(&core.db, core.org).await?))
    }

    fn photos(&self) -> Vec<PhotoId> {
        self.0.iter().map(|(_, photo)| *photo).collect()
    }

    /// The photos that another model than `first` is asked about just now, by its name.
    fn standing_in(&self, core: &Core, first: &str) -> BTreeMap<String, Vec<PhotoId>> {
        let mut photos: BTreeMap<String, Vec<PhotoId>> = BTreeMap::new();
        for (job, photo) in &self.0 {
            if let Some(model) = core.at_work.model_of(*job).filter(|model| model != first) {
                photos.entry(model).or_default().push(*photo);
            }
        }
        photos
    }

    /// The same with the limits that stop the pipeline, and what is spent of them by now.
    pub async fn with_spent(self, core: &Core, config: &PipelineConfig) -> Result<Ledger> {
        let mut limits = limits(core, config).await?;
        limits.retain(|limit| limit.action == LimitAction::Stop);
        Ok(Ledger { under_way: self, limits })
    }
}

/// What is under way and what is spent, read in that order.
pub struct Ledger {
    under_way: UnderWay,
    limits: Vec<Limit>,
}

impl Ledger {
    /// How many of `wanted` calls the limits leave room for beside these; `model`: the one that is asked first.
    pub async fn room(&self, core: &Core, config: &PipelineConfig, (prompt, model): (&PromptVersion, &str), wanted: u32) -> Result<Room> {
        let next = store::jobs::next_photos(&core.db, core.org, config.draining_since, wanted).await?;
        let dearest = dearest(core, model).await?;
        let standing_in = self.set_aside_for_stand_ins(core, config, prompt, model).await?;
        let mut tightest = None;
        for calls in (1..=next.len()).rev() {
            let photos: Vec<PhotoId> = self.under_way.photos().iter().chain(&next[..calls]).copied().collect();
            let first = match set_aside(core, config, &column(model, prompt), &photos, dearest).await? {
                Ok(set_aside) => set_aside,
                Err(unknown) => return Ok(Room { calls: 0, held: Some((unknown, None)) }),
            };
            if first.cost == UsdMicros(0) {
                return Ok(Room { calls: wanted, held: None });
            }
            let each = Bound { cost: share(first.cost, photos.len()), ..first };
            let lacks = |limit: &&Limit| limit.leaves_too_little(first.cost + standing_in, each.cost);
            let lacking = self.limits.iter().filter(lacks).max_by_key(|limit| limit.renews);
            let Some(limit) = lacking else { return Ok(Room { calls: calls as u32, held: None }) };
            tightest = Some((limit.fault(each), Some(limit.renews)));
        }
        Ok(Room { calls: 0, held: tightest })
    }

    /// What the calls of models that stand in for the first one may cost, besides what its own did. Their price is known: it was
    /// looked at before they were asked.
    async fn set_aside_for_stand_ins(&self, core: &Core, config: &PipelineConfig, prompt: &PromptVersion, first: &str) -> Result<UsdMicros> {
        let mut all = UsdMicros(0);
        for (model, photos) in self.under_way.standing_in(core, first) {
            all += set_aside(core, config, &column(&model, prompt), &photos, dearest(core, &model).await?)
                .await?
                .map_or(UsdMicros(0), |bound| bound.cost);
        }
        Ok(all)
    }
}

/// How many of `wanted` calls the limits leave room for; `model`: the one that is asked first.
pub async fn room(core: &Core, config: &PipelineConfig, asked: (&PromptVersion, &str), wanted: u32) -> Result<Room> {
    if wanted == 0 || !stops(config) {
        return Ok(Room { calls: wanted, held: None });
    }
    UnderWay::read(core).await?.with_spent(core, config).await?.room(core, config, asked, wanted).await
}

/// Whether there is a limit that may stop the pipeline.
fn stops(config: &PipelineConfig) -> bool {
    let rules = &config.rules;
    let limits = [(rules.daily_limit_usd, rules.daily_limit_action), (rules.monthly_limit_usd, rules.monthly_limit_action)];
    limits.iter().any(|(most, action)| most.is_some() && *action == LimitAction::Stop)
}

/// Why the limits leave no room for a call of a model that stands in for the live one; `None` where they do. Every photo under
/// way may need it, after a call of the live one that may have cost as well.
pub async fn room_to_stand_in(core: &Core, prompt: &PromptVersion, live: &str, model: &str) -> Result<Option<Fault>> {
    let config = config::current(core).await?;
    if !stops(&config) {
        return Ok(None);
    }
    let Ledger { under_way, limits } = UnderWay::read(core).await?.with_spent(core, &config).await?;
    let photos = under_way.photos();
    let own = match set_aside(core, &config, &column(model, prompt), &photos, dearest(core, model).await?).await? {
        Ok(own) => own,
        Err(unknown) => return Ok(Some(unknown)),
    };
    if own.cost == UsdMicros(0) {
        return Ok(None);
    }
    // A price of the live model that is not known let no job begin, or is of a provider that was not asked.
    let before = set_aside(core, &config, &column(live, prompt), &photos, dearest(core, live).await?).await?;
    let all = own.cost + before.map_or(UsdMicros(0), |bound| bound.cost);
    let each = Bound { cost: share(all, photos.len()), ..own };
    Ok(limits.iter().find(|limit| limit.leaves_too_little(all, each.cost)).map(|limit| limit.fault(each)))
}

/// The dearest of a model's newest results.
async fn dearest(core: &Core, model: &str) -> Result<Dearest> {
    Ok(store::costs::dearest(&core.db, core.org, model, core.now() - REMEMBERED_FOR, REMEMBERED).await?)
}

/// What each of so many has of it, rounded up.
fn share(all: UsdMicros, among: usize) -> UsdMicros {
    let among = i64::try_from(among.max(1)).unwrap_or(i64::MAX);
    UsdMicros(all.0.saturating_add(among - 1) / among)
}

/// What a call of a model about each of these photos may cost at most, all together; or why that is not known.
pub async fn most(
    core: &Core,
    config: &PipelineConfig,
    (prompt, model): (&PromptVersion, &str),
    photos: &[PhotoId],
) -> Result<std::result::Result<UsdMicros, Fault>> {
    let bound = set_aside(core, config, &column(model, prompt), photos, dearest(core, model).await?).await?;
    Ok(bound.map(|bound| bound.cost))
}

async fn set_aside(
    core: &Core,
    config: &PipelineConfig,
    column: &RunColumn,
    photos: &[PhotoId],
    dearest: Dearest,
) -> Result<std::result::Result<Bound, Fault>> {
    Ok(costs::bound(core, config, column, photos, dearest).await?.map_err(|why| {
        let (what, mend) = costs::unknown_words(&column.model, Some(why));
        let message = format!("{what}, so it can't be kept within a limit. Give {mend} in the model catalogue, or take the limit away");
        Fault::new(FaultKind::QuotaSpent, message)
    }))
}

fn column(model: &str, prompt: &PromptVersion) -> RunColumn {
    RunColumn {
        prompt_name: prompt.label(),
        prompt_content: prompt.content.clone(),
        parts: prompt.parts.clone(),
        prompt_version_id: Some(prompt.id),
        model: model.to_owned(),
        image: None,
    }
}

/// What the limit of a photo says of a call that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum PhotoLimit {
    Keeps,
    /// It goes on, with these words.
    Warns(String),
    Stops(Box<Fault>),
}

/// Holds what a call is expected to cost at most against the limit of a photo. `spent`: what calls about it cost before.
pub async fn photo_limit(
    core: &Core,
    rules: &ProcessingRules,
    model: &str,
    prompt: &PromptVersion,
    (photo, spent): (PhotoId, UsdMicros),
) -> Result<PhotoLimit> {
    let Some(most) = rules.photo_limit_usd else { return Ok(PhotoLimit::Keeps) };
    let config = config::current(core).await?;
    let estimate = costs::of_columns(core, &config, &[column(model, prompt)], &[photo], 1, 1).await?;
    let why = match estimate.columns.first().and_then(|column| column.cost) {
        Some(cost) if cost.high_usd + spent <= most || cost.high_usd == UsdMicros(0) => return Ok(PhotoLimit::Keeps),
        Some(cost) if spent > UsdMicros(0) => {
            format!("This photo has cost {spent} and is expected to cost up to {} more, above the limit of {most} a photo", cost.high_usd)
        }
        Some(cost) => format!("This photo is expected to cost up to {}, more than the limit of {most} a photo", cost.high_usd),
        None => {
            let (what, _) = costs::unknown_words(model, estimate.columns.first().and_then(|column| column.unknown));
            format!("{what}, so it can't be held against the limit of {most} a photo")
        }
    };
    if rules.photo_limit_action == LimitAction::Warn {
        return Ok(PhotoLimit::Warns(why));
    }
    let message = format!("{why}. Nothing was sent. Raise the limit or let photos be sent smaller in Pipeline control › Rules, then retry the job");
    let mut fault = Fault::new(FaultKind::TooLarge, message);
    fault.code = Some("photo_limit".to_owned());
    Ok(PhotoLimit::Stops(Box::new(fault)))
}

/// Limits that only warn and are crossed, in words.
pub async fn warning(core: &Core, config: &PipelineConfig) -> Result<Option<String>> {
    let limits = limits(core, config).await?;
    let crossed = limits.iter().filter(|limit| limit.action == LimitAction::Warn && limit.spent >= limit.most);
    let said: Vec<String> = crossed.map(|limit| format!("the limit of {} a {}: {} is spent", limit.most, limit.name, limit.spent)).collect();
    Ok((!said.is_empty()).then(|| format!("Spending is above {}. All goes on, as the rules say", said.join(" and "))))
}

/// What is spent of the present UTC day and month.
pub async fn spent(core: &Core) -> Result<Spent> {
    let mut spent = Vec::with_capacity(2);
    for (_, _, from, to) in periods(core, None, None) {
        let Some(to) = to else { continue };
        spent.push(sums(core, midnight(from), midnight(to)).await?.0);
    }
    Ok(Spent { today: spent.first().copied().unwrap_or_default(), month: spent.get(1).copied().unwrap_or_default() })
}

impl Limit {
    fn leaves_too_little(&self, set_aside: UsdMicros, each: UsdMicros) -> bool {
        let unknown = UsdMicros(each.0.saturating_mul(self.unknown.min(i64::MAX as u64) as i64));
        self.spent + unknown + set_aside > self.most
    }

    fn fault(&self, each: Bound) -> Fault {
        let set_aside = UsdMicros(each.cost.0.saturating_mul(self.unknown.min(i64::MAX as u64) as i64));
        let unknown = match self.unknown {
            0 => String::new(),
            1 => format!(", {set_aside} is set aside for one result of unknown cost"),
            count => format!(", {set_aside} is set aside for {count} results of unknown cost"),
        };
        let each_words = if each.is_kept {
            format!("one photo may cost up to {} with the longest answer that is allowed", each.cost)
        } else {
            format!("one photo may cost up to about {}: the dearest seen with a margin, since this service promises no longest answer", each.cost)
        };
        let (most, name) = (self.most, self.name);
        let mend = if each.cost > self.most {
            format!("No {name} has room for one; raise it in Pipeline control › Rules, or set a shorter longest answer in the prompt")
        } else {
            let renews = self.renews.format("%-d %B at %H:%M");
            format!("It begins anew on {renews} UTC; raise it in Pipeline control › Rules to go on now")
        };
        let message =
            format!("The limit of {most} a {name} leaves no room for another photo: {} is spent{unknown}, and {each_words}. {mend}", self.spent);
        Fault::new(FaultKind::QuotaSpent, message)
    }
}

/// The UTC day and month of this moment: name, limit, first day, first day of the next one.
type Period = (&'static str, Option<UsdMicros>, NaiveDate, Option<NaiveDate>);

fn periods(core: &Core, daily: Option<UsdMicros>, monthly: Option<UsdMicros>) -> [Period; 2] {
    let today = core.now().date_naive();
    let first = today.with_day(1).unwrap_or(today);
    [("day", daily, today, today.checked_add_days(Days::new(1))), ("month", monthly, first, first.checked_add_months(Months::new(1)))]
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The known cost of whole days, and how many results have an unknown one.
async fn sums(core: &Core, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(UsdMicros, u64)> {
    let (from_ms, to_ms) = (store::to_ms(from), store::to_ms(to));
    let wanted = Wanted { span: Span::Day, from_ms, to_ms, step_ms: to_ms - from_ms, provider: None, histograms: Histograms::None };
    let sums = store::rollups::read(&core.db, core.org, wanted).await?;
    Ok((sums.iter().map(|summed| summed.sums.cost).sum(), sums.iter().map(|summed| summed.sums.cost_unknown).sum()))
}

async fn limits(core: &Core, config: &PipelineConfig) -> Result<Vec<Limit>> {
    let actions = [config.rules.daily_limit_action, config.rules.monthly_limit_action];
    let periods = periods(core, config.rules.daily_limit_usd, config.rules.monthly_limit_usd);
    let mut limits = Vec::new();
    for ((name, most, from, to), action) in periods.into_iter().zip(actions) {
        let (Some(most), Some(to)) = (most, to) else { continue };
        let renews = midnight(to);
        let (spent, unknown) = sums(core, midnight(from), renews).await?;
        limits.push(Limit { name, most, action, spent, unknown, renews });
    }
    Ok(limits)
}
