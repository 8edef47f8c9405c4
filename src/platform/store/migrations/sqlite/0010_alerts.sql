-- What alerts fire at: a JSON object by the rule's name; NULL stands for the rules that a platform starts with.
ALTER TABLE pipeline_config ADD COLUMN alert_rules TEXT;

-- Every time that a rule was broken long enough.
CREATE TABLE alerts (
    id                 BLOB PRIMARY KEY,
    organization_id    BLOB NOT NULL REFERENCES organizations (id),
    rule               TEXT NOT NULL,
    metric             TEXT NOT NULL,
    severity           TEXT NOT NULL,
    -- The provider, where a rule watches several; else empty.
    subject            TEXT NOT NULL,
    threshold          DOUBLE PRECISION NOT NULL,
    value              DOUBLE PRECISION NOT NULL,
    fired_at_ms        BIGINT NOT NULL,
    acknowledged_at_ms BIGINT,
    acknowledged_by    TEXT,
    snoozed_until_ms   BIGINT,
    resolved_at_ms     BIGINT
);
-- One at a time, also with several platforms on one database.
CREATE UNIQUE INDEX alerts_firing ON alerts (organization_id, rule, subject) WHERE resolved_at_ms IS NULL;
CREATE INDEX alerts_by_time ON alerts (organization_id, fired_at_ms, id);
