//! What is sent over each wire, word for word. The stub of the wires refuses fields that the official clients do not
//! know; here stand the bodies themselves, so that a change of one is seen. `UPDATE_SNAPSHOTS=1` writes them anew.

use std::sync::Arc;

use bytes::Bytes;
use minerva_console::providers::dialect::{AskMode, Dialect};
use minerva_console::providers::{PhotoRequest, PriceBook, SentPhoto, anthropic, fit, gemini, ollama, openai, vision};
use minerva_console::wire::answer_schema::AnswerSchema;
use minerva_console::wire::prompt_parts::{Effort, Parameters};
use proptest::prelude::*;
use serde_json::Value;

fn request(model: &str) -> PhotoRequest {
    let photo = SentPhoto::Jpeg { bytes: Bytes::from_static(b"JPEG"), width_px: 1, height_px: 1 };
    PhotoRequest::plain(model.to_owned(), photo, "Tag this photo".to_owned())
}

/// Name of the file, provider in the catalogue, model, wire.
fn wires() -> Vec<(&'static str, &'static str, &'static str, Box<dyn Dialect>)> {
    let router = "https://openrouter.ai/api/v1".parse().expect("a URL");
    let lab = "http://localhost:8080/v1".parse().expect("a URL");
    vec![
        ("gemini", "gemini", "gemini-3.8-flash", Box::new(gemini::Gemini)),
        ("vision", "vision", "labels+objects+text+safe-search", Box::new(vision::Vision)),
        ("openai", "openai", "gpt-6-luna", Box::new(openai::OpenAi::new())),
        ("openrouter", "router", "qwen/qwen3.6-vl", Box::new(openai::OpenAi::compatible("router", Some(&router)))),
        ("compatible", "lab", "qwen3.6-vl", Box::new(openai::OpenAi::compatible("lab", Some(&lab)))),
        ("anthropic", "anthropic", "claude-haiku-5-5", Box::new(anthropic::Anthropic)),
        ("ollama", "ollama", "gemma4", Box::new(ollama::Ollama)),
    ]
}

/// A question that asks for everything: system text, a schema of its own, and all parameters.
fn full(model: &str) -> PhotoRequest {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["summary", "keywords"],
        "properties": {
            "summary": {"type": "string", "maxLength": 200},
            "place": {"type": "string", "enum": ["indoors", "outdoors"]},
            "keywords": {"type": "array", "minItems": 1, "maxItems": 15, "items": {
                "type": "object", "required": ["label"], "properties": {
                    "label": {"type": "string"},
                    "score": {"type": "number", "minimum": 0, "maximum": 1}
                }
            }}
        }
    });
    let schema = AnswerSchema::parse(&schema.to_string()).expect("a schema");
    let parameters =
        Parameters { temperature: Some(0.5), top_p: Some(0.9), max_output_tokens: Some(512), seed: Some(7), effort: Some(Effort::Medium) };
    PhotoRequest { system: "You tag photos".to_owned(), schema: Some(Arc::new(schema)), parameters, ..request(model) }
}

/// As the platform asks: fitted to what the model takes. Returns the body, and what was said of it.
fn fitted(wire: &dyn Dialect, provider: &str, model: &str) -> (Value, Vec<String>) {
    let book = PriceBook::shipped();
    let listed = book.model(provider, model);
    let (request, notes) = fit::fit(full(model), wire.label(), &wire.takes(model, listed), wire.schema_rule());
    let asked = wire.ask(&request, listed, AskMode { is_streamed: false, with_schema: true }).expect(provider);
    (asked.body.expect("a body"), notes)
}

fn is_golden(file: &str, body: &Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/requests/{file}.json"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, format!("{body:#}\n")).expect("written");
    }
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect(file)).expect("JSON");
    assert_eq!(*body, golden, "{file}: {body:#}");
    assert!(!holds_null(body), "{file}: {body:#}");
}

#[test]
fn all_parts_of_a_prompt_stand_in_the_bodies_where_the_model_takes_them() {
    for (file, provider, model, wire) in wires() {
        let (body, notes) = fitted(wire.as_ref(), provider, model);
        is_golden(&format!("{file}-parts"), &body);
        let text = body.to_string();
        let takes = wire.takes(model, PriceBook::shipped().model(provider, model));
        assert_eq!(text.contains("You tag photos"), takes.system, "{file}");
        assert_eq!(text.contains("\"keywords\""), takes.schema, "{file}");
        assert_eq!(text.contains("512"), takes.max_output_tokens, "{file}");
        assert_eq!(text.contains("0.5"), takes.temperature, "{file}");
        assert_eq!(text.contains("seed\":7"), takes.seed, "{file}");
        let words = notes.join("\n");
        assert_eq!(words.contains("temperature"), !takes.temperature, "{file}: {words}");
        assert_eq!(words.contains("the system text"), !takes.system, "{file}: {words}");
    }
}

