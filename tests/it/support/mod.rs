//! What the stories share.

pub mod binary;
pub mod platform;
#[cfg(target_os = "linux")]
pub mod screen;
