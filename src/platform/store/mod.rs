//! The only SQL. One file per noun; each statement is portable `$n` SQL, so that PostgreSQL can
//! join with a migrations folder of its own and no second copy of a query.
//!
//! Functions return `Option` where a row may be absent: "not found" is the caller's decision.
//! Reads take the pool of readers; writes take a transaction that [`Db::begin`] opens with
//! `BEGIN IMMEDIATE` on the one writing connection.

pub mod alerts;
pub mod blast_radii;
mod bulk;
pub mod compare_calls;
pub mod config;
pub mod costs;
pub mod decisions;
pub mod deployments;
pub mod events;
pub mod generated;
pub mod health;
pub mod histogram;
pub mod idempotency;
pub mod jobs;
pub mod known_answers;
pub mod lab_spending;
pub mod metrics;
pub mod organizations;
pub mod past;
pub mod peek;
pub mod photo_sets;
pub mod photos;
#[cfg(test)]
mod plans;
pub mod prompt_findings;
pub mod prompts;
pub mod providers;
pub mod results;
pub mod rollups;
pub mod runs;
pub mod status;
pub mod traces;
pub mod truth;
pub mod validations;
pub mod votes;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, Transaction};

use crate::wire::job_filter::lower_case_letter;

/// A write transaction. Dropped without commit it rolls back.
pub type Tx = Transaction<'static, Sqlite>;

/// Of each connection: negative numbers are KiB (<https://sqlite.org/pragma.html#pragma_cache_size>).
const CACHE_KIB: &str = "-16384";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/platform/store/migrations/sqlite");

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("The database could not be opened: {0}")]
    Open(sqlx::Error),
    #[error("The database is damaged: {0}")]
    Damaged(String),
    #[error("The database was written by a newer version of Minerva: it has schema {0}. Install that version again, or choose another data folder")]
    Newer(i64),
    #[error("The file is the database of another program: it holds {0}, and nothing of Minerva. It is left as it is; choose another place")]
    Foreign(String),
    #[error("The database could not be brought up to date: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    #[error("The disk is full")]
    DiskFull,
    #[error("The database did not answer: {0}")]
    Query(sqlx::Error),
    #[error("A stored value could not be read: {0}")]
    Value(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes: 11 CORRUPT, 13 FULL, 26 NOTADB.
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i32>().ok());
        match code.map(|code| code & 0xff) {
            Some(13) => Self::DiskFull,
            Some(11 | 26) => Self::Damaged(error.to_string()),
            _ => Self::Query(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::Newer(version),
            sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => match Self::from(error) {
                Self::Query(error) => Self::Migrate(sqlx::migrate::MigrateError::Execute(error)),
                other => other,
            },
            other => Self::Migrate(other),
        }
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// The database: many readers, one writer.
#[derive(Clone)]
pub struct Db {
    pub read: SqlitePool,
    write: SqlitePool,
}

impl Db {
    /// Opens or makes the database file and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Self> {
        check_length(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", CACHE_KIB);
        // SQLite ends a transaction by itself when the disk is full or can't be read. sqlx then believes that
        // it still stands and refuses to begin another one, for ever: such a connection is replaced.
        let writer = SqlitePoolOptions::new().max_connections(1);
        let writer = writer.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
        refuse_foreign(path).await?;
        let write = writer.connect_with(options.clone()).await.map_err(open_error)?;
        MIGRATIONS.run(&write).await?;
        // Before anybody reads: a connection that knows the tables from before a migration takes an index that is new for the best of all.
        // What the planner knows is renewed where tables have grown or have other indexes (https://sqlite.org/pragma.html#pragma_optimize).
        sqlx::query("PRAGMA optimize = 0x10002").execute(&write).await?;
        let read = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await.map_err(open_error)?;
        let db = Self { read, write };
        bulk::put_back(&db).await?;
        rollups::add_up_old(&db).await?;
        decisions::add_up_old(&db).await?;
        Ok(db)
    }

    /// Renews what the planner knows of the tables while the platform is at work: by some thousand rows of an index, so that no write
    /// waits for long.
    pub async fn measure_tables(&self) -> Result<()> {
        sqlx::query("PRAGMA optimize = 0x10012").execute(&self.write).await?;
        Ok(())
    }

    /// Begins a write; waits for the one before it.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Writes what is in the log to the database file and closes it.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Another program's tables are not mixed with ours.
async fn refuse_foreign(path: &Path) -> Result<()> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(());
    }
    match peek::foreign_table(path).await? {
        Some(table) => Err(StoreError::Foreign(format!("a table '{table}'"))),
        None => Ok(()),
    }
}

/// A file that is shorter than its first page says was cut. SQLite itself notices only when it needs a
/// page that is gone, which may be hours later. With a log beside it the file may rightly be shorter.
fn check_length(path: &Path) -> Result<()> {
    use std::io::Read;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let Ok(mut file) = std::fs::File::open(path) else { return Ok(()) };
    let mut header = [0_u8; 100];
    if Path::new(&log).exists() || file.read_exact(&mut header).is_err() {
        return Ok(());
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // Offsets of SQLite's file format: page size at 16 (1 stands for 65,536), change counter at 24,
    // size in pages at 28, which is valid if the counter is repeated at 92.
    let page_bytes = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        bytes => bytes,
    };
    let expected = u64::from(number(28)) * page_bytes;
    let length = file.metadata().map_or(u64::MAX, |metadata| metadata.len());
    if number(24) == number(92) && length < expected {
        return Err(StoreError::Damaged(format!("it has {length} bytes of {expected}")));
    }
    Ok(())
}

fn open_error(error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Query(error) => StoreError::Open(error),
        other => other,
    }
}

/// Milliseconds since 1970, as all times are stored.
#[must_use]
pub fn to_ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

pub fn from_ms(ms: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| StoreError::Value(format!("time {ms}")))
}

pub fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Value(error.to_string()))
}

pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Value(error.to_string()))
}

/// The name of a unit variant, as serde writes it on the wire (`retry_wait`).
pub fn to_name<T: serde::Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Value("not a plain name".to_owned())),
    }
}

pub fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|error| StoreError::Value(format!("{name}: {error}")))
}

/// Ids bound in one statement at most; SQLite takes 32,766.
pub const IDS_A_STATEMENT: usize = 500;

/// Writes `$1, $2, …` for a list of ids.
fn push_ids(query: &mut sqlx::QueryBuilder<Sqlite>, ids: impl Iterator<Item = uuid::Uuid>) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
}

/// A pattern for `GLOB`: contains this text, each letter as itself or as its capital. The database's own `LOWER` knows no letters
/// beyond ASCII.
fn containing(text: &str) -> String {
    static CAPITALS: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
        let mut capitals: HashMap<char, Vec<char>> = HashMap::new();
        for (letter, small) in (char::MIN..=char::MAX).map(|letter| (letter, lower_case_letter(letter))) {
            if small != letter {
                capitals.entry(small).or_default().push(letter);
            }
        }
        capitals
    });
    let mut pattern = "*".to_owned();
    for letter in text.chars().map(lower_case_letter) {
        match CAPITALS.get(&letter) {
            Some(capitals) => {
                pattern.extend(['[', letter]);
                pattern.extend(capitals.iter().chain(&[']']));
            }
            None if "*?[".contains(letter) => pattern.extend(['[', letter, ']']),
            None => pattern.push(letter),
        }
    }
    pattern.push('*');
    pattern
}
