//! The way of one call through its tries and waits, within its time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use chrono::{TimeDelta, Utc};
use tokio::sync::watch;

use crate::providers::limits::{REST_MOST, jitter};
use crate::providers::{CallContext, CallNews};
use crate::wire::result::{Fault, FaultKind, until_words};

const TRIES: usize = 4;

/// The way of one call through its tries and waits.
pub struct Course<'p> {
    /// What people call the provider.
    label: &'p str,
    /// For all tries and the waits between them.
    limit: Duration,
    /// When the time began to count.
    begun: watch::Sender<Option<tokio::time::Instant>>,
    pub retries: AtomicU32,
    /// The fault of the try before.
    last: Mutex<Option<Fault>>,
    /// Ends its waits when another call finds that all of them are refused.
    pub stop: Option<watch::Receiver<Option<Fault>>>,
}

impl<'p> Course<'p> {
    /// Its time begins when it is first asked: whoever waits for its turn loses none.
    pub fn from_first_question(label: &'p str, limit: Duration) -> Self {
        Self { label, limit, begun: watch::Sender::new(None), retries: AtomicU32::new(0), last: Mutex::default(), stop: None }
    }

    pub fn from_now(label: &'p str, limit: Duration) -> Self {
        let course = Self::from_first_question(label, limit);
        course.begin();
        course
    }

    pub fn begin(&self) {
        self.begun.send_if_modified(|begun| begun.is_none() && begun.replace(tokio::time::Instant::now()).is_none());
    }

    /// Tries until it works, a fault can't heal, or time, tries or patience are at an end.
    pub async fn follow<T, F: Future<Output = Result<T, Fault>>>(&self, call: &CallContext, once: impl Fn() -> F) -> Result<T, Fault> {
        tokio::select! {
            // What has come in the last moment is not thrown away.
            biased;
            outcome = self.try_on(call, once) => outcome,
            () = call.cancel.cancelled() => Err(Fault::new(FaultKind::Cancelled, "Cancelled before the provider had answered")),
            () = self.time_is_up() => Err(self.out_of_time()),
        }
    }

    async fn time_is_up(&self) {
        let mut begun = self.begun.subscribe();
        let at = begun.wait_for(Option::is_some).await.ok().and_then(|begun| *begun);
        match at {
            Some(at) => tokio::time::sleep_until(at + self.limit).await,
            // The sender is this course itself.
            None => std::future::pending().await,
        }
    }

    /// Whether so long a wait leaves time for another try.
    fn has_time_for(&self, wait: Duration) -> bool {
        self.begun.borrow().is_none_or(|begun| tokio::time::Instant::now() + wait < begun + self.limit)
    }

    /// Whether so long a wait, as the provider asks for it, is waited for.
    pub fn waits_for(&self, told: Duration, call: &CallContext) -> bool {
        told.is_zero() || call.longest_wait.is_none_or(|most| told <= most) && self.has_time_for(told)
    }

