//! The terminal: a closed pipe (`minerva … | head`) is no reason to panic, as `println!` would.

use std::io::{IsTerminal, Write};

/// A line on standard output.
pub fn out(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line on standard error.
pub fn err(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether a person sees standard error as it is written.
#[must_use]
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}
