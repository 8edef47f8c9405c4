-- Sums over the results, so that no screen reads the results themselves. Kept up to date in the transaction that
-- stores a result; rows that were stored before are added up at the next start.
-- span_ms is a minute, an hour or a day (UTC); minutes are kept for some days only.
CREATE TABLE ai_result_rollups (
    organization_id   BLOB NOT NULL REFERENCES organizations (id),
    span_ms           BIGINT NOT NULL,
    from_ms           BIGINT NOT NULL,
    ai_provider       TEXT NOT NULL,
    model             TEXT NOT NULL,
    -- All zeros where there was no prompt: no part of a key may be NULL.
    prompt_version_id BLOB NOT NULL,
    status            TEXT NOT NULL,
    results           BIGINT NOT NULL,
    -- The known costs, and the number of results whose cost is not known.
    cost_usd_micros   BIGINT NOT NULL,
    cost_unknown      BIGINT NOT NULL,
    -- Results that have a mean confidence, and the sum of these in billionths.
    confident         BIGINT NOT NULL,
    confidence_sum    BIGINT NOT NULL,
    latency_sum_ms    BIGINT NOT NULL,
    wait_sum_ms       BIGINT NOT NULL,
    -- Histograms: provider_response_time_ms, queue_wait_time_ms, mean confidence in percents.
    latencies         BLOB NOT NULL,
    waits             BLOB NOT NULL,
    confidences       BLOB NOT NULL,
    PRIMARY KEY (organization_id, span_ms, from_ms, ai_provider, model, prompt_version_id, status)
) WITHOUT ROWID;

-- What was done once and for all: 'rollups' when the results that were there before had been added up, 'generated'
-- when the rows are invented.
CREATE TABLE database_marks (
    name  TEXT PRIMARY KEY,
    at_ms BIGINT NOT NULL
);

-- Figures that rows can't tell later, one a minute: such as how many jobs waited. The names are those of existing deployments.
CREATE TABLE ai_dashboard_metrics (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    metric_type     TEXT NOT NULL,
    metric_value    DOUBLE PRECISION NOT NULL,
    -- Empty: all providers.
    provider        TEXT NOT NULL DEFAULT '',
    timestamp       BIGINT NOT NULL,
    -- JSON
    metadata        TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (organization_id, metric_type, provider, timestamp)
) WITHOUT ROWID;

-- Jobs that ended since a moment, by how they ended, without a look at the others.
DROP INDEX jobs_by_end;
CREATE INDEX jobs_by_end ON jobs (organization_id, state, finished_at_ms, started_at_ms);
-- Jobs that became ready since a moment, without a look at their rows.
DROP INDEX jobs_by_ready;
CREATE INDEX jobs_by_ready ON jobs (organization_id, ready_at_ms, state);
