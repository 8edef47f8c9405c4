//! Names that can be none of a variable: where variables are defined, and where a text uses one.

use std::ops::Range;

use super::pattern::Pattern;
use super::text::{ConstructKind, Text};
use super::{Finding, Severity, Subject, about, at, with_fix, with_name};
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_analysis::PromptPart;
use crate::wire::prompt_parts::{VARIABLE_NAME_MOST, VARIABLES_MOST, Variable, variable_problems};

/// Variables of the author's that can't be kept: a name that is none, or that is taken, and values that are too long.
pub fn of_variables(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let why = "The prompt can't be saved with it, and no text can use it";
    for problem in variable_problems(subject.variables) {
        let finding = about(PromptPart::Settings, "invalid_variable", Severity::Error, problem.message, why);
        let finding = Finding { line: Some(problem.index as u32 + 1), ..finding };
        let variable = subject.variables.get(problem.index).filter(|_| !problem.in_value && problem.index < VARIABLES_MOST);
        found.push(match variable {
            Some(variable) => with_name(finding, &variable.name, free_name(&variable.name, subject.variables)),
            None => finding,
        });
    }
}

/// A name that may be kept, as like to this one as can be.
fn free_name(name: &str, variables: &[Variable]) -> String {
    let lean = sound_name(name);
    let is_free = |name: &String| {
        let alone = [Variable { name: name.clone(), value: String::new() }];
        variable_problems(&alone).is_empty() && variables.iter().all(|variable| variable.name != *name)
    };
    let numbered = (2..).map(|number| format!("{lean}{number}"));
    std::iter::once(lean.clone()).chain(numbered).find(is_free).unwrap_or(lean)
}

/// Lower case letters, digits and `_`, a letter first.
fn sound_name(name: &str) -> String {
    let mut sound = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => sound.push(letter),
            'ä' | 'æ' => sound.push_str("ae"),
            'ö' | 'ø' | 'œ' => sound.push_str("oe"),
            'ü' => sound.push_str("ue"),
            'ß' => sound.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' => sound.push('a'),
            'è' | 'é' | 'ê' | 'ë' => sound.push('e'),
            'ì' | 'í' | 'î' | 'ï' => sound.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' => sound.push('o'),
            'ù' | 'ú' | 'û' => sound.push('u'),
            'ç' => sound.push('c'),
            'ñ' => sound.push('n'),
            _ if sound.ends_with('_') => {}
            _ => sound.push('_'),
        }
    }
    let lean = sound.trim_matches('_');
    let begins = lean.starts_with(|first: char| first.is_ascii_lowercase());
    let whole = if begins { lean.to_owned() } else { format!("variable_{lean}").trim_end_matches('_').to_owned() };
    // Room for a number behind it.
    whole.chars().take(VARIABLE_NAME_MOST - 3).collect()
}

/// `{{ my-name }}`, `{{ two words }}`, `{{ 2nd }}`.
static NO_NAME: Pattern = Pattern::new(r"^[\w]+(?:[-\u{20}][\w]+)+$|^[0-9]+[a-z_]\w*$");
/// What makes words an expression.
static EXPRESSION: Pattern = Pattern::new(r"(?:^|\s)(?:and|or|not|in|is|if|else)(?:\s|$)");

/// Where a text uses a name that can be none, and the name.
pub fn invalid(text: &Text<'_>) -> Vec<(Range<usize>, String)> {
    let variables = text.constructs.iter().filter(|construct| construct.kind == ConstructKind::Variable);
    let names = variables.filter_map(|construct| {
        let whole = text.slice(construct.range.clone());
        let inner = whole.strip_prefix("{{")?.strip_suffix("}}")?.trim_matches(['-', '+']).trim();
        let start = construct.range.start + (inner.as_ptr() as usize - whole.as_ptr() as usize);
        let is_none = NO_NAME.is_in(&inner.to_lowercase()) && !EXPRESSION.is_in(&inner.to_lowercase());
        // One figure of the photo less another is an expression.
        let is_difference = inner.split('-').all(|part| TEMPLATE_VARIABLES.contains(&part) || part.parse::<u32>().is_ok());
        (is_none && !is_difference).then(|| (start..start + inner.len(), inner.to_owned()))
    });
    names.collect()
}

/// Names in the texts that can be none: the engine reads them as a difference, or not at all.
pub fn in_texts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        for (range, name) in invalid(text) {
            let meant = sound_name(&name);
            let words = format!("“{name}” is no name of a variable: it begins with a letter and has letters, digits and _ only");
            let why = "Minerva reads it as several names, so nothing gives it a value and the prompt can't be used";
            let finding = at(text, "invalid_name", Severity::Error, range.clone(), words, why);
            found.push(with_fix(finding, format!("Write “{meant}”"), range, meant));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(names: &[&str]) -> Vec<Variable> {
        names.iter().map(|name| Variable { name: (*name).to_owned(), value: String::new() }).collect()
    }

    #[test]
    fn a_name_that_can_be_kept_is_as_like_as_can_be() {
        for (name, taken, expected) in [
            ("Two words", &[][..], "two_words"),
            ("Größe", &[], "groesse"),
            ("2nd", &[], "variable_2nd"),
            ("", &[], "variable"),
            ("width", &[], "width2"),
            ("if", &[], "if2"),
            ("my-tag", &["my_tag", "my_tag2"], "my_tag3"),
            ("日本", &[], "variable"),
        ] {
            assert_eq!(free_name(name, &variables(taken)), expected, "{name}");
        }
        let long = free_name(&"x".repeat(99), &[]);
        assert!(variable_problems(&variables(&[&long])).is_empty(), "{long}");
    }

    #[test]
    fn names_in_a_text_that_can_be_none_are_told_apart_from_expressions() {
        let raw =
            "{{ my-name }} {{two words}} {{- 2nd -}} {{ width-height }} {{ width - 1 }} {{ a or b }} {{ fine }} {{ a.b }} {{ x|upper }} {{ 12 }}";
        let text = Text::read(PromptPart::User, raw);
        let found = invalid(&text);
        assert_eq!(found.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["my-name", "two words", "2nd"]);
        assert!(found.iter().all(|(range, name)| raw[range.clone()] == *name));
    }
}
