//! What a comparison is asked to compare: photo files, prompt files, models. All of it is read and
//! checked before anything is begun.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{Failure, Result};
use crate::client::photo_zip;
use crate::platform::domain::prompts;
use crate::providers::{Provider, Providers};

/// What is taken from a folder. Files that are named on the command line are always taken.
const PHOTO_EXTENSIONS: [&str; 12] = ["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif", "jxl"];

/// A photo file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoFile {
    /// How the report calls it: the file's name, or its path where two files have one name.
    pub label: String,
    pub file_name: String,
    pub source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Bundled(&'static [u8]),
}

/// A prompt file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptFile {
    pub name: String,
    pub content: String,
}

/// Paths in which every zip file stands as the photos in it.
pub struct Unpacked {
    paths: Vec<PathBuf>,
    /// As they were given.
    given: Vec<PathBuf>,
    /// What the photos of zip files are known by: nobody knows the paths that they have for a while.
    names: HashMap<PathBuf, String>,
    /// What could not be unpacked, and why.
    pub refused: Vec<String>,
    /// Hold the files while this lives.
    folders: Vec<tempfile::TempDir>,
}

/// Unpacks the zip files among these paths.
pub fn unpack(paths: &[PathBuf]) -> Result<Unpacked> {
    let mut all = Unpacked { paths: Vec::new(), given: paths.to_vec(), names: HashMap::new(), refused: Vec::new(), folders: Vec::new() };
    for path in paths {
        if !photo_zip::is_zip(path) || !path.is_file() {
            all.paths.push(path.clone());
            continue;
        }
        let unpacked = photo_zip::unpack(path, is_named_as_photo, || false).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
        all.refused.extend(unpacked.refused.iter().map(|(name, why)| format!("{name}: {why}")));
        all.names.extend(unpacked.names);
        all.paths.extend(unpacked.files);
        all.folders.push(unpacked.folder);
    }
    Ok(all)
}

impl Unpacked {
    /// The photo files, as [`photos`] finds them; those of a zip file are called by their place in it.
    pub fn photos(&self) -> Result<(Vec<PhotoFile>, Vec<String>)> {
        if self.paths.is_empty() && !self.given.is_empty() {
            let why = if self.refused.is_empty() { String::new() } else { format!(" ({})", self.refused.join("; ")) };
            return Err(no_photo_in(&self.given, &why));
        }
        let (mut photos, unreadable) = photos(&self.paths)?;
        for photo in &mut photos {
            if let Source::File(path) = &photo.source
                && let Some(name) = self.names.get(path)
            {
                photo.label.clone_from(name);
            }
        }
        Ok((photos, unreadable))
    }
}

fn no_photo_in(paths: &[PathBuf], why: &str) -> Failure {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    Failure::Usage(format!("There is no photo in {}{why}; photos end in {}", names.join(", "), PHOTO_EXTENSIONS.join(", ")))
}

/// The photo files of files and folders, folders with all below them, in order of path. The second list
/// tells of folders that can't be read.
pub fn photos(paths: &[PathBuf]) -> Result<(Vec<PhotoFile>, Vec<String>)> {
    let mut known = BTreeSet::new();
    let mut unreadable = Vec::new();
    let mut ordered = Vec::new();
    // One that is missing among others fails by itself; where none is there, the command is not what was meant.
    let is_missing = |path: &PathBuf| std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if let Some(first) = paths.first().filter(|_| paths.iter().all(is_missing)) {
        return Err(Failure::Usage(format!("There is no file or folder {}", first.display())));
    }
    for path in paths {
        let mut found = Vec::new();
        if path.is_dir() {
            walk(path, &mut found, &mut unreadable);
        } else {
            found.push(path.clone());
        }
        for file in found {
            let same = file.canonicalize().unwrap_or_else(|_| file.clone());
            if known.insert(same) {
                ordered.push(file);
            }
        }
    }
    if ordered.is_empty() {
        if !unreadable.is_empty() {
            return Err(Failure::Usage(format!("There is no photo to ask about. {}", unreadable.join("; "))));
        }
        return Err(no_photo_in(paths, ""));
    }
    let name_of = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for file in &ordered {
        *uses.entry(name_of(file)).or_default() += 1;
    }
    let photos = ordered.into_iter().map(|path| {
        let file_name = name_of(&path);
        let label = if uses[&file_name] == 1 { file_name.clone() } else { path.display().to_string() };
        PhotoFile { label, file_name, source: Source::File(path) }
    });
    Ok((photos.collect(), unreadable))
}

