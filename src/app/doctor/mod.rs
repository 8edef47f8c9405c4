//! `minerva doctor`: looks at everything the program leans on, and says how to mend what is wrong.

mod machine;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, Utc};
use futures_util::future::join_all;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::args::{DoctorArgs, DoctorFormat};
use super::config::{BUILT_IN, Settings};
use super::{Failure, Result, logging, runtime, serve, terminal};
use crate::keys::{self, KeyOrigin, KeyringState};
use crate::photos;
use crate::platform::domain::bundled;
use crate::platform::domain::retirement::{self, Retiring};
use crate::platform::host;
use crate::platform::store::peek;
use crate::providers::{CallContext, KeyNeed, ON_DEVICE, PhotoRequest, PriceBook, Provider, Providers, SentPhoto};
use crate::wire::model::RETIREMENT_NEAR_DAYS;
use crate::wire::result::{Fault, FaultKind};

/// Longest that one provider or the model is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// Works, but something is missing that a person may want.
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: String,
    pub state: State,
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Ok, detail: detail.into(), mend: None }
    }

    fn warn(name: &str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Warn, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn fail(name: &str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Fail, detail: detail.into(), mend: Some(mend.into()) }
    }
}

pub fn run(settings: &Settings, args: &DoctorArgs) -> Result<()> {
    logging::to_terminal(settings);
    let place = Place {
        folder: serve::folder(settings, args.database.as_ref())?,
        database: args.database.as_ref().map_or_else(|| settings.data_dir.join(host::DATABASE_FILE), |database| database.0.clone()),
    };
    let checks = runtime()?.block_on(async { examine(&settings.with_pages().await, &place).await });
    match args.format {
        DoctorFormat::Text => terminal::out(as_text(&checks).trim_end())?,
        DoctorFormat::Json => {
            let json = serde_json::to_string_pretty(&serde_json::json!({ "checks": checks }));
            terminal::out(&json.map_err(|error| Failure::Failed(error.to_string()))?)?;
        }
    }
    if checks.iter().any(|check| check.state == State::Fail) { Err(Failure::Shown) } else { Ok(()) }
}

/// What is looked at.
struct Place {
    folder: PathBuf,
    database: PathBuf,
}

async fn examine(settings: &Settings, place: &Place) -> Vec<Check> {
    let providers = settings.providers();
    let mut checks = vec![machine::data_folder(&place.folder), machine::disk(&place.folder), database(&place.database).await, machine::display()];
    checks.extend(models_in_use(&place.database, &providers, Utc::now().date_naive()).await);
    checks.extend(machine::libraries());
    checks.push(prices(settings));
    // At once: each may wait for a keyring or a provider that does not answer.
    let remote: Vec<_> = providers.iter().filter(|provider| provider.key_need() != KeyNeed::None).collect();
    let remote = join_all(remote.iter().map(|provider| remote_provider(settings, provider.as_ref())));
    let (keyring, on_device, remote) = tokio::join!(keyring(settings), on_device_model(&providers), remote);
    checks.extend([keyring, on_device]);
    checks.extend(remote);
    checks
}

async fn database(path: &Path) -> Check {
    const NAME: &str = "Database";
    let shown = path.display();
    if !path.exists() {
        return Check::ok(NAME, format!("{shown} is made at the first start"));
    }
    let salvage = format!("Close Minerva, keep a copy of the folder, then put a backup back or salvage what can be read: sqlite3 '{shown}' .recover");
    if let Ok(Some(table)) = peek::foreign_table(path).await {
        let found = format!("{shown} is the database of another program: it holds a table '{table}', and nothing of Minerva");
        return Check::fail(NAME, found, "Choose another data folder with --data-dir");
    }
    match peek::inspect(path).await {
        Err(error) => Check::fail(NAME, format!("{shown}: {error}"), salvage),
        Ok(found) if !found.complaints.is_empty() => Check::fail(NAME, format!("{shown}: {}", found.complaints.join("; ")), salvage),
        Ok(found) if found.schema_version > peek::known_schema_version() => Check::fail(
            NAME,
            format!("{shown} was written by a newer Minerva (schema {}, this one knows {})", found.schema_version, peek::known_schema_version()),
            "Install the newer version again, or choose another data folder with --data-dir",
        ),
        Ok(found) => Check::ok(NAME, format!("{shown} is sound, schema {}", found.schema_version)),
    }
}

