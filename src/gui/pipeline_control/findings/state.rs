//! The analysis of the open prompt: asked for when typing pauses, kept while a newer one is on its way, and dropped when it is of
//! an older text.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::shift::Shift;
use crate::gui::ctx::{ApiError, AreaCtx, Remote};
use crate::gui::widgets::prompt_editor::marks::{Mark, Severity as MarkSeverity};
use crate::wire::ids::PromptId;
use crate::wire::prompt_analysis::{AnalyzePrompt, Finding, IgnoreFinding, PromptAnalysis, PromptPart, Severity};

/// A text is looked at this long after the last keystroke.
const AFTER_KEYSTROKE: Duration = Duration::from_millis(500);
/// Providers are asked to count tokens after a longer pause: each model is a call.
const BEFORE_COUNTING: Duration = Duration::from_millis(2_500);

/// Another one whenever the texts change: each part's own number, in the order in which a draft holds them.
pub type Stamp = [u64; 4];

/// The parts in which findings have places.
const MARKED: [PromptPart; 3] = [PromptPart::User, PromptPart::System, PromptPart::Schema];

/// A part as a text; the settings are none.
fn text_in(asked: &AnalyzePrompt, part: PromptPart) -> Option<&str> {
    match part {
        PromptPart::User => Some(&asked.content),
        PromptPart::System => Some(&asked.parts.system),
        PromptPart::Schema => Some(&asked.parts.schema),
        PromptPart::Settings => None,
    }
}

/// A question that is under way.
struct Pending {
    sum: Option<Stamp>,
    asked: AnalyzePrompt,
    answer: Remote<PromptAnalysis>,
}

/// An analysis with the texts that it is of.
struct Seen {
    sum: Option<Stamp>,
    asked: AnalyzePrompt,
    analysis: PromptAnalysis,
    /// Providers have been asked to count.
    is_counted: bool,
}

/// What is known of the open prompt's texts.
#[derive(Default)]
pub struct Analysis {
    of: Option<PromptId>,
    /// Of the texts as they are now.
    sum: Option<Stamp>,
    changed_at: Option<Instant>,
    pending: Option<Pending>,
    seen: Option<Seen>,
    failure: Option<(Option<Stamp>, ApiError)>,
    /// Models, prices or what is ignored changed: what is seen is asked for again.
    is_outdated: bool,
    /// Of the user text, the system text and the schema.
    marks: [Vec<Mark>; 3],
    ignoring: Vec<Remote<()>>,
    /// The finding that was shown last.
    pub chosen: Option<String>,
    /// A finding that is to be shown as soon as it is known.
    pub wanted: Option<String>,
    pub shows_ignored: bool,
    pub shows_all_models: bool,
}

impl Analysis {
    /// Takes in answers, and asks when the texts have rested. `stamp`: another number whenever they change; `texts`: as they are now.
    pub fn logic(&mut self, id: PromptId, stamp: Stamp, texts: &dyn Fn() -> AnalyzePrompt, ctx: &AreaCtx<'_>) {
        if self.of != Some(id) {
            let wanted = self.wanted.take();
            *self = Self { of: Some(id), shows_all_models: self.shows_all_models, wanted, ..Self::default() };
        }
        let now = Instant::now();
        if self.sum != Some(stamp) {
            // The first look need not wait for a pause.
            self.changed_at = self.sum.map(|_| now);
            self.sum = Some(stamp);
            self.remark(&texts());
        }
        self.take_answer(texts);
        self.take_ignored();
        self.ask(texts, now, ctx);
    }

    fn take_answer(&mut self, texts: &dyn Fn() -> AnalyzePrompt) {
        let Some(pending) = &mut self.pending else { return };
        if !pending.answer.poll() {
            return;
        }
        let Some(mut pending) = self.pending.take() else { return };
        if pending.sum != self.sum {
            // Of an older text: the question about the present one is asked in its turn.
            return;
        }
        if let Some(failure) = pending.answer.take_failure() {
            self.failure = Some((pending.sum, failure));
        } else if let Some(analysis) = pending.answer.take() {
            self.failure = None;
            self.seen = Some(Seen { sum: pending.sum, is_counted: pending.asked.count_tokens, asked: pending.asked, analysis });
            self.remark(&texts());
        }
    }

