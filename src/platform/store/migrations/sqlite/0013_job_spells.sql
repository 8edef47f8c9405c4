-- How every job was, from a moment until the next one at which it became otherwise: what the queue looked like in the past.
-- Spells that ended are kept for some days; the one that lasts of every job is always there.
CREATE TABLE job_spells (
    job_id          BLOB NOT NULL REFERENCES jobs (id),
    from_ms         BIGINT NOT NULL,
    -- Not included; the greatest number while it lasts.
    until_ms        BIGINT NOT NULL DEFAULT 9223372036854775807,
    organization_id BLOB NOT NULL,
    photo_id        BLOB NOT NULL,
    state           TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    model           TEXT,
    prompt          TEXT,
    not_before_ms   BIGINT,
    enqueued_at_ms  BIGINT NOT NULL,
    ready_at_ms     BIGINT NOT NULL,
    started_at_ms   BIGINT,
    finished_at_ms  BIGINT,
    confidence      DOUBLE PRECISION,
    fault           TEXT,
    PRIMARY KEY (job_id, from_ms)
);
-- How many jobs were in a state, without a look at their rows; also finds what is old enough to be forgotten.
CREATE INDEX job_spells_by_state ON job_spells (organization_id, state, until_ms, from_ms, finished_at_ms);
-- The queue of a moment, in its usual order.
CREATE INDEX job_spells_by_time ON job_spells (organization_id, enqueued_at_ms, job_id, from_ms, until_ms);
-- What began in the hour before a moment.
CREATE INDEX job_spells_by_start ON job_spells (organization_id, from_ms, until_ms);
