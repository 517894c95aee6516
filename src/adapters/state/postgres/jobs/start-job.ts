import { type Kysely, sql, type Transaction } from 'kysely'
import { LetheError } from '../../../../domain/error.ts'
import type { Job, JobStore } from '../../../../ports/job-store.ts'
import { holdMatches } from '../hold-matches.ts'
import { lockMappers } from '../mapper-store.ts'
import type { Tables } from '../tables.ts'
import { addEvent } from './events.ts'
import { type JobRow, jobColumns, jobOf } from './job-row.ts'

/** Freezes the queue and the mappers for a new job, all in one transaction: a crash leaves no job and nothing held. */
export async function startJob(db: Kysely<Tables>, request: Parameters<JobStore['start']>[0]): Promise<Job> {
  return await db.transaction().execute((transaction) => startJobIn(transaction, request))
}

export async function startJobIn(
  transaction: Transaction<Tables>,
  { id, requestedBy, options }: Parameters<JobStore['start']>[0],
): Promise<Job> {
  const { rows } = await sql<JobRow>`
    INSERT INTO jobs (id, options, requested_by)
    VALUES (${id}::uuid, ${JSON.stringify(options)}::jsonb, ${requestedBy})
    ON CONFLICT (id) DO NOTHING
    RETURNING ${jobColumns}`.execute(transaction)
  const row = rows[0]
  // The answer to the first call was lost: the job is there.
  if (row === undefined) return await readJob(transaction, id)
  const mappers = await holdMappers(transaction, id)
  const matches = await holdMatches(transaction, { jobId: id })
  if (matches === 0) throw new LetheError('no-data', 'the deletion queue is empty; add matches first')
  await addEvent(transaction, id, { kind: 'STARTED', by: requestedBy, matches, mappers, dryRun: options.dryRun })
  return jobOf(row)
}

async function readJob(transaction: Transaction<Tables>, id: string): Promise<Job> {
  const { rows } = await sql<JobRow>`SELECT ${jobColumns} FROM jobs WHERE id = ${id}::uuid`.execute(transaction)
  return jobOf(rows[0]!)
}

async function holdMappers(transaction: Transaction<Tables>, id: string): Promise<number> {
  const mappers = await lockMappers(transaction)
  if (mappers.length === 0) throw new LetheError('no-data', 'there is no data mapper; apply some first')
  const held = mappers.find(({ mapper }) => mapper.legalHold !== undefined)
  if (held !== undefined) {
    throw new LetheError(
      'locked',
      `the data mapper ${held.mapper.name} is under a legal hold; nothing may be erased there`,
    )
  }
  await sql`
    INSERT INTO job_mappers (job_id, name, version, definition)
    SELECT ${id}::uuid, name, version, definition FROM mappers`.execute(transaction)
  return mappers.length
}
