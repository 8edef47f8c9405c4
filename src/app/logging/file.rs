//! The log file: begun anew when it is full, with a bounded number of older ones beside it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file that is written to.
pub const FILE: &str = "minerva.log";
/// The one before.
pub const BEFORE: &str = "minerva.1.log";
/// A file's length at most, in bytes.
const FILE_BYTES_MOST: u64 = 8 * 1024 * 1024;
/// Files kept, the one that is written to included.
const FILES_MOST: usize = 5;

/// Writes lines. `minerva.log` is the newest, `minerva.1.log` the one before, and so on.
pub struct LogFile {
    folder: PathBuf,
    file: File,
    written: u64,
    bytes_most: u64,
}

impl LogFile {
    /// Goes on where the file ends.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::open_with(folder, FILE_BYTES_MOST)
    }

    fn open_with(folder: &Path, bytes_most: u64) -> io::Result<Self> {
        let file = append_to(&folder.join(FILE))?;
        let written = file.metadata()?.len();
        Ok(Self { folder: folder.to_owned(), file, written, bytes_most })
    }

    fn nth(&self, n: usize) -> PathBuf {
        self.folder.join(if n == 0 { FILE.to_owned() } else { format!("minerva.{n}.log") })
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        for n in (0..FILES_MOST - 1).rev() {
            match std::fs::rename(self.nth(n), self.nth(n + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    // Somebody holds an older file. The bound matters more than what is in this one.
                    self.file.set_len(0)?;
                    self.written = 0;
                    return Ok(());
                }
                _ => {}
            }
        }
        self.file = append_to(&self.nth(0))?;
        self.written = 0;
        Ok(())
    }
}

impl Write for LogFile {
    /// Takes whole lines: one is never divided between two files.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written + line.len() as u64 > self.bytes_most {
            self.begin_anew()?;
        }
        self.file.write_all(line)?;
        self.written += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of all files, newest file last.
    fn lines(folder: &Path) -> Vec<String> {
        let names = (1..FILES_MOST + 3).rev().map(|n| format!("minerva.{n}.log")).chain([FILE.to_owned()]);
        let texts = names.filter_map(|name| std::fs::read_to_string(folder.join(name)).ok());
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    fn write(file: &mut LogFile, numbers: std::ops::Range<usize>) {
        for n in numbers {
            file.write_all(format!("line {n:04}\n").as_bytes()).expect("written");
        }
    }

    #[test]
    fn however_much_is_written_the_newest_lines_stay_and_the_bound_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = LogFile::open_with(folder.path(), 100).expect("opened");
        write(&mut file, 0..1_000);
        drop(file);
        let mut file = LogFile::open_with(folder.path(), 100).expect("opened again");
        write(&mut file, 1_000..1_003);
        let left = lines(folder.path());
        let expected: Vec<String> = (1_003 - left.len()..1_003).map(|n| format!("line {n:04}")).collect();
        assert_eq!(left, expected, "in order, none divided, none missing");
        assert!(left.len() >= 40, "four whole files and a part: {}", left.len());
        let entries: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry")).collect();
        assert_eq!(entries.len(), FILES_MOST);
        assert!(entries.iter().all(|entry| entry.metadata().expect("metadata").len() <= 100));
    }

    #[test]
    fn a_line_that_is_longer_than_a_file_is_written_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = LogFile::open_with(folder.path(), 100).expect("opened");
        let long = "x".repeat(300);
        write(&mut file, 0..2);
        file.write_all(format!("{long}\n").as_bytes()).expect("written");
        write(&mut file, 2..3);
        assert_eq!(lines(folder.path()), ["line 0000", "line 0001", &long, "line 0002"]);
    }

    #[test]
    #[cfg(unix)]
    fn it_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = LogFile::open_with(folder.path(), 20).expect("opened");
        write(&mut file, 0..9);
        for entry in std::fs::read_dir(folder.path()).expect("a folder") {
            assert_eq!(entry.expect("an entry").metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
        }
    }
}
