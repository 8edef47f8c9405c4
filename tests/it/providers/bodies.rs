//! What is sent over each wire, word for word. The stub of the wires refuses fields that the official clients do not
//! know; here stand the bodies themselves, so that a change of one is seen. `UPDATE_SNAPSHOTS=1` writes them anew.

use bytes::Bytes;
use minerva_console::providers::dialect::{AskMode, Dialect};
use minerva_console::providers::{PhotoRequest, PriceBook, SentPhoto, anthropic, gemini, ollama, openai, vision};
use proptest::prelude::*;
use serde_json::Value;

fn request(model: &str) -> PhotoRequest {
    let photo = SentPhoto::Jpeg { bytes: Bytes::from_static(b"JPEG"), width_px: 1, height_px: 1 };
    PhotoRequest { model: model.to_owned(), photo, prompt: "Tag this photo".to_owned() }
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
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/requests/{file}.json"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, format!("{body:#}\n")).expect("written");
        }
        let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect(file)).expect("JSON");
        assert_eq!(body, golden, "{file}: {body:#}");
        assert!(!holds_null(&body), "{file}: {body:#}");
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
