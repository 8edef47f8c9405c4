//! What the program is told by its arguments, its configuration file and the environment; in that
//! order of precedence.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::args::{BaseAddress, SharedArgs};
use super::logging::{LOG_VARIABLE, LogFilter};
use super::{Failure, Result};
use crate::keys::{self, Keys};
use crate::providers::{self, Endpoint, Limits, PriceBook, ProviderSettings, Providers};

/// The built-in providers on the network. Any other name is an OpenAI-compatible server.
pub const BUILT_IN: [&str; 5] = [providers::GEMINI, "vision", "openai", "anthropic", "ollama"];
/// Prices and models of a person's own, beside the configuration file.
const OWN_CATALOGUE: &str = "model-catalogue.json";
/// Environment variable that may hold the token of a platform.
pub const TOKEN_VARIABLE: &str = "MINERVA_TOKEN";

/// Between two looks at health, unless told.
const HEALTH_EVERY: Duration = Duration::from_mins(5);

/// The configuration file. Keys of providers do not belong here: an unknown field is refused.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter of the tracing crate.
    log_level: Option<String>,
    /// Threads of the on-device model; all cores unless told.
    on_device_threads: Option<usize>,
    /// Between two looks at health, 1–1,440; 0 only looks when asked to.
    health_check_minutes: Option<u32>,
    /// Base URL by provider: short for `providers.NAME.base_url`.
    base_urls: BTreeMap<String, BaseAddress>,
    providers: BTreeMap<String, ProviderTable>,
}

/// `[providers.NAME]`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProviderTable {
    base_url: Option<BaseAddress>,
    requests_per_minute: Option<AtLeastOne>,
    tokens_per_minute: Option<AtLeastOne>,
    concurrency: Option<AtLeastOne>,
    timeout_s: Option<AtLeastOne>,
    total_s: Option<AtLeastOne>,
}

/// A limit of 0 would let no call through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
struct AtLeastOne(u32);

impl TryFrom<u32> for AtLeastOne {
    type Error = &'static str;

    fn try_from(limit: u32) -> std::result::Result<Self, &'static str> {
        if limit == 0 { Err("a limit must be at least 1; leave the line out for no limit of your own") } else { Ok(Self(limit)) }
    }
}

impl ProviderTable {
    fn limits(&self) -> Limits {
        Limits {
            requests_per_minute: self.requests_per_minute.map(|limit| limit.0),
            tokens_per_minute: self.tokens_per_minute.map(|limit| limit.0),
            concurrency: self.concurrency.map(|limit| limit.0),
            timeout_s: self.timeout_s.map(|limit| limit.0),
            total_s: self.total_s.map(|limit| limit.0),
        }
    }
}

/// Everything the commands need to know.
#[derive(Clone)]
pub struct Settings {
    pub data_dir: PathBuf,
    /// Whether a person chose the data folder, rather than the system's place being taken.
    pub data_dir_given: bool,
    pub log: LogFilter,
    /// Between two looks at the platform's health and its providers'.
    pub health_every: Option<Duration>,
    pub providers: ProviderSettings,
    /// The providers whose address this command's `--base-url` gives.
    pub given_bases: Vec<String>,
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
        let endpoints = endpoints(file.providers, file.base_urls, args)?;
        let folder = match &args.config {
            Some(path) => path.parent().map(Path::to_owned),
            None => project.as_ref().map(|project| project.config_dir().to_owned()),
        };
        let health_every = health_every(file.health_check_minutes)?;
        let keys = Keys::new(environment_keys(&endpoints), true);
        Ok(Self {
            data_dir,
            data_dir_given: args.data_dir.is_some(),
            health_every,
            given_bases: args.base_url.iter().map(|given| given.provider.clone()).collect(),
            log: LogFilter::choose(args.verbose, log_variable()?.as_deref(), file.log_level.as_deref())?,
            providers: ProviderSettings {
                endpoints,
                on_device_threads: file.on_device_threads.unwrap_or_else(cores).max(1),
                book: folder.map_or_else(PriceBook::shipped, |folder| price_book(&folder.join(OWN_CATALOGUE))),
            },
            keys,
        })
    }

    #[must_use]
    pub fn providers(&self) -> Providers {
        Providers::new(&self.providers, &self.keys)
    }
}

fn log_variable() -> Result<Option<String>> {
    match std::env::var(LOG_VARIABLE) {
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::Usage(format!("{LOG_VARIABLE} can't be used: it is not UTF-8 text"))),
    }
}

