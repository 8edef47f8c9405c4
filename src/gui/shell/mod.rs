//! The window around the areas: navigation, palette, toasts, settings; runs the commands.

use std::future::Future;
use std::pin::Pin;

use secrecy::SecretString;
use url::Url;

use crate::keys::Keys;

/// A platform in this process, as the app starts it for the window.
pub struct EmbeddedPlatform {
    pub base: Url,
    pub token: SecretString,
    /// Stops it; what is begun is finished or given back to the queue.
    pub stop: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>,
}

/// Starts the embedded platform; called off the frame, again when the person asks for a retry.
/// The error is for the person: what happened, why, what to do.
pub type StartPlatform = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<EmbeddedPlatform, String>> + Send>> + Send + Sync>;

/// What the window needs from the app.
pub struct ShellOptions {
    pub start_platform: StartPlatform,
    /// A team's platform, when the arguments name one; else what the settings say.
    pub remote: Option<(Url, SecretString)>,
    pub keys: Keys,
    pub runtime: tokio::runtime::Handle,
    /// Where window position, theme and settings are kept; `None`: the system's place.
    pub persistence_path: Option<std::path::PathBuf>,
}

/// Opens the window and stays until it is closed.
pub fn run(_options: ShellOptions) -> Result<(), String> {
    Err("not opened".to_owned())
}
