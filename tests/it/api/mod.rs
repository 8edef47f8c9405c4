//! Stories told through the api.

mod bad_input;
mod events;
mod health;
mod photos;
mod pipeline;
mod runs;
mod start;
mod status;
