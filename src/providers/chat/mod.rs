//! Conversations with tools: one shape for all wires. Each wire's file turns a conversation into a request body and a reply
//! into a turn, without I/O; keys, limits, tries and costs are the shared sender's.

pub(super) mod anthropic;
pub(super) mod gemini;
pub(super) mod ollama;
pub(super) mod openai;

use serde_json::Value;

use super::dialect::Reading;
use crate::wire::money::UsdMicros;
use crate::wire::result::Usage;

/// Output tokens of one turn at most, thinking included.
pub(super) const OUTPUT_TOKENS_MOST: u32 = 4_096;

/// A conversation that the model is to go on with.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model without its provider.
    pub model: String,
    /// What it is told before all else.
    pub system: String,
    /// Begins with the person; results follow the calls that they answer.
    pub messages: Vec<ChatMessage>,
    pub tools: Vec<ChatTool>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatMessage {
    Person(String),
    Model {
        text: String,
        calls: Vec<ToolCall>,
        /// As the wire gave it: some want their own blocks back word for word. `Null`: made of text and calls.
        raw: Value,
    },
    Results(Vec<ToolResult>),
}

/// Something that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatTool {
    pub name: &'static str,
    pub description: &'static str,
    /// JSON schema of an object.
    pub parameters: Value,
}

/// A call that the model wants made.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The wire's own; empty where it has none.
    pub id: String,
    pub name: String,
    /// What it wrote; `Null` where that is not JSON.
    pub arguments: Value,
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    pub id: String,
    pub name: String,
    pub text: String,
    pub is_error: bool,
}

/// What the model said.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatTurn {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// To be handed back with the calls' results.
    pub raw: Value,
    /// The answer was cut at the output limit.
    pub is_cut: bool,
    pub usage: Usage,
    /// `None`: unknown.
    pub cost_usd: Option<UsdMicros>,
}

/// A reply as its wire reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatReading {
    pub reading: Reading,
    pub calls: Vec<ToolCall>,
    pub raw: Value,
}

