//! What belongs to the cursor: the bracket that closes or opens the one beside it, and every use of the name that it stands in.

use std::ops::Range;

use super::highlight::{Construct, Kind};

/// A bracket and its partner, in bytes.
pub type Pair = (Range<usize>, Range<usize>);

/// The pair that the cursor touches, template marks before single brackets.
#[must_use]
pub fn pair(text: &str, constructs: &[Construct], cursor: usize) -> Option<Pair> {
    let around = constructs.iter().find(|construct| construct.range.start <= cursor && cursor <= construct.range.end);
    // Between two of them, such as `{{ a }}|{{ b }}`, the one that begins there counts.
    let around = constructs.iter().find(|construct| construct.range.start == cursor).or(around);
    if let Some(Construct { range, .. }) = around.filter(|construct| construct.kind != Kind::Broken && construct.range.len() >= 4) {
        let (open, close) = (range.start..range.start + 2, range.end - 2..range.end);
        if cursor <= open.end || cursor >= close.start {
            return Some((open, close));
        }
    }
    let bytes = text.as_bytes();
    let is_bracket = |at: usize| bytes.get(at).is_some_and(|byte| b"{}[]()".contains(byte)) && !is_mark(constructs, at);
    let at = [Some(cursor), cursor.checked_sub(1)].into_iter().flatten().find(|at| is_bracket(*at))?;
    let home = home(constructs, at);
    let belongs = |at: usize| is_bracket(at) && self::home(constructs, at) == home;
    let partner = match bytes[at] {
        b'{' | b'[' | b'(' => scan(bytes, at..bytes.len(), belongs),
        _ => scan(bytes, (0..=at).rev(), belongs),
    }?;
    let (open, close) = (at.min(partner), at.max(partner));
    Some((open..open + 1, close..close + 1))
}

/// The construct that a byte lies in, by its start: brackets inside and outside of one are no pair.
fn home(constructs: &[Construct], at: usize) -> Option<usize> {
    let index = constructs.partition_point(|construct| construct.range.start <= at).checked_sub(1)?;
    constructs.get(index).filter(|construct| construct.range.contains(&at)).map(|construct| construct.range.start)
}

/// Whether a byte belongs to the marks of a construct.
fn is_mark(constructs: &[Construct], at: usize) -> bool {
    let Some(index) = constructs.partition_point(|construct| construct.range.start <= at).checked_sub(1) else { return false };
    let Some(Construct { range, kind }) = constructs.get(index) else { return false };
    range.contains(&at) && (at < range.start + 2 || (*kind != Kind::Broken && at + 2 >= range.end))
}

