//! What is typed to find jobs: plain words for the file name, and terms such as `state:failed provider:gemini age>1h`.
//!
//! Terms are joined by "and"; a minus before one leaves out what it finds; a value with spaces stands in double quotes.
//! Both sides read it: the platform to find jobs, the console to say what is wrong while it is typed and to know whether a
//! job that changed belongs to the list.

use std::ops::Range;

mod day;

pub use day::Day;

use chrono::{DateTime, Utc};

use super::job::{Job, JobState};
use super::result::FaultKind;

/// The terms with what they are for, in the order in which they are offered.
pub const TERMS: [(&str, &str); 13] = [
    ("state:", "pending, processing, retry_wait, completed, failed or cancelled; several with commas"),
    ("provider:", "of the last try, such as gemini"),
    ("model:", "part of the last try's model"),
    ("prompt:", "part of the last try's prompt, such as \"Photo tags v3\""),
    ("fault:", "such as rate_limited, timeout or photo"),
    ("photo:", "part of the file name; a plain word does the same"),
    ("age>", "since it was queued, such as age>1h or age<2d"),
    ("wait>", "from queued to begun, such as wait>30s"),
    ("took>", "the last try, such as took>5s"),
    ("finished:", "UTC day on which the last try ended: today, yesterday or such as 2026-03-14; finished<today for before"),
    ("attempts>", "tries begun, such as attempts>2"),
    ("priority>", "such as priority>0 or priority=50"),
    ("confidence<", "mean of the result, 0–1, such as confidence<0.6"),
];

/// A filter that was read; empty finds everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobFilter {
    pub terms: Vec<Term>,
}

/// One term.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Leaves out what it finds.
    pub negated: bool,
    pub what: What,
}

/// What a term looks at. Texts are lower case, and parts of what they look for.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// One of these.
    State(Vec<JobState>),
    /// The whole name.
    Provider(String),
    Model(String),
    Prompt(String),
    Fault(FaultKind),
    Photo(String),
    /// Against a day, when the last try ended.
    Finished(Compare, Day),
    /// Times in milliseconds.
    Number(Measure, Compare, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Since it was queued.
    Age,
    /// From queued to begun; until now where it has not begun.
    Wait,
    /// The last try that ended.
    Took,
    Attempts,
    Priority,
    /// Mean of the result.
    Confidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    /// Between which values, both of them not included, one must lie to compare so with `than`. Those that differ by less than
    /// anybody types are equal: a confidence is not kept to the last digit.
    #[must_use]
    pub fn bounds(self, than: f64) -> (Option<f64>, Option<f64>) {
        const EQUAL_WITHIN: f64 = 1e-6;
        let (below, above) = (Some(than - EQUAL_WITHIN), Some(than + EQUAL_WITHIN));
        match self {
            Self::Less => (None, below),
            Self::AtMost => (None, above),
            Self::Equal => (below, above),
            Self::AtLeast => (below, None),
            Self::More => (above, None),
        }
    }

    fn holds(self, one: f64, other: f64) -> bool {
        let (from, to) = self.bounds(other);
        from.is_none_or(|from| one > from) && to.is_none_or(|to| one < to)
    }
}

/// A term that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterProblem {
    /// What is wrong and how to mend it.
    pub message: String,
    /// Where, in bytes of the text.
    pub at: Range<usize>,
}

impl JobFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// A term that is unknown, or whose value is none of its kind.
    pub fn parse(text: &str) -> Result<Self, FilterProblem> {
        let read = |at: Range<usize>| term(&text[at.clone()]).map_err(|message| FilterProblem { message, at });
        let terms = pieces(text).into_iter().map(read).filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it finds a job, at this time.
    #[must_use]
    pub fn matches(&self, job: &Job, now: DateTime<Utc>) -> bool {
        self.terms.iter().all(|term| term.what.finds(job, now) != term.negated)
    }
}

/// Letter by letter, as the platform's database compares: capitals that become two letters stay as they are.
#[must_use]
pub fn lower_case(text: &str) -> String {
    text.chars().map(lower_case_letter).collect()
}

/// The small letter of a capital; any other letter is itself.
#[must_use]
pub fn lower_case_letter(letter: char) -> char {
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => letter,
    }
}

impl What {
    fn finds(&self, job: &Job, now: DateTime<Utc>) -> bool {
        let has = |text: Option<&String>, part: &str| text.is_some_and(|text| lower_case(text).contains(part));
        match self {
            Self::State(states) => states.contains(&job.state),
            Self::Provider(name) => job.model.as_deref().is_some_and(|model| model.split('/').next() == Some(name)),
            Self::Model(part) => has(job.model.as_ref(), part),
            Self::Prompt(part) => has(job.prompt.as_ref(), part),
            Self::Fault(kind) => job.fault.as_ref().is_some_and(|fault| fault.kind == *kind),
            Self::Photo(part) => has(Some(&job.file_name), part),
            Self::Finished(compare, day) => job.finished_at.is_some_and(|at| day.holds(*compare, at, now)),
            Self::Number(measure, compare, than) => measure.of(job, now).is_some_and(|value| compare.holds(value, *than)),
        }
    }
}

