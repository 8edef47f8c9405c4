//! A part of a prompt as the rules read it: its lines, its template constructs, its examples of JSON, and its prose alone.
//!
//! The prose has every byte where the text has it, in lower case, with blanks where there is a template construct, an
//! example or something quoted: what is found in it is found at the same place in the text.

use std::ops::Range;

use crate::wire::prompt_analysis::PromptPart;

/// A longer quotation is prose that happens to stand between two quotation marks.
const QUOTED_MOST: usize = 80;
/// Bytes before and behind a word that are looked at for the ends of its sentence: a text of 100 kB may be one line without a stop.
const SENTENCE_MOST: usize = 1_000;

/// What stands between template braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstructKind {
    /// `{{ … }}`
    Variable,
    /// `{% … %}`
    Statement,
    /// `{# … #}`, and what stands in `{% raw %}`.
    Comment,
}

/// One template construct, its braces included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Construct {
    pub range: Range<usize>,
    pub kind: ConstructKind,
}

/// An example of an answer: a fenced block, or lines that begin like JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Without the fences.
    pub range: Range<usize>,
    /// What the fence says it is, in lower case; empty without a fence or without a word.
    pub language: String,
    pub is_fenced: bool,
}

/// One part's text, taken apart.
#[derive(Debug)]
pub struct Text<'t> {
    pub part: PromptPart,
    pub raw: &'t str,
    /// See the module's sentence.
    pub prose: String,
    /// Without their line ends.
    pub lines: Vec<Range<usize>>,
    pub constructs: Vec<Construct>,
    pub examples: Vec<Example>,
    /// A fence that is opened and never closed.
    pub open_fence: Option<Range<usize>>,
}

impl<'t> Text<'t> {
    #[must_use]
    pub fn read(part: PromptPart, raw: &'t str) -> Self {
        let lines = lines(raw);
        let constructs = constructs(raw);
        let (examples, fences, open_fence) = examples(raw, &lines);
        let mut prose: Vec<u8> = raw.to_ascii_lowercase().into_bytes();
        let blanked = constructs.iter().map(|construct| construct.range.clone()).chain(examples.iter().map(|example| example.range.clone()));
        for range in blanked.chain(fences) {
            blank(&mut prose, range);
        }
        for range in quotations(&prose, &lines) {
            blank(&mut prose, range);
        }
        // Whole letters were blanked, so it is text still.
        let prose = String::from_utf8(prose).unwrap_or_default();
        Self { part, raw, prose, lines, constructs, examples, open_fence }
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line_of(&self, at: usize) -> u32 {
        self.lines.partition_point(|line| line.start <= at).max(1) as u32
    }

    /// The range of a line, from 1.
    #[must_use]
    pub fn line(&self, number: u32) -> Option<Range<usize>> {
        self.lines.get((number as usize).checked_sub(1)?).cloned()
    }

    /// The sentence around a byte of the prose: up to a full stop, a colon's end or the line's end on both sides.
    #[must_use]
    pub fn sentence_of(&self, at: usize) -> Range<usize> {
        let line = self.line(self.line_of(at)).unwrap_or(0..self.prose.len());
        let from = self.prose.floor_char_boundary(at.saturating_sub(SENTENCE_MOST)).max(line.start);
        let to = self.prose.floor_char_boundary(at + SENTENCE_MOST).min(line.end).max(from);
        let inner = &self.prose[from..to];
        let here = at - from;
        let is_end = |position: usize| matches!(self.prose.as_bytes()[..line.end].get(from + position + 1), None | Some(b' ' | b'\t'));
        let ends: Vec<usize> = inner.match_indices(['.', '!', '?', ';']).map(|(position, _)| position).filter(|position| is_end(*position)).collect();
        let start = ends.iter().rev().find(|end| **end < here).map_or(0, |end| end + 1);
        let end = ends.iter().find(|end| **end >= here).copied().unwrap_or(inner.len());
        from + start..from + end
    }

    /// What follows a byte in its sentence: up to a full stop, a semicolon or the line's end.
    #[must_use]
    pub fn rest_of_sentence(prose: &str, at: usize) -> Range<usize> {
        let most = prose.floor_char_boundary(at + SENTENCE_MOST).max(at);
        let rest = prose.get(at..most).unwrap_or_default();
        at..at + rest.find(['.', ';', '\n']).unwrap_or(rest.len())
    }

    /// The text of a range.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> &'t str {
        self.raw.get(range).unwrap_or_default()
    }
}

