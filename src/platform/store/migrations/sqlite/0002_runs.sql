-- What earlier tries of a cell cost that a resume asks again: it was spent all the same.
ALTER TABLE run_cells ADD COLUMN spent_before_usd_micros BIGINT NOT NULL DEFAULT 0;
-- Pages of a run's cells, and its counts and costs, without a look at the answers.
CREATE INDEX run_cells_by_run ON run_cells (organization_id, run_id, id);
CREATE INDEX run_cells_by_state ON run_cells (organization_id, run_id, state, cost_usd_micros, spent_before_usd_micros);

-- Covers the figures of Live Status and of Analytics.
DROP INDEX results_by_time;
CREATE INDEX results_by_time ON ai_processing_results (
    organization_id, created_at_ms, status, ai_provider, model, provider_response_time_ms, mean_confidence, cost_usd_micros
);