    async fn try_on<T, F: Future<Output = Result<T, Fault>>>(&self, call: &CallContext, once: impl Fn() -> F) -> Result<T, Fault> {
        let policy = ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_factor(2.0).with_max_times(TRIES - 1).with_jitter();
        let mut waits = policy.build();
        loop {
            let fault = match once().await {
                Ok(outcome) => return Ok(outcome),
                Err(fault) => fault,
            };
            // Who was refused at the gate knows the time already.
            if !fault.kind.can_heal() || fault.until.is_some() {
                return Err(fault);
            }
            let told = fault.wait_ms.map_or(Duration::ZERO, Duration::from_millis);
            if !self.waits_for(told, call) {
                return Err(until(fault, told));
            }
            // A wait beyond the time that is left would end in a fault that says less.
            let wait = waits.next().map(|planned| planned.max(told + jitter(told))).filter(|wait| self.has_time_for(*wait));
            let Some(wait) = wait else { return Err(fault) };
            call.tell(CallNews::Retrying { wait, kind: fault.kind });
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stopped() => {}
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub async fn stopped(&self) {
        let found = match self.stop.clone() {
            Some(mut stop) => stop.wait_for(Option::is_some).await.is_ok(),
            None => false,
        };
        if !found {
            std::future::pending::<()>().await;
        }
    }

    fn out_of_time(&self) -> Fault {
        let (label, limit) = (self.label, self.limit.as_secs_f32());
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        match last {
            Some(last) => Fault { message: format!("{label} gave no answer within {limit} s in all. The try before: {}", last.message), ..last },
            None => {
                let advice = "Try again later, with fewer calls at once, or allow more time in all on its page";
                Fault { may_cost: true, ..Fault::new(FaultKind::Timeout, format!("{label} gave no whole answer within {limit} s. {advice}")) }
            }
        }
    }
}

/// A fault whose wait nobody waits for, with the time at which it is over.
fn until(fault: Fault, told: Duration) -> Fault {
    let Some(until) = TimeDelta::from_std(told.min(REST_MOST)).ok().and_then(|told| Utc::now().checked_add_signed(told)) else { return fault };
    Fault { until: Some(until), message: format!("{}, {}", fault.message.trim_end_matches('.'), until_words(until)), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(longest_wait: impl Into<Option<Duration>>) -> CallContext {
        let call = CallContext::new(tokio_util::sync::CancellationToken::new(), Duration::from_secs(60));
        CallContext { longest_wait: longest_wait.into(), ..call }
    }

    #[test]
    fn a_wait_is_waited_for_where_it_fits_the_time_in_all_and_whoever_asks_is_that_patient() {
        let (course, minutes) = (Course::from_now("Gemini", Duration::from_mins(3)), Duration::from_mins);
        assert!(course.waits_for(Duration::ZERO, &call(Duration::ZERO)), "none was asked for");
        assert!(course.waits_for(minutes(2), &call(minutes(3))), "two of three minutes");
        assert!(!course.waits_for(minutes(10), &call(None)), "there is no time for ten");
        assert!(!course.waits_for(minutes(2), &call(minutes(1))), "there is time, but something better to do");
    }

    #[tokio::test]
    async fn a_wait_that_nobody_waits_for_is_told_with_the_time_at_which_it_is_over() {
        let course = Course::from_now("Gemini", Duration::from_secs(5));
        let limited = || async {
            let fault = Fault::new(FaultKind::RateLimited, "Gemini says: Slow down. It asks to wait 10 min");
            Err::<u8, _>(Fault { wait_ms: Some(600_000), ..fault })
        };
        let before = Utc::now();
        let fault = course.follow(&call(Duration::from_secs(5)), limited).await.expect_err("it is too long");
        let until = fault.until.expect("a time");
        assert!((600..=660).contains(&(until - before).num_seconds()), "{until}");
        assert_eq!(fault.message, format!("Gemini says: Slow down. It asks to wait 10 min, {}", until_words(until)));
        assert!(fault.holds_back() && course.retries.load(Ordering::Relaxed) == 0);
        let short = || async { Err::<u8, _>(Fault { wait_ms: Some(1), ..Fault::new(FaultKind::Server, "Down") }) };
        let impatient = Course::from_now("Gemini", Duration::from_millis(300));
        let fault = impatient.follow(&call(Duration::from_secs(5)), short).await.expect_err("no time for the pause of our own");
        assert!(!fault.holds_back(), "the provider did not ask for so long: {fault:?}");
    }

    #[tokio::test]
    async fn the_time_in_all_begins_with_the_first_question_and_ends_whatever_comes() {
        let call = CallContext::new(tokio_util::sync::CancellationToken::new(), Duration::from_secs(60));
        let limit = Duration::from_millis(250);
        let course = Course::from_first_question("Gemini", limit);
        let after_its_turn = || async {
            tokio::time::sleep(limit * 2).await;
            course.begin();
            Ok(7)
        };
        assert_eq!(course.follow(&call, after_its_turn).await, Ok(7), "the wait for its turn does not count");
        let course = Course::from_first_question("Gemini", limit);
        let without_end = || async {
            course.begin();
            std::future::pending::<Result<u8, Fault>>().await
        };
        let fault = course.follow(&call, without_end).await.expect_err("its time is up");
        assert_eq!(fault.kind, FaultKind::Timeout);
        assert!(fault.message.starts_with("Gemini gave no whole answer within 0.25 s"), "{fault}");
        let course = Course::from_now("Gemini", limit);
        let fault = course.follow(&call, std::future::pending::<Result<u8, Fault>>).await.expect_err("its time is up");
        assert_eq!(fault.kind, FaultKind::Timeout);
    }
}
