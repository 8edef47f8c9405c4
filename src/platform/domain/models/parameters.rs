//! How models answer where the prompt says nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::check_known;
use crate::platform::domain::{Core, DomainError, Result, config};
use crate::wire::config::ConfigChanged;
use crate::wire::model::SetModelParameters;
use crate::wire::prompt_parts::Parameters;

/// Sets a model's parameters; what is unset is as the prompt or the provider has it. `revision`: the one the caller has read.
pub async fn set(core: &Core, revision: u64, asked: SetModelParameters) -> Result<ConfigChanged> {
    let SetModelParameters { model, parameters } = asked;
    check(core, &model, parameters)?;
    config::change(core, Some(revision), |config| {
        if parameters.is_unset() {
            config.model_parameters.remove(&model);
        } else {
            config.model_parameters.insert(model, parameters);
        }
        Ok(())
    })
    .await
}

/// Refuses parameters out of range, and those of a model that there is not.
pub fn check(core: &Core, model: &str, parameters: Parameters) -> Result<()> {
    check_known(core, model)?;
    match parameters.problems().into_iter().next() {
        Some((code, message)) => Err(DomainError::Invalid { code, message }),
        None => Ok(()),
    }
}

/// What changed, in words.
#[must_use]
pub fn summary(was: &BTreeMap<String, Parameters>, is: &BTreeMap<String, Parameters>) -> Vec<String> {
    let models: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let words = |parameters: Option<&Parameters>| parameters.map_or_else(|| "unset".to_owned(), |parameters| parameters.words().join(", "));
    let changed = models.into_iter().filter(|model| was.get(*model) != is.get(*model));
    changed.map(|model| format!("Parameters of {model}: {} → {}", words(was.get(model)), words(is.get(model)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let cool = Parameters { temperature: Some(0.2), seed: Some(7), ..Parameters::default() };
        let (none, some) = (BTreeMap::new(), BTreeMap::from([("a/b".to_owned(), cool)]));
        assert_eq!(summary(&none, &some), ["Parameters of a/b: unset → temperature 0.2, seed 7"]);
        assert_eq!(summary(&some, &none), ["Parameters of a/b: temperature 0.2, seed 7 → unset"]);
        assert!(summary(&some, &some).is_empty());
    }
}
