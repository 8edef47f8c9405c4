-- Times are milliseconds since 1970 (UTC), money is millionths of a USD, ids are UUIDs in 16 bytes.
CREATE TABLE organizations (
    id            BLOB PRIMARY KEY,
    name          TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- When the bundled photos had all been added; they come only once.
    bundled_at_ms BIGINT
);

CREATE TABLE photos (
    id                   BLOB PRIMARY KEY,
    organization_id      BLOB NOT NULL REFERENCES organizations (id),
    file_name            TEXT NOT NULL,
    source               TEXT NOT NULL,
    content_hash         TEXT NOT NULL,
    size_bytes           BIGINT NOT NULL,
    width_px             BIGINT NOT NULL,
    height_px            BIGINT NOT NULL,
    format               TEXT NOT NULL,
    ai_processing_status TEXT NOT NULL,
    -- The newest result with an answer.
    latest_result_id     BLOB,
    created_at_ms        BIGINT NOT NULL,
    -- Deleted photos keep their row, so that results and costs keep their name.
    deleted_at_ms        BIGINT
);
CREATE UNIQUE INDEX photos_by_content ON photos (organization_id, content_hash) WHERE deleted_at_ms IS NULL;
CREATE INDEX photos_by_time ON photos (organization_id, created_at_ms, id) WHERE deleted_at_ms IS NULL;

CREATE TABLE prompts (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    draft           TEXT,
    revision        BIGINT NOT NULL,
    updated_at_ms   BIGINT NOT NULL
);

CREATE TABLE prompt_versions (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    prompt_id       BLOB NOT NULL REFERENCES prompts (id),
    version         BIGINT NOT NULL,
    content         TEXT NOT NULL,
    note            TEXT NOT NULL,
    author          TEXT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    UNIQUE (prompt_id, version)
);

-- One row per organisation.
CREATE TABLE pipeline_config (
    organization_id        BLOB PRIMARY KEY REFERENCES organizations (id),
    revision               BIGINT NOT NULL,
    state                  TEXT NOT NULL,
    live_model             TEXT NOT NULL,
    live_prompt_version_id BLOB NOT NULL REFERENCES prompt_versions (id),
    rules                  TEXT NOT NULL
);

