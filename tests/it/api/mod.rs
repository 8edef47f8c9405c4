//! Stories told through the api.

mod start;
