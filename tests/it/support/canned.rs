//! A platform that answers with figures made up once and for all: pictures of it are the same on every machine and
//! on every day, and it holds as many jobs as a story wants. Only reads are answered, and actions on jobs.

use std::sync::{Arc, Mutex};

use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Duration, Utc};
use minerva_console::client::Client;
use minerva_console::wire::analytics::{ModelPerformance, Performance, PerformancePoint, PerformanceQuery};
use minerva_console::wire::config::PipelineState;
use minerva_console::wire::ids::{JobChangeId, JobId, PhotoId, ResultId};
use minerva_console::wire::job::{Job, JobAction, JobDetails, JobQuery, JobState, JobsActed, JobsAction, JobsLeft};
use minerva_console::wire::job_filter::JobFilter;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::page::Page;
use minerva_console::wire::photo::{AddedPhotos, Photo, PhotoSource, ProcessingStatus, RefusedPhoto};
use minerva_console::wire::result::{Answer, ConfidenceKind, Decision, Fault, FaultKind, Outcome, PhotoResult, Tag, TraceStep, Usage};
use minerva_console::wire::status::{LiveStatus, MinutePoint};
use uuid::Uuid;

/// The photos that the canned jobs are about.
const PHOTOS: [&str; 6] = ["cat", "coffee", "boats_1865", "city_night", "colosseum", "raccoon"];

/// Some moment at which all figures stand still.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_618_400, 0).expect("a time")
}

/// What the platform holds, newest job first.
pub struct Canned {
    pub jobs: Vec<Job>,
    /// Actions that came, in order.
    pub actions: Vec<JobsAction>,
    /// The jobs before each action.
    pub before: Vec<(JobChangeId, Vec<Job>)>,
    /// Without results, Analytics is empty.
    pub has_results: bool,
    /// No call costs anything.
    pub is_free: bool,
    /// Answers everything with an error.
    pub is_broken: bool,
    /// Why the live model's provider is asked nothing.
    pub held_back: Option<Fault>,
    /// Spent today beside the pipeline.
    pub lab_spend: UsdMicros,
    pub daily_limit: Option<UsdMicros>,
    /// Failed jobs that a retry would queue; all of them unless told.
    pub retriable: Option<u64>,
}

pub type Shared = Arc<Mutex<Canned>>;

/// Starts it with so many jobs.
pub fn start(runtime: &tokio::runtime::Runtime, jobs: usize) -> (Client, Shared) {
    let jobs = (0..jobs).map(job).collect();
    let canned: Shared = Arc::new(Mutex::new(Canned {
        jobs,
        actions: Vec::new(),
        before: Vec::new(),
        has_results: true,
        is_free: false,
        is_broken: false,
        held_back: None,
        lab_spend: UsdMicros(0),
        daily_limit: None,
        retriable: None,
    }));
    let router = Router::new()
        .route("/api/ai/dashboard/live-status", get(live_status))
        .route("/api/ai/health", get(super::canned_health::report))
        .route("/api/ai/health/check", post(super::canned_health::report))
        .route("/api/ai/pipeline/jobs", get(list_jobs))
        .route("/api/ai/pipeline/jobs/actions", post(act))
        .route("/api/ai/pipeline/jobs/actions/{id}/undo", post(undo))
        .route("/api/ai/pipeline/jobs/{id}", get(job_details))
        .route("/api/ai/photos", post(add_photos))
        .route("/api/ai/photos/{id}/image", get(image))
        .route("/api/ai/analytics/performance", get(performance))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&canned), break_down))
        .with_state(Arc::clone(&canned));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async move { axum::serve(listener, router).await });
    let base = format!("http://{address}/").parse().expect("a URL");
    (Client::new(base, "canned".into()).expect("a client"), canned)
}

async fn break_down(State(canned): State<Shared>, request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    if canned.lock().expect("canned").is_broken {
        let problem = minerva_console::wire::problem::Problem::new(503, "disk_full", "The disk is full", "Free some space and try again");
        return (StatusCode::SERVICE_UNAVAILABLE, Json(problem)).into_response();
    }
    next.run(request).await
}

