//! Markdown as blocks of text, ready to be drawn.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A stretch of text in one style.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub style: Style,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    pub strong: bool,
    pub emphasis: bool,
    pub struck: bool,
    pub code: bool,
    pub link: bool,
}

/// Where a block stands: how deep in lists and quotations, and the sign before it, of the first block of a list's item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub depth: usize,
    pub marker: Option<String>,
    pub is_quoted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Text {
        place: Place,
        /// 1 is the largest.
        heading: Option<u8>,
        spans: Vec<Span>,
        /// Where its links lead.
        links: Vec<String>,
    },
    Code {
        place: Place,
        text: String,
    },
    /// Rows of cells, the head first.
    Table(Vec<Vec<Vec<Span>>>),
    Rule,
}

/// Reads it.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(text, options) {
        reader.take(event);
    }
    reader.end_text();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    links: Vec<String>,
    heading: Option<u8>,
    code: Option<String>,
    table: Vec<Vec<Vec<Span>>>,
    /// The next number of each list around; `None`: it is not numbered.
    lists: Vec<Option<u64>>,
    quotes: usize,
    marker: Option<String>,
    strong: usize,
    emphasis: usize,
    struck: usize,
    link: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.say(&text, false),
            },
            Event::Code(text) => self.say(&text, true),
            Event::SoftBreak => self.say(" ", false),
            Event::HardBreak => self.say("\n", false),
            Event::Rule => {
                self.end_text();
                self.blocks.push(Block::Rule);
            }
            Event::TaskListMarker(is_done) => self.say(if is_done { "[x] " } else { "[ ] " }, false),
            // Not asked for.
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strikethrough => self.struck += 1,
            Tag::Link { dest_url, .. } => {
                self.link += 1;
                self.links.push(dest_url.into_string());
            }
            Tag::Heading { level, .. } => {
                self.end_text();
                self.heading = Some(level as u8);
            }
            Tag::BlockQuote(_) => {
                self.end_text();
                self.quotes += 1;
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.end_text();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_text();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_text();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "•".to_owned(),
                });
            }
            Tag::Table(_) => self.end_text(),
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Strikethrough => self.struck = self.struck.saturating_sub(1),
            TagEnd::Link => self.link = self.link.saturating_sub(1),
            TagEnd::Paragraph | TagEnd::Item | TagEnd::HtmlBlock => self.end_text(),
            TagEnd::Heading(_) => {
                self.end_text();
                self.heading = None;
            }
            TagEnd::BlockQuote(_) => {
                self.end_text();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::CodeBlock => {
                let text = self.code.take().unwrap_or_default();
                let place = self.place();
                self.blocks.push(Block::Code { place, text: text.trim_end_matches('\n').to_owned() });
            }
            TagEnd::List(_) => {
                self.end_text();
                self.lists.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                self.links.clear();
                self.blocks.push(Block::Table(std::mem::take(&mut self.table)));
            }
            _ => {}
        }
    }

    fn say(&mut self, text: &str, code: bool) {
        let style = Style { strong: self.strong > 0, emphasis: self.emphasis > 0, struck: self.struck > 0, code, link: self.link > 0 };
        match self.spans.last_mut().filter(|last| last.style == style) {
            Some(last) => last.text.push_str(text),
            None => self.spans.push(Span { text: text.to_owned(), style }),
        }
    }

    fn place(&mut self) -> Place {
        Place { depth: self.lists.len() + self.quotes, marker: self.marker.take(), is_quoted: self.quotes > 0 }
    }

    fn end_text(&mut self) {
        let (spans, links) = (std::mem::take(&mut self.spans), std::mem::take(&mut self.links));
        if spans.iter().any(|span| !span.text.trim().is_empty()) {
            let (place, heading) = (self.place(), self.heading);
            self.blocks.push(Block::Text { place, heading, spans, links });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each block as a line: its sign, and its text with what is strong in asterisks and code in ticks.
    fn lines(text: &str) -> Vec<String> {
        let said = |spans: &[Span]| {
            let styled = |span: &Span| match span.style {
                Style { strong: true, .. } => format!("*{}*", span.text),
                Style { code: true, .. } => format!("`{}`", span.text),
                _ => span.text.clone(),
            };
            spans.iter().map(styled).collect::<String>()
        };
        let line = |block: &Block| match block {
            Block::Text { place, heading, spans, links } => {
                let marker = place.marker.as_ref().map(|marker| format!("{marker} ")).unwrap_or_default();
                let heading = heading.map(|level| "#".repeat(level.into()) + " ").unwrap_or_default();
                format!("{}{marker}{heading}{}{}", "  ".repeat(place.depth), said(spans), links.concat())
            }
            Block::Code { place, text } => format!("{}code {text}", "  ".repeat(place.depth)),
            Block::Table(rows) => {
                rows.iter().map(|row| row.iter().map(|cell| said(cell)).collect::<Vec<_>>().join("|")).collect::<Vec<_>>().join("/")
            }
            Block::Rule => "rule".to_owned(),
        };
        read(text).iter().map(line).collect()
    }

    #[test]
    fn what_models_write_is_read_as_it_is_meant() {
        let text = "Costs **rose** by 3 %\nbecause of `gemini`:\n\n- one **more**\n- two\n  1. a\n  2. b\n\n## Next\n\n```sql\nSELECT 1\nFROM x\n```\n\n> said\n\n| model | cost |\n|---|---|\n| a | **$5.00** |\n\n---\n\nsee [this](https://a.b/c) and $5.00 of $6.00";
        assert_eq!(
            lines(text),
            [
                "Costs *rose* by 3 % because of `gemini`:",
                "  • one *more*",
                "  • two",
                "    1. a",
                "    2. b",
                "## Next",
                "code SELECT 1\nFROM x",
                "  said",
                "model|cost/a|*$5.00*",
                "rule",
                "see this and $5.00 of $6.00https://a.b/c",
            ]
        );
    }

    #[test]
    fn what_is_still_being_written_is_read_as_far_as_it_goes() {
        for (text, says) in [("Costs **ro", vec!["Costs **ro"]), ("```\nSELECT", vec!["code SELECT"]), ("- ", vec![]), ("", vec![])] {
            assert_eq!(lines(text), says, "{text}");
        }
    }
}
