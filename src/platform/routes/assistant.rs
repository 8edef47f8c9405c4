//! The assistant's answers, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::extract::Body;
use super::own_keys::OwnKeys;
use super::{Refusal, Shared};
use crate::platform::domain::assistant;
use crate::wire::assistant::{AskAssistant, AssistantEvent};

/// Between two signs of life while a model thinks.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What is wrong with the question is answered as for every other request; then the stream begins. It ends with `done` or
/// `fault`; closing the connection cancels the answer.
pub async fn ask_assistant(
    State(platform): State<Shared>,
    OwnKeys(brought): OwnKeys,
    Body(asked): Body<AskAssistant>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Refusal> {
    let question = assistant::check(&platform.core, asked, brought).await?;
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(assistant::answer(Arc::clone(&platform.core), question, sender));
    let events = ReceiverStream::new(receiver).map(|event: AssistantEvent| {
        // What can be written of an event always can: the fault says so where it could not.
        Ok(SseEvent::default().json_data(&event).unwrap_or_else(|error| SseEvent::default().comment(error.to_string())))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")))
}
