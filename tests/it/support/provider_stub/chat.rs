//! Conversations with tools, in the words of each wire: reads what the real service would refuse, and says what the
//! scenario has the model say.

use serde_json::{Value, json};

use super::wire::Wire;

/// What the model does in this turn.
enum Turn {
    Calls(&'static str, Vec<(&'static str, Value)>),
    Says(String),
}

/// Whether a request is part of a conversation.
pub fn is_chat(body: &Value) -> bool {
    body.get("tools").is_some()
}

/// The reply, or why the real service would refuse the request.
pub fn reply(wire: Wire, scenario: &str, body: &Value) -> Result<Value, String> {
    let results = results(wire, body)?;
    let turn = match (scenario, &results[..]) {
        ("chat-loops", _) => Turn::Calls("", vec![("live_status", json!({}))]),
        ("chat-proposes", []) => Turn::Calls("I propose to pause.", vec![("propose", json!({"action": "pause", "reason": "Costs run away"}))]),
        ("chat-retries", []) => Turn::Calls("", vec![("propose", json!({"action": "retry_failed", "reason": "They failed by mistake"}))]),
        ("chat-switches", []) => {
            Turn::Calls("", vec![("propose", json!({"action": "switch_model", "model": "on-device", "reason": "It costs nothing"}))])
        }
        ("chat-odd", []) => Turn::Calls(
            "",
            vec![
                ("drop_tables", json!({})),
                ("jobs", json!({"limit": "many"})),
                ("propose", json!({"action": "switch_model", "model": "no/such", "reason": ""})),
                ("jobs", json!({"q": "state:nonsense"})),
            ],
        ),
        ("chat-silent", _) => Turn::Says(String::new()),
        (_, []) => Turn::Calls("I look at the costs.", vec![("cost", json!({"timeframe": "7d"})), ("configuration_changes", json!({"limit": 5}))]),
        (_, results) => Turn::Says(format!("Costs **rose**, for these reasons:\n\n- {}", results.join("\n- "))),
    };
    Ok(say(wire, &turn))
}

fn text(value: &Value, what: &str) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{what} must be text"))
}

fn list<'v>(value: &'v Value, what: &str) -> Result<&'v Vec<Value>, String> {
    value.as_array().filter(|list| !list.is_empty()).ok_or_else(|| format!("{what} must be a list, and not empty"))
}

