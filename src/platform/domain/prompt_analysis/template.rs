//! The template: what can't be filled in, and names that nothing gives a value.

use std::ops::Range;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::text::{ConstructKind, Text};
use super::{Finding, Severity, Subject, about, at, names, with_fix, with_variable, without_setting};
use crate::platform::domain::prompts;
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_analysis::{PromptPart, Setting};
use crate::wire::prompt_parts::{VARIABLES_MOST, Variable, variable_problems};
use crate::wire::template_depth::too_deep;

/// Steps that the trial filling may take, as many as the real one.
const FUEL: u64 = 100_000;
/// Below this likeness (0–1) a name is another name, not a slip.
const ALIKE: f64 = 0.78;

/// Why a template that can't be filled in is an error.
const UNUSABLE: &str = "The prompt can't be filled in for any photo, so it can't be saved or used";

/// Names that have a value.
fn known<'s>(subject: &'s Subject<'_>) -> Vec<&'s str> {
    TEMPLATE_VARIABLES.into_iter().chain(subject.variables.iter().map(|variable| variable.name.as_str())).collect()
}

/// A text that can't be filled in: broken syntax, unknown filters, loops without end.
pub fn broken(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        if let Some((line, words)) = too_deep(text.raw) {
            let span = text.line(line as u32).unwrap_or(0..text.raw.len());
            found.push(at(text, "template_error", Severity::Error, span, words, UNUSABLE));
            continue;
        }
        let parsed = environment.template_from_str(text.raw);
        let names = parsed.as_ref().map(|template| template.undeclared_variables(false)).unwrap_or_default();
        let given = |name: &str| subject.variables.iter().find(|variable| variable.name == name).map(|variable| Value::from(variable.value.as_str()));
        let value = |name: &String| match name.as_str() {
            "width" => Value::from(4_000),
            "height" => Value::from(3_000),
            "file_name" => Value::from("photo.jpg"),
            other => given(other).unwrap_or_else(|| Value::from("value")),
        };
        // Names without a value are told by themselves: here they get one, so that the rest is looked at.
        let context: std::collections::BTreeMap<&str, Value> =
            names.iter().filter(|name| !is_called(text, name)).map(|name| (name.as_str(), value(name))).collect();
        let Some(error) = parsed.and_then(|template| template.render(context)).err() else { continue };
        // A name that is none is told as that.
        let line = error.line().map(|line| line as u32);
        let is_told = names::invalid(text).iter().any(|(range, _)| Some(text.line_of(range.start)) == line);
        if is_told {
            continue;
        }
        found.push(of_error(text, &error));
    }
}

fn of_error(text: &Text<'_>, error: &minijinja::Error) -> Finding {
    let line = error.line().map_or(1, |line| line as u32);
    let whole_line = text.line(line).unwrap_or(0..text.raw.len());
    let span = error.range().filter(|range| !range.is_empty() && text.raw.get(range.clone()).is_some()).unwrap_or(whole_line);
    let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    let why = UNUSABLE;
    if detail.contains("recursion limit")
        && let Some((span, name)) = endless_macro(text)
    {
        let words = format!("The macro “{name}” calls itself without an end");
        return at(text, "endless_template", Severity::Error, span, words, why);
    }
    match error.kind() {
        ErrorKind::OutOfFuel => {
            let words = "This takes too many steps to fill in: take a loop out, let it run less often, or join fewer texts";
            at(text, "endless_template", Severity::Error, span, words, why)
        }
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest | ErrorKind::UnknownMethod => {
            let words = format!("There are no filters and functions in a prompt ({detail})");
            at(text, "unknown_function", Severity::Error, span, words, why)
        }
        _ => {
            let words = format!("This is no template: {detail}");
            let finding = at(text, "template_error", Severity::Error, span, words, why);
            match open_variable(text) {
                Some((open, name)) => {
                    let replacement = format!("{{{{ {name} }}}}");
                    let finding = Finding { span: Some(open.clone().into()), line: Some(text.line_of(open.start)), ..finding };
                    with_fix(finding, format!("Write {replacement}"), open, replacement)
                }
                None => finding,
            }
        }
    }
}

/// The first macro that is called behind its own beginning, and where its name stands: the engine does not say which it was.
fn endless_macro(text: &Text<'_>) -> Option<(Range<usize>, String)> {
    let statements = text.constructs.iter().filter(|construct| construct.kind == ConstructKind::Statement);
    statements.filter_map(|construct| macro_name(text, &construct.range)).find(|(place, name)| {
        let calls = uses(text, name);
        calls.iter().any(|call| call.start > place.end && text.raw[call.end..].trim_start().starts_with('('))
    })
}

