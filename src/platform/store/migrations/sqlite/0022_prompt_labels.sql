-- Words that people put on versions of prompts; the same word may stand on many.
CREATE TABLE prompt_labels (
    organization_id   BLOB NOT NULL REFERENCES organizations (id),
    prompt_version_id BLOB NOT NULL REFERENCES prompt_versions (id),
    label             TEXT NOT NULL,
    added_at_ms       BIGINT NOT NULL,
    PRIMARY KEY (prompt_version_id, label)
);
CREATE INDEX prompt_labels_by_label ON prompt_labels (organization_id, label);

-- For searches through the versions of all prompts, newest first.
CREATE INDEX prompt_versions_by_time ON prompt_versions (organization_id, created_at_ms, id);
