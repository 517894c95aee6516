-- What running jobs need beyond the first draft of their tables.

ALTER TABLE job_mappers
  -- What was agreed to: no more objects and rows than these.
  ADD COLUMN bound_objects bigint,
  ADD COLUMN bound_rows bigint,
  -- What tasks have laid claim to so far, whatever became of them.
  ADD COLUMN pinned_objects bigint NOT NULL DEFAULT 0,
  ADD COLUMN pinned_rows bigint NOT NULL DEFAULT 0;

-- Keys are longer than an index takes: their SHA-256 with their place stands for them.
ALTER TABLE tasks
  DROP CONSTRAINT tasks_job_id_phase_store_object_key_version_id_mapper_key,
  ADD COLUMN object_id text NOT NULL,
  -- Each retry is a new pass over what is not done.
  ADD COLUMN pass integer NOT NULL DEFAULT 1,
  -- Rows that are counted in job_mappers.pinned_rows; null before.
  ADD COLUMN pinned_rows bigint,
  -- When it may be tried (again).
  ADD COLUMN not_before timestamptz,
  ADD CONSTRAINT tasks_once UNIQUE NULLS NOT DISTINCT (job_id, phase, pass, object_id, mapper, version_id);
DROP INDEX tasks_to_do;
CREATE INDEX tasks_to_do ON tasks (job_id, phase, pass, id) WHERE ended_at IS NULL;
CREATE INDEX tasks_of_job ON tasks (job_id, phase, pass, id);

CREATE INDEX tasks_later ON tasks (not_before) WHERE ended_at IS NULL AND phase = 'CLEANUP';

DROP TABLE object_claims;
-- Never two tasks on one object, of whatever jobs: held while an object is rewritten, and in no other time.
CREATE TABLE object_claims (
  object_id text PRIMARY KEY,
  task_id bigint NOT NULL REFERENCES tasks (id),
  leased_until timestamptz NOT NULL
);
