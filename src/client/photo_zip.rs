//! Photos in a zip file: unpacked into a folder that is removed afterwards, within bounds, so that a file that was made to fill
//! a disk does not.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use super::photo_file;

/// Files of one zip that are looked at.
const FILES_MOST: usize = 200_000;
/// What one zip may become on the disk.
const BYTES_MOST: u64 = 20 * 1024 * 1024 * 1024;

/// What came out of a zip file.
#[derive(Debug)]
pub struct Unpacked {
    /// Holds the files while it lives.
    pub folder: TempDir,
    /// In the order of their names.
    pub files: Vec<PathBuf>,
    /// What a person knows each file by: `photos.zip/deep/cat.jpg`.
    pub names: HashMap<PathBuf, String>,
    /// The same of what is not among the files, each with why.
    pub refused: Vec<(String, String)>,
}

/// Whether a path is called as zip files are.
#[must_use]
pub fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// What a system keeps beside the files, such as the `__MACOSX/._cat.jpg` of a Mac: no photo, whatever it is called.
fn is_of_the_system(name: &Path) -> bool {
    name.components().any(|part| match part {
        Component::Normal(part) => part.to_str().is_some_and(|part| part == "__MACOSX" || part.starts_with('.')),
        _ => false,
    })
}

/// Unpacks what is wanted. Blocks; ends early when `stops` says so.
///
/// # Errors
/// What is wrong with the zip as a whole, in words.
pub fn unpack(path: &Path, is_wanted: impl Fn(&Path) -> bool, stops: impl Fn() -> bool) -> Result<Unpacked, String> {
    let file = File::open(path).map_err(|error| format!("It could not be read: {error}"))?;
    let unreadable = |error: zip::result::ZipError| format!("It is no zip file that can be read ({error}). Pack the photos once more");
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(unreadable)?;
    let folder =
        tempfile::Builder::new().prefix("minerva-zip-").tempdir().map_err(|error| format!("No folder could be made to unpack it: {error}"))?;
    let zip_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let known_as = |name: &str| format!("{zip_name}/{}", name.trim_start_matches(['/', '\\']));
    let is_wanted = |name: &Path| is_wanted(name) && !is_of_the_system(name);
    let mut unpacked = Unpacked { folder, files: Vec::new(), names: HashMap::new(), refused: Vec::new() };
    let mut bytes_left = BYTES_MOST;
    for at in 0..archive.len().min(FILES_MOST) {
        if stops() {
            break;
        }
        let name = archive.name_for_index(at).unwrap_or("A file").to_owned();
        let mut entry = match archive.by_index(at) {
            Ok(entry) => entry,
            Err(error) => {
                unpacked.refused.push((known_as(&name), format!("It could not be unpacked: {error}. Unpack the zip yourself and add the folder")));
                continue;
            }
        };
        if !entry.is_file() || !is_wanted(Path::new(&name)) {
            continue;
        }
        let Some(name) = entry.enclosed_name() else {
            unpacked.refused.push((known_as(&name), "It would lie outside of the folder, so it is left out. Pack it once more".to_owned()));
            continue;
        };
        let said = known_as(&name.display().to_string());
        // Each has a folder of its own: a zip may hold two files of one name.
        let place = unpacked.folder.path().join(format!("{at:06}"));
        let target = place.join(name.file_name().unwrap_or(name.as_os_str()));
        let limit = bytes_left.min(photo_file::BYTES_MOST);
        match std::fs::create_dir(&place).and_then(|()| write(&mut entry, &target, limit)) {
            Ok(Some(bytes)) => {
                bytes_left -= bytes;
                unpacked.names.insert(target.clone(), said);
                unpacked.files.push(target);
            }
            Ok(None) if bytes_left < photo_file::BYTES_MOST => {
                return Err(format!("It becomes more than {} GB when it is unpacked. Make several of it", BYTES_MOST >> 30));
            }
            Ok(None) => {
                let why = format!("It has more than the {} MB that a photo may have. Save it smaller", photo_file::BYTES_MOST >> 20);
                unpacked.refused.push((said, why));
            }
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err("The disk is full. Free some space and add it again".to_owned()),
            Err(error) => unpacked.refused.push((said, format!("It could not be unpacked: {error}. Pack it once more"))),
        }
    }
    Ok(unpacked)
}

/// Writes an entry; `None` when it has more bytes than it may, and then nothing of it stays.
fn write(entry: &mut impl Read, target: &Path, bytes_most: u64) -> io::Result<Option<u64>> {
    let mut file = File::create_new(target)?;
    let written = io::copy(&mut entry.take(bytes_most + 1), &mut file);
    if written.as_ref().is_ok_and(|bytes| *bytes <= bytes_most) {
        return written.map(Some);
    }
    std::fs::remove_file(target)?;
    written.map(|_| None)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zip_of(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
        let path = folder.join("photos.zip");
        let mut writer = zip::ZipWriter::new(File::create(&path).expect("a file"));
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
            writer.write_all(bytes).expect("written");
        }
        writer.finish().expect("finished");
        path
    }

    #[test]
    fn only_what_is_wanted_comes_out_and_nothing_outside_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = zip_of(
            folder.path(),
            &[
                ("a/cat.jpg", b"one".as_slice()),
                ("b/cat.jpg", b"two"),
                ("notes.txt", b"x"),
                ("../../evil.jpg", b"x"),
                ("__MACOSX/a/._cat.jpg", b"x"),
                ("a/.DS_Store", b"x"),
            ],
        );
        let is_photo = |name: &Path| name.extension().is_some_and(|extension| extension == "jpg");
        let unpacked = unpack(&path, is_photo, || false).expect("a zip");
        let found: Vec<_> = unpacked.files.iter().map(|file| std::fs::read_to_string(file).expect("readable")).collect();
        assert_eq!(found, ["one", "two"], "both files of one name");
        assert!(unpacked.files.iter().all(|file| file.starts_with(unpacked.folder.path()) && file.ends_with("cat.jpg")));
        let names: Vec<&str> = unpacked.files.iter().map(|file| unpacked.names[file].as_str()).collect();
        assert_eq!(names, ["photos.zip/a/cat.jpg", "photos.zip/b/cat.jpg"]);
        let refused: Vec<&str> = unpacked.refused.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["photos.zip/../../evil.jpg"], "and what a Mac packs beside the photos is none");
        let inside = unpacked.folder.path().to_owned();
        drop(unpacked);
        assert!(!inside.exists(), "nothing is left behind");
    }

    #[test]
    fn what_is_no_zip_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.zip");
        std::fs::write(&path, b"not a zip").expect("a file");
        assert!(unpack(&path, |_| true, || false).expect_err("refused").contains("no zip file"));
    }

    #[test]
    fn an_entry_that_is_too_long_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("x");
        assert_eq!(write(&mut &b"12345"[..], &target, 4).expect("written"), None);
        assert!(!target.exists());
        assert_eq!(write(&mut &b"1234"[..], &target, 4).expect("written"), Some(4));
    }
}
