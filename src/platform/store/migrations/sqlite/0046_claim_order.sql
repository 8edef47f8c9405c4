-- The next jobs of an organization in the order in which they are claimed. Without the organization in it, a database that was never
-- analysed took all pending jobs and sorted them for each claim.
DROP INDEX jobs_to_claim;
CREATE INDEX jobs_to_claim ON jobs (organization_id, priority DESC, enqueued_at_ms, id) WHERE state = 'pending';
-- The order of the table of jobs by priority: of an expression, so that the queue is never claimed along it, past all jobs that are done.
CREATE INDEX jobs_by_priority ON jobs (organization_id, priority + 0, id);