fn blank(prose: &mut [u8], range: Range<usize>) {
    for byte in &mut prose[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn lines(raw: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut lines: Vec<Range<usize>> = raw
        .split('\n')
        .map(|line| {
            let start = at;
            at += line.len() + 1;
            start..start + line.trim_end_matches('\r').len()
        })
        .collect();
    if lines.is_empty() {
        lines.push(0..0);
    }
    lines
}

/// Template constructs that are closed. What is never closed is the template's own fault to tell.
fn constructs(raw: &str) -> Vec<Construct> {
    let mut found = Vec::new();
    let mut at = 0;
    // What is not closed here is not closed further on either: it is looked for once, not again for each opening.
    let mut never_closed = [false; 3];
    while let Some(start) = raw[at..].find('{').map(|offset| at + offset) {
        let (which, kind, close) = match raw.as_bytes().get(start + 1) {
            Some(b'{') => (0, ConstructKind::Variable, "}}"),
            Some(b'%') => (1, ConstructKind::Statement, "%}"),
            Some(b'#') => (2, ConstructKind::Comment, "#}"),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = Some(&raw[start + 2..]).filter(|_| !never_closed[which]).and_then(|rest| rest.find(close)) else {
            never_closed[which] = true;
            at = start + 2;
            continue;
        };
        let inner = &raw[start + 2..start + 2 + length];
        at = start + 4 + length;
        found.push(Construct { range: start..at, kind });
        if kind == ConstructKind::Statement && inner.trim_matches(['-', '+', ' ']) == "raw" {
            let end = end_of_raw(raw, at);
            found.push(Construct { range: at..end, kind: ConstructKind::Comment });
            at = end;
        }
    }
    found
}

fn end_of_raw(raw: &str, from: usize) -> usize {
    let is_end = |at: &usize| raw[at + 2..].trim_start_matches(['-', '+']).trim_start().starts_with("endraw");
    raw[from..].match_indices("{%").map(|(at, _)| from + at).find(is_end).unwrap_or(raw.len())
}

type Fences = Vec<Range<usize>>;

/// Fenced blocks, blocks of JSON without a fence, the fences' own lines, and a fence that is never closed.
fn examples(raw: &str, lines: &[Range<usize>]) -> (Vec<Example>, Fences, Option<Range<usize>>) {
    let (mut found, mut fences) = (Vec::new(), Vec::new());
    let mut open: Option<(Range<usize>, String)> = None;
    let mut json_until = 0;
    for line in lines {
        let lean = raw[line.clone()].trim();
        if let Some(word) = lean.strip_prefix("```").or_else(|| lean.strip_prefix("~~~")) {
            fences.push(line.clone());
            match open.take() {
                Some((opened, language)) => {
                    found.push(Example { range: (opened.end + 1).min(line.start)..line.start, language, is_fenced: true });
                }
                None => open = Some((line.clone(), word.trim().to_lowercase())),
            }
            continue;
        }
        // A line may hold several, and go on behind what began on an earlier one.
        let mut from = line.start.max(json_until);
        while open.is_none() && from < line.end {
            let Some(start) = start_of_json(&raw[from..line.end], from == line.start).map(|offset| from + offset) else { break };
            let end = end_of_json(raw, start);
            found.push(Example { range: start..end, language: String::new(), is_fenced: false });
            (from, json_until) = (end, end);
        }
    }
    (found, fences, open.map(|(line, _)| line))
}

/// Where JSON begins in a line: at its start, or behind other words where a name with its colon follows.
fn start_of_json(line: &str, is_whole: bool) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    if is_whole && begins_json(line.trim()) {
        return Some(indent);
    }
    // Of several brackets in a row the first one tells what follows them all.
    let begins = |at: &usize| !line[..*at].ends_with(['{', '[']);
    line.match_indices(['{', '[']).map(|(at, _)| at).filter(begins).find(|at| {
        let rest = &line[*at..];
        let inner = rest.trim_start_matches(['{', '[']).trim_start();
        let is_doubled = rest.starts_with("{{");
        let mut pieces = inner.strip_prefix('"').unwrap_or_default().splitn(2, '"');
        let has_name = pieces.next().is_some() && pieces.next().is_some_and(|behind| behind.trim_start().starts_with(':'));
        !is_doubled && has_name
    })
}

/// `{"…`, `{` alone, `[{`, `["…`: no template construct, and no prose in brackets.
fn begins_json(lean: &str) -> bool {
    let Some(rest) = lean.strip_prefix(['{', '[']) else { return false };
    let rest = rest.trim_start();
    if rest.starts_with(['%', '#']) || lean.starts_with("{{") {
        return false;
    }
    rest.is_empty() || rest.starts_with(['"', '{', '\'', '[', '“'])
}

/// Behind the bracket that closes the first; a text that closes none ends at its first empty line.
fn end_of_json(raw: &str, start: usize) -> usize {
    let (mut depth, mut in_text, mut is_escaped) = (0_i32, false, false);
    for (at, letter) in raw[start..].char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            // Text does not run over a line's end: there a quotation mark is missing.
            '\n' => in_text = false,
            '"' => in_text = !in_text,
            '{' | '[' if !in_text => depth += 1,
            '}' | ']' if !in_text => {
                depth -= 1;
                if depth <= 0 {
                    return start + at + 1;
                }
            }
            _ => {}
        }
    }
    raw[start..].find("\n\n").map_or_else(|| start + raw[start..].trim_end().len(), |length| start + length)
}

