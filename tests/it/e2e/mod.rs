//! The whole program, as a person meets it.

mod comparison;
mod half_way;
#[cfg(target_os = "linux")]
mod typing;
#[cfg(target_os = "linux")]
mod window;
