//! What came into a folder since it was looked at last. A folder's own time changes when something comes into it: only those that
//! changed are read, whatever lies in the others.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use super::photo_upload::has_photo_extension;

/// The times of some file systems are this coarse: what changed so lately may change again without a sign.
const COARSE: Duration = Duration::from_secs(3);
/// Folders are followed at most this deep.
const DEPTH_MOST: usize = 32;

/// How a file was when it was seen.
type Sign = (SystemTime, u64);

/// A folder with all that lies in it, as seen last.
pub struct FolderLook {
    root: PathBuf,
    /// Photos that came before this are known.
    since: Option<SystemTime>,
    /// Every folder with its time; `None`: to be read again.
    folders: HashMap<PathBuf, Option<SystemTime>>,
    /// Photos that may still be written to: told of when they are the same at the next look.
    unsettled: HashMap<PathBuf, Sign>,
    /// Photos that were told of or are known, as they were then.
    told: HashMap<PathBuf, Sign>,
}

impl FolderLook {
    /// `since`: when everything in it was known; `None`: nothing is.
    #[must_use]
    pub fn new(root: &Path, since: Option<DateTime<Utc>>) -> Self {
        let root = root.to_owned();
        Self {
            folders: HashMap::from([(root.clone(), None)]),
            root,
            since: since.map(SystemTime::from),
            unsettled: HashMap::new(),
            told: HashMap::new(),
        }
    }

    /// The photos that came and are at rest, in the order of their names; `None` while the folder is not there. Not for the frame.
    pub fn look(&mut self) -> Option<Vec<PathBuf>> {
        if !self.root.is_dir() {
            // Whatever comes back is looked at anew.
            self.folders = HashMap::from([(self.root.clone(), None)]);
            return None;
        }
        let mut came = self.settled();
        let changed: HashSet<PathBuf> =
            self.folders.iter().filter(|(path, seen)| seen.is_none_or(|seen| time_of(path) != Some(seen))).map(|(path, _)| path.clone()).collect();
        for path in changed {
            self.read(&path);
        }
        came.sort();
        Some(came)
    }

    /// Those that have not changed since the last look.
    fn settled(&mut self) -> Vec<PathBuf> {
        let mut came = Vec::new();
        for (path, before) in std::mem::take(&mut self.unsettled) {
            match std::fs::metadata(&path).as_ref().map(sign) {
                Ok(now) if now == before => {
                    self.told.insert(path.clone(), now);
                    came.push(path);
                }
                Ok(now) => drop(self.unsettled.insert(path, now)),
                // It was there for a moment only.
                Err(_) => {}
            }
        }
        came
    }

    fn read(&mut self, folder: &Path) {
        // Before what is in it: what comes meanwhile changes it again.
        let time = time_of(folder);
        let Ok(entries) = std::fs::read_dir(folder) else {
            self.folders.remove(folder);
            return;
        };
        let is_fresh = time.is_none_or(|time| time.elapsed().is_ok_and(|age| age < COARSE));
        self.folders.insert(folder.to_owned(), time.filter(|_| !is_fresh));
        for entry in entries.flatten() {
            let path = entry.path();
            // A linked folder is not followed: it may lead back to where it came from.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let depth = path.strip_prefix(&self.root).map_or(0, |inner| inner.components().count());
                if depth <= DEPTH_MOST && !self.folders.contains_key(&path) {
                    self.read(&path);
                }
            } else if has_photo_extension(&path)
                && let Ok(metadata) = std::fs::metadata(&path)
            {
                self.note(path, &metadata);
            }
        }
    }

    fn note(&mut self, path: PathBuf, metadata: &std::fs::Metadata) {
        let now = sign(metadata);
        if self.told.get(&path) == Some(&now) || self.unsettled.contains_key(&path) {
            return;
        }
        if self.since.is_some_and(|since| came_at(metadata) < since) {
            self.told.insert(path, now);
        } else {
            self.unsettled.insert(path, now);
        }
    }
}

fn time_of(folder: &Path) -> Option<SystemTime> {
    std::fs::metadata(folder).and_then(|metadata| metadata.modified()).ok()
}

fn sign(metadata: &std::fs::Metadata) -> Sign {
    (metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len())
}

/// A copy keeps the time of its content; when it came here is told by the change of the file's own entry, or by its birth.
fn came_at(metadata: &std::fs::Metadata) -> SystemTime {
    let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let born = metadata.created().unwrap_or(SystemTime::UNIX_EPOCH);
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt as _;
        SystemTime::UNIX_EPOCH + Duration::from_secs(metadata.ctime().unsigned_abs())
    };
    #[cfg(not(unix))]
    let changed = SystemTime::UNIX_EPOCH;
    written.max(born).max(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, name: &str) -> PathBuf {
        std::fs::create_dir_all(folder).expect("a folder");
        let path = folder.join(name);
        std::fs::write(&path, b"x").expect("a file");
        path
    }

    /// A file is told of at the second look that finds it unchanged.
    fn looks(look: &mut FolderLook) -> Vec<PathBuf> {
        let first = look.look().expect("it is there");
        first.into_iter().chain(look.look().expect("it is there")).collect()
    }

    #[test]
    fn what_comes_is_told_once_and_when_it_is_at_rest() {
        let place = tempfile::tempdir().expect("a folder");
        let inner = place.path().join("2026").join("may");
        let first = put(&inner, "a.jpg");
        put(&inner, "notes.txt");
        put(&inner, ".hidden.jpg");
        let mut look = FolderLook::new(place.path(), None);
        assert_eq!(look.look(), Some(Vec::new()), "it may still be written to");
        assert_eq!(look.look(), Some(vec![first.clone()]));
        assert_eq!(looks(&mut look), Vec::<PathBuf>::new());
        std::fs::write(&first, b"changed").expect("written");
        look.look();
        std::fs::write(&first, b"changed again").expect("written");
        assert_eq!(look.look(), Some(Vec::new()), "not at rest");
        assert_eq!(look.look(), Some(vec![first]));
        let second = put(&place.path().join("2026").join("june"), "b.png");
        assert_eq!(looks(&mut look), [second], "a folder that comes with what is in it");
    }

    #[test]
    fn what_came_while_nobody_looked_is_found_whatever_the_age_of_its_content() {
        let place = tempfile::tempdir().expect("a folder");
        let copied = put(place.path(), "copied.jpg");
        let file = std::fs::File::options().write(true).open(&copied).expect("opened");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)).expect("aged");
        let since = |at: DateTime<Utc>| FolderLook::new(place.path(), Some(at));
        assert_eq!(looks(&mut since(Utc::now() - chrono::TimeDelta::minutes(1))), [copied]);
        assert_eq!(looks(&mut since(Utc::now() + chrono::TimeDelta::minutes(1))), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_folder_that_is_gone_says_so_and_comes_back() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("disk");
        let first = put(&folder, "a.jpg");
        let mut look = FolderLook::new(&folder, None);
        assert_eq!(looks(&mut look), [first]);
        std::fs::rename(&folder, place.path().join("away")).expect("renamed");
        assert_eq!(look.look(), None);
        std::fs::rename(place.path().join("away"), &folder).expect("renamed");
        let second = put(&folder, "b.jpg");
        assert_eq!(looks(&mut look), [second], "the first is known");
    }
}
