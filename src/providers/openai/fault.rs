//! What went wrong at a server that speaks OpenAI's chat: in a bad status, inside a good one, and in the middle of a stream.
//!
//! OpenAI: <https://developers.openai.com/api/docs/guides/error-codes>; OpenRouter, which tells more in `metadata`:
//! <https://openrouter.ai/docs/api/reference/errors-and-debugging>.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::providers::dialect::{SHORTEN, is_beyond_context, status_words, wait_in_words};
use crate::wire::result::{Fault, FaultKind};

/// Codes and types of a quota or a credit that is used up; `LiteLLM` has a type of its own for the budget that somebody set there.
const SPENT: [&str; 7] = [
    "billing_hard_limit_reached",
    "budget_exceeded",
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
];
/// Codes of a filter that did not let the photo or the prompt through: OpenAI's, Azure's and those of routers.
const FILTERED: [&str; 4] = ["content_filter", "content_policy_violation", "image_content_policy_violation", "moderation_blocked"];

/// The error in a reply of a good status: beside the choices, or in one that broke off.
pub(super) fn inside(label: &str, reply: &Value) -> Result<(), Fault> {
    let choice = &reply["choices"][0];
    let broke_off;
    let error = match [error_of(reply), &choice["error"]].into_iter().find(|error| !error.is_null()) {
        Some(error) => error,
        None if choice["finish_reason"] == "error" => {
            broke_off = json!({"message": "The model broke off in the middle of its answer"});
            &broke_off
        }
        None => return Ok(()),
    };
    // Some write the number as a text.
    let code = error["code"].as_u64().or_else(|| error["code"].as_str()?.parse().ok());
    let status = code.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok()).filter(|status| !status.is_success());
    Err(of(label, status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error))
}

/// The error of a reply, which may be its one element.
pub(super) fn error_of(reply: &Value) -> &Value {
    if reply.is_array() { &reply[0]["error"] } else { &reply["error"] }
}

/// The fault that an error is.
pub(super) fn of(label: &str, status: StatusCode, error: &Value) -> Fault {
    // Small servers answer with a bare sentence.
    let said = error["message"].as_str().or(error.as_str()).map_or_else(|| status_words(status), |said| said.chars().take(500).collect());
    let code = match &error["code"] {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    };
    let type_told = error["type"].as_str();
    let code = code.or_else(|| type_told.map(str::to_owned));
    let (kind, advice) = told_by_router(status, &error["metadata"])
        .or_else(|| spent(status, code.as_deref(), type_told, &said))
        .unwrap_or_else(|| kind_of(status, code.as_deref(), &said));
    let wait_ms = Some(&said).filter(|_| kind == FaultKind::RateLimited).and_then(|said| wait_in_words(said));
    let is_barred = code.as_deref() == Some(UNSUPPORTED_PLACE);
    Fault { code, wait_ms, is_barred, ..Fault::new(kind, format!("{label}: {}. {advice}", said.trim_end().trim_end_matches('.'))) }
}

/// What `OpenRouter` says beyond the status, which stands for several things there.
fn told_by_router(status: StatusCode, metadata: &Value) -> Option<(FaultKind, &'static str)> {
    if metadata["reasons"].is_array() || metadata["flagged_input"].is_string() {
        return Some(REFUSED);
    }
    match (status.as_u16(), metadata["limit_source"].as_str()?) {
        // What is under way may cost what is left of the budget: room comes by itself.
        (402, "openrouter_in_flight_budget") => Some((FaultKind::RateLimited, "Wait, or run fewer calls at once")),
        (402 | 403, _) => Some((FaultKind::QuotaSpent, "Check the account's credit and budgets; waiting a few minutes will not help")),
        _ => None,
    }
}

const REFUSED: (FaultKind, &str) = (FaultKind::Refused, "The photo or the prompt was filtered: leave it out, or ask another model");

/// A quota, a credit or a budget that is used up. What is limited by the minute, and what the provider asks to wait for, heals.
fn spent(status: StatusCode, code: Option<&str>, type_told: Option<&str>, said: &str) -> Option<(FaultKind, &'static str)> {
    let is_named = [code, type_told].into_iter().flatten().any(|name| SPENT.contains(&name));
    // OpenRouter's free models have a number of calls a day, and no code for it.
    let is_spent = is_named || said.contains("free-models-per-day");
    let is_status = matches!(status.as_u16(), 400 | 402 | 403 | 429);
    (is_spent && is_status).then_some((FaultKind::QuotaSpent, "Check the account's credit and limits; waiting a few minutes will not help"))
}

/// The code of a call from where the service is not offered.
const UNSUPPORTED_PLACE: &str = "unsupported_country_region_territory";

