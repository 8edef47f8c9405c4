-- Runs that hold a prompt version against gates. `report` is written when the run has ended, and then stays as it is.
CREATE TABLE validations (
    run_id          BLOB PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    version_id      BLOB NOT NULL REFERENCES prompt_versions (id),
    -- What it was held against; NULL: no gate asked for it.
    against_id      BLOB REFERENCES prompt_versions (id),
    model           TEXT NOT NULL,
    gates           TEXT NOT NULL,
    report          TEXT,
    started_at_ms   BIGINT NOT NULL
);
CREATE INDEX validations_by_version ON validations (organization_id, version_id, started_at_ms);
CREATE INDEX validations_by_time ON validations (organization_id, started_at_ms);
