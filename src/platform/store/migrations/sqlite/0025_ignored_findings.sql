-- Findings of a prompt's analysis that a person has said are right as they are, by the kind and the words that are meant.
CREATE TABLE ignored_findings (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    prompt_id       BLOB NOT NULL REFERENCES prompts (id),
    finding_key     TEXT NOT NULL,
    ignored_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (organization_id, prompt_id, finding_key)
);
