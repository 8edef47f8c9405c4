//! Stories told through the e2e.
