//! What can be put in at the cursor, inside of `{{` or `{%`: names of variables, and statements of the template language with what
//! closes them.

use std::ops::Range;

use super::highlight::{self, Kind};

/// A variable that a prompt may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Variable {
    pub name: String,
    /// What it is, in a few words.
    pub about: String,
}

/// One thing to put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub label: String,
    pub about: String,
    /// In bytes: what it takes the place of.
    pub range: Range<usize>,
    pub inserted: String,
    /// Letters of what was put in, before the cursor.
    pub cursor: usize,
}

/// A statement: its name, what it is for, and what is put in, with the cursor at `|`.
struct Statement {
    name: &'static str,
    about: &'static str,
    inserted: &'static str,
}

const fn statement(name: &'static str, about: &'static str, inserted: &'static str) -> Statement {
    Statement { name, about, inserted }
}

const BEGINNINGS: [Statement; 4] = [
    statement("if", "Only when something is so, up to endif", "if | %}{% endif %}"),
    statement("for", "Once for each of several, up to endfor", "for item in | %}{{ item }}{% endfor %}"),
    statement("set", "Gives a name to something", "set name = | %}"),
    statement("raw", "Takes everything as it is, up to endraw", "raw %}|{% endraw %}"),
];
const IN_IF: [Statement; 3] = [
    statement("endif", "Ends the if", "endif %}|"),
    statement("else", "When it is not so", "else %}|"),
    statement("elif", "When something else is so", "elif | %}"),
];
const IN_FOR: [Statement; 2] = [statement("endfor", "Ends the for", "endfor %}|"), statement("else", "When there are none", "else %}|")];

/// What fits at a cursor, the best first; nothing outside of a template construct.
#[must_use]
pub fn offers(text: &str, cursor: usize, variables: &[Variable]) -> Vec<Offer> {
    let Some(before) = text.get(..cursor) else { return Vec::new() };
    let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
    let Some(open) = line.rfind('{').and_then(|at| at.checked_sub(1)).filter(|at| line.as_bytes()[*at] == b'{').or_else(|| line.rfind("{%")) else {
        return Vec::new();
    };
    let (mark, inner) = line[open..].split_at(2);
    let close = if mark == "{%" { "%}" } else { "}}" };
    let is_in_quotes = inner.matches('"').count() % 2 == 1 || inner.matches('\'').count() % 2 == 1;
    if inner.contains(close) || is_in_quotes {
        return Vec::new();
    }
    let written = inner.rfind(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map_or(inner, |at| {
        let sign = inner[at..].chars().next().map_or(1, char::len_utf8);
        &inner[at + sign..]
    });
    let range = cursor - written.len()..cursor;
    let lead = inner[..inner.len() - written.len()].trim_end();
    if lead.ends_with('.') || lead.ends_with('|') || written.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Vec::new();
    }
    let is_closed = text[cursor..].trim_start_matches([' ', '-', '+']).starts_with(close);
    let space = if inner.len() == written.len() { " " } else { "" };
    let is_first = lead.trim_matches(['-', '+']).is_empty();
    if mark == "{%" && is_first {
        return statements(before, written, range, space, is_closed);
    }
    let end = if mark == "{%" || is_closed { "" } else { " }}" };
    let used = names_used(text, cursor, &before[..before.len() - line.len() + open], variables);
    let offer = |variable: &Variable| {
        let inserted = format!("{space}{}{end}", variable.name);
        Offer { label: variable.name.clone(), about: variable.about.clone(), range: range.clone(), cursor: inserted.chars().count(), inserted }
    };
    ranked(variables.iter().chain(&used).map(offer).collect(), written)
}

/// Words of the template's own language.
const KEYWORDS: [&str; 31] = [
    "and", "block", "break", "call", "continue", "do", "elif", "else", "endblock", "endfor", "endif", "endraw", "endset", "extends", "false",
    "filter", "for", "from", "if", "import", "in", "include", "is", "loop", "macro", "none", "not", "or", "raw", "set", "true",
];

