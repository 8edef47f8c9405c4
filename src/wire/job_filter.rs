//! The filter of the job table: words and qualified terms, read and applied the same way on both sides.
//!
//! Terms stand side by side and must all hold. A word is a part of the file name; `"two words"` keeps words
//! together; `-` before a term turns it around; `state:failed,cancelled` holds for either.
//!
//! | term | holds for |
//! |---|---|
//! | `state:failed` | jobs in that state: `pending`, `processing`, `retry_wait`, `completed`, `failed`, `cancelled` |
//! | `provider:gemini` | jobs whose last try went to that provider |
//! | `model:flash` | a part of the model's name |
//! | `prompt:"Photo tags v3"` | a prompt version, or every version of a prompt where no version is named |
//! | `fault:rate_limited` | the kind of the last failure |
//! | `age>1h` | time since the job was queued, in `s`, `m`, `h` or `d` |
//! | `attempts>2`, `priority>=50`, `confidence<0.6` | figures, compared with `<`, `<=`, `=`, `>=`, `>` |

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as NameError;

use super::job::{Job, JobState};
use super::result::FaultKind;

/// A filter longer than this is not read, in bytes.
const LONGEST: usize = 1_000;
const SIGNS: [(&str, Compare); 5] =
    [("<=", Compare::AtMost), (">=", Compare::AtLeast), ("<", Compare::Less), (">", Compare::More), ("=", Compare::Equal)];

/// The terms with an example of each, for a person to choose from.
pub const EXAMPLES: [(&str, &str); 10] = [
    ("state:failed", "State; commas for either of several"),
    ("provider:gemini", "Provider of the last try"),
    ("model:flash", "Part of the model's name"),
    ("prompt:\"Photo tags v1\"", "Prompt, with or without its version"),
    ("fault:rate_limited", "Kind of the last failure"),
    ("age>1h", "Time since it was queued, in s, m, h or d"),
    ("attempts>2", "Tries begun so far"),
    ("priority>0", "Priority, −100 to 100"),
    ("confidence<0.6", "Mean confidence, 0 to 1"),
    ("-state:completed", "A minus leaves out what matches"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    /// The sign, which is also the operator in SQL.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::More => ">",
        }
    }

    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }
}

/// What one term looks at. Text is in lower case.
#[derive(Debug, Clone, PartialEq)]
pub enum JobTest {
    /// Part of the file name.
    Name(String),
    State(JobState),
    Provider(String),
    /// Part of the model's name.
    Model(String),
    /// A prompt's name, or its name and version.
    Prompt(String),
    Fault(FaultKind),
    Age(Compare, TimeDelta),
    Attempts(Compare, i64),
    Priority(Compare, i64),
    /// Of jobs that have one.
    Confidence(Compare, f64),
}

/// Holds when one of its tests does; turned around by `-`.
#[derive(Debug, Clone, PartialEq)]
pub struct JobTerm {
    pub is_negated: bool,
    pub any: Vec<JobTest>,
}

/// A filter that was understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobTerms(pub Vec<JobTerm>);

/// What is wrong with a filter, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

impl JobTerms {
    /// Reads a filter. An empty one holds for every job; a quote that is not closed reaches to the end.
    ///
    /// # Errors
    /// A term, sign or value that does not exist, in words for the person who wrote it.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > LONGEST {
            return Err(FilterError(format!("The filter is too long; write at most {LONGEST} characters")));
        }
        words(text).iter().map(|word| term(word)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether all terms hold for a job.
    #[must_use]
    pub fn matches(&self, job: &Job, now: DateTime<Utc>) -> bool {
        self.0.iter().all(|term| term.any.iter().any(|test| test.holds(job, now)) != term.is_negated)
    }
}

