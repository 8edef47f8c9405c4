//! Rollups equal what a scan of the results gives: for results as they come, and in a folder of every past version.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use minerva_console::platform::domain::photo_files;
use minerva_console::platform::store::photos::search;
use minerva_console::platform::store::rollups::{self, Histograms, Span, Wanted};
use minerva_console::platform::store::{Db, histogram};
use minerva_console::wire::analytics::PerformanceQuery;
use minerva_console::wire::config::{PipelineState, SetPipelineState};
use minerva_console::wire::health::HealthState;
use minerva_console::wire::ids::OrganizationId;
use minerva_console::wire::job::JobState;
use minerva_console::wire::metric::MetricQuery;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::photo_search::PhotoSearch;
use minerva_console::wire::result::{Fault, FaultKind};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options};
use crate::support::scripted::{Act, Scripted, answer};

const MIGRATIONS: &str = "src/platform/store/migrations/sqlite";

/// One result, as a scan reads it.
#[derive(sqlx::FromRow)]
struct Scanned {
    ai_provider: String,
    model: String,
    status: String,
    fault: Option<String>,
    created_at_ms: i64,
    cost_usd_micros: Option<i64>,
    mean_confidence: Option<f64>,
    provider_response_time_ms: i64,
    queue_wait_time_ms: i64,
}

/// Type 7, of the values themselves.
fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() - 1) as f64 * q;
    values[at as usize] * (1.0 - at.fract()) + values[(at as usize + 1).min(values.len() - 1)] * at.fract()
}

fn is_close(told: Option<f64>, values: &[f64], q: f64) -> bool {
    let exact = quantile(values.to_vec(), q);
    told.is_some_and(|told| (told - exact).abs() <= exact * histogram::RELATIVE_ERROR + 1e-9)
}

/// Compares each row of one span, from `from_ms` on, with the results that it stands for.
pub async fn assert_equal_to_a_scan(db: &Db, span: Span, from_ms: i64) {
    let scanned: Vec<Scanned> =
        sqlx::query_as("SELECT * FROM ai_processing_results WHERE created_at_ms >= $1").bind(from_ms).fetch_all(&db.read).await.expect("a scan");
    let newest = scanned.iter().map(|row| row.created_at_ms).max().expect("results");
    let from_ms = span.floor(from_ms);
    let to_ms = span.floor(newest) + span.ms();
    let wanted = Wanted { span, from_ms, to_ms, step_ms: span.ms(), provider: None, histograms: Histograms::All };
    let summed = rollups::read(db, OrganizationId::LOCAL, wanted).await.expect("rollups");
    let mut groups: BTreeMap<(i64, String, String, bool), Vec<&Scanned>> = BTreeMap::new();
    // A photo that could not be read never reached its model.
    let reached = |row: &&Scanned| row.fault.as_ref().is_none_or(|fault| !fault.contains("\"kind\":\"photo\""));
    for row in scanned.iter().filter(reached) {
        let step = (row.created_at_ms - from_ms).div_euclid(span.ms());
        groups.entry((step, row.ai_provider.clone(), row.model.clone(), row.status == "completed")).or_default().push(row);
    }
    let keys: Vec<_> = summed.iter().map(|part| (part.step, part.provider.clone(), part.model.clone(), part.completed)).collect();
    assert_eq!(keys, groups.keys().cloned().collect::<Vec<_>>(), "{span:?}");
    for (part, rows) in summed.iter().zip(groups.values()) {
        let sums = &part.sums;
        assert_eq!(sums.results, rows.len() as u64);
        assert_eq!(sums.cost, rows.iter().filter_map(|row| row.cost_usd_micros).map(UsdMicros).sum());
        assert_eq!(sums.cost_unknown, rows.iter().filter(|row| row.cost_usd_micros.is_none()).count() as u64);
        let confidences: Vec<f64> = rows.iter().filter_map(|row| row.mean_confidence).collect();
        assert_eq!(sums.confident, confidences.len() as u64);
        if !confidences.is_empty() {
            let mean = confidences.iter().sum::<f64>() / confidences.len() as f64;
            assert!((sums.mean_confidence().expect("confidences") - mean).abs() < 1e-9);
            assert!((sums.confidence_quantile(0.5).expect("confidences") - quantile(confidences, 0.5)).abs() <= 0.005 + 1e-9);
        }
        let (latencies, waits): (Vec<f64>, Vec<f64>) =
            rows.iter().map(|row| (row.provider_response_time_ms as f64, row.queue_wait_time_ms as f64)).unzip();
        for q in [0.0, 0.5, 0.9, 0.95, 0.99, 1.0] {
            assert!(is_close(sums.latencies.quantile(q), &latencies, q) && is_close(sums.waits.quantile(q), &waits, q), "{span:?} {q}");
        }
        assert!((sums.mean_wait_ms().expect("waits") - waits.iter().sum::<f64>() / waits.len() as f64).abs() < 1e-6);
        assert!((sums.mean_latency_ms().expect("latencies") - latencies.iter().sum::<f64>() / latencies.len() as f64).abs() < 1e-6);
    }
}