/// Names that the text uses elsewhere and nobody has declared, in the order of the text. `above`: all before the construct in
/// which the cursor is.
fn names_used(text: &str, cursor: usize, above: &str, declared: &[Variable]) -> Vec<Variable> {
    // The construct at the cursor may swallow what follows it on other lines, while it is not closed.
    let below = text[cursor..].find('\n').map_or("", |newline| &text[cursor + newline..]);
    let mut found: Vec<Variable> = Vec::new();
    for part in [above, below] {
        for construct in highlight::constructs(part).iter().filter(|construct| matches!(construct.kind, Kind::Variable | Kind::Statement)) {
            let inner = &part[construct.range.start + 2..construct.range.end - 2];
            for (name, is_set) in names_in(inner) {
                if declared.iter().chain(&found).all(|known| known.name != name) {
                    let about = if is_set { "Set in this text" } else { "Used in this text, has no value yet" };
                    found.push(Variable { name: name.to_owned(), about: about.to_owned() });
                }
            }
        }
    }
    found
}

/// The names in a construct, each with whether it is given its value there.
fn names_in(inner: &str) -> Vec<(&str, bool)> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let first = inner.trim_start_matches(['-', '+', ' ']).split(|letter: char| !is_part(letter)).next();
    let mut sets = matches!(first, Some("set" | "for"));
    let mut names = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(letter) = inner[at..].chars().next() {
        let start = at;
        at += letter.len_utf8();
        if quote.is_some() || matches!(letter, '"' | '\'') {
            quote = if quote == Some(letter) { None } else { quote.or(Some(letter)) };
            continue;
        }
        sets &= letter != '=';
        if !is_part(letter) {
            continue;
        }
        at = inner[start..].find(|letter: char| !is_part(letter)).map_or(inner.len(), |length| start + length);
        let name = &inner[start..at];
        sets &= name != "in";
        let before = inner[..start].trim_end();
        // Attributes, filters, tests, calls and names of arguments are no variables.
        let is_other = before.ends_with(['.', '|']) || before.ends_with(" is") || before.ends_with(" is not") || inner[at..].starts_with('(');
        if !is_other && !letter.is_ascii_digit() && !KEYWORDS.contains(&name) {
            names.push((name, sets));
        }
    }
    names
}

fn statements(before: &str, written: &str, range: Range<usize>, space: &str, is_closed: bool) -> Vec<Offer> {
    let open = open_blocks(before);
    let inner: &[Statement] = match open.last().map(String::as_str) {
        Some("if") => &IN_IF,
        Some("for") => &IN_FOR,
        _ => &[],
    };
    let offer = |statement: &Statement| {
        // Where the statement is closed already, only its own part is put in.
        let whole = statement.inserted;
        let whole = if is_closed { whole.split(" %}").next().unwrap_or(whole).trim_end_matches("%}").trim_end() } else { whole };
        let cursor = whole.find('|').unwrap_or(whole.len());
        let inserted = format!("{space}{}", whole.replacen('|', "", 1));
        Offer {
            label: statement.name.to_owned(),
            about: statement.about.to_owned(),
            range: range.clone(),
            cursor: space.len() + cursor,
            inserted: if is_closed { inserted.trim_end().to_owned() + " " } else { inserted },
        }
    };
    let mut offers = ranked(inner.iter().chain(&BEGINNINGS).map(offer).collect(), written);
    for offer in &mut offers {
        offer.cursor = offer.cursor.min(offer.inserted.chars().count());
    }
    offers
}

/// The blocks that are begun and not ended, the innermost last.
fn open_blocks(before: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for construct in highlight::constructs(before).iter().filter(|construct| construct.kind == Kind::Statement) {
        let inner = before[construct.range.start + 2..construct.range.end - 2].trim_matches(['-', '+', ' ']);
        match inner.split_whitespace().next() {
            Some(word @ ("if" | "for")) => open.push(word.to_owned()),
            Some("endif") if open.last().is_some_and(|last| last == "if") => drop(open.pop()),
            Some("endfor") if open.last().is_some_and(|last| last == "for") => drop(open.pop()),
            _ => {}
        }
    }
    open
}

