//! The address that a provider's calls are built on.

use url::Url;

use crate::wire::result::{Fault, FaultKind};

/// A base URL that calls can be built on: no user, no query, a slash at its end.
pub fn sound_base(mut base: Url) -> Result<Url, Fault> {
    let refuse = |why: &str| Err(Fault::new(FaultKind::BadRequest, format!("The base URL {why}. Correct it in the provider's settings")));
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return refuse("must begin with http:// or https:// and a host");
    }
    if !base.username().is_empty() || base.password().is_some() {
        return refuse("must not hold a user or password; keys are entered by themselves");
    }
    if base.query().is_some() || base.fragment().is_some() {
        return refuse("must end before '?' and '#'");
    }
    // `join` takes the last segment for a file unless it ends in a slash.
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    Ok(base)
}

/// The path on a base URL. A version that both name (`…/v1/` and `v1/models`) is not named twice.
pub fn join(base: &Url, path: &str) -> Result<Url, Fault> {
    let is_version = |segment: &str| segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let ends_in_version = base.path().trim_end_matches('/').rsplit('/').next().is_some_and(is_version);
    let path = match path.split_once('/') {
        Some((version, rest)) if ends_in_version && is_version(version) => rest,
        _ => path,
    };
    base.join(path).map_err(|error| Fault::new(FaultKind::UnknownModel, format!("The model's name can't stand in a URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<Url, Fault> {
        sound_base(Url::parse(text).expect("a URL"))
    }

    #[test]
    fn a_base_url_may_end_in_a_slash_or_a_version_or_neither() {
        for (given, path, whole) in [
            ("https://a.example", "v1/models", "https://a.example/v1/models"),
            ("https://a.example/v1", "v1/models", "https://a.example/v1/models"),
            ("https://a.example/v1beta/", "v1/models", "https://a.example/v1beta/models"),
            ("https://a.example/proxy", "v1/models", "https://a.example/proxy/v1/models"),
            ("http://localhost:11434/", "api/chat", "http://localhost:11434/api/chat"),
        ] {
            assert_eq!(join(&base(given).expect("sound"), path).expect("joins").as_str(), whole);
        }
    }

    #[test]
    fn a_base_url_with_a_secret_in_it_is_refused_without_repeating_it() {
        for text in ["https://me:secret@a.example/", "https://a.example/?key=secret", "ftp://a.example/"] {
            let fault = base(text).expect_err("refused");
            assert!(!fault.message.contains("secret"), "{fault}");
        }
    }
}
