-- Whether the last try of a cell was charged for, or may have been, at a cost that nobody knows; and how many of the tries before it.
ALTER TABLE run_cells ADD COLUMN cost_unknown BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_cells ADD COLUMN unknown_before BIGINT NOT NULL DEFAULT 0;
UPDATE run_cells SET cost_unknown = 1
WHERE cost_usd_micros IS NULL
  AND (state = 'completed' OR state = 'failed' AND (fault LIKE '%"may_cost":true%' OR fault NOT LIKE '%"usage":{"input_tokens":null%'));
DROP INDEX run_cells_by_state;
CREATE INDEX run_cells_by_state ON run_cells (organization_id, run_id, state, cost_usd_micros, spent_before_usd_micros, cost_unknown,
    unknown_before, reused);
-- The last round of a run ended because a call more might have crossed its limit.
ALTER TABLE runs ADD COLUMN stopped_at_limit BIGINT NOT NULL DEFAULT 0;
-- Bytes that the library had once: looked for at every start, for the photos that come with the program.
CREATE INDEX photos_deleted ON photos (organization_id, content_hash) WHERE deleted_at_ms IS NOT NULL;
-- Reports of validations that were resumed since: they are judged anew.
UPDATE validations SET report = NULL
WHERE EXISTS (SELECT 1 FROM runs r WHERE r.id = validations.run_id
              AND r.finished_at_ms > (CAST(strftime('%s', json_extract(validations.report, '$.finished_at')) AS BIGINT) + 1) * 1000);