/// A price file with a mistake is left aside: costs are then told by other prices than a person wrote down.
fn prices(settings: &Settings) -> Check {
    const NAME: &str = "Prices";
    let book = &settings.providers.book;
    match book.problem() {
        Some(problem) => Check::fail(NAME, problem, "Mend the file as it says, or take it away to use the shipped prices"),
        None if book.is_old(chrono::Utc::now().date_naive()) => Check::warn(
            NAME,
            format!("{}; the shipped ones more than 90 days ago", prices_words(book)),
            "Install a newer version, or write today's prices into model-catalogue.json beside the configuration file",
        ),
        None => Check::ok(NAME, prices_words(book)),
    }
}

/// `Checked on 2026-11-23, those of your own file on 2026-12-01`.
fn prices_words(book: &PriceBook) -> String {
    let own = book.own_checked().map(|own| format!(", those of your own file on {own}")).unwrap_or_default();
    format!("Checked on {}{own}", book.checked())
}

/// Whether a model in use will be taken out of service; `None` where nothing is known to be in use.
async fn models_in_use(path: &Path, providers: &Providers, today: NaiveDate) -> Option<Check> {
    const NAME: &str = "Models in use";
    let models = if path.exists() { peek::models_in_use(path).await.unwrap_or_default() } else { Vec::new() };
    let ends = |model: &String| {
        let last = retirement::by_catalogue(providers, model)?;
        Some(Retiring { model: model.clone(), last, days: (last - today).num_days() })
    };
    let ending: Vec<Retiring> = models.iter().filter_map(ends).filter(|retiring| retiring.days <= RETIREMENT_NEAR_DAYS).collect();
    if ending.is_empty() {
        return (!models.is_empty()).then(|| Check::ok(NAME, format!("No end is near: {}", models.join(", "))));
    }
    let words: Vec<String> = ending.iter().map(Retiring::words).collect();
    let mend = "Choose another model in Pipeline control › Models before that day";
    let is_over = ending.iter().any(|retiring| retiring.days < 0);
    Some(if is_over { Check::fail(NAME, words.join("; "), mend) } else { Check::warn(NAME, words.join("; "), mend) })
}

/// The keyring alone: a key may come from elsewhere, which is told with its provider.
async fn keyring(settings: &Settings) -> Check {
    of_keyring(settings.keys.keyring().await)
}

fn of_keyring(state: KeyringState) -> Check {
    const NAME: &str = "Keyring";
    let [provider, ..] = BUILT_IN;
    match state {
        KeyringState::Available => Check::ok(NAME, "Answers"),
        KeyringState::NotUsed => Check::ok(NAME, "Not used here"),
        KeyringState::Unavailable(why) => {
            let variable = keys::variable(provider);
            let mend = format!("Unlock or start the system's keyring, or give keys by environment variable ({variable}); on-device needs none");
            Check::warn(NAME, why, mend)
        }
    }
}

fn call() -> CallContext {
    CallContext::new(CancellationToken::new(), PATIENCE)
}

