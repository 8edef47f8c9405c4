//! What a prompt holds beside its user text: a system text, the schema of the answer, the model's parameters, and variables of
//! the author's own. The rules stand here, since the window says them while a person types and the platform keeps them.

use serde::{Deserialize, Serialize};

use super::prompt::TEMPLATE_VARIABLES;

/// Bytes of a system text.
pub const SYSTEM_MOST: usize = 200_000;
/// Variables of one prompt.
pub const VARIABLES_MOST: usize = 50;
/// Characters of a variable's name, and bytes of its value.
pub const VARIABLE_NAME_MOST: usize = 40;
pub const VARIABLE_VALUE_MOST: usize = 10_000;
/// What each parameter may be. The ends are those of the widest wire.
pub const TEMPERATURE: (f64, f64) = (0.0, 2.0);
pub const TOP_P: (f64, f64) = (0.01, 1.0);
pub const OUTPUT_TOKENS: (u32, u32) = (16, 65_536);
pub const SEED_MOST: u32 = 2_147_483_647;

/// Words that a template's own language has.
const RESERVED: [&str; 27] = [
    "and", "block", "break", "call", "continue", "do", "elif", "else", "extends", "false", "filter", "for", "from", "if", "import", "in", "include",
    "is", "loop", "macro", "none", "not", "or", "self", "set", "super", "true",
];

/// All that a prompt says beside its user text. Everything left out: as Minerva asks by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptParts {
    /// Template text that the model is given as its instructions; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// JSON Schema of the answer, as its author wrote it; empty: the shipped one, of caption and tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    #[serde(default, skip_serializing_if = "Parameters::is_unset")]
    pub parameters: Parameters,
    /// In the order in which the author wants them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
}

impl PromptParts {
    /// Whether nothing is said beside the user text.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Every name that its templates may use: the built-in ones, then the author's.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        TEMPLATE_VARIABLES.into_iter().chain(self.variables.iter().map(|variable| variable.name.as_str()))
    }
}

/// How the model is to answer. `None`: as Minerva asks by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// 0–2: how freely words are chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// 0.01–1: the share of likely words that is chosen from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How much the model thinks before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// Its numbers come from JSON and from fields, which have no NaN.
impl Eq for Parameters {}

impl Parameters {
    #[must_use]
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// These, and where they say nothing, the others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            temperature: self.temperature.or(others.temperature),
            top_p: self.top_p.or(others.top_p),
            max_output_tokens: self.max_output_tokens.or(others.max_output_tokens),
            seed: self.seed.or(others.seed),
            effort: self.effort.or(others.effort),
        }
    }

    /// All temperatures with each way of thinking; with one of the lists empty, the other one as it is.
    #[must_use]
    pub fn all(temperatures: &[f64], efforts: &[Effort]) -> Vec<Self> {
        let temperatures = || temperatures.iter().copied().map(Some).chain(temperatures.is_empty().then_some(None));
        let efforts = || efforts.iter().copied().map(Some).chain(efforts.is_empty().then_some(None));
        let all = temperatures().flat_map(|temperature| efforts().map(move |effort| Self { temperature, effort, ..Self::default() }));
        all.filter(|parameters| !parameters.is_unset()).collect()
    }

    /// Those that a model takes.
    #[must_use]
    pub fn taken(self, takes: &Takes) -> Self {
        Self {
            temperature: self.temperature.filter(|_| takes.temperature),
            top_p: self.top_p.filter(|_| takes.top_p),
            max_output_tokens: self.max_output_tokens.filter(|_| takes.max_output_tokens),
            seed: self.seed.filter(|_| takes.seed),
            effort: self.effort.filter(|effort| takes.efforts.contains(effort)),
        }
    }

    /// What is set, each with its value: `temperature 0.2`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let said = [
            self.temperature.map(|value| format!("temperature {value}")),
            self.top_p.map(|value| format!("top p {value}")),
            self.max_output_tokens.map(|value| format!("longest answer {value} tokens")),
            self.seed.map(|value| format!("seed {value}")),
            self.effort.map(|value| format!("thinking {}", value.label())),
        ];
        said.into_iter().flatten().collect()
    }

    /// The fields that are out of range: name and what may stand there.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let within = |value: Option<f64>, (least, most): (f64, f64)| value.is_none_or(|value| (least..=most).contains(&value));
        let mut problems = Vec::new();
        if !within(self.temperature, TEMPERATURE) {
            problems.push(("temperature", format!("Temperature goes from {} to {}", TEMPERATURE.0, TEMPERATURE.1)));
        }
        if !within(self.top_p, TOP_P) {
            problems.push(("top_p", format!("Top p goes from {} to {}", TOP_P.0, TOP_P.1)));
        }
        if !within(self.max_output_tokens.map(f64::from), (f64::from(OUTPUT_TOKENS.0), f64::from(OUTPUT_TOKENS.1))) {
            problems.push(("max_output_tokens", format!("Longest answer goes from {} to {} tokens", OUTPUT_TOKENS.0, OUTPUT_TOKENS.1)));
        }
        if self.seed.is_some_and(|seed| seed > SEED_MOST) {
            problems.push(("seed", format!("Seed goes from 0 to {SEED_MOST}")));
        }
        problems
    }
}

