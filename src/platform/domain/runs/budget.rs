//! A run's limit: what each call may cost is set aside before it is begun, and what it did cost takes the place of that.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::platform::domain::{DomainError, Result};
use crate::wire::cost::{Estimate, calls_words};
use crate::wire::money::UsdMicros;
use crate::wire::run::SpendLimit;

/// The limit of a run that may cost so much at most: a call of each column may cost what it does with a long answer. Refuses what may
/// cost more, and what can't be told.
pub fn limit_of(most: UsdMicros, estimate: &Estimate) -> Result<SpendLimit> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "over_budget", message });
    let (high, unknown) = (estimate.total.cost.high_usd, estimate.total.unknown_calls);
    if unknown > 0 {
        return refuse(format!("Nothing was asked: the price of {} is not known, so it can't be kept within {most}", calls_words(unknown)));
    }
    if high > most {
        return refuse(format!("Nothing was asked: this may cost up to {high}, and {most} is the most. Choose fewer photos, or raise it"));
    }
    let each = |high: UsdMicros, calls: u64| UsdMicros(u64::try_from(high.0).unwrap_or(0).div_ceil(calls.max(1)) as i64);
    let column_usd: Vec<UsdMicros> =
        estimate.columns.iter().map(|column| each(column.cost.map(|cost| cost.high_usd).unwrap_or_default(), column.calls)).collect();
    Ok(SpendLimit { most_usd: most, call_usd: column_usd.iter().copied().max().unwrap_or_default(), column_usd })
}

/// What is left of a limit.
pub struct Budget {
    limit: SpendLimit,
    now: Mutex<Now>,
    changed: Notify,
}

#[derive(Default)]
struct Now {
    spent: UsdMicros,
    columns: HashMap<u32, Calls>,
}

/// The calls of a column.
#[derive(Default, Clone, Copy)]
struct Calls {
    under_way: u32,
    /// The dearest call so far: those under way and the next one may cost as much, whatever was expected.
    dearest: UsdMicros,
}

/// Set aside for one call; dropped it is free again.
pub struct SetAside<'b>(Option<(&'b Budget, u32)>);

impl Budget {
    #[must_use]
    pub fn new(limit: SpendLimit, spent: UsdMicros) -> Self {
        Self { limit, now: Mutex::new(Now { spent, ..Now::default() }), changed: Notify::new() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a call of this column may cost.
    fn each(&self, column: u32, calls: Calls) -> UsdMicros {
        self.limit.call_of(column).max(calls.dearest)
    }

    /// What is spent and set aside, once another call of this column is begun.
    fn with_one_more(&self, column: u32, now: &Now) -> UsdMicros {
        let one_more = self.each(column, now.columns.get(&column).copied().unwrap_or_default());
        let aside = now.columns.iter().map(|(column, calls)| UsdMicros(self.each(*column, *calls).0.saturating_mul(i64::from(calls.under_way))));
        now.spent + one_more + aside.sum::<UsdMicros>()
    }

    /// Waits while calls under way may leave room for one of this column; `None` when there is none.
    pub async fn set_aside(&self, column: u32) -> Option<SetAside<'_>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change is not missed.
            changed.as_mut().enable();
            {
                let mut now = self.now();
                if self.with_one_more(column, &now) <= self.limit.most_usd {
                    now.columns.entry(column).or_default().under_way += 1;
                    return Some(SetAside(Some((self, column))));
                }
                if now.columns.values().all(|calls| calls.under_way == 0) {
                    return None;
                }
            }
            changed.await;
        }
    }
}

impl SetAside<'_> {
    /// Without a limit.
    #[must_use]
    pub fn nothing() -> Self {
        Self(None)
    }

    /// The call has ended. A cost that nobody knows may have been all that was set aside.
    pub fn spend(self, cost: Option<UsdMicros>) {
        if let Some((budget, column)) = self.0 {
            let mut now = budget.now();
            let calls = now.columns.entry(column).or_default();
            calls.dearest = cost.unwrap_or_default().max(calls.dearest);
            let calls = *calls;
            now.spent += cost.unwrap_or_else(|| budget.each(column, calls));
        }
    }
}

impl Drop for SetAside<'_> {
    fn drop(&mut self) {
        if let Some((budget, column)) = self.0 {
            if let Some(calls) = budget.now().columns.get_mut(&column) {
                calls.under_way -= 1;
            }
            budget.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(most: i64, call: i64) -> SpendLimit {
        SpendLimit { most_usd: UsdMicros(most), call_usd: UsdMicros(call), column_usd: Vec::new() }
    }

    #[tokio::test]
    async fn a_call_that_was_dearer_than_expected_is_expected_again() {
        let budget = Budget::new(limit(30_000, 700), UsdMicros(0));
        for _ in 0..3 {
            budget.set_aside(0).await.expect("room").spend(Some(UsdMicros(7_875)));
        }
        assert!(budget.set_aside(0).await.is_none(), "3 × 7,875 leave 6,375");
        assert!(budget.set_aside(1).await.is_some(), "another column's calls cost what was expected of them");
    }

    #[tokio::test]
    async fn calls_under_way_may_be_as_dear_as_the_one_that_has_just_ended() {
        let budget = Budget::new(limit(100_000, 3_000), UsdMicros(0));
        let mut under_way = std::collections::VecDeque::new();
        for _ in 0..4 {
            under_way.push_back(budget.set_aside(0).await.expect("room"));
        }
        let mut begun = 4;
        while let Some(call) = under_way.pop_front() {
            call.spend(Some(UsdMicros(15_300)));
            let next = budget.set_aside(0);
            tokio::pin!(next);
            if let std::task::Poll::Ready(Some(next)) = futures_util::poll!(next) {
                begun += 1;
                under_way.push_back(next);
            }
        }
        assert_eq!(begun, 6, "a seventh of 15,300 would cross 100,000, whatever was expected of those under way");
    }

    #[tokio::test]
    async fn each_column_has_calls_of_its_own_price() {
        let columns = vec![UsdMicros(90), UsdMicros(10)];
        let budget = Budget::new(SpendLimit { column_usd: columns, ..limit(100, 90) }, UsdMicros(0));
        let dear = budget.set_aside(0).await.expect("room");
        let cheap = budget.set_aside(1).await.expect("room for a cheap one beside it");
        // Nobody knows what it cost: all of it may be gone.
        dear.spend(None);
        cheap.spend(Some(UsdMicros(4)));
        assert!(budget.set_aside(0).await.is_none() && budget.set_aside(1).await.is_none(), "90 + 4 leave 6");
    }

    #[tokio::test]
    async fn no_call_is_begun_that_might_cross_the_limit() {
        let budget = Budget::new(limit(100, 40), UsdMicros(10));
        let (one, other) = (budget.set_aside(0).await.expect("room"), budget.set_aside(0).await.expect("room"));
        // A third waits for what the others really cost.
        let third = budget.set_aside(0);
        tokio::pin!(third);
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        one.spend(Some(UsdMicros(5)));
        let third = third.await.expect("40 set aside and 15 spent leave 45");
        other.spend(Some(UsdMicros(30)));
        third.spend(None);
        assert!(budget.set_aside(0).await.is_none(), "10 + 5 + 30 + 40 leave 15");
    }

    #[tokio::test]
    async fn a_call_that_was_given_up_leaves_its_room() {
        let budget = Budget::new(limit(10, 10), UsdMicros(0));
        drop(budget.set_aside(0).await.expect("room"));
        budget.set_aside(0).await.expect("room again").spend(Some(UsdMicros(10)));
        assert!(budget.set_aside(0).await.is_none());
    }
}
