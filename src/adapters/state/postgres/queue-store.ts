import { type Kysely, type SelectQueryBuilder, sql, type Transaction } from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import type { Batch, HeldMatch, QueuedMatch, QueueFilter, QueueStore, SealedMatch } from '../../../ports/queue-store.ts'
import type { Tables } from './tables.ts'

const pageRows = 1000

export function makeQueueStore(db: Kysely<Tables>): QueueStore {
  return {
    addBatch: (batch, matches, { beforeCommit } = {}) =>
      db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('batches')
          .values({ id: batch.id, key_id: batch.keyId, added_by: batch.addedBy })
          .execute()
        let count = 0
        for await (const page of inPages(matches)) {
          await insertMatches(transaction, batch, page)
          count += page.length
        }
        beforeCommit?.()
        return { count }
      }),
    list: (filter = {}) => list(db, filter),
    remove: (filter) => db.transaction().execute((transaction) => remove(transaction, filter)),
    heldBy: (jobId) => heldBy(db, jobId),
    async openBatches() {
      const rows = await db
        .selectFrom('batches')
        .select(['id', 'key_id'])
        .where((batch) =>
          batch.exists(
            batch
              .selectFrom('matches')
              .select('matches.id')
              .whereRef('matches.batch_id', '=', 'batches.id')
              .where('matches.state', 'in', ['QUEUED', 'HELD']),
          ),
        )
        .orderBy('added_at')
        .execute()
      return rows.map(({ id, key_id }) => ({ id, keyId: key_id }))
    },
    async finishedBatches() {
      const rows = await db
        .selectFrom('batches')
        .select(['id', 'key_id'])
        .where('key_destroyed_at', 'is', null)
        .where((batch) =>
          batch.not(
            batch.exists(
              batch
                .selectFrom('matches')
                .select('matches.id')
                .whereRef('matches.batch_id', '=', 'batches.id')
                .where('matches.state', 'in', ['QUEUED', 'HELD']),
            ),
          ),
        )
        .orderBy('added_at')
        .execute()
      return rows.map(({ id, key_id }) => ({ id, keyId: key_id }))
    },
    async markKeyDestroyed(batchId) {
      await db.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('batches')
          .set({ key_destroyed_at: sql`now()` })
          .where('id', '=', batchId)
          .where('key_destroyed_at', 'is', null)
          .execute()
        await transaction
          .updateTable('matches')
          .set({ sealed: null, digest: null })
          .where('batch_id', '=', batchId)
          .execute()
      })
    },
  }
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

async function insertMatches(db: Kysely<Tables>, batch: Batch, page: readonly SealedMatch[]): Promise<void> {
  const rows = page.map(({ ordinal, sealed, digest, mappers, reference, receivedOn, dueOn, deadline }) => ({
    batch_id: batch.id,
    ordinal,
    sealed,
    digest,
    mappers: mappers === undefined ? null : [...mappers],
    reference: reference ?? null,
    received_on: receivedOn,
    due_on: dueOn,
    deadline,
  }))
  await db.insertInto('matches').values(rows).execute()
}

type Rows = SelectQueryBuilder<Tables, 'matches' | 'batches', unknown>

/** Page by page behind the last id: neither the result nor a transaction is held while a caller takes its time. */
async function* list(db: Kysely<Tables>, filter: QueueFilter): AsyncGenerator<QueuedMatch> {
  for (let after = 0; ; ) {
    const from: Rows = db.selectFrom('matches').innerJoin('batches', 'batches.id', 'matches.batch_id')
    const rows = await filtered(from, filter)
      .selectAll('matches')
      .select('batches.key_id')
      .where('matches.id', '>', after)
      .orderBy('matches.id')
      .limit(pageRows)
      .execute()
    for (const row of rows) {
      yield {
        id: row.id,
        batchId: row.batch_id,
        keyId: row.key_id,
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
    if (rows.length < pageRows) return
    after = rows.at(-1)!.id
  }
}

function filtered(rows: Rows, { states, reference, ids, batchId, digests }: QueueFilter): Rows {
  let found = rows
  // An array is one parameter, however many there are.
  if (states !== undefined) found = found.where(sql<boolean>`matches.state = ANY(${[...states]}::text[])`)
  if (reference !== undefined) found = found.where('matches.reference', '=', reference)
  if (batchId !== undefined) found = found.where('matches.batch_id', '=', batchId)
  if (ids !== undefined) found = found.where(sql<boolean>`matches.id = ANY(${[...ids]}::bigint[])`)
  if (digests !== undefined) found = found.where(sql<boolean>`matches.digest = ANY(${[...digests]}::bytea[])`)
  return found
}

async function remove(transaction: Transaction<Tables>, filter: QueueFilter): Promise<number> {
  const from: Rows = transaction.selectFrom('matches').innerJoin('batches', 'batches.id', 'matches.batch_id')
  const rows = await filtered(from, { ...filter, states: ['QUEUED', 'HELD'] })
    .select(['matches.id', 'matches.state'])
    .orderBy('matches.id')
    .forUpdate('matches')
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
  return ids.length
}

async function* heldBy(db: Kysely<Tables>, jobId: string): AsyncGenerator<HeldMatch> {
  for (let after = -1; ; ) {
    const rows = await db
      .selectFrom('job_matches')
      .innerJoin('matches', 'matches.id', 'job_matches.match_id')
      .innerJoin('batches', 'batches.id', 'matches.batch_id')
      .selectAll('matches')
      .select(['job_matches.position', 'batches.key_id'])
      .where('job_matches.job_id', '=', jobId)
      .where('job_matches.position', '>', after)
      .orderBy('job_matches.position')
      .limit(pageRows)
      .execute()
    for (const row of rows) {
      if (row.sealed === null || row.digest === null) {
        throw new LetheError('key-unavailable', 'a match of this job is final already; its value is gone')
      }
      yield {
        id: row.id,
        position: row.position,
        batchId: row.batch_id,
        keyId: row.key_id,
        ordinal: row.ordinal,
        sealed: row.sealed,
        digest: row.digest,
        ...(row.mappers === null ? {} : { mappers: row.mappers }),
        ...(row.reference === null ? {} : { reference: row.reference }),
      }
    }
    if (rows.length < pageRows) return
    after = rows.at(-1)!.position
  }
}
