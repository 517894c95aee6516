-- Of a sidecar that is dealt with by itself: the object that it may be all that tells of. It goes first.
ALTER TABLE tasks ADD COLUMN owner_id text;
