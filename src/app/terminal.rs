//! The terminal: a closed pipe (`minerva … | head`) is no reason to panic, as `println!` would.

use std::io::{ErrorKind, IsTerminal, Write};

use super::{Failure, Result};

/// A line on standard output. What can't be written there for another reason than a closed pipe is said.
pub fn out(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Failed(format!("Standard output can't be written to: {}", error.kind()))),
        _ => Ok(()),
    }
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
