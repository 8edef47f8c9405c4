//! The thread that writes journals, so that no frame waits for a disk. It has one queue: what is handed over first is written first.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::record::{self, Fault, Reading, Record};

/// After this long without anything to write, what was written is brought safely onto the disk.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// A window that was just closed may hold the folder for a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Why a journal can't be written just now; shared with the window.
#[derive(Debug, Clone, Default)]
pub struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// What the thread is asked to do.
pub enum Order {
    Open {
        path: PathBuf,
        answer: Sender<std::result::Result<Found, String>>,
    },
    Append {
        path: PathBuf,
        lines: Vec<u8>,
        trouble: Trouble,
    },
    /// Begins the file anew with a whole state.
    Rewrite {
        path: PathBuf,
        start: Box<Record>,
        trouble: Trouble,
    },
    /// Gives the file another name, so that the next whole state does not take its place.
    PutAside {
        path: PathBuf,
        to: PathBuf,
    },
    /// Takes away a file that could not be kept current; that needs no room.
    Remove {
        path: PathBuf,
    },
    /// Answers when everything before it is on the disk.
    Finish(Sender<()>),
}

/// What was found at a journal's place.
#[derive(Debug, Default)]
pub struct Found {
    /// `None`: there is no journal yet.
    pub reading: Option<Reading>,
    /// Where a file was put aside that could not be read to its end.
    pub put_aside: Option<PathBuf>,
}

/// What the thread holds.
pub struct Writer {
    egui: egui::Context,
    files: HashMap<PathBuf, Appended>,
    /// One window at a time writes into a folder.
    locks: HashMap<PathBuf, File>,
    /// Folders that were waited for in vain: tried again without a wait.
    taken: HashSet<PathBuf>,
}

struct Appended {
    file: File,
    length: u64,
    is_synced: bool,
}

impl Writer {
    #[must_use]
    pub fn new(egui: egui::Context) -> Self {
        Self { egui, files: HashMap::new(), locks: HashMap::new(), taken: HashSet::new() }
    }

    /// Works until nobody can ask for anything any more.
    pub fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv_timeout(SYNC_AFTER) {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => self.sync(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.sync();
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Open { path, answer } => {
                // Nobody waits any more where the send fails.
                let _ = answer.send(self.open(&path));
                self.egui.request_repaint();
            }
            Order::Append { path, lines, trouble } => {
                // After a failure the next whole state is waited for: it holds this too.
                if trouble.get().is_none() {
                    let outcome = self.append(&path, &lines);
                    self.tell(&path, outcome, &trouble);
                }
            }
            Order::Rewrite { path, start, trouble } => {
                let outcome = self.rewrite(&path, &start);
                self.tell(&path, outcome, &trouble);
            }
            Order::PutAside { path, to } => {
                self.files.remove(&path);
                if let Err(error) = std::fs::rename(&path, &to) {
                    tracing::warn!(path = %path.display(), %error, "what was typed before could not be put aside");
                }
            }
            Order::Remove { path } => {
                self.files.remove(&path);
                if let Err(error) = std::fs::remove_file(&path) {
                    tracing::warn!(path = %path.display(), %error, "an old journal could not be removed");
                }
            }
            Order::Finish(answer) => {
                self.sync();
                let _ = answer.send(());
            }
        }
    }

    fn tell(&self, path: &Path, outcome: std::io::Result<()>, trouble: &Trouble) {
        let why = outcome.err().map(|error| words(&error));
        if why == trouble.get() {
            return;
        }
        if let Some(why) = &why {
            tracing::warn!(path = %path.display(), why, "the journal of what is typed can't be written");
        }
        trouble.set(why);
        self.egui.request_repaint();
    }

