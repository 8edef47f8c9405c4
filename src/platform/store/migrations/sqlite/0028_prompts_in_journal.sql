-- What was made and then undone is kept, and shown no more until that is done again. NULL: it stands.
ALTER TABLE prompts ADD COLUMN withdrawn_at_ms BIGINT;
ALTER TABLE prompt_versions ADD COLUMN withdrawn_at_ms BIGINT;
