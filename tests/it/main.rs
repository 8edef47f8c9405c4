//! All integration tests: one binary, a story per file.

mod api;
mod cli;
mod e2e;
mod gui;
mod keys;
mod photos;
mod providers;
mod rooms;
mod support;