fn macro_name(text: &Text<'_>, statement: &Range<usize>) -> Option<(Range<usize>, String)> {
    let inner = text.slice(statement.clone());
    let rest = inner.strip_prefix("{%")?.trim_start_matches(['-', '+']).trim_start().strip_prefix("macro")?;
    let name = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let length = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(name.len());
    let start = statement.start + (name.as_ptr() as usize - inner.as_ptr() as usize);
    (length > 0).then(|| (start..start + length, name[..length].to_owned()))
}

/// A `{{ name` that its line never closes, or closes with one brace only.
fn open_variable(text: &Text<'_>) -> Option<(Range<usize>, String)> {
    text.lines.iter().find_map(|line| {
        let inner = text.slice(line.clone());
        let open = inner.rfind("{{").filter(|open| !inner[*open..].contains("}}"))?;
        let rest = &inner[open + 2..];
        let blanks = rest.len() - rest.trim_start().len();
        let name = rest.trim_start();
        let length = name.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(name.len());
        let behind = name[length..].len() - name[length..].trim_start().len();
        let brace = usize::from(name[length..].trim_start().starts_with('}'));
        let end = open + 2 + blanks + length + if brace > 0 { behind + brace } else { 0 };
        (length > 0).then(|| (line.start + open..line.start + end, name[..length].to_owned()))
    })
}

/// Where a name stands.
type Places<'a, 't> = Vec<(&'a Text<'t>, Range<usize>)>;

/// Names that nothing gives a value. A slip is told wherever it stands, since each is mended by itself; a name that is missing
/// is told once for all its places, since adding it mends them all.
pub fn unknown_variables(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let known = known(subject);
    let why = format!("Nothing gives it a value, so no photo can be asked about; known are {}", known.join(", "));
    let mut missing: Vec<(String, Places<'_, '_>)> = Vec::new();
    // The user text first: there a person looks first.
    for text in subject.texts().into_iter().rev() {
        for (name, ranges) in unknown_names(text, &known) {
            if let Some(meant) = alike(&name, &known) {
                for range in ranges {
                    let words = format!("“{name}” is no variable; did you mean “{meant}”?");
                    let finding = at(text, "unknown_variable", Severity::Error, range.clone(), words, why.clone());
                    found.push(with_fix(finding, format!("Write “{meant}”"), range, meant));
                }
                continue;
            }
            let places = ranges.into_iter().map(|range| (text, range));
            match missing.iter_mut().find(|(other, _)| *other == name) {
                Some((_, all)) => all.extend(places),
                None => missing.push((name, places.collect())),
            }
        }
    }
    for (name, places) in missing {
        let Some((text, range)) = places.first().cloned() else { continue };
        let many = if places.len() > 1 { format!(" (used in {} places)", places.len()) } else { String::new() };
        let words = format!("“{name}” is no variable{many}");
        let finding = at(text, "unknown_variable", Severity::Error, range, words, why.clone());
        let added = [Variable { name: name.clone(), value: String::new() }];
        let can_be_added = variable_problems(&added).is_empty() && subject.variables.len() < VARIABLES_MOST;
        found.push(if can_be_added { with_variable(finding, name) } else { finding });
    }
}

/// The names of a text that have no value, in the order of the alphabet, and where each stands.
fn unknown_names(text: &Text<'_>, known: &[&str]) -> Vec<(String, Vec<Range<usize>>)> {
    let environment = Environment::empty();
    let Ok(template) = prompts::read_template(&environment, text.raw) else { return Vec::new() };
    let is_unknown = |name: &String| !known.contains(&name.as_str()) && !is_called(text, name);
    let mut names: Vec<String> = template.undeclared_variables(false).into_iter().filter(is_unknown).collect();
    names.sort_unstable();
    let invalid = names::invalid(text);
    let is_told = |range: &Range<usize>| invalid.iter().any(|(whole, _)| whole.start <= range.start && range.end <= whole.end);
    let places = |name: &String| uses(text, name).into_iter().filter(|range| !is_told(range)).collect();
    names.into_iter().map(|name| (name.clone(), places(&name))).collect()
}

