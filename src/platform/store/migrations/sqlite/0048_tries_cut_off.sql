-- How many tries of a job the end of the platform cut off, since somebody last asked for it.
ALTER TABLE jobs ADD COLUMN tries_cut_off INTEGER NOT NULL DEFAULT 0;