#[tokio::test]
async fn results_are_added_up_as_they_are_stored() {
    let (clock, scripted) = (TestClock::at_noon(), Scripted::new());
    let mut unpriced = answer(&[("cat", 0.3)]);
    unpriced.cost_usd = None;
    let mut refused = Fault::new(FaultKind::Refused, "The model declined");
    refused.cost_usd = Some(UsdMicros(50));
    for act in [Act::Answer(unpriced), Act::Fail(refused), Act::Answer(answer(&[]))] {
        scripted.then(act);
    }
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.renamed("metered")]) };
    let platform = platform::start(options).await;
    platform.client.activate_model(&minerva_console::wire::model::ActivateModel { name: "metered".to_owned() }).await.expect("live");
    platform.add(6, true).await;
    platform.until_jobs(5, JobState::Completed).await;
    clock.advance(TimeDelta::hours(13));
    platform.client.add_photos(vec![("later.jpg".to_owned(), platform::jpeg(64, 48, 99))], true).await.expect("added");
    platform.until_jobs(6, JobState::Completed).await;
    let db = &platform.host.core().db;
    for span in Span::ALL {
        assert_equal_to_a_scan(db, span, 0).await;
    }

    // A deleted photo's results and costs stay, and so do the sums.
    let photos = platform.client.photos(None, 10).await.expect("photos").items;
    platform.client.delete_photo(photos[0].id).await.expect("deleted");
    for span in Span::ALL {
        assert_equal_to_a_scan(db, span, 0).await;
    }
}

#[tokio::test]
async fn a_photo_that_never_reached_the_model_is_no_failure_of_the_model() {
    let (clock, scripted) = (TestClock::at_noon(), Scripted::new());
    let options = Options { clock: clock.clone(), ..Options::with_providers(vec![scripted.renamed("metered")]) };
    let platform = platform::start(options).await;
    platform.client.activate_model(&minerva_console::wire::model::ActivateModel { name: "metered".to_owned() }).await.expect("live");
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    let photos = platform.add(4, true).await;
    let place = |photo: &Photo| photo_files::photo_path(&platform.folder.path().join("data"), &photo.content_hash);
    // Gone, cut off, larger than is decoded; the fourth is whole.
    std::fs::remove_file(place(&photos[0])).expect("removed");
    std::fs::write(place(&photos[1]), &platform::jpeg(64, 48, 1)[..200]).expect("cut");
    std::fs::write(place(&photos[2]), b"no photo at all").expect("written");
    platform.client.set_pipeline_state(SetPipelineState { state: PipelineState::Running }).await.expect("running");
    platform.until_jobs(3, JobState::Failed).await;
    let done = platform.until_jobs(1, JobState::Completed).await.remove(0);
    assert_eq!(scripted.calls(), 1, "the others never reached the model");

    let models = platform.client.models().await.expect("models").items;
    let measured = models.into_iter().find(|model| model.name == "metered").and_then(|model| model.measured).expect("measured");
    assert_eq!((measured.results, measured.failed, measured.failed_high < 1.0), (1, 0, true));
    let performance = platform.client.performance(&PerformanceQuery::default()).await.expect("performance");
    assert_eq!((performance.total.completed, performance.total.failed), (1, 0));
    let health = platform.client.provider_health().await.expect("health").items;
    let health = health.iter().find(|health| health.provider_name == "metered").expect("its health");
    assert_eq!((health.status, health.error_rate), (HealthState::Healthy, Some(0.0)));
    assert_eq!(platform.client.live_status().await.expect("status").failed_total, 3, "the jobs say so");
    let db = &platform.host.core().db;
    for span in Span::ALL {
        assert_equal_to_a_scan(db, span, 0).await;
    }
    // A moment in the past is added up from the results themselves; the look back says the same.
    clock.advance(TimeDelta::seconds(1));
    let at = done.finished_at.expect("a time");
    let past = platform.client.metrics(&MetricQuery { at: Some(at), metric_type: Some("error_rate".to_owned()), ..MetricQuery::default() }).await;
    assert!(past.expect("metrics").metrics.iter().all(|metric| metric.metric_value == 0.0));
}

/// The numbers of the migrations there are.
fn versions() -> Vec<i64> {
    let mut versions: Vec<i64> = std::fs::read_dir(MIGRATIONS)
        .expect("migrations")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")[..4].parse().expect("a number"))
        .collect();
    versions.sort_unstable();
    versions
}

