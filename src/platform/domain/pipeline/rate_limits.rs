//! Where another model stands in after a rate limit, nobody waits for the limit to end: neither the photo that ran into it,
//! nor those that come while it lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::platform::domain::Core;
use crate::platform::domain::analysis::{self, Analysed};
use crate::platform::domain::fallbacks::Chain;
use crate::platform::domain::{providers, spending};
use crate::providers::{CallContext, CallNews};
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Fault, FaultKind, Outcome};

/// A provider's word on when it takes calls again is not believed beyond this.
const LASTS_MOST: Duration = Duration::from_mins(1);

/// Until when each provider has asked to be left alone.
#[derive(Debug, Default)]
pub struct RateLimits(Mutex<HashMap<String, Instant>>);

impl RateLimits {
    fn note(&self, provider: &str, wait: Duration) {
        let until = Instant::now() + wait.min(LASTS_MOST);
        let mut limits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = limits.entry(provider.to_owned()).or_insert(until);
        *held = until.max(*held);
    }

    /// How long it still lasts.
    fn left(&self, provider: &str) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(provider)?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// Whether the next model of the chain would be asked after a rate limit, and may be paid for.
pub async fn has_stand_in(core: &Core, prompt: &PromptVersion, live: &str, mut chain: Chain<'_>) -> bool {
    let Some(next) = chain.next(FaultKind::RateLimited).filter(|next| providers::held_back(core, next).is_none()) else { return false };
    let is_limited = core.providers.find(next).is_some_and(|(provider, _)| core.rate_limits.left(provider.name()).is_some());
    !is_limited && matches!(spending::room_to_stand_in(core, prompt, live, next).await, Ok(None))
}

/// Why a model is not asked now, where its provider has lately said that it takes no calls.
pub fn still_lasts(core: &Core, model: &str) -> Option<Fault> {
    let (provider, _) = core.providers.find(model)?;
    core.rate_limits.left(provider.name()).map(|left| fault(provider.name(), left))
}

fn fault(provider: &str, wait: Duration) -> Fault {
    let words = format!("{provider} takes no more calls for {:.0} s; another model is asked meanwhile", wait.as_secs_f64().ceil());
    Fault { wait_ms: Some(wait.as_millis() as u64), ..Fault::new(FaultKind::RateLimited, words) }
}

/// Asks a model, and leaves it as soon as its provider asks to wait for a limit.
pub async fn ask_without_waiting<F: Future<Output = Analysed>>(
    core: &Core,
    model: &str,
    call: &CallContext,
    ask: impl FnOnce(CallContext) -> F,
) -> Analysed {
    let Some((provider, _)) = core.providers.find(model) else { return ask(call.clone()).await };
    let (tell, mut told) = watch::channel(None::<Duration>);
    let listener = call.news.clone();
    let news = move |news: CallNews| {
        if let CallNews::Retrying { wait, kind: FaultKind::RateLimited } = news {
            tell.send_replace(Some(wait));
        }
        if let Some(listener) = &listener {
            listener(news);
        }
    };
    let begun = Instant::now();
    let call = CallContext { news: Some(Arc::new(news)), ..call.clone() };
    let analysed = tokio::select! {
        biased;
        analysed = ask(call) => analysed,
        Ok(Some(wait)) = async { told.wait_for(Option::is_some).await.map(|wait| *wait) } => {
            analysis::left_alone(core, (provider.name(), model), fault(provider.name(), wait), begun.elapsed())
        }
    };
    if let Outcome::Failed(Fault { kind: FaultKind::RateLimited, wait_ms: Some(wait_ms), .. }) = &analysed.outcome {
        core.rate_limits.note(provider.name(), Duration::from_millis(*wait_ms));
    }
    analysed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lasts_as_long_as_was_said_and_a_minute_at_most() {
        let limits = RateLimits::default();
        let is_about = |provider: &str, seconds: u64| {
            let left = limits.left(provider).unwrap_or_default();
            left <= Duration::from_secs(seconds) && left > Duration::from_secs(seconds / 2)
        };
        assert_eq!(limits.left("a"), None);
        limits.note("a", Duration::from_secs(50));
        limits.note("a", Duration::from_secs(2));
        assert!(is_about("a", 50), "the later word of two");
        limits.note("a", Duration::from_hours(1));
        assert!(is_about("a", 60));
        limits.note("b", Duration::ZERO);
        assert_eq!(limits.left("b"), None);
    }
}