/// Those that begin with what is written, then those that hold it; nothing where it is written out already.
fn ranked(offers: Vec<Offer>, written: &str) -> Vec<Offer> {
    let wanted = written.to_lowercase();
    let (first, rest): (Vec<Offer>, Vec<Offer>) = offers.into_iter().partition(|offer| offer.label.to_lowercase().starts_with(&wanted));
    first.into_iter().chain(rest.into_iter().filter(|offer| offer.label.to_lowercase().contains(&wanted))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Vec<Variable> {
        ["file_name", "width", "height"].map(|name| Variable { name: name.to_owned(), about: format!("the {name}") }).to_vec()
    }

    fn at(marked: &str) -> Vec<Offer> {
        let cursor = marked.find('|').expect("a cursor");
        offers(&marked.replacen('|', "", 1), cursor, &variables())
    }

    fn labels(marked: &str) -> Vec<String> {
        at(marked).into_iter().map(|offer| offer.label).collect()
    }

    /// The text after the first offer is taken, with the cursor at `|`.
    fn taken(marked: &str, label: &str) -> String {
        let offer = at(marked).into_iter().find(|offer| offer.label == label).unwrap_or_else(|| panic!("{label} at {marked}"));
        let mut text = marked.replacen('|', "", 1);
        let mut inserted: Vec<char> = offer.inserted.chars().collect();
        inserted.insert(offer.cursor, '|');
        text.replace_range(offer.range, &inserted.into_iter().collect::<String>());
        text
    }

    #[test]
    fn variables_are_offered_inside_of_braces_only() {
        assert_eq!(labels("{{|"), ["file_name", "width", "height"]);
        assert_eq!(labels("a {{ he|"), ["height"]);
        assert_eq!(labels("{{ I|"), ["file_name", "width", "height"]);
        assert_eq!(labels("{% if w|"), ["width"]);
        for none in ["fi|", "{{ a }} w|", "{{ \"w|", "{{ a.w|", "{{ a\nw|", "{{ 1|", "{ w|", "{{ zz|"] {
            assert_eq!(labels(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn names_that_the_text_uses_are_offered_although_nobody_has_declared_them() {
        let about = |marked: &str, label: &str| at(marked).into_iter().find(|offer| offer.label == label).map(|offer| offer.about);
        assert_eq!(labels("{{ season }} and {{ se|"), ["season"]);
        assert_eq!(about("{{ season }} and {{|", "season").as_deref(), Some("Used in this text, has no value yet"));
        assert_eq!(labels("{{ se| and\n{{ season }}"), ["season"], "also further down, though nothing closes this one yet");
        assert_eq!(labels("{{ sea|"), [""; 0], "what is being typed is no name yet");
        assert_eq!(about("{% for bird in birds %}{{ bi|", "bird").as_deref(), Some("Set in this text"));
        assert_eq!(labels("{% for bird in birds %}{{ bi|"), ["bird", "birds"]);
        let text = "{% if photo.season == 'winter' and x is defined and range(3) %}{% endif %}{# remark #}{{ |";
        assert_eq!(labels(text), ["file_name", "width", "height", "photo", "x"]);
    }

    #[test]
    fn a_variable_is_closed_unless_it_is_already() {
        assert_eq!(taken("{{|", "file_name"), "{{ file_name }}|");
        assert_eq!(taken("{{ fi|", "file_name"), "{{ file_name }}|");
        assert_eq!(taken("{{ fi| }}", "file_name"), "{{ file_name| }}");
        assert_eq!(taken("{% if wi| > 3 %}", "width"), "{% if width| > 3 %}");
        assert_eq!(taken("é {{ wi|", "width"), "é {{ width }}|");
    }

    #[test]
    fn statements_bring_what_closes_them() {
        assert_eq!(labels("{%|"), ["if", "for", "set", "raw"]);
        assert_eq!(taken("{%|", "if"), "{% if | %}{% endif %}");
        assert_eq!(taken("{% f|", "for"), "{% for item in | %}{{ item }}{% endfor %}");
        assert_eq!(taken("{%-|", "raw"), "{%-raw %}|{% endraw %}");
        assert_eq!(taken("{% | %}", "if"), "{% if | %}");
    }

    #[test]
    fn in_a_block_its_end_comes_first() {
        assert_eq!(labels("{% if width %}\n{%|")[..3], ["endif", "else", "elif"]);
        assert_eq!(labels("{% if a %}{% for b in c %}{%|")[..2], ["endfor", "else"]);
        assert_eq!(labels("{% if a %}{% endif %}{% end|"), [""; 0]);
        assert_eq!(taken("{% if width %}\n{% en|", "endif"), "{% if width %}\n{% endif %}|");
    }

    proptest::proptest! {
        #[test]
        fn an_offer_always_fits_the_text(text in "[{}%a_ é\n\"|.-]{0,30}", at in 0..40usize) {
            let cursor = text.char_indices().map(|(byte, _)| byte).nth(at).unwrap_or(text.len());
            for offer in offers(&text, cursor, &variables()) {
                proptest::prop_assert!(text.get(offer.range.clone()).is_some() && offer.range.end == cursor);
                proptest::prop_assert!(offer.cursor <= offer.inserted.chars().count());
            }
        }
    }
}