/// Brings a database to where the program of a past version left it: with its migrations and no others.
async fn bring_to(version: i64, path: &Path) {
    let known = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(MIGRATIONS).expect("migrations") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if name[..4].parse::<i64>().expect("a number") <= version {
            std::fs::copy(entry.path(), known.path().join(name)).expect("copied");
        }
    }
    let mut connection = open(path).await;
    Migrator::new(known.path()).await.expect("migrations").run(&mut connection).await.expect("migrated");
    connection.close().await.expect("closed");
}

/// What a power cut would do to it does not matter here.
async fn open(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).synchronous(SqliteSynchronous::Off);
    options.connect().await.expect("a database")
}

/// Results over twelve days, in the columns that the first version had.
async fn fill(connection: &mut SqliteConnection, newest: DateTime<Utc>) {
    let (org, photo, prompt, version) = (OrganizationId::LOCAL.0, Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let run = async |connection: &mut SqliteConnection, sql: &'static str, ids: &[Uuid]| {
        let mut query = sqlx::query(sql);
        for id in ids {
            query = query.bind(*id);
        }
        query.execute(connection).await.expect(sql);
    };
    run(connection, "INSERT INTO organizations (id, name, created_at_ms) VALUES ($1, 'Here', 0)", &[org]).await;
    let photos = "INSERT INTO photos (id, organization_id, file_name, source, content_hash, size_bytes, width_px, height_px, format,
                      ai_processing_status, created_at_ms)
                  VALUES ($1, $2, 'a.jpg', 'upload', 'abc', 1, 1, 1, 'jpeg', 'completed', 0)";
    run(connection, photos, &[photo, org]).await;
    run(connection, "INSERT INTO prompts (id, organization_id, name, revision, updated_at_ms) VALUES ($1, $2, 'Tags', 1, 0)", &[prompt, org]).await;
    let versions = "INSERT INTO prompt_versions (id, organization_id, prompt_id, version, content, note, author, created_at_ms)
                    VALUES ($1, $2, $3, 1, 'Tag it', '', '', 0)";
    run(connection, versions, &[version, org, prompt]).await;
    // Each insert for itself would wait for the disk six hundred times.
    sqlx::query("BEGIN").execute(&mut *connection).await.expect("begun");
    for number in 0..600_i64 {
        let model = ["on-device", "gemini/flash", "openai/mini"][(number % 3) as usize];
        let is_completed = number % 7 != 0;
        sqlx::query(
            "INSERT INTO ai_processing_results (id, organization_id, photo_id, ai_provider, model, prompt_version_id, status, confidence_scores,
                 mean_confidence, token_usage, notes, cost_usd_micros, queue_wait_time_ms, provider_response_time_ms,
                 total_processing_time_ms, retry_count, trace, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, '[]', $8, '{}', '[]', $9, $10, $11, 0, 0, '[]', $12)",
        )
        .bind(Uuid::now_v7())
        .bind(org)
        .bind(photo)
        .bind(model.split('/').next())
        .bind(model)
        .bind((number % 5 != 0).then_some(version))
        .bind(if is_completed { "completed" } else { "failed" })
        .bind(is_completed.then_some(f64::from((number % 90) as f32 / 100.0)))
        .bind((number % 11 != 0).then_some(number * 13))
        .bind(number * number)
        .bind(40 + number * 37)
        .bind((newest - TimeDelta::minutes(number * 29)).timestamp_millis())
        .execute(&mut *connection)
        .await
        .expect("a result");
    }
    sqlx::query("COMMIT").execute(&mut *connection).await.expect("committed");
}

#[tokio::test]
async fn a_folder_of_every_past_version_comes_up_with_its_results_added_up() {
    let newest: DateTime<Utc> = "2026-03-14T12:00:30Z".parse().expect("a time");
    let known = versions();
    assert!(known.len() >= 5, "{known:?}");
    // One database goes through all versions; a copy of it is filled and started at each of them.
    let past_folder = tempfile::tempdir().expect("a folder");
    let past = past_folder.path().join("past.sqlite");
    for version in known {
        bring_to(version, &past).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("minerva.sqlite");
        std::fs::copy(&past, &path).expect("copied");
        let mut connection = open(&path).await;
        fill(&mut connection, newest).await;
        connection.close().await.expect("closed");
        for start in ["first", "second"] {
            let db = Db::open(&path).await.unwrap_or_else(|error| panic!("{start} start on version {version}: {error}"));
            assert_equal_to_a_scan(&db, Span::Day, 0).await;
            assert_equal_to_a_scan(&db, Span::Hour, 0).await;
            let minutes_from = newest.timestamp_millis() - rollups::MINUTES_KEPT_MS;
            assert_equal_to_a_scan(&db, Span::Minute, minutes_from).await;
            let found = search::count(&db, &PhotoSearch::parse("name:a.jpg")).await.expect("counted");
            assert_eq!(found, 1, "{start} start on version {version}: its photo is found");
            db.close().await;
        }
    }
}