/// The `n`th newest job; states, models and times vary in a fixed way.
pub fn job(n: usize) -> Job {
    let state = match n {
        0..=2 => JobState::Pending,
        3..=4 => JobState::Processing,
        5 => JobState::RetryWait,
        _ if n % 11 == 7 => JobState::Failed,
        _ if n % 23 == 9 => JobState::Cancelled,
        _ => JobState::Completed,
    };
    let enqueued_at = now() - Duration::seconds(20 + 41 * n as i64);
    let has_begun = !matches!(state, JobState::Pending | JobState::Cancelled);
    let is_over = matches!(state, JobState::Completed | JobState::Failed);
    let started_at = has_begun.then(|| enqueued_at + Duration::milliseconds(900 + (n as i64 * 37) % 4000));
    let on_device = n % 3 != 1;
    Job {
        id: JobId(Uuid::from_u128(0x1000_0000 - n as u128)),
        photo_id: PhotoId(Uuid::from_u128((n % PHOTOS.len()) as u128)),
        file_name: format!("{}_{:05}.jpg", PHOTOS[n % PHOTOS.len()], 90_000 - n),
        state,
        priority: if n % 9 == 1 { 50 } else { 0 },
        attempts: u32::from(has_begun) + u32::from(matches!(state, JobState::RetryWait | JobState::Failed)) * 2,
        model: has_begun.then(|| if on_device { "on-device".to_owned() } else { "gemini/gemini-3.8-flash".to_owned() }),
        prompt: has_begun.then(|| "Photo tags v3".to_owned()),
        enqueued_at,
        ready_at: enqueued_at,
        started_at,
        finished_at: started_at
            .filter(|_| is_over)
            .map(|at| at + Duration::milliseconds(if on_device { 120 + (n as i64 * 13) % 90 } else { 900 + (n as i64 * 71) % 2100 })),
        not_before: (state == JobState::RetryWait).then(|| now() + Duration::seconds(42)),
        confidence: (state == JobState::Completed).then(|| 0.55 + (n * 7 % 41) as f32 / 100.0),
        fault: matches!(state, JobState::Failed | JobState::RetryWait).then(|| fault(n)),
    }
}

fn fault(n: usize) -> Fault {
    let mut fault = if n.is_multiple_of(2) {
        Fault::new(FaultKind::Photo, "The photo could not be read: the file ends in the middle of the picture")
    } else {
        Fault::new(FaultKind::Overloaded, "Gemini is overloaded and did not answer after 3 tries")
    };
    if n % 2 == 1 {
        fault.provider = Some("gemini".to_owned());
        fault.status = Some(503);
        fault.code = Some("UNAVAILABLE".to_owned());
        fault.request_id = Some("req_7f3a".to_owned());
    }
    fault
}

async fn live_status(State(canned): State<Shared>) -> Json<LiveStatus> {
    let canned = canned.lock().expect("canned");
    let count = |state| canned.jobs.iter().filter(|job| job.state == state).count() as u64;
    let minute = |n: i64| MinutePoint {
        processing: Some((n % 3).unsigned_abs()),
        at: now() - Duration::minutes(60 - n),
        completed: (3.0 + 2.5 * (n as f64 / 7.0).sin()) as u64,
        failed: u64::from(n % 17 == 4),
        queue_wait_avg_ms: (!(20..26).contains(&n)).then_some(1500.0 + 700.0 * (n as f64 / 5.0).cos()),
        confidence: (!(20..26).contains(&n)).then_some(0.72 + 0.06 * (n as f64 / 9.0).sin()),
        cost_usd: UsdMicros(120 * (n % 5)),
        depth: (12 - n / 6).unsigned_abs() + (n % 3).unsigned_abs(),
    };
    Json(LiveStatus {
        at: now(),
        record_from: None,
        pipeline_state: PipelineState::Running,
        pending: count(JobState::Pending),
        processing: count(JobState::Processing),
        retry_wait: count(JobState::RetryWait),
        draining_left: None,
        completed_today: 1_184,
        failed_today: 37,
        failed_total: count(JobState::Failed),
        retriable_total: canned.retriable.or(Some(count(JobState::Failed))),
        completed_total: Some(count(JobState::Completed)),
        cancelled_total: Some(count(JobState::Cancelled)),
        throughput_per_hour: 212,
        queue_wait_avg_ms: Some(1_640.0),
        queue_wait_p95_ms: Some(4_120.0),
        spend_today_usd: UsdMicros(412_300),
        spend_unknown_results: 3,
        lab_spend_today_usd: Some(canned.lab_spend),
        lab_spend_unknown: 0,
        confidence_today: Some(0.742),
        confidence_yesterday: Some(0.718),
        completed_yesterday: 1_320,
        held_back: canned.held_back.clone(),
        daily_limit_usd: canned.daily_limit,
        limit_warning: None,
        bundled_wait: None,
        live_model: "gemini/gemini-3.8-flash".to_owned(),
        live_prompt: "Photo tags v3".to_owned(),
        workers: 2,
        last_hour: (0..60).map(minute).collect(),
        unknown: Vec::new(),
        last_event_id: 1,
    })
}

