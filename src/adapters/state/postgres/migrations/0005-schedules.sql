-- Schedules of the configuration as workers have met them.
CREATE TABLE schedules (
  name text PRIMARY KEY,
  -- What says when; a changed one begins anew.
  expression text NOT NULL,
  since timestamptz NOT NULL
);

-- Each instant that a schedule was due, once: whoever inserts the row starts the job.
CREATE TABLE schedule_runs (
  schedule text NOT NULL,
  due_at timestamptz NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT now(),
  job_id uuid REFERENCES jobs (id),
  -- Why there is no job.
  error_code text,
  error_message text,
  PRIMARY KEY (schedule, due_at)
);