impl JobTest {
    fn holds(&self, job: &Job, now: DateTime<Utc>) -> bool {
        let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().to_lowercase();
        match self {
            Self::Name(part) => job.file_name.to_lowercase().contains(part),
            Self::State(state) => job.state == *state,
            Self::Provider(provider) => job.model.is_some() && lower(&job.model).split('/').next() == Some(provider),
            Self::Model(part) => lower(&job.model).contains(part),
            Self::Prompt(name) => lower(&job.prompt).strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(" v")),
            Self::Fault(kind) => job.fault.as_ref().is_some_and(|fault| fault.kind == *kind),
            Self::Age(compare, age) => compare.holds(&(now - job.enqueued_at), age),
            Self::Attempts(compare, figure) => compare.holds(&i64::from(job.attempts), figure),
            Self::Priority(compare, figure) => compare.holds(&i64::from(job.priority), figure),
            Self::Confidence(compare, figure) => job.confidence.is_some_and(|confidence| compare.holds(&f64::from(confidence), figure)),
        }
    }
}

/// Words between blanks; quotes keep blanks in and stay, so that a quoted word can be told from a term.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        is_quoted ^= letter == '"';
        if letter.is_whitespace() && !is_quoted {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        } else {
            word.push(letter);
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn term(word: &str) -> Result<JobTerm, FilterError> {
    let (is_negated, rest) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
    let name_ends = rest.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '_').unwrap_or(rest.len());
    let (name, value) = rest.split_at(name_ends);
    let any = match name.is_empty() || !value.starts_with([':', '<', '>', '=']) {
        true => vec![JobTest::Name(plain(rest))],
        false => qualified(name, value)?,
    };
    if any.iter().any(|test| matches!(test, JobTest::Name(part) if part.is_empty())) {
        return Err(FilterError(format!("{word} stands alone; write what to look for right behind it")));
    }
    Ok(JobTerm { is_negated, any })
}

fn qualified(name: &str, signed: &str) -> Result<Vec<JobTest>, FilterError> {
    let name = name.to_lowercase();
    if matches!(name.as_str(), "age" | "attempts" | "priority" | "confidence") {
        return Ok(vec![figure(&name, signed)?]);
    }
    let is_known = matches!(name.as_str(), "state" | "provider" | "model" | "prompt" | "fault");
    if !is_known {
        let known = "state, provider, model, prompt, fault, age, attempts, priority and confidence";
        return Err(FilterError(format!("There is no term “{name}”; there are {known}. To find it in a file name, put it in quotes")));
    }
    let Some(values) = signed.strip_prefix(':') else {
        return Err(FilterError(format!("“{name}” is not a figure; write {name}: and what it is")));
    };
    let values = split_at_commas(values);
    if values.iter().any(String::is_empty) {
        return Err(FilterError(format!("{name}: needs a value right behind it, such as {}", example(&name))));
    }
    values.into_iter().map(|value| one_of(&name, value)).collect()
}

fn one_of(name: &str, value: String) -> Result<JobTest, FilterError> {
    let no_such = |known: &str| FilterError(format!("There is no {name} “{value}”; write {known}"));
    Ok(match name {
        "state" => {
            let names = JobState::ALL.map(JobState::as_str).join(", ");
            JobTest::State(JobState::deserialize(by_name(&value)).map_err(|_| no_such(&format!("one of {names}")))?)
        }
        "fault" => JobTest::Fault(
            FaultKind::deserialize(by_name(&value))
                .map_err(|_| no_such("such as rate_limited, timeout, network, auth, quota_spent, refused or photo"))?,
        ),
        "provider" => JobTest::Provider(value),
        "model" => JobTest::Model(value),
        _ => JobTest::Prompt(value),
    })
}

fn by_name(value: &str) -> serde::de::value::StrDeserializer<'_, NameError> {
    value.into_deserializer()
}

fn figure(name: &str, signed: &str) -> Result<JobTest, FilterError> {
    let found = SIGNS.iter().find_map(|(sign, compare)| signed.strip_prefix(sign).map(|value| (*compare, value)));
    // `attempts:2` can only mean one thing.
    let (compare, value) = found.unwrap_or((Compare::Equal, signed.trim_start_matches(':')));
    let wrong = || FilterError(format!("“{value}” is not what {name} is compared with; write it such as {}", example(name)));
    let whole = || value.replace('−', "-").parse::<i64>().map_err(|_| wrong());
    Ok(match name {
        "age" => JobTest::Age(compare, span(value).ok_or_else(wrong)?),
        "attempts" => JobTest::Attempts(compare, whole()?),
        "priority" => JobTest::Priority(compare, whole()?),
        _ => {
            let figure = value.parse::<f64>().ok().filter(|figure| (0.0..=1.0).contains(figure));
            JobTest::Confidence(compare, figure.ok_or_else(wrong)?)
        }
    })
}

