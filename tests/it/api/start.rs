//! Starting and stopping: one instance a folder, clear words when it can't, and who is let in.

use minerva_console::client::{ApiError, Client};
use minerva_console::platform::host::{self, StartError};
use sqlx::Connection as _;

use crate::support::platform::{self, Options};

#[tokio::test]
async fn a_second_start_on_one_folder_says_so() {
    let first = platform::start(Options::default()).await;
    let again = host::start(Options::default().host_options(first.folder.path().join("data"))).await;
    assert!(matches!(again, Err(StartError::InUse(_))), "{:?}", again.err());
    let folder = first.stop().await;
    platform::start_in(folder, Options::default()).await.expect("the lock was given back");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").expect("written");
    let error = host::start(Options::default().host_options(file.join("data"))).await.err().expect("refused").to_string();
    assert!(error.contains("data folder can't be used") && error.contains("--data-dir"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_folder_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let platform = platform::start(Options::default()).await;
    let mode = std::fs::metadata(platform.folder.path().join("data")).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_what_to_do() {
    let platform = platform::start(Options::default()).await;
    let stranger = Client::new(platform.host.base(), "not the token".into()).expect("a client");
    let Err(ApiError::Problem(problem)) = stranger.config().await else { panic!("let in") };
    assert_eq!((problem.status, problem.code.as_str()), (401, "wrong_token"));
    assert!(problem.detail.contains("Settings"), "{problem}");
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_before_the_token_is_looked_at() {
    let platform = platform::start(Options::default()).await;
    let url = platform.host.base().join("api/ai/dashboard/events").expect("a URL");
    for (host, status) in [("evil.example", 421), ("127.0.0.1.evil.example:80", 421), ("127.0.0.1:7642", 401), ("localhost", 401)] {
        let answer = reqwest::Client::new().get(url.clone()).header("host", host).send().await.expect("answered");
        assert_eq!(answer.status(), status, "{host}: any port is fine, since forwarded ones are others");
        let words = answer.text().await.expect("text");
        assert_eq!(words.contains("--host NAME"), status == 421, "{words}");
    }
    let mut options = Options::default().host_options(platform.stop().await.path().join("elsewhere"));
    options.hosts = vec!["minerva.example.com".to_owned()];
    let host = host::start(options).await.expect("starts");
    let url = host.base().join("api/ai/dashboard/events").expect("a URL");
    for (name, status) in [("Minerva.example.com", 401), ("other.example.com", 421), ("127.0.0.1", 401)] {
        let answer = reqwest::Client::new().get(url.clone()).header("host", name).send().await.expect("answered");
        assert_eq!(answer.status(), status, "{name}");
    }
    host.shutdown().await;
}

#[tokio::test]
async fn a_database_of_a_newer_minerva_is_named_and_left_alone() {
    let folder = platform::start(Options::default()).await.stop().await;
    let path = folder.path().join("data/minerva.sqlite");
    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.expect("opens");
    let newer = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
                 SELECT 9999, 'of tomorrow', installed_on, success, checksum, execution_time FROM _sqlx_migrations ORDER BY version LIMIT 1";
    sqlx::query(newer).execute(&mut database).await.expect("marked");
    database.close().await.expect("closed");
    let before = std::fs::read(&path).expect("readable");
    let refused = host::start(Options::default().host_options(folder.path().join("data"))).await.err().expect("refused").to_string();
    assert!(refused.contains("written by a newer version of Minerva: it has schema 9999"), "{refused}");
    assert!(refused.contains("Install that version again, or choose another data folder"), "{refused}");
    assert_eq!(std::fs::read(&path).expect("readable"), before, "nothing was changed in it");
}

#[tokio::test]
async fn a_damaged_database_is_named_and_left_alone() {
    for (what, damage) in DAMAGES {
        let folder = platform::start(Options::default()).await.stop().await;
        let path = folder.path().join("data/minerva.sqlite");
        let mut bytes = std::fs::read(&path).expect("database");
        damage(&mut bytes);
        std::fs::write(&path, &bytes).expect("damaged");
        let error = platform::start_in(folder, Options::default()).await.err().unwrap_or_else(|| panic!("{what}: started"));
        let words = error.to_string();
        assert!(matches!(error, StartError::Damaged { .. }), "{what}: {words}");
        assert!(words.contains("minerva.sqlite") && words.contains("move the file away"), "{what}: {words}");
    }
}

#[tokio::test]
async fn a_database_that_was_emptied_is_not_taken_for_a_new_one() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(1, false).await;
    let folder = platform.stop().await;
    std::fs::write(folder.path().join("data/minerva.sqlite"), "").expect("emptied");
    let error = platform::start_in(folder, Options::default()).await.err().expect("refused");
    assert!(matches!(&error, StartError::Damaged { why, .. } if why.contains("photos in the data folder")), "{error}");
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("data")).expect("made");
    let path = folder.path().join("data/minerva.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("opens");
    sqlx::query("CREATE TABLE bookmarks (address TEXT)").execute(&mut connection).await.expect("made");
    sqlx::Connection::close(connection).await.expect("closed");
    let before = std::fs::read(&path).expect("readable");
    let error = host::start(Options::default().host_options(folder.path().join("data"))).await.err().expect("refused").to_string();
    assert!(error.contains("another program") && error.contains("'bookmarks'"), "{error}");
    assert!(std::fs::read(&path).expect("readable") == before, "it was written to");
}

type Damage = fn(&mut Vec<u8>);
const DAMAGES: [(&str, Damage); 3] = [
    ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("another file's start", |bytes| bytes[..16].copy_from_slice(b"not a database!!")),
    ("garbled pages", |bytes| bytes[4096..].fill(0xa5)),
];
