//! Stories told through the api.
