//! Good and bad photo files.
