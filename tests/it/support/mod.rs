//! What the stories share.

pub mod platform;
