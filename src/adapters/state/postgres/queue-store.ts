import {
  type ExpressionBuilder,
  type Kysely,
  type Selectable,
  type SelectQueryBuilder,
  sql,
  type Transaction,
} from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import type { Batch, HeldMatch, QueuedMatch, QueueFilter, QueueStore, SealedMatch } from '../../../ports/queue-store.ts'
import { addEvent } from './jobs/events.ts'
import { lookAt } from './look-at.ts'
import type { Tables } from './tables.ts'

const pageRows = 1000

export function makeQueueStore(db: Kysely<Tables>): QueueStore {
  return {
    async addBatch(batch, matches, options) {
      const added = await db
        .transaction()
        .execute((transaction) => addBatch(transaction, { batch, matches, ...options }))
      if (added.count >= pageRows) await lookAt(db, ['matches'])
      return added
    },
    list: (filter = {}) => list(db, filter),
    remove: (filter, { by = '' } = {}) => db.transaction().execute((transaction) => remove(transaction, filter, by)),
    heldBy: (jobId) => heldBy(db, jobId),
    openBatches: () => listBatches(db, 'open'),
    finishedBatches: () => listBatches(db, 'finished'),
    async markKeyDestroyed(batchId) {
      await db.transaction().execute(async (transaction) => {
        const marked = await transaction
          .updateTable('batches')
          .set({ key_destroyed_at: sql`now()` })
          .where('id', '=', batchId)
          .where('key_destroyed_at', 'is', null)
          .returning('id')
          .execute()
        if (marked.length > 0) await addEvent(transaction, null, { kind: 'KEY_DESTROYED', by: 'lethe', batch: batchId })
        await transaction
          .updateTable('matches')
          .set({ sealed: null, digest: null })
          .where('batch_id', '=', batchId)
          .execute()
      })
    },
  }
}

async function addBatch(
  transaction: Transaction<Tables>,
  {
    batch,
    matches,
    beforeCommit,
  }: { readonly batch: Batch; readonly matches: AsyncIterable<SealedMatch>; readonly beforeCommit?: () => void },
): Promise<{ readonly count: number }> {
  // Matches may come from somebody who types: these rows are nobody else's yet, and lock nobody out.
  await sql`SELECT set_config('idle_in_transaction_session_timeout', '0', true)`.execute(transaction)
  await transaction
    .insertInto('batches')
    .values({ id: batch.id, key_id: batch.keyId, added_by: batch.addedBy })
    .execute()
  let count = 0
  for await (const page of inPages(matches)) {
    await insertMatches(transaction, batch, page)
    count += page.length
  }
  await addEvent(transaction, null, { kind: 'MATCHES_ADDED', by: batch.addedBy, batch: batch.id, matches: count })
  beforeCommit?.()
  return { count }
}

/** Batches that have matches which are not final, or those that have none and still a key. */
async function listBatches(db: Kysely<Tables>, which: 'open' | 'finished'): Promise<Pick<Batch, 'id' | 'keyId'>[]> {
  const rows = await db
    .selectFrom('batches')
    .select(['id', 'key_id'])
    .where((batch) =>
      which === 'open' ? hasOpen(batch) : batch.and([batch.not(hasOpen(batch)), batch('key_destroyed_at', 'is', null)]),
    )
    .orderBy('added_at')
    .execute()
  return rows.map(({ id, key_id }) => ({ id, keyId: key_id }))
}

function hasOpen(batch: ExpressionBuilder<Tables, 'batches'>) {
  const open = batch
    .selectFrom('matches')
    .select('matches.id')
    .whereRef('matches.batch_id', '=', 'batches.id')
    .where('matches.state', 'in', ['QUEUED', 'HELD'])
  return batch.exists(open)
}

