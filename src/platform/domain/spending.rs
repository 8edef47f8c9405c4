//! The limits on what the pipeline may spend: they are reached before they are crossed. What the calls under way and the next
//! ones may cost is set aside beforehand; a price that is not known can't be kept within a limit, so such calls wait.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveTime, Utc};

use super::{Core, Result, costs};
use crate::platform::store;
use crate::platform::store::rollups::{Histograms, Span, Wanted};
use crate::wire::config::PipelineConfig;
use crate::wire::ids::PhotoId;
use crate::wire::money::UsdMicros;
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Fault, FaultKind};
use crate::wire::run::RunColumn;

/// An answer may be longer than answers are on the average: so many times what a call is expected to cost is set aside.
const MARGIN: i64 = 2;

/// How many calls may be begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    pub calls: u32,
    /// Why no more, and when that ends by itself.
    pub held: Option<(Fault, Option<DateTime<Utc>>)>,
}

/// A limit, what is spent of it, and when it begins anew.
struct Limit {
    name: &'static str,
    most: UsdMicros,
    spent: UsdMicros,
    /// Results whose cost is not known; each may have cost what a call costs.
    unknown: u64,
    renews: DateTime<Utc>,
}

/// How many of `wanted` calls of the live model the limits leave room for.
pub async fn room(core: &Core, config: &PipelineConfig, prompt: &PromptVersion, wanted: u32) -> Result<Room> {
    let limits = limits(core, config).await?;
    if limits.is_empty() || wanted == 0 {
        return Ok(Room { calls: wanted, held: None });
    }
    let under_way = store::jobs::photos_in_work(&core.db, core.org).await?;
    let next = store::jobs::next_photos(&core.db, core.org, wanted).await?;
    let column = RunColumn {
        prompt_name: prompt.label(),
        prompt_content: prompt.content.clone(),
        prompt_version_id: Some(prompt.id),
        model: config.live_model.clone(),
    };
    let mut tightest = None;
    for calls in (1..=next.len()).rev() {
        let photos: Vec<PhotoId> = under_way.iter().chain(&next[..calls]).copied().collect();
        let estimate = costs::of_columns(core, config, std::slice::from_ref(&column), &photos, 1, 1).await?;
        let Some(cost) = estimate.columns.first().and_then(|column| column.cost) else {
            let message = format!(
                "The price of {} is not known, so it can't be kept within a limit. Give its price in the model catalogue, or take the limit away",
                config.live_model
            );
            return Ok(Room { calls: 0, held: Some((Fault::new(FaultKind::QuotaSpent, message), None)) });
        };
        let set_aside = UsdMicros(cost.high_usd.0.saturating_mul(MARGIN));
        if set_aside == UsdMicros(0) {
            return Ok(Room { calls: wanted, held: None });
        }
        let each = UsdMicros(set_aside.0 / photos.len().max(1) as i64);
        tightest = limits.iter().filter(|limit| limit.leaves_too_little(set_aside, each)).max_by_key(|limit| limit.renews);
        if tightest.is_none() {
            return Ok(Room { calls: calls as u32, held: None });
        }
    }
    Ok(Room { calls: 0, held: tightest.map(|limit| (limit.fault(), Some(limit.renews))) })
}

impl Limit {
    fn leaves_too_little(&self, set_aside: UsdMicros, each: UsdMicros) -> bool {
        let unknown = UsdMicros(each.0.saturating_mul(self.unknown.min(i64::MAX as u64) as i64));
        self.spent + unknown + set_aside > self.most
    }

    fn fault(&self) -> Fault {
        let unknown = match self.unknown {
            0 => String::new(),
            1 => " and one result of unknown cost".to_owned(),
            count => format!(" and {count} results of unknown cost"),
        };
        let message = format!(
            "The limit of {} a {} leaves no room for another photo: {} is spent{unknown}. It begins anew on {} UTC; raise it in Pipeline control › Rules to go on now",
            self.most,
            self.name,
            self.spent,
            self.renews.format("%-d %B at %H:%M"),
        );
        Fault::new(FaultKind::QuotaSpent, message)
    }
}

async fn limits(core: &Core, config: &PipelineConfig) -> Result<Vec<Limit>> {
    let today = core.now().date_naive();
    let first = today.with_day(1).unwrap_or(today);
    let periods = [
        ("day", config.rules.daily_limit_usd, today, today.checked_add_days(Days::new(1))),
        ("month", config.rules.monthly_limit_usd, first, first.checked_add_months(Months::new(1))),
    ];
    let mut limits = Vec::new();
    for (name, most, from, to) in periods {
        let (Some(most), Some(to)) = (most, to) else { continue };
        let (from, renews) = (from.and_time(NaiveTime::MIN).and_utc(), to.and_time(NaiveTime::MIN).and_utc());
        let (from_ms, to_ms) = (store::to_ms(from), store::to_ms(renews));
        let wanted = Wanted { span: Span::Day, from_ms, to_ms, step_ms: to_ms - from_ms, provider: None, histograms: Histograms::None };
        let sums = store::rollups::read(&core.db, core.org, wanted).await?;
        let spent = sums.iter().map(|summed| summed.sums.cost).sum();
        let unknown = sums.iter().map(|summed| summed.sums.cost_unknown).sum();
        limits.push(Limit { name, most, spent, unknown, renews });
    }
    Ok(limits)
}
