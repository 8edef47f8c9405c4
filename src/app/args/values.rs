//! What options take beyond plain words: each is checked where it is read, and says how it is written.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// A name as a `Host` header has it: no scheme, no port, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(pub String);

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'));
        if is_name { Ok(Self(name)) } else { Err("write the name alone, such as minerva.example.com: no http://, no port, no path".to_owned()) }
    }
}

/// `PROVIDER=URL`. The URL is checked later: a complaint of the command line's parser would repeat it, with what secret
/// may stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub provider: String,
    url: String,
}

impl BaseUrl {
    /// # Errors
    /// Not an HTTP address, or one that holds what does not belong there; does not repeat it.
    pub fn address(&self) -> Result<BaseAddress, String> {
        BaseAddress::try_from(self.url.clone())
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, url) = text.split_once('=').ok_or("write it as PROVIDER=URL, such as gemini=http://127.0.0.1:8080")?;
        Ok(Self { provider: provider.to_owned(), url: url.to_owned() })
    }
}

/// Where a provider is: HTTP, and nothing secret in it, as it is shown and logged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct BaseAddress(pub Url);

impl TryFrom<String> for BaseAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // Not repeated in the words where it may hold a secret.
        let url = Url::parse(&text).map_err(|error| format!("the base URL is not a URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err("a base URL holds no user, password, query or fragment: give the key by environment variable or in the console".to_owned());
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("'{url}' must begin with http:// or https://"));
        }
        Ok(Self(url))
    }
}

/// `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabasePath(pub PathBuf);

impl FromStr for DatabasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() => Ok(Self(path.into())),
            _ => Err("write it as sqlite:PATH; other databases are not supported".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_with_its_kind() {
        assert_eq!("sqlite:/a/b.db".parse(), Ok(DatabasePath("/a/b.db".into())));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(DatabasePath("/a/b.db".into())));
        for bad in ["postgres://x", "/a/b.db", "sqlite:"] {
            assert!(bad.parse::<DatabasePath>().expect_err("refused").contains("sqlite:PATH"));
        }
    }

    #[test]
    fn a_base_url_names_provider_and_address() {
        let parsed: BaseUrl = "gemini=http://127.0.0.1:9/x".parse().expect("parses");
        let address = parsed.address().expect("sound");
        assert_eq!((parsed.provider.as_str(), address.0.as_str()), ("gemini", "http://127.0.0.1:9/x"));
        assert!("gemini".parse::<BaseUrl>().is_err());
        for bad in ["gemini=nowhere", "gemini=file:///etc/passwd", "gemini=http://x/?key=abc", "gemini=http://me:abc@x/", "gemini=http://me:abc@"] {
            let why = bad.parse::<BaseUrl>().expect("parses").address().expect_err(bad);
            assert!(!why.contains("abc"), "{why}");
        }
    }
}
