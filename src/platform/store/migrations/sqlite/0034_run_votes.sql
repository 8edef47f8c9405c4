-- What people say of the answers of a run while its columns are hidden: one vote a photo.
CREATE TABLE run_votes (
    run_id          BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    photo_id        BLOB NOT NULL,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- Those that were shown, in their order.
    columns         TEXT NOT NULL,
    choice          TEXT NOT NULL,
    voted_at_ms     BIGINT NOT NULL,
    PRIMARY KEY (run_id, photo_id)
);
