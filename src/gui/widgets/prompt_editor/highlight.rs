//! What each piece of a prompt is: Markdown outside, template constructs everywhere.

use std::ops::Range;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    #[default]
    Text,
    Heading,
    Bold,
    Italic,
    /// Inline code, fenced blocks and their fences.
    Code,
    /// List marks, quote marks, rules.
    Mark,
    Quote,
    /// `{{ … }}`
    Variable,
    /// `{{ … }}` of a name that nothing gives a value.
    UnknownVariable,
    /// `{% … %}`
    Statement,
    /// `{# … #}`
    Comment,
    /// A template construct that is opened and never closed.
    Broken,
}

/// One piece, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// The whole text in pieces, in order and without gaps. `unknown`: names that have no value.
#[must_use]
pub fn spans(text: &str, unknown: &[String]) -> Vec<Span> {
    let mut kinds = vec![Kind::Text; text.len()];
    paint_markdown(text, &mut kinds);
    paint_template(text, unknown, &mut kinds);
    let mut spans: Vec<Span> = Vec::new();
    for (at, _) in text.char_indices() {
        match spans.last_mut() {
            Some(last) if last.kind == kinds[at] => {}
            last => {
                if let Some(last) = last {
                    last.range.end = at;
                }
                spans.push(Span { range: at..text.len(), kind: kinds[at] });
            }
        }
    }
    spans
}

fn paint_markdown(text: &str, kinds: &mut [Kind]) {
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let lean = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| lean.starts_with(mark));
        match (fence, mark) {
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, Some(mark)) => fence = Some(mark),
            (Some(_), _) => {}
            (None, None) => {
                paint_line(line, &mut kinds[start..at]);
                continue;
            }
        }
        kinds[start..at].fill(Kind::Code);
    }
}

/// One line outside fenced blocks.
fn paint_line(line: &str, kinds: &mut [Kind]) {
    let indent = line.len() - line.trim_start().len();
    let lean = line.trim();
    let hashes = lean.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&hashes) && indent <= 3 && matches!(lean.as_bytes().get(hashes), None | Some(b' ')) {
        kinds.fill(Kind::Heading);
        return;
    }
    let is_rule = lean.len() >= 3 && ["-", "*", "_"].iter().any(|mark| lean.split(*mark).all(|rest| rest.trim().is_empty()));
    if is_rule {
        kinds.fill(Kind::Mark);
        return;
    }
    let mut from = indent;
    if lean.starts_with('>') {
        kinds[indent..].fill(Kind::Quote);
        kinds[indent] = Kind::Mark;
        from += 1;
    } else if let Some(length) = list_mark(lean) {
        kinds[indent..indent + length].fill(Kind::Mark);
        from += length;
    }
    paint_inline(line, from, kinds);
}

/// Bytes of a list item's mark: `-`, `*`, `+`, `1.`, `12)`.
fn list_mark(lean: &str) -> Option<usize> {
    let bytes = lean.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = match bytes.get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    matches!(bytes.get(length), Some(b' ')).then_some(length)
}

/// Code, bold and italic within one line.
fn paint_inline(line: &str, from: usize, kinds: &mut [Kind]) {
    let bytes = line.as_bytes();
    let mut at = from;
    // A mark that nothing closes here is closed by nothing further on either.
    let mut never_closed: Vec<&str> = Vec::new();
    while at < bytes.len() {
        let (kind, mark) = match bytes[at] {
            b'\\' => {
                at += 2;
                continue;
            }
            b'`' => (Kind::Code, "`"),
            b'*' if bytes.get(at + 1) == Some(&b'*') => (Kind::Bold, "**"),
            b'_' if bytes.get(at + 1) == Some(&b'_') => (Kind::Bold, "__"),
            b'*' => (Kind::Italic, "*"),
            b'_' => (Kind::Italic, "_"),
            _ => {
                at += 1;
                continue;
            }
        };
        if never_closed.contains(&mark) {
            at += mark.len();
            continue;
        }
        match closing(line, at, mark) {
            Closing::At(end) => {
                kinds[at..end].fill(kind);
                at = end;
            }
            Closing::NotHere => at += mark.len(),
            Closing::Never => {
                never_closed.push(mark);
                at += mark.len();
            }
        }
    }
}

