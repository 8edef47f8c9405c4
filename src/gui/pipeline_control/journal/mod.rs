//! The journal of what is typed: every keystroke is on this computer's disk before the next one, apart from the platform and its draft.
//! After a crash text, cursor and the whole of undo and redo are there again.
//!
//! A part of a prompt (`user`, `system`, `schema`) has a file of its own: [`Journals::open`] reads it off the frame, [`KeptText::begin`]
//! holds it against what the platform has, [`KeptText::flush`] is called after every frame that may have changed it, and
//! [`KeptText::sent`] and [`KeptText::held`] say what the platform knows.

mod record;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use crate::gui::ctx::AreaCtx;
use crate::gui::widgets::prompt_editor::typed::TypedText;
use crate::wire::ids::PromptId;
use record::{Digest, Fault, Record};
use writer::{Found, Order, Trouble, Writer};

/// A file is begun anew when it is larger than this and than what it holds.
const LARGE: usize = 256 << 10;
/// How often a whole state is tried where writing fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A disk that does not answer for so long is done without.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// The journals of one platform's prompts.
pub struct Journals {
    /// `None`: this window keeps nothing.
    folder: Option<PathBuf>,
    orders: Sender<Order>,
}

impl Journals {
    #[must_use]
    pub fn new(ctx: &AreaCtx<'_>) -> Self {
        let folder = ctx.typing_folder.map(|folder| folder.join(if ctx.embedded { "this computer".to_owned() } else { name_of(ctx.client.base()) }));
        Self::in_folder(folder, ctx.egui)
    }

    fn in_folder(folder: Option<PathBuf>, egui: &egui::Context) -> Self {
        let (orders, receiver) = mpsc::channel();
        let writer = Writer::new(egui.clone());
        let started = std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(&receiver));
        if let Err(error) = started {
            // Orders then find nobody, which is told at the first one.
            tracing::error!(%error, "the thread of the journals did not start");
        }
        Self { folder, orders }
    }

    /// Reads the journal of one part of a prompt, such as `user`.
    #[must_use]
    pub fn open(&self, prompt: PromptId, part: &str) -> Opening {
        let (answer, found) = mpsc::channel();
        let journal = self.folder.as_ref().map(|folder| {
            let path = folder.join(format!("{prompt}.{part}.journal"));
            // Where the thread is gone the answer's end is dropped with the order, which the opening notices.
            let _ = self.orders.send(Order::Open { path: path.clone(), answer });
            Journal { path, orders: self.orders.clone(), trouble: Trouble::default(), state: State::Fresh, written: 0, reading: None }
        });
        Opening { journal, found, since: Instant::now() }
    }

    /// Waits until everything was tried on the disk, at most so long. Returns whether that was enough.
    pub fn finish(&self, limit: Duration) -> bool {
        let (done, finished) = mpsc::channel();
        let is_over = self.orders.send(Order::Finish(done)).is_err() || finished.recv_timeout(limit).is_ok();
        if !is_over {
            tracing::warn!("the journals were not written to their end within {limit:?}");
        }
        is_over
    }
}

/// A folder's name for a platform elsewhere.
fn name_of(base: &url::Url) -> String {
    let digest = blake3::hash(base.as_str().as_bytes()).to_hex();
    let host: String =
        base.host_str().unwrap_or("platform").chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("{host}-{}", &digest.as_str()[..12])
}

/// A journal that is being read.
pub struct Opening {
    journal: Option<Journal>,
    found: Receiver<Result<Found, String>>,
    since: Instant,
}

impl Opening {
    /// What was found; `None` while it is being read.
    pub fn poll(&mut self) -> Option<Opened> {
        let Some(journal) = &self.journal else { return Some(Opened::default()) };
        let (why, is_late) = match self.found.try_recv() {
            Ok(Ok(found)) => return Some(Opened { journal: self.journal.take(), found, trouble: None }),
            Ok(Err(why)) => (why, false),
            Err(TryRecvError::Disconnected) => {
                return Some(Opened { trouble: Some("the program could not start what writes it".to_owned()), ..Opened::default() });
            }
            Err(TryRecvError::Empty) if self.since.elapsed() > OPEN_PATIENCE => {
                (format!("the disk does not answer ({})", journal.path.display()), true)
            }
            Err(TryRecvError::Empty) => return None,
        };
        tracing::warn!(path = %journal.path.display(), why, "no journal of what is typed for now");
        let mut journal = self.journal.take()?;
        journal.trouble.set(Some(why));
        journal.state = State::Unread(Instant::now() + RETRY_AFTER);
        if is_late {
            // The answer may still come.
            journal.reading = Some(std::mem::replace(&mut self.found, mpsc::channel().1));
        }
        Some(Opened { journal: Some(journal), ..Opened::default() })
    }
}

/// What was found of a text.
#[derive(Default)]
pub struct Opened {
    journal: Option<Journal>,
    found: Found,
    /// Why nothing is kept.
    trouble: Option<String>,
}

