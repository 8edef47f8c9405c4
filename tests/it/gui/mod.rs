//! Stories told through the gui.

mod analytics;
mod deploy;
mod findings;
mod health;
mod held_back;
mod live_alerts;
mod live_assistant;
mod live_events;
mod live_log;
mod live_queue;
mod live_scrubber;
mod live_status;
mod live_status_plots;
mod models;
mod photo_search;
mod pictured;
mod pipeline_control;
mod prompt_editor;
mod prompt_parts;
mod providers;
mod rules;
mod shell;
mod testing_lab;
mod testing_lab_estimate;
mod testing_lab_pictures;
mod versions;
