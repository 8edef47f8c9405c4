//! The route table, and the one place that maps errors to status codes.

mod alerts;
mod analytics;
mod assistant;
mod author;
mod config;
mod deployments;
mod events;
mod extract;
mod guard;
mod health;
mod idempotency;
mod jobs;
mod known_fields;
mod logs;
mod metrics;
mod models;
mod own_keys;
mod photo_sets;
mod photos;
mod problem;
mod prompt_analysis;
mod prompts;
mod providers;
mod revision;
mod runs;
mod status;
mod telemetry;
mod traces;
mod truth;
mod validations;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use secrecy::SecretString;
use tower_http::catch_panic::CatchPanicLayer;

use crate::platform::domain::Core;

pub use problem::Refusal;

/// Largest JSON body.
const JSON_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// What handlers share.
pub struct Platform {
    pub core: Arc<Core>,
    pub token: SecretString,
    /// `Host` values that are answered; empty answers all (a server behind a proxy).
    pub hosts: Vec<String>,
    /// Ends the event streams, so that shutdown need not wait for clients.
    pub stop: tokio_util::sync::CancellationToken,
}

pub type Shared = Arc<Platform>;

/// Every path of the API.
pub fn router(platform: Shared) -> Router {
    let upload = post(photos::add_photos).layer(DefaultBodyLimit::max(photos::UPLOAD_BYTES_MOST));
    Router::new()
        .route("/api/ai/dashboard/events", get(events::events))
        .route("/api/ai/dashboard/live-status", get(status::live_status))
        .route("/api/ai/dashboard/metrics", get(metrics::list_metrics))
        .route("/api/ai/alerts", get(alerts::get_alerts).put(alerts::set_alert_rules))
        .route("/api/ai/alerts/history", get(alerts::alert_history))
        .route("/api/ai/alerts/{id}/ack", post(alerts::acknowledge_alert))
        .route("/api/ai/alerts/{id}/snooze", post(alerts::snooze_alert))
        .route("/api/ai/analytics/queue-status", get(status::queue_status))
        .route("/api/ai/providers/health", get(health::provider_health))
        .route("/api/ai/providers/health/check", post(health::check_providers))
        .route("/api/ai/providers", get(providers::list_providers).post(providers::add_provider))
        .route("/api/ai/providers/{name}", put(providers::set_provider).delete(providers::remove_provider))
        .route("/api/ai/providers/{name}/check", post(providers::check_provider))
        .route("/api/ai/providers/{name}/resume", post(providers::resume_provider))
        .route("/api/ai/providers/{name}/models", get(providers::provider_models))
        .route("/api/ai/assistant", post(assistant::ask_assistant))
        .route("/api/ai/logs", get(logs::read_logs))
        .route("/metrics", get(telemetry::read_metrics))
        .route("/api/ai/health", get(health::health_report))
        .route("/api/ai/health/check", post(health::check_health))
        .route(guard::OPEN_PATH, get(health::platform_health))
        .route("/api/ai/photos", get(photos::list_photos).merge(upload))
        .route("/api/ai/photos/{id}", get(photos::get_photo).delete(photos::delete_photo))
        .route("/api/ai/photos/{id}/image", get(photos::photo_image))
        .route("/api/ai/photos/{id}/metadata", get(photos::photo_metadata))
        .route("/api/ai/testing/sample-photos", get(photos::list_sample_photos).post(photos::add_sample_photos))
        .route("/api/ai/testing/ground-truth", get(truth::list_truth))
        .route("/api/ai/testing/ground-truth/import", post(truth::import_truth))
        .route("/api/ai/testing/ground-truth/export", get(truth::export_truth))
        .route("/api/ai/testing/ground-truth/{photo}", put(truth::set_truth))
        .route("/api/ai/testing/validation", get(validations::list_validations).post(validations::start_validation))
        .route("/api/ai/testing/validation/estimate", post(validations::estimate_validation))
        .route("/api/ai/testing/validation/{run}", get(validations::get_validation))
        .route("/api/ai/testing/validation/{run}/compare", get(validations::compare_validations))
        .route("/api/ai/testing/look-alikes", get(photos::list_look_alikes))
        .route("/api/ai/testing/photo-sets", get(photo_sets::list_photo_sets).post(photo_sets::create_photo_set))
        .route(
            "/api/ai/testing/photo-sets/{id}",
            get(photo_sets::get_photo_set).put(photo_sets::change_photo_set).delete(photo_sets::delete_photo_set),
        )
        .route("/api/ai/testing/photo-sets/{id}/versions", get(photo_sets::list_set_versions))
        .route("/api/ai/testing/photo-sets/{id}/versions/{version}", get(photo_sets::get_set_version))
        .route("/api/ai/pipeline/jobs", get(jobs::list_jobs).post(jobs::enqueue_jobs))
        .route("/api/ai/pipeline/jobs/{id}", get(jobs::get_job))
        .route("/api/ai/pipeline/jobs/actions", post(jobs::act_on_jobs))
        .route("/api/ai/pipeline/jobs/actions/{id}/undo", post(jobs::undo_jobs_action))
        .route("/api/ai/pipeline/config", get(config::get_config))
        .route("/api/ai/pipeline/config/audit", get(config::list_changes))
        .route("/api/ai/pipeline/config/audit/actors", get(config::list_actors))
        .route("/api/ai/pipeline/config/audit/{id}/undo", post(config::undo_change))
        .route("/api/ai/pipeline/config/steps", get(config::get_steps))
        .route("/api/ai/pipeline/config/undo", post(config::undo_last_change))
        .route("/api/ai/pipeline/config/redo", post(config::redo_last_change))
        .route("/api/ai/pipeline/config/export", get(config::export_config))
        .route("/api/ai/pipeline/config/import", post(config::import_config))
        .route("/api/ai/pipeline/workers", get(jobs::list_workers))
        .route("/api/ai/pipeline/state", post(config::set_pipeline_state))
        .route("/api/ai/pipeline/deployments", get(deployments::list_deployments).post(deployments::deploy_prompt))
        .route("/api/ai/pipeline/deployments/review", get(deployments::review_deployment))
        .route("/api/ai/pipeline/deployments/{id}/rollback", post(deployments::roll_back))
        .route("/api/ai/pipeline/deployments/blast-radius", post(deployments::measure_blast_radius))
        .route("/api/ai/pipeline/deployments/blast-radius/estimate", post(deployments::estimate_blast_radius))
        .route("/api/ai/pipeline/deployments/blast-radius/{run}", get(deployments::get_blast_radius))
        .route("/api/ai/pipeline/processing-rules", get(config::get_rules).put(config::set_rules))
        .route("/api/ai/pipeline/processing-rules/dry-run", post(config::replay_rules))
        .route("/api/ai/pipeline/processing-rules/dry-run/examples", post(config::replay_examples))
        .route("/api/ai/pipeline/models", get(models::list_models))
        .route("/api/ai/pipeline/models/active", put(models::activate_model))
        .route("/api/ai/pipeline/models/fallbacks", put(models::set_fallbacks))
        .route("/api/ai/pipeline/models/parameters", put(models::set_parameters))
        .route("/api/ai/pipeline/prompts", get(prompts::list_prompts).post(prompts::create_prompt))
        .route("/api/ai/pipeline/prompts/{id}", get(prompts::get_prompt).put(prompts::update_prompt))
        .route("/api/ai/pipeline/prompts/{id}/versions", get(prompts::list_versions).post(prompts::save_version))
        .route("/api/ai/pipeline/prompts/{id}/versions/{v}", get(prompts::get_version))
        .route("/api/ai/pipeline/prompts/{id}/versions/{v}/labels", post(prompts::change_labels))
        .route("/api/ai/pipeline/prompts/{id}/versions/{v}/diff/{w}", get(prompts::diff_versions))
        .route("/api/ai/pipeline/prompts/{id}/versions/{v}/export", get(prompts::export_version))
        .route("/api/ai/pipeline/prompts/import", post(prompts::import_prompts))
        .route("/api/ai/pipeline/prompt-versions", get(prompts::find_versions))
        .route("/api/ai/pipeline/prompt-labels", get(prompts::list_labels))
        .route("/api/ai/prompts/preview", post(prompts::preview_prompt))
        .route("/api/ai/pipeline/prompts/{id}/ignored-findings", put(prompt_analysis::ignore_finding))
        .route("/api/ai/prompts/analyze", post(prompt_analysis::analyze_prompt))
        .route("/api/ai/testing/live-test", get(runs::list_runs).post(runs::start_run))
        .route("/api/ai/testing/live-test/{id}", get(runs::get_run))
        .route("/api/ai/testing/live-test/{id}/sweep", get(runs::read_sweep))
        .route("/api/ai/testing/live-test/{id}/cells", get(runs::list_cells))
        .route("/api/ai/testing/live-test/{id}/cancel", post(runs::cancel_run))
        .route("/api/ai/testing/live-test/{id}/pause", post(runs::pause_run))
        .route("/api/ai/testing/live-test/{id}/resume", post(runs::resume_run))
        .route("/api/ai/testing/live-test/{id}/baseline", put(runs::set_baseline))
        .route("/api/ai/testing/live-test/{id}/votes", get(runs::list_votes))
        .route("/api/ai/testing/live-test/{id}/votes/{photo}", put(runs::cast_vote))
        .route("/api/ai/testing/live-test/{id}/export", get(runs::export_run))
        .route("/api/ai/testing/compare", get(runs::compare_columns))
        .route("/api/ai/testing/estimate", post(runs::estimate_run))
        .route("/api/ai/traces", get(traces::find_traces))
        .route("/api/ai/traces/{id}", get(traces::get_trace))
        .route("/api/ai/traces/{id}/export", get(traces::export_trace))
        .route("/api/ai/traces/{id}/curl", get(traces::trace_as_curl))
        .route("/api/ai/traces/{id}/replay", post(traces::replay_trace))
        .route("/api/ai/traces/{id}/replay/estimate", post(traces::estimate_replay))
        .route("/api/ai/analytics/reprice", post(analytics::reprice))
        .route("/api/ai/analytics/performance", get(analytics::performance))
        .route("/api/ai/analytics/cost", get(analytics::cost))
        .layer(DefaultBodyLimit::max(JSON_LIMIT_BYTES))
        .fallback(problem::unknown_path)
        .layer(axum::middleware::from_fn(author::note))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&platform), idempotency::once))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&platform), guard::check))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&platform), telemetry::note))
        .with_state(platform)
}
