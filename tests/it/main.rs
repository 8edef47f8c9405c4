//! All integration tests: one binary, a story per file.

#![expect(clippy::expect_used, clippy::panic, reason = "a test, or what helps it, that can't go on says so")]

mod api;
mod cli;
#[cfg(target_os = "linux")]
mod desktop;
mod e2e;
mod gui;
mod keys;
mod photos;
mod providers;
mod rooms;
mod support;
