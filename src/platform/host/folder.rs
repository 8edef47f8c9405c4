//! The data folder: made for its owner alone, and used by one Minerva at a time.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::StartError;

/// Makes the folder and what is always in it.
pub fn prepare(folder: &Path) -> Result<(), StartError> {
    for part in [folder.to_owned(), folder.join("photos"), folder.join("thumbnails")] {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&part).map_err(|error| unusable(&part, &error))?;
    }
    Ok(())
}

/// A database of no bytes beside photos: something emptied it. SQLite would take it for a new one, and the library would be gone
/// without a word.
pub fn refuse_emptied(folder: &Path, database: &Path) -> Result<(), StartError> {
    let is_empty = fs::metadata(database).is_ok_and(|file| file.len() == 0) && !beside(database, "-wal").exists();
    let has_photos = fs::read_dir(folder.join("photos")).is_ok_and(|mut entries| entries.next().is_some());
    if is_empty && has_photos {
        let why = "the file is empty, although there are photos in the data folder".to_owned();
        return Err(StartError::Damaged { path: database.display().to_string(), why });
    }
    Ok(())
}

/// Makes the file of a new database for its owner alone; what SQLite keeps beside it follows.
pub fn begin_database(database: &Path) -> Result<(), StartError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(database) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(unusable(database, &error)),
        _ => Ok(()),
    }
}

/// Takes a lock that the system gives back when the process ends, however it ends.
pub fn lock(path: &Path) -> Result<File, StartError> {
    let folder = path.parent().unwrap_or(path);
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(|error| unusable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// `path` with `ending` added to its name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn unusable(path: &Path, error: &std::io::Error) -> StartError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return StartError::DiskFull(path.display().to_string());
    }
    StartError::Files(format!(
        "The data folder can't be used: {}: {error}. Give yourself the right to write there, or choose another folder with --data-dir",
        path.display()
    ))
}