    fn open(&mut self, path: &Path) -> std::result::Result<Found, String> {
        let folder = path.parent().unwrap_or(path);
        self.lock(folder)?;
        let mut bytes = Vec::new();
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::default()),
            Err(error) => return Err(words(&error)),
            Ok(mut file) => {
                let is_file = file.metadata().is_ok_and(|about| about.is_file());
                if !is_file {
                    return Err(format!("{} is no file", path.display()));
                }
                file.read_to_end(&mut bytes).map_err(|error| words(&error))?;
            }
        }
        if bytes.is_empty() {
            return Ok(Found::default());
        }
        let reading = record::read(&bytes);
        let mut put_aside = None;
        if let Some(fault) = reading.fault {
            let aside = aside(
                path,
                match fault {
                    Fault::Damaged => "damaged",
                    Fault::Newer => "newer",
                },
            );
            std::fs::rename(path, &aside).map_err(|error| words(&error))?;
            put_aside = Some(aside);
        } else if reading.good_bytes < bytes.len() {
            let file = OpenOptions::new().write(true).open(path).map_err(|error| words(&error))?;
            file.set_len(reading.good_bytes as u64).map_err(|error| words(&error))?;
        }
        Ok(Found { reading: Some(reading), put_aside })
    }

    fn lock(&mut self, folder: &Path) -> std::result::Result<(), String> {
        if self.locks.contains_key(folder) {
            return Ok(());
        }
        std::fs::create_dir_all(folder).map_err(|error| words(&error))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock")).map_err(|error| words(&error))?;
        let step = Duration::from_millis(50);
        let tries = if self.taken.contains(folder) { 1 } else { LOCK_PATIENCE.as_millis() / step.as_millis() };
        for _ in 0..tries {
            match file.try_lock() {
                Ok(()) => {
                    self.locks.insert(folder.to_owned(), file);
                    self.taken.remove(folder);
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(step),
                Err(TryLockError::Error(error)) => return Err(words(&error)),
            }
        }
        self.taken.insert(folder.to_owned());
        Err("another Minerva window records into the same folder. Close it, and this one goes on recording".to_owned())
    }

    fn append(&mut self, path: &Path, lines: &[u8]) -> std::io::Result<()> {
        if !self.files.contains_key(path) {
            let file = OpenOptions::new().append(true).open(path)?;
            let length = file.metadata()?.len();
            self.files.insert(path.to_owned(), Appended { file, length, is_synced: true });
        }
        let Some(open) = self.files.get_mut(path) else { return Ok(()) };
        let written = open.file.write_all(lines);
        if written.is_ok() {
            open.length += lines.len() as u64;
            open.is_synced = false;
        } else {
            // Half a record must not stay before the next one.
            let _ = open.file.set_len(open.length);
            self.files.remove(path);
        }
        written
    }

    fn rewrite(&mut self, path: &Path, start: &Record) -> std::io::Result<()> {
        self.files.remove(path);
        let new = path.with_extension("new");
        let written = write_whole(&new, &start.line()).and_then(|()| std::fs::rename(&new, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        written
    }

    fn sync(&mut self) {
        for (path, open) in self.files.iter_mut().filter(|(_, open)| !open.is_synced) {
            if let Err(error) = open.file.sync_data() {
                tracing::warn!(path = %path.display(), %error, "a journal may be lost in a power cut");
            }
            open.is_synced = true;
        }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// What a person can do something about.
fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full. Free some space".to_owned(),
        ErrorKind::QuotaExceeded => "your share of the disk is used up. Free some space".to_owned(),
        _ => error.to_string(),
    }
}

/// A name beside it that is not taken.
pub fn aside(path: &Path, word: &str) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    path.with_extension(format!("{word}-{now}"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::gui::widgets::prompt_editor::history::{Delta, Selection};
    use crate::gui::widgets::prompt_editor::typed::{Keystroke, Snapshot};

    fn writer() -> Writer {
        Writer::new(egui::Context::default())
    }

    fn start(text: &str) -> Record {
        Record::start(Snapshot { text: text.to_owned(), ..Snapshot::default() }, Vec::new())
    }

    fn typed(at: usize, inserted: &str) -> Vec<u8> {
        let delta = Delta { at, removed: String::new(), inserted: inserted.to_owned() };
        Record::Key(Keystroke::Edit { delta, before: Selection::at(at), joins: false, group: None }).line()
    }

    fn text(found: Found) -> Option<String> {
        Some(found.reading?.typed?.to_string())
    }

    #[test]
    fn a_torn_end_is_cut_off_so_that_writing_goes_on_behind_what_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.user.journal");
        let mut first = writer();
        assert!(first.open(&path).expect("opened").reading.is_none());
        first.rewrite(&path, &start("a")).expect("written");
        first.append(&path, &typed(1, "b")).expect("written");
        first.append(&path, &typed(2, "torn")[..20]).expect("written");
        drop(first);
        let mut second = writer();
        assert_eq!(text(second.open(&path).expect("opened")).as_deref(), Some("ab"));
        second.append(&path, &typed(2, "c")).expect("written");
        drop(second);
        assert_eq!(text(writer().open(&path).expect("opened")).as_deref(), Some("abc"));
    }

    #[test]
    fn a_damaged_file_is_put_aside_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.user.journal");
        let mut bytes = start("a").line();
        bytes.extend(b"00000000 {}\n");
        bytes.extend(typed(1, "b"));
        std::fs::write(&path, &bytes).expect("written");
        let found = writer().open(&path).expect("opened");
        let aside = found.put_aside.clone().expect("put aside");
        assert_eq!(std::fs::read(aside).expect("it is there"), bytes);
        assert!(!path.exists());
        assert_eq!(text(found).as_deref(), Some("a"));
    }

    #[test]
    fn one_window_at_a_time_writes_into_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.user.journal");
        let mut first = writer();
        first.open(&path).expect("opened");
        let why = writer().open(&path).expect_err("it is taken");
        assert!(why.contains("another Minerva window"), "{why}");
        drop(first);
        writer().open(&path).expect("it is free");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_and_over_as_soon_as_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.user.journal");
        // Everything that is written there meets "no space left".
        std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
        let (sender, orders) = mpsc::channel();
        let trouble = Trouble::default();
        let order = |lines: Vec<u8>| Order::Append { path: path.clone(), lines, trouble: trouble.clone() };
        let thread = std::thread::spawn(move || writer().run(&orders));
        let finish = || {
            let (done, finished) = mpsc::channel();
            sender.send(Order::Finish(done)).expect("it runs");
            finished.recv().expect("it answers");
        };
        sender.send(order(typed(0, "a"))).expect("it runs");
        sender.send(order(typed(1, "b"))).expect("it runs");
        finish();
        let why = trouble.get().expect("it is told");
        assert!(why.contains("the disk is full"), "{why}");
        // The whole state is written anew, in place of the link.
        sender.send(Order::Rewrite { path: path.clone(), start: Box::new(start("ab")), trouble: trouble.clone() }).expect("it runs");
        sender.send(order(typed(2, "c"))).expect("it runs");
        finish();
        assert_eq!(trouble.get(), None);
        drop(sender);
        thread.join().expect("it ends");
        assert_eq!(text(writer().open(&path).expect("opened")).as_deref(), Some("abc"));
    }
}
