//! The window: four areas, the shell around them, and what they share.

pub mod analytics;
pub mod ctx;
pub mod live_status;
pub mod pipeline_control;
pub mod shell;
pub mod testing_lab;
pub mod theme;
pub mod widgets;
