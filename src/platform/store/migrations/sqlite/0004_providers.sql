-- What people set of providers (addresses, limits): a JSON object by provider. Never a key.
ALTER TABLE pipeline_config ADD COLUMN providers TEXT NOT NULL DEFAULT '{}';

-- When a call with a provider's key was last answered well. Never the key.
CREATE TABLE provider_keys (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    provider_name   TEXT NOT NULL,
    worked_at_ms    BIGINT NOT NULL,
    PRIMARY KEY (organization_id, provider_name)
);