/// Where a mark is closed.
enum Closing {
    /// Behind this byte.
    At(usize),
    /// This one opens nothing.
    NotHere,
    /// Nothing in the rest of the line could close it.
    Never,
}

/// Where the mark at `start` is closed, where both hug their words as Markdown wants it.
fn closing(line: &str, start: usize, mark: &str) -> Closing {
    let bytes = line.as_bytes();
    let inner = start + mark.len();
    if mark == "`" {
        return match line[inner..].find('`') {
            Some(0) => Closing::NotHere,
            Some(length) => Closing::At(inner + length + 1),
            None => Closing::Never,
        };
    }
    let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_space = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    // `file_name` is no emphasis.
    if is_space(inner) || (mark.starts_with('_') && start > 0 && is_word(start - 1)) {
        return Closing::NotHere;
    }
    let ends = line[inner..].match_indices(mark).map(|(at, _)| inner + at);
    let mut ends = ends.filter(|at| *at > inner && !is_space(at - 1) && !(mark.starts_with('_') && is_word(at + mark.len())));
    ends.next().map_or(Closing::Never, |at| Closing::At(at + mark.len()))
}

fn paint_template(text: &str, unknown: &[String], kinds: &mut [Kind]) {
    for Construct { range, kind } in constructs(text) {
        let kind = if kind == Kind::Variable { variable_kind(&text[range.start + 2..range.end], unknown) } else { kind };
        kinds[range].fill(kind);
    }
}

/// A template construct with its marks, from `{{` to `}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Construct {
    pub range: Range<usize>,
    /// Variable, statement or comment; broken where it is never closed: then it goes to the end of its line.
    pub kind: Kind,
}

