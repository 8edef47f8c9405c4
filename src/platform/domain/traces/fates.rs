//! Why each tag is there, or is not: by the answer's text read once more, by the model's vocabulary, and by the thresholds.

use crate::platform::store::traces::KeptTrace;
use crate::providers::{ON_DEVICE, answer, on_device};
use crate::wire::answer_schema::AnswerSchema;
use crate::wire::result::{Answer, Outcome, Tag};
use crate::wire::trace::{Ruled, TagFate, ToldPrompt, TraceSummary};

/// What became of everything that the model named, and of what it was asked for and did not name. Kept ones first.
pub fn fates(summary: &TraceSummary, kept: &KeptTrace, prompt: Option<&ToldPrompt>) -> Vec<TagFate> {
    let answer = match &kept.outcome {
        Outcome::Completed(answer) => Some(answer),
        Outcome::Failed(_) => None,
    };
    let entries = entries(kept, prompt);
    let mut told: Vec<TagFate> = answer.map(|answer| kept_ones(answer, kept.ruled.as_ref(), &entries)).unwrap_or_default();
    for entry in entries {
        let is_kept = entry.left_out.is_none() && told.iter().any(|fate| fate.name == entry.name);
        if !is_kept {
            let why = entry.left_out.unwrap_or_else(|| without_answer(kept));
            told.push(TagFate { name: entry.name, confidence: entry.confidence, kept: false, why });
        }
    }
    if let (ON_DEVICE, Some(answer), Some(prompt)) = (summary.model.as_str(), answer, prompt) {
        told.extend(not_found(answer, &prompt.content));
    }
    told
}

/// What the answer's text names; it may have been read from an edit.
fn entries(kept: &KeptTrace, prompt: Option<&ToldPrompt>) -> Vec<answer::Entry> {
    let edited = match &kept.edit {
        Some(crate::wire::trace::ReplayFrom::Answer { text }) => Some(text.as_str()),
        _ => None,
    };
    let text = edited.or_else(|| kept.exchanges.last().and_then(|exchange| exchange.text.as_deref()));
    let schema = prompt.map(|prompt| prompt.parts.schema.trim()).filter(|schema| !schema.is_empty());
    let schema = schema.and_then(|schema| AnswerSchema::parse(schema).ok());
    text.and_then(|text| answer::entries(text, schema.as_ref())).unwrap_or_default()
}

fn without_answer(kept: &KeptTrace) -> String {
    match &kept.outcome {
        Outcome::Failed(fault) => format!("The answer does not count: {}", fault.label()),
        Outcome::Completed(_) => "It is no tag of the answer that was kept".to_owned(),
    }
}

fn kept_ones(answer: &Answer, ruled: Option<&Ruled>, entries: &[answer::Entry]) -> Vec<TagFate> {
    let of_tag = |(at, tag): (usize, &Tag)| {
        let mended = entries.iter().find(|entry| entry.name == tag.name).and_then(|entry| entry.mended.clone());
        let role = ruled.map(|ruled| role(at, tag, ruled));
        let why = role.into_iter().chain(mended).collect::<Vec<String>>().join(". ");
        TagFate { name: tag.name.clone(), confidence: tag.confidence, kept: true, why }
    };
    answer.tags.iter().enumerate().map(of_tag).collect()
}

/// What a tag does to the decision on its photo.
fn role(at: usize, tag: &Tag, ruled: &Ruled) -> String {
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    let held = match tag.confidence {
        None => "without a confidence, so no part of the mean".to_owned(),
        Some(own) if own >= ruled.accept_threshold => format!("above {} to accept", percent(ruled.accept_threshold)),
        Some(own) if own < ruled.reject_threshold => format!("below {} to reject: it pulls the mean down", percent(ruled.reject_threshold)),
        Some(_) => format!("below {} to accept: it pulls the mean down", percent(ruled.accept_threshold)),
    };
    match (&ruled.category, at) {
        (Some(category), 0) => format!("Surest, so the category {category} sets the thresholds; {held}"),
        (None, 0) => format!("Surest, in no category, so the general thresholds hold; {held}"),
        _ => format!("Kept; {held}"),
    }
}

/// Words of a closed list that the on-device model did not give as tags.
fn not_found<'a>(answer: &'a Answer, prompt: &str) -> impl Iterator<Item = TagFate> + 'a {
    let words = on_device::closed_list(prompt).unwrap_or_default();
    let is_full = answer.tags.len() >= on_device::MOST_TAGS;
    words.into_iter().filter(|word| answer.tags.iter().all(|tag| tag.name != *word)).map(move |word| {
        let why = if !on_device::knows(&word) {
            "It is not in the on-device model's vocabulary".to_owned()
        } else if is_full {
            format!("It is below {:.0} %, or not among the {} surest", on_device::ASKED_FLOOR * 100.0, on_device::MOST_TAGS)
        } else {
            format!("Its evidence is below {:.0} %", on_device::ASKED_FLOOR * 100.0)
        };
        TagFate { name: word, confidence: None, kept: false, why }
    })
}
