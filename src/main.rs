//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    minerva_console::app::main()
}
