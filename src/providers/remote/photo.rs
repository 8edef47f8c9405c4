//! A photo is asked about: tried within the limits, again without a schema that the server refuses, and read as an answer or as a
//! fault that was paid for.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Remote;
use super::admission::Admitted;
use super::course::Course;
use crate::providers::dialect::{AskMode, End, Reading};
use crate::providers::send::{Request, Whole, inside};
use crate::providers::tape::{Asked, without_photo};
use crate::providers::{CallContext, CallNews, PhotoRequest, SentPhoto, answer};
use crate::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Note};

/// Text that arrives is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(50);

impl Remote {
    pub(super) async fn ask(&self, request: &PhotoRequest, call: &CallContext) -> Result<Answer, Fault> {
        let admitted = self.admit(call).await?;
        let mut course = Course::from_first_question(self.dialect.label(), self.total_limit(call));
        let estimated = self.estimated_tokens(request);
        let once = || self.try_once(request, &admitted, call);
        let (mut retries, mut outcome) = self.follow(&mut course, call, &admitted, estimated, once).await;
        // Without the schema it is another question, which takes another turn.
        if outcome.as_ref().is_err_and(refuses_schema) && self.lock_schemaless().insert(schema_of(request)) {
            (retries, outcome) = self.follow(&mut course, call, &admitted, estimated, once).await;
        }
        let is_own = admitted.is_own();
        let outcome = outcome.and_then(|(reading, request_id)| self.answer(request, reading, request_id));
        match outcome {
            Ok(mut answer) => {
                if admitted.may_have_cost() && !self.is_free(&request.model) {
                    let words = "A try before broke off and may have been charged for as well, which is not part of the cost";
                    answer.notes.push(Note::routine(words));
                }
                Ok(Answer { retries, ..answer })
            }
            Err(fault) => Err(self.told(&admitted, &request.model, self.settle(Fault { retries, ..fault }, is_own))),
        }
    }

    /// What a call will take, roughly: the photo by the model's rule, four characters of prompt a token, a usual answer.
    fn estimated_tokens(&self, request: &PhotoRequest) -> u64 {
        const PHOTO: u64 = 1_000;
        const ANSWER: u64 = 200;
        let photo = match (self.listed(&request.model).and_then(|listed| listed.image_tokens), &request.photo) {
            (Some(rule), SentPhoto::Jpeg { width_px, height_px, .. }) => rule.of(*width_px, *height_px),
            _ => PHOTO,
        };
        photo + (request.prompt.len() + request.system.len()) as u64 / 4 + ANSWER
    }

    async fn try_once(&self, request: &PhotoRequest, admitted: &Admitted, call: &CallContext) -> Result<(Reading, Option<String>), Fault> {
        let framing = self.dialect.framing().filter(|_| call.wants_text);
        self.try_in_mode(request, admitted, call, self.mode(request, framing.is_some())).await
    }

    pub(super) fn mode(&self, request: &PhotoRequest, is_streamed: bool) -> AskMode {
        AskMode { is_streamed, with_schema: !self.lock_schemaless().contains(&schema_of(request)) }
    }

    async fn try_in_mode(
        &self,
        request: &PhotoRequest,
        admitted: &Admitted,
        call: &CallContext,
        mode: AskMode,
    ) -> Result<(Reading, Option<String>), Fault> {
        let asked = self.dialect.ask(request, self.listed(&request.model), mode)?;
        let told = call.tape.as_ref().zip(asked.body.as_ref()).map(|(tape, body)| (tape, without_photo(body, &request.photo)));
        let mut sent = self.request(asked, admitted.key.as_ref())?;
        call.tell(CallNews::Asking);
        sent.note = told.map(|(tape, body)| {
            let (key, body_bytes) = (admitted.key.as_ref(), sent.body.as_ref().map_or(0, Bytes::len));
            tape.begin(Asked { provider: &self.name, url: &sent.url, headers: &sent.headers, key, body, body_bytes, photo: &request.photo })
        });
        admitted.sends();
        let outcome = self.exchange(&sent, request, call, mode).await;
        admitted.has_heard(&outcome);
        if let Some(note) = &sent.note {
            note.ended(outcome.as_ref().map(|(reading, _)| reading.text.as_str()));
        }
        outcome
    }