impl Measure {
    fn of(self, job: &Job, now: DateTime<Utc>) -> Option<f64> {
        let between = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_milliseconds() as f64;
        match self {
            Self::Age => Some(between(job.enqueued_at, now)),
            Self::Wait => Some(between(job.ready_at, job.started_at.or(job.finished_at).unwrap_or(now))),
            Self::Took => Some(between(job.started_at?, job.finished_at?)),
            Self::Attempts => Some(f64::from(job.attempts)),
            Self::Priority => Some(f64::from(job.priority)),
            Self::Confidence => job.confidence.map(f64::from),
        }
    }
}

/// Where the terms stand: parted by spaces outside of quotes.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let (mut pieces, mut start, mut quoted) = (Vec::new(), None, false);
    for (at, letter) in text.char_indices() {
        quoted ^= letter == '"';
        match start {
            None if !letter.is_whitespace() => start = Some(at),
            Some(from) if letter.is_whitespace() && !quoted => {
                pieces.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    pieces.extend(start.map(|from| from..text.len()));
    pieces
}

/// One term; `None` for one that says nothing yet (`-`, `""`).
fn term(piece: &str) -> Result<Option<Term>, String> {
    let (negated, rest) = piece.strip_prefix('-').map_or((false, piece), |rest| (true, rest));
    let bare = |value: &str| lower_case(value.replace('"', "").trim());
    let sign = rest.find([':', '<', '>', '=']).filter(|at| !rest[..*at].contains('"'));
    let Some(sign) = sign else {
        if ["OR", "AND", "NOT"].contains(&rest) {
            let instead = "All terms must hold; several states are written state:failed,cancelled, and what is left out begins with -";
            return Err(format!("{rest} is no term here. {instead}. A name with this word is found by it in quotes"));
        }
        let word = bare(rest);
        return Ok((!word.is_empty()).then_some(Term { negated, what: What::Photo(word) }));
    };
    let (key, value) = rest.split_at(sign);
    let (compare, value) = [(">=", Compare::AtLeast), ("<=", Compare::AtMost), (">", Compare::More), ("<", Compare::Less), ("=", Compare::Equal)]
        .into_iter()
        .find_map(|(sign, compare)| value.strip_prefix(sign).map(|value| (compare, value)))
        .unwrap_or_else(|| (Compare::Equal, value.strip_prefix(':').unwrap_or(value)));
    let (key, value) = (key.to_lowercase(), bare(value));
    if let Some(measure) = measure(&key) {
        let example = TERMS.iter().find(|(term, _)| term.starts_with(&key)).map_or("", |(_, about)| about);
        let number = number(measure, &value).ok_or_else(|| format!("'{piece}' needs a value: {example}"))?;
        return Ok(Some(Term { negated, what: What::Number(measure, compare, number) }));
    }
    if key == "finished" {
        let day = Day::read(&value).ok_or_else(|| format!("'{piece}' needs a day: today, yesterday or such as 2026-03-14"))?;
        return Ok(Some(Term { negated, what: What::Finished(compare, day) }));
    }
    let known: Vec<&str> = TERMS.iter().map(|(term, _)| *term).collect();
    let unknown = || format!("There is no term '{key}'. Use one of {}, or put a word with such a sign in quotes", known.join(" "));
    if !["state", "provider", "model", "prompt", "fault", "photo"].contains(&key.as_str()) {
        return Err(unknown());
    }
    if compare != Compare::Equal {
        return Err(format!("'{key}' is followed by a colon: {key}:…"));
    }
    if value.is_empty() {
        return Err(format!("'{key}:' needs a value: {}", TERMS.iter().find(|(term, _)| term.starts_with(&key)).map_or("", |(_, about)| about)));
    }
    let what = match key.as_str() {
        "state" => What::State(value.split(',').filter(|name| !name.is_empty()).map(state).collect::<Result<_, _>>()?),
        "provider" => What::Provider(value),
        "model" => What::Model(value),
        "prompt" => What::Prompt(value),
        "fault" => What::Fault(fault(&value)?),
        _ => What::Photo(value),
    };
    Ok(Some(Term { negated, what }))
}

fn measure(key: &str) -> Option<Measure> {
    Some(match key {
        "age" => Measure::Age,
        "wait" => Measure::Wait,
        "took" => Measure::Took,
        "attempts" => Measure::Attempts,
        "priority" => Measure::Priority,
        "confidence" => Measure::Confidence,
        _ => return None,
    })
}

fn number(measure: Measure, value: &str) -> Option<f64> {
    let number = |text: &str| text.replace('−', "-").trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match measure {
        Measure::Age | Measure::Wait | Measure::Took => {
            let units = [("ms", 1.0), ("s", 1e3), ("min", 6e4), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];
            let (text, factor) = units.into_iter().find_map(|(unit, factor)| value.strip_suffix(unit).map(|text| (text, factor)))?;
            number(text).filter(|number| *number >= 0.0).map(|number| number * factor)
        }
        Measure::Confidence => match value.strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| percent / 100.0),
            // No share is above 1: such a number is meant as the table shows it, in percent.
            None => number(value).map(|number| if number > 1.0 { number / 100.0 } else { number }),
        },
        Measure::Attempts | Measure::Priority => number(value),
    }
}

