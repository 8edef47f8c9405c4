//! Providers against the stub and on-device.
