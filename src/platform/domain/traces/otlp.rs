//! A trace for OpenTelemetry: an `ExportTraceServiceRequest` in the JSON encoding of OTLP
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids in hexadecimal, 64-bit numbers as strings, enums as
//! numbers. Attributes are those of the conventions for generative AI and HTTP where there is one.

use serde_json::{Value, json};

use crate::wire::result::{Answer, Outcome};
use crate::wire::trace::{Trace, TraceKind};

const KIND_INTERNAL: u8 = 1;
const KIND_CLIENT: u8 = 3;
const STATUS_ERROR: u8 = 2;

pub fn request(trace: &Trace) -> Value {
    let mut spans = vec![root(trace)];
    let is_try = |name: &str| name.starts_with("try ") || name == "wait";
    let call = trace.steps.iter().position(|step| step.name == "call");
    for (at, step) in trace.steps.iter().enumerate() {
        let number = at as u64 + 1;
        let parent = if is_try(&step.name) { call.map_or(0, |call| call as u64 + 1) } else { 0 };
        let mut attributes = vec![text("minerva.step.detail", &step.detail)];
        let tried: Option<usize> = step.name.strip_prefix("try ").and_then(|number| number.parse().ok());
        let only = (step.name == "call" && trace.exchanges.len() == 1).then_some(1);
        let exchange = tried.or(only).and_then(|number| trace.exchanges.get(number - 1));
        if let Some(exchange) = exchange {
            attributes.extend([text("http.request.method", &exchange.method), text("url.full", &exchange.url)]);
            attributes.push(int("http.request.body.size", exchange.request_bytes));
            attributes.push(int("http.response.body.size", exchange.answer_bytes));
            attributes.extend(exchange.status.map(|status| int("http.response.status_code", u64::from(status))));
        }
        let fault = exchange.and_then(|exchange| exchange.fault.as_ref());
        spans.push(json!({
            "traceId": trace_id(trace),
            "spanId": span_id(trace, number),
            "parentSpanId": span_id(trace, parent),
            "name": step.name,
            "kind": if exchange.is_some() { KIND_CLIENT } else { KIND_INTERNAL },
            "startTimeUnixNano": nanos(trace, step.start_ms),
            "endTimeUnixNano": nanos(trace, step.start_ms + step.duration_ms),
            "attributes": attributes,
            "status": fault.map_or_else(|| json!({}), |fault| json!({"code": STATUS_ERROR, "message": fault.message})),
        }));
    }
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", "minerva-console"), text("service.version", env!("CARGO_PKG_VERSION"))]},
        "scopeSpans": [{"scope": {"name": "minerva-console", "version": env!("CARGO_PKG_VERSION")}, "spans": spans}],
    }]})
}

/// The whole way of the photo.
fn root(trace: &Trace) -> Value {
    let summary = &trace.summary;
    let (provider, model) = summary.model.split_once('/').unwrap_or((&summary.model, &summary.model));
    let mut attributes = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", provider_name(provider)),
        text("gen_ai.request.model", model),
        text("minerva.photo", &summary.file_name),
        text(
            "minerva.kind",
            match summary.kind {
                TraceKind::Job => "job",
                TraceKind::Cell => "cell",
                TraceKind::Replay => "replay",
            },
        ),
    ];
    let usage = match &trace.outcome {
        Outcome::Completed(answer) => {
            attributes.push(tags(answer));
            answer.usage
        }
        Outcome::Failed(fault) => {
            attributes.push(text("error.type", &kind_name(fault.kind)));
            fault.usage
        }
    };
    attributes.extend(usage.input_tokens.map(|count| int("gen_ai.usage.input_tokens", count)));
    attributes.extend(usage.output_tokens.map(|count| int("gen_ai.usage.output_tokens", count)));
    attributes.extend(summary.cost_usd.map(|cost| json!({"key": "minerva.cost_usd", "value": {"doubleValue": cost.0 as f64 / 1e6}})));
    let status = match &trace.outcome {
        Outcome::Completed(_) => json!({}),
        Outcome::Failed(fault) => json!({"code": STATUS_ERROR, "message": fault.message}),
    };
    json!({
        "traceId": trace_id(trace),
        "spanId": span_id(trace, 0),
        "name": format!("chat {model}"),
        "kind": KIND_INTERNAL,
        "startTimeUnixNano": nanos(trace, 0.0),
        "endTimeUnixNano": nanos(trace, whole_ms(trace)),
        "attributes": attributes,
        "status": status,
    })
}

/// As the conventions call the providers that they know.
fn provider_name(provider: &str) -> &str {
    match provider {
        "gemini" => "gcp.gemini",
        other => other,
    }
}

fn kind_name(kind: crate::wire::result::FaultKind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn tags(answer: &Answer) -> Value {
    let names: Vec<Value> = answer.tags.iter().map(|tag| json!({"stringValue": tag.name})).collect();
    json!({"key": "minerva.tags", "value": {"arrayValue": {"values": names}}})
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn int(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn trace_id(trace: &Trace) -> String {
    trace.summary.id.0.simple().to_string()
}

/// The end of a UUID is random, so spans of two traces are told apart.
fn span_id(trace: &Trace, number: u64) -> String {
    let low = trace.summary.id.0.as_u128() as u64;
    format!("{:016x}", low.wrapping_add(number).max(1))
}

fn whole_ms(trace: &Trace) -> f64 {
    let last = trace.steps.iter().map(|step| step.start_ms + step.duration_ms).fold(0.0, f64::max);
    last.max(trace.summary.duration_ms as f64)
}

/// A trace's time is that of its end.
fn nanos(trace: &Trace, since_begun_ms: f64) -> String {
    let end = i128::from(trace.summary.at.timestamp_millis()) * 1_000_000;
    let before = ((whole_ms(trace) - since_begun_ms) * 1e6) as i128;
    (end - before).to_string()
}
