//! SIGINT and SIGTERM (Ctrl-C elsewhere), as a stream.

use super::{Failure, Result};

/// The signals that ask for an end.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

/// From now on these signals no longer end the process by themselves.
pub fn listen() -> Result<Signals> {
    let failed = |error| Failure::Failed(format!("Signals could not be listened for: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt()).map_err(failed)?, terminate: signal(SignalKind::terminate()).map_err(failed)? })
    }
    #[cfg(windows)]
    Ok(Signals { ctrl_c: tokio::signal::windows::ctrl_c().map_err(failed)? })
}

impl Signals {
    /// Resolves at the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.ctrl_c.recv().await;
    }
}
