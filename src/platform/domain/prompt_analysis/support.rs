//! What the models that have to get on with the prompt do not take of it.

use super::pattern::Pattern;
use super::{Finding, Severity, Subject, about, at, quoted, without_setting};
use crate::providers::{ON_DEVICE, on_device, text_tokens};
use crate::wire::prompt_analysis::{PromptPart, Setting};
use crate::wire::prompt_parts::Takes;

/// Words of a closed list that are named.
const WORDS_NAMED: usize = 5;

/// A model, as far as a prompt is concerned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelFacts {
    /// Full name.
    pub name: String,
    pub provider: String,
    pub display_name: String,
    pub is_live: bool,
    /// It was asked about by name.
    pub is_asked: bool,
    pub captions: bool,
    pub follows_prompt: bool,
    /// What of a prompt's other parts reaches it.
    pub takes: Takes,
    pub context_tokens: Option<u64>,
    /// Its provider refuses a schema that requires a field which the schema does not describe.
    pub refuses_undefined_fields: bool,
}

impl ModelFacts {
    /// Whether findings speak of it: not of each that could be used some day.
    #[must_use]
    pub fn is_relevant(&self) -> bool {
        self.is_live || self.is_asked
    }
}

/// Tokens of a text with a provider, roughly.
#[must_use]
pub fn tokens_of(provider: &str, text: &str) -> u64 {
    text_tokens::estimate(provider, text)
}

static ASKS_CAPTION: Pattern = Pattern::new(r"\b(?:captions?|one sentence|a sentence|describe the (?:photo|image|picture))\b");

/// Parts of the prompt that a model that is used does not take.
pub fn what_models_ignore(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for model in subject.models.iter().filter(|model| model.is_relevant()) {
        let name = &model.display_name;
        let takes = &model.takes;
        if !subject.system.raw.trim().is_empty() && !takes.system {
            let why = "What stands there does not reach it; what it must know belongs into the prompt itself";
            found.push(about(PromptPart::System, "system_unsupported", Severity::Warning, format!("{name} takes no system text"), why));
        }
        if subject.schema.is_some() && !takes.schema {
            let why = "Its answers are not held to the schema; fields beyond caption and tags stay empty";
            found.push(about(PromptPart::Schema, "schema_unsupported", Severity::Warning, format!("{name} takes no schema of the answer"), why));
        }
        let set = subject.parameters;
        let parameters = [
            ("temperature", "temperature", set.temperature.is_some(), takes.temperature),
            ("top_p", "top p", set.top_p.is_some(), takes.top_p),
            ("max_output_tokens", "longest answer", set.max_output_tokens.is_some(), takes.max_output_tokens),
            ("seed", "seed", set.seed.is_some(), takes.seed),
            ("effort", "say in how much it thinks", set.effort.is_some(), !takes.efforts.is_empty()),
        ];
        for (parameter, shown, ..) in parameters.into_iter().filter(|(.., is_set, is_taken)| *is_set && !is_taken) {
            let words = format!("{name} takes no {shown}");
            let why = "It is left out of the request, so the model answers as it does by itself";
            let finding = about(PromptPart::Settings, "parameter_unsupported", Severity::Hint, words, why);
            found.push(without_setting(finding, "Leave it unset", Setting::Parameter(parameter.to_owned())));
        }
        if model.follows_prompt {
            continue;
        }
        if model.provider != ON_DEVICE {
            let words = format!("{name} reads no prompt at all");
            let why = "It gives the same labels whatever stands here; models that follow a prompt do";
            found.push(about(PromptPart::User, "prompt_unread", Severity::Hint, words, why));
        } else if !model.captions {
            caption(subject, model, found);
        }
    }
}

fn caption(subject: &Subject<'_>, model: &ModelFacts, found: &mut Vec<Finding>) {
    for text in [&subject.user, &subject.system] {
        let in_example = || {
            text.examples.iter().find_map(|example| {
                let start = example.range.start + text.slice(example.range.clone()).find("\"caption\"")?;
                Some(start..start + "\"caption\"".len())
            })
        };
        let asked = ASKS_CAPTION.ranges(&text.prose).next().or_else(in_example);
        if let Some(range) = asked {
            let words = format!("{} writes no captions", model.display_name);
            let why = "Photos get tags from it and no sentence; a model that follows the prompt writes both";
            found.push(at(text, "caption_unsupported", Severity::Hint, range, words, why));
            return;
        }
    }
}

/// The on-device model takes a closed list of tags, and nothing else.
pub fn tag_list(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(model) = subject.models.iter().find(|model| model.provider == ON_DEVICE && model.is_relevant()) else { return };
    let text = &subject.user;
    if text.raw.trim().is_empty() {
        return;
    }
    let Some(words) = on_device::closed_list(text.raw) else {
        let what = format!("{} finds no list of tags here, and uses its own words", model.display_name);
        let why = "It follows no instructions; a line such as “Tags: dog, cat, boat” gives it the words to choose from";
        found.push(about(text.part, "no_tag_list", Severity::Hint, what, why));
        return;
    };
    let unknown: Vec<&String> = words.iter().filter(|word| !on_device::knows(word)).collect();
    if unknown.is_empty() {
        return;
    }
    let named = unknown.iter().take(WORDS_NAMED).map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
    let more = if unknown.len() > WORDS_NAMED { format!(" and {} more", unknown.len() - WORDS_NAMED) } else { String::new() };
    let what = format!("{} does not know {}{more}", model.display_name, quoted(&named));
    let why = "It never gives these tags; its vocabulary is 1,000 classes, what lies above them, and 80 kinds of objects";
    let start = text.prose.find(unknown[0].as_str());
    found.push(match start {
        Some(start) => at(text, "unknown_tag", Severity::Hint, start..start + unknown[0].len(), what, why),
        None => about(text.part, "unknown_tag", Severity::Hint, what, why),
    });
}
