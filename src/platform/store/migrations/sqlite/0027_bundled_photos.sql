-- The few photos that came with the program are found without looking at all photos.
CREATE INDEX photos_bundled ON photos (organization_id, id) WHERE source = 'bundled';