/// The beginnings of the results that the model is handed at the end of the conversation; checks them against its calls.
fn results(wire: Wire, body: &Value) -> Result<Vec<String>, String> {
    let begin = |words: String| words.chars().take(60).collect::<String>();
    let mut found = Vec::new();
    match wire {
        Wire::Vision => return Err("Cloud Vision does not converse".to_owned()),
        Wire::OpenAi | Wire::Compatible | Wire::Ollama => {
            let messages = list(&body["messages"], "messages")?;
            if messages[0]["role"] != "system" {
                return Err("the first message must be the system's".to_owned());
            }
            for tool in list(&body["tools"], "tools")? {
                text(&tool["function"]["name"], "a tool's name")?;
                if tool["function"]["parameters"]["type"] != "object" {
                    return Err("parameters must be an object's schema".to_owned());
                }
            }
            let mut called: Vec<Value> = Vec::new();
            for message in messages {
                match message["role"].as_str() {
                    Some("assistant") => {
                        called = message["tool_calls"].as_array().cloned().unwrap_or_default();
                        for call in &called {
                            let arguments = &call["function"]["arguments"];
                            let is_right = if wire == Wire::Ollama { arguments.is_object() } else { arguments.is_string() };
                            if !is_right {
                                return Err(format!("arguments of another kind: {arguments}"));
                            }
                        }
                        found.clear();
                    }
                    Some("tool") => {
                        let is_known = called.iter().any(|call| match wire {
                            Wire::Ollama => call["function"]["name"] == message["tool_name"],
                            _ => call["id"] == message["tool_call_id"],
                        });
                        if !is_known {
                            return Err("a result without its call".to_owned());
                        }
                        found.push(begin(text(&message["content"], "a result")?));
                    }
                    Some("user") => found.clear(),
                    _ => {}
                }
            }
        }
        Wire::Anthropic => {
            text(&body["system"], "system")?;
            for tool in list(&body["tools"], "tools")? {
                text(&tool["name"], "a tool's name")?;
                if tool["input_schema"]["type"] != "object" {
                    return Err("input_schema must be an object's schema".to_owned());
                }
            }
            let messages = list(&body["messages"], "messages")?;
            for (at, message) in messages.iter().enumerate() {
                let wanted = if at % 2 == 0 { "user" } else { "assistant" };
                if message["role"] != wanted {
                    return Err("roles must take turns".to_owned());
                }
                found.clear();
                for block in list(&message["content"], "content")? {
                    if block["type"] == "tool_result" {
                        let before = &messages[at - 1]["content"];
                        let calls = before.as_array().into_iter().flatten();
                        if !calls.into_iter().any(|call| call["type"] == "tool_use" && call["id"] == block["tool_use_id"]) {
                            return Err("a result without its call".to_owned());
                        }
                        if before[0]["type"] != "thinking" {
                            return Err("the thinking before a call must come back".to_owned());
                        }
                        found.push(begin(text(&block["content"], "a result")?));
                    }
                }
            }
        }
        Wire::Gemini => {
            text(&body["systemInstruction"]["parts"][0]["text"], "systemInstruction")?;
            for tool in list(&body["tools"][0]["functionDeclarations"], "functionDeclarations")? {
                text(&tool["name"], "a function's name")?;
            }
            for content in list(&body["contents"], "contents")? {
                found.clear();
                for part in list(&content["parts"], "parts")? {
                    if part["functionCall"].is_object() && content["role"] == "model" && part["thoughtSignature"].is_null() {
                        return Err("Function call is missing a thought_signature".to_owned());
                    }
                    if let Some(response) = part.get("functionResponse") {
                        text(&response["name"], "a response's name")?;
                        let said = &response["response"];
                        found.push(begin(text(said.get("result").unwrap_or(&said["error"]), "a response")?));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// A turn as the wire says it: 700 tokens in, 30 out.
fn say(wire: Wire, turn: &Turn) -> Value {
    let (words, calls) = match turn {
        Turn::Says(words) => (&words[..], &[][..]),
        Turn::Calls(words, calls) => (*words, &calls[..]),
    };
    let id = |at: usize| format!("call-{at}");
    match wire {
        Wire::Vision => Value::Null,
        Wire::OpenAi | Wire::Compatible => {
            let call = |(at, (name, arguments)): (usize, &(&str, Value))| json!({"id": id(at), "type": "function", "function": {"name": name, "arguments": arguments.to_string()}});
            let mut message = json!({"role": "assistant", "content": words, "refusal": null});
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().enumerate().map(call).collect();
            }
            let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
            json!({"id": "chatcmpl-2", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730}})
        }
        Wire::Anthropic => {
            let mut content = vec![json!({"type": "thinking", "thinking": "", "signature": "sig"})];
            if !words.is_empty() {
                content.push(json!({"type": "text", "text": words}));
            }
            content.extend(
                calls.iter().enumerate().map(|(at, (name, arguments))| json!({"type": "tool_use", "id": id(at), "name": name, "input": arguments})),
            );
            let stop = if calls.is_empty() { "end_turn" } else { "tool_use" };
            json!({"id": "msg-2", "type": "message", "role": "assistant", "content": content, "stop_reason": stop,
                "usage": {"input_tokens": 700, "output_tokens": 30}})
        }
        Wire::Gemini => {
            let mut parts = vec![json!({"text": words})];
            parts.extend(calls.iter().map(|(name, arguments)| json!({"functionCall": {"name": name, "args": arguments}, "thoughtSignature": "sig"})));
            json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}], "responseId": "r-2",
                "usageMetadata": {"promptTokenCount": 700, "candidatesTokenCount": 30, "totalTokenCount": 730}})
        }
        Wire::Ollama => {
            let mut message = json!({"role": "assistant", "content": words});
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().map(|(name, arguments)| json!({"function": {"name": name, "arguments": arguments}})).collect();
            }
            json!({"model": "m", "message": message, "done": true, "done_reason": "stop", "prompt_eval_count": 700, "eval_count": 30})
        }
    }
}
