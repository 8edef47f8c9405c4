-- What an answer depends on (photo bytes, prompt, model, parameters) as one hash, and when it was given: the next run that asks
-- the same takes it as it is. Such a cell says where its answer is from: JSON of wire::run::Reused.
ALTER TABLE run_cells ADD COLUMN answer_key TEXT;
ALTER TABLE run_cells ADD COLUMN answered_at_ms BIGINT;
ALTER TABLE run_cells ADD COLUMN reused TEXT;
CREATE INDEX run_cells_by_answer ON run_cells (organization_id, answer_key) WHERE answer_key IS NOT NULL AND reused IS NULL;

-- Columns whose provider was plainly down when the run stopped: JSON of [wire::run::StoppedColumn].
ALTER TABLE runs ADD COLUMN stopped TEXT NOT NULL DEFAULT '[]';
