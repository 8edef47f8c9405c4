-- What a run was charged by when it began, and what it was expected to need: JSON.
ALTER TABLE runs ADD COLUMN prices TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN estimate TEXT;
