-- Photos are numbered as they come: the indexes of words know rows by whole numbers that stay the same.
ALTER TABLE photos ADD COLUMN number BIGINT;
UPDATE photos SET number = ranked.number
    FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY created_at_ms, id) AS number FROM photos) ranked WHERE ranked.id = photos.id;
CREATE UNIQUE INDEX photos_by_number ON photos (number);

-- How many photos a library has.
CREATE TABLE photo_counts (
    organization_id BLOB PRIMARY KEY REFERENCES organizations (id),
    photos          BIGINT NOT NULL
);
INSERT INTO photo_counts (organization_id, photos)
    SELECT organization_id, COUNT(*) FROM photos WHERE deleted_at_ms IS NULL GROUP BY organization_id;

-- Every three letters that follow one another in a file name: parts of names are found without looking at each. Names do not change.
CREATE VIRTUAL TABLE photo_names USING fts5 (file_name, content = '', tokenize = 'trigram');
INSERT INTO photo_names (rowid, file_name) SELECT number, file_name FROM photos;

-- The words of a photo: its name, and the tags and caption of its newest answer.
CREATE VIRTUAL TABLE photo_words USING fts5 (
    file_name, tags, caption, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO photo_words (rowid, file_name, tags, caption)
    SELECT p.number, p.file_name, (SELECT GROUP_CONCAT(tag.value ->> '$.name', '; ') FROM json_each(r.confidence_scores) tag), r.caption
    FROM photos p LEFT JOIN ai_processing_results r ON r.id = p.latest_result_id
    WHERE p.deleted_at_ms IS NULL;

CREATE TRIGGER photos_come AFTER INSERT ON photos BEGIN
    UPDATE photos SET number = (SELECT COALESCE(MAX(number), 0) + 1 FROM photos) WHERE id = NEW.id;
    INSERT INTO photo_counts (organization_id, photos) VALUES (NEW.organization_id, 1)
        ON CONFLICT (organization_id) DO UPDATE SET photos = photos + 1;
    INSERT INTO photo_names (rowid, file_name) SELECT number, file_name FROM photos WHERE id = NEW.id;
    INSERT INTO photo_words (rowid, file_name, tags, caption) SELECT number, file_name, '', '' FROM photos WHERE id = NEW.id AND latest_result_id IS NULL;
END;
CREATE TRIGGER photos_are_answered AFTER UPDATE OF latest_result_id ON photos WHEN NEW.deleted_at_ms IS NULL BEGIN
    INSERT OR REPLACE INTO photo_words (rowid, file_name, tags, caption)
        SELECT NEW.number, NEW.file_name, (SELECT GROUP_CONCAT(tag.value ->> '$.name', '; ') FROM json_each(r.confidence_scores) tag), r.caption
        FROM ai_processing_results r WHERE r.id = NEW.latest_result_id;
END;
CREATE TRIGGER photos_go AFTER UPDATE OF deleted_at_ms ON photos WHEN OLD.deleted_at_ms IS NULL AND NEW.deleted_at_ms IS NOT NULL BEGIN
    DELETE FROM photo_words WHERE rowid = NEW.number;
    UPDATE photo_counts SET photos = photos - 1 WHERE organization_id = NEW.organization_id;
END;
