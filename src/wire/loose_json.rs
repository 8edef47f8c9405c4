//! JSON as models and people write it: with a comma too many, `NaN`, single quotes or comments, which is JSON5.

use serde_json::Value;

/// Brackets within brackets, as many as strict JSON is read with. The reader of JSON5 knows no such limit: it would take the whole
/// program with it.
const DEPTH_MOST: usize = 128;

/// Reads it; `None` where it is none, or goes too deep.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    if depth(text) > DEPTH_MOST { None } else { json5::from_str(text).ok() }
}

/// How deep brackets stand in each other, but for those in texts and comments.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '}', ']', '"', '\'', '/']) {
        let mut skipped = 1;
        match &rest.as_bytes()[at..] {
            [b'{' | b'[', ..] => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            [b'}' | b']', ..] => depth = depth.saturating_sub(1),
            [quote @ (b'"' | b'\''), ..] => skipped += end_of_text(&rest[at + 1..], char::from(*quote)),
            [b'/', b'/', ..] => skipped += rest[at + 1..].find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len() - at - 1),
            [b'/', b'*', ..] => skipped += rest[at + 2..].find("*/").map_or(rest.len() - at - 1, |end| end + 3),
            _ => {}
        }
        rest = &rest[at + skipped..];
    }
    deepest
}

/// The bytes up to the quotation mark that ends a text, and the mark.
fn end_of_text(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if letter == quote {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_nearly_json_is_read() {
        assert_eq!(read("{'tags': [{name: \"a\",},], /* one */}"), Some(json!({"tags": [{"name": "a"}]})));
        assert_eq!(read("{a: 1"), None);
    }

    #[test]
    fn brackets_without_an_end_are_none() {
        for deep in ["[".repeat(100_000), "[".repeat(50_000) + &"]".repeat(50_000), "{a:".repeat(50_000), "['\\']]', //]\n".repeat(20_000)] {
            assert_eq!(read(&deep), None);
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(DEPTH_MOST)).is_some() && read(&nested(DEPTH_MOST + 1)).is_none());
        // Those in texts and comments are no brackets, and those beside each other are not deep.
        assert!(read(&format!("['{}', // {}\n {}]", "[".repeat(500), "[".repeat(500), "[1], ".repeat(500))).is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_looked_at(text in "[\\[\\]{}\"'/*\\\\é \n,:a]{0,60}") {
            proptest::prop_assert_eq!(read(&text), json5::from_str::<Value>(&text).ok());
        }
    }
}
