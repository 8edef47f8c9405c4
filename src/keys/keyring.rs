//! The OS keyring, on a thread of its own: some keyrings ask the person, and some hang.
//!
//! Entries are named service `minerva-console`, user = the provider. A locked keyring says "no entry" when it is read, so
//! a missing key is only believed after a write has shown that the keyring works.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use keyring_core::{CredentialStore, Error};
use secrecy::{ExposeSecret, SecretString};

use super::KeyProblem;

const SERVICE: &str = "minerva-console";
/// The person may be asked for a password meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
const PROBE: &str = "probe";

/// Reads a key; `None`: the keyring works and has none.
pub async fn get(provider: &str) -> Result<Option<SecretString>, KeyProblem> {
    let provider = provider.to_owned();
    on_a_thread(move |store| match entry(store, &provider)?.get_password() {
        Ok(key) => Ok(Some(SecretString::from(key))),
        Err(Error::NoEntry) => probe(store).map(|()| None),
        Err(error) => Err(unavailable(&error)),
    })
    .await
}

pub async fn set(provider: &str, key: SecretString) -> Result<(), KeyProblem> {
    let provider = provider.to_owned();
    on_a_thread(move |store| entry(store, &provider)?.set_password(key.expose_secret()).map_err(|error| unavailable(&error))).await
}

pub async fn remove(provider: &str) -> Result<(), KeyProblem> {
    let provider = provider.to_owned();
    on_a_thread(move |store| match entry(store, &provider)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(unavailable(&error)),
    })
    .await
}

/// Writes and removes an entry of no value; done once, since a keyring that worked goes on working.
fn probe(store: &Store) -> Result<(), KeyProblem> {
    static WORKS: OnceLock<()> = OnceLock::new();
    if WORKS.get().is_none() {
        let entry = entry(store, PROBE)?;
        entry.set_password("probe").map_err(|error| unavailable(&error))?;
        entry.delete_credential().map_err(|error| unavailable(&error))?;
        let _ = WORKS.set(());
    }
    Ok(())
}

type Store = Arc<CredentialStore>;

fn entry(store: &Store, user: &str) -> Result<keyring_core::Entry, KeyProblem> {
    store.build(SERVICE, user, None).map_err(|error| unavailable(&error))
}

/// The words of an error; none of them can hold a key, which the errors of reading and writing do not carry.
fn unavailable(error: &Error) -> KeyProblem {
    let words = match error {
        Error::NoStorageAccess(_) => "The system's keyring is locked. Unlock it",
        Error::PlatformFailure(_) | Error::NoDefaultStore => "No keyring answers on this computer. Start one, such as gnome-keyring or KWallet",
        Error::BadEncoding(_) => "What the system's keyring holds is not text. Store the key again",
        _ => "The system's keyring can't be used. Check that it works",
    };
    KeyProblem::KeyringUnavailable { words: words.to_owned(), cause: Some(error.to_string()) }
}

/// Serialised on one thread: operations of the same entry from several threads may be reordered on Windows.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce(&Store) -> Result<T, KeyProblem> + Send + 'static) -> Result<T, KeyProblem> {
    type Work = Box<dyn FnOnce() + Send>;
    static THREAD: OnceLock<std::sync::mpsc::Sender<Work>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel::<Work>();
        std::thread::spawn(move || receiver.into_iter().for_each(|work| work()));
        sender
    });
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let begin: Work = Box::new(move || {
        // Nobody waits any more when the patience has ended.
        let _ = sender.send(open().and_then(|store| work(&store)));
    });
    let ended = || KeyProblem::keyring("The keyring's thread has ended. Start the program again");
    thread.send(begin).map_err(|_| ended())?;
    match tokio::time::timeout(PATIENCE, receiver).await {
        Ok(outcome) => outcome.map_err(|_| ended())?,
        Err(_) => {
            Err(KeyProblem::keyring("The system's keyring did not answer within 10 s; it may be waiting for its password. Unlock it and try again"))
        }
    }
}

/// The store of this system. Opened anew until it opens, then kept.
fn open() -> Result<Store, KeyProblem> {
    static STORE: OnceLock<Store> = OnceLock::new();
    if let Some(store) = STORE.get() {
        return Ok(Arc::clone(store));
    }
    let store: Store = system_store().map_err(|error| unavailable(&error))?;
    Ok(Arc::clone(STORE.get_or_init(|| store)))
}

#[cfg(target_os = "linux")]
fn system_store() -> keyring_core::Result<Store> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn system_store() -> keyring_core::Result<Store> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn system_store() -> keyring_core::Result<Store> {
    Ok(windows_native_keyring_store::Store::new()?)
}