-- The journal: every change with what was before and after.
CREATE TABLE config_changes (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    at_ms           BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    summary         TEXT NOT NULL,
    before          TEXT NOT NULL,
    after           TEXT NOT NULL,
    undone          BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX config_changes_by_time ON config_changes (organization_id, at_ms);

CREATE TABLE jobs (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    photo_id        BLOB NOT NULL REFERENCES photos (id),
    state           TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    model           TEXT,
    prompt          TEXT,
    lease_owner     TEXT,
    lease_until_ms  BIGINT,
    not_before_ms   BIGINT,
    enqueued_at_ms  BIGINT NOT NULL,
    -- Of the current or last try: since when it could be claimed, when it was, when it ended.
    ready_at_ms     BIGINT NOT NULL,
    started_at_ms   BIGINT,
    finished_at_ms  BIGINT,
    confidence      DOUBLE PRECISION,
    fault           TEXT
);
-- What a worker claims next; only jobs that may be claimed are in it.
CREATE INDEX jobs_to_claim ON jobs (priority DESC, enqueued_at_ms, id) WHERE state = 'pending';
CREATE INDEX jobs_to_wake ON jobs (not_before_ms) WHERE state = 'retry_wait';
CREATE INDEX jobs_leased ON jobs (lease_until_ms) WHERE state = 'processing';
CREATE INDEX jobs_by_time ON jobs (organization_id, enqueued_at_ms, id);
CREATE INDEX jobs_by_state ON jobs (organization_id, state, enqueued_at_ms, id);
CREATE INDEX jobs_by_photo ON jobs (photo_id);
-- For the figures of the last hour and of the day.
CREATE INDEX jobs_by_ready ON jobs (organization_id, ready_at_ms);
CREATE INDEX jobs_by_start ON jobs (organization_id, started_at_ms, ready_at_ms);
CREATE INDEX jobs_by_end ON jobs (organization_id, finished_at_ms, state, started_at_ms);

CREATE TABLE ai_processing_results (
    id                        BLOB PRIMARY KEY,
    organization_id           BLOB NOT NULL REFERENCES organizations (id),
    photo_id                  BLOB NOT NULL REFERENCES photos (id),
    job_id                    BLOB REFERENCES jobs (id),
    ai_provider               TEXT NOT NULL,
    model                     TEXT NOT NULL,
    prompt_version_id         BLOB REFERENCES prompt_versions (id),
    status                    TEXT NOT NULL,
    caption                   TEXT,
    -- JSON: [{name, confidence, box?}]
    confidence_scores         TEXT NOT NULL,
    confidence_kind           TEXT,
    mean_confidence           DOUBLE PRECISION,
    decision                  TEXT,
    -- JSON of wire::result::Usage and Fault
    token_usage               TEXT NOT NULL,
    fault                     TEXT,
    notes                     TEXT NOT NULL,
    -- NULL: the price is not known. api_cost_usd is the name that existing deployments read.
    cost_usd_micros           BIGINT,
    api_cost_usd              DOUBLE PRECISION GENERATED ALWAYS AS (cost_usd_micros / 1000000.0) VIRTUAL,
    queue_wait_time_ms        BIGINT NOT NULL,
    provider_response_time_ms BIGINT NOT NULL,
    total_processing_time_ms  BIGINT NOT NULL,
    retry_count               BIGINT NOT NULL,
    trace                     TEXT NOT NULL,
    created_at_ms             BIGINT NOT NULL
);
-- Covers the figures of Live Status, so that they need not read the rows.
CREATE INDEX results_by_time ON ai_processing_results (organization_id, created_at_ms, status, ai_provider, mean_confidence, cost_usd_micros);
CREATE INDEX results_by_photo ON ai_processing_results (photo_id, created_at_ms);
CREATE INDEX results_by_job ON ai_processing_results (job_id);

CREATE TABLE runs (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    -- JSON: [photo id], [wire::run::RunColumn]
    photo_ids       TEXT NOT NULL,
    columns         TEXT NOT NULL,
    repeats         BIGINT NOT NULL,
    concurrency     BIGINT NOT NULL,
    started_at_ms   BIGINT NOT NULL,
    finished_at_ms  BIGINT
);
CREATE INDEX runs_by_time ON runs (organization_id, started_at_ms);

CREATE TABLE run_cells (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    run_id          BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    photo_id        BLOB NOT NULL,
    column_index    BIGINT NOT NULL,
    repeat_index    BIGINT NOT NULL,
    state           TEXT NOT NULL,
    -- JSON of wire::result::Answer, Fault and [TraceStep]
    answer          TEXT,
    fault           TEXT,
    cost_usd_micros BIGINT,
    latency_ms      BIGINT,
    trace           TEXT NOT NULL,
    UNIQUE (run_id, photo_id, column_index, repeat_index)
);

CREATE TABLE events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    at_ms           BIGINT NOT NULL,
    -- JSON of wire::event::Happened
    what            TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (at_ms);

CREATE TABLE ai_provider_health (
    organization_id  BLOB NOT NULL REFERENCES organizations (id),
    provider_name    TEXT NOT NULL,
    status           TEXT NOT NULL,
    response_time_ms DOUBLE PRECISION,
    error_rate       DOUBLE PRECISION,
    last_check       BIGINT,
    error_details    TEXT,
    PRIMARY KEY (organization_id, provider_name)
);

CREATE VIEW ai_daily_metrics AS
SELECT
    organization_id,
    created_at_ms / 86400000 AS metric_date,
    COUNT(DISTINCT photo_id) AS photos_processed,
    AVG(mean_confidence) AS avg_confidence,
    SUM(COALESCE(cost_usd_micros, 0)) / 1000000.0 AS total_cost
FROM ai_processing_results
WHERE status = 'completed'
GROUP BY organization_id, created_at_ms / 86400000;
