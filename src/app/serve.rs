//! `minerva serve`: the platform without a window.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::args::{DatabasePath, ServeArgs};
use super::config::{self, Settings, TOKEN_VARIABLE};
use super::logging::Logging;
use super::{Failure, Result, runtime, signals, terminal};
use crate::platform::domain::Log;
use crate::platform::host::{self, HostOptions};

/// Shortest token that a person may choose, in characters.
const TOKEN_CHARS_MIN: usize = 16;

/// Serves until SIGINT or SIGTERM; what is begun then goes back to the queue.
pub fn run(settings: &Settings, args: &ServeArgs) -> Result<()> {
    let token = given_token(args.token_file.as_deref())?;
    if token.is_none() && !args.listen.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "{} can be reached from other machines, so the platform needs a token that you choose: set {TOKEN_VARIABLE} or --token-file",
            args.listen
        )));
    }
    let folder = folder(settings, args.database.as_ref())?;
    let logging = Logging::start(settings, &folder)?;
    runtime()?.block_on(serve(settings, args, folder, token, logging.log()))
}

async fn serve(settings: &Settings, args: &ServeArgs, folder: PathBuf, token: Option<SecretString>, log: Log) -> Result<()> {
    let token_was_given = token.is_some();
    let mut signals = signals::listen()?;
    let host = host::start(HostOptions {
        folder: folder.clone(),
        database: args.database.as_ref().map(|path| path.0.clone()),
        listen: args.listen,
        hosts: args.host.iter().map(|name| name.0.clone()).collect(),
        token,
        run_workers: true,
        seed_library: !args.no_bundled_photos,
        health_every: settings.health_every,
        providers: settings.providers(),
        keys: settings.keys.clone(),
        log,
    })
    .await
    .map_err(|error| Failure::Failed(error.to_string()))?;
    let token_file = if token_was_given { Ok(None) } else { write_token(&folder, &host.token()).map(Some) };
    let token_file = match token_file {
        Ok(file) => file,
        Err(failure) => {
            host.shutdown().await;
            return Err(failure);
        }
    };
    // A service goes on though nobody can read what it says.
    let _ = terminal::out(&format!("Minerva answers on {}", host.base()));
    if let Some(file) = &token_file {
        let _ = terminal::out(&format!("Token: in {} (readable by you alone, new at every start)", file.display()));
    }
    signals.next().await;
    let _ = terminal::out("Stopping; work that is begun goes back to the queue");
    host.shutdown().await;
    if let Some(file) = token_file {
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

/// A database elsewhere brings its photos along, so that two databases never share a folder of photos by accident.
pub(super) fn folder(settings: &Settings, database: Option<&DatabasePath>) -> Result<PathBuf> {
    match database {
        Some(database) if !settings.data_dir_given => {
            let mut beside = std::path::absolute(&database.0).map_err(|error| Failure::Usage(format!("--database: {error}")))?.into_os_string();
            beside.push(".files");
            Ok(beside.into())
        }
        _ => Ok(settings.data_dir.clone()),
    }
}

fn given_token(file: Option<&Path>) -> Result<Option<SecretString>> {
    let token = match file {
        None => config::secret(TOKEN_VARIABLE),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("The token file {} could not be read: {error}", path.display())))?;
            Some(text.trim().into())
        }
    };
    match token {
        Some(token) if token.expose_secret().len() < TOKEN_CHARS_MIN => {
            Err(Failure::Usage(format!("The token is too short to be safe: it needs at least {TOKEN_CHARS_MIN} characters")))
        }
        token => Ok(token),
    }
}

/// Not printed: what a terminal shows ends up in logs and scroll-back.
fn write_token(folder: &Path, token: &SecretString) -> Result<PathBuf> {
    let path = folder.join("serve-token");
    let write = || -> std::io::Result<()> {
        use std::io::Write;
        let _ = std::fs::remove_file(&path);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        writeln!(options.open(&path)?, "{}", token.expose_secret())
    };
    write().map_err(|error| {
        let place = path.display();
        Failure::Failed(format!(
            "The token could not be written to {place}: {error}. Make room there, or choose a token of your own with {TOKEN_VARIABLE}"
        ))
    })?;
    Ok(path)
}