fn kind_of(status: StatusCode, code: Option<&str>, said: &str) -> (FaultKind, &'static str) {
    let is_filtered = code.is_some_and(|code| FILTERED.contains(&code));
    let is_unknown = code == Some("model_not_found");
    let is_retired = said.contains("deprecated") || said.contains("retired") || said.contains("shut down");
    match status.as_u16() {
        402 => (FaultKind::QuotaSpent, "Check the account's credit"),
        400 | 403 if is_filtered => REFUSED,
        400 | 413 | 500 if code.is_some_and(is_beyond_context) || is_beyond_context(said) => (FaultKind::TooLarge, SHORTEN),
        400 if code == Some("image_too_large") => (FaultKind::TooLarge, "Send a smaller photo"),
        401 => (FaultKind::Auth, "Enter a valid key in Pipeline control"),
        403 if code == Some(UNSUPPORTED_PLACE) => (FaultKind::Permission, "The service is not offered where this call comes from"),
        403 => (FaultKind::Permission, "The key may not use this model; check its rights"),
        404 | 400 if is_unknown && is_retired => (FaultKind::RetiredModel, "Choose another model"),
        404 | 400 if is_unknown => (FaultKind::UnknownModel, "Choose another model"),
        404 if is_retired => (FaultKind::RetiredModel, "Choose another model"),
        404 => (FaultKind::UnknownModel, "Check the model's name and the base URL"),
        410 => (FaultKind::RetiredModel, "Choose another model"),
        413 => (FaultKind::TooLarge, "Send a smaller photo"),
        408 | 504 => (FaultKind::Timeout, "Try again later"),
        429 => (FaultKind::RateLimited, "Wait, or run fewer calls at once"),
        400..=499 => (FaultKind::BadRequest, "The server did not accept the request"),
        503 | 529 => (FaultKind::Overloaded, "Try again later, or use another model"),
        500 if said.contains("image input is not supported") => (FaultKind::BadRequest, "The model takes no photos; choose one that does"),
        _ => (FaultKind::Server, "Try again later"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, error: &Value) -> FaultKind {
        of("mine", StatusCode::from_u16(status).expect("a status"), error).kind
    }

    /// The same status stands for what heals, for what a person must see to, and for a photo that was filtered.
    #[test]
    fn a_routers_statuses_are_told_apart_by_what_it_says_of_them() {
        let limited = |source: &str| json!({"code": 402, "message": "No", "metadata": {"limit_source": source}});
        assert_eq!(kind(402, &json!({"code": 402, "message": "Insufficient credits"})), FaultKind::QuotaSpent);
        assert_eq!(kind(402, &limited("openrouter_credits")), FaultKind::QuotaSpent);
        assert_eq!(kind(402, &limited("openrouter_in_flight_budget")), FaultKind::RateLimited, "it passes: nobody is to be stopped");
        assert_eq!(kind(403, &limited("openrouter_key_limit")), FaultKind::QuotaSpent, "each further call would meet the same");
        assert_eq!(kind(403, &json!({"code": 403, "message": "No"})), FaultKind::Permission);
        let flagged = json!({"code": 403, "message": "Flagged", "metadata": {"reasons": ["violence"], "flagged_input": "a dog"}});
        assert_eq!(kind(403, &flagged), FaultKind::Refused);
    }

    #[test]
    fn a_budget_of_a_proxy_and_a_free_quota_of_the_day_are_spent_and_the_minutes_are_not() {
        let budget = json!({"message": "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0", "type": "budget_exceeded", "param": null, "code": "400"});
        assert_eq!((kind(400, &budget), kind(429, &budget)), (FaultKind::QuotaSpent, FaultKind::QuotaSpent));
        let free = |of: &str| json!({"message": format!("Rate limit exceeded: free-models-per-{of}"), "code": 429});
        assert_eq!((kind(429, &free("day")), kind(429, &free("min"))), (FaultKind::QuotaSpent, FaultKind::RateLimited));
        let rolling =
            json!({"message": "Rate limit reached on requests per day (RPD): Limit 200. Please try again in 7m12s.", "code": "rate_limit_exceeded"});
        let fault = of("mine", StatusCode::TOO_MANY_REQUESTS, &rolling);
        assert_eq!((fault.kind, fault.wait_ms), (FaultKind::RateLimited, Some(432_000)), "it says when there is room again");
    }

    #[test]
    fn what_is_more_than_the_model_takes_is_known_by_code_or_words() {
        for (status, said) in [
            (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
            (400, "the request exceeds the available context size, try increasing it"),
            (500, "the request exceeds the available context size, try increasing it"),
        ] {
            assert_eq!(kind(status, &json!({"message": said, "type": "BadRequestError", "code": 400})), FaultKind::TooLarge, "{said}");
        }
        let coded = json!({"message": "Your input is too long", "type": "invalid_request_error", "code": "context_length_exceeded"});
        assert_eq!(kind(400, &coded), FaultKind::TooLarge);
    }

    #[test]
    fn a_filtered_or_too_large_photo_is_known_by_its_code() {
        for (code, want) in [
            ("content_filter", FaultKind::Refused),
            ("image_content_policy_violation", FaultKind::Refused),
            ("image_too_large", FaultKind::TooLarge),
            ("invalid_image_format", FaultKind::BadRequest),
        ] {
            assert_eq!(kind(400, &json!({"message": "No", "type": "invalid_request_error", "code": code})), want, "{code}");
        }
    }

    #[test]
    fn an_answer_that_broke_off_is_no_answer() {
        let in_choice =
            json!({"choices": [{"message": {"content": "{\"cap"}, "finish_reason": "error", "error": {"code": "429", "message": "Slow"}}]});
        assert_eq!(inside("mine", &in_choice).expect_err("a fault").kind, FaultKind::RateLimited);
        let bare = json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}]});
        let fault = inside("mine", &bare).expect_err("a fault");
        assert_eq!(fault.kind, FaultKind::Server);
        assert!(fault.message.contains("broke off"), "{fault}");
        assert!(inside("mine", &json!({"choices": [{"finish_reason": "stop"}]})).is_ok());
        assert!(inside("mine", &json!({"error": null, "choices": [{"error": null, "finish_reason": "stop"}]})).is_ok());
    }
}
