//! The file of a report.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Failure, Result, terminal};

/// Where a report goes.
enum Place {
    /// A file that is there, or is made: whole or not at all, so that an older report is not lost to a full disk.
    File(PathBuf),
    /// A device or pipe, which is written to as it is.
    Stream(PathBuf),
}

impl Place {
    fn of(path: &Path) -> Self {
        match std::fs::metadata(path) {
            Ok(there) if !there.is_file() && !there.is_dir() => Self::Stream(path.to_owned()),
            // A link stays a link: what it leads to is replaced.
            Ok(_) => Self::File(path.canonicalize().unwrap_or_else(|_| path.to_owned())),
            Err(_) => Self::File(path.to_owned()),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The format to write in: as told, else as the ending of the file's name says, else `otherwise`. An ending that stands for no format
/// is wrong usage: a table in a file called `report.pdf` is opened by nothing.
pub fn format<F: Copy>(told: Option<F>, out: Option<&Path>, endings: &[(&str, F)], otherwise: F) -> Result<F> {
    let Some(ending) = out.and_then(Path::extension) else { return Ok(told.unwrap_or(otherwise)) };
    let ending = ending.to_string_lossy();
    let named = || endings.iter().find(|(known, _)| known.eq_ignore_ascii_case(&ending)).map(|(_, format)| *format);
    told.or_else(named).ok_or_else(|| {
        let known = endings.iter().map(|(known, _)| format!(".{known}")).collect::<Vec<_>>().join(", ");
        let path = out.unwrap_or(Path::new("")).display();
        Failure::Usage(format!(
            "--out {path}: '.{ending}' stands for no format that can be written; name a file that ends in one of {known}, or say which with --format"
        ))
    })
}

/// A report that can't be written is better known before the photos are asked about.
pub fn check(path: &Path) -> Result<()> {
    let refuse =
        |what: &str, error: std::io::Error| Failure::Usage(format!("--out {}: {what} can't be written to: {}", path.display(), error.kind()));
    let Place::File(file) = Place::of(path) else {
        // A pipe that is opened here would wait for its reader, and be closed for it before the report comes.
        return Ok(());
    };
    let folder = folder_of(&file);
    if file.is_dir() || !folder.is_dir() {
        return Err(Failure::Usage(format!("--out {}: that is not a file in a folder that exists", path.display())));
    }
    // What is made now has to be made then.
    tempfile::Builder::new().prefix(".minerva-").tempfile_in(folder).map(drop).map_err(|error| refuse("the folder", error))
}

/// Writes it to a file where one is named, else to standard output.
pub fn give(out: Option<&Path>, text: &str) -> Result<()> {
    match out {
        Some(path) => write(path, text.trim_end()),
        None => terminal::out(text.trim_end()),
    }
}

/// Writes it with a line end.
fn write(path: &Path, text: &str) -> Result<()> {
    let write = || match Place::of(path) {
        Place::Stream(stream) => writeln!(std::fs::File::options().write(true).open(stream)?, "{text}"),
        Place::File(path) => replace(&path, text),
    };
    write().map_err(|error| Failure::Failed(format!("The report could not be written to {}: {}", path.display(), error.kind())))
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".minerva-").tempfile_in(folder_of(path))?;
    writeln!(file, "{text}")?;
    // A temporary file is for its owner only; a report is an ordinary file.
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format_unless_that_is_told() {
        let chosen = |told, out: Option<&str>| format(told, out.map(Path::new), &[("json", 'j'), ("txt", 't')], 't');
        assert!(matches!(chosen(None, Some("a.JSON")), Ok('j')));
        assert!(matches!(chosen(Some('t'), Some("a.json")), Ok('t')));
        assert!(matches!(chosen(Some('j'), Some("a.pdf")), Ok('j')));
        for out in [None, Some("/dev/stdout"), Some("report")] {
            assert!(matches!(chosen(None, out), Ok('t')), "{out:?}");
        }
        let Err(Failure::Usage(why)) = chosen(None, Some("a.pdf")) else { panic!("a.pdf is nothing that can be written") };
        assert!(why.contains("'.pdf'") && why.contains(".json, .txt"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_a_device_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target.json"), folder.path().join("link.json"));
        std::fs::write(&target, "old").expect("a file");
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        check(&link).expect("can be written");
        assert!(write(&link, "new").is_ok());
        assert_eq!(std::fs::read_to_string(&target).expect("a file"), "new\n");
        assert!(std::fs::symlink_metadata(&link).expect("a link").is_symlink());

        let null = Path::new("/dev/null");
        check(null).expect("can be written");
        assert!(write(null, "text").is_ok());
        assert!(!std::fs::metadata(null).expect("it is there").is_file());
        assert!(matches!(write(Path::new("/dev/full"), "text"), Err(Failure::Failed(why)) if why.contains("/dev/full")));
        assert!(!std::fs::metadata("/dev/full").expect("it is there").is_file());
        assert!(matches!(check(folder.path()), Err(Failure::Usage(_))));
    }
}