fn health_every(minutes: Option<u32>) -> Result<Option<Duration>> {
    match minutes {
        Some(0) => Ok(None),
        Some(minutes @ 1..=1_440) => Ok(Some(Duration::from_secs(u64::from(minutes) * 60))),
        Some(other) => {
            Err(Failure::Usage(format!("health_check_minutes = {other} is out of range: write 1 to 1440, or 0 to look only when asked to")))
        }
        None => Ok(Some(HEALTH_EVERY)),
    }
}

/// The shipped prices with a person's own over them. A file that can't be read is no reason not to start: what is wrong
/// is said where prices are shown.
#[must_use]
pub fn price_book(own: &Path) -> PriceBook {
    let shipped = PriceBook::shipped();
    let problem = match std::fs::read_to_string(own) {
        Ok(text) => match shipped.with_own(&text) {
            Ok(book) => return book,
            Err(problem) => problem,
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return shipped,
        Err(error) => error.to_string(),
    };
    shipped.without_own(format!("The price file {} is not used: {problem}. Mend it and start again", own.display()))
}

/// What is told of providers; arguments win over the file.
fn endpoints(tables: BTreeMap<String, ProviderTable>, base_urls: BTreeMap<String, BaseAddress>, args: &SharedArgs) -> Result<Vec<Endpoint>> {
    let mut all: BTreeMap<String, Endpoint> = BTreeMap::new();
    for (name, table) in tables {
        let limits = table.limits();
        all.insert(name.clone(), Endpoint { name, base: table.base_url.map(|address| address.0), limits });
    }
    let given = args.base_url.iter().map(|given| {
        let address = given.address().map_err(|why| Failure::Usage(format!("--base-url {}: {why}", given.provider)))?;
        Ok((given.provider.clone(), address))
    });
    for (name, BaseAddress(url)) in base_urls.into_iter().map(Ok).chain(given).collect::<Result<Vec<_>>>()? {
        let fresh = || Endpoint { name: name.clone(), base: None, limits: Limits::default() };
        all.entry(name.clone()).or_insert_with(fresh).base = Some(url);
    }
    for endpoint in all.values() {
        check_name(endpoint)?;
    }
    Ok(all.into_values().collect())
}

/// A name that is none of ours is a compatible server, unless it looks like a slip of the pen: calls meant for another
/// address would go to the real service.
fn check_name(endpoint: &Endpoint) -> Result<()> {
    let name = endpoint.name.as_str();
    if BUILT_IN.contains(&name) {
        return Ok(());
    }
    let refuse = |why: String| Err(Failure::Usage(format!("The provider name '{name}' can't be used: {why}")));
    if name == providers::ON_DEVICE {
        return refuse("the on-device model is part of this program and has neither address nor limits".to_owned());
    }
    if !(1..=32).contains(&name.len()) || !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
        return refuse("name a server with 1–32 of a–z, 0–9 and '-'".to_owned());
    }
    if let Some(meant) = BUILT_IN.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2) {
        return refuse(format!("it is too like '{meant}'. Write '{meant}', or give your server another name"));
    }
    if endpoint.base.is_none() {
        let known = BUILT_IN.join(", ");
        return refuse(format!(
            "it is none of {known}, and a server of your own needs its base_url in [providers.{name}] (or --base-url {name}=URL)"
        ));
    }
    Ok(())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The keys of the built-in providers and of the servers that were named.
#[must_use]
pub fn environment_keys(endpoints: &[Endpoint]) -> HashMap<String, SecretString> {
    let names = BUILT_IN.into_iter().chain(endpoints.iter().map(|endpoint| endpoint.name.as_str()));
    names.filter_map(|name| Some((name.to_owned(), secret(&keys::variable(name))?))).collect()
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

/// What the system calls the person; empty where it does not say.
#[must_use]
pub fn user_name() -> String {
    let named = |variable| std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
    named("USER").or_else(|| named("USERNAME")).or_else(|| named("LOGNAME")).unwrap_or_default()
}

/// What the environment calls the display, such as `DISPLAY=:0`; empty where it names none.
#[must_use]
pub fn display() -> String {
    let named = |variable| std::env::var(variable).ok().filter(|value| !value.is_empty()).map(|value| format!("{variable}={value}"));
    named("WAYLAND_DISPLAY").or_else(|| named("DISPLAY")).unwrap_or_default()
}

fn read_file(path: &Path, must_exist: bool) -> Result<ConfigFile> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(ConfigFile::default()),
        Err(error) => return Err(Failure::Usage(format!("The configuration file {} could not be read: {error}", path.display()))),
    };
    parse(&text).map_err(|why| Failure::Usage(format!("The configuration file {} has a mistake.\n{why}", path.display())))
}

