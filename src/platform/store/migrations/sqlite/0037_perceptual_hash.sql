-- What a photo looks like, in 64 bits; NULL: not looked at yet (photos that came before there were hashes).
ALTER TABLE photos ADD COLUMN perceptual_hash BIGINT;