impl ChatRequest {
    /// Tokens of it, roughly: four characters each.
    #[must_use]
    pub fn estimated_tokens(&self) -> u64 {
        let message = |message: &ChatMessage| match message {
            ChatMessage::Person(text) => text.len(),
            ChatMessage::Model { text, .. } => text.len() + 100,
            ChatMessage::Results(results) => results.iter().map(|result| result.text.len()).sum(),
        };
        let tools: usize = self.tools.iter().map(|tool| tool.description.len() + 200).sum();
        (self.system.len() + tools + self.messages.iter().map(message).sum::<usize>()) as u64 / 4 + 500
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::dialect::{Dialect, End};
    use super::super::{anthropic::Anthropic, gemini::Gemini, ollama::Ollama, openai::OpenAi};
    use super::*;

    /// A question, a call as the wire gave it, its result, an answer, and another question.
    fn conversation(raw: Value) -> ChatRequest {
        let call = ToolCall { id: "call-1".to_owned(), name: "jobs".to_owned(), arguments: json!({"state": "failed"}) };
        let result = ToolResult { id: "call-1".to_owned(), name: "jobs".to_owned(), text: "{\"items\":[]}".to_owned(), is_error: false };
        ChatRequest {
            model: "m-1".to_owned(),
            system: "Be brief".to_owned(),
            messages: vec![
                ChatMessage::Person("What failed?".to_owned()),
                ChatMessage::Model { text: "I look".to_owned(), calls: vec![call], raw },
                ChatMessage::Results(vec![result]),
                ChatMessage::Model { text: "Nothing".to_owned(), calls: Vec::new(), raw: Value::Null },
                ChatMessage::Person("And yesterday?".to_owned()),
            ],
            tools: vec![ChatTool { name: "jobs", description: "Lists jobs", parameters: json!({"type": "object", "properties": {}}) }],
        }
    }

    fn asked(dialect: &dyn Dialect, raw: Value) -> (String, Value) {
        let asked = dialect.converse(&conversation(raw), None).expect("it converses").expect("a body");
        (asked.path, asked.body.expect("a body"))
    }

    fn read(dialect: &dyn Dialect, reply: &Value) -> ChatReading {
        dialect.read_turn(reply).expect("it reads")
    }

    #[test]
    fn openai_takes_calls_as_text_and_results_as_messages() {
        let (path, body) = asked(&OpenAi::new(), Value::Null);
        assert_eq!(path, "v1/chat/completions");
        let call = json!({"id": "call-1", "type": "function", "function": {"name": "jobs", "arguments": "{\"state\":\"failed\"}"}});
        assert_eq!(
            body,
            json!({
                "model": "m-1",
                "messages": [
                    {"role": "system", "content": "Be brief"},
                    {"role": "user", "content": "What failed?"},
                    {"role": "assistant", "content": "I look", "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call-1", "content": "{\"items\":[]}"},
                    {"role": "assistant", "content": "Nothing"},
                    {"role": "user", "content": "And yesterday?"}
                ],
                "tools": [{"type": "function", "function": {"name": "jobs", "description": "Lists jobs", "parameters": {"type": "object", "properties": {}}}}],
                "max_completion_tokens": 4096,
                "store": false
            })
        );
        let turn = read(
            &OpenAi::new(),
            &json!({"id": "x", "choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "jobs", "arguments": "{\"state\": \"failed\"}"}},
                {"id": "b", "type": "function", "function": {"name": "jobs", "arguments": "{broken"}}
            ]}}], "usage": {"prompt_tokens": 700, "completion_tokens": 30}}),
        );
        assert_eq!((turn.calls.len(), &turn.calls[0].arguments, &turn.calls[1].arguments), (2, &json!({"state": "failed"}), &Value::Null));
        assert_eq!((turn.reading.usage.input_tokens, turn.reading.end), (Some(700), End::Complete));
    }

    #[test]
    fn anthropic_gets_its_own_blocks_back() {
        let blocks =
            json!([{"type": "thinking", "thinking": "", "signature": "s"}, {"type": "tool_use", "id": "call-1", "name": "jobs", "input": {}}]);
        let (path, body) = asked(&Anthropic, blocks.clone());
        assert_eq!((&path[..], &body["system"], &body["max_tokens"]), ("v1/messages", &json!("Be brief"), &json!(4096)));
        assert_eq!(body["messages"][1], json!({"role": "assistant", "content": blocks}));
        let result = json!({"type": "tool_result", "tool_use_id": "call-1", "content": "{\"items\":[]}", "is_error": false});
        assert_eq!(body["messages"][2], json!({"role": "user", "content": [result]}));
        assert_eq!(body["messages"][3], json!({"role": "assistant", "content": [{"type": "text", "text": "Nothing"}]}));
        assert_eq!(body["tools"], json!([{"name": "jobs", "description": "Lists jobs", "input_schema": {"type": "object", "properties": {}}}]));
        let content = json!([{"type": "text", "text": "I look"}, {"type": "tool_use", "id": "a", "name": "jobs", "input": {"state": "failed"}}]);
        let turn =
            read(&Anthropic, &json!({"id": "x", "content": content, "stop_reason": "tool_use", "usage": {"input_tokens": 7, "output_tokens": 3}}));
        assert_eq!((&turn.reading.text[..], &turn.calls[0].id[..], &turn.calls[0].arguments), ("I look", "a", &json!({"state": "failed"})));
        assert_eq!((turn.raw, turn.reading.end), (content, End::Complete));
    }

    #[test]
    fn gemini_keeps_the_signatures_of_its_parts() {
        let parts = json!([{"functionCall": {"name": "jobs", "args": {"state": "failed"}}, "thoughtSignature": "s"}]);
        let (path, body) = asked(&Gemini, parts.clone());
        assert_eq!(path, "v1beta/models/m-1:generateContent");
        assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "Be brief"}]}));
        assert_eq!(body["contents"][1], json!({"role": "model", "parts": parts}));
        let response = json!({"name": "jobs", "response": {"result": "{\"items\":[]}"}, "id": "call-1"});
        assert_eq!(body["contents"][2], json!({"role": "user", "parts": [{"functionResponse": response}]}));
        let declared = json!({"name": "jobs", "description": "Lists jobs", "parametersJsonSchema": {"type": "object", "properties": {}}});
        assert_eq!(body["tools"], json!([{"functionDeclarations": [declared]}]));
        let reply = json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 6}});
        let turn = read(&Gemini, &reply);
        assert_eq!((&turn.calls[0].name[..], &turn.calls[0].id[..], turn.raw), ("jobs", "", parts));
        assert_eq!(turn.reading.usage.output_tokens, Some(10));
    }

    #[test]
    fn ollama_takes_arguments_as_they_are() {
        let (path, body) = asked(&Ollama, Value::Null);
        assert_eq!((&path[..], &body["stream"]), ("api/chat", &json!(false)));
        let calls = json!([{"function": {"name": "jobs", "arguments": {"state": "failed"}}}]);
        assert_eq!(body["messages"][2], json!({"role": "assistant", "content": "I look", "tool_calls": calls}));
        assert_eq!(body["messages"][3], json!({"role": "tool", "tool_name": "jobs", "content": "{\"items\":[]}"}));
        let reply = json!({"message": {"role": "assistant", "content": "", "tool_calls": calls}, "done": true, "done_reason": "stop",
            "prompt_eval_count": 5, "eval_count": 2});
        let turn = read(&Ollama, &reply);
        assert_eq!((&turn.calls[0].name[..], &turn.calls[0].arguments), ("jobs", &json!({"state": "failed"})));
    }
}