    fn ask(&mut self, texts: &dyn Fn() -> AnalyzePrompt, now: Instant, ctx: &AreaCtx<'_>) {
        if self.pending.as_ref().is_some_and(|pending| pending.sum == self.sum) {
            return;
        }
        if self.failure.as_ref().is_some_and(|(sum, _)| *sum == self.sum) && !self.is_outdated {
            return;
        }
        let rested = self.changed_at.map_or(Duration::MAX, |at| now.saturating_duration_since(at));
        let seen = self.seen.as_ref().filter(|seen| seen.sum == self.sum && !self.is_outdated);
        let wants_count = seen.is_some_and(|seen| !seen.is_counted && seen.analysis.models.iter().any(|model| model.can_be_counted));
        let wait = match seen {
            None => AFTER_KEYSTROKE,
            Some(_) if wants_count => BEFORE_COUNTING,
            Some(_) => return,
        };
        // Nobody typed yet: a counter is asked for a text that somebody works on.
        if wants_count && self.changed_at.is_none() {
            return;
        }
        let left = wait.saturating_sub(rested);
        if !left.is_zero() {
            ctx.egui.request_repaint_after(left);
            return;
        }
        let body = AnalyzePrompt { prompt_id: self.of, count_tokens: wants_count, ..texts() };
        let question = body.clone();
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.analyze_prompt(&question).await });
        self.pending = Some(Pending { sum: self.sum, asked: body, answer });
        self.is_outdated = false;
    }

    /// Asks again, although the texts are the same.
    pub fn reload(&mut self) {
        self.is_outdated = true;
    }

    /// What was found last, however old.
    #[must_use]
    pub fn value(&self) -> Option<&PromptAnalysis> {
        self.seen.as_ref().map(|seen| &seen.analysis)
    }

    /// Whether what was found is of an older text.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.sum != self.sum)
    }

    #[must_use]
    pub fn failure(&self) -> Option<&ApiError> {
        self.failure.as_ref().map(|(_, failure)| failure)
    }

    /// What is marked in a part.
    #[must_use]
    pub fn marks(&self, part: PromptPart) -> &[Mark] {
        MARKED.iter().position(|marked| *marked == part).map_or(&[], |at| &self.marks[at])
    }

    /// The place in the list of the finding that is to be shown, once what is found is of the texts as they are now; asked once.
    pub fn take_wanted(&mut self) -> Option<usize> {
        if self.is_stale() || self.seen.is_none() {
            return None;
        }
        let key = self.wanted.take()?;
        self.value()?.findings.iter().position(|finding| finding.key == key)
    }

    /// The finding with this place in the list.
    #[must_use]
    pub fn finding(&self, at: usize) -> Option<&Finding> {
        self.value()?.findings.get(at)
    }

    /// Where a stretch that was found stands in a text now; `None` where it was typed into.
    #[must_use]
    pub fn place(&self, part: PromptPart, range: Range<usize>, now: &str) -> Option<Range<usize>> {
        let old = self.text_of(part)?;
        Shift::between(old, now).moved(range).filter(|range| now.get(range.clone()).is_some())
    }

    fn text_of(&self, part: PromptPart) -> Option<&str> {
        text_in(&self.seen.as_ref()?.asked, part)
    }

    /// Works out again what is marked. `now`: the texts as they are.
    fn remark(&mut self, now: &AnalyzePrompt) {
        for (part, marks) in MARKED.into_iter().zip(&mut self.marks) {
            marks.clear();
            let Some(seen) = &self.seen else { continue };
            let (Some(old), Some(new)) = (text_in(&seen.asked, part), text_in(now, part)) else { continue };
            let shift = Shift::between(old, new);
            let told = seen.analysis.findings.iter().filter(|finding| finding.part == part && !finding.is_ignored);
            marks.extend(told.filter_map(|finding| {
                let range = shift.moved(finding.span?.range())?;
                new.get(range.clone())?;
                let severity = match finding.severity {
                    Severity::Error => MarkSeverity::Error,
                    Severity::Warning => MarkSeverity::Warning,
                    Severity::Hint => MarkSeverity::Hint,
                };
                Some(Mark { range, severity, words: finding.what.clone() })
            }));
        }
    }

    /// Ignores a kind of finding in this prompt, or shows it again: here at once, and on the platform.
    pub fn ignore(&mut self, key: &str, ignored: bool, now: &AnalyzePrompt, ctx: &AreaCtx<'_>) {
        let Some(id) = self.of else { return };
        if let Some(seen) = &mut self.seen {
            for finding in seen.analysis.findings.iter_mut().filter(|finding| finding.key == key) {
                finding.is_ignored = ignored;
            }
        }
        self.remark(now);
        let body = IgnoreFinding { key: key.to_owned(), ignored };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.ignore_finding(id, &body).await });
        self.ignoring.push(answer);
    }

    /// What could not be remembered is shown as the platform has it.
    fn take_ignored(&mut self) {
        let before = self.ignoring.len();
        let mut failed = false;
        self.ignoring.retain_mut(|answer| {
            let is_over = answer.poll();
            failed |= answer.failure().is_some();
            !is_over
        });
        if self.ignoring.len() < before && failed {
            self.is_outdated = true;
        }
    }
}
