//! What the assistant can read: the same questions that the API answers, in JSON, cut where they are long.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::platform::domain::{Core, alerts, analytics, config, config_journal, events, health, jobs, metrics, models, photos, prompts, status};
use crate::providers::chat::ChatTool;
use crate::wire::analytics::PerformanceQuery;
use crate::wire::assistant::ProposedAction;
use crate::wire::config::ConfigChangesQuery;
use crate::wire::event::{EventTopic, EventsQuery};
use crate::wire::ids::{JobId, PromptId};
use crate::wire::job::JobQuery;
use crate::wire::metric::{MetricQuery, MetricType};
use crate::wire::prompt::VersionsQuery;

/// The one tool that reads nothing.
pub const PROPOSE: &str = "propose";

/// Characters of a result that the model is given.
const RESULT_MOST: usize = 16_000;
/// Rows of a list, unless told, and at most.
const ROWS: u32 = 20;
const ROWS_MOST: u32 = 50;

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn tool(name: &'static str, description: &'static str, properties: Value, required: &[&str]) -> ChatTool {
    ChatTool { name, description, parameters: object(properties, required) }
}

/// Every tool, as the model is told of it.
pub fn all() -> Vec<ChatTool> {
    let time = |what: &str| json!({"type": "string", "description": format!("{what}; RFC 3339, such as 2026-03-04T00:00:00Z")});
    let text = |what: &str| json!({"type": "string", "description": what});
    let rows = json!({"type": "integer", "description": "Rows, 1-50; 20 unless told"});
    let metric_names: Vec<&str> = MetricType::ALL.into_iter().map(MetricType::as_str).collect();
    let topics = ["alerts", "jobs", "photos", "runs", "prompts", "configuration"];
    let range = json!({
        "from": time("Begin; 24 hours ago unless told"),
        "to": time("End; now unless told"),
        "step_ms": {"type": "integer", "description": "Width of a step in milliseconds: 3600000 is an hour, 86400000 a day. At most 60 steps make sense"}
    });
    vec![
        tool(
            "live_status",
            "How the pipeline stands now: state, queue, throughput, spending and limit today (lab_spend_today_usd is what the lab and this assistant spent, beside the pipeline), confidence, live model and prompt; with 'at' how it stood at a moment of the last week",
            json!({"at": time("The moment")}),
            &[],
        ),
        tool(
            "performance",
            "Results, failures, latency quantiles, mean confidence and cost over time, in all and by model. The tool for why costs, errors or latency changed",
            range,
            &[],
        ),
        tool(
            "cost",
            "Cost of the pipeline by provider, trend and budget of a timeframe",
            json!({"timeframe": {"type": "string", "enum": ["1h", "24h", "7d", "30d"]}}),
            &["timeframe"],
        ),
        tool(
            "metrics",
            "One or more figures over time, also of the queue, and by provider",
            json!({
                "metric_type": text(&format!("One or more of {} with commas between", metric_names.join(", "))),
                "provider": text("Only this provider's calls"),
                "from": time("Begin"), "to": time("End"),
                "step": text("Width of a step, such as 15m, 1h, 1d")
            }),
            &["metric_type"],
        ),
        tool(
            "jobs",
            "Jobs of the queue, newest first, and how many match in all",
            json!({
                "q": text("Words of the file name and terms: state:failed provider:gemini model:flash fault:timeout age>1h took>5s attempts>2 confidence<0.6; a minus before a term leaves out"),
                "limit": rows
            }),
            &[],
        ),
        tool("job", "One job with every try, its error, timings and trace", json!({"id": text("The job's id")}), &["id"]),
        tool("health", "Every part of the platform and every provider: state, reason, latency, error rate, uptime", json!({}), &[]),
        tool("alerts", "What fires now, the rules, and what fired before", json!({}), &[]),
        tool("events", "What happened within the last day, newest first", json!({"topic": {"type": "string", "enum": topics}, "limit": rows}), &[]),
        tool("configuration", "The live model, prompt, rules, limits and provider settings", json!({}), &[]),
        tool("configuration_changes", "Who changed what of the configuration and when, newest first", json!({"limit": rows}), &[]),
        tool("models", "Every model with prices, key state and what the pipeline measured of it in 30 days", json!({}), &[]),
        tool("prompts", "The prompts; with an id its versions with their texts", json!({"id": text("A prompt's id")}), &[]),
        tool(
            "search_photos",
            "Photos by words of their tags, captions and file names, with what was found in them",
            json!({
                "q": text("Words that must all be there; \"two words\" side by side, -word not there, tag:beach only in tags"),
                "limit": rows
            }),
            &["q"],
        ),
        tool(
            PROPOSE,
            "Proposes something to do to the person, who confirms or dismisses it. Nothing is done by this call",
            json!({
                "action": {"type": "string", "enum": ["pause", "drain", "resume", "retry_failed", "reprocess_low_confidence", "check_health", "switch_model"]},
                "model": text("Of switch_model: the full name of a model that 'models' lists"),
                "reason": text("Why, in one sentence")
            }),
            &["action", "reason"],
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeframe {
    timeframe: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    q: Option<String>,
    id: Option<String>,
    topic: Option<EventTopic>,
    limit: Option<u32>,
}

impl Listed {
    fn rows(&self) -> u32 {
        self.limit.unwrap_or(ROWS).clamp(1, ROWS_MOST)
    }

    fn id(&self) -> Result<uuid::Uuid, String> {
        let id = self.id.as_deref().unwrap_or_default();
        id.parse().map_err(|_| format!("'{id}' is not an id; take one from a list"))
    }
}

fn read<T: DeserializeOwned>(arguments: &Value) -> Result<T, String> {
    if arguments.is_null() {
        return Err("The arguments are not JSON; call again".to_owned());
    }
    serde_path_to_error::deserialize(arguments).map_err(|error| format!("The arguments do not fit: {error}"))
}

fn told<T: serde::Serialize>(answer: super::Result<T>) -> Result<Value, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    serde_json::to_value(answer).map_err(|error| format!("The answer could not be written: {error}"))
}

/// Makes a call; what the model is told of it, or why it gave nothing.
pub async fn call(core: &Core, name: &str, arguments: &Value) -> Result<String, String> {
    check_arguments(name, arguments)?;
    let answer = match name {
        "live_status" => without(told(status::live_at(core, read::<At>(arguments)?.at).await)?, &["last_hour"]),
        "performance" => told(analytics::performance(core, &read::<PerformanceQuery>(arguments)?).await)?,
        "cost" => told(analytics::cost(core, &read::<Timeframe>(arguments)?.timeframe).await)?,
        "metrics" => told(metrics::metrics(core, &read::<MetricQuery>(arguments)?).await)?,
        "jobs" => {
            let asked = read::<Listed>(arguments)?;
            told(jobs::list(core, &JobQuery { limit: Some(asked.rows()), q: asked.q, ..JobQuery::default() }).await)?
        }
        "job" => told(jobs::get(core, JobId(read::<Listed>(arguments)?.id()?)).await)?,
        "health" => told(health::report(core).await)?,
        "alerts" => json!({"now": told(alerts::all(core).await)?, "before": told(alerts::history(core, Some(ROWS), None).await)?}),
        "events" => {
            let asked = read::<Listed>(arguments)?;
            let query = EventsQuery { before: Some(i64::MAX), limit: Some(asked.rows()), topic: asked.topic, ..EventsQuery::default() };
            told(events::page(core, &query).await)?
        }
        "configuration" => told(config::current(core).await)?,
        "configuration_changes" => told(
            config_journal::list(core, &ConfigChangesQuery { limit: Some(read::<Listed>(arguments)?.rows()), ..ConfigChangesQuery::default() }).await,
        )?,
        "models" => told(models::list(core).await)?,
        "prompts" => {
            let asked = read::<Listed>(arguments)?;
            if asked.id.is_some() {
                told(prompts::versions(core, PromptId(asked.id()?), VersionsQuery { outlines: true }).await)?
            } else {
                told(prompts::list(core).await)?
            }
        }
        "search_photos" => {
            let asked = read::<Listed>(arguments)?;
            told(photos::list(core, photos::Asked { limit: Some(asked.rows()), search: asked.q, ..photos::Asked::default() }).await)?
        }
        _ => return Err(format!("There is no tool '{name}'")),
    };
    Ok(cut(answer.to_string()))
}

/// Refuses arguments that a tool does not have: left out without a word, they would make the answer another one than was asked for.
fn check_arguments(name: &str, arguments: &Value) -> Result<(), String> {
    let Some(tool) = all().into_iter().find(|tool| tool.name == name) else { return Ok(()) };
    let Some(known) = tool.parameters["properties"].as_object() else { return Ok(()) };
    let Some(unknown) = arguments.as_object().and_then(|given| given.keys().find(|given| !known.contains_key(*given))) else { return Ok(()) };
    let takes: Vec<&str> = known.keys().map(String::as_str).collect();
    let takes = if takes.is_empty() { "no arguments".to_owned() } else { takes.join(", ") };
    Err(format!("'{name}' has no argument '{unknown}'; it takes {takes}"))
}

/// Leaves out what is drawn and not read.
fn without(mut answer: Value, fields: &[&str]) -> Value {
    if let Some(answer) = answer.as_object_mut() {
        answer.retain(|name, _| !fields.contains(&&name[..]));
    }
    answer
}

fn cut(text: String) -> String {
    if text.len() <= RESULT_MOST {
        return text;
    }
    let end = (0..=RESULT_MOST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}\n[cut after {RESULT_MOST} of {} characters: ask for less, such as wider steps or fewer rows]", &text[..end], text.len())
}

/// Reads a proposal; the error is what the model is told.
pub fn proposal(core: &Core, arguments: &Value) -> Result<(ProposedAction, String), String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Proposed {
        action: String,
        model: Option<String>,
        #[serde(default)]
        reason: String,
    }
    check_arguments(PROPOSE, arguments)?;
    let proposed: Proposed = read(arguments)?;
    let action = match (&proposed.action[..], proposed.model) {
        ("pause", _) => ProposedAction::Pause,
        ("drain", _) => ProposedAction::Drain,
        ("resume", _) => ProposedAction::Resume,
        ("retry_failed", _) => ProposedAction::RetryFailed,
        ("reprocess_low_confidence", _) => ProposedAction::ReprocessLowConfidence,
        ("check_health", _) => ProposedAction::CheckHealth,
        ("switch_model", Some(model)) => {
            models::check_known(core, &model).map_err(|error| error.to_string())?;
            if !models::is_listed(core, &model) {
                return Err(format!("'{model}' is none of the models that are known here; propose one that 'models' lists, by its full name"));
            }
            ProposedAction::SwitchModel { model }
        }
        ("switch_model", None) => return Err("'model' is missing".to_owned()),
        (other, _) => return Err(format!("There is no action '{other}'")),
    };
    Ok((action, proposed.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_it_takes() {
        let all = all();
        for (at, tool) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other.name != tool.name), "{}", tool.name);
            let properties = tool.parameters["properties"].as_object().expect("an object");
            for required in tool.parameters["required"].as_array().expect("a list") {
                assert!(properties.contains_key(required.as_str().expect("a name")), "{}: {required}", tool.name);
            }
        }
    }

    #[test]
    fn an_argument_that_a_tool_does_not_have_is_named() {
        let refused = |tool: &str, arguments| check_arguments(tool, &arguments).expect_err("refused");
        assert_eq!(refused("alerts", json!({"since": "yesterday"})), "'alerts' has no argument 'since'; it takes no arguments");
        assert_eq!(refused("job", json!({"id": "1", "q": "x"})), "'job' has no argument 'q'; it takes id");
        assert!(refused(PROPOSE, json!({"action": "pause", "until": "noon"})).contains("no argument 'until'"));
        assert_eq!(check_arguments("jobs", &json!({"q": "state:failed", "limit": 3})), Ok(()));
    }

    #[test]
    fn a_long_answer_is_cut_between_characters_and_says_so() {
        let whole = cut("ä".repeat(100));
        assert_eq!(whole.len(), 200);
        let short = cut("ä".repeat(RESULT_MOST));
        assert!(short.starts_with("ää") && short.contains("[cut after 16000 of 32000") && short.len() < RESULT_MOST + 200);
    }
}
