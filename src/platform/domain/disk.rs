//! Room on the data folder's disk.

use std::path::Path;

/// Below this a big run may not fit.
pub const FREE_BYTES_LOW: u64 = 1024 * 1024 * 1024;
/// Below this the database itself is in danger.
pub const FREE_BYTES_LEAST: u64 = 50 * 1024 * 1024;

/// Bytes that may still be written where a folder lies.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail * stat.f_frsize)
}

#[cfg(not(unix))]
pub fn free_bytes(_folder: &Path) -> std::io::Result<u64> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "not known on this system"))
}

/// In words: `812 MiB`, `34.1 GiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    let mib = bytes as f64 / 1_048_576.0;
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}
