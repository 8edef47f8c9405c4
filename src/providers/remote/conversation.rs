//! The next turn of a conversation is asked for.

use super::Remote;
use super::course::Course;
use crate::providers::chat::{ChatRequest, ChatTurn};
use crate::providers::dialect::{End, Reading};
use crate::providers::send::{Whole, inside};
use crate::providers::{CallContext, CallNews};
use crate::wire::result::{Fault, FaultKind};

impl Remote {
    pub(super) async fn converse_on(&self, request: &ChatRequest, call: &CallContext) -> Result<ChatTurn, Fault> {
        let admitted = self.admit(call).await?;
        let is_own = admitted.is_own();
        let once = || async {
            let asked = self.dialect.converse(request, self.listed(&request.model));
            let words = || format!("{} has no models that converse", self.dialect.label());
            let sent = self.request(asked.ok_or_else(|| Fault::new(FaultKind::BadRequest, words()))??, admitted.key.as_ref())?;
            call.tell(CallNews::Asking);
            admitted.sends();
            let answer = sent.json().await;
            admitted.has_heard(&answer);
            let Whole { value, request_id, cost_usd } = answer?;
            let turn = self.dialect.read_turn(&value).map_err(|fault| inside(fault, request_id.as_deref()))?;
            Ok((Reading { cost_usd: turn.reading.cost_usd.or(cost_usd), ..turn.reading }, (turn.calls, turn.raw)))
        };
        // A person waits for it: the wait for its turn counts.
        let mut course = Course::from_now(self.dialect.label(), call.time_limit);
        let (retries, outcome) = self.follow(&mut course, call, &admitted, request.estimated_tokens(), once).await;
        let (reading, (calls, raw)) =
            outcome.map_err(|fault| self.told(&admitted, &request.model, self.settle(Fault { retries, ..fault }, is_own)))?;
        let cost_usd = self.cost(&request.model, &reading);
        if let End::Refused { code, why } = &reading.end {
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let words = format!("{} would not answer ({code}){why}", self.dialect.label());
            return Err(self.named(Fault { usage: reading.usage, cost_usd, ..Fault::new(FaultKind::Refused, words) }));
        }
        let is_cut = matches!(reading.end, End::Truncated(_));
        Ok(ChatTurn { text: reading.text, calls, raw, is_cut, usage: reading.usage, cost_usd })
    }
}