    async fn exchange(
        &self,
        sent: &Request<'_>,
        request: &PhotoRequest,
        call: &CallContext,
        mode: AskMode,
    ) -> Result<(Reading, Option<String>), Fault> {
        match self.dialect.framing().filter(|_| mode.is_streamed) {
            Some(framing) => {
                let told = Mutex::new(None::<Instant>);
                sent.stream(request, framing, |text| {
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
                        *told = Some(Instant::now());
                        call.tell(CallNews::Text(text.to_owned()));
                    }
                })
                .await
            }
            None => {
                let Whole { value, request_id, cost_usd } = sent.json().await?;
                let reading = self.dialect.read(request, &value).map_err(|fault| inside(fault, request_id.as_deref()))?;
                Ok((Reading { cost_usd: reading.cost_usd.or(cost_usd), ..reading }, request_id))
            }
        }
    }

    /// Turns what was read into an answer, or into a fault that was paid for.
    pub(super) fn answer(&self, request: &PhotoRequest, mut reading: Reading, request_id: Option<String>) -> Result<Answer, Fault> {
        reading.notes.extend(answer::believe(&mut reading.usage).map(Note::mended));
        let cost_usd = self.cost(&request.model, &reading);
        reading.notes.extend(self.cost_note(&request.model, &reading).map(Note::routine));
        let label = self.dialect.label();
        let billed = |kind, code: Option<String>, message: String| Fault {
            usage: reading.usage,
            cost_usd,
            may_cost: cost_usd.is_none(),
            // The header names the request, the body its answer.
            request_id: request_id.clone().or_else(|| reading.request_id.clone()),
            code,
            status: Some(200),
            ..Fault::new(kind, message)
        };
        match &reading.end {
            End::Complete | End::Unknown => {}
            End::Truncated(code) => {
                let words = format!("{label}'s answer was cut off at the output limit ({code}). Ask for fewer tags");
                return Err(billed(FaultKind::Truncated, Some(code.clone()), words));
            }
            End::Refused { code, why } => {
                let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                return Err(billed(FaultKind::Refused, Some(code.clone()), format!("{label} would not answer ({code}){why}")));
            }
        }
        let (caption, tags, mut notes) = match &reading.tags {
            Some(tags) => (reading.caption.clone(), tags.clone(), Vec::new()),
            None => {
                let read = answer::read(&reading.text, request.schema.as_deref())
                    .map_err(|why| billed(FaultKind::BadAnswer, None, format!("{label} did not answer as it was asked to. {why}")))?;
                (read.caption.or_else(|| reading.caption.clone()), read.tags, read.notes.into_iter().map(Note::mended).collect())
            }
        };
        // What was recognised as text in a photo comes beside the answer, and may hold anything as well.
        let mut removed = 0;
        let caption = caption.map(|caption| answer::printable(&caption, &mut removed));
        notes.extend(answer::removed_words(removed).map(Note::mended));
        notes.extend(reading.notes);
        if request.schema.is_some() && !self.mode(request, false).with_schema {
            notes.push(Note::mended(format!("{label} refused the schema, so that the prompt alone asked for it")));
        }
        let confidence_kind = reading.confidence_kind.unwrap_or(ConfidenceKind::SelfReported);
        Ok(Answer { caption, tags, confidence_kind, usage: reading.usage, cost_usd, retries: 0, notes })
    }

    fn lock_schemaless(&self) -> std::sync::MutexGuard<'_, HashSet<(String, String)>> {
        self.state.schemaless.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A model that refuses one schema, which somebody may have written wrongly, may take another.
fn schema_of(request: &PhotoRequest) -> (String, String) {
    (request.model.clone(), request.sent_schema().to_string())
}

/// Whether a request was refused for the schema in it.
fn refuses_schema(fault: &Fault) -> bool {
    const NAMES: [&str; 5] = ["schema", "response_format", "responseformat", "output_config", "structured output"];
    let message = fault.message.to_lowercase();
    fault.kind == FaultKind::BadRequest && NAMES.iter().any(|name| message.contains(name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::keys::Keys;
    use crate::providers::openai::OpenAi;
    use crate::providers::remote::State;
    use crate::providers::{Endpoint, Limits, PriceBook};
    use crate::wire::answer_schema::AnswerSchema;

    #[test]
    fn a_schema_that_was_refused_takes_no_other_along() {
        let endpoint = Endpoint { name: "lab".to_owned(), base: "http://127.0.0.1:9/".parse().ok(), limits: Limits::default() };
        let keys = Keys::new(std::collections::HashMap::new(), false);
        let lab = Remote::new(&endpoint, Box::new(OpenAi::compatible("lab", None)), keys, PriceBook::shipped(), Arc::new(State::default()));
        let photo = SentPhoto::Jpeg { bytes: bytes::Bytes::new(), width_px: 1, height_px: 1 };
        let shipped = PhotoRequest::plain("m", photo, "");
        let text = r#"{"type": "object", "required": ["tags"], "properties": {"tags": {"type": "array", "items": {
            "type": "object", "required": ["tag"], "properties": {"tag": {"type": "string"}}}}}}"#;
        let own = PhotoRequest { schema: Some(Arc::new(AnswerSchema::parse(text).expect("a schema"))), ..shipped.clone() };
        assert!(lab.mode(&own, false).with_schema);
        lab.lock_schemaless().insert(schema_of(&own));
        assert!(!lab.mode(&own, false).with_schema && lab.mode(&shipped, false).with_schema);
    }
}
