-- Named lists of photos. `version` is the one that counts now. A set that was deleted keeps its row and its versions: runs name
-- them, and a deletion can be undone.
CREATE TABLE photo_sets (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    version         BIGINT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    updated_at_ms   BIGINT NOT NULL,
    deleted_at_ms   BIGINT
);
CREATE INDEX photo_sets_by_name ON photo_sets (organization_id, name);

-- A version never changes.
CREATE TABLE photo_set_versions (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    photo_set_id    BLOB NOT NULL REFERENCES photo_sets (id),
    version         BIGINT NOT NULL,
    note            TEXT NOT NULL,
    photo_ids       TEXT NOT NULL,
    photos          BIGINT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (photo_set_id, version)
);

-- The set and version that a run used, by its name of then.
ALTER TABLE runs ADD COLUMN photo_set TEXT;
