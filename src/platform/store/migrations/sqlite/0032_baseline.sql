-- The column of a run that the others are held against: index into columns; NULL: none.
ALTER TABLE runs ADD COLUMN baseline_column BIGINT;
