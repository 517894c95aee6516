-- Receipts stay when the rows of their tasks go.
ALTER TABLE receipts DROP CONSTRAINT receipts_task_id_fkey;

ALTER TABLE jobs
  -- When events, findings and tasks of the job were removed, and what they came to.
  ADD COLUMN details_removed_at timestamptz,
  ADD COLUMN requests jsonb,
  ADD COLUMN progress jsonb;

CREATE INDEX events_of_people ON events (id) WHERE detail ? 'by';
