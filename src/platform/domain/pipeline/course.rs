//! One try's course along the models: the live one is asked first, and after its faults those that stand in for it.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;

use super::{Claimed, cost, rate_limits};
use crate::platform::domain::analysis::{self, Analysed};
use crate::platform::domain::fallbacks::Chain;
use crate::platform::domain::spending::{self, PhotoLimit};
use crate::platform::domain::workers::Listed;
use crate::platform::domain::{Core, providers};
use crate::platform::store;
use crate::providers::CallContext;
use crate::wire::money::UsdMicros;
use crate::wire::photo::Photo;
use crate::wire::result::{Fault, FaultKind, Note, Outcome, TraceStep};

/// What one model made of the photo.
pub struct Asked {
    /// Full name.
    pub model: String,
    pub analysed: Analysed,
    /// Whether its provider was really called.
    was_called: bool,
}

impl Asked {
    #[must_use]
    pub fn was_called(&self) -> bool {
        self.was_called
    }

    fn fault(&self) -> Option<&Fault> {
        match &self.analysed.outcome {
            Outcome::Failed(fault) => Some(fault),
            Outcome::Completed(_) => None,
        }
    }
}

/// All that came of a try.
pub struct Course {
    /// The models that were called, in that order, and the last one in any case. Never empty.
    asked: Vec<Asked>,
    /// What became of each model that gave no answer, in words.
    told: Vec<String>,
    /// That of the first model.
    first_fault: Option<Fault>,
    /// From the first model to the last.
    trace: Vec<TraceStep>,
    begun: Instant,
}

impl Course {
    fn begin() -> Self {
        Self { asked: Vec::with_capacity(1), told: Vec::new(), first_fault: None, trace: Vec::new(), begun: Instant::now() }
    }

    /// Those that are stored: each model that was called, and the last one with all that came before it.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    pub fn trace(&self) -> &[TraceStep] {
        &self.trace
    }

    /// How the try ended; a failure is that of the first model, with what became of the others.
    pub fn outcome(&self) -> Outcome {
        match (&self.first_fault, self.asked.last()) {
            (_, Some(Asked { analysed: Analysed { outcome: Outcome::Completed(answer), .. }, .. })) => Outcome::Completed(answer.clone()),
            (Some(first), _) => {
                let others = self.told.get(1..).unwrap_or_default();
                if others.is_empty() {
                    return Outcome::Failed(first.clone());
                }
                let message = format!("{}. The models after it gave no answer either: {}", first.message.trim_end_matches('.'), others.join("; "));
                Outcome::Failed(Fault { message, ..first.clone() })
            }
            (None, _) => Outcome::Failed(Fault::new(FaultKind::Internal, "The photo was not sent to any model; retry the job")),
        }
    }

    /// The fault that says how long to wait before all of it is tried again; `None` where that can't help.
    pub fn healing(&self) -> Option<&Fault> {
        let healing = self.asked.iter().filter_map(Asked::fault).filter(|fault| fault.kind.can_heal());
        // The first model that can be asked again will do.
        healing.min_by_key(|fault| fault.wait_ms)
    }

    pub fn is_cancelled(&self) -> bool {
        self.asked.last().and_then(Asked::fault).is_some_and(|fault| fault.kind == FaultKind::Cancelled)
    }

    /// The model that had the last word where it answered, else the first.
    pub fn model(&self) -> Option<&str> {
        let last = self.asked.last()?;
        if last.fault().is_none() { Some(&last.model) } else { self.asked.first().map(|first| first.model.as_str()) }
    }

    fn now_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1e3
    }

    /// Takes in how a model's call ended; gives the kind of its fault.
    fn take(&mut self, mut asked: Asked, begun_ms: f64) -> Option<FaultKind> {
        self.trace.extend(asked.analysed.trace.iter().map(|step| TraceStep { start_ms: step.start_ms + begun_ms, ..step.clone() }));
        // One that was not called says nothing that the next one does not tell.
        self.asked.retain(|earlier| earlier.was_called);
        let Some(fault) = asked.fault().cloned() else {
            if let Outcome::Completed(answer) = &mut asked.analysed.outcome
                && !self.told.is_empty()
            {
                let words = format!("{} stood in, because {}", asked.model, self.told.join("; "));
                answer.notes.insert(0, Note::mended(words));
            }
            self.asked.push(asked);
            return None;
        };
        let words = if asked.was_called { fault.label().to_owned() } else { format!("not asked, {}", fault.label()) };
        self.told.push(format!("{}: {words}", asked.model));
        let kind = fault.kind;
        self.first_fault.get_or_insert(fault);
        self.asked.push(asked);
        Some(kind)
    }

    /// A model that would be next, and why it is not asked.
    fn pass_over(&mut self, model: &str, why: &Fault) {
        self.told.push(format!("{model}: not asked. {}", why.message.trim_end_matches('.')));
        self.note(format!("{model} is not asked: {}", why.message));
    }

    fn note(&mut self, detail: String) {
        self.trace.push(TraceStep { name: "fallback".to_owned(), start_ms: self.now_ms(), duration_ms: 0.0, detail });
    }

    /// Known cost of the calls so far.
    fn spent(&self) -> UsdMicros {
        self.asked.iter().filter_map(|asked| cost(&asked.model, &asked.analysed.outcome)).sum()
    }
}

