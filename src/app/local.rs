//! A platform on the data folder of this person, for a command that asks it something and ends.

use std::net::{Ipv4Addr, SocketAddr};

use super::config::{self, Settings};
use super::{Failure, Result};
use crate::client::{ApiError, Client};
use crate::platform::domain::Log;
use crate::platform::host::{self, HostOptions};

/// Starts the platform, without workers, lets `work` ask it, and stops it.
pub async fn with_platform<T>(settings: &Settings, work: impl AsyncFnOnce(Client) -> Result<T>) -> Result<T> {
    let options = HostOptions {
        folder: settings.data_dir.clone(),
        database: None,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        hosts: Vec::new(),
        token: None,
        run_workers: false,
        seed_library: false,
        health_every: None,
        providers: settings.providers(),
        keys: settings.keys.clone(),
        log: Log::default(),
    };
    let host = host::start(options).await.map_err(|error| Failure::Failed(error.to_string()))?;
    let done = match Client::new(host.base(), host.token()).inspect(|client| client.set_author(&config::user_name())) {
        Ok(client) => work(client).await,
        Err(error) => Err(failed(&error)),
    };
    host.shutdown().await;
    done
}

/// What the platform refused is wrong usage where it is about what was asked.
pub fn failed(error: &ApiError) -> Failure {
    match error {
        ApiError::Problem(problem) if problem.status == 422 => Failure::Usage(problem.detail.clone()),
        _ => Failure::Failed(error.to_string()),
    }
}
