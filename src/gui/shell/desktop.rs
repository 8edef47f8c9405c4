//! Messages of the desktop, for what happens while the window is behind others.

use crate::gui::ctx::Toast;

/// Shows a message outside of the window. A desktop without such messages is no trouble: the window tells it too.
pub fn tell(toast: &Toast, runtime: &tokio::runtime::Handle) {
    let mut message = notify_rust::Notification::new();
    message.appname("Minerva").summary("Minerva").body(&toast.text).icon("minerva");
    // Asking the desktop may take as long as it likes.
    runtime.spawn_blocking(move || {
        if let Err(error) = message.show() {
            tracing::debug!(%error, "the desktop shows no message");
        }
    });
}
