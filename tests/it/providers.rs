//! Providers: the on-device model on real photos, Gemini against a stub that speaks its wire.

mod bodies;
mod gemini;
mod limits;
mod on_device;
pub mod privacy;
mod scenarios;
mod stub;
