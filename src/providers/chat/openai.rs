//! Chat completions with function calling: <https://developers.openai.com/api/docs/guides/function-calling>.

use serde_json::{Value, json};

use super::{ChatMessage, ChatRequest, ChatTool, ToolCall};

/// What all servers of this wire take.
pub fn body(request: &ChatRequest) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    for message in &request.messages {
        match message {
            ChatMessage::Person(text) => messages.push(json!({"role": "user", "content": text})),
            ChatMessage::Model { text, calls, .. } => messages.push(of_model(text, calls)),
            ChatMessage::Results(results) => {
                messages.extend(results.iter().map(|result| json!({"role": "tool", "tool_call_id": result.id, "content": result.text})));
            }
        }
    }
    json!({"model": request.model, "messages": messages, "tools": tools(&request.tools)})
}

fn of_model(text: &str, calls: &[ToolCall]) -> Value {
    let mut message = json!({"role": "assistant", "content": text});
    if !calls.is_empty() {
        let call =
            |call: &ToolCall| json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments.to_string()}});
        message["tool_calls"] = calls.iter().map(call).collect();
    }
    message
}

/// Also Ollama's shape.
pub fn tools(tools: &[ChatTool]) -> Value {
    let tool = |tool: &ChatTool| json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}});
    tools.iter().map(tool).collect()
}

/// The calls of a reply's message. Arguments come as text.
pub fn calls(message: &Value) -> Vec<ToolCall> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let call = |call: &Value| {
        let function = &call["function"];
        let written = function["arguments"].as_str().unwrap_or_default();
        // No arguments at all are written as nothing.
        let arguments = if written.trim().is_empty() { json!({}) } else { serde_json::from_str(written).unwrap_or_default() };
        ToolCall { id: text(&call["id"]), name: text(&function["name"]), arguments }
    };
    message["tool_calls"].as_array().into_iter().flatten().map(call).collect()
}
