-- The state of Lethe. A match value is in no column of any table: only ciphertext under a key that is held elsewhere
-- (batches.key_id), and a keyed digest.

CREATE TABLE mappers (
  name text PRIMARY KEY,
  definition jsonb NOT NULL,
  -- Counts changes; a job's snapshot says which it froze.
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- Matches that were added together, and the data key that they are encrypted with.
CREATE TABLE batches (
  id uuid PRIMARY KEY,
  key_id text NOT NULL UNIQUE,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  -- Set after the key was destroyed: from then on nobody can read the batch.
  key_destroyed_at timestamptz
);
CREATE INDEX batches_with_key ON batches (id) WHERE key_destroyed_at IS NULL;

-- The deletion queue and its past.
CREATE TABLE matches (
  id bigserial PRIMARY KEY,
  batch_id uuid NOT NULL REFERENCES batches (id),
  -- Place in the batch, from 0; with the batch's id it binds the ciphertext to its row.
  ordinal integer NOT NULL,
  -- AES-256-GCM of the match as JSON under the batch's data key; emptied when that key is gone.
  sealed bytea,
  -- HMAC-SHA-256 of the match under a key derived from the same data key: equal matches of a batch have equal digests, and
  -- once the key is gone nobody can try values out against it. Emptied with sealed.
  digest bytea,
  -- Names of mappers; null means all.
  mappers text[],
  reference text,
  received_on date NOT NULL,
  due_on date NOT NULL,
  -- gdpr, ccpa, or a number of days.
  deadline text NOT NULL,
  state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'HELD', 'DONE', 'REMOVED')),
  -- The job whose snapshot it is in.
  held_by uuid,
  added_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  UNIQUE (batch_id, ordinal),
  CHECK ((state = 'HELD') = (held_by IS NOT NULL)),
  CHECK (sealed IS NOT NULL AND digest IS NOT NULL OR state IN ('DONE', 'REMOVED'))
);
CREATE INDEX matches_open ON matches (id) WHERE state IN ('QUEUED', 'HELD');
CREATE INDEX matches_open_of_batch ON matches (batch_id) WHERE state IN ('QUEUED', 'HELD');
CREATE INDEX matches_by_holder ON matches (held_by, id) WHERE held_by IS NOT NULL;
CREATE INDEX matches_by_reference ON matches (reference) WHERE reference IS NOT NULL;

CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  state text NOT NULL DEFAULT 'QUEUED',
  phase text,
  -- Which pass over the objects is under way: retries of a phase begin a new one.
  pass integer NOT NULL DEFAULT 1,
  options jsonb NOT NULL,
  requested_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- What was found, and what was agreed to.
  plan jsonb,
  scope_hash text,
  approval_expires_at timestamptz,
  cancel_requested_at timestamptz,
  error_code text,
  error_message text,
  -- The worker that moves the job itself from phase to phase.
  lease_token bigint NOT NULL DEFAULT 0,
  leased_until timestamptz
);
CREATE INDEX jobs_at_work ON jobs (created_at)
  WHERE state IN ('QUEUED', 'RUNNING', 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS');

-- The frozen snapshot of a job.
CREATE TABLE job_mappers (
  job_id uuid NOT NULL REFERENCES jobs (id),
  name text NOT NULL,
  version integer NOT NULL,
  definition jsonb NOT NULL,
  -- How far the listing of its objects is: null, or done.
  listed_at timestamptz,
  PRIMARY KEY (job_id, name)
);

CREATE TABLE job_matches (
  job_id uuid NOT NULL REFERENCES jobs (id),
  -- Place in the snapshot: plans and warnings speak of a match by it.
  position integer NOT NULL,
  match_id bigint NOT NULL REFERENCES matches (id),
  -- Of equal matches only the first is looked for; the others share what it finds.
  same_as integer,
  PRIMARY KEY (job_id, position)
);
CREATE INDEX job_matches_by_match ON job_matches (match_id);

-- A unit of work: one object of one mapper. Rows of this table are the queue of the workers.
CREATE TABLE tasks (
  id bigserial PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES jobs (id),
  mapper text NOT NULL,
  kind text NOT NULL DEFAULT 'object',
  action text NOT NULL DEFAULT 'edit',
  phase text NOT NULL,
  store text NOT NULL,
  object_key text NOT NULL,
  version_id text,
  uri text NOT NULL,
  state text NOT NULL,
  -- What is known of the object: version, counts, warnings, bytes; never a value of a row.
  detail jsonb NOT NULL DEFAULT '{}',
  rows_matched bigint NOT NULL DEFAULT 0,
  error_code text,
  error_message text,
  attempts integer NOT NULL DEFAULT 0,
  lease_token bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  ended_at timestamptz,
  UNIQUE NULLS NOT DISTINCT (job_id, phase, store, object_key, version_id, mapper)
);
CREATE INDEX tasks_to_do ON tasks (job_id, phase, id) WHERE ended_at IS NULL;

-- Rows hit by each match, of the tasks that found some.
CREATE TABLE task_hits (
  task_id bigint NOT NULL REFERENCES tasks (id),
  position integer NOT NULL,
  row_count bigint NOT NULL,
  PRIMARY KEY (task_id, position)
);

-- Never two tasks on one object, of whatever jobs: held while an object is rewritten, and in no other time.
CREATE TABLE object_claims (
  store text NOT NULL,
  object_key text NOT NULL,
  task_id bigint NOT NULL REFERENCES tasks (id),
  lease_token bigint NOT NULL,
  leased_until timestamptz NOT NULL,
  PRIMARY KEY (store, object_key)
);

CREATE TABLE approvals (
  id bigserial PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES jobs (id),
  decision text NOT NULL CHECK (decision IN ('APPROVED', 'REJECTED')),
  scope_hash text NOT NULL,
  decided_by text NOT NULL,
  comment text NOT NULL,
  accepts_fuses boolean NOT NULL DEFAULT false,
  decided_at timestamptz NOT NULL DEFAULT now()
);

-- Append-only.
CREATE TABLE events (
  id bigserial PRIMARY KEY,
  job_id uuid REFERENCES jobs (id),
  kind text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_of_job ON events (job_id, id);

-- Evidence, an object each, in a chain of hashes for each job.
CREATE TABLE receipts (
  job_id uuid NOT NULL REFERENCES jobs (id),
  position integer NOT NULL,
  task_id bigint NOT NULL UNIQUE REFERENCES tasks (id),
  body jsonb NOT NULL,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (job_id, position)
);