async fn list_jobs(State(canned): State<Shared>, Query(query): Query<JobQuery>) -> Json<Page<Job>> {
    let canned = canned.lock().expect("canned");
    let matches = |job: &&Job| is_meant(job, query.state, query.q.as_deref());
    let mut found: Vec<Job> = canned.jobs.iter().filter(matches).cloned().collect();
    if query.ascending {
        found.reverse();
    }
    let total = found.len();
    let from: usize = query.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let to = (from + query.limit.unwrap_or(200) as usize).min(total);
    Json(Page { items: found[from..to].to_vec(), next_cursor: (to < total).then(|| to.to_string()), total: Some(total as u64) })
}

async fn undo(State(canned): State<Shared>, Path(id): Path<JobChangeId>) -> Json<JobsActed> {
    let mut canned = canned.lock().expect("canned");
    let at = canned.before.iter().position(|(change, _)| *change == id).expect("a change that was made");
    let (_, before) = canned.before.remove(at);
    let changed = before.iter().zip(&canned.jobs).filter(|(before, now)| before != now).count() as u64;
    canned.jobs = before;
    Json(JobsActed { matched: changed, changed, left: JobsLeft::default(), change: None })
}

fn is_meant(job: &Job, state: Option<JobState>, typed: Option<&str>) -> bool {
    let filter = JobFilter::parse(typed.unwrap_or_default()).expect("the console asks nothing that can't be read");
    state.is_none_or(|state| job.state == state) && filter.matches(job, now())
}

async fn act(State(canned): State<Shared>, Json(action): Json<JobsAction>) -> Json<JobsActed> {
    let mut canned = canned.lock().expect("canned");
    let is_meant = |job: &Job| match &action.matching {
        Some(matching) => is_meant(job, matching.state, matching.q.as_deref()),
        None => action.ids.contains(&job.id),
    };
    let applies = |job: &Job| match action.action {
        JobAction::Retry => matches!(job.state, JobState::Failed | JobState::Cancelled | JobState::RetryWait),
        JobAction::Reprocess => job.state == JobState::Completed,
        JobAction::Cancel => matches!(job.state, JobState::Pending | JobState::Processing | JobState::RetryWait),
        JobAction::Reprioritise(_) => matches!(job.state, JobState::Pending | JobState::RetryWait),
    };
    let (mut matched, mut changed, before) = (0, 0, canned.jobs.clone());
    for job in canned.jobs.iter_mut().filter(|job| is_meant(job)) {
        matched += 1;
        if !applies(job) {
            continue;
        }
        changed += 1;
        if action.dry_run {
            continue;
        }
        match action.action {
            JobAction::Retry | JobAction::Reprocess => job.state = JobState::Pending,
            JobAction::Cancel => job.state = JobState::Cancelled,
            JobAction::Reprioritise(priority) => job.priority = priority,
        }
    }
    let change = (!action.dry_run && changed > 0).then(JobChangeId::fresh);
    if !action.dry_run {
        canned.actions.push(action);
    }
    if let Some(change) = change {
        canned.before.push((change, before));
    }
    Json(JobsActed { matched, changed, left: JobsLeft::default(), change })
}

