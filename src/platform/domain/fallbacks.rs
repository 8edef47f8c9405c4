//! The models that are asked when the live one fails: which, in what order, after which faults.

use super::providers::{self, Brought};
use super::{Core, DomainError, Result, config, models};
use crate::wire::config::{ConfigChanged, PipelineConfig};
use crate::wire::fallback::{FALLBACKS_MOST, Fallback, TRIGGERS};
use crate::wire::result::{Fault, FaultKind};

/// Puts a chain in place of the one there is. `revision`: of the configuration that the caller has read.
pub async fn set(core: &Core, revision: u64, fallbacks: Vec<Fallback>) -> Result<ConfigChanged> {
    check(core, &fallbacks).await?;
    config::change(core, Some(revision), |config| {
        config.fallbacks = fallbacks;
        Ok(())
    })
    .await
}

/// Refuses a chain that can't be followed: each model once, known, with its key, after one fault at least.
pub async fn check(core: &Core, fallbacks: &[Fallback]) -> Result<()> {
    let refuse = |code, message| Err(DomainError::Invalid { code, message });
    if fallbacks.len() > FALLBACKS_MOST {
        return refuse("fallbacks", format!("At most {FALLBACKS_MOST} models can stand in for the live one. Take some out"));
    }
    for (at, Fallback { model, on }) in fallbacks.iter().enumerate() {
        if fallbacks[..at].iter().any(|earlier| earlier.model == *model) {
            return refuse("fallbacks", format!("{model} is in the chain twice. Take it out once"));
        }
        if on.is_empty() {
            return refuse("fallback_faults", format!("{model} is asked after no fault at all. Choose one, or take it out"));
        }
        if let Some(kind) = on.iter().find(|kind| !TRIGGERS.contains(kind)) {
            let message = format!("After '{}' another model would meet the same. Take it out of the faults of {model}", kind.label());
            return refuse("fallback_faults", message);
        }
        models::check_usable(core, model, &Brought::default()).await?;
    }
    Ok(())
}

/// The chain as it is gone along: forwards only, so that it ends.
#[derive(Debug, Clone)]
pub struct Chain<'c> {
    live: &'c str,
    left: std::slice::Iter<'c, Fallback>,
}

impl<'c> Chain<'c> {
    #[must_use]
    pub fn new(live: &'c str, fallbacks: &'c [Fallback]) -> Self {
        Self { live, left: fallbacks.iter() }
    }

    /// The next model that is asked after a fault.
    pub fn next(&mut self, kind: FaultKind) -> Option<&'c str> {
        // A model of the chain that was made live meanwhile was asked already.
        self.left.find(|fallback| fallback.model != self.live && fallback.on.contains(&kind)).map(|fallback| fallback.model.as_str())
    }
}

/// The model that a photo is asked of first: the live one, or, where its provider holds all calls back, the one that stands in.
///
/// # Errors
/// What holds the live model's calls back, where nothing stands in for it.
pub fn first<'c>(core: &Core, live: &'c str, fallbacks: &'c [Fallback]) -> std::result::Result<&'c str, Fault> {
    let mut chain = Chain::new(live, fallbacks);
    let Some(held) = providers::held_back(core, live) else { return Ok(live) };
    let mut kind = held.kind;
    while let Some(model) = chain.next(kind) {
        match providers::held_back(core, model) {
            None => return Ok(model),
            Some(held) => kind = held.kind,
        }
    }
    Err(held)
}

/// Why no model can be asked at all.
#[must_use]
pub fn held_back(core: &Core, config: &PipelineConfig) -> Option<Fault> {
    first(core, &config.live_model, &config.fallbacks).err()
}

/// What changed of the chain, in words.
#[must_use]
pub fn summary(was: &[Fallback], is: &[Fallback]) -> Option<String> {
    let models = |chain: &[Fallback]| {
        let names: Vec<&str> = chain.iter().map(|fallback| fallback.model.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    if was == is {
        return None;
    }
    if models(was) != models(is) {
        return Some(format!("Fallback models: {} → {}", models(was), models(is)));
    }
    let changed = was.iter().zip(is).filter(|(was, is)| was != is);
    let said: Vec<String> = changed.map(|(was, is)| format!("{} after: {} → {}", is.model, was.words(), is.words())).collect();
    Some(format!("Fallback {}", said.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(model: &str, kinds: &[FaultKind]) -> Fallback {
        Fallback { model: model.to_owned(), on: kinds.iter().copied().collect() }
    }

    #[test]
    fn the_chain_goes_forwards_passes_who_is_not_meant_and_ends() {
        let chain = [
            after("a", &[FaultKind::RateLimited]),
            after("live", &[FaultKind::Timeout]),
            after("b", &[FaultKind::Timeout, FaultKind::Refused]),
            after("c", &[FaultKind::RateLimited, FaultKind::Timeout]),
        ];
        let mut walk = Chain::new("live", &chain);
        assert_eq!(walk.next(FaultKind::RateLimited), Some("a"));
        assert_eq!(walk.next(FaultKind::Timeout), Some("b"), "the live one is not asked again");
        assert_eq!(walk.next(FaultKind::Refused), None, "c is not asked after a refusal");
        let mut walk = Chain::new("live", &chain);
        assert_eq!(walk.next(FaultKind::Refused), Some("b"), "a is passed over");
        assert_eq!(walk.next(FaultKind::RateLimited), Some("c"), "and not come back to");
        assert_eq!((walk.next(FaultKind::Timeout), Chain::new("live", &[]).next(FaultKind::Timeout)), (None, None));
    }

    #[test]
    fn changes_are_told_in_words() {
        let one = [Fallback::usual("a")];
        assert_eq!(summary(&one, &one), None);
        assert_eq!(summary(&[], &one).as_deref(), Some("Fallback models: none → a"));
        let other = [after("a", &[FaultKind::Refused])];
        assert_eq!(summary(&one, &other).as_deref(), Some("Fallback a after: usual faults → model refused"));
    }
}
