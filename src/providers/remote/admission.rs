//! Whether a call may go to the provider: its key, its turn within the limits, and what holds calls back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::Remote;
use super::course::Course;
use crate::keys::{self, KeyOrigin};
use crate::providers::dialect::Reading;
use crate::providers::limits::{Entrant, Rest, Whose};
use crate::providers::{CallContext, CallNews};
use crate::wire::model::KEYS_PLACE;
use crate::wire::result::{Fault, FaultKind, Usage, until_words};

/// With what a call goes.
pub(super) struct Admitted {
    pub key: Option<SecretString>,
    /// Of the platform's own key.
    pub origin: Option<KeyOrigin>,
    pub whose: Whose,
    /// Something of it went to the provider.
    was_sent: AtomicBool,
    /// One of its tries may have been charged for.
    may_cost: AtomicBool,
    /// A try is on its way. It stays so when the call is given up meanwhile.
    in_flight: AtomicBool,
}

impl Admitted {
    fn with(key: Option<SecretString>, origin: Option<KeyOrigin>, whose: Whose) -> Self {
        Self { key, origin, whose, was_sent: AtomicBool::default(), may_cost: AtomicBool::default(), in_flight: AtomicBool::default() }
    }

    /// Whether what is said of the call is said of the platform's own key.
    pub fn is_own(&self) -> bool {
        self.whose == Whose::default()
    }

    /// A question goes out.
    pub fn sends(&self) {
        self.was_sent.store(true, Ordering::Relaxed);
        self.in_flight.store(true, Ordering::Relaxed);
    }

    /// What became of it is known.
    pub fn has_heard<T>(&self, outcome: &Result<T, Fault>) {
        self.in_flight.store(false, Ordering::Relaxed);
        if outcome.as_ref().is_err_and(|fault| fault.may_cost) {
            self.may_cost.store(true, Ordering::Relaxed);
        }
    }

    /// A try before may have been charged for.
    pub fn may_have_cost(&self) -> bool {
        self.may_cost.load(Ordering::Relaxed)
    }
}

impl Remote {
    /// The fault of a call to a model, with whether anything was sent, and whether a try of it may have been charged for.
    pub(super) fn told(&self, admitted: &Admitted, model: &str, fault: Fault) -> Fault {
        let is_unsent = !admitted.was_sent.load(Ordering::Relaxed);
        let may_cost = fault.may_cost || admitted.may_have_cost() || admitted.in_flight.load(Ordering::Relaxed);
        let may_cost = may_cost && fault.cost_usd.is_none() && !is_unsent && !self.is_free(model);
        Fault { is_unsent, may_cost, ..fault }
    }

    /// The key for a call; refused while calls are held back until a person acts.
    pub(super) async fn admit(&self, call: &CallContext) -> Result<Admitted, Fault> {
        // A key that a person brought says nothing of the platform's own.
        if let Some(brought) = self.brought_key(call).await {
            let whose = Whose::of(Some(brought.expose_secret()));
            return Ok(Admitted::with(Some(brought), None, whose));
        }
        if let Some(stop) = self.stop() {
            return Err(stop);
        }
        let found = self.own_key().await.map_err(|fault| Fault { is_unsent: true, ..fault })?;
        let (key, origin) = found.unzip();
        Ok(Admitted::with(key, origin, Whose::default()))
    }

    /// The fault that holds its calls back until a person acts.
    pub(super) fn stop(&self) -> Option<Fault> {
        let fault = self.state.stopped.borrow().clone()?;
        let message = format!("Calls to {} are held back. {}", self.dialect.label(), fault.message);
        Some(self.unsent(Fault { message, ..fault }))
    }

    /// The fault of a call that is not made because the provider asked to be left alone.
    pub(super) fn resting(&self, rest: &Rest) -> Fault {
        let left = rest.left();
        let until = TimeDelta::from_std(left).map_or_else(|_| Utc::now(), |left| Utc::now() + left);
        let message = format!("Calls to {} are held back {}. {}", self.dialect.label(), until_words(until), rest.fault().message);
        let wait_ms = u64::try_from(left.as_millis()).ok();
        self.unsent(Fault { message, wait_ms, until: Some(until), ..rest.fault().clone() })
    }

    /// What was said of another call, for one that is not made.
    fn unsent(&self, fault: Fault) -> Fault {
        Fault { is_unsent: true, retries: 0, usage: Usage::default(), cost_usd: None, may_cost: false, ..self.named(fault) }
    }

    /// A refused key that a variable holds is not mended where keys are entered.
    pub(super) fn of_variable(&self, fault: Fault, origin: Option<KeyOrigin>) -> Fault {
        if fault.kind != FaultKind::Auth || origin != Some(KeyOrigin::Environment) {
            return fault;
        }
        let variable = keys::variable(&self.name);
        let said = fault.message.split_once(". ").map_or(fault.message.as_str(), |(said, _)| said).trim_end_matches('.');
        let message = format!("{variable} was refused. {said}. Set a valid key there, or enter one {KEYS_PLACE}");
        Fault { message, ..fault }
    }

    /// A fault that stops the provider holds its later calls back.
    pub(super) fn settle(&self, fault: Fault, is_own: bool) -> Fault {
        if is_own && fault.stops_provider() && !fault.is_unsent {
            self.state.stopped.send_if_modified(|held| held.is_none() && held.replace(fault.clone()).is_none());
        }
        self.named(fault)
    }

    /// Tries within the provider's limits; returns how often it was tried again, and how it ended.
    pub(super) async fn follow<T, F: Future<Output = Result<(Reading, T), Fault>>>(
        &self,
        course: &mut Course<'_>,
        call: &CallContext,
        admitted: &Admitted,
        estimated: u64,
        once: impl Fn() -> F,
    ) -> (u32, Result<(Reading, T), Fault>) {
        course.stop = admitted.is_own().then(|| self.state.stopped.subscribe());
        let (course, whose) = (&*course, admitted.whose);
        let on_wait = || call.tell(CallNews::Waiting);
        let waits_for = |rest: Duration| {
            // Whoever waits for the limits loses no time; whoever waits because the provider asks for it does.
            course.begin();
            course.waits_for(rest, call)
        };
        let outcome = course
            .follow(call, || async {
                let who = Entrant { whose, estimated_tokens: estimated, on_wait: &on_wait, waits_for: &waits_for };
                let permit = tokio::select! {
                    permit = self.state.gate.enter(who) => permit.map_err(|rest| self.resting(&rest))?,
                    () = course.stopped() => return Err(self.stop().unwrap_or_else(|| Fault::new(FaultKind::Cancelled, "Cancelled"))),
                };
                course.begin();
                // It may have been waiting for long.
                if let Some(stop) = self.stop().filter(|_| admitted.is_own()) {
                    return Err(stop);
                }
                let tried = once().await.map_err(|fault| self.of_variable(fault, admitted.origin));
                match &tried {
                    Ok((reading, _)) => permit.used(reading.usage.input_tokens.unwrap_or(0) + reading.usage.output_tokens.unwrap_or(0)),
                    // A refused call takes a request, and hardly any tokens.
                    Err(fault) => {
                        permit.used(0);
                        if let Some(ms) = fault.wait_ms.filter(|ms| *ms > 0 && fault.kind.can_heal()) {
                            self.state.gate.hold(whose, Duration::from_millis(ms), fault);
                        }
                    }
                }
                tried
            })
            .await;
        (course.retries.load(Ordering::Relaxed), outcome)
    }
}