/// The fields of each wire's own, by hand.
#[test]
fn each_wire_has_its_own_names_for_the_parts() {
    let body = |file: &str| {
        let (_, provider, model, wire) = wires().into_iter().find(|(name, ..)| *name == file).expect("a wire");
        fitted(wire.as_ref(), provider, model)
    };
    let (gemini, notes) = body("gemini");
    assert_eq!(gemini["systemInstruction"]["parts"][0]["text"], "You tag photos");
    assert_eq!(gemini["generationConfig"]["maxOutputTokens"], 512);
    assert_eq!(gemini["generationConfig"]["thinkingConfig"]["thinkingLevel"], "MEDIUM");
    assert_eq!(gemini["generationConfig"]["seed"], 7);
    assert!(gemini["generationConfig"]["temperature"].is_null(), "the catalogue says that it refuses one");
    assert_eq!(gemini["generationConfig"]["responseJsonSchema"]["properties"]["summary"]["description"], "(maxLength: 200)");
    assert_eq!(notes.len(), 2, "{notes:?}");

    let (openai, notes) = body("openai");
    assert_eq!(openai["messages"][0], serde_json::json!({"role": "system", "content": "You tag photos"}));
    assert_eq!((&openai["max_completion_tokens"], &openai["reasoning_effort"], &openai["seed"]), (&512.into(), &"medium".into(), &7.into()));
    assert!(openai["response_format"]["json_schema"]["strict"].is_null(), "not every field is required");
    assert!(notes.iter().any(|note| note.contains("loosely")), "{notes:?}");

    let (lab, _) = body("compatible");
    assert_eq!((&lab["max_tokens"], &lab["temperature"], &lab["top_p"]), (&512.into(), &0.5.into(), &0.9.into()));
    assert!(lab["reasoning_effort"].is_null());

    let (anthropic, notes) = body("anthropic");
    assert_eq!((&anthropic["system"], &anthropic["max_tokens"]), (&"You tag photos".into(), &512.into()));
    assert_eq!((&anthropic["output_config"]["effort"], &anthropic["thinking"]), (&"medium".into(), &Value::Null));
    let schema = &anthropic["output_config"]["format"]["schema"];
    assert_eq!((&schema["additionalProperties"], &schema["properties"]["keywords"]["minItems"]), (&false.into(), &1.into()));
    assert!(schema["properties"]["keywords"]["maxItems"].is_null());
    assert!(notes[0].ends_with("temperature, top p, the seed"), "{notes:?}");

    let (ollama, notes) = body("ollama");
    assert_eq!(ollama["messages"][0]["role"], "system");
    assert_eq!((&ollama["options"]["num_predict"], &ollama["options"]["top_p"], &ollama["think"]), (&512.into(), &0.9.into(), &true.into()));
    assert!(notes.iter().any(|note| note.contains("'high' is sent")), "{notes:?}");
}

/// A null, wherever it stands: some servers hang on one.
fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(map) => map.values().any(holds_null),
        _ => false,
    }
}

#[test]
fn the_bodies_are_the_golden_ones_and_hold_no_null() {
    let book = PriceBook::shipped();
    for (file, provider, model, wire) in wires() {
        let asked = wire.ask(&request(model), book.model(provider, model), AskMode { is_streamed: false, with_schema: true }).expect(file);
        let body = asked.body.expect("a body");
        is_golden(file, &body);
        // The order in which the model writes: caption before tags, tag before confidence.
        let text = body.to_string();
        assert!(text.find("\"caption\"") <= text.find("\"tags\"") && text.find("\"tag\"") <= text.find("\"confidence\""), "{file}");
    }
}

#[test]
fn without_a_schema_the_prompt_alone_asks_for_json() {
    for (file, _, model, wire) in wires() {
        let asked = wire.ask(&request(model), None, AskMode { is_streamed: false, with_schema: false }).expect(file);
        assert!(!asked.body.expect("a body").to_string().contains("additionalProperties"), "{file}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    // Names that the wires look for, so that what lies behind them is reached.
    let names = prop::sample::select(vec![
        "candidates",
        "content",
        "parts",
        "text",
        "error",
        "message",
        "code",
        "choices",
        "delta",
        "usage",
        "usageMetadata",
        "type",
        "done",
        "responses",
        "labelAnnotations",
        "localizedObjectAnnotations",
        "boundingPoly",
        "normalizedVertices",
        "score",
        "details",
        "stop_reason",
        "finish_reason",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z_ ]{0,12}".prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
        ]
    })
}

proptest! {
    #[test]
    fn no_reply_makes_a_wire_stumble(reply in any_json(), status in 400_u16..600) {
        for (_, _, model, wire) in wires() {
            let _ = wire.read(&request(model), &reply);
            let mut reading = minerva_console::providers::dialect::Reading::default();
            let _ = wire.read_piece(&mut reading, &reply);
            let _ = wire.read_models(&reply);
            let status = reqwest::StatusCode::from_u16(status).expect("a status");
            let fault = wire.read_fault(status, &reqwest::header::HeaderMap::new(), &reply);
            prop_assert!(!fault.message.is_empty());
        }
    }
}
