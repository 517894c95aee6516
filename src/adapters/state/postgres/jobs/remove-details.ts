import { type Kysely, sql } from 'kysely'
import { hasReleasedMatches, jobStates } from '../../../../domain/job.ts'
import type { JobStore } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { readProgress } from './findings.ts'
import { readRequests } from './requests.ts'

/** Jobs at which nobody works again; where a retry is possible, its tasks are needed. */
const finalStates = JSON.stringify(jobStates.filter(hasReleasedMatches))

const owing = sql`
  EXISTS (
    SELECT 1 FROM tasks t
    WHERE t.job_id = j.id AND t.phase IN ('FORGET', 'CLEANUP') AND t.ended_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.task_id = t.id))`

/** Ended jobs of which something is done that has no receipt yet. */
export async function readOwing(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM jobs j WHERE ${finalStates}::jsonb ? state AND details_removed_at IS NULL AND ${owing}`.execute(db)
  return rows.map(({ id }) => id)
}

/** One job a transaction: its sums are kept, then its tasks, findings and events go. Who did what, and receipts, stay. */
export async function removeDetails(
  db: Kysely<Tables>,
  { olderThanDays }: Parameters<JobStore['removeDetails']>[0],
): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM jobs j
    WHERE ${finalStates}::jsonb ? state AND details_removed_at IS NULL
      AND ended_at < now() - ${olderThanDays}::float8 * interval '1 day' AND NOT ${owing}
      AND NOT EXISTS (
        SELECT 1 FROM tasks t WHERE t.job_id = j.id AND t.phase = 'CLEANUP' AND t.ended_at IS NULL)`.execute(db)
  for (const { id } of rows) {
    await db.transaction().execute(async (transaction) => {
      const { rows: open } = await sql`
        SELECT 1 FROM jobs WHERE id = ${id}::uuid AND details_removed_at IS NULL FOR UPDATE`.execute(transaction)
      if (open.length === 0) return
      const requests = JSON.stringify(await readRequests(transaction, id))
      const progress = JSON.stringify(await readProgress(transaction, id))
      await sql`
        UPDATE jobs SET details_removed_at = now(), requests = ${requests}::jsonb, progress = ${progress}::jsonb
        WHERE id = ${id}::uuid`.execute(transaction)
      const tasks = sql`SELECT id FROM tasks WHERE job_id = ${id}::uuid`
      await sql`DELETE FROM object_claims WHERE task_id IN (${tasks})`.execute(transaction)
      await sql`DELETE FROM task_hits WHERE task_id IN (${tasks})`.execute(transaction)
      await sql`DELETE FROM tasks WHERE job_id = ${id}::uuid`.execute(transaction)
      await sql`DELETE FROM match_shares WHERE job_id = ${id}::uuid`.execute(transaction)
      await sql`DELETE FROM events WHERE job_id = ${id}::uuid AND NOT detail ? 'by'`.execute(transaction)
    })
  }
  return rows.length
}
