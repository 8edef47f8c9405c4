//! Widgets, one per file; they know nothing of the app.

pub mod card;
pub mod confidence_bar;
pub mod empty_state;
pub mod error_state;
pub mod number;
pub mod relative_time;
pub mod skeleton;
pub mod sparkline;