async function* inPages<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let page: Item[] = []
  for await (const item of items) {
    page.push(item)
    if (page.length < pageRows) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

/** An array a column: a parameter for each cell would cost more than all the rest. */
async function insertMatches(db: Kysely<Tables>, batch: Batch, page: readonly SealedMatch[]): Promise<void> {
  await sql`
    INSERT INTO matches (batch_id, ordinal, sealed, digest, mappers, reference, received_on, due_on, deadline)
    SELECT ${batch.id}::uuid, ordinal, sealed, digest, mappers::text[], reference, received_on, due_on, deadline
    FROM unnest(
      ${page.map(({ ordinal }) => ordinal)}::integer[],
      ${page.map(({ sealed }) => sealed)}::bytea[],
      ${page.map(({ digest }) => digest)}::bytea[],
      ${page.map(({ mappers }) => (mappers === undefined ? null : arrayLiteral(mappers)))}::text[],
      ${page.map(({ reference }) => reference ?? null)}::text[],
      ${page.map(({ receivedOn }) => receivedOn)}::date[],
      ${page.map(({ dueOn }) => dueOn)}::date[],
      ${page.map(({ deadline }) => deadline)}::text[]
    ) AS page (ordinal, sealed, digest, mappers, reference, received_on, due_on, deadline)`.execute(db)
}

/** Arrays of arrays have to be rectangular, so that those of names go as texts. */
function arrayLiteral(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** Part by part: neither the result nor a transaction is held while a caller takes its time. */
async function* list(db: Kysely<Tables>, filter: QueueFilter): AsyncGenerator<QueuedMatch> {
  const keyOf = rememberKeyIds(db)
  for await (const row of inWindows(filtered(db, filter))) {
    yield {
      id: row.id,
      batchId: row.batch_id,
      keyId: await keyOf(row.batch_id),
      ordinal: row.ordinal,
      ...(row.sealed === null ? {} : { sealed: row.sealed }),
      ...(row.mappers === null ? {} : { mappers: row.mappers }),
      ...(row.reference === null ? {} : { reference: row.reference }),
      receivedOn: row.received_on,
      dueOn: row.due_on,
      deadline: row.deadline,
      state: row.state,
      ...(row.held_by === null ? {} : { heldBy: row.held_by }),
      addedAt: row.added_at,
      ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    }
  }
}

type Matches = SelectQueryBuilder<Tables, 'matches', object>

/**
 * Window by window of ids: what one costs is bounded by its width. A page of "the next thousand" is not, where the planner
 * thinks that there are few: it then sorts all that are left, for each page again.
 */
async function* inWindows(matches: Matches): AsyncGenerator<Selectable<Tables['matches']>> {
  for (let start = 0; ; start += pageRows) {
    const rows = await within(matches, start).selectAll().orderBy('id').execute()
    yield* rows
    if (rows.length > 0) continue
    const next = await matches.select('id').where('id', '>=', start).orderBy('id').limit(1).executeTakeFirst()
    if (next === undefined) return
    start = next.id - pageRows
  }
}

function within(matches: Matches, start: number): Matches {
  return matches.where('id', '>=', start).where('id', '<', start + pageRows)
}

/** There are few batches, and many matches of each. */
function rememberKeyIds(db: Kysely<Tables>): (batchId: string) => Promise<string> {
  const known = new Map<string, string>()
  return async (batchId) => {
    const keyId = known.get(batchId)
    if (keyId !== undefined) return keyId
    const found = await db.selectFrom('batches').select('key_id').where('id', '=', batchId).executeTakeFirstOrThrow()
    known.set(batchId, found.key_id)
    return found.key_id
  }
}

function filtered(db: Kysely<Tables>, { states, reference, ids, batchId, digests }: QueueFilter) {
  let found = db.selectFrom('matches')
  // An array is one parameter, however many there are.
  if (states !== undefined) found = found.where(sql<boolean>`state = ANY(${[...states]}::text[])`)
  if (reference !== undefined) found = found.where('reference', '=', reference)
  if (batchId !== undefined) found = found.where('batch_id', '=', batchId)
  if (ids !== undefined) found = found.where(sql<boolean>`id = ANY(${[...ids]}::bigint[])`)
  if (digests !== undefined) found = found.where(sql<boolean>`digest = ANY(${[...digests]}::bytea[])`)
  return found
}

async function remove(transaction: Transaction<Tables>, filter: QueueFilter, by: string): Promise<number> {
  const rows = await filtered(transaction, { ...filter, states: ['QUEUED', 'HELD'] })
    .select(['id', 'state'])
    .orderBy('id')
    .forUpdate()
    .execute()
  const held = rows.filter(({ state }) => state === 'HELD').length
  if (held > 0) {
    throw new LetheError('in-use', `${held} of these matches are held by a job; nothing was removed`, {
      detail: { held },
    })
  }
  const ids = rows.map(({ id }) => id)
  await transaction
    .updateTable('matches')
    .set({ state: 'REMOVED', sealed: null, digest: null, finished_at: sql`now()` })
    .where(sql<boolean>`id = ANY(${ids}::bigint[])`)
    .execute()
  if (ids.length > 0) await addEvent(transaction, null, { kind: 'MATCHES_REMOVED', by, ...removed(ids, filter) })
  return ids.length
}

/** Of many only how many: a file may name a million. */
const maxNamed = 100

function removed(ids: readonly number[], { reference }: QueueFilter) {
  return {
    matches: ids.length,
    ...(reference === undefined ? {} : { reference }),
    ...(ids.length > maxNamed ? {} : { ids }),
  }
}

/** Positions were given in order of id, to all that the job holds: they are counted, not looked up. */
async function* heldBy(db: Kysely<Tables>, jobId: string): AsyncGenerator<HeldMatch> {
  const keyOf = rememberKeyIds(db)
  let position = 0
  for await (const row of inWindows(db.selectFrom('matches').where('held_by', '=', jobId))) {
    yield {
      id: row.id,
      position,
      batchId: row.batch_id,
      keyId: await keyOf(row.batch_id),
      ordinal: row.ordinal,
      sealed: row.sealed!,
      digest: row.digest!,
      ...(row.mappers === null ? {} : { mappers: row.mappers }),
      ...(row.reference === null ? {} : { reference: row.reference }),
    }
    position += 1
  }
}
