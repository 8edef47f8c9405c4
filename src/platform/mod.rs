//! The service behind the API: store, rules, workers and routes.

pub mod domain;
pub mod host;
pub mod jobs;
pub mod routes;
pub mod store;