/// A time such as `90s`, `5m`, `1h`, `2d`; at most ten years.
fn span(value: &str) -> Option<TimeDelta> {
    let unit = value.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = value.strip_suffix(unit)?.parse().ok()?;
    let whole = count.checked_mul(seconds)?;
    (0..=315_360_000).contains(&whole).then(|| TimeDelta::seconds(whole))
}

fn example(name: &str) -> &'static str {
    EXAMPLES.iter().map(|(example, _)| *example).find(|example| example.starts_with(name)).unwrap_or_default()
}

/// Values between commas that stand outside of quotes.
fn split_at_commas(values: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = values.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    parts.map(plain).collect()
}

fn plain(quoted: &str) -> String {
    quoted.replace('"', "").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> JobTerm {
        JobTerms::parse(text).expect("a filter").0.remove(0)
    }

    fn mistake(text: &str) -> String {
        JobTerms::parse(text).expect_err("a mistake").0
    }

    #[test]
    fn words_are_parts_of_the_file_name_and_terms_are_told_from_them() {
        let terms = JobTerms::parse(r#"  Beach.JPG state:failed  prompt:"Photo tags v3" -"my dog:1" "#).expect("a filter");
        let any = |test: JobTest| JobTerm { is_negated: false, any: vec![test] };
        let expected = [
            any(JobTest::Name("beach.jpg".to_owned())),
            any(JobTest::State(JobState::Failed)),
            any(JobTest::Prompt("photo tags v3".to_owned())),
            JobTerm { is_negated: true, any: vec![JobTest::Name("my dog:1".to_owned())] },
        ];
        assert_eq!(terms.0, expected);
        assert_eq!(JobTerms::parse("  ").expect("empty"), JobTerms::default());
        assert_eq!(one("2026-11-23_beach.jpg").any, [JobTest::Name("2026-11-23_beach.jpg".to_owned())]);
        assert_eq!(one(r#""half a quote"#).any, [JobTest::Name("half a quote".to_owned())]);
    }

    #[test]
    fn figures_are_compared_with_every_sign() {
        assert_eq!(one("attempts>2").any, [JobTest::Attempts(Compare::More, 2)]);
        assert_eq!(one("attempts:2").any, [JobTest::Attempts(Compare::Equal, 2)]);
        assert_eq!(one("priority<=-50").any, [JobTest::Priority(Compare::AtMost, -50)]);
        assert_eq!(one("priority=−5").any, [JobTest::Priority(Compare::Equal, -5)]);
        assert_eq!(one("confidence<0.6").any, [JobTest::Confidence(Compare::Less, 0.6)]);
        assert_eq!(one("age>=90m").any, [JobTest::Age(Compare::AtLeast, TimeDelta::minutes(90))]);
        assert_eq!(one("state:failed,cancelled").any, [JobTest::State(JobState::Failed), JobTest::State(JobState::Cancelled)]);
    }

    #[test]
    fn a_mistake_is_named_with_what_to_write_instead() {
        assert!(mistake("colour:red").starts_with("There is no term “colour”; there are state, provider"));
        assert!(mistake("state:broken").contains("one of pending, processing, retry_wait, completed, failed, cancelled"));
        assert!(mistake("fault:tired").contains("rate_limited"));
        assert!(mistake("state:").ends_with("such as state:failed"));
        assert!(mistake("state>failed").contains("write state:"));
        assert!(mistake("age>soon").ends_with("such as age>1h"));
        assert!(mistake("age>1é").ends_with("such as age>1h"));
        assert!(mistake("age>99999999999999999d").ends_with("such as age>1h"));
        assert!(mistake("attempts>").ends_with("such as attempts>2"));
        assert!(mistake("confidence<60").ends_with("such as confidence<0.6"));
        assert!(mistake("-").contains("stands alone"));
        assert!(mistake(&"x".repeat(LONGEST + 1)).contains("too long"));
    }

    #[test]
    fn every_example_is_understood() {
        for (example, _) in EXAMPLES {
            assert!(JobTerms::parse(example).is_ok(), "{example}");
        }
    }
}
