//! Addresses that people type for providers: photos and keys go there, so they are looked at closely.

use std::net::IpAddr;

use url::{Host, Url};

use super::invalid;
use crate::platform::domain::Result;
pub use crate::providers::price::is_near as is_local;

/// Reads an address and holds it to the rules; the path ends in a stroke afterwards. `http` beyond the local network is let through
/// when a person has agreed to it.
pub fn check(provider: &str, typed: &str, allow_http: bool) -> Result<Url> {
    let refuse = |why: &str| Err(invalid("base_url", why.to_owned()));
    let Ok(mut url) = Url::parse(typed) else {
        return refuse("This is not an address. Write it as https://host/path or http://localhost:1234/v1");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("An address begins with https:// or http:// and names a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("An address must not hold a user name or password: addresses are shown and logged. Enter it as the key instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("An address must not hold '?' or '#': addresses are shown and logged. Leave that part out");
    }
    if url.scheme() == "http" && !allow_http && !is_local(&url) {
        let host = url.host_str().unwrap_or_default();
        let message =
            format!("With http://, photos and the key for {provider} travel to {host} readable for everybody between. Use https://, or confirm it");
        return Err(invalid("http_unconfirmed", message));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Whether an address is on this very machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::domain::DomainError;

    fn code(typed: &str, allow_http: bool) -> &'static str {
        match check("openai", typed, allow_http) {
            Ok(_) => "",
            Err(DomainError::Invalid { code, .. }) => code,
            Err(_) => "other",
        }
    }

    #[test]
    fn addresses_that_could_leak_are_refused() {
        for bad in
            ["", "localhost:1234", "ftp://host/", "https://", "https://me:pw@host/", "https://me@host/", "https://host/?key=1", "https://host/#k"]
        {
            assert_eq!(code(bad, true), "base_url", "{bad}");
        }
        for readable in ["http://api.example.com/", "http://8.8.8.8/v1", "http://localhost.example.com/", "http://[2001:db8::1]/"] {
            assert_eq!(code(readable, false), "http_unconfirmed", "{readable}");
            assert_eq!(code(readable, true), "", "{readable}");
        }
    }

    #[test]
    fn addresses_of_ones_own_network_may_be_unencrypted() {
        for own in [
            "http://localhost:1234/v1",
            "http://127.0.0.1:8080",
            "http://192.168.1.7/",
            "http://[::1]:1/",
            "http://studio.local/",
            "http://gpu-box:8000",
        ] {
            assert_eq!(code(own, false), "", "{own}");
        }
        assert_eq!(check("x", "https://host/v1", false).map(String::from).ok().as_deref(), Some("https://host/v1/"));
    }
}
