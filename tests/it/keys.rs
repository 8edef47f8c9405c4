//! Keys and the OS keyring.
