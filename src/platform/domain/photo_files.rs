//! The photos' bytes on disk: named by their content, written whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Core, DomainError, Result};
use crate::platform::store::StoreError;
use crate::wire::result::{Fault, FaultKind};

/// Thumbnails are kept for these longer edges, in pixels; others are made each time.
pub const KEPT_EDGES_PX: [u32; 5] = [128, 256, 512, 1024, 2048];
const THUMBNAIL_QUALITY: u8 = 85;

/// Where the bytes of a photo lie.
#[must_use]
pub fn photo_path(folder: &Path, content_hash: &str) -> PathBuf {
    folder.join("photos").join(content_hash.get(..2).unwrap_or("_")).join(content_hash)
}

fn thumbnail_path(folder: &Path, content_hash: &str, edge_px: u32) -> PathBuf {
    folder.join("thumbnails").join(content_hash.get(..2).unwrap_or("_")).join(format!("{content_hash}-{edge_px}.jpg"))
}

/// Writes a photo's bytes unless they are there, whole. Once it returns they survive a power cut.
pub fn save_photo(folder: &Path, content_hash: &str, bytes: &[u8]) -> Result<()> {
    let path = photo_path(folder, content_hash);
    if std::fs::read(&path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    write_whole(&path, bytes, true).map_err(|error| write_problem(&path, &error))
}

/// Reads a photo's bytes; the fault says why they can't be had.
pub async fn read_photo(core: &Core, content_hash: &str) -> std::result::Result<Vec<u8>, Fault> {
    let path = photo_path(&core.folder, content_hash);
    tokio::fs::read(&path).await.map_err(|error| Fault::new(FaultKind::Photo, unreadable(&path, &error)))
}

/// The same for a person who wants to see it: a file that is gone is nothing that the platform does wrong.
pub async fn read_for_show(core: &Core, content_hash: &str) -> Result<Vec<u8>> {
    let path = photo_path(&core.folder, content_hash);
    tokio::fs::read(&path).await.map_err(|error| {
        let message = unreadable(&path, &error);
        if error.kind() == io::ErrorKind::NotFound { DomainError::Gone { code: "no_file", message } } else { DomainError::Files { message } }
    })
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        return format!("The photo's file is gone from the data folder ({}). Add the photo again", path.display());
    }
    format!("The photo's file {} can't be read: {error}. Check the disk and the rights of the data folder", path.display())
}

/// Removes a photo's bytes and thumbnails. Files that are gone already are fine.
pub fn remove(folder: &Path, content_hash: &str) -> io::Result<()> {
    for edge in KEPT_EDGES_PX {
        gone(std::fs::remove_file(thumbnail_path(folder, content_hash, edge)))?;
    }
    gone(std::fs::remove_file(photo_path(folder, content_hash)))
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// A kept thumbnail.
#[must_use]
pub fn read_thumbnail(folder: &Path, content_hash: &str, edge_px: u32) -> Option<Vec<u8>> {
    if !KEPT_EDGES_PX.contains(&edge_px) {
        return None;
    }
    std::fs::read(thumbnail_path(folder, content_hash, edge_px)).ok()
}

/// Makes the thumbnail's bytes and keeps them where its size is one that is kept. A thumbnail that
/// can't be kept is made again next time.
pub fn make_thumbnail(
    folder: &Path,
    content_hash: &str,
    image: &image::RgbImage,
    edge_px: u32,
) -> std::result::Result<Vec<u8>, crate::photos::PhotoError> {
    let bytes = crate::photos::encode_jpeg(&crate::photos::fit(image, edge_px), THUMBNAIL_QUALITY)?;
    if KEPT_EDGES_PX.contains(&edge_px)
        && let Err(error) = write_whole(&thumbnail_path(folder, content_hash, edge_px), &bytes, false)
    {
        tracing::warn!(%error, "a thumbnail could not be kept");
    }
    Ok(bytes)
}

/// Writes beside the target and renames, so that a reader sees all or nothing.
fn write_whole(path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension(format!("{}.unfinished", uuid::Uuid::now_v7().simple()));
    let written = (|| {
        let mut file = std::fs::File::create_new(&unfinished)?;
        file.write_all(bytes)?;
        if sync {
            file.sync_all()?;
        }
        std::fs::rename(&unfinished, path)?;
        #[cfg(unix)]
        if sync {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

fn write_problem(path: &Path, error: &io::Error) -> DomainError {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return StoreError::DiskFull.into();
    }
    DomainError::Files { message: format!("{} could not be written: {error}. Check the rights of the data folder", path.display()) }
}
