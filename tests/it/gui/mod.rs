//! Stories told through the gui.

mod analytics;
mod health;
mod live_events;
mod live_status;
mod pipeline_control;
mod providers;
mod shell;
mod testing_lab;
mod testing_lab_estimate;
mod testing_lab_pictures;
