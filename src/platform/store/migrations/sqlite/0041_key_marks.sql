-- Which key it was that worked, or that a test was made with: a short salted hash that tells nothing of it. Empty: none was sent,
-- or it was written down before this was kept.
ALTER TABLE provider_keys ADD COLUMN key_mark TEXT NOT NULL DEFAULT '';
ALTER TABLE ai_provider_health ADD COLUMN key_mark TEXT NOT NULL DEFAULT '';
