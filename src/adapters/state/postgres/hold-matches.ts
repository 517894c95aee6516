import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Puts the queue into a job's snapshot, within the transaction that makes the job (its row has to be there): every QUEUED
 * match that the job's mappers cover becomes HELD and gets a position, in order of id from 0. A match for all mappers is
 * taken only by a job of all mappers, one for some only by a job that has them all: else it would end as done without
 * having been searched for everywhere. Matches that another transaction holds at this moment are left to it.
 *
 * @param mappers names of the job's mappers; undefined where it has all
 * @returns how many
 */
export async function holdMatches(
  transaction: Transaction<Tables>,
  { jobId, mappers }: { readonly jobId: string; readonly mappers?: readonly string[] },
): Promise<number> {
  const covered = mappers === undefined ? sql<boolean>`true` : sql<boolean>`matches.mappers <@ ${[...mappers]}::text[]`
  const { numAffectedRows } = await sql`
    WITH taken AS (
      SELECT id FROM matches WHERE state = 'QUEUED' AND ${covered} ORDER BY id FOR UPDATE SKIP LOCKED
    ), held AS (
      UPDATE matches SET state = 'HELD', held_by = ${jobId} WHERE id IN (SELECT id FROM taken) RETURNING id
    )
    INSERT INTO job_matches (job_id, position, match_id)
    SELECT ${jobId}::uuid, row_number() OVER (ORDER BY id) - 1, id FROM held`.execute(transaction)
  return Number(numAffectedRows ?? 0n)
}

/** Puts the matches of a job that ends without having erased them back into the queue. Calling it again is safe. */
export async function releaseMatches(db: Kysely<Tables>, jobId: string): Promise<void> {
  await db.updateTable('matches').set({ state: 'QUEUED', held_by: null }).where('held_by', '=', jobId).execute()
}

/**
 * Makes the matches of a job final. Their keys are destroyed afterwards, by `destroyFinishedKeys` of the engine, where
 * nothing of their batch is left. Calling it again is safe.
 */
export async function finishMatches(db: Kysely<Tables>, jobId: string): Promise<void> {
  await db
    .updateTable('matches')
    .set({ state: 'DONE', held_by: null, finished_at: sql`now()` })
    .where('held_by', '=', jobId)
    .execute()
}
