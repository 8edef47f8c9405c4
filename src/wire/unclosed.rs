//! The braces of a template that are opened and never closed: the engine tells of them where it stumbles, often lines later.

/// Where a template opens braces that are never closed: the line, from 1, and the braces. `stumbled`: the line on which the engine
/// found the template wrong; what is wrong before the braces is told first.
#[must_use]
pub fn unclosed(template: &str, stumbled: Option<usize>) -> Option<(usize, &'static str)> {
    first(template).filter(|(line, _)| stumbled.is_none_or(|stumbled| stumbled >= *line))
}

fn first(template: &str) -> Option<(usize, &'static str)> {
    let mut at = 0;
    while let Some(found) = template[at..].find('{') {
        let start = at + found;
        let body = start + 2;
        let (open, close) = match &template.as_bytes()[start..] {
            [b'{', b'{', ..] => ("{{", "}}"),
            [b'{', b'%', ..] => ("{%", "%}"),
            [b'{', b'#', ..] => ("{#", "#}"),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let end = if open == "{#" { template[body..].find(close) } else { end_of_expression(&template[body..], close) };
        let Some(end) = end else {
            return Some((template[..start].matches('\n').count() + 1, open));
        };
        let is_raw = open == "{%" && template[body..body + end].trim_matches(['-', '+']).trim() == "raw";
        at = body + end + 2;
        if is_raw {
            at += template[at..].find("endraw").unwrap_or(template.len() - at);
        }
    }
    None
}

/// Where an expression's closing braces stand; none, where others open before them. Text in quotes may hold any braces.
pub(super) fn end_of_expression(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), _) => quote = Some(open).filter(|open| *open != letter),
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if text[at..].starts_with(close) => return Some(at),
            (None, '{') if text[at..].starts_with("{{") || text[at..].starts_with("{%") => return None,
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_without_an_end_are_found_where_they_open() {
        let found = |template| unclosed(template, None);
        assert_eq!(found("a\n{{broken\ntext\n"), Some((2, "{{")));
        assert_eq!(found("a\n\n{{ broken\ntext {{ file_name }}\n"), Some((3, "{{")), "others that follow don't close it");
        assert_eq!(found("{% if width\nx{% endif %}"), Some((1, "{%")));
        assert_eq!(found("{# a remark\n{{ x }}"), Some((1, "{#")));
        assert_eq!(found("{{ 'it }} is' "), Some((1, "{{")));
        for good in ["{{ file_name }} é {\"a\": {}}", "{% raw %}{{ left {% endraw %}", "{{ '{{' }}", "{# {{ #}", "{{ 'don\\'t' }}", "{"] {
            assert_eq!(unclosed(good, None), None, "{good}");
        }
        assert_eq!(unclosed("{{ a b }}\n{{ c", Some(1)), None, "what is wrong before it is told first");
    }
}
