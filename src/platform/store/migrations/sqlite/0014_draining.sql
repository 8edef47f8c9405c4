-- Since when the pipeline works off what was queued until then, and takes nothing newer; null in every other state.
ALTER TABLE pipeline_config ADD COLUMN draining_since_ms BIGINT;