async fn on_device_model(providers: &Providers) -> Check {
    const NAME: &str = "On-device model";
    const MEND: &str = "The program itself is damaged or the machine is short of memory: install it anew";
    let Some((provider, _)) = providers.find(ON_DEVICE) else {
        return Check::fail(NAME, "It is not part of this program", MEND);
    };
    let Some((name, bytes)) = bundled::PHOTOS.first() else {
        return Check::fail(NAME, "There is no bundled photo to try it on", MEND);
    };
    let photo = match photos::decode(bytes) {
        Ok(photo) => photo,
        Err(error) => return Check::fail(NAME, format!("The bundled {name} could not be read: {error}"), MEND),
    };
    let request = PhotoRequest::plain("", SentPhoto::Pixels(Arc::new(photo.image)), "");
    let begun = Instant::now();
    match provider.analyse(&request, &call()).await {
        Ok(answer) => match answer.tags.first() {
            Some(best) => Check::ok(
                NAME,
                format!("{name}: {} {:.2}, in {} ms with loading", best.name, best.confidence.unwrap_or_default(), begun.elapsed().as_millis()),
            ),
            None => Check::fail(NAME, format!("It found nothing in {name}"), MEND),
        },
        Err(fault) => Check::fail(NAME, fault.message, MEND),
    }
}

async fn remote_provider(settings: &Settings, provider: &dyn Provider) -> Check {
    let name = format!("Provider {}", provider.label());
    let key = settings.keys.get(provider.name()).await.ok().map(|(_, origin)| origin);
    let has_key = key.is_some();
    if !has_key && provider.key_need() == KeyNeed::Required {
        let variable = keys::variable(provider.name());
        return Check::ok(&name, format!("No key, so it is not asked; set {variable} or add one in the console to use it"));
    }
    let is_told = settings.providers.endpoints.iter().any(|told| told.name == provider.name());
    let open = settings.key_in_the_open(provider.name()).await;
    match (provider.check(&call()).await, open) {
        (Ok(took), Some(warning)) => Check::warn(&name, format!("Answers, in {} ms", took.as_millis()), warning),
        (asked, _) => of_provider(&name, asked, key, is_told),
    }
}

fn of_provider(name: &str, asked: std::result::Result<Duration, Fault>, key: Option<KeyOrigin>, is_told: bool) -> Check {
    let has_key = key.is_some();
    match asked {
        Ok(took) if has_key => {
            let from = key.map(|origin| format!(" from the {}", origin.as_str())).unwrap_or_default();
            Check::ok(name, format!("Answers and accepts the key{from}, in {} ms", took.as_millis()))
        }
        Ok(took) => Check::ok(name, format!("Answers without a key, in {} ms", took.as_millis())),
        // A server that many people do not have: nobody said that it should be there.
        Err(fault) if !has_key && !is_told && matches!(fault.kind, FaultKind::Network | FaultKind::Timeout) => {
            Check::ok(name, format!("Not running, which only matters if you want to use it: {}", fault.message))
        }
        Err(fault) => Check::fail(name, fault.message, format!("Check the key ({}), the network and --base-url", fault.kind.label())),
    }
}

fn as_text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let word = match check.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        let _ = writeln!(text, "{word}  {:width$}  {}", check.name, check.detail);
        if let Some(mend) = &check.mend {
            let _ = writeln!(text, "      {:width$}  → {mend}", "");
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let _ = writeln!(text, "{} ok, {} to look at, {} broken", count(State::Ok), count(State::Warn), count(State::Fail));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyring_is_told_by_itself_wherever_the_keys_are_from() {
        assert_eq!(of_keyring(KeyringState::Available).state, State::Ok);
        let check = of_keyring(KeyringState::Unavailable("No keyring answers on this computer".to_owned()));
        assert_eq!((check.state, check.detail.as_str()), (State::Warn, "No keyring answers on this computer"));
        let check = of_provider("Provider Google Gemini", Ok(Duration::from_millis(7)), Some(KeyOrigin::Environment), false);
        assert_eq!(check.detail, "Answers and accepts the key from the environment, in 7 ms");
    }

    #[tokio::test]
    async fn a_database_that_is_none_is_told_with_a_way_out() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("minerva.sqlite");
        assert_eq!(database(&path).await.state, State::Ok, "none yet");
        std::fs::write(&path, vec![7_u8; 8192]).expect("writes");
        let check = database(&path).await;
        assert_eq!(check.state, State::Fail, "{check:?}");
        assert!(check.mend.expect("says what to do").contains("recover"));
    }
}
