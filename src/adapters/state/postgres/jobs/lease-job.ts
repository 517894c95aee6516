import { type Kysely, sql } from 'kysely'
import type { JobStore, Lease, LeasedJob } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { type JobRow, jobColumns, jobOf } from './job-row.ts'

/**
 * Takes the oldest job that somebody has to move: a new one, one to be cancelled, one that is to be listed or planned, one
 * whose tasks have all ended, one whose approval did not come in time.
 */
export async function leaseJob(
  db: Kysely<Tables>,
  { leaseMs }: Parameters<JobStore['leaseJob']>[0],
): Promise<LeasedJob | undefined> {
  const { rows } = await sql<JobRow>`
    UPDATE jobs SET lease_token = lease_token + 1, leased_until = now() + ${leaseMs}::float8 * interval '1 ms'
    WHERE id = (
      SELECT id FROM jobs j
      WHERE (leased_until IS NULL OR leased_until <= now())
        -- To be cancelled is not waited with.
        AND (not_before IS NULL OR not_before <= now() OR cancel_requested_at IS NOT NULL) AND (
        state IN ('QUEUED', 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS')
        OR (state = 'AWAITING_APPROVAL' AND approval_expires_at <= now())
        OR (state = 'RUNNING' AND (
          phase = 'PLAN'
          OR (phase IN ('FIND', 'VERIFY') AND cancel_requested_at IS NULL AND EXISTS (
            SELECT 1 FROM job_mappers m WHERE m.job_id = j.id AND m.listed_at IS NULL))
          OR NOT EXISTS (
            SELECT 1 FROM tasks t
            WHERE t.job_id = j.id AND t.phase = j.phase AND t.pass = j.pass AND t.ended_at IS NULL
              -- Of a job to be cancelled only those that somebody is at are waited for.
              AND (j.cancel_requested_at IS NULL OR t.leased_until > now())))))
      ORDER BY created_at, id LIMIT 1
      FOR UPDATE SKIP LOCKED)
    RETURNING ${jobColumns}`.execute(db)
  const row = rows[0]
  return row === undefined ? undefined : { job: jobOf(row), token: row.lease_token }
}

export async function renewJob(
  db: Kysely<Tables>,
  id: string,
  { token }: Lease,
  { leaseMs }: { readonly leaseMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE jobs SET leased_until = now() + ${leaseMs}::float8 * interval '1 ms'
    WHERE id = ${id}::uuid AND lease_token = ${token}::bigint AND leased_until > now() RETURNING 1`.execute(db)
  return rows.length === 1
}

export async function releaseJob(db: Kysely<Tables>, id: string, { token }: Lease): Promise<void> {
  await sql`
    UPDATE jobs SET leased_until = NULL
    WHERE id = ${id}::uuid AND lease_token = ${token}::bigint`.execute(db)
}

export async function postponeJob(
  db: Kysely<Tables>,
  id: string,
  { token }: Lease,
  { delayMs }: { readonly delayMs: number },
): Promise<void> {
  await sql`
    UPDATE jobs SET failures = failures + 1, not_before = now() + ${delayMs}::float8 * interval '1 ms'
    WHERE id = ${id}::uuid AND lease_token = ${token}::bigint AND leased_until > now()`.execute(db)
}

/** Takes the job's row for a transaction of whoever holds its lease. */
export async function holdsLease(transaction: Kysely<Tables>, id: string, { token }: Lease): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM jobs
    WHERE id = ${id}::uuid AND lease_token = ${token}::bigint AND leased_until > now() FOR UPDATE`.execute(transaction)
  return rows.length === 1
}
