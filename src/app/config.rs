//! What the program is told by its arguments, its configuration file and the environment; in that
//! order of precedence.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::args::SharedArgs;
use super::{Failure, Result};
use crate::keys::Keys;
use crate::providers::{self, Endpoint, Limits, PriceBook, ProviderSettings, Providers};

/// Environment variables that may hold a provider's key.
pub const KEY_VARIABLES: [(&str, &str); 1] = [(providers::GEMINI, "GEMINI_API_KEY")];
/// Environment variable that may hold the token of a platform.
pub const TOKEN_VARIABLE: &str = "MINERVA_TOKEN";

/// The configuration file. Keys of providers do not belong here: an unknown field is refused.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter of the tracing crate.
    log_level: Option<String>,
    /// Threads of the on-device model; all cores unless told.
    on_device_threads: Option<usize>,
    /// Base URL by provider.
    base_urls: BTreeMap<String, Url>,
}

/// Everything the commands need to know.
#[derive(Clone)]
pub struct Settings {
    pub data_dir: PathBuf,
    /// Whether a person chose the data folder, rather than the system's place being taken.
    pub data_dir_given: bool,
    pub log_level: String,
    pub providers: ProviderSettings,
    pub keys: Keys,
}

impl Settings {
    pub fn load(args: &SharedArgs) -> Result<Self> {
        let project = directories::ProjectDirs::from("", "", "minerva-console");
        let file = match (&args.config, &project) {
            (Some(path), _) => read_file(path, true)?,
            (None, Some(project)) => read_file(&project.config_dir().join("config.toml"), false)?,
            (None, None) => ConfigFile::default(),
        };
        let data_dir = match (&args.data_dir, &project) {
            (Some(path), _) => std::path::absolute(path).map_err(|error| Failure::Usage(format!("--data-dir {}: {error}", path.display())))?,
            (None, Some(project)) => project.data_dir().to_owned(),
            (None, None) => {
                return Err(Failure::Usage("This account has no home folder; choose a data folder with --data-dir".to_owned()));
            }
        };
        Ok(Self {
            data_dir,
            data_dir_given: args.data_dir.is_some(),
            log_level: if args.verbose { "debug".to_owned() } else { file.log_level.unwrap_or_else(|| "info".to_owned()) },
            providers: ProviderSettings {
                endpoints: base_urls(file.base_urls, args)?
                    .into_iter()
                    .map(|(name, url)| Endpoint { name, base: Some(url), limits: Limits::default() })
                    .collect(),
                on_device_threads: file.on_device_threads.unwrap_or_else(cores).max(1),
                book: PriceBook::shipped(),
            },
            keys: Keys::new(environment_keys(), true),
        })
    }

    #[must_use]
    pub fn providers(&self) -> Providers {
        Providers::new(&self.providers, &self.keys)
    }
}

/// Arguments win over the file. A provider that nobody knows is a slip of the pen.
fn base_urls(file: BTreeMap<String, Url>, args: &SharedArgs) -> Result<Vec<(String, Url)>> {
    let mut all = file;
    all.extend(args.base_url.iter().map(|given| (given.provider.clone(), given.url.clone())));
    let known = KEY_VARIABLES.map(|(provider, _)| provider);
    if let Some(unknown) = all.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::Usage(format!("No provider '{unknown}' takes a base URL; there is {}", known.join(", "))));
    }
    Ok(all.into_iter().collect())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn environment_keys() -> HashMap<String, SecretString> {
    KEY_VARIABLES.iter().filter_map(|(provider, variable)| Some(((*provider).to_owned(), secret(variable)?))).collect()
}

/// A secret of the environment, without the blanks that copying leaves; `None` when absent or empty.
#[must_use]
pub fn secret(variable: &str) -> Option<SecretString> {
    let value = std::env::var(variable).ok()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.into())
}

/// Whether a window can be opened at all, as far as the environment tells.
#[must_use]
pub fn has_display() -> bool {
    let set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET")
}

fn read_file(path: &Path, must_exist: bool) -> Result<ConfigFile> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(ConfigFile::default()),
        Err(error) => return Err(Failure::Usage(format!("The configuration file {} could not be read: {error}", path.display()))),
    };
    parse(&text).map_err(|why| Failure::Usage(format!("The configuration file {} has a mistake.\n{why}", path.display())))
}

/// The error shows the line and names the field.
fn parse(text: &str) -> std::result::Result<ConfigFile, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_read() {
        let file = parse("log_level = \"warn\"\non_device_threads = 3\n[base_urls]\ngemini = \"http://127.0.0.1:1/\"\n").expect("parses");
        assert_eq!(file.on_device_threads, Some(3));
        assert_eq!(file.base_urls["gemini"].as_str(), "http://127.0.0.1:1/");
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let why = parse("log_level = \"warn\"\ngemini_api_key = \"abc\"\n").expect_err("refused");
        assert!(why.contains("line 2") && why.contains("gemini_api_key"), "{why}");
    }

    #[test]
    fn arguments_win_over_the_file_and_unknown_providers_are_refused() {
        let from_file = BTreeMap::from([("gemini".to_owned(), Url::parse("http://a/").expect("url"))]);
        let args = |text: &str| SharedArgs { base_url: vec![text.parse().expect("parses")], ..SharedArgs::default() };
        let merged = base_urls(from_file.clone(), &args("gemini=http://b/")).expect("merges");
        assert_eq!(merged, [("gemini".to_owned(), Url::parse("http://b/").expect("url"))]);
        let refused = base_urls(from_file, &args("gemni=http://b/")).expect_err("refused");
        assert!(refused.to_string().contains("gemni"), "{refused}");
    }
}
