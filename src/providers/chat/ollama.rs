//! `api/chat` with tools: <https://docs.ollama.com/capabilities/tool-calling>.

use serde_json::{Value, json};

use super::{ChatMessage, ChatRequest, OUTPUT_TOKENS_MOST, ToolCall, openai};

/// Room for the tools' results: the server's own default would cut the beginning off without a word.
const CONTEXT_TOKENS: u32 = 32_768;

pub fn body(request: &ChatRequest) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    for message in &request.messages {
        match message {
            ChatMessage::Person(text) => messages.push(json!({"role": "user", "content": text})),
            ChatMessage::Model { text, calls, .. } => {
                let mut message = json!({"role": "assistant", "content": text});
                if !calls.is_empty() {
                    let call = |call: &ToolCall| json!({"function": {"name": call.name, "arguments": call.arguments}});
                    message["tool_calls"] = calls.iter().map(call).collect();
                }
                messages.push(message);
            }
            ChatMessage::Results(results) => {
                messages.extend(results.iter().map(|result| json!({"role": "tool", "tool_name": result.name, "content": result.text})));
            }
        }
    }
    json!({
        "model": request.model,
        "stream": false,
        "keep_alive": "10m",
        "options": {"num_predict": OUTPUT_TOKENS_MOST, "num_ctx": CONTEXT_TOKENS, "temperature": 0},
        "messages": messages,
        "tools": openai::tools(&request.tools),
    })
}

/// The calls of a reply's message; they have no ids.
pub fn calls(message: &Value) -> Vec<ToolCall> {
    let called = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["function"]);
    let name = |function: &Value| function["name"].as_str().unwrap_or_default().to_owned();
    let arguments = |function: &Value| if function["arguments"].is_null() { json!({}) } else { function["arguments"].clone() };
    called.map(|function| ToolCall { id: String::new(), name: name(function), arguments: arguments(function) }).collect()
}
