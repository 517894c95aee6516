import { type Kysely, sql } from 'kysely'
import type { JobEvent, JobStore } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'

/** Appends to what happened, in the transaction in which it does. */
export async function addEvent(
  db: Kysely<Tables>,
  jobId: string | null,
  { kind, ...detail }: { readonly kind: string; readonly [fact: string]: unknown },
): Promise<void> {
  await sql`
    INSERT INTO events (job_id, kind, detail)
    VALUES (${jobId}::uuid, ${kind}, ${JSON.stringify(detail)}::jsonb)`.execute(db)
}

export async function readEvents(
  db: Kysely<Tables>,
  jobId: string,
  { after, limit }: Parameters<JobStore['events']>[1],
): Promise<readonly JobEvent[]> {
  const { rows } = await sql<JobEvent>`
    SELECT id, kind, detail, at FROM events WHERE job_id = ${jobId}::uuid AND id > ${after}::bigint
    ORDER BY id LIMIT ${limit}::int`.execute(db)
  return rows
}