/// What is quoted within a line, quotation marks included.
fn quotations(prose: &[u8], lines: &[Range<usize>]) -> Vec<Range<usize>> {
    const MARKS: [(&str, &str); 4] = [("\"", "\""), ("“", "”"), ("`", "`"), ("«", "»")];
    let mut found = Vec::new();
    for line in lines {
        let Some(inner) = prose.get(line.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { continue };
        for (open, close) in MARKS {
            let mut at = 0;
            while let Some(start) = inner[at..].find(open).map(|offset| at + offset) {
                let Some(length) = inner[start + open.len()..].find(close) else { break };
                let end = start + open.len() + length + close.len();
                if length <= QUOTED_MOST {
                    found.push(line.start + start..line.start + end);
                }
                at = end;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Text<'_> {
        Text::read(PromptPart::User, raw)
    }

    #[test]
    fn prose_stands_where_the_text_has_it_and_the_rest_is_blank() {
        let raw = "Give “GOOD Tags”, é {{ file_name }} NOW\n{\"tags\": []}\n```json\n{\"a\": 1}\n```\nEnd";
        let text = read(raw);
        assert_eq!(text.prose.len(), raw.len());
        assert_eq!(text.prose.split_whitespace().collect::<Vec<_>>(), ["give", ",", "é", "now", "end"]);
        let at = text.prose.find("now").expect("there");
        assert_eq!((&raw[at..at + 3], text.line_of(at)), ("NOW", 1));
        let examples: Vec<&str> = text.examples.iter().map(|example| &raw[example.range.clone()]).collect();
        assert_eq!(examples, ["{\"tags\": []}", "{\"a\": 1}\n"]);
    }

    #[test]
    fn json_over_several_lines_is_one_example_and_a_template_is_none() {
        let raw = "{% if width %}\n{{ file_name }}\n{\n  \"tags\": [\n    {\"name\": \"}\"}\n  ]\n}\nThen\n[see above]";
        let text = read(raw);
        assert_eq!(text.examples.len(), 1, "{:?}", text.examples);
        assert!(raw[text.examples[0].range.clone()].ends_with("]\n}"));
        assert_eq!(text.constructs.len(), 2);
    }

    /// Else each word that a rule looks at would cost as much as the whole text.
    #[test]
    fn a_sentence_without_an_end_is_looked_at_in_pieces() {
        let raw = "é use lower case tags ".repeat(5_000);
        let text = read(&raw);
        for at in [0, raw.len() / 2, raw.len()] {
            let at = raw.floor_char_boundary(at);
            let sentence = text.sentence_of(at);
            assert!(sentence.start <= at && at <= sentence.end && sentence.len() <= 2 * SENTENCE_MOST, "{sentence:?} around {at}");
            assert!(raw.get(sentence).is_some());
            assert!(Text::rest_of_sentence(&text.prose, at).len() <= SENTENCE_MOST);
        }
    }

    #[test]
    fn sentences_end_at_full_stops_and_lines() {
        let text = read("One. Give 0.5 tags; now.\nTwo");
        let at = text.prose.find("0.5").expect("there");
        assert_eq!(text.slice(text.sentence_of(at)).trim(), "Give 0.5 tags");
        assert_eq!(text.slice(text.sentence_of(25)), "Two");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_taken_apart(raw in "[a-c{}%#`\"“”«»\\[\\]\n\r é😀.]{0,80}") {
            let text = Text::read(PromptPart::User, &raw);
            proptest::prop_assert_eq!(text.prose.len(), raw.len());
            for at in 0..raw.len() {
                let sentence = text.sentence_of(at);
                proptest::prop_assert!(text.raw.get(sentence).is_some());
            }
            for example in &text.examples {
                proptest::prop_assert!(raw.get(example.range.clone()).is_some());
            }
        }
    }
}
