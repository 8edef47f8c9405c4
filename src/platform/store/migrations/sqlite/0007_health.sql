-- Every look at a part's health, kept for 90 days: `database`, `queue`, …, and `provider:NAME`.
CREATE TABLE health_checks (
    organization_id  BLOB NOT NULL REFERENCES organizations (id),
    component        TEXT NOT NULL,
    at_ms            BIGINT NOT NULL,
    status           TEXT NOT NULL,
    response_time_ms DOUBLE PRECISION,
    error_rate       DOUBLE PRECISION,
    -- Why it was not healthy.
    detail           TEXT,
    PRIMARY KEY (organization_id, component, at_ms)
);

-- How long each part was how in each hour, so that uptime over a month reads hours and not checks. Kept with the check.
CREATE TABLE health_hours (
    organization_id  BLOB NOT NULL REFERENCES organizations (id),
    component        TEXT NOT NULL,
    -- Hours since 1970.
    hour             BIGINT NOT NULL,
    healthy_ms       BIGINT NOT NULL,
    degraded_ms      BIGINT NOT NULL,
    down_ms          BIGINT NOT NULL,
    checks           BIGINT NOT NULL,
    response_sum_ms  DOUBLE PRECISION NOT NULL,
    responses        BIGINT NOT NULL,
    -- The last reason for not being healthy.
    trouble          TEXT,
    PRIMARY KEY (organization_id, component, hour)
);
