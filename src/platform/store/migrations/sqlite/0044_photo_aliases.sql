-- The other names under which the bytes of a photo have come: it is found by all of them.
CREATE TABLE photo_aliases (
    photo_id  BLOB NOT NULL REFERENCES photos (id),
    file_name TEXT NOT NULL,
    PRIMARY KEY (photo_id, file_name)
);
-- Pictures without structure are looked at anew: by their hashes all of them were alike.
UPDATE photos SET perceptual_hash = NULL WHERE perceptual_hash IS NOT NULL;
