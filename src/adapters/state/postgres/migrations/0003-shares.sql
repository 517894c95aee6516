-- A match for "the keys" of a mapper that says for one of them what another match says for that column: what the other one
-- hits in that mapper is found for both.
CREATE TABLE match_shares (
  job_id uuid NOT NULL REFERENCES jobs (id),
  mapper text NOT NULL,
  position integer NOT NULL,
  owner integer NOT NULL,
  PRIMARY KEY (job_id, mapper, position, owner)
);

ALTER TABLE jobs
  -- How often a listing of the present phase has failed by something that may pass.
  ADD COLUMN failures integer NOT NULL DEFAULT 0,
  -- Nobody moves the job before.
  ADD COLUMN not_before timestamptz;