/// Every template construct of a text, in order. What stands between `{% raw %}` and `{% endraw %}` is none.
#[must_use]
pub fn constructs(text: &str) -> Vec<Construct> {
    let mut found = Vec::new();
    let mut at = 0;
    // What is not closed here is not closed further on either: it is looked for once, not again for each opening.
    let mut never_closed: [bool; 3] = [false; 3];
    while let Some(length) = text[at..].find('{') {
        let start = at + length;
        let (which, kind, close) = match text.as_bytes().get(start + 1) {
            Some(b'{') => (0, Kind::Variable, "}}"),
            Some(b'%') => (1, Kind::Statement, "%}"),
            Some(b'#') => (2, Kind::Comment, "#}"),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let length = if never_closed[which] { None } else { text[start + 2..].find(close) };
        let Some(length) = length else {
            never_closed[which] = true;
            at = text[start..].find('\n').map_or(text.len(), |length| start + length);
            found.push(Construct { range: start..at, kind: Kind::Broken });
            continue;
        };
        let inner = &text[start + 2..start + 2 + length];
        at = start + 4 + length;
        found.push(Construct { range: start..at, kind });
        if kind == Kind::Statement && inner.trim_matches(['-', '+', ' ']) == "raw" {
            at = end_of_raw(text, at);
        }
    }
    found
}

/// Where a name stands in variables and statements, in order. As an attribute (`photo.name`) or in quotes it is another thing.
#[must_use]
pub fn uses(text: &str, name: &str) -> Vec<Range<usize>> {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let mut found = Vec::new();
    for construct in constructs(text).into_iter().filter(|construct| matches!(construct.kind, Kind::Variable | Kind::Statement)) {
        let inner = &text[construct.range.clone()];
        for (start, _) in inner.match_indices(name) {
            let end = start + name.len();
            let (before, after) = (inner[..start].chars().next_back(), inner[end..].chars().next());
            if !is_word(before) && !is_word(after) && !matches!(before, Some('.' | '"' | '\'')) {
                found.push(construct.range.start + start..construct.range.start + end);
            }
        }
    }
    found
}

/// Known or unknown, by the first name in the expression.
fn variable_kind(expression: &str, unknown: &[String]) -> Kind {
    let lean = expression.trim_start_matches(['-', '+']).trim_start();
    let end = lean.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(lean.len());
    if unknown.iter().any(|name| *name == lean[..end]) { Kind::UnknownVariable } else { Kind::Variable }
}

/// Where the statement starts that ends a `{% raw %}`; nothing in between is a template.
fn end_of_raw(text: &str, from: usize) -> usize {
    let is_end = |at: &usize| text[at + 2..].trim_start_matches(['-', '+']).trim_start().starts_with("endraw");
    text[from..].match_indices("{%").map(|(at, _)| from + at).find(is_end).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every piece that is not plain, as it reads.
    fn marked(text: &str) -> Vec<(&str, Kind)> {
        spans(text, &["colour".to_owned()]).into_iter().filter(|span| span.kind != Kind::Text).map(|span| (&text[span.range], span.kind)).collect()
    }

    #[test]
    fn markdown_is_told_apart() {
        let text = "# Task\nSay **what** *you* see in `file`.\n- one\n12. two\n> quoted\n---\n";
        assert_eq!(
            marked(text),
            [
                ("# Task\n", Kind::Heading),
                ("**what**", Kind::Bold),
                ("*you*", Kind::Italic),
                ("`file`", Kind::Code),
                ("-", Kind::Mark),
                ("12.", Kind::Mark),
                (">", Kind::Mark),
                (" quoted\n", Kind::Quote),
                ("---\n", Kind::Mark),
            ]
        );
    }

    #[test]
    fn names_with_underscores_products_and_escapes_are_plain() {
        for plain in
            ["file_name and other_name", "2 * 3 * 4", r"\*not\*", "#hashtag", "a - b", "** open", "`", "1.5 times", "{\"tags\": [{\"name\": 1}]}"]
        {
            assert_eq!(marked(plain), [], "{plain}");
        }
    }

    #[test]
    fn template_constructs_win_over_markdown_and_live_in_code_too() {
        let text = "{% if width > 10 %}\n```json\n{{ file_name }}\n```\n{# **why** #}{{colour|upper}}{% endif %}";
        assert_eq!(
            marked(text),
            [
                ("{% if width > 10 %}", Kind::Statement),
                ("```json\n", Kind::Code),
                ("{{ file_name }}", Kind::Variable),
                ("\n```\n", Kind::Code),
                ("{# **why** #}", Kind::Comment),
                ("{{colour|upper}}", Kind::UnknownVariable),
                ("{% endif %}", Kind::Statement),
            ]
        );
    }

    #[test]
    fn what_is_never_closed_is_broken_to_the_end_of_its_line() {
        assert_eq!(marked("a {{ file_name\nb"), [("{{ file_name", Kind::Broken)]);
        assert_eq!(marked("{% raw %}{{ x }}{% endraw %}"), [("{% raw %}", Kind::Statement), ("{% endraw %}", Kind::Statement)]);
    }

    #[test]
    fn a_name_is_found_where_it_is_used_and_nowhere_else() {
        let text = "tag {{ tag }} {% if tag == 'tag' %}{{ photo.tag }}{{ tags }}{% endif %}{# tag #}{% raw %}{{ tag }}{% endraw %}";
        assert_eq!(uses(text, "tag"), [7..10, 20..23]);
        assert!(uses("{{ é", "é").is_empty(), "what is never closed uses nothing");
    }

    /// Each of these took seconds when every opening was followed to the end of the text.
    #[test]
    fn openings_that_nothing_closes_cost_no_more_than_others() {
        let begun = std::time::Instant::now();
        for opening in ["{{ ", "{% ", "{# ", "*a ", "**a ", "`", "a _b "] {
            assert!(!spans(&opening.repeat(40_000), &[]).is_empty());
            assert!(!spans(&format!("{opening}\n").repeat(30_000), &[]).is_empty());
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    proptest::proptest! {
        /// Anything that can be typed is covered once, without gaps and on the boundaries of letters.
        #[test]
        fn every_text_is_covered_exactly_once(text in "[a{}%#*_`\\->é😀\\\\ \n1.]{0,80}") {
            let spans = spans(&text, &[]);
            let mut at = 0;
            for span in &spans {
                proptest::prop_assert_eq!(span.range.start, at);
                proptest::prop_assert!(text.get(span.range.clone()).is_some_and(|piece| !piece.is_empty()));
                at = span.range.end;
            }
            proptest::prop_assert_eq!(at, text.len());
        }
    }
}
