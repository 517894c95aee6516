import { type Kysely, sql, type Transaction } from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import { hasReleasedMatches, jobStates } from '../../../domain/job.ts'
import type { MapperChanges, MapperStore, StoredMapper } from '../../../ports/mapper-store.ts'
import { addEvent } from './jobs/events.ts'
import type { Tables } from './tables.ts'

/** Jobs in these states hold their mappers and matches. */
const holdingStates = jobStates.filter((state) => !hasReleasedMatches(state))

export function makeMapperStore(db: Kysely<Tables>): MapperStore {
  return {
    async list() {
      const holders = await jobsThatHold(db)
      const rows = await db.selectFrom('mappers').selectAll().orderBy('name').execute()
      return rows.map(({ name, definition, version, created_at, changed_at }): StoredMapper => {
        const heldBy = holders.get(name)
        return {
          mapper: definition,
          version,
          createdAt: created_at,
          changedAt: changed_at,
          ...(heldBy === undefined ? {} : { heldBy }),
        }
      })
    },

    change: (changes) => db.transaction().execute((transaction) => change(transaction, changes)),
  }
}

/**
 * Locks the mappers against a change until the transaction ends, and yields them: a job's snapshot is taken of these. One
 * that is being changed meanwhile is waited for.
 */
export async function lockMappers(
  transaction: Transaction<Tables>,
): Promise<readonly Pick<StoredMapper, 'mapper' | 'version'>[]> {
  const rows = await transaction.selectFrom('mappers').selectAll().orderBy('name').forShare().execute()
  return rows.map(({ definition, version }) => ({ mapper: definition, version }))
}

async function change(
  transaction: Transaction<Tables>,
  { put = [], delete: gone = [], by = '' }: MapperChanges,
): Promise<void> {
  const names = [...put.map(({ name }) => name), ...gone]
  if (names.length === 0) return
  // Locked before the jobs are looked at: a job locks them before it becomes one. In order, against a deadlock.
  await transaction
    .selectFrom('mappers')
    .select('name')
    .where('name', 'in', names)
    .orderBy('name')
    .forUpdate()
    .execute()
  const holders = await jobsThatHold(transaction)
  const held = names.find((name) => holders.has(name))
  if (held !== undefined) {
    const job = holders.get(held)!
    throw new LetheError('in-use', `the data mapper ${held} is held by job ${job}; change it when that has ended`, {
      detail: { mapper: held, job },
    })
  }
  await requireUnnamed(transaction, gone)
  if (gone.length > 0) await transaction.deleteFrom('mappers').where('name', 'in', gone).execute()
  for (const mapper of gone) await addEvent(transaction, null, { kind: 'MAPPER_DELETED', by, mapper })
  for (const mapper of put) {
    const definition = JSON.stringify(mapper)
    const { version } = await transaction
      .insertInto('mappers')
      .values({ name: mapper.name, definition })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((row) => ({
          definition,
          version: row('mappers.version', '+', 1),
          changed_at: sql<Date>`now()`,
        })),
      )
      .returning('version')
      .executeTakeFirstOrThrow()
    const kind = version === 1 ? 'MAPPER_CREATED' : 'MAPPER_CHANGED'
    await addEvent(transaction, null, { kind, by, mapper: mapper.name, version })
  }
}

/** A match that waits for this mapper alone would wait for ever. */
async function requireUnnamed(transaction: Transaction<Tables>, names: readonly string[]): Promise<void> {
  const named = await transaction
    .selectFrom('matches')
    .select('id')
    .where('state', '=', 'QUEUED')
    .where(sql<boolean>`mappers && ${[...names]}::text[]`)
    .limit(1)
    .executeTakeFirst()
  if (named === undefined) return
  throw new LetheError('in-use', 'matches of the queue are for a data mapper that would be deleted; remove them first')
}

async function jobsThatHold(db: Kysely<Tables>): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('job_mappers')
    .innerJoin('jobs', 'jobs.id', 'job_mappers.job_id')
    .select(['job_mappers.name', 'jobs.id'])
    .where('jobs.state', 'in', holdingStates)
    .execute()
  return new Map(rows.map(({ name, id }) => [name, id]))
}
