//! What the stories share.

pub mod area;
pub mod binary;
pub mod camera;
pub mod canned;
pub mod canned_health;
pub mod clock;
pub mod console;
pub mod platform;
pub mod pointer;
pub mod provider_stub;
pub mod proxy;
#[cfg(target_os = "linux")]
pub mod screen;
pub mod scripted;