/// How much a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    Off,
    Minimal,
    Low,
    Medium,
    High,
}

impl Effort {
    pub const ALL: [Self; 5] = [Self::Off, Self::Minimal, Self::Low, Self::Medium, Self::High];

    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A variable that the author has added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Lower-case letters, digits and `_`; begins with a letter.
    pub name: String,
    /// What stands for it wherever nothing else is said.
    #[serde(default)]
    pub value: String,
}

/// Why a variable can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableProblem {
    /// Which one.
    pub index: usize,
    /// Whether it is its value that is wrong rather than its name.
    pub in_value: bool,
    pub message: String,
}

/// What is wrong with the author's variables.
#[must_use]
pub fn variable_problems(variables: &[Variable]) -> Vec<VariableProblem> {
    let mut problems = Vec::new();
    for (index, variable) in variables.iter().enumerate() {
        if index >= VARIABLES_MOST {
            let message = format!("A prompt has at most {VARIABLES_MOST} variables; take some out");
            problems.push(VariableProblem { index, in_value: false, message });
            break;
        }
        let name = variable.name.as_str();
        let message = name_problem(name).or_else(|| {
            let is_taken = variables[..index].iter().any(|earlier| earlier.name == name);
            is_taken.then(|| format!("There is a variable '{name}' already; choose another name"))
        });
        problems.extend(message.map(|message| VariableProblem { index, in_value: false, message }));
        if variable.value.len() > VARIABLE_VALUE_MOST {
            let message = format!("The value of '{name}' has {} bytes; at most {VARIABLE_VALUE_MOST} are kept. Shorten it", variable.value.len());
            problems.push(VariableProblem { index, in_value: true, message });
        }
    }
    problems
}

fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("Give the variable a name".to_owned());
    }
    if name.chars().count() > VARIABLE_NAME_MOST {
        return Some(format!("A variable's name has at most {VARIABLE_NAME_MOST} characters"));
    }
    if TEMPLATE_VARIABLES.contains(&name) {
        return Some(format!("'{name}' is filled in from the photo and can't be given a value; choose another name"));
    }
    if RESERVED.contains(&name) {
        return Some(format!("'{name}' means something in a template; choose another name"));
    }
    let is_sound = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    (!is_sound).then(|| format!("'{name}' is no name: it begins with a letter and has lower-case letters, digits and _ only"))
}

/// What a model takes of a prompt's parts; what it does not take is left out of the request and said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of a prompt, taken or not")]
pub struct Takes {
    pub system: bool,
    pub schema: bool,
    pub temperature: bool,
    pub top_p: bool,
    pub max_output_tokens: bool,
    pub seed: bool,
    /// How much it can be told to think, least first; empty: it can't be told.
    pub efforts: Vec<Effort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Variable> {
        names.iter().map(|name| Variable { name: (*name).to_owned(), value: String::new() }).collect()
    }

    #[test]
    fn names_that_templates_can_use_are_taken_and_others_are_explained() {
        assert_eq!(variable_problems(&named(&["subject", "tag_count", "x2"])), []);
        for (name, words) in [
            ("", "a name"),
            ("file_name", "filled in from the photo"),
            ("loop", "means something"),
            ("Größe", "lower-case"),
            ("2x", "begins with a letter"),
            ("two words", "no name"),
            (&"x".repeat(41), "at most 40"),
        ] {
            let problems = variable_problems(&named(&[name]));
            assert!(problems.len() == 1 && problems[0].message.contains(words), "{name}: {problems:?}");
        }
        let twice = variable_problems(&named(&["a", "b", "a"]));
        assert_eq!((twice.len(), twice[0].index), (1, 2));
        let long = variable_problems(&[Variable { name: "a".to_owned(), value: "x".repeat(VARIABLE_VALUE_MOST + 1) }]);
        assert!(long[0].in_value, "{long:?}");
        let many: Vec<String> = (0..60).map(|n| format!("v{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(variable_problems(&named(&many)).len(), 1);
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        assert!(Parameters::default().problems().is_empty());
        let ends = Parameters { temperature: Some(2.0), top_p: Some(0.01), max_output_tokens: Some(65_536), seed: Some(SEED_MOST), effort: None };
        assert!(ends.problems().is_empty());
        let beyond =
            Parameters { temperature: Some(2.1), top_p: Some(0.0), max_output_tokens: Some(1), seed: Some(SEED_MOST + 1), effort: Some(Effort::Off) };
        let names: Vec<&str> = beyond.problems().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["temperature", "top_p", "max_output_tokens", "seed"]);
        assert_eq!(Parameters { temperature: Some(f64::NAN), ..Parameters::default() }.problems().len(), 1);
    }

    #[test]
    fn what_is_left_out_is_not_written_and_reads_as_unset() {
        assert_eq!(serde_json::to_string(&PromptParts::default()).expect("writes"), "{}");
        let read: PromptParts = serde_json::from_str(r#"{"parameters":{"effort":"low"}}"#).expect("reads");
        assert_eq!(read.parameters.effort, Some(Effort::Low));
        assert!(!read.is_plain());
    }
}
