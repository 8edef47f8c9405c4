-- What an event is about, so that older ones can be read by topic.
ALTER TABLE events ADD COLUMN topic TEXT NOT NULL DEFAULT 'stream';
UPDATE events SET topic = CASE json_extract(what, '$.kind')
    WHEN 'photo_added' THEN 'photos'
    WHEN 'photo_deleted' THEN 'photos'
    WHEN 'job_changed' THEN 'jobs'
    WHEN 'jobs_changed' THEN 'jobs'
    WHEN 'config_changed' THEN 'configuration'
    WHEN 'prompt_changed' THEN 'prompts'
    WHEN 'prompt_version_saved' THEN 'prompts'
    WHEN 'run_changed' THEN 'runs'
    WHEN 'cell_changed' THEN 'runs'
    ELSE 'stream'
END;
CREATE INDEX events_by_topic ON events (organization_id, topic, id);
