//! The window: a runtime in the background, the shell on the main thread.

use std::net::{Ipv4Addr, SocketAddr};

use secrecy::SecretString;
use url::Url;

use super::config::{self, Settings, TOKEN_VARIABLE};
use super::logging::Logging;
use super::{Failure, Result, runtime};
use crate::gui::shell::{self, EmbeddedPlatform, ShellOptions, StartPlatform};
use crate::platform::domain::Log;
use crate::platform::host::{self, HostOptions};
use crate::wire::author::CONSOLE;

const NO_DISPLAY: &str = "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set). \
    Without one, 'minerva compare' runs a comparison and 'minerva serve' runs the platform for consoles elsewhere";

/// Opens the console and stays until its window is closed.
pub fn run(settings: &Settings, platform: Option<Url>) -> Result<()> {
    if !config::has_display() {
        return Err(Failure::Failed(NO_DISPLAY.to_owned()));
    }
    let remote = platform.map(with_token).transpose()?;
    let logging = Logging::start(settings, &settings.data_dir)?;
    let runtime = runtime()?;
    let settings = &runtime.block_on(settings.with_keys_of_pages());
    let options = ShellOptions {
        start_platform: start_platform(settings.clone(), logging.log()),
        remote,
        keys: settings.keys.clone(),
        runtime: runtime.handle().clone(),
        persistence_path: Some(settings.data_dir.join("window.ron")),
        data_folder: Some(settings.data_dir.clone()),
        typing_folder: Some(settings.data_dir.join("typed")),
        user_name: Some(config::user_name()).filter(|name| !name.is_empty()).unwrap_or_else(|| CONSOLE.to_owned()),
        display: config::display(),
    };
    shell::run(options).map_err(Failure::Failed)
}

fn with_token(url: Url) -> Result<(Url, SecretString)> {
    let token = config::secret(TOKEN_VARIABLE)
        .ok_or_else(|| Failure::Usage(format!("--platform needs the platform's token in the environment variable {TOKEN_VARIABLE}")))?;
    Ok((url, token))
}

fn start_platform(settings: Settings, log: Log) -> StartPlatform {
    Box::new(move || {
        let (settings, log) = (settings.clone(), log.clone());
        Box::pin(async move {
            let started = host::start(HostOptions {
                folder: settings.data_dir.clone(),
                database: None,
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                hosts: Vec::new(),
                token: None,
                run_workers: true,
                seed_library: true,
                health_every: settings.health_every,
                providers: settings.providers(),
                keys: settings.keys.clone(),
                log,
            })
            .await;
            let host = started.map_err(|error| {
                tracing::error!(%error, "the embedded platform did not start");
                error.to_string()
            })?;
            Ok(EmbeddedPlatform { base: host.base(), token: host.token(), stop: Box::new(move || Box::pin(async move { host.shutdown().await })) })
        })
    })
}
