//! On which line of a JSON text something stands.

/// The line, from 1, on which the value of a JSON pointer begins; of the nearest one around it where there is no such value.
#[must_use]
pub fn line_of(text: &str, pointer: &str) -> u32 {
    let at = start_of(text, pointer);
    text.get(..at).unwrap_or(text).matches('\n').count() as u32 + 1
}

/// The byte at which it begins: a field's name, a list's entry.
pub(super) fn start_of(text: &str, pointer: &str) -> usize {
    let keys: Vec<String> = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
    Walk { text: text.as_bytes(), at: 0 }.find(&keys)
}

/// Walks over JSON that is known to be sound.
struct Walk<'t> {
    text: &'t [u8],
    at: usize,
}

impl Walk<'_> {
    /// Where the value of these keys begins, or the nearest value around it.
    fn find(&mut self, keys: &[String]) -> usize {
        self.space();
        let here = self.at;
        let Some((key, rest)) = keys.split_first() else { return here };
        let is_object = match self.peek() {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => return here,
        };
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.space();
            match self.peek() {
                None | Some(b'}' | b']') => return here,
                Some(b',') => self.at += 1,
                Some(_) => {
                    let start = self.at;
                    let name = if is_object { self.string() } else { index.to_string() };
                    if is_object {
                        self.space();
                        self.at += 1;
                    }
                    if name == *key {
                        // A key is what a person looks for; its value may begin lines below.
                        return if rest.is_empty() { start } else { self.find(rest) };
                    }
                    self.skip();
                    index += 1;
                }
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// A string, its escapes read.
    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        let end = self.at.min(self.text.len());
        serde_json::from_slice(&self.text[start.min(end)..end]).unwrap_or_default()
    }

    /// Over one value.
    fn skip(&mut self) {
        self.space();
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                    if depth == 0 {
                        return;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_among_strings_that_look_like_json() {
        let text = "{\"a\": \"x } \\\" , {\",\n\"b/c\": [1, {\n\"d~\": true}, [\n2]]}";
        assert_eq!(line_of(text, "/a"), 1);
        assert_eq!(line_of(text, "/b~1c"), 2);
        assert_eq!(line_of(text, "/b~1c/1/d~0"), 3);
        assert_eq!(line_of(text, "/b~1c/2/0"), 4);
        assert_eq!(line_of(text, "/nowhere/else"), 1);
        assert_eq!(line_of("", "/a"), 1);
        assert_eq!(line_of("{\"a\": ", "/b/c"), 1);
    }
}
