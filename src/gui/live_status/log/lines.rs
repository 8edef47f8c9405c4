//! The lines that are known, and which of them are shown.

use std::collections::VecDeque;

use crate::wire::log::{LogEntry, LogLevel, LogPage};

/// Lines kept; the oldest go first.
pub const LINES_MOST: usize = 20_000;

/// Oldest first.
pub struct Lines {
    all: VecDeque<Line>,
    /// Places in `all` that the filter lets through, counted from the first line there ever was.
    shown: VecDeque<u64>,
    forgotten: u64,
    pub level: LogLevel,
    search: String,
}

struct Line {
    entry: LogEntry,
    /// What a search looks at.
    lower: String,
}

impl Default for Lines {
    fn default() -> Self {
        Self { all: VecDeque::new(), shown: VecDeque::new(), forgotten: 0, level: LogLevel::Trace, search: String::new() }
    }
}

impl Lines {
    #[must_use]
    pub fn known(&self) -> usize {
        self.all.len()
    }

    #[must_use]
    pub fn shown(&self) -> usize {
        self.shown.len()
    }

    /// The line at a place among those shown.
    #[must_use]
    pub fn line(&self, at: usize) -> Option<&LogEntry> {
        let place = usize::try_from(self.shown.get(at)? - self.forgotten).ok()?;
        self.all.get(place).map(|line| &line.entry)
    }

    /// Adds what came; `page.missed` begins anew.
    pub fn take_in(&mut self, page: LogPage) {
        if page.missed {
            self.forgotten += self.all.len() as u64;
            self.all.clear();
            self.shown.clear();
        }
        for entry in page.entries {
            let line = Line { lower: entry.to_string().to_lowercase(), entry };
            if self.lets_through(&line) {
                self.shown.push_back(self.forgotten + self.all.len() as u64);
            }
            self.all.push_back(line);
            if self.all.len() > LINES_MOST {
                self.all.pop_front();
                self.forgotten += 1;
                if self.shown.front().is_some_and(|first| *first < self.forgotten) {
                    self.shown.pop_front();
                }
            }
        }
    }

    /// Shows what is at least as grave and has these words.
    pub fn filter(&mut self, level: LogLevel, search: &str) {
        (self.level, self.search) = (level, search.trim().to_lowercase());
        let shown = self.all.iter().enumerate().filter(|(_, line)| self.lets_through(line)).map(|(at, _)| self.forgotten + at as u64);
        self.shown = shown.collect();
    }

    fn lets_through(&self, line: &Line) -> bool {
        line.entry.level <= self.level && line.lower.contains(&self.search)
    }

    /// All that is shown, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<String> = (0..self.shown()).filter_map(|at| self.line(at)).map(ToString::to_string).collect();
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn page(ids: std::ops::Range<u64>, missed: bool) -> LogPage {
        let entry = |id: u64| LogEntry {
            id,
            at: DateTime::UNIX_EPOCH,
            level: if id.is_multiple_of(2) { LogLevel::Warn } else { LogLevel::Debug },
            target: "test".to_owned(),
            message: format!("Line {id}"),
            fields: Vec::new(),
            before_start: false,
        };
        LogPage { newest: ids.end.saturating_sub(1), entries: ids.map(entry).collect(), missed, folder: None }
    }

    #[test]
    fn lines_are_followed_filtered_bounded_and_begun_anew() {
        let mut lines = Lines::default();
        lines.take_in(page(1..11, false));
        assert_eq!((lines.known(), lines.shown()), (10, 10));
        lines.filter(LogLevel::Warn, "");
        lines.take_in(page(11..13, false));
        assert_eq!((lines.shown(), lines.line(5).map(|entry| entry.id)), (6, Some(12)));
        lines.filter(LogLevel::Debug, " LINE 1");
        assert_eq!((0..lines.shown()).filter_map(|at| lines.line(at)).map(|entry| entry.id).collect::<Vec<_>>(), [1, 10, 11, 12]);
        assert!(lines.text().contains("WARN  test: Line 12\n"));
        lines.filter(LogLevel::Warn, "");
        lines.take_in(page(13..30_001, false));
        assert_eq!((lines.known(), lines.shown()), (LINES_MOST, LINES_MOST / 2));
        assert_eq!(lines.line(0).map(|entry| entry.id), Some(10_002));
        assert_eq!(lines.line(lines.shown() - 1).map(|entry| entry.id), Some(30_000));
        lines.take_in(page(40_000..40_003, true));
        assert_eq!((lines.known(), lines.shown(), lines.line(1).map(|entry| entry.id)), (3, 2, Some(40_002)));
    }
}
