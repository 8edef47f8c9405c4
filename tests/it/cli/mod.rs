//! Stories told through the cli.
