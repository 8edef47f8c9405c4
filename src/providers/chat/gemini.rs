//! `generateContent` with function calling: <https://ai.google.dev/gemini-api/docs/function-calling>. Parts go back as they
//! came: their thought signatures are wanted (<https://ai.google.dev/gemini-api/docs/thought-signatures>).

use serde_json::{Value, json};

use super::{ChatMessage, ChatRequest, ChatTool, OUTPUT_TOKENS_MOST, ToolCall, ToolResult};

pub fn body(request: &ChatRequest) -> Value {
    let result = |result: &ToolResult| {
        let said = if result.is_error { json!({"error": result.text}) } else { json!({"result": result.text}) };
        let mut response = json!({"name": result.name, "response": said});
        if !result.id.is_empty() {
            response["id"] = result.id.as_str().into();
        }
        json!({"functionResponse": response})
    };
    let message = |message: &ChatMessage| match message {
        ChatMessage::Person(text) => json!({"role": "user", "parts": [{"text": text}]}),
        ChatMessage::Model { raw, .. } if raw.is_array() => json!({"role": "model", "parts": raw}),
        ChatMessage::Model { text, .. } => json!({"role": "model", "parts": [{"text": text}]}),
        ChatMessage::Results(results) => json!({"role": "user", "parts": results.iter().map(result).collect::<Value>()}),
    };
    let tool = |tool: &ChatTool| json!({"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters});
    json!({
        "systemInstruction": {"parts": [{"text": request.system}]},
        "contents": request.messages.iter().map(message).collect::<Value>(),
        "tools": [{"functionDeclarations": request.tools.iter().map(tool).collect::<Value>()}],
        "generationConfig": {"maxOutputTokens": OUTPUT_TOKENS_MOST},
    })
}

/// The calls among a candidate's parts. Only some models give them ids.
pub fn calls(parts: &Value) -> Vec<ToolCall> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let called = parts.as_array().into_iter().flatten().map(|part| &part["functionCall"]).filter(|call| call.is_object());
    let arguments = |call: &Value| if call["args"].is_null() { json!({}) } else { call["args"].clone() };
    called.map(|call| ToolCall { id: text(&call["id"]), name: text(&call["name"]), arguments: arguments(call) }).collect()
}
