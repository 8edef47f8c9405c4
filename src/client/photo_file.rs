//! Photo files on a disk: what is no file, or is too large for a photo, is refused before it is read.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;

/// A larger file is refused before it is read; no camera writes one in the formats that are taken.
pub const BYTES_MOST: u64 = 150 * 1024 * 1024;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// A device or a pipe may have no end, and waits for what never comes.
    #[error("It is not a regular file. Name the photo's own file")]
    NotAFile,
    #[error("It has {} MB, more than the {} MB that a photo may have. Save it smaller", .bytes >> 20, BYTES_MOST >> 20)]
    TooLarge { bytes: u64 },
    #[error("The file could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads a photo file. Blocks, so that it is called off the frame and off the runtime's own threads.
///
/// # Errors
/// What is not a file, is too large, or can't be read.
pub fn read(path: &Path) -> Result<Bytes, Unread> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Unread::NotAFile);
    }
    if metadata.len() > BYTES_MOST {
        return Err(Unread::TooLarge { bytes: metadata.len() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // It may grow while it is read.
    std::fs::File::open(path)?.take(BYTES_MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MOST {
        return Err(Unread::TooLarge { bytes: bytes.len() as u64 });
    }
    Ok(bytes.into())
}