async fn job_details(State(canned): State<Shared>, Path(id): Path<JobId>) -> Response {
    let canned = canned.lock().expect("canned");
    let Some(job) = canned.jobs.iter().find(|job| job.id == id).cloned() else { return StatusCode::NOT_FOUND.into_response() };
    let tag = |name: &str, confidence: f32| Tag { name: name.to_owned(), confidence: Some(confidence), bounds: None };
    let outcome = match &job.fault {
        Some(fault) => Outcome::Failed(fault.clone()),
        None => Outcome::Completed(Answer {
            caption: Some("A tabby cat lies on a window sill and looks out".to_owned()),
            tags: vec![tag("cat", 0.982), tag("window sill", 0.871), tag("tabby", 0.764), tag("indoors", 0.655), tag("plant", 0.312)],
            confidence_kind: ConfidenceKind::SelfReported,
            usage: Usage { input_tokens: Some(1_312), output_tokens: Some(96), ..Usage::default() },
            cost_usd: Some(UsdMicros(194)),
            retries: 0,
            notes: Vec::new(),
        }),
    };
    let steps = [
        ("fetch", 0.0, 1.2),
        ("decode", 1.2, 38.0),
        ("resize", 39.2, 22.5),
        ("prompt", 61.7, 0.4),
        ("call", 62.1, 1_140.0),
        ("parse", 1_202.1, 0.8),
        ("store", 1_203.0, 3.1),
    ];
    let result = PhotoResult {
        id: ResultId(Uuid::from_u128(7)),
        photo_id: job.photo_id,
        job_id: Some(job.id),
        model: job.model.clone().unwrap_or_else(|| "on-device".to_owned()),
        prompt_version_id: None,
        decision: job.fault.is_none().then_some(Decision::Accept),
        outcome,
        queue_wait_time_ms: 1_240,
        provider_response_time_ms: 1_140,
        total_processing_time_ms: 1_206,
        retry_count: 1,
        trace: steps
            .map(|(name, start_ms, duration_ms)| TraceStep { name: name.to_owned(), start_ms, duration_ms, detail: "1 call".to_owned() })
            .into(),
        created_at: now() - Duration::seconds(75),
    };
    let results = if job.started_at.is_some() { vec![result] } else { Vec::new() };
    Json(JobDetails { job, results }).into_response()
}

