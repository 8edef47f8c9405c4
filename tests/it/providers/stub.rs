//! The stub itself: it must refuse what the real services refuse, or what is tested against it proves little.

use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::provider_stub::{ProviderStub, Wire};

fn jpeg() -> String {
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30]));
    base64::engine::general_purpose::STANDARD.encode(minerva_console::photos::encode_jpeg(&image, 85).expect("encodes"))
}

/// A good request of each wire: path, headers, body.
fn question(wire: Wire, model: &str) -> (String, Vec<(&'static str, String)>, Value) {
    let schema = minerva_console::wire::answer_schema::shipped();
    let bearer = vec![("authorization", format!("Bearer {}", wire.key()))];
    let google = vec![("x-goog-api-key", wire.key().to_owned())];
    let chat = json!({"model": model, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Tag this"}, {"type": "image_url", "image_url": {"url": format!("data:image/jpeg;base64,{}", jpeg()), "detail": "high"}}
    ]}], "response_format": {"type": "json_schema", "json_schema": {"name": "photo", "strict": true, "schema": schema}}});
    match wire {
        Wire::Gemini => (
            format!("v1/models/{model}:generateContent"),
            google,
            json!({"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/jpeg", "data": jpeg()}}, {"text": "Tag this"}]}],
                "generationConfig": {"maxOutputTokens": 9, "responseMimeType": "application/json", "responseJsonSchema": schema}}),
        ),
        Wire::Vision => (
            "v1/images:annotate".to_owned(),
            google,
            json!({"requests": [{"image": {"content": jpeg()}, "features": [{"type": "LABEL_DETECTION", "maxResults": 20}]}]}),
        ),
        Wire::OpenAi | Wire::Compatible => ("v1/chat/completions".to_owned(), bearer, chat),
        Wire::Anthropic => (
            "v1/messages".to_owned(),
            vec![("x-api-key", wire.key().to_owned()), ("anthropic-version", "2026-10-21".to_owned())],
            json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": jpeg()}}, {"type": "text", "text": "Tag this"}]}],
                "output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        ),
        Wire::Ollama => (
            "api/chat".to_owned(),
            Vec::new(),
            json!({"model": model, "stream": false, "format": schema, "options": {"num_ctx": 8192},
                "messages": [{"role": "user", "content": "Tag this", "images": [jpeg()]}]}),
        ),
    }
}

async fn send(stub: &ProviderStub, wire: Wire, (path, headers, body): (String, Vec<(&'static str, String)>, Value)) -> (u16, Value) {
    let request = reqwest::Client::new().post(stub.base(wire).join(&path).expect("a URL"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value)).json(&body);
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn good_requests_of_every_wire_are_answered_and_bad_ones_refused() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    for wire in Wire::ALL {
        let good = || question(wire, "some-model");
        let (status, reply) = send(&stub, wire, good()).await;
        assert_eq!(status, 200, "{wire:?}: {reply}");
        assert!(reply.to_string().contains("landscape"), "{wire:?}: {reply}");

        let (path, headers, mut body) = good();
        body["surprise"] = 1.into();
        let (status, reply) = send(&stub, wire, (path, headers, body)).await;
        assert!(status == 400 && reply.to_string().contains("surprise"), "{wire:?}: {reply}");

        let (path, mut headers, body) = good();
        headers.retain(|(name, _)| *name == "anthropic-version");
        headers.push(if matches!(wire, Wire::Gemini | Wire::Vision) {
            ("x-goog-api-key", "wrong".to_owned())
        } else {
            ("authorization", "Bearer wrong".to_owned())
        });
        let (status, reply) = send(&stub, wire, (path, headers, body)).await;
        assert!(status == 401 || reply.to_string().contains("API_KEY_INVALID"), "{wire:?}: {status} {reply}");
    }
    assert_eq!(stub.traffic().complaints().len(), Wire::ALL.len());
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_with_metadata_and_a_key_in_the_wrong_place_are_seen() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (path, headers, body) = question(Wire::Ollama, "m");
    let mut photo = base64::engine::general_purpose::STANDARD.decode(jpeg()).expect("base64");
    photo.splice(2..2, [0xFF, 0xE1, 0, 8, b'E', b'x', b'i', b'f', 0, 0]);
    let with_exif = base64::engine::general_purpose::STANDARD.encode(photo);
    let mut bad = body.clone();
    bad["messages"][0]["images"][0] = with_exif.into();
    let (status, reply) = send(&stub, Wire::Ollama, (path.clone(), headers.clone(), bad)).await;
    assert!(status == 400 && reply["error"].as_str().is_some_and(|said| said.contains("EXIF")), "{reply}");

    let mut bad = body;
    bad["messages"][0]["content"] = Wire::Gemini.key().into();
    send(&stub, Wire::Ollama, (path, headers, bad)).await;
    assert_eq!(stub.traffic().misplaced_keys().len(), 1);
    assert_eq!(stub.traffic().find(Wire::Gemini.key()), ["ollama: body"]);
}