/// The error names line and field, and does not show the line: somebody may have put a key there.
fn parse(text: &str) -> std::result::Result<ConfigFile, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("At line {}: {}", before.matches('\n').count() + 1, error.message())
    })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn a_full_file_is_read() {
        let file = parse(
            "log_level = \"warn\"\non_device_threads = 3\n[base_urls]\ngemini = \"http://127.0.0.1:1/\"\n\
             [providers.lab]\nbase_url = \"http://10.0.0.5:8000/v1\"\nrequests_per_minute = 60\ntokens_per_minute = 90000\nconcurrency = 2\ntimeout_s = 300\ntotal_s = 900\n",
        )
        .expect("parses");
        assert_eq!(file.on_device_threads, Some(3));
        let endpoints = endpoints(file.providers, file.base_urls, &SharedArgs::default()).expect("sound");
        let url = |text: &str| Some(Url::parse(text).expect("a URL"));
        let limits =
            Limits { requests_per_minute: Some(60), tokens_per_minute: Some(90_000), concurrency: Some(2), timeout_s: Some(300), total_s: Some(900) };
        assert_eq!(
            endpoints,
            [
                Endpoint { name: "gemini".to_owned(), base: url("http://127.0.0.1:1/"), limits: Limits::default() },
                Endpoint { name: "lab".to_owned(), base: url("http://10.0.0.5:8000/v1"), limits },
            ]
        );
    }

    #[test]
    fn a_mistake_in_a_providers_table_is_named_with_its_line() {
        for (line, word) in [
            ("concurrency = 0", "at least 1"),
            ("api_key = \"abc\"", "api_key"),
            ("base_url = \"ftp://x/\"", "http"),
            ("base_url = \"http://me:secret@x/\"", "key"),
        ] {
            let why = parse(&format!("[providers.openai]\n{line}\n")).expect_err(line);
            assert!(why.contains("line 2") && why.contains(word), "{why}");
            assert!(!why.contains("abc") && !why.contains("secret@"), "a secret in the file is not shown: {why}");
        }
    }

    #[test]
    fn a_broken_price_file_is_said_and_the_shipped_prices_hold() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join(OWN_CATALOGUE);
        let input = |book: &PriceBook| book.model("gemini", "gemini-3.8-flash").map(|model| model.prices[0].input.usd_per_million());
        assert_eq!(price_book(&own).problem(), None, "no file is no problem");
        let entry = r#"{"models": [{"provider": "gemini", "id": "gemini-3.8-flash", "prices": [{"from": "2026-01-01", "in": 9, "out": 9}]}]}"#;
        std::fs::write(&own, entry).expect("written");
        assert_eq!(input(&price_book(&own)), Some(9.0));
        std::fs::write(&own, entry.replace("\"in\": 9", "\"in\": true")).expect("written");
        let book = price_book(&own);
        assert_eq!(input(&book), Some(0.75));
        let problem = book.problem().expect("told");
        assert!(problem.contains(OWN_CATALOGUE) && problem.contains("models[0].prices[0].in") && problem.contains("line 1"), "{problem}");
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let why = parse("log_level = \"warn\"\ngemini_api_key = \"abc\"\n").expect_err("refused");
        assert!(why.contains("line 2") && why.contains("gemini_api_key"), "{why}");
    }

    fn told(text: &str, base_url: &str) -> Result<Vec<Endpoint>> {
        let file = parse(text).expect("parses");
        let args = SharedArgs { base_url: vec![base_url.parse().expect("parses")], ..SharedArgs::default() };
        endpoints(file.providers, file.base_urls, &args)
    }

    #[test]
    fn arguments_win_over_the_file_and_leave_its_limits() {
        let merged = told("[providers.gemini]\nbase_url = \"http://a/\"\nconcurrency = 3\n", "gemini=http://b/").expect("merges");
        assert_eq!(merged[0].base.as_ref().map(Url::as_str), Some("http://b/"));
        assert_eq!(merged[0].limits.concurrency, Some(3));
    }

    #[test]
    fn another_name_is_a_server_unless_it_is_a_slip_of_the_pen() {
        assert_eq!(told("", "lm-studio=http://127.0.0.1:1234/v1").expect("a server")[0].name, "lm-studio");
        for (file, argument, word) in [
            ("", "gemni=http://b/", "'gemini'"),
            ("", "opneai=http://b/", "'openai'"),
            ("", "on-device=http://b/", "part of this program"),
            ("", "My Lab=http://b/", "a–z"),
            ("[providers.lab]\nconcurrency = 2\n", "gemini=http://b/", "base_url"),
        ] {
            let refused = told(file, argument).expect_err(argument).to_string();
            assert!(refused.contains(word), "{refused}");
        }
    }
}
