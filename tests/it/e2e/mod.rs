//! The whole program, as a person meets it.

#[cfg(target_os = "linux")]
mod window;
