//! `minerva admin generate`: an invented history that adds up, and never in a database that holds anything.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host;
use minerva_console::platform::store::{Db, generated, rollups};
use rollups::{MINUTES_KEPT_MS, Span};

use crate::api::rollups::assert_equal_to_a_scan;
use crate::support::binary;
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options};

fn generate(results: &str, database: &Path) -> Output {
    binary::minerva(database.parent().expect("a folder"))
        .args(["admin", "generate", "--results", results, "--database", &format!("sqlite:{}", database.display())])
        .output()
        .expect("it runs")
}

async fn counts(db: &Db) -> (i64, i64, i64) {
    sqlx::query_as("SELECT (SELECT COUNT(*) FROM photos), (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM ai_processing_results)")
        .fetch_one(&db.read)
        .await
        .expect("counts")
}

#[tokio::test]
async fn as_many_results_as_wanted_are_made_and_add_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.sqlite");
    let done = generate("3000", &path);
    assert!(done.status.success(), "{done:?}");
    let told = String::from_utf8(done.stdout).expect("text");
    assert!(told.starts_with("Generated 3000 results of "), "{told}");

    let db = Db::open(&path).await.expect("opens");
    assert_eq!(counts(&db).await.2, 3_000);
    assert!(generated::is_marked(&db).await.expect("read"), "it says that it is invented");
    assert_equal_to_a_scan(&db, Span::Day, 0).await;
    assert_equal_to_a_scan(&db, Span::Hour, 0).await;
    let newest: i64 = sqlx::query_scalar("SELECT MAX(created_at_ms) FROM ai_processing_results").fetch_one(&db.read).await.expect("newest");
    // Minutes are kept since a moment that was a little before the newest result.
    assert_equal_to_a_scan(&db, Span::Minute, Span::Minute.ceil(newest - MINUTES_KEPT_MS + Span::Hour.ms())).await;
    let broken: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM jobs j WHERE j.state IN ('completed', 'failed')
           AND j.attempts <> (SELECT COUNT(*) FROM ai_processing_results r WHERE r.job_id = j.id)",
    )
    .fetch_one(&db.read)
    .await
    .expect("a scan");
    assert_eq!(broken, 0, "every try of a job has its result");
    let (before, after): (String, String) =
        sqlx::query_as("SELECT before, after FROM config_changes WHERE summary LIKE '%paused%'").fetch_one(&db.read).await.expect("one entry");
    assert!(before.contains("running") && after.contains("paused"), "who looks back sees it running: {before} {after}");
    db.close().await;
}

#[tokio::test]
async fn a_database_that_holds_anything_is_refused_and_stays_as_it_was() {
    let platform = platform::start(Options::default().without_workers()).await;
    platform.add(2, true).await;
    let folder = platform.stop().await;
    let path = folder.path().join("data").join(host::DATABASE_FILE);
    let before = std::fs::read(&path).expect("a file");
    let refused = generate("100", &path);
    assert_eq!(refused.status.code(), Some(2));
    let why = String::from_utf8(refused.stderr).expect("text");
    assert!(why.contains("holds rows already") && why.contains("Nothing was changed"), "{why}");
    assert_eq!(std::fs::read(&path).expect("a file"), before);
    let refused = binary::minerva(folder.path())
        .args(["admin", "generate", "--results", "10", "--database", "sqlite:/tmp/no-such-folder-of-minerva/x"])
        .output()
        .expect("runs");
    let why = String::from_utf8(refused.stderr).expect("text");
    assert!(why.contains("There is no folder /tmp/no-such-folder-of-minerva") && !why.contains("data folder"), "{why}");
    for (results, database) in [("0", "sqlite:/tmp/x"), ("many", "sqlite:/tmp/x"), ("10", "postgres://x")] {
        let refused =
            binary::minerva(folder.path()).args(["admin", "generate", "--results", results, "--database", database]).output().expect("runs");
        assert_eq!(refused.status.code(), Some(2), "{results} {database}");
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sums = Vec::new();
    for (name, seed) in [("one", 5), ("two", 5), ("other", 6)] {
        let path = folder.path().join(name);
        let clock = TestClock::at_noon();
        host::generate(&path, Arc::clone(&clock) as _, &Generate { results: 500, seed }, |_| {}).await.expect("generated");
        let db = Db::open(&path).await.expect("opens");
        let sum: (i64, i64, i64) =
            sqlx::query_as("SELECT SUM(created_at_ms), SUM(provider_response_time_ms), SUM(COALESCE(cost_usd_micros, 0)) FROM ai_processing_results")
                .fetch_one(&db.read)
                .await
                .expect("sums");
        sums.push((sum, counts(&db).await));
        db.close().await;
    }
    assert_eq!(sums[0], sums[1]);
    assert_ne!(sums[0], sums[2]);
}
