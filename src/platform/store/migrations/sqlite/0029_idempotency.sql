-- Answers to writes that brought a key, so that the same write sent again is not done again. Kept for a day.
CREATE TABLE idempotency_keys (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    request_key     TEXT NOT NULL,
    -- Of method, path, query, If-Match and body.
    request_sum     TEXT NOT NULL,
    answered_at_ms  BIGINT NOT NULL,
    status          BIGINT NOT NULL,
    content_type    TEXT NOT NULL,
    etag            TEXT,
    body            BLOB NOT NULL,
    PRIMARY KEY (organization_id, request_key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (organization_id, answered_at_ms);
