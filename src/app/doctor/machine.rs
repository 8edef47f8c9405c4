//! The machine: folder, disk, display and the libraries that a window needs.

use std::path::{Path, PathBuf};

use super::Check;
use crate::app::config;
use crate::platform::domain::disk::{FREE_BYTES_LEAST, FREE_BYTES_LOW, free_bytes, size};

/// Whether a file can be written there, tried with a file. Nothing stays behind.
pub fn data_folder(folder: &Path) -> Check {
    const NAME: &str = "Data folder";
    let at = nearest_existing(folder);
    let is_there = at == folder;
    match tempfile::Builder::new().prefix(".minerva-doctor-").tempfile_in(at) {
        Ok(_) if is_there => Check::ok(NAME, format!("{} can be written", folder.display())),
        Ok(_) => Check::ok(NAME, format!("{} is made at the first start", folder.display())),
        Err(error) => {
            let mend = "Give yourself the right to write there, or choose another folder with --data-dir";
            Check::fail(NAME, format!("{} can't be written: {error}", folder.display()), mend)
        }
    }
}

fn nearest_existing(folder: &Path) -> &Path {
    folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"))
}

/// Free space on the data folder's disk.
pub fn disk(folder: &Path) -> Check {
    const NAME: &str = "Disk";
    const MEND: &str = "Free some space, or choose a folder on another disk with --data-dir";
    match free_bytes(nearest_existing(folder)) {
        Err(error) => Check::warn(NAME, format!("Free space could not be told: {error}"), "Look at the disk yourself"),
        Ok(free) if free < FREE_BYTES_LEAST => Check::fail(NAME, format!("{} free", size(free)), MEND),
        Ok(free) if free < FREE_BYTES_LOW => Check::warn(NAME, format!("{} free", size(free)), MEND),
        Ok(free) => Check::ok(NAME, format!("{} free", size(free))),
    }
}

/// Whether a window can open here.
pub fn display() -> Check {
    const NAME: &str = "Display";
    if config::has_display() {
        return Check::ok(NAME, "There is one");
    }
    let mend = "For the window, start from a desktop session; 'minerva compare' and 'minerva serve' need none";
    Check::warn(NAME, "Neither DISPLAY nor WAYLAND_DISPLAY is set, so no window can open", mend)
}

/// Shared libraries that are opened when a window is, with the Debian package of each.
const WINDOW_LIBRARIES: [(&str, &str); 5] = [
    ("libX11.so.6", "libx11-6"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libXcursor.so.1", "libxcursor1"),
    ("libXi.so.6", "libxi6"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
];
/// One of these draws.
const GRAPHICS_LIBRARIES: [(&str, &str); 2] = [("libvulkan.so.1", "libvulkan1 mesa-vulkan-drivers"), ("libGL.so.1", "libgl1 libgl1-mesa-dri")];

/// What the window needs at run time; only Linux systems can lack it.
pub fn libraries() -> Option<Check> {
    const NAME: &str = "Window libraries";
    if !cfg!(target_os = "linux") {
        return None;
    }
    let folders = library_folders();
    let is_there = |name: &str| folders.iter().any(|folder| folder.join(name).exists());
    let mut missing: Vec<_> = WINDOW_LIBRARIES.into_iter().filter(|(name, _)| !is_there(name)).collect();
    let drawn_by: Vec<_> = GRAPHICS_LIBRARIES.iter().filter(|(name, _)| is_there(name)).map(|(name, _)| *name).collect();
    if drawn_by.is_empty() {
        missing.push(GRAPHICS_LIBRARIES[0]);
    }
    if missing.is_empty() {
        return Some(Check::ok(NAME, format!("All there; drawing by {}", drawn_by.join(" or "))));
    }
    let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    Some(Check::warn(NAME, format!("Missing: {}", names.join(", ")), format!("On Debian or Ubuntu: sudo apt-get install {}", packages.join(" "))))
}

/// Where Linux systems keep shared libraries.
fn library_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["/usr/lib64", "/usr/lib", "/lib64", "/lib", "/usr/local/lib"].map(PathBuf::from).to_vec();
    // Debian's folders per architecture, such as /usr/lib/x86_64-linux-gnu.
    let by_architecture = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    folders.extend(by_architecture.filter(|path| path.to_string_lossy().contains("-linux-")));
    folders
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_its_parent() {
        let folder = tempfile::tempdir().expect("folder");
        let check = data_folder(&folder.path().join("a/b"));
        assert_eq!(check.state, State::Ok);
        assert!(check.detail.contains("first start"), "{check:?}");
        assert!(!folder.path().join("a").exists(), "it was only looked at");
    }
}
