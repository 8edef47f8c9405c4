-- The last decision about each photo: a replay of the rules counts photos, each once, as it was decided last.
-- An empty main_tag: no tag. percent -1: no confidence.
CREATE TABLE ai_latest_decisions (
    photo_id        BLOB PRIMARY KEY REFERENCES photos (id),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    at_ms           BIGINT NOT NULL,
    result_id       BLOB NOT NULL,
    main_tag        TEXT NOT NULL,
    decision        TEXT NOT NULL,
    percent         BIGINT NOT NULL
) WITHOUT ROWID;
-- Holds all that is read of a stretch of time.
CREATE INDEX latest_decisions_by_time ON ai_latest_decisions (organization_id, decision, at_ms, result_id, percent, main_tag);

-- The counts by day are of these now, no longer of results. All is added up anew at the next start.
DROP TABLE ai_decision_counts;
CREATE TABLE ai_decision_counts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    main_tag        TEXT NOT NULL,
    day_ms          BIGINT NOT NULL,
    decision        TEXT NOT NULL,
    percent         BIGINT NOT NULL,
    photos          BIGINT NOT NULL,
    PRIMARY KEY (organization_id, main_tag, day_ms, decision, percent)
) WITHOUT ROWID;
DELETE FROM database_marks WHERE name = 'decisions';
