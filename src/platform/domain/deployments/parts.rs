//! Checks of what a version holds beside its user text: the schema of its answer, and what the live model makes of the parts.

use super::checks::check;
use crate::platform::domain::Core;
use crate::wire::answer_schema::AnswerSchema;
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::{Check, CheckState};
use crate::wire::prompt_parts::{PromptParts, Takes};

/// Tags can be found in an answer that is held to the schema; nothing to say where it is the shipped one.
pub fn schema(parts: &PromptParts) -> Option<Check> {
    if parts.schema.trim().is_empty() {
        return None;
    }
    let title = "Schema of the answer";
    Some(match AnswerSchema::parse(&parts.schema) {
        Ok(_) => check("schema", title, CheckState::Pass, "It is valid, and tags can be found in it"),
        Err(problems) => {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            check("schema", title, CheckState::Fail, words.join(" · "))
        }
    })
}

/// The live model takes all parts; nothing to say where there is only the user text.
pub fn taken(core: &Core, config: &PipelineConfig, parts: &PromptParts) -> Option<Check> {
    if parts.is_plain() {
        return None;
    }
    let (provider, model) = core.providers.find(&config.live_model)?;
    let left_out = left_out(parts, &provider.takes(model));
    let title = "Parts that the live model takes";
    Some(if left_out.is_empty() {
        check("parts", title, CheckState::Pass, format!("{} takes what the version says beside its text", config.live_model))
    } else {
        check("parts", title, CheckState::Warn, format!("{} does not take: {}. They are left out", config.live_model, left_out.join(", ")))
    })
}

/// What of the parts a model does not take.
fn left_out(parts: &PromptParts, takes: &Takes) -> Vec<&'static str> {
    let set = &parts.parameters;
    [
        ("the system text", !parts.system.trim().is_empty() && !takes.system),
        ("the schema", !parts.schema.trim().is_empty() && !takes.schema),
        ("temperature", set.temperature.is_some() && !takes.temperature),
        ("top p", set.top_p.is_some() && !takes.top_p),
        ("output tokens", set.max_output_tokens.is_some() && !takes.max_output_tokens),
        ("seed", set.seed.is_some() && !takes.seed),
        ("effort", set.effort.is_some_and(|effort| !takes.efforts.contains(&effort))),
    ]
    .into_iter()
    .filter_map(|(name, is_left_out)| is_left_out.then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::prompt_parts::Parameters;

    #[test]
    fn only_what_is_set_and_not_taken_is_named() {
        let parameters = Parameters { temperature: Some(0.2), seed: Some(7), ..Parameters::default() };
        let parts = PromptParts { system: "Be brief".to_owned(), parameters, ..PromptParts::default() };
        assert_eq!(left_out(&parts, &Takes { temperature: true, ..Takes::default() }), ["the system text", "seed"]);
        assert!(left_out(&PromptParts::default(), &Takes::default()).is_empty());
    }

    #[test]
    fn a_schema_without_tags_fails_and_none_says_nothing() {
        let with = |schema: &str| schema_state(&PromptParts { schema: schema.to_owned(), ..PromptParts::default() });
        assert_eq!(with(" "), None);
        assert_eq!(with("{\"type\": \"object\", \"properties\": {\"mood\": {\"type\": \"string\"}}}"), Some(CheckState::Fail));
    }

    fn schema_state(parts: &PromptParts) -> Option<CheckState> {
        schema(parts).map(|check| check.state)
    }
}