/// Where a journal's file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no file, or none that fits.
    Fresh,
    Going,
    /// It could not be written; tried again at a time.
    Failed(Instant),
    /// It could not be read, so that nothing may be written over it yet; tried again at a time.
    Unread(Instant),
}

struct Journal {
    path: PathBuf,
    orders: Sender<Order>,
    trouble: Trouble,
    state: State,
    /// Bytes since the last whole state.
    written: usize,
    /// What is found there, where it is being read once more.
    reading: Option<Receiver<Result<Found, String>>>,
}

/// How what was kept stands to what the platform has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The same, or nothing was kept.
    Same,
    /// What was kept is newer: the platform has not got it yet.
    Unsent,
    /// The platform's text was changed elsewhere and is shown; undo leads back through one's own.
    ChangedElsewhere,
    /// Of a whole prompt: what was changed elsewhere and what was not sent yet are apart from each other, and both are shown.
    Merged,
    /// Both were changed; a person has to choose. One's own is shown.
    Conflict,
}

/// What a person should know of a file that could not be read to its end.
fn told(found: &Found) -> Option<String> {
    let path = found.put_aside.as_ref()?;
    let newer = found.reading.as_ref().is_some_and(|reading| reading.fault == Some(Fault::Newer));
    let why = if newer { "was written by a newer Minerva" } else { "is damaged; what could be read of it is here" };
    Some(format!("The record of what was typed {why}. It is kept as {}", path.display()))
}

/// A text whose every keystroke is on disk.
#[derive(Default)]
pub struct KeptText {
    pub typed: TypedText,
    journal: Option<Journal>,
    /// What the platform is known to have held last, and behind it what was sent since: it may hold that.
    known: Vec<Digest>,
    /// What a person should be told once.
    news: Option<String>,
    /// Why nothing is kept at all.
    broken: Option<String>,
}

