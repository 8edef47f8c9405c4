//! Length: nothing at all, more than is kept, more than a model takes, and more than is of use.

use super::support::tokens_of;
use super::{Finding, Severity, Subject, about, at};
use crate::platform::domain::prompts::CONTENT_MOST;

/// Tokens beyond which a prompt for photos is seldom the better for it.
const LONG: u64 = 4_000;
/// Share of a model's context that leaves room for the photo and the answer.
const NEAR: f64 = 0.7;

/// Each limit that the texts come near.
pub fn limits(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let user = &subject.user;
    if user.raw.trim().is_empty() {
        found.push(about(
            user.part,
            "empty_prompt",
            Severity::Error,
            "The prompt is empty",
            "A model that is told nothing has to guess what is wanted",
        ));
        return;
    }
    for text in subject.texts().into_iter().filter(|text| text.raw.len() > CONTENT_MOST) {
        let words = format!("The text has {} bytes; at most {CONTENT_MOST} are kept", text.raw.len());
        let mut end = CONTENT_MOST;
        while !text.raw.is_char_boundary(end) {
            end -= 1;
        }
        found.push(at(text, "prompt_too_long", Severity::Error, end..text.raw.len(), words, "It can't be saved: what is marked is too much"));
    }
    let mut is_told = false;
    for model in subject.models.iter().filter(|model| model.follows_prompt && model.is_relevant()) {
        let Some(context) = model.context_tokens else { continue };
        let tokens = tokens_of(&model.provider, subject.system.raw) + tokens_of(&model.provider, user.raw);
        let what = format!("About {tokens} tokens: {} takes {context} with the photo and the answer", model.display_name);
        if tokens >= context {
            found.push(about(user.part, "over_context", Severity::Error, what, "The model refuses it, or reads only a part of it"));
            is_told = true;
        } else if tokens as f64 >= context as f64 * NEAR {
            found.push(about(user.part, "near_context", Severity::Warning, what, "Photo and answer may not fit in any more, and are cut off then"));
            is_told = true;
        }
    }
    let tokens = tokens_of("", subject.system.raw) + tokens_of("", user.raw);
    if tokens > LONG && !is_told {
        let what = format!("About {tokens} tokens are sent with every photo");
        let why = "Beyond some thousand tokens models follow single instructions less, and each photo costs more; keep what changes answers";
        found.push(about(user.part, "long_prompt", Severity::Hint, what, why));
    }
}
