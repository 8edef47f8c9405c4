//! The assistant.

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use reqwest::Method;

use super::{ApiError, Client, Result, send};
use crate::wire::assistant::{AskAssistant, AssistantEvent};

impl Client {
    /// Asks the assistant; `on_event` is told what happens, the last of it `Done` or `Fault`. Dropping the future cancels the answer.
    ///
    /// # Errors
    /// What is wrong with the question, or that the stream broke off before its end.
    pub async fn ask_assistant(&self, asked: &AskAssistant, mut on_event: impl FnMut(AssistantEvent)) -> Result<()> {
        let request = self.request(Method::POST, "api/ai/assistant")?.json(asked).timeout(std::time::Duration::from_mins(10));
        let mut events = send(request).await?.bytes_stream().eventsource();
        let broken = |why: String| ApiError::Network(format!("the answer broke off: {why}"));
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| broken(error.to_string()))?;
            let event: AssistantEvent = serde_json::from_str(&event.data).map_err(|error| broken(error.to_string()))?;
            let is_last = matches!(event, AssistantEvent::Done { .. } | AssistantEvent::Fault { .. });
            on_event(event);
            if is_last {
                return Ok(());
            }
        }
        Err(broken("the platform closed the connection".to_owned()))
    }
}
