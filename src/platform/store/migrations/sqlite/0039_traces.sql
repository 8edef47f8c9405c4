-- What happened to each photo that was processed, tested or replayed, step by step. Kept for a while and within a bound of bytes
-- (store/traces.rs); results and cells keep their own steps. Numbered as they come, so that the newest come first by number.
CREATE TABLE traces (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    id              BLOB NOT NULL UNIQUE,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- job, cell, replay; and the result, the cell, the trace that was replayed
    kind            TEXT NOT NULL,
    subject_id      BLOB NOT NULL,
    photo_id        BLOB NOT NULL,
    file_name       TEXT NOT NULL,
    model           TEXT NOT NULL,
    at_ms           BIGINT NOT NULL,
    duration_ms     BIGINT NOT NULL,
    tries           BIGINT NOT NULL,
    fault           TEXT,
    cost_usd_micros BIGINT,
    -- Of the body.
    bytes           BIGINT NOT NULL
);
CREATE INDEX traces_by_subject ON traces (subject_id, number);
CREATE INDEX traces_by_number ON traces (organization_id, number);
CREATE INDEX traces_failed ON traces (organization_id, number) WHERE fault IS NOT NULL;
CREATE INDEX traces_by_fault ON traces (organization_id, fault, number) WHERE fault IS NOT NULL;
CREATE INDEX traces_by_model ON traces (organization_id, model, number);
CREATE INDEX traces_by_kind ON traces (organization_id, kind, number);
CREATE INDEX traces_by_duration ON traces (organization_id, duration_ms, number);
CREATE INDEX traces_by_model_and_duration ON traces (organization_id, model, duration_ms, number);

-- JSON of store::traces::KeptTrace: apart, so that lists do not walk over it.
CREATE TABLE trace_bodies (
    number INTEGER PRIMARY KEY REFERENCES traces (number) ON DELETE CASCADE,
    body   TEXT NOT NULL
);

-- The words of a trace: its photo's name, its answer, its fault.
CREATE VIRTUAL TABLE trace_words USING fts5 (
    words, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

-- The bytes of all bodies: one row.
CREATE TABLE trace_total (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    bytes BIGINT NOT NULL
);
INSERT INTO trace_total (one, bytes) VALUES (1, 0);
