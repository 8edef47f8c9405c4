-- What the lab spent, a row a day (UTC): runs, validations, replays of traces and `minerva compare`, added up with each call that
-- was billed. It begins with this migration: what was spent before stands with each run, and is not added up here.
CREATE TABLE lab_spending (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    day_ms          BIGINT NOT NULL,
    cost_usd_micros BIGINT NOT NULL,
    -- Billed calls whose cost is not known.
    cost_unknown    BIGINT NOT NULL,
    PRIMARY KEY (organization_id, day_ms)
);
