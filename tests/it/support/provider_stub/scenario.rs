//! What a model does with a call. The model's name says it (`error-500`, `spent--insufficient_quota`), so that one run
//! can hold good and bad models side by side; where the name can't (Vision's are features, prices hang on real names),
//! a segment of the base URL does: `…/as-error-500/vision`.

use serde_json::{Value, json};

use super::asked::Asked;

/// What comes of a call.
#[derive(Debug, Clone)]
pub enum Act {
    Answer(Said),
    Problem(Problem),
    /// An error inside a good status, or in the middle of a stream.
    ErrorInside,
    /// Nothing for half a minute.
    Slow,
    /// Begins well, then says nothing more.
    Stalled,
    /// Begins well, then the line is cut.
    Cut,
    Html,
    /// The page of a gateway whose far end is gone, with status 502.
    BadGateway,
    Malformed,
    /// Sent on to another host.
    Redirected,
}

/// A refused request.
#[derive(Debug, Clone)]
pub enum Problem {
    Limited(Wait),
    /// Quota, credit or a spend limit is used up; the wire's own code for it.
    Spent(String),
    KeyRefused,
    /// The key or its account is barred; in which way.
    Barred(String),
    Forbidden,
    UnknownModel,
    Retired,
    /// Status 410.
    Gone,
    BadRequest(String),
    SchemaRefused,
    TooLarge,
    /// Prompt and photo are more tokens than the model takes.
    BeyondContext,
    Internal,
    Overloaded,
}