/// Asks one model after the other until one answers, or the fault of the last one is nothing that another could mend.
pub async fn follow(core: &Core, claimed: &Claimed, listed: &Listed, call: &CallContext) -> Course {
    let mut course = Course::begin();
    let photo: Photo = match store::photos::get(&core.db, core.org, claimed.job.photo_id).await {
        Ok(Some(photo)) => photo,
        missing => {
            let fault = missing.err().map_or_else(analysis::deleted, |error| Fault::new(FaultKind::Internal, error.to_string()));
            course.take(Asked { model: claimed.model.clone(), analysed: without_a_call(fault), was_called: false }, 0.0);
            return course;
        }
    };
    let mut chain = Chain::new(&claimed.model, &claimed.fallbacks);
    let mut model = claimed.model.as_str();
    loop {
        let begun_ms = course.now_ms();
        listed.asks(model);
        let stands_in = rate_limits::has_stand_in(core, &claimed.prompt, &claimed.model, chain.clone()).await;
        let analysed = ask(core, claimed, &photo, Turn { model, spent: course.spent(), stands_in }, call).await;
        let was_called = analysed.trace.iter().any(|step| step.name == "call");
        let Some(kind) = course.take(Asked { model: model.to_owned(), analysed, was_called }, begun_ms) else { return course };
        if call.cancel.is_cancelled() {
            return course;
        }
        let before = model;
        model = loop {
            let Some(next) = chain.next(kind) else { return course };
            let begins = core.begins_calls.lock().await;
            match spending::room_to_stand_in(core, &claimed.prompt, &claimed.model, next).await {
                Ok(None) => {
                    // From here on it is counted among the calls under way.
                    listed.asks(next);
                    drop(begins);
                    break next;
                }
                Ok(Some(why)) => course.pass_over(next, &why),
                Err(error) => course.pass_over(next, &Fault::new(FaultKind::Internal, error.to_string())),
            }
        };
        course.note(format!("{model} is asked instead of {before}: {}", kind.label()));
    }
}

/// The model that is asked.
struct Turn<'m> {
    model: &'m str,
    /// By those before it, about the same photo.
    spent: UsdMicros,
    /// Another one is asked after a rate limit: it is not waited for.
    stands_in: bool,
}

/// Asks one model, unless its provider holds all calls back or the limit of a photo is in the way.
async fn ask(core: &Core, claimed: &Claimed, photo: &Photo, turn: Turn<'_>, call: &CallContext) -> Analysed {
    let Turn { model, spent, stands_in } = turn;
    let limited = || rate_limits::still_lasts(core, model).filter(|_| stands_in);
    if let Some(held) = providers::held_back(core, model).or_else(limited) {
        return without_a_call(held);
    }
    let warning = match spending::photo_limit(core, &claimed.rules, model, &claimed.prompt, (photo.id, spent)).await {
        Ok(PhotoLimit::Keeps) => None,
        Ok(PhotoLimit::Warns(words)) => Some(words),
        Ok(PhotoLimit::Stops(fault)) => return without_a_call(*fault),
        Err(error) => return without_a_call(Fault::new(FaultKind::Internal, error.to_string())),
    };
    let work = async |call: CallContext| analysis::analyse(core, photo, (&claimed.prompt).into(), model, &call).await;
    let work = async { if stands_in { rate_limits::ask_without_waiting(core, model, call, work).await } else { work(call.clone()).await } };
    let mut analysed = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        let words = "The program stumbled over this photo. This is a fault of Minerva, not of the photo; please report it";
        without_a_call(Fault::new(FaultKind::Internal, words))
    });
    if let (Some(words), Outcome::Completed(answer)) = (warning, &mut analysed.outcome) {
        answer.notes.push(Note::mended(words));
    }
    analysed
}

fn without_a_call(fault: Fault) -> Analysed {
    Analysed { outcome: Outcome::Failed(fault), trace: Vec::new(), provider_response_time_ms: 0, total_ms: 0, exchanges: Vec::new() }
}