/// Variables without a value that a text writes out: the model reads a gap there.
pub fn empty_variables(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (index, variable) in subject.variables.iter().enumerate().filter(|(_, variable)| variable.value.trim().is_empty()) {
        let name = &variable.name;
        let is_written = |text: &&Text<'_>| {
            let is_shown = |range: &Range<usize>| {
                let around = |place: &Range<usize>| place.start <= range.start && range.end <= place.end;
                text.constructs.iter().any(|construct| construct.kind == ConstructKind::Variable && around(&construct.range))
            };
            !name.is_empty() && uses(text, name).iter().any(is_shown)
        };
        if !subject.texts().iter().any(is_written) {
            continue;
        }
        let words = format!("The variable “{name}” has no value");
        let why = format!("Where the text says {{{{ {name} }}}} the model reads nothing; give it a value, or take it out of the text");
        let finding = about(PromptPart::Settings, "empty_variable", Severity::Warning, words, why);
        found.push(Finding { line: Some(index as u32 + 1), setting: Some(Setting::Variable(name.clone())), ..finding });
    }
}

/// Where a name stands in variables and statements; as an attribute (`photo.name`) it is another thing.
fn uses(text: &Text<'_>, name: &str) -> Vec<Range<usize>> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let constructs = text.constructs.iter().filter(|construct| construct.kind != ConstructKind::Comment);
    let uses = constructs.flat_map(|construct| {
        let inner = text.slice(construct.range.clone());
        let bytes = inner.as_bytes();
        inner.match_indices(name).filter_map(move |(start, _)| {
            let end = start + name.len();
            let before = start.checked_sub(1).and_then(|at| bytes.get(at));
            let is_whole = !is_word(before) && !is_word(bytes.get(end)) && before != Some(&b'.') && !matches!(before, Some(b'"' | b'\''));
            is_whole.then(|| construct.range.start + start..construct.range.start + end)
        })
    });
    uses.collect()
}

/// Whether a name is called as a function, which is another fault.
fn is_called(text: &Text<'_>, name: &str) -> bool {
    uses(text, name).iter().any(|range| text.raw[range.end..].trim_start().starts_with('('))
}

/// The known name that a person meant, where one is near enough.
fn alike<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    // `fileName`, `filename` and `image_width` are those names, written in another way.
    let same = |known: &&&str| {
        plain(known) == plain(name) || plain(name) == format!("image{}", plain(known)) || plain(name) == format!("photo{}", plain(known))
    };
    if let Some(same) = known.iter().find(same) {
        return Some(same);
    }
    let likeness = |known: &str| {
        strsim::normalized_damerau_levenshtein(&plain(known), &plain(name)).max(if strsim::damerau_levenshtein(known, name) <= 1 { 0.9 } else { 0.0 })
    };
    let best = known.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (name.len() > 2 && likeness(best) >= ALIKE).then_some(best)
}

/// `{file_name}` where `{{ file_name }}` is meant.
pub fn single_braces(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let known = known(subject);
    for text in subject.texts() {
        for name in &known {
            let braced = format!("{{{name}}}");
            for (start, _) in text.raw.match_indices(&braced) {
                let range = start..start + braced.len();
                let is_inside = text.constructs.iter().any(|construct| construct.range.start <= start && range.end <= construct.range.end);
                if is_inside || text.raw[..start].ends_with('{') || text.raw[range.end..].starts_with('}') {
                    continue;
                }
                let replacement = format!("{{{{ {name} }}}}");
                let words = format!("{braced} is sent as it stands: a variable has two braces");
                let why = "The model reads the braces and the name, not the photo's own value";
                let finding = at(text, "single_braces", Severity::Warning, range.clone(), words, why);
                found.push(with_fix(finding, format!("Write {replacement}"), range, replacement));
            }
        }
    }
}

/// Variables that the author added and no text uses.
pub fn unused_variables(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let environment = Environment::empty();
    let mut used = std::collections::HashSet::new();
    for text in subject.texts() {
        // What can't be read may use any of them.
        let Ok(template) = prompts::read_template(&environment, text.raw) else { return };
        used.extend(template.undeclared_variables(false));
    }
    let problems = variable_problems(subject.variables);
    let sound = subject.variables.iter().enumerate().filter(|(at, _)| problems.iter().all(|problem| problem.index != *at));
    for name in sound.map(|(_, variable)| &variable.name).filter(|name| !used.contains(*name)) {
        let words = format!("The variable “{name}” is defined and never used");
        let why = "Its value reaches no model; use it in the text, or take it out of the settings";
        let setting = Setting::Variable(name.clone());
        found.push(without_setting(
            about(PromptPart::Settings, "unused_variable", Severity::Hint, words, why),
            format!("Take “{name}” out"),
            setting,
        ));
    }
}