/// How a wait is told.
#[derive(Debug, Clone, Copy)]
pub enum Wait {
    Untold,
    /// `retry-after: N`.
    Seconds(u64),
    /// `retry-after:` an HTTP date this many seconds from now.
    Date(u64),
    /// `retry-after-ms: N`.
    Millis(u64),
    /// Google's `RetryInfo` in the body.
    Info(&'static str),
    /// In the message: `Please try again in 1.3s.`
    Words(&'static str),
}

/// What a model says.
#[derive(Debug, Clone)]
pub struct Said {
    pub text: String,
    pub end: Ended,
    pub tokens: Tokens,
    /// What the provider itself says that it cost, in USD.
    pub cost_usd: Option<f64>,
    /// How many more requests its headers allow in this minute.
    pub requests_left: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Well,
    AtTheLimit,
    PromptRefused,
    AnswerRefused,
}

/// What a call used, all told: each wire counts it in its own way.
#[derive(Debug, Clone, Copy)]
pub struct Tokens {
    /// All input.
    pub input: u64,
    /// Of `input`.
    pub cached: u64,
    /// Of `input`.
    pub image: u64,
    /// All output.
    pub output: u64,
    /// Of `output`.
    pub thinking: u64,
}

/// What [`Said`] uses unless the scenario says otherwise.
pub const TOKENS: Tokens = Tokens { input: 760, cached: 0, image: 560, output: 100, thinking: 10 };

/// What a scenario does with its `nth` call, from 1; a name that is none answers well.
pub fn act(name: &str, nth: u64, asked: &Asked) -> Act {
    let (scenario, argument) = name.split_once("--").unwrap_or((name, ""));
    if let Some(wait) = wait(scenario) {
        let goes_on = matches!(scenario, "limited-long" | "limited-minute") || nth == 1;
        return if goes_on { Act::Problem(Problem::Limited(wait)) } else { Act::Answer(good(asked)) };
    }
    if scenario == "two-a-minute" {
        return Act::Answer(Said { requests_left: Some(2_u64.saturating_sub(nth)), ..good(asked) });
    }
    let problem = match scenario {
        "spent" => Problem::Spent(argument.to_owned()),
        "key-refused" => Problem::KeyRefused,
        "barred" => Problem::Barred(argument.to_owned()),
        "forbidden" => Problem::Forbidden,
        "unknown-model" => Problem::UnknownModel,
        "retired" => Problem::Retired,
        "gone" => Problem::Gone,
        "bad-request" => Problem::BadRequest("The request can't be served".to_owned()),
        "no-schema" if asked.has_schema => Problem::SchemaRefused,
        "too-large" => Problem::TooLarge,
        "beyond-context" => Problem::BeyondContext,
        "error-500" => Problem::Internal,
        "fails-once" if nth == 1 => Problem::Internal,
        "fails-twice" if nth <= 2 => Problem::Internal,
        "overloaded" => Problem::Overloaded,
        _ => return Act::good_or_odd(scenario, asked),
    };
    Act::Problem(problem)
}

fn wait(scenario: &str) -> Option<Wait> {
    Some(match scenario {
        "limited-untold" => Wait::Untold,
        "limited-seconds" => Wait::Seconds(1),
        "limited-date" => Wait::Date(3),
        "limited-ms" => Wait::Millis(1_300),
        "limited-info" => Wait::Info("1.2s"),
        "limited-words" => Wait::Words("1.3s"),
        "limited-long" => Wait::Seconds(300),
        // As long as is waited for where nobody stands in.
        "limited-minute" => Wait::Seconds(55),
        _ => return None,
    })
}

impl Act {
    fn good_or_odd(scenario: &str, asked: &Asked) -> Self {
        let good = good(asked);
        let said = |text: &str| Said { text: text.to_owned(), ..good.clone() };
        let ended =
            |end, output| Said { text: String::new(), end, tokens: Tokens { output, thinking: 0, ..TOKENS }, cost_usd: None, requests_left: None };
        let used = |tokens| Said { tokens, ..good.clone() };
        Self::Answer(match scenario {
            "error-inside" => return Self::ErrorInside,
            "slow" => return Self::Slow,
            "stalled" => return Self::Stalled,
            "cut" => return Self::Cut,
            "html" => return Self::Html,
            "bad-gateway" => return Self::BadGateway,
            "malformed" => return Self::Malformed,
            "redirected" => return Self::Redirected,
            "prompt-refused" => ended(Ended::PromptRefused, 0),
            "answer-refused" => ended(Ended::AnswerRefused, 12),
            "truncated" => Said { text: "{\"caption\": \"a dog on a".to_owned(), end: Ended::AtTheLimit, ..good.clone() },
            "wrong-schema" => said("{\"caption\": \"a dog\"}"),
            "not-json" => said("I see a lovely dog in the park."),
            "empty" => said(""),
            "confidence-7" => said("{\"caption\": \"a dog\", \"tags\": [{\"tag\": \"dog\", \"confidence\": 7}]}"),
            "ten-thousand-tags" => said(&many_tags().to_string()),
            "cached" => used(Tokens { cached: 500, ..TOKENS }),
            "long-thought" => used(Tokens { output: 4_000, thinking: 3_900, ..TOKENS }),
            "long-prompt" => used(Tokens { input: 300_000, ..TOKENS }),
            "priced" => Said { cost_usd: Some(0.001_234), ..good.clone() },
            _ => good,
        })
    }
}

fn many_tags() -> Value {
    let tags: Vec<Value> = (0..10_000).map(|n| json!({"tag": format!("tag {n}"), "confidence": 0.5})).collect();
    json!({"caption": "many", "tags": tags})
}

/// Tags that depend on prompt and photo, so that tests can tell answers apart.
fn good(asked: &Asked) -> Said {
    let first = asked.prompt.split_whitespace().next().unwrap_or("none").to_lowercase();
    let (width, height) = asked.photo.as_ref().map_or((0, 0), |photo| (photo.width_px, photo.height_px));
    let shape = if width >= height { "landscape" } else { "portrait" };
    let tags = json!([
        {"tag": "photo", "confidence": 0.95}, {"tag": shape, "confidence": 0.9},
        {"tag": format!("asked {first}"), "confidence": 0.8}, {"tag": "animal", "confidence": 0.55}
    ]);
    let text = json!({"caption": format!("A {shape} photo of {width} by {height}"), "tags": tags}).to_string();
    Said { text, end: Ended::Well, tokens: TOKENS, cost_usd: None, requests_left: None }
}
