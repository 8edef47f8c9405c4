-- What the calls of `minerva compare` used and cost, one row a billed call: it works in a folder of its own, and its spending
-- is told with that of the library.
CREATE TABLE compare_calls (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    model           TEXT NOT NULL,
    at_ms           BIGINT NOT NULL,
    token_usage     TEXT NOT NULL,
    -- Not there: the price was not known.
    cost_usd_micros BIGINT
);
CREATE INDEX compare_calls_by_time ON compare_calls (organization_id, at_ms);