/// Hidden files and links to folders (which may go round in circles) are left out.
fn walk(folder: &Path, found: &mut Vec<PathBuf>, unreadable: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            unreadable.push(format!("The folder {} could not be read: {error}", folder.display()));
            return;
        }
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&path, found, unreadable);
        } else if is_named_as_photo(&path) && path.is_file() {
            found.push(path);
        }
    }
}

fn is_named_as_photo(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| PHOTO_EXTENSIONS.contains(&extension.as_str()))
}

/// Prompt files; a prompt is called as its file is, without the extension.
pub fn prompt_files(paths: &[PathBuf]) -> Result<Vec<PromptFile>> {
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let content = std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("The prompt file {} could not be read: {error}", path.display())))?;
        if content.trim().is_empty() {
            return Err(Failure::Usage(format!("The prompt file {} is empty", path.display())));
        }
        prompts::check_template(&content).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let name = if names.contains(&stem) { path.display().to_string() } else { stem };
        if !names.insert(name.clone()) {
            return Err(Failure::Usage(format!("The prompt file {} is given twice", path.display())));
        }
        files.push(PromptFile { name, content });
    }
    Ok(files)
}

/// The models' providers. Names that no provider knows are refused with the names there are.
pub fn check_models(models: &[String], providers: &Providers) -> Result<Vec<Arc<dyn Provider>>> {
    let mut used: Vec<Arc<dyn Provider>> = Vec::new();
    for model in models {
        let found = providers.find(model).filter(|(provider, rest)| {
            let takes_a_model = provider.catalogue().iter().all(|entry| !entry.model.is_empty());
            takes_a_model != rest.is_empty()
        });
        let Some((provider, rest)) = found else {
            return Err(Failure::Usage(format!("There is no model '{model}'. There are: {}", known_models(providers).join(", "))));
        };
        provider.check_model(rest).map_err(|fault| Failure::Usage(format!("There is no model '{model}'. {}", fault.message)))?;
        if !used.iter().any(|known| known.name() == provider.name()) {
            used.push(provider);
        }
    }
    Ok(used)
}

/// Of a provider with models, the first of them: whole lists would bury the mistake.
fn known_models(providers: &Providers) -> Vec<String> {
    let of = |provider: &dyn Provider| match provider.catalogue().first() {
        Some(entry) if entry.model.is_empty() => provider.name().to_owned(),
        Some(entry) => format!("{0}/MODEL (such as {0}/{1})", provider.name(), entry.model),
        None => format!("{}/MODEL", provider.name()),
    };
    providers.iter().map(|provider| of(provider.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_names_made_unique() {
        let folder = tempfile::tempdir().expect("folder");
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
            std::fs::write(&path, b"x").expect("file");
            path
        };
        let named = file("notes.txt");
        for name in ["b.JPG", "a/b.JPG", "a/c.png", "truth.csv", ".hidden.jpg"] {
            file(name);
        }
        let (photos, unreadable) = photos(&[named.clone(), folder.path().to_owned(), named]).expect("photos");
        let labels: Vec<_> = photos.iter().map(|photo| photo.label.clone()).collect();
        let path = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(labels, ["notes.txt".to_owned(), path("a/b.JPG"), "c.png".to_owned(), path("b.JPG")]);
        assert_eq!(unreadable, Vec::<String>::new());
    }

    #[test]
    fn nothing_to_compare_is_wrong_usage() {
        let folder = tempfile::tempdir().expect("folder");
        let failure = photos(&[folder.path().to_owned()]).expect_err("refused");
        assert_eq!(failure.exit_code(), 2);
        let missing = folder.path().join("missing.md");
        assert!(prompt_files(std::slice::from_ref(&missing)).expect_err("refused").to_string().contains("missing.md"));
    }
}
