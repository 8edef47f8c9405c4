-- The orders of the table of jobs that are not those of its states and times, each as `filter.rs` sorts by it. There is none by priority:
-- the queue would be claimed along it, past all jobs that are done.
CREATE INDEX jobs_by_wait ON jobs (organization_id, COALESCE(started_at_ms - ready_at_ms, -1), id);
CREATE INDEX jobs_by_time_taken ON jobs (organization_id, COALESCE(finished_at_ms - started_at_ms, -1), id);
CREATE INDEX jobs_by_confidence ON jobs (organization_id, COALESCE(confidence, -1.0), id);
CREATE INDEX jobs_by_attempts ON jobs (organization_id, attempts, id);
CREATE INDEX photos_by_name ON photos (organization_id, LOWER(file_name), id);
-- Few jobs have a fault, and those of a kind are found among them.
CREATE INDEX jobs_with_fault ON jobs (organization_id, fault ->> '$.kind', enqueued_at_ms, id) WHERE fault IS NOT NULL;
