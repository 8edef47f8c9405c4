//! Stories told through the gui.

mod analytics;
mod live_status;
mod shell;
