//! Stories told through the gui.

mod analytics;
mod health;
mod live_alerts;
mod live_assistant;
mod live_events;
mod live_log;
mod live_queue;
mod live_scrubber;
mod live_status;
mod live_status_plots;
mod photo_search;
mod pipeline_control;
mod providers;
mod shell;
mod testing_lab;
mod testing_lab_estimate;
mod testing_lab_pictures;