async fn image(Path(id): Path<PhotoId>) -> Response {
    let name = PHOTOS[id.0.as_u128() as usize % PHOTOS.len()];
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos").join(format!("{name}.jpg"));
    match std::fs::read(path) {
        Ok(bytes) => ([("content-type", "image/jpeg")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Takes every file that is not empty.
async fn add_photos(mut form: Multipart) -> Json<AddedPhotos> {
    let mut answer = AddedPhotos::default();
    while let Some(file) = form.next_field().await.expect("a form") {
        let file_name = file.file_name().unwrap_or_default().to_owned();
        let bytes = file.bytes().await.expect("bytes");
        if bytes.is_empty() {
            let message = "The file is empty. Copy it again from where it came".to_owned();
            answer.refused.push(RefusedPhoto { file_name, code: "empty".to_owned(), message });
            continue;
        }
        answer.added.push(Photo {
            id: PhotoId::fresh(),
            file_name,
            other_names: Vec::new(),
            source: PhotoSource::Added,
            content_hash: String::new(),
            size_bytes: bytes.len() as u64,
            width_px: 640,
            height_px: 480,
            format: "jpeg".to_owned(),
            ai_processing_status: ProcessingStatus::Pending,
            caption: None,
            tags: Vec::new(),
            created_at: now(),
        });
    }
    Json(answer)
}

async fn performance(State(canned): State<Shared>, Query(query): Query<PerformanceQuery>) -> Json<Performance> {
    let to = query.to.unwrap_or_else(now);
    let from = query.from.unwrap_or(to - Duration::hours(24));
    let step_ms = query.step_ms.unwrap_or(3_600_000);
    let steps = ((to - from).num_milliseconds() as u64 / step_ms) as usize;
    let is_free = canned.lock().expect("canned").is_free;
    if !canned.lock().expect("canned").has_results {
        return Json(Performance { from, to, step_ms, total: point(from, 0, 0.0), points: Vec::new(), models: Vec::new() });
    }
    let at = |n: usize| from + Duration::milliseconds((n as u64 * step_ms) as i64);
    let wave = |n: usize, phase: f64| (n as f64 / steps.max(1) as f64 * 9.0 + phase).sin();
    // A night without results, so that there is a gap to draw.
    let awake = |n: &usize| steps < 8 || !(steps * 35 / 100..steps * 48 / 100).contains(n);
    let series = |name: &str, latency: f64, phase: f64, cost: i64, unknown: bool| {
        let points: Vec<_> = (0..steps)
            .filter(awake)
            .filter(|n| phase < 2.0 || n * 2 > steps)
            .map(|n| {
                let mut point = point(at(n), (9.0 + 6.0 * wave(n, phase)) as u64, latency * (1.0 + 0.25 * wave(n, phase * 2.0)));
                point.failed = u64::from(n % 13 == 5);
                point.mean_confidence = Some(0.66 + 0.05 * phase + 0.07 * wave(n, phase));
                point.cost_usd = UsdMicros(cost * point.completed as i64);
                point.cost_unknown = if unknown { point.completed } else { 0 };
                point
            })
            .collect();
        let mut total = total(&points, from);
        total.latency_p50_ms = Some(latency);
        ModelPerformance { model: name.to_owned(), total, points }
    };
    let models = vec![
        series("on-device", 150.0, 0.0, 0, false),
        series("gemini/gemini-3.8-flash", 1_250.0, 1.4, if is_free { 0 } else { 190 }, false),
        series("gemini/gemini-3.8-pro", 2_900.0, 2.6, 0, true),
    ];
    let points: Vec<_> = (0..steps)
        .filter(awake)
        .map(|n| {
            let here: Vec<PerformancePoint> = models.iter().flat_map(|model| &model.points).filter(|point| point.at == at(n)).copied().collect();
            PerformancePoint {
                at: at(n),
                latency_p50_ms: Some(620.0 + 200.0 * wave(n, 0.3)),
                latency_p90_ms: Some(1_900.0 + 300.0 * wave(n, 0.5)),
                latency_p95_ms: Some(2_300.0 + 500.0 * wave(n, 0.6)),
                latency_p99_ms: Some(3_600.0 + 700.0 * wave(n, 1.0)),
                ..total(&here, at(n))
            }
        })
        .collect();
    let mut all = total(&points, from);
    all.latency_p50_ms = Some(640.0);
    Json(Performance { from, to, step_ms, total: all, points, models })
}

/// One step's figures around a median latency.
fn point(at: DateTime<Utc>, completed: u64, latency: f64) -> PerformancePoint {
    let quantile = |factor: f64| (completed > 0).then_some(latency * factor);
    PerformancePoint {
        at,
        completed,
        failed: 0,
        latency_p50_ms: quantile(1.0),
        latency_p90_ms: quantile(1.5),
        latency_p95_ms: quantile(1.8),
        latency_p99_ms: quantile(2.6),
        mean_confidence: None,
        cost_usd: UsdMicros(0),
        cost_unknown: 0,
    }
}

fn total(points: &[PerformancePoint], at: DateTime<Utc>) -> PerformancePoint {
    let known: Vec<f64> = points.iter().filter_map(|point| point.mean_confidence).collect();
    PerformancePoint {
        failed: points.iter().map(|point| point.failed).sum(),
        mean_confidence: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
        cost_usd: points.iter().map(|point| point.cost_usd).sum(),
        cost_unknown: points.iter().map(|point| point.cost_unknown).sum(),
        ..point(at, points.iter().map(|point| point.completed).sum(), 1_200.0)
    }
}
