//! A run's limit: what each call may cost is set aside before it is begun, and what it did cost takes the place of that.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::wire::money::UsdMicros;
use crate::wire::run::SpendLimit;

/// What is left of a limit.
pub struct Budget {
    limit: SpendLimit,
    now: Mutex<Now>,
    changed: Notify,
}

#[derive(Default)]
struct Now {
    spent: UsdMicros,
    calls: i64,
}

/// Set aside for one call; dropped it is free again.
pub struct SetAside<'b>(Option<&'b Budget>);

impl Budget {
    #[must_use]
    pub fn new(limit: SpendLimit, spent: UsdMicros) -> Self {
        Self { limit, now: Mutex::new(Now { spent, calls: 0 }), changed: Notify::new() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while calls under way may leave room; `None` when there is none.
    pub async fn set_aside(&self) -> Option<SetAside<'_>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change is not missed.
            changed.as_mut().enable();
            {
                let mut now = self.now();
                let aside = UsdMicros(self.limit.call_usd.0.saturating_mul(now.calls + 1));
                if now.spent + aside <= self.limit.most_usd {
                    now.calls += 1;
                    return Some(SetAside(Some(self)));
                }
                if now.calls == 0 {
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
        if let Some(budget) = self.0 {
            budget.now().spent += cost.unwrap_or(budget.limit.call_usd);
        }
    }
}

impl Drop for SetAside<'_> {
    fn drop(&mut self) {
        if let Some(budget) = self.0 {
            budget.now().calls -= 1;
            budget.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_call_is_begun_that_might_cross_the_limit() {
        let budget = Budget::new(SpendLimit { most_usd: UsdMicros(100), call_usd: UsdMicros(40) }, UsdMicros(10));
        let (one, other) = (budget.set_aside().await.expect("room"), budget.set_aside().await.expect("room"));
        // A third waits for what the others really cost.
        let third = budget.set_aside();
        tokio::pin!(third);
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        one.spend(Some(UsdMicros(5)));
        let third = third.await.expect("40 set aside and 15 spent leave 45");
        other.spend(Some(UsdMicros(30)));
        third.spend(None);
        assert!(budget.set_aside().await.is_none(), "10 + 5 + 30 + 40 leave 15");
    }

    #[tokio::test]
    async fn a_call_that_was_given_up_leaves_its_room() {
        let budget = Budget::new(SpendLimit { most_usd: UsdMicros(10), call_usd: UsdMicros(10) }, UsdMicros(0));
        drop(budget.set_aside().await.expect("room"));
        budget.set_aside().await.expect("room again").spend(Some(UsdMicros(10)));
        assert!(budget.set_aside().await.is_none());
    }
}