fn state(name: &str) -> Result<JobState, String> {
    let known = JobState::ALL.map(JobState::as_str);
    JobState::ALL.into_iter().find(|state| state.as_str() == name).ok_or_else(|| format!("There is no state '{name}'. Use {}", known.join(", ")))
}

fn fault(name: &str) -> Result<FaultKind, String> {
    let value = serde_json::Value::String(name.replace([' ', '-'], "_"));
    serde_json::from_value(value).map_err(|_| {
        format!(
            "There is no fault '{name}'. Use auth, quota_spent, rate_limited, overloaded, server, timeout, network, refused, bad_answer, photo, …"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::{JobId, PhotoId};
    use crate::wire::result::Fault;

    fn job() -> Job {
        let at = |minute: u32| format!("2026-01-01T00:{minute:02}:00Z").parse().expect("a time");
        Job {
            id: JobId(uuid::Uuid::nil()),
            photo_id: PhotoId(uuid::Uuid::nil()),
            file_name: "Beach Day.jpg".to_owned(),
            state: JobState::Failed,
            priority: 50,
            attempts: 3,
            model: Some("gemini/gemini-3.8-flash".to_owned()),
            prompt: Some("Photo tags v3".to_owned()),
            enqueued_at: at(0),
            ready_at: at(0),
            started_at: Some(at(10)),
            finished_at: Some(at(12)),
            not_before: None,
            confidence: Some(0.5),
            fault: Some(Fault::new(FaultKind::RateLimited, "slow down")),
        }
    }

    #[test]
    fn terms_find_what_they_say() {
        let now = "2026-01-01T02:00:00Z".parse().expect("a time");
        for (text, found) in [
            ("", true),
            ("beach", true),
            ("beach day", true),
            ("\"beach day\"", true),
            ("\"day beach\"", false),
            ("-beach", false),
            ("state:failed provider:gemini age>1h", true),
            ("state:pending,failed", true),
            ("-state:failed", false),
            ("provider:gem", false),
            ("model:3.8 prompt:\"tags v3\"", true),
            ("fault:rate_limited", true),
            ("fault:rate-limited -fault:timeout", true),
            ("age>2h", false),
            ("age>=2h", true),
            ("wait>9min wait<660s", true),
            ("took=2m", true),
            ("attempts>2 priority:50", true),
            ("priority>−1", true),
            ("confidence<0.6", true),
            ("confidence>=50%", true),
            ("confidence<50", false),
            ("confidence<60", true),
            ("-confidence<0.6", false),
            ("finished:today", true),
            ("finished=2026-01-01 finished<=yesterday", false),
            ("finished>=2026-01-01 finished<2026-01-02 finished>2025-12-31", true),
            ("-finished:today", false),
            ("- \"\"", true),
        ] {
            assert_eq!(JobFilter::parse(text).expect("reads").matches(&job(), now), found, "{text}");
        }
    }

    #[test]
    fn what_a_job_does_not_have_is_found_by_no_number() {
        let now = "2026-01-01T02:00:00Z".parse().expect("a time");
        let waiting = Job { confidence: None, started_at: None, finished_at: None, ..job() };
        for (text, found) in [
            ("confidence<1", false),
            ("confidence>=0", false),
            ("-confidence>=0", true),
            ("finished<=today", false),
            ("-finished:today", true),
            ("took<1h", false),
            ("wait=2h", true),
        ] {
            assert_eq!(JobFilter::parse(text).expect("reads").matches(&waiting, now), found, "{text}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_named_where_it_stands() {
        for (text, at, says) in [
            ("cat size>3", 4..10, "no term 'size'"),
            ("state:lost", 0..10, "no state 'lost'"),
            ("fault:gremlins", 0..14, "no fault 'gremlins'"),
            ("age>soon", 0..8, "needs a value"),
            ("age>5", 0..5, "needs a value"),
            ("finished:soon", 0..13, "needs a day"),
            ("state:", 0..6, "needs a value"),
            ("provider>a", 0..10, "followed by a colon"),
            ("cat OR dog", 4..6, "OR is no term here"),
        ] {
            let problem = JobFilter::parse(text).expect_err(text);
            assert_eq!(problem.at, at, "{text}");
            assert!(problem.message.contains(says), "{text}: {problem}");
        }
    }
}
