//! A conversation: questions, and what came of each. It survives the window.

use serde::{Deserialize, Serialize};

use crate::wire::assistant::{AskAssistant, AssistantEvent, AssistantMessage, AssistantRole, ProposedAction};
use crate::wire::money::UsdMicros;

/// Letters of a call's result that are kept for reading.
const RESULT_MOST: usize = 4_000;

/// What was said so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    pub exchanges: Vec<Exchange>,
    pub model: Option<String>,
}

/// A question and its answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    pub question: String,
    pub parts: Vec<Part>,
    pub cost: Cost,
    /// `None`: it is being answered.
    pub ended: Option<Ended>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// Markdown.
    Text(String),
    Call {
        number: u32,
        tool: String,
        arguments: String,
        /// `None`: under way.
        ms: Option<u64>,
        is_error: bool,
        result: String,
    },
    Proposal {
        action: ProposedAction,
        reason: String,
        answered: Option<bool>,
    },
}

/// What the turns of an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub known: UsdMicros,
    pub has_unknown: bool,
    pub tokens: u64,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    Well,
    /// Before its time, and why.
    Early(String),
    Failed(String),
    Stopped,
}

impl Cost {
    pub fn add(&mut self, other: Self) {
        self.known += other.known;
        self.has_unknown |= other.has_unknown;
        self.tokens += other.tokens;
    }

    /// `$0.0042`, `unknown`, `$0.0042 and more, unknown`.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.known.0, self.has_unknown) {
            (0, true) => "cost unknown".to_owned(),
            (_, true) => format!("{} and more, unknown", self.known),
            (_, false) => self.known.to_string(),
        }
    }
}

impl Exchange {
    #[must_use]
    pub fn new(question: String) -> Self {
        Self { question, ..Self::default() }
    }

    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(&text[..]) } else { None });
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// Takes in what happened.
    pub fn on_event(&mut self, event: AssistantEvent) {
        match event {
            AssistantEvent::Text { text } => self.parts.push(Part::Text(text)),
            AssistantEvent::Call { number, tool, arguments } => {
                let arguments = arguments_in_words(&arguments);
                self.parts.push(Part::Call { number, tool, arguments, ms: None, is_error: false, result: String::new() });
            }
            AssistantEvent::Called { number: of, ms: took, is_error: failed, result: gave } => {
                let called = self.parts.iter_mut().rev().find(|part| matches!(part, Part::Call { number, .. } if *number == of));
                if let Some(Part::Call { ms, is_error, result, .. }) = called {
                    (*ms, *is_error, *result) = (Some(took), failed, shortened(gave));
                }
            }
            AssistantEvent::Proposal { action, reason } => self.parts.push(Part::Proposal { action, reason, answered: None }),
            AssistantEvent::Usage { input_tokens, output_tokens, cost_usd } => {
                let tokens = input_tokens.unwrap_or_default() + output_tokens.unwrap_or_default();
                self.cost.add(Cost { known: cost_usd.unwrap_or_default(), has_unknown: cost_usd.is_none(), tokens });
            }
            AssistantEvent::Done { why } => self.ended = Some(why.map_or(Ended::Well, Ended::Early)),
            AssistantEvent::Fault { fault } => self.ended = Some(Ended::Failed(fault.message)),
        }
    }
}

impl Chat {
    /// The last question as it is sent, with what was said before.
    #[must_use]
    pub fn ask(&self, model: String) -> AskAssistant {
        let message = |role, text: String| AssistantMessage { role, text };
        let mut messages = Vec::new();
        for exchange in &self.exchanges {
            messages.push(message(AssistantRole::Person, exchange.question.clone()));
            let text = exchange.text();
            if !text.is_empty() {
                messages.push(message(AssistantRole::Assistant, text));
            } else if exchange.ended.is_some() {
                // Two questions in a row are one to some models: what failed is left out.
                messages.pop();
            }
        }
        AskAssistant { model, messages }
    }

    #[must_use]
    pub fn cost(&self) -> Cost {
        self.exchanges.iter().fold(Cost::default(), |mut sum, exchange| {
            sum.add(exchange.cost);
            sum
        })
    }

    /// What was under way when the window closed did not end.
    pub fn stop_all(&mut self) {
        for exchange in self.exchanges.iter_mut().filter(|exchange| exchange.ended.is_none()) {
            exchange.ended = Some(Ended::Stopped);
        }
    }
}

/// `timeframe 7d, limit 20`.
fn arguments_in_words(arguments: &serde_json::Value) -> String {
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match arguments.as_object() {
        Some(arguments) => arguments.iter().map(|(name, value)| format!("{name} {}", word(value))).collect::<Vec<_>>().join(", "),
        None if arguments.is_null() => String::new(),
        None => arguments.to_string(),
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > RESULT_MOST {
        let end = (0..=RESULT_MOST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push_str("\n…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_grows_by_what_happens_and_the_next_question_takes_it_along() {
        let mut chat = Chat::default();
        chat.exchanges.push(Exchange { ended: Some(Ended::Failed("no".to_owned())), ..Exchange::new("lost".to_owned()) });
        let mut exchange = Exchange::new("Why?".to_owned());
        for event in [
            AssistantEvent::Usage { input_tokens: Some(10), output_tokens: Some(2), cost_usd: Some(UsdMicros(30)) },
            AssistantEvent::Text { text: "I look".to_owned() },
            AssistantEvent::Call { number: 0, tool: "cost".to_owned(), arguments: json!({"timeframe": "7d", "limit": 3}) },
            AssistantEvent::Called { number: 0, ms: 4, is_error: false, result: "ä".repeat(10_000) },
            AssistantEvent::Usage { input_tokens: None, output_tokens: None, cost_usd: None },
            AssistantEvent::Text { text: "Because".to_owned() },
            AssistantEvent::Done { why: None },
        ] {
            exchange.on_event(event);
        }
        assert_eq!((exchange.text(), exchange.cost.words()), ("I look\n\nBecause".to_owned(), "$0.000030 and more, unknown".to_owned()));
        let Part::Call { arguments, ms, result, .. } = &exchange.parts[1] else { panic!("{:?}", exchange.parts) };
        assert_eq!((&arguments[..], *ms), ("timeframe 7d, limit 3", Some(4)));
        assert!(result.len() < RESULT_MOST + 10);
        chat.exchanges.push(exchange);
        chat.exchanges.push(Exchange::new("And now?".to_owned()));
        let asked: Vec<String> = chat.ask("m".to_owned()).messages.into_iter().map(|message| message.text).collect();
        assert_eq!(asked, ["Why?", "I look\n\nBecause", "And now?"]);
        chat.stop_all();
        assert_eq!(chat.exchanges[2].ended, Some(Ended::Stopped));
    }
}
