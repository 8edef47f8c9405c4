//! What can be told of a prompt's text without a photo: its size, the variables it uses, and whether it can be filled in.

use minijinja::{Environment, ErrorKind, UndefinedBehavior, context};

use crate::wire::prompt::TEMPLATE_VARIABLES;

/// Steps that the trial filling may take.
const FUEL: u64 = 100_000;

/// A text's figures and faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub letters: usize,
    pub lines: usize,
    /// A quarter of the letters: what most tokenisers make of English, roughly.
    pub about_tokens: usize,
    /// Names that the text uses, sorted.
    pub used: Vec<String>,
    /// Those among them that nothing gives a value.
    pub unknown: Vec<String>,
    /// Line, from 1, and what is wrong there.
    pub trouble: Option<(u32, String)>,
}

/// Looks at a text.
#[must_use]
pub fn check(text: &str) -> Facts {
    let letters = text.chars().count();
    let mut facts = Facts { letters, lines: text.matches('\n').count() + 1, about_tokens: letters.div_ceil(4), ..Facts::default() };
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let filled = environment.template_from_str(text).and_then(|template| {
        facts.used = template.undeclared_variables(false).into_iter().collect();
        facts.used.sort_unstable();
        facts.unknown = facts.used.iter().filter(|name| !TEMPLATE_VARIABLES.contains(&name.as_str())).cloned().collect();
        template.render(context! { file_name => "photo.jpg", width => 4000, height => 3000 })
    });
    facts.trouble = filled.err().map(|error| (error.line().unwrap_or(1) as u32, in_words(&error, &facts.unknown)));
    facts
}

fn in_words(error: &minijinja::Error, unknown: &[String]) -> String {
    match (error.kind(), unknown) {
        (ErrorKind::UndefinedError, [first, ..]) => {
            format!("Nothing gives {{{{ {first} }}}} a value; known are {}", TEMPLATE_VARIABLES.join(", "))
        }
        (ErrorKind::OutOfFuel, _) => "This takes too many steps to fill in".to_owned(),
        _ => {
            let words = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// The facts of the text that was looked at last; looked at again only when the text is another.
#[derive(Debug, Default)]
pub struct CheckedText {
    last: Option<(u64, Facts)>,
}

impl CheckedText {
    pub fn facts(&mut self, text: &str) -> &Facts {
        let key = egui::util::hash(text);
        if self.last.as_ref().is_some_and(|(made, _)| *made != key) {
            self.last = None;
        }
        &self.last.get_or_insert_with(|| (key, check(text))).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_prompt_has_figures_and_no_trouble() {
        let facts = check("Name {{ file_name }}\n{% if width > height %}wide{% endif %}\n{\"tags\": [{\"name\": \"a\"}]}");
        assert_eq!((facts.lines, facts.trouble), (3, None));
        assert_eq!(facts.used, ["file_name", "height", "width"]);
        assert!(facts.unknown.is_empty());
    }

    #[test]
    fn an_unknown_variable_is_named_with_its_line() {
        let facts = check("a\n{{ colour }}");
        assert_eq!(facts.unknown, ["colour"]);
        assert_eq!(facts.trouble, Some((2, "Nothing gives {{ colour }} a value; known are file_name, width, height".to_owned())));
    }

    #[test]
    fn a_variable_that_the_template_sets_itself_is_not_unknown() {
        assert_eq!(check("{% for x in [1, 2] %}{{ x }}{% endfor %}"), Facts { letters: 40, lines: 1, about_tokens: 10, ..Facts::default() });
    }

    #[test]
    fn broken_syntax_and_unknown_filters_are_told_with_their_line() {
        for (text, line) in [("\n\n{% if width %}", 3), ("{{ width ", 1), ("a\n{{ file_name|shout }}", 2)] {
            let (at, why) = check(text).trouble.expect("trouble");
            assert_eq!(at, line, "{text}: {why}");
            assert!(why.starts_with(|first: char| first.is_uppercase()), "{why}");
        }
    }
}
