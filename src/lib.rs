//! The map of Minerva Console: one line per room. Who may enter which room is held by
//! `tests/it/rooms.rs`.
//!
//! - The window reaches the platform only over HTTP, in one process too.
//! - All SQL stands in `platform::store`; the rules in `platform::domain` know neither SQL nor HTTP.
//! - Drawing borrows state and sends commands; nothing in a frame blocks.
//! - Money is integer micro-dollars; an unknown price is `None`, never 0.
//! - No key is ever printed, logged or stored outside the OS keyring.

pub mod app;
pub mod client;
pub mod gui;
pub mod keys;
pub mod photos;
pub mod platform;
pub mod providers;
pub mod wire;