impl KeptText {
    /// Without a journal.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { typed: TypedText::new(text), ..Self::default() }
    }

    /// Goes on from what was kept. `held`: what the platform holds.
    #[must_use]
    pub fn begin(opened: Opened, held: &str) -> (Self, Begun) {
        let Opened { mut journal, found, trouble } = opened;
        let news = told(&found);
        let goes_on = found.put_aside.is_none();
        let now = Digest::of(held);
        let kept = found.reading.and_then(|reading| reading.typed.map(|typed| (typed, reading.known, reading.good_bytes)));
        let Some((mut typed, known, bytes)) = kept else {
            // Also where it could not be read so far: what it holds is looked at as soon as it can be.
            return (Self { typed: TypedText::new(held), journal, known: vec![now], news, broken: trouble }, Begun::Same);
        };
        if let Some(journal) = &mut journal {
            journal.state = if goes_on { State::Going } else { State::Fresh };
            journal.written = bytes;
        }
        let begun = if typed.as_str() == held {
            Begun::Same
        } else if known.contains(&now) {
            Begun::Unsent
        } else if known.first() == Some(&Digest::of(&typed)) {
            // What was only sent may never have arrived: that would be lost.
            typed.replace(held);
            Begun::ChangedElsewhere
        } else {
            Begun::Conflict
        };
        let mut kept = Self { typed, journal, known, news, broken: trouble };
        if begun != Begun::Conflict {
            kept.held(held);
        }
        if goes_on {
            kept.flush();
        } else {
            // What was saved of a damaged file is safe again at once.
            kept.typed.take_keystrokes();
            kept.write_whole();
        }
        (kept, begun)
    }

    /// What the platform held last, as far as it is known: what one's own text was made of.
    #[must_use]
    pub fn base(&self) -> Option<String> {
        let held = self.known.first()?;
        self.typed.earlier(|text| Digest::of(text) == *held)
    }

    /// What a person should be told, once.
    pub fn take_news(&mut self) -> Option<String> {
        self.news.take()
    }

    /// Why what is typed is not being kept on this computer just now.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.broken.clone().or_else(|| self.journal.as_ref()?.trouble.get())
    }

    /// This text is on its way to the platform.
    pub fn sent(&mut self, text: &str) {
        self.flush();
        let digest = Digest::of(text);
        if !self.known.contains(&digest) {
            self.known.push(digest.clone());
            self.write(&[Record::Sent(digest)]);
        }
    }

    /// The platform holds this text.
    pub fn held(&mut self, text: &str) {
        self.flush();
        let digest = Digest::of(text);
        if self.known != [digest.clone()] {
            self.known = vec![digest.clone()];
            self.write(&[Record::Held(digest)]);
        }
    }

    /// Hands over what was typed, and tries again where that failed. Cheap when there is nothing.
    pub fn flush(&mut self) {
        self.read_again();
        let keystrokes = self.typed.take_keystrokes();
        let Some(journal) = &mut self.journal else { return };
        let is_failing = journal.trouble.get().is_some();
        match journal.state {
            State::Fresh if keystrokes.is_empty() => return,
            State::Going if is_failing => journal.state = State::Failed(Instant::now() + RETRY_AFTER),
            // The whole state went through, but not what was typed since.
            State::Failed(_) if !is_failing => journal.state = State::Fresh,
            _ => {}
        }
        match journal.state {
            State::Failed(at) if Instant::now() < at => {}
            State::Unread(_) => {}
            State::Fresh | State::Failed(_) => self.write_whole(),
            State::Going if journal.written > LARGE.max(3 * (self.typed.len() + self.typed.history().bytes())) => self.write_whole(),
            State::Going => {
                let records: Vec<Record> = keystrokes.into_iter().map(Record::Key).collect();
                self.write(&records);
            }
        }
    }

    /// The same without waiting for its time where writing failed.
    pub fn flush_now(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        if journal.trouble.get().is_some() {
            journal.state = match journal.state {
                State::Unread(_) => State::Unread(Instant::now()),
                _ => State::Failed(Instant::now()),
            };
        }
        self.flush();
    }

    /// The platform holds the text, and the file is behind because it can't be written: it goes, or the next start would take the
    /// two for texts of two people.
    pub fn drop_stale(&self, held: &str) {
        let Some(journal) = &self.journal else { return };
        if matches!(journal.state, State::Failed(_)) && journal.trouble.get().is_some() && self.typed.as_str() == held {
            // Where the writer has ended, the file stays.
            let _ = journal.orders.send(Order::Remove { path: journal.path.clone() });
        }
    }

    /// What was found late: it is shown where nothing was typed here meanwhile, else it is put aside where it is a text of its own.
    fn take_in(&mut self, found: Found) {
        self.news = told(&found).or(self.news.take());
        let Some(reading) = found.reading else { return };
        let Some(before) = reading.typed else { return };
        if before.as_str() == self.typed.as_str() || self.known.contains(&Digest::of(&before)) {
            return;
        }
        let is_untouched = self.known.contains(&Digest::of(&self.typed));
        if is_untouched && reading.known.iter().any(|known| self.known.contains(known)) {
            self.typed.replace(&before);
            self.known = reading.known;
            self.news = Some("What you typed before is here again".to_owned());
        } else if let Some(journal) = &self.journal {
            let to = writer::aside(&journal.path, "earlier");
            self.news = Some(format!("What was typed before is kept as {}", to.display()));
            // Where the writer has ended, nothing takes the file's place either.
            let _ = journal.orders.send(Order::PutAside { path: journal.path.clone(), to });
        }
    }

    /// A journal that could not be read is asked for again.
    fn read_again(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        let State::Unread(at) = journal.state else { return };
        match journal.reading.as_ref().map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => {}
            Some(Ok(Ok(found))) => {
                journal.reading = None;
                journal.trouble.set(None);
                self.take_in(found);
                self.typed.take_keystrokes();
                self.write_whole();
            }
            Some(Ok(Err(why))) => {
                journal.reading = None;
                journal.trouble.set(Some(why));
                journal.state = State::Unread(Instant::now() + RETRY_AFTER);
            }
            Some(Err(TryRecvError::Disconnected)) => self.broken = Some("the program's own writer has ended".to_owned()),
            None if Instant::now() < at => {}
            None => {
                let (answer, found) = mpsc::channel();
                // Where nobody is there to answer, the answer's end is dropped, which is seen in the next round.
                let _ = journal.orders.send(Order::Open { path: journal.path.clone(), answer });
                journal.reading = Some(found);
            }
        }
    }

    /// When [`Self::flush`] should be called though nothing is typed.
    #[must_use]
    pub fn wants_retry(&self) -> Option<Duration> {
        let journal = self.journal.as_ref()?;
        match journal.state {
            // The writer wakes the window when it has read it.
            State::Unread(_) if journal.reading.is_some() => None,
            State::Failed(at) | State::Unread(at) => Some(at.saturating_duration_since(Instant::now())),
            _ => None,
        }
    }

    fn write(&mut self, records: &[Record]) {
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.state == State::Going && !records.is_empty()) else { return };
        let lines: Vec<u8> = records.iter().flat_map(Record::line).collect();
        journal.written += lines.len();
        let order = Order::Append { path: journal.path.clone(), lines, trouble: journal.trouble.clone() };
        if journal.orders.send(order).is_err() {
            self.broken = Some("the program's own writer has ended".to_owned());
        }
    }

    fn write_whole(&mut self) {
        let start = Box::new(Record::start(self.typed.snapshot(), self.known.clone()));
        let Some(journal) = &mut self.journal else { return };
        journal.written = 0;
        // A failure keeps its wait; the writer clears the trouble when it is over.
        journal.state = if journal.trouble.get().is_some() { State::Failed(Instant::now() + RETRY_AFTER) } else { State::Going };
        let order = Order::Rewrite { path: journal.path.clone(), start, trouble: journal.trouble.clone() };
        if journal.orders.send(order).is_err() {
            self.broken = Some("the program's own writer has ended".to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
