//! Messages with tools: <https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>. Blocks of thinking go
//! back as they came, beside the calls that they led to.

use serde_json::{Value, json};

use super::{ChatMessage, ChatRequest, ChatTool, OUTPUT_TOKENS_MOST, ToolCall, ToolResult};

pub fn body(request: &ChatRequest) -> Value {
    let result = |result: &ToolResult| json!({"type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.is_error});
    let message = |message: &ChatMessage| match message {
        ChatMessage::Person(text) => json!({"role": "user", "content": [{"type": "text", "text": text}]}),
        ChatMessage::Model { raw, .. } if raw.is_array() => json!({"role": "assistant", "content": raw}),
        ChatMessage::Model { text, .. } => json!({"role": "assistant", "content": [{"type": "text", "text": text}]}),
        ChatMessage::Results(results) => json!({"role": "user", "content": results.iter().map(result).collect::<Value>()}),
    };
    let tool = |tool: &ChatTool| json!({"name": tool.name, "description": tool.description, "input_schema": tool.parameters});
    json!({
        "model": request.model,
        "max_tokens": OUTPUT_TOKENS_MOST,
        "system": request.system,
        "messages": request.messages.iter().map(message).collect::<Value>(),
        "tools": request.tools.iter().map(tool).collect::<Value>(),
    })
}

/// The calls among a reply's blocks.
pub fn calls(content: &Value) -> Vec<ToolCall> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let used = content.as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use");
    used.map(|block| ToolCall { id: text(&block["id"]), name: text(&block["name"]), arguments: block["input"].clone() }).collect()
}