/// Goes from a bracket until as many of its kind are closed as were opened.
fn scan(bytes: &[u8], way: impl Iterator<Item = usize>, belongs: impl Fn(usize) -> bool) -> Option<usize> {
    let mut kind = None;
    let mut depth = 0_usize;
    for at in way {
        let Some(group) = [b"{}", b"[]", b"()"].iter().position(|group| group.contains(&bytes[at])) else { continue };
        let (own, first) = *kind.get_or_insert((group, bytes[at]));
        if group != own || !belongs(at) {
            continue;
        }
        if bytes[at] == first {
            depth += 1;
        } else {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The names in a template construct, without what is quoted, what is an attribute and what is a filter.
fn names<'t>(text: &'t str, construct: &Construct) -> Vec<(Range<usize>, &'t str)> {
    let mut found = Vec::new();
    if !matches!(construct.kind, Kind::Variable | Kind::Statement) {
        return found;
    }
    let Some(inner) = text.get(construct.range.start + 2..construct.range.end - 2) else { return found };
    let mut quote = None;
    let mut before = ' ';
    let mut letters = inner.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if letter.is_alphabetic() || letter == '_' => {
                let mut end = at + letter.len_utf8();
                while let Some((next, _)) = letters.next_if(|(_, letter)| letter.is_alphanumeric() || *letter == '_') {
                    end = next + inner[next..].chars().next().map_or(1, char::len_utf8);
                }
                if !matches!(before, '.' | '|') {
                    let start = construct.range.start + 2;
                    found.push((start + at..start + end, &inner[at..end]));
                }
            }
            (None, _) => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    // The first word of a statement is what it does.
    if construct.kind == Kind::Statement && !found.is_empty() {
        found.remove(0);
    }
    found
}

/// Words of the template language that are no variables.
const WORDS: [&str; 15] = ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "recursive", "loop"];

/// Every use of the variable that the cursor stands in, when there is one.
#[must_use]
pub fn uses(text: &str, constructs: &[Construct], cursor: usize) -> Vec<Range<usize>> {
    let around = constructs.iter().filter(|construct| construct.range.start <= cursor && cursor <= construct.range.end);
    let wanted = around.flat_map(|construct| names(text, construct)).find(|(range, _)| range.start <= cursor && cursor <= range.end);
    let Some((_, wanted)) = wanted.filter(|(_, name)| !WORDS.contains(name)) else { return Vec::new() };
    constructs.iter().flat_map(|construct| names(text, construct)).filter(|(_, name)| *name == wanted).map(|(range, _)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::super::highlight::constructs;
    use super::*;

    /// The pair at `|`, as it reads and where.
    fn at(marked: &str) -> Option<(String, String)> {
        let cursor = marked.find('|').expect("a cursor");
        let text = marked.replacen('|', "", 1);
        let (open, close) = pair(&text, &constructs(&text), cursor)?;
        Some((format!("{}{}", &text[open.clone()], open.start), format!("{}{}", &text[close.clone()], close.start)))
    }

    fn both(open: &str, close: &str) -> (String, String) {
        (open.to_owned(), close.to_owned())
    }

    #[test]
    fn brackets_find_their_partner_over_nested_ones() {
        assert_eq!(at("|(a [b] (c))"), Some(both("(0", ")10")));
        assert_eq!(at("(a [b] (c))|"), Some(both("(0", ")10")));
        assert_eq!(at("(a [b|] (c))"), Some(both("[3", "]5")));
        assert_eq!(at("{\"tags\": [{\"name\": 1|}]}"), Some(both("{10", "}20")));
        assert_eq!(at("(a|"), None);
        assert_eq!(at("a) |b"), None);
    }

    #[test]
    fn template_marks_are_pairs_and_what_is_in_them_is_apart() {
        assert_eq!(at("a {{| name }} b"), Some(both("{{2", "}}10")));
        assert_eq!(at("a {{ name }|} b"), Some(both("{{2", "}}10")));
        assert_eq!(at("{{ a }}|{{ b }}"), Some(both("{{7", "}}12")));
        assert_eq!(at("{% if (|a) %}) "), Some(both("(6", ")8")));
        assert_eq!(at("( {{ a) }} |)"), Some(both("(0", ")11")));
        assert_eq!(at("{# no|te #}"), None);
        assert_eq!(at("{{ open|"), None);
    }

    fn used(marked: &str) -> Vec<usize> {
        let cursor = marked.find('|').expect("a cursor");
        let text = marked.replacen('|', "", 1);
        uses(&text, &constructs(&text), cursor).into_iter().map(|range| range.start).collect()
    }

    #[test]
    fn every_use_of_a_name_is_found_and_nothing_that_only_reads_like_it() {
        assert_eq!(used("{{ wid|th }} width {% if width > 3 and \"width\" %}{{ a.width }}{{ a | width }}"), [3, 24]);
        assert_eq!(used("{% for x in ys %}{{ x| }}{% endfor %}"), [7, 20]);
        assert_eq!(used("{% i|f a %}"), [0; 0]);
        assert_eq!(used("{{ a an|d b }}"), [0; 0]);
        assert_eq!(used("{{ größe| }}{{ größe }}"), [3, 16]);
        assert_eq!(used("wid|th"), [0; 0]);
    }

    proptest::proptest! {
        #[test]
        fn pairs_are_always_whole_letters_of_the_text(text in "[a{}()\\[\\]%# é|]{0,40}", at in 0..60usize) {
            let cursor = text.char_indices().map(|(byte, _)| byte).nth(at).unwrap_or(text.len());
            let constructs = constructs(&text);
            if let Some((open, close)) = pair(&text, &constructs, cursor) {
                proptest::prop_assert!(open.end <= close.start);
                proptest::prop_assert!(text.get(open).is_some() && text.get(close).is_some());
            }
            for range in uses(&text, &constructs, cursor) {
                proptest::prop_assert!(text.get(range).is_some());
            }
        }
    }
}
