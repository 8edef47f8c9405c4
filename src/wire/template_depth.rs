//! Templates that go too deep. The engine goes a step deeper for each operator, attribute and `elif`, without an end: a text of
//! nothing else would take the whole program with it, so it is refused before it is read.

use super::unclosed::end_of_expression;

/// Operators, attributes, filters and words such as `not` in one pair of braces.
const LINKS_MOST: usize = 200;
/// Of one `if`, those around it included.
const ELIFS_MOST: usize = 100;
/// Words that are operators.
const WORDS: [&str; 7] = ["and", "or", "not", "is", "in", "if", "else"];

/// What is said of it.
const WHY: &str =
    "This goes too deep to be filled in: up to 200 operators stand in one pair of braces, and up to 100 elif in one if. Split it up with {% set … %}";

/// The line, from 1, on which a template goes too deep, and what is wrong there.
#[must_use]
pub fn too_deep(template: &str) -> Option<(usize, String)> {
    let mut at = 0;
    // The `elif`s of each `if` that is open.
    let mut open: Vec<usize> = Vec::new();
    while let Some(start) = template[at..].find('{').map(|found| at + found) {
        let body = start + 2;
        let close = match template.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let rest = &template[body..];
        let found = if close == "#}" { rest.find(close) } else { end_of_expression(rest, close) };
        // What is never closed is followed to its end by the engine as well.
        let end = found.unwrap_or(rest.len());
        at = body + (end + 2).min(rest.len());
        if close == "#}" {
            continue;
        }
        let inner = rest[..end].trim_matches(['-', '+']).trim();
        let word = inner.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        match word {
            "if" if close == "%}" => open.push(0),
            "endif" if close == "%}" => drop(open.pop()),
            "elif" if close == "%}" => {
                if let Some(elifs) = open.last_mut() {
                    *elifs += 1;
                }
            }
            "raw" if close == "%}" => at += template[at..].find("endraw").unwrap_or(template.len() - at),
            _ => {}
        }
        if links(inner) > LINKS_MOST || open.iter().sum::<usize>() > ELIFS_MOST {
            let line = template[..start].matches('\n').count() + 1;
            let words = if found.is_none() { format!("“{}” is never closed", &template[start..body]) } else { WHY.to_owned() };
            return Some((line, words));
        }
    }
    None
}

/// Steps that an expression takes into the deep.
fn links(expression: &str) -> usize {
    let mut links = 0;
    let (mut quote, mut word, mut before) = (None, String::new(), ' ');
    let mut letters = expression.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), _) => quote = Some(open).filter(|open| *open != letter),
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            // The point of a number.
            (None, '.') if before.is_ascii_digit() && letters.peek().is_some_and(char::is_ascii_digit) => {}
            (None, '.' | '|' | '+' | '-' | '*' | '/' | '~' | '%' | '=' | '<' | '>' | '!') => links += 1,
            // Behind a value they go on with it; by themselves they are looked after by the engine.
            (None, '[' | '(') if before.is_alphanumeric() || matches!(before, '_' | ')' | ']' | '"' | '\'') => links += 1,
            _ => {}
        }
        if !(letter.is_alphanumeric() || letter == '_') || letters.peek().is_none() {
            links += usize::from(WORDS.contains(&word.as_str()));
            word.clear();
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_without_an_end_are_told_with_their_line() {
        let line = |template: &str| too_deep(template).map(|(line, _)| line);
        let deep = |piece: &str, count: usize| format!("One\n{{{{ a{} }}}}", piece.repeat(count));
        for piece in ["+1", ".b", "|upper", " ~ a", "[0]", "(1, 2)", " and a", " if a else a", " is not a"] {
            assert_eq!(line(&deep(piece, 60_000)), Some(2), "{piece}");
            assert_eq!(line(&deep(piece, 40)), None, "{piece}");
        }
        assert_eq!(line(&format!("{{{{ {}a }}}}", "not ".repeat(60_000))), Some(1));
        assert_eq!(too_deep(&format!("{{{{ a{}", ".b".repeat(60_000))), Some((1, "“{{” is never closed".to_owned())));
        assert_eq!(line(&format!("{{% if a %}}{}{{% endif %}}", "\n{% elif b %}".repeat(10_000))), Some(102));
    }

    #[test]
    fn what_is_long_and_not_deep_is_let_be() {
        let list = format!("{{% set words = [{}] %}}", "\"one.two | three\", 0.5, ".repeat(2_000));
        let ifs = "{% if a %}{% elif b %}{% elif c %}{% endif %}".repeat(200);
        for good in
            [list.as_str(), ifs.as_str(), &"{{ a.b|upper }} - ".repeat(2_000), &format!("{{% raw %}}{{{{ a{} }}}}{{% endraw %}}", "+1".repeat(900))]
        {
            assert_eq!(too_deep(good), None, "{}", &good[..60]);
        }
        assert_eq!(links("island in sea.or_not and 'a and b' or -0.5"), 5);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in "[a{}%#|.+\\-'\"\\\\é \nifelno]{0,80}") {
            proptest::prop_assert_eq!(too_deep(&text), None, "so short a text is not deep");
        }
    }
}
