-- The tags that photos have, as a person says: what answers are measured against. An empty list says that there is nothing to name.
CREATE TABLE ground_truth (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    photo_id        BLOB NOT NULL REFERENCES photos (id),
    tags            TEXT NOT NULL,
    updated_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (organization_id, photo_id)
);
