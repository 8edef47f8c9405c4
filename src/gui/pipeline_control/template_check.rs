//! What can be told of a prompt's text without a photo: its size, the variables it uses, and whether it can be filled in.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, TryRecvError};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::gui::widgets::prompt_editor::highlight::uses;
use crate::wire::prompt::TEMPLATE_VARIABLES;
use crate::wire::prompt_parts::Variable;
use crate::wire::template_depth::too_deep;
use crate::wire::unclosed::unclosed;

/// Steps that the trial filling may take.
const FUEL: u64 = 100_000;
/// Bytes that it may give.
const RENDERED_MOST: usize = 1_000_000;

/// A text's figures and faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub letters: usize,
    pub lines: usize,
    /// A quarter of the letters: what most tokenisers make of English, roughly.
    pub about_tokens: usize,
    /// Names that the text uses, sorted.
    pub used: Vec<String>,
    /// Those among them that nothing gives a value, in the order in which the text uses them.
    pub unknown: Vec<String>,
    /// Line, from 1, and what is wrong there.
    pub trouble: Option<(u32, String)>,
}

/// Looks at a text. `own`: the author's variables.
#[must_use]
pub fn check(text: &str, own: &[Variable]) -> Facts {
    let letters = text.chars().count();
    let mut facts = Facts { letters, lines: text.matches('\n').count() + 1, about_tokens: letters.div_ceil(4), ..Facts::default() };
    if let Some((line, why)) = too_deep(text) {
        facts.trouble = Some((line as u32, why));
        return facts;
    }
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let filled = environment.template_from_str(text).and_then(|template| {
        facts.used = template.undeclared_variables(false).into_iter().collect();
        facts.used.sort_unstable();
        facts.unknown = unknown_in_order(text, &facts.used, own);
        let mut values: BTreeMap<&str, Value> = own.iter().map(|own| (own.name.as_str(), Value::from(own.value.as_str()))).collect();
        values.extend([("file_name", Value::from("photo.jpg")), ("width", Value::from(4_000)), ("height", Value::from(3_000))]);
        template.render_captured_to(Value::from_pairs(values), Bounded(0)).map(drop)
    });
    facts.trouble = filled.err().map(|error| match unclosed(text, error.line()).filter(|_| error.kind() == ErrorKind::SyntaxError) {
        Some((line, braces)) => (line as u32, format!("“{braces}” is never closed")),
        None => {
            // The engine stops at the first one that it comes to; a person reads from the top.
            let first = facts.unknown.first().filter(|_| error.kind() == ErrorKind::UndefinedError);
            let line = first.and_then(|name| line_of(text, name)).unwrap_or_else(|| error.line().unwrap_or(1));
            (line as u32, in_words(&error, &facts.unknown, own))
        }
    });
    facts
}

/// Names without a value, in the order in which the text uses them.
fn unknown_in_order(text: &str, used: &[String], own: &[Variable]) -> Vec<String> {
    let mut unknown: Vec<String> = used.iter().filter(|name| !is_known(name, own)).cloned().collect();
    unknown.sort_by_cached_key(|name| uses(text, name).first().map_or(usize::MAX, |range| range.start));
    unknown
}

/// The line, from 1, on which a name is used first.
fn line_of(text: &str, name: &str) -> Option<usize> {
    uses(text, name).first().map(|range| text[..range.start].matches('\n').count() + 1)
}

fn is_known(name: &str, own: &[Variable]) -> bool {
    TEMPLATE_VARIABLES.contains(&name) || own.iter().any(|own| own.name == name)
}

