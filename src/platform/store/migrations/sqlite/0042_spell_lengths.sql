-- How long a spell lasted, in steps of eight: the spells that hold a moment are those of each step that ended so soon after it.
-- `past.rs` holds the same steps. 7: longer than the others; 8: it lasts.
ALTER TABLE job_spells ADD COLUMN length_step BIGINT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN until_ms = 9223372036854775807 THEN 8
         WHEN until_ms - from_ms <= 1000 THEN 0
         WHEN until_ms - from_ms <= 8000 THEN 1
         WHEN until_ms - from_ms <= 64000 THEN 2
         WHEN until_ms - from_ms <= 512000 THEN 3
         WHEN until_ms - from_ms <= 4096000 THEN 4
         WHEN until_ms - from_ms <= 32768000 THEN 5
         WHEN until_ms - from_ms <= 262144000 THEN 6
         ELSE 7 END) VIRTUAL;
DROP INDEX job_spells_by_state;
-- How many jobs were in a state, without a look at their rows; also finds what is old enough to be forgotten.
CREATE INDEX job_spells_by_state ON job_spells (organization_id, state, length_step, until_ms, from_ms, finished_at_ms);
