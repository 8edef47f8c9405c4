//! Labels on their way to the platform: one change after the other, in the order in which they were made; tried again by itself
//! while the platform can't be reached.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::gui::ctx::{ApiError, AreaCtx, Remote};
use crate::wire::config::ConfigChange;
use crate::wire::ids::PhotoId;
use crate::wire::truth::{SetTruth, TruthChanged};

/// The first wait before a change is sent again, and the longest; each is twice the one before it.
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MOST: Duration = Duration::from_secs(30);

/// The tags of a photo, or that nothing is said of it any more.
pub type Labels = Option<Vec<String>>;

/// What is still to be kept.
#[derive(Default)]
pub struct Outbox {
    /// The newest of each photo; the first is under way.
    waiting: VecDeque<(PhotoId, Labels)>,
    sending: Remote<TruthChanged>,
    trouble: Option<Trouble>,
}

/// Why the first of them was not kept the last time.
struct Trouble {
    why: String,
    tries: u32,
    again_at: Instant,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// The platform has it, and the photo has it now, unless a newer change of it waits, and what was entered in the journal.
    Kept { photo: PhotoId, labels: Labels, is_newest: bool, change: Option<Box<ConfigChange>> },
    /// The photo is gone, and so is all that was said of it.
    Gone(PhotoId),
    /// The platform does not take it, however often it is sent.
    Refused { photo: PhotoId, labels: Labels, why: String },
}

impl Outbox {
    pub fn put(&mut self, photo: PhotoId, labels: Labels) {
        // The one under way has been sent; a later one of the same photo takes the place of one that waits.
        let under_way = usize::from(self.sending.is_pending());
        match self.waiting.iter_mut().skip(under_way).find(|(waiting, _)| *waiting == photo) {
            Some((_, waiting)) => *waiting = labels,
            None => self.waiting.push_back((photo, labels)),
        }
    }

    /// Whether something of a photo waits: it is newer than what the platform tells.
    #[must_use]
    pub fn has(&self, photo: PhotoId) -> bool {
        self.waiting.iter().any(|(waiting, _)| *waiting == photo)
    }

    pub fn waiting(&self) -> impl Iterator<Item = (PhotoId, Option<&[String]>)> {
        self.waiting.iter().map(|(photo, labels)| (*photo, labels.as_deref()))
    }

    /// Why nothing is kept at the moment.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_ref().map(|trouble| trouble.why.as_str())
    }

    /// Sends at once what waits for a better moment.
    pub fn hurry(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            trouble.again_at = Instant::now();
        }
    }

    /// Whether an answer is waited for, or a change may be sent now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty() && (self.sending.is_pending() || self.wait(Instant::now()).is_zero())
    }

    fn wait(&self, now: Instant) -> Duration {
        self.trouble.as_ref().map_or(Duration::ZERO, |trouble| trouble.again_at.saturating_duration_since(now))
    }

    /// Takes in an answer, and sends what is next.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<Sent> {
        let sent = if self.sending.poll() {
            let failure = self.sending.take_failure();
            let change = self.sending.take().and_then(|answer| answer.change);
            self.on_answer(failure, change, Instant::now())
        } else {
            None
        };
        if let (Some((photo, tags)), false) = (self.waiting.front().cloned(), self.sending.is_pending()) {
            let wait = self.wait(Instant::now());
            if wait.is_zero() {
                ctx.ask(&mut self.sending, |client| async move { client.set_ground_truth(photo, &SetTruth { tags }).await });
            } else {
                ctx.egui.request_repaint_after(wait);
            }
        }
        sent
    }

    /// The answer to the first of them.
    fn on_answer(&mut self, failure: Option<ApiError>, change: Option<ConfigChange>, now: Instant) -> Option<Sent> {
        let Some(failure) = failure else {
            self.trouble = None;
            let (photo, labels) = self.waiting.pop_front()?;
            return Some(Sent::Kept { photo, labels, is_newest: !self.has(photo), change: change.map(Box::new) });
        };
        match failure.code() {
            Some("not_found") => {
                self.trouble = None;
                let (photo, _) = self.waiting.pop_front()?;
                self.waiting.retain(|(waiting, _)| *waiting != photo);
                Some(Sent::Gone(photo))
            }
            Some("truth_tags") => {
                self.trouble = None;
                let (photo, labels) = self.waiting.pop_front()?;
                Some(Sent::Refused { photo, labels, why: failure.to_string() })
            }
            _ => {
                let tries = self.trouble.as_ref().map_or(0, |trouble| trouble.tries) + 1;
                self.trouble = Some(Trouble { why: failure.to_string(), tries, again_at: now + wait_after(tries) });
                None
            }
        }
    }
}

/// How long is waited after so many tries that failed.
fn wait_after(tries: u32) -> Duration {
    WAIT_FIRST.saturating_mul(1 << tries.saturating_sub(1).min(5)).min(WAIT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::problem::Problem;

    fn photo(number: u128) -> PhotoId {
        PhotoId(uuid::Uuid::from_u128(number))
    }

    fn labels(tag: &str) -> Vec<String> {
        vec![tag.to_owned()]
    }

    fn refused(status: u16, code: &str) -> ApiError {
        ApiError::Problem(Problem::new(status, code, "No", "As the test says"))
    }

    #[test]
    fn a_platform_out_of_reach_is_asked_again_and_again_ever_more_seldom() {
        let (mut outbox, start) = (Outbox::default(), Instant::now());
        outbox.put(photo(1), Some(labels("cat")));
        outbox.put(photo(2), Some(labels("dog")));
        for failure in [ApiError::Network("Connection refused".to_owned()), refused(503, "disk_full"), refused(401, "token")] {
            assert_eq!(outbox.on_answer(Some(failure), None, start), None);
        }
        assert!(outbox.trouble().is_some() && outbox.waiting().count() == 2, "nothing is lost");
        assert_eq!(outbox.wait(start), Duration::from_secs(4), "1, 2, 4");
        assert!((1..40).map(wait_after).is_sorted() && wait_after(40) == WAIT_MOST);
        outbox.hurry();
        assert!(outbox.is_busy());
        let kept = Sent::Kept { photo: photo(1), labels: Some(labels("cat")), is_newest: true, change: None };
        assert_eq!(outbox.on_answer(None, None, start), Some(kept));
        assert!(outbox.trouble().is_none() && outbox.has(photo(2)) && !outbox.has(photo(1)));
    }

    #[test]
    fn what_can_never_be_kept_makes_way_for_the_next() {
        let (mut outbox, now) = (Outbox::default(), Instant::now());
        outbox.put(photo(1), Some(labels("cat")));
        outbox.put(photo(2), Some(labels("far too long")));
        outbox.put(photo(3), Some(labels("sofa")));
        assert_eq!(outbox.on_answer(Some(refused(404, "not_found")), None, now), Some(Sent::Gone(photo(1))));
        let answer = outbox.on_answer(Some(refused(422, "truth_tags")), None, now);
        assert!(matches!(&answer, Some(Sent::Refused { photo: id, .. }) if *id == photo(2)), "{answer:?}");
        assert!(outbox.trouble().is_none());
        assert_eq!(outbox.waiting().map(|(id, _)| id).collect::<Vec<_>>(), [photo(3)]);
    }
}
