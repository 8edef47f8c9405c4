//! The last lines of the log file from before this start, so that what went wrong then can be looked at now.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::file;
use crate::wire::log::{LogEntry, LogLevel};

/// Bytes from the end of the files that are looked at, and lines kept of them.
const BYTES_MOST: u64 = 512 * 1024;
const LINES_MOST: usize = 1_000;

/// What the files hold, oldest first; nothing where they can't be read: that keeps no program from starting.
#[must_use]
pub fn read(folder: &Path) -> Vec<LogEntry> {
    let newest = tail(&folder.join(file::FILE), BYTES_MOST).unwrap_or_default();
    let left = BYTES_MOST.saturating_sub(newest.len() as u64);
    let older = if left > 0 { tail(&folder.join(file::BEFORE), left).unwrap_or_default() } else { String::new() };
    let mut entries = entries(&format!("{older}{newest}"));
    entries.split_off(entries.len().saturating_sub(LINES_MOST))
}

/// The end of a file, from the first whole line on.
fn tail(path: &Path, most: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if length > most { text.split_once('\n').map_or("", |(_, whole)| whole) } else { &text };
    Ok(whole.to_owned())
}

/// A line that begins with no time goes on with the one before.
fn entries(text: &str) -> Vec<LogEntry> {
    let mut entries: Vec<LogEntry> = Vec::new();
    for line in text.lines() {
        match (entry(line), entries.last_mut()) {
            (Some(entry), _) => entries.push(entry),
            (None, Some(last)) => {
                last.message.push('\n');
                last.message.push_str(line);
            }
            (None, None) => {}
        }
    }
    entries
}

/// `TIME LEVEL span{fields}:span{fields}: target: message fields`, as the file has it.
fn entry(line: &str) -> Option<LogEntry> {
    let (at, rest) = line.split_once(' ')?;
    let at: DateTime<Utc> = at.parse().ok()?;
    let (level, mut rest) = rest.trim_start().split_once(' ')?;
    let level = LogLevel::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(level))?;
    let mut fields = Vec::new();
    // The spans around it stand before the module that says it, which has no brace in its name.
    while let Some((span, after)) = rest.split_once("}:").filter(|(span, _)| is_span(span)) {
        let (name, said) = span.split_once('{').unwrap_or((span, ""));
        fields.push((name.to_owned(), said.to_owned()));
        rest = after.trim_start();
    }
    let (target, message) = rest.split_once(": ")?;
    Some(LogEntry { id: 0, at, level, target: target.to_owned(), message: message.to_owned(), fields, before_start: true })
}

/// Whether what stands before the brace is a name.
fn is_span(text: &str) -> bool {
    text.split_once('{').is_some_and(|(name, _)| !name.is_empty() && !name.contains([' ', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_the_files_are_read_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()), [], "a first start");
        let line = |n: usize| format!("2026-11-29T20:40:38.{n:06}Z  INFO minerva_console::platform: line {n} photo=cat.jpg\n");
        let older: String = (0..100).map(line).collect();
        let newer: String = (100..1_050).map(line).collect();
        std::fs::write(folder.path().join(file::BEFORE), older).expect("written");
        std::fs::write(folder.path().join(file::FILE), newer + "and its second line\n").expect("written");
        let entries = read(folder.path());
        assert_eq!(entries.len(), LINES_MOST);
        assert_eq!((&entries[0].message[..], entries[0].before_start), ("line 50 photo=cat.jpg", true));
        assert_eq!(entries[LINES_MOST - 1].message, "line 1049 photo=cat.jpg\nand its second line");
        let long: String = (0..20_000).map(line).collect();
        std::fs::write(folder.path().join(file::FILE), long).expect("written");
        let entries = read(folder.path());
        assert_eq!(entries.last().map(|entry| &entry.message[..]), Some("line 19999 photo=cat.jpg"));
        assert_eq!(entries.len(), LINES_MOST);
    }

    #[test]
    fn a_line_is_read_with_the_spans_around_it() {
        let line = "2026-11-29T20:40:38.000001Z DEBUG request{method=GET path=/api}:query{n=1}: minerva_console::routes: answered: well status=200";
        let entry = entry(line).expect("a line");
        assert_eq!((entry.level, &entry.target[..], &entry.message[..]), (LogLevel::Debug, "minerva_console::routes", "answered: well status=200"));
        let fields: Vec<(&str, &str)> = entry.fields.iter().map(|(name, said)| (&name[..], &said[..])).collect();
        assert_eq!(fields, [("request", "method=GET path=/api"), ("query", "n=1")]);
        let braces = super::entry("2026-11-29T20:40:38Z  WARN sqlx::query: slow {\"a\": {}}: 3 s").expect("a line");
        assert_eq!((&braces.target[..], &braces.message[..]), ("sqlx::query", "slow {\"a\": {}}: 3 s"));
        assert!(super::entry("no line of a log").is_none());
    }
}
