//! A file with prompts on this computer, read with the files that it names, on its way to the platform.

use std::collections::BTreeMap;
use std::path::Path;

use crate::wire::prompt_file::{FILE_MOST, ImportPrompts, beside_path};

/// Files that are brought along at most, and their bytes in all.
const BESIDE_MOST: usize = 100;
const BESIDE_BYTES_MOST: u64 = 900_000;

/// Reads a file. What it names is read only inside its own folder; what can't be is left to the platform to tell.
pub fn read(path: &Path) -> Result<ImportPrompts, String> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let size = std::fs::metadata(path).map_err(|error| format!("{name}: {error}"))?.len();
    if size > FILE_MOST as u64 {
        let most = FILE_MOST / 1_048_576;
        return Err(format!("{name} has {:.1} MiB; files of at most {most} MiB are read. Split it", size as f64 / 1_048_576.0));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let mut file = ImportPrompts::new(name, &bytes);
    let is_configuration = path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
    if let (true, Ok(text), Some(folder)) = (is_configuration, std::str::from_utf8(&bytes), path.parent()) {
        file.beside = beside(text, folder);
    }
    Ok(file)
}

/// The texts of the files that a text names.
fn beside(text: &str, folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut left = BESIDE_BYTES_MOST;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(folder) = folder.canonicalize() else { return found };
    let words = text.split(|letter: char| letter.is_whitespace() || "\"',[]{}".contains(letter));
    for path in words.filter_map(|word| beside_path(word.trim_end_matches(':'))) {
        if found.len() == BESIDE_MOST || found.contains_key(&path) {
            continue;
        }
        // A link that leads out of the folder leads nowhere.
        let Some(whole) = folder.join(&path).canonicalize().ok().filter(|whole| whole.starts_with(&folder)) else { continue };
        let Some(size) = whole.metadata().ok().filter(std::fs::Metadata::is_file).map(|data| data.len()).filter(|size| *size <= left) else {
            continue;
        };
        if let Ok(text) = std::fs::read_to_string(&whole) {
            left -= size;
            found.insert(path, text);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_named_come_along_from_the_folder_and_from_nowhere_else() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("inner");
        std::fs::create_dir_all(folder.join("prompts")).expect("made");
        std::fs::write(outer.path().join("secret.txt"), "secret").expect("written");
        std::fs::write(folder.join("prompts/long.txt"), "Look").expect("written");
        let config = folder.join("promptfoo.yaml");
        let text = "prompts:\n  - file://prompts/long.txt\n  - 'file://../secret.txt'\n  - file://missing.md\n  - prompts/tool.py\n";
        std::fs::write(&config, text).expect("written");
        let file = read(&config).expect("read");
        assert_eq!(file.beside.into_iter().collect::<Vec<_>>(), [("prompts/long.txt".to_owned(), "Look".to_owned())]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret.txt"), folder.join("link.txt")).expect("linked");
            std::fs::write(&config, "prompts: [file://link.txt]").expect("written");
            assert!(read(&config).expect("read").beside.is_empty());
        }
    }
}
