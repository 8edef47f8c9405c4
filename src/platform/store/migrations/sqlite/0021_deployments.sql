-- What is in staging; NULL: nothing.
ALTER TABLE pipeline_config ADD COLUMN staged_prompt_version_id BLOB REFERENCES prompt_versions (id);

-- What a run is for, and what it may cost at most: JSON of wire::run::SpendLimit.
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'comparison';
ALTER TABLE runs ADD COLUMN spend_limit TEXT;

-- Every time that an environment came to use another version, also by an undo. Written with the entry of the journal.
CREATE TABLE deployments (
    id                BLOB PRIMARY KEY,
    organization_id   BLOB NOT NULL REFERENCES organizations (id),
    at_ms             BIGINT NOT NULL,
    actor             TEXT NOT NULL,
    environment       TEXT NOT NULL,
    from_version_id   BLOB REFERENCES prompt_versions (id),
    to_version_id     BLOB REFERENCES prompt_versions (id),
    note              TEXT NOT NULL,
    validation        TEXT NOT NULL,
    -- JSON of [wire::deployment::Check]
    checks            TEXT NOT NULL,
    override_reason   TEXT,
    report_id         BLOB,
    change_id         BLOB NOT NULL REFERENCES config_changes (id),
    -- The deployment that it takes back.
    rolls_back        BLOB,
    rolled_back_at_ms BIGINT,
    rolled_back_by    TEXT
);
CREATE INDEX deployments_by_time ON deployments (organization_id, at_ms, id);
CREATE INDEX deployments_by_environment ON deployments (organization_id, environment, at_ms, id);
CREATE INDEX deployments_by_change ON deployments (change_id);

-- Runs that hold a version against production: what they were taken of.
CREATE TABLE blast_radii (
    run_id              BLOB PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    organization_id     BLOB NOT NULL REFERENCES organizations (id),
    version_id          BLOB NOT NULL REFERENCES prompt_versions (id),
    baseline_version_id BLOB NOT NULL REFERENCES prompt_versions (id),
    model               TEXT NOT NULL,
    -- Photos that the sample was taken of, and production's answers that were stored already.
    population          BIGINT NOT NULL,
    reused              BIGINT NOT NULL,
    started_at_ms       BIGINT NOT NULL
);
CREATE INDEX blast_radii_by_version ON blast_radii (organization_id, version_id, started_at_ms);
