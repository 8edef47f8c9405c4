//! The newest of what this process logs, kept in memory so that it can be looked at from afar.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::wire::log::{LogEntry, LogLevel, LogPage, LogQuery};

/// Entries kept.
pub const ENTRIES_MOST: usize = 5_000;
/// Bytes of text kept, all entries together.
const BYTES_MOST: usize = 4 * 1024 * 1024;
/// Bytes of one text kept.
const TEXT_MOST: usize = 4 * 1024;
/// Entries of an answer, unless told.
const LIMIT: usize = 1_000;

/// Shared by whoever writes and whoever reads.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<LogEntry>,
    bytes: usize,
    newest: u64,
    folder: Option<PathBuf>,
}

impl Log {
    /// One that also goes to files in this folder, and begins with what was in them before.
    #[must_use]
    pub fn beside(folder: &Path, earlier: Vec<LogEntry>) -> Self {
        let log = Self(Arc::new(Mutex::new(Kept { folder: Some(folder.to_owned()), ..Kept::default() })));
        for entry in earlier {
            log.keep(entry);
        }
        log
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an entry; the oldest go for it.
    pub fn push(&self, at: DateTime<Utc>, level: LogLevel, target: &str, message: String, fields: Vec<(String, String)>) {
        self.keep(LogEntry { id: 0, at, level, target: target.to_owned(), message, fields, before_start: false });
    }

    fn keep(&self, entry: LogEntry) {
        let fields = entry.fields.into_iter().map(|(name, value)| (name, cut(value))).collect();
        let mut entry = LogEntry { message: cut(entry.message), fields, ..entry };
        let mut kept = self.lock();
        kept.newest += 1;
        entry.id = kept.newest;
        kept.bytes += size(&entry);
        kept.entries.push_back(entry);
        while kept.entries.len() > ENTRIES_MOST || kept.bytes > BYTES_MOST {
            let Some(oldest) = kept.entries.pop_front() else { break };
            kept.bytes -= size(&oldest);
        }
    }

    /// The entries that are asked for: those after one, oldest first as far as the limit; else the newest.
    #[must_use]
    pub fn read(&self, query: &LogQuery) -> LogPage {
        let limit = query.limit.map_or(LIMIT, |limit| limit as usize).clamp(1, ENTRIES_MOST);
        let wanted = query.q.as_deref().map(str::trim).filter(|wanted| !wanted.is_empty()).map(str::to_lowercase);
        let matches = |entry: &&LogEntry| {
            query.level.is_none_or(|level| entry.level <= level)
                && wanted.as_ref().is_none_or(|wanted| entry.to_string().to_lowercase().contains(wanted))
        };
        let kept = self.lock();
        let folder = kept.folder.as_ref().map(|folder| folder.display().to_string());
        // A number that was never given belongs to a process that ended.
        let Some(after) = query.after.filter(|after| *after <= kept.newest) else {
            let mut entries: Vec<LogEntry> = kept.entries.iter().rev().filter(matches).take(limit).cloned().collect();
            entries.reverse();
            return LogPage { entries, newest: kept.newest, missed: query.after.is_some(), folder };
        };
        let oldest = kept.newest - kept.entries.len() as u64 + 1;
        let skip = usize::try_from((after + 1).saturating_sub(oldest)).unwrap_or_default();
        let entries: Vec<LogEntry> = kept.entries.iter().skip(skip).filter(matches).take(limit).cloned().collect();
        let newest = entries.last().filter(|_| entries.len() == limit).map_or(kept.newest, |last| last.id);
        LogPage { entries, newest, missed: after + 1 < oldest, folder }
    }
}

fn size(entry: &LogEntry) -> usize {
    let fields: usize = entry.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    entry.target.len() + entry.message.len() + fields
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_MOST {
        let end = (0..=TEXT_MOST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(log: &Log, level: LogLevel, message: &str) {
        log.push(DateTime::UNIX_EPOCH, level, "minerva_console::test", message.to_owned(), vec![("photo".to_owned(), "Cat.jpg".to_owned())]);
    }

    fn messages(page: &LogPage) -> Vec<&str> {
        page.entries.iter().map(|entry| &entry.message[..]).collect()
    }

    #[test]
    fn entries_are_followed_filtered_and_bounded() {
        let log = Log::default();
        assert_eq!(log.read(&LogQuery::default()), LogPage::default());
        for (level, message) in [(LogLevel::Info, "one"), (LogLevel::Error, "two"), (LogLevel::Debug, "three"), (LogLevel::Warn, "four")] {
            push(&log, level, message);
        }
        let read = |after, level, q: Option<&str>, limit| log.read(&LogQuery { after, level, q: q.map(str::to_owned), limit });
        assert_eq!(messages(&read(None, None, None, None)), ["one", "two", "three", "four"]);
        assert_eq!(messages(&read(None, None, None, Some(2))), ["three", "four"], "the newest");
        let page = read(Some(1), None, None, Some(2));
        assert_eq!((messages(&page), page.newest), (vec!["two", "three"], 3), "the next");
        assert_eq!(messages(&read(Some(3), None, None, None)), ["four"]);
        assert_eq!(messages(&read(None, Some(LogLevel::Warn), None, None)), ["two", "four"]);
        assert_eq!(messages(&read(None, None, Some("CAT.jpg"), None)).len(), 4);
        assert_eq!(messages(&read(None, None, Some("thr"), None)), ["three"]);
        let page = read(Some(3), None, Some("nothing"), None);
        assert_eq!((page.entries.len(), page.newest), (0, 4), "what does not match is passed over");
        assert!(read(Some(99), None, None, None).missed, "of a process that ended");

        for n in 0..ENTRIES_MOST {
            push(&log, LogLevel::Info, &n.to_string());
        }
        let page = read(Some(2), None, None, Some(5_000));
        assert!(page.missed && page.entries.len() == ENTRIES_MOST && page.entries[0].message == "0");
        assert!(!read(Some(4), None, None, None).missed);
        for _ in 0..2_000 {
            push(&log, LogLevel::Info, &"ä".repeat(10_000));
        }
        let kept = log.lock();
        assert!(kept.bytes <= BYTES_MOST && kept.entries.len() < 1_100, "{}", kept.entries.len());
        assert_eq!(kept.bytes, kept.entries.iter().map(size).sum::<usize>());
    }
}
