-- A prompt's other parts: system text, schema of the answer (both as their author wrote them, empty: none), the model's
-- parameters and the author's variables (JSON).
ALTER TABLE prompt_versions ADD COLUMN system_text TEXT NOT NULL DEFAULT '';
ALTER TABLE prompt_versions ADD COLUMN answer_schema TEXT NOT NULL DEFAULT '';
ALTER TABLE prompt_versions ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
ALTER TABLE prompt_versions ADD COLUMN variables TEXT NOT NULL DEFAULT '[]';
-- What is in the editor of them (JSON), where it differs from the newest version.
ALTER TABLE prompts ADD COLUMN draft_parts TEXT;
