-- What people did to jobs, so that it can be undone: each changed job as it was before.
CREATE TABLE job_changes (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    at_ms           BIGINT NOT NULL,
    -- JSON of wire::job::JobAction
    action          TEXT NOT NULL,
    undone_at_ms    BIGINT
);
CREATE INDEX job_changes_by_time ON job_changes (organization_id, at_ms);

CREATE TABLE job_change_rows (
    change_id       BLOB NOT NULL REFERENCES job_changes (id) ON DELETE CASCADE,
    job_id          BLOB NOT NULL REFERENCES jobs (id),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    photo_id        BLOB NOT NULL,
    state           TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    not_before_ms   BIGINT,
    ready_at_ms     BIGINT NOT NULL,
    started_at_ms   BIGINT,
    finished_at_ms  BIGINT,
    confidence      DOUBLE PRECISION,
    fault           TEXT,
    PRIMARY KEY (change_id, job_id)
);
CREATE INDEX job_change_rows_by_photo ON job_change_rows (change_id, photo_id, job_id);
