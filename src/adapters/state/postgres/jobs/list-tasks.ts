import { type Kysely, type RawBuilder, sql } from 'kysely'
import { LetheError } from '../../../../domain/error.ts'
import type { Lease, MergedMatches, NewTasks } from '../../../../ports/job-store.ts'
import { lookAt } from '../look-at.ts'
import type { Tables } from '../tables.ts'
import { holdsLease } from './lease-job.ts'
import { objectIdOf, storedDetailOf } from './task-row.ts'

/** Adds tasks of what a listing named; those that are there already, of a listing that was broken off, stay. */
export async function addTasks(
  db: Kysely<Tables>,
  id: string,
  lease: Lease,
  { phase, pass, mapper, objects }: NewTasks,
): Promise<boolean> {
  const rows = objects.map((object) => ({
    store: object.place,
    object_key: object.key,
    object_id: objectIdOf(object),
    version_id: object.versionId ?? null,
    uri: object.uri,
    owner_id: object.ownerKey === undefined ? null : objectIdOf({ place: object.place, key: object.ownerKey }),
    detail: storedDetailOf(object),
  }))
  return await db.transaction().execute(async (transaction) => {
    if (!(await holdsLease(transaction, id, lease))) return false
    await sql`
      INSERT INTO tasks (job_id, phase, pass, mapper, store, object_key, object_id, version_id, owner_id, uri, state, detail)
      SELECT ${id}::uuid, ${phase}, ${pass}::int, ${mapper}, store, object_key, object_id, version_id, owner_id, uri,
        'planned', detail
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (
        store text, object_key text, object_id text, version_id text, owner_id text, uri text, detail jsonb)
      ON CONFLICT DO NOTHING`.execute(transaction)
    return true
  })
}

export async function markListed(db: Kysely<Tables>, id: string, { token }: Lease, mapper: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE job_mappers SET listed_at = now()
    WHERE job_id = ${id}::uuid AND name = ${mapper} AND EXISTS (
      SELECT 1 FROM jobs WHERE id = ${id}::uuid AND lease_token = ${token}::bigint AND leased_until > now())
    RETURNING 1`.execute(db)
  await lookAt(db, ['tasks'])
  return rows.length === 1
}

const mergeChunk = 10_000

export async function mergeMatches(
  db: Kysely<Tables>,
  id: string,
  lease: Lease,
  { same, shares }: MergedMatches,
): Promise<void> {
  await inChunks(
    [...same].map(([position, first]) => ({ position, first })),
    (chunk) => sql`
    UPDATE job_matches m SET same_as = s.first
    FROM jsonb_to_recordset(${chunk}::jsonb) AS s (position int, first int)
    WHERE m.job_id = ${id}::uuid AND m.position = s.position`,
  )
  await inChunks(
    shares,
    (chunk) => sql`
    INSERT INTO match_shares (job_id, mapper, position, owner)
    SELECT ${id}::uuid, mapper, position, owner
    FROM jsonb_to_recordset(${chunk}::jsonb) AS s (mapper text, position int, owner int)
    ON CONFLICT DO NOTHING`,
  )

  async function inChunks(rows: readonly object[], statement: (chunk: string) => RawBuilder<unknown>) {
    for (let at = 0; at < rows.length; at += mergeChunk) {
      await db.transaction().execute(async (transaction) => {
        if (!(await holdsLease(transaction, id, lease))) throw new LetheError('interrupted', 'the lease ran out')
        await statement(JSON.stringify(rows.slice(at, at + mergeChunk))).execute(transaction)
      })
    }
  }
}

const digestChunk = 50_000

/** Over the digests in the order of the snapshot. They are keyed: without the keys the sum tells nothing. */
export async function matchesDigest(
  db: Kysely<Tables>,
  id: string,
  hash: { update(text: string): unknown; digest(encoding: 'hex'): string },
): Promise<string> {
  for (let after = -1; ; ) {
    const { rows } = await sql<{ position: number; line: string }>`
      SELECT j.position, m.batch_id || ':' || encode(m.digest, 'hex') || ':' || coalesce(array_to_json(m.mappers)::text, '') AS line
      FROM job_matches j JOIN matches m ON m.id = j.match_id
      WHERE j.job_id = ${id}::uuid AND j.position > ${after}::int
      ORDER BY j.position LIMIT ${digestChunk}::int`.execute(db)
    for (const { line } of rows) hash.update(`${line}\n`)
    if (rows.length < digestChunk) return hash.digest('hex')
    after = rows.at(-1)!.position
  }
}
