//! Stories told through the api.

mod bad_input;
mod events;
mod photos;
mod pipeline;
mod start;