/// Counts what is written and keeps nothing of it.
struct Bounded(usize);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > RENDERED_MOST { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn in_words(error: &minijinja::Error, unknown: &[String], own: &[Variable]) -> String {
    let known: Vec<&str> = TEMPLATE_VARIABLES.into_iter().chain(own.iter().map(|own| own.name.as_str())).collect();
    match (error.kind(), unknown) {
        (ErrorKind::UndefinedError, [first, ..]) => {
            format!("Nothing gives {{{{ {first} }}}} a value; known are {}", known.join(", "))
        }
        (ErrorKind::WriteFailure, _) => "The filled-in text is longer than any model takes".to_owned(),
        (ErrorKind::OutOfFuel, _) => "This takes too many steps to fill in, or makes a text that grows beyond 6 MB".to_owned(),
        _ => {
            let words = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// Texts up to this size are looked at at once; it takes less than a millisecond.
const SHORT: usize = 8 << 10;

/// The facts of the text that was looked at last; looked at again only when the text is another. A long text is looked at beside the
/// frame: until that is done, the facts are those of the text before.
#[derive(Debug, Default)]
pub struct CheckedText {
    last: Option<(u64, Facts)>,
    pending: Option<(u64, Receiver<Facts>)>,
}

impl CheckedText {
    pub fn facts(&mut self, text: &str, own: &[Variable], egui: &egui::Context) -> &Facts {
        let key = egui::util::hash((text, own.iter().map(|own| (&own.name, &own.value)).collect::<Vec<_>>()));
        if let Some((made, found)) = &self.pending {
            match found.try_recv() {
                Ok(facts) => {
                    self.last = Some((*made, facts));
                    self.pending = None;
                }
                Err(TryRecvError::Disconnected) => self.pending = None,
                Err(TryRecvError::Empty) => {}
            }
        }
        let is_known = self.last.as_ref().is_some_and(|(made, _)| *made == key);
        if !is_known && text.len() <= SHORT {
            (self.last, self.pending) = (None, None);
        } else if !is_known && self.pending.is_none() {
            self.begin(key, text, own, egui);
        }
        let waits = self.pending.is_some();
        &self.last.get_or_insert_with(|| if waits { (0, Facts::default()) } else { (key, check(text, own)) }).1
    }

    fn begin(&mut self, key: u64, text: &str, own: &[Variable], egui: &egui::Context) {
        let (answer, found) = mpsc::channel();
        let (text, own, egui) = (text.to_owned(), own.to_vec(), egui.clone());
        let work = move || {
            // Nobody waits any more where the send fails.
            let _ = answer.send(check(&text, &own));
            egui.request_repaint();
        };
        if std::thread::Builder::new().name("template check".to_owned()).spawn(work).is_ok() {
            self.pending = Some((key, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_prompt_has_figures_and_no_trouble() {
        let facts = check("Name {{ file_name }}\n{% if width > height %}wide{% endif %}\n{\"tags\": [{\"name\": \"a\"}]}", &[]);
        assert_eq!((facts.lines, facts.trouble), (3, None));
        assert_eq!(facts.used, ["file_name", "height", "width"]);
        assert!(facts.unknown.is_empty());
    }

    #[test]
    fn braces_that_are_never_closed_are_told_where_they_open() {
        let facts = check(&format!("{}{{{{broken\nand text\n", "\n".repeat(10)), &[]);
        assert_eq!(facts.trouble, Some((11, "“{{” is never closed".to_owned())));
    }

    #[test]
    fn an_unknown_variable_is_named_with_its_line() {
        let facts = check("a\n{{ colour }}", &[]);
        assert_eq!(facts.unknown, ["colour"]);
        assert_eq!(facts.trouble, Some((2, "Nothing gives {{ colour }} a value; known are file_name, width, height".to_owned())));
    }

    #[test]
    fn of_several_unknown_variables_the_first_in_the_text_is_told_with_its_line() {
        let facts = check("zebra\n\n{{ zebra }}\n{{ apple }}", &[]);
        assert_eq!(facts.unknown, ["zebra", "apple"]);
        let (line, why) = facts.trouble.expect("trouble");
        assert!(line == 3 && why.starts_with("Nothing gives {{ zebra }} a value"), "{line}: {why}");
        // One that the engine does not come to stands before one that it does.
        let facts = check("{% if width > 9999 %}{{ early }}{% endif %}\n{{ late }}", &[]);
        let (line, why) = facts.trouble.expect("trouble");
        assert!(line == 1 && why.contains("{{ early }}"), "{line}: {why}");
        // As an attribute it is no use of the variable.
        let facts = check("{{ file_name }}\n{{ zebra }}\n{{ apple.zebra }}", &[]);
        assert_eq!((facts.unknown.as_slice(), facts.trouble.map(|(line, _)| line)), (&["zebra".to_owned(), "apple".to_owned()][..], Some(2)));
    }

    #[test]
    fn a_text_that_doubles_itself_is_stopped_and_said_where() {
        let facts = check(&format!("Fine\n{{% set x = file_name %}}{}", "{% set x = x ~ x %}".repeat(60)), &[]);
        let (line, why) = facts.trouble.expect("trouble");
        assert!(line == 2 && why.contains("grows beyond 6 MB"), "{line}: {why}");
    }

    #[test]
    fn a_text_that_would_take_the_program_into_the_deep_is_said_where() {
        let facts = check(&format!("Fine\n{{{{ width{} }}}}", "+1".repeat(60_000)), &[]);
        let (line, why) = facts.trouble.expect("trouble");
        assert!(line == 2 && why.starts_with("This goes too deep"), "{line}: {why}");
    }

    #[test]
    fn a_variable_that_the_template_sets_itself_is_not_unknown() {
        assert_eq!(check("{% for x in [1, 2] %}{{ x }}{% endfor %}", &[]), Facts { letters: 40, lines: 1, about_tokens: 10, ..Facts::default() });
    }

    #[test]
    fn a_long_text_is_looked_at_beside_the_frame_and_a_short_one_at_once() {
        let egui = egui::Context::default();
        let mut checked = CheckedText::default();
        assert_eq!(checked.facts("{{ width }}", &[], &egui).used, ["width"]);
        let long = "a line of text\n".repeat(1_000) + "{{ height }}";
        assert_eq!(checked.facts(&long, &[], &egui).used, ["width"], "still those of the text before");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while checked.facts(&long, &[], &egui).used != ["height"] {
            assert!(std::time::Instant::now() < deadline);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(checked.facts("", &[], &egui).used, [""; 0]);
    }

    #[test]
    fn broken_syntax_and_unknown_filters_are_told_with_their_line() {
        for (text, line) in [("\n\n{% if width %}", 3), ("{{ width ", 1), ("a\n{{ file_name|shout }}", 2)] {
            let (at, why) = check(text, &[]).trouble.expect("trouble");
            assert_eq!(at, line, "{text}: {why}");
            assert!(why.starts_with(|first: char| first == '“' || first.is_uppercase()), "{why}");
        }
    }
}
