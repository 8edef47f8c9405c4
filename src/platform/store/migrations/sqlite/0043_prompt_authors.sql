-- Who changed a prompt last: whose text a person meets who changed it at the same time. Empty: it was not kept then.
ALTER TABLE prompts ADD COLUMN updated_by TEXT NOT NULL DEFAULT '';
