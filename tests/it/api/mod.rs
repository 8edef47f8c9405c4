//! Stories told through the api.

mod alerts;
mod analytics;
mod bad_input;
mod cell_news;
mod config;
mod costs;
mod events;
mod health;
mod held_back;
mod job_filter;
mod logs;
mod metrics;
mod models;
mod own_keys;
mod past;
mod photo_search;
mod photos;
mod pipeline;
mod prompts;
mod providers;
pub mod rollups;
mod runs;
mod spending;
mod start;
mod status;
mod telemetry;
mod workers;
