//! Typed calls of the platform's API, a file per noun, and the event stream.

pub mod alert;
pub mod analytics;
pub mod assistant;
pub mod config;
pub mod deployment;
pub mod event;
pub mod health;
pub mod job;
pub mod log;
pub mod metric;
pub mod model;
pub mod photo;
pub mod photo_file;
pub mod photo_set;
pub mod photo_zip;
pub mod prompt;
pub mod prompt_analysis;
pub mod prompt_file;
pub mod provider;
pub mod run;
pub mod status;
pub mod trace;
pub mod truth;
pub mod validation;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::wire::author;
use crate::wire::problem::Problem;
use crate::wire::provider::OWN_KEY_HEADER;

/// With these words begins what is said of a call that the platform did not answer.
pub const NO_ANSWER: &str = "The platform did not answer";

/// Why a call gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The platform said no, and why.
    #[error("{0}")]
    Problem(Problem),
    #[error("{no_answer}: {0}", no_answer = NO_ANSWER)]
    Network(String),
    /// A person's own key could not be brought along. The message says why and what to do.
    #[error("{0}")]
    OwnKey(String),
    #[error("The platform's answer could not be read: {0}")]
    BadAnswer(String),
}

impl ApiError {
    /// The platform's stable code, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

pub type Result<T> = std::result::Result<T, ApiError>;

/// A platform and the token for it. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<Url>,
    token: SecretString,
    /// A person's own provider keys, as headers.
    own_keys: HeaderMap,
    /// The name under which is written what this client and those made of it write; `None`: nobody's.
    author: Arc<RwLock<Option<String>>>,
}

impl Client {
    /// `base`: such as `http://127.0.0.1:4100/`.
    pub fn new(base: Url, token: SecretString) -> Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .build()
            .map_err(|error| ApiError::Network(format!("no HTTP client: {error}")))?;
        Ok(Self { http, base: Arc::new(base), token, own_keys: HeaderMap::new(), author: Arc::default() })
    }

    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Writes under a name from now on, this client and all that were made of it. One that can be none is not sent.
    pub fn set_author(&self, name: &str) {
        let name = author::read(name).ok().map(str::to_owned);
        *self.author.write().unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// Whether a name is the one that is written under here.
    #[must_use]
    pub fn is_me(&self, name: &str) -> bool {
        self.author.read().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(name)
    }

    /// Whether keys may travel to this platform: over TLS, or without leaving the machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let is_loopback = match self.base.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        is_loopback || self.base.scheme() == "https"
    }

    /// A client whose requests bring these provider keys along: for one request that needs them.
    pub fn bringing(&self, keys: &[(String, SecretString)]) -> Result<Self> {
        let mut bringing = self.clone();
        if keys.is_empty() {
            return Ok(bringing);
        }
        if !self.is_private() {
            let why = format!("Your own keys do not go to {}, since others could read them on the way: reach it over https", self.base);
            return Err(ApiError::OwnKey(why));
        }
        for (provider, key) in keys {
            let name = HeaderName::try_from(format!("{OWN_KEY_HEADER}{provider}"));
            let value = HeaderValue::try_from(key.expose_secret());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(ApiError::OwnKey(format!("Your key for {provider} holds characters that no key has; enter it once more")));
            };
            value.set_sensitive(true);
            bringing.own_keys.insert(name, value);
        }
        Ok(bringing)
    }

    /// A request to a path of the API (`api/ai/photos`), with the token.
    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.base.join(path).map_err(|error| ApiError::Network(error.to_string()))?;
        let name = self.author.read().unwrap_or_else(PoisonError::into_inner).clone();
        let name = name.filter(|_| method != Method::GET).and_then(|name| HeaderValue::from_bytes(name.as_bytes()).ok());
        let request = self.http.request(method, url).bearer_auth(self.token.expose_secret()).headers(self.own_keys.clone());
        let request = name.into_iter().fold(request, |request, name| request.header(author::AUTHOR_HEADER, name));
        Ok(request.timeout(Duration::from_secs(60)))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.request(Method::GET, path)?).await
    }

    async fn get_with<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T> {
        read(self.request(Method::GET, path)?.query(query)).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        read(self.request(Method::POST, path)?.json(body)).await
    }

    async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        read(self.request(Method::PUT, path)?.json(body)).await
    }
}

async fn send(request: RequestBuilder) -> Result<Response> {
    let response = request.send().await.map_err(network)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let body = response.bytes().await.map_err(network)?;
    Err(ApiError::Problem(serde_json::from_slice(&body).unwrap_or_else(|_| {
        Problem::new(
            status.as_u16(),
            "not_a_platform",
            format!("The server answered {status}"),
            "It may not be a Minerva platform; check the URL in Settings › Platform",
        )
    })))
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let bytes = send(request).await?.bytes().await.map_err(network)?;
    serde_json::from_slice(&bytes).map_err(|error| ApiError::BadAnswer(error.to_string()))
}

fn network(error: reqwest::Error) -> ApiError {
    // reqwest says "error sending request"; the cause ("Connection refused") is at the end of the chain below.
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    ApiError::Network(cause.to_string().trim_end_matches('.').to_owned())
}
