import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { finishMatches, holdMatches, releaseMatches } from '../../src/adapters/state/postgres/hold-matches.ts'
import { lockMappers, makeMapperStore } from '../../src/adapters/state/postgres/mapper-store.ts'
import { makeQueueStore } from '../../src/adapters/state/postgres/queue-store.ts'
import type { Tables } from '../../src/adapters/state/postgres/tables.ts'
import { dataMapperSchema } from '../../src/api/data-mapper-schema.ts'
import type { DataMapper } from '../../src/domain/data-mapper.ts'
import type { MapperStore } from '../../src/ports/mapper-store.ts'
import type { QueueStore, SealedMatch } from '../../src/ports/queue-store.ts'
import type { OpenTestState, TestState } from './open-test-state.ts'

export function mapperNamed(name: string, rest: Record<string, unknown> = {}): DataMapper {
  return dataMapperSchema.parse({ name, store: 'lake', location: `${name}/`, keys: ['user_id'], ...rest })
}

/** The row of a job, and of its snapshot the mappers; yields its id. */
export async function insertJob(db: Kysely<Tables>, mappers: readonly string[] = []): Promise<string> {
  const id = randomUUID()
  await db.insertInto('jobs').values({ id, options: '{}', requested_by: 'test' }).execute()
  for (const name of mappers) {
    await db.insertInto('job_mappers').values({ job_id: id, name, version: 1, definition: '{}' }).execute()
  }
  return id
}

/** Tests of the mapper store and the queue store, the same on the embedded database and on a server. */
export function testStores(open: OpenTestState): void {
  let state: TestState
  let mappers: MapperStore
  let queue: QueueStore

  beforeEach(async () => {
    state = await open()
    mappers = makeMapperStore(state.db)
    queue = makeQueueStore(state.db)
    await state.clear()
  }, 120_000)

  const makeJob = (mapperNames: readonly string[] = []) => insertJob(state.db, mapperNames)
  const endJob = (id: string) => state.db.updateTable('jobs').set({ state: 'COMPLETED' }).where('id', '=', id).execute()
  const hold = (jobId: string, names?: readonly string[]) =>
    state.db
      .transaction()
      .execute((transaction) => holdMatches(transaction, { jobId, ...(names === undefined ? {} : { mappers: names }) }))

  const add = async (...matches: Partial<SealedMatch>[]): Promise<string> => {
    const id = randomUUID()
    const batch = { id, keyId: `key-of-${id}`, addedBy: 'test' }
    await queue.addBatch(batch, sealedMatches(matches))
    return id
  }
  const listed = async (...filter: Parameters<QueueStore['list']>) => {
    const found = []
    for await (const match of queue.list(...filter)) found.push(match)
    return found
  }

  describe('the mapper store', () => {
    test('keeps mappers as they are, in order of name, and counts their changes', async () => {
      const second = mapperNamed('b', { csv: { delimiter: ';' }, oldVersions: { deleteAfterDays: 30 } })
      await mappers.change({ put: [second, mapperNamed('a')] })
      await mappers.change({ put: [mapperNamed('a', { empty: 'remove' })] })
      const all = await mappers.list()
      expect(all.map(({ mapper, version }) => ({ mapper, version }))).toEqual([
        { mapper: mapperNamed('a', { empty: 'remove' }), version: 2 },
        { mapper: second, version: 1 },
      ])
    })

    test('changes nothing where a job holds one of those that would change', async () => {
      await mappers.change({ put: [mapperNamed('a'), mapperNamed('b')] })
      const job = await makeJob(['b'])
      const changes = { put: [mapperNamed('a', { empty: 'remove' })], delete: ['b'] }
      await expect(mappers.change(changes)).rejects.toMatchObject({ code: 'in-use', detail: { mapper: 'b', job } })
      expect(await mappers.list()).toMatchObject([{ version: 1 }, { version: 1, heldBy: job }])
      await endJob(job)
      await mappers.change(changes)
      expect(await mappers.list()).toMatchObject([{ mapper: { name: 'a' }, version: 2 }])
    })

    test('deletes none that matches of the queue name', async () => {
      await mappers.change({ put: [mapperNamed('a'), mapperNamed('b')] })
      await add({ mappers: ['a'] })
      await expect(mappers.change({ delete: ['a'] })).rejects.toMatchObject({ code: 'in-use' })
      await mappers.change({ delete: ['b', 'unknown'] })
      expect(await mappers.list()).toHaveLength(1)
    })

    test('waits with a change for a job that takes its snapshot', async () => {
      await mappers.change({ put: [mapperNamed('a')] })
      if (!state.isShared) return
      let changed: Promise<unknown> = Promise.resolve()
      await state.db.transaction().execute(async (transaction) => {
        expect(await lockMappers(transaction)).toMatchObject([{ version: 1 }])
        changed = mappers.change({ delete: ['a'] }).catch((error: unknown) => error)
        await insertJob(transaction, ['a'])
      })
      expect(await changed).toMatchObject({ code: 'in-use' })
    })
  })

  describe('the queue store', () => {
    test('yields what was added, page by page, in order', async () => {
      const batchId = await add(
        { reference: 'R-1', receivedOn: '2026-01-31', dueOn: '2026-02-28', mappers: ['a', 'b'] },
        ...Array.from({ length: 2500 }, () => ({})),
      )
      const all = await listed()
      expect(all.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 2501 }, (_, index) => index))
      expect(all[0]).toMatchObject({
        id: 1,
        batchId,
        keyId: `key-of-${batchId}`,
        reference: 'R-1',
        receivedOn: '2026-01-31',
        dueOn: '2026-02-28',
        mappers: ['a', 'b'],
        state: 'QUEUED',
      })
      expect([...all[0]!.sealed!]).toEqual([1, 2, 3, 0])
      expect(all[1]).not.toHaveProperty('mappers')
      expect((await listed({ ids: [2, 2500, 2501, 99_999] })).map(({ id }) => id)).toEqual([2, 2500, 2501])
    })

    test('stores nothing of a batch whose source fails', async () => {
      async function* failing() {
        yield* sealedMatches(Array.from({ length: 1500 }, () => ({})))
        throw new Error('line 1501')
      }
      const batch = { id: randomUUID(), keyId: 'k', addedBy: 'test' }
      await expect(queue.addBatch(batch, failing())).rejects.toThrow('line 1501')
      expect(await listed()).toEqual([])
      expect(await queue.finishedBatches()).toEqual([])
    })

    test('finds by state, reference, id and digest', async () => {
      await add({ reference: 'R-1' }, { reference: 'R-2', digest: Uint8Array.of(7) }, {})
      const ids = async (...filter: Parameters<QueueStore['list']>) => (await listed(...filter)).map(({ id }) => id)
      expect(await ids({ reference: 'R-2' })).toEqual([2])
      expect(await ids({ digests: [Uint8Array.of(7), Uint8Array.of(8)] })).toEqual([2])
      expect(await ids({ ids: [1, 3, 99] })).toEqual([1, 3])
      expect(await ids({ states: ['HELD', 'DONE'] })).toEqual([])
      expect(await ids({ states: [] })).toEqual([])
    })

    test('gives a job the matches that its mappers cover, and their positions', async () => {
      await add({ mappers: ['a'] }, {}, { mappers: ['a', 'b'] }, { mappers: ['b'] })
      const some = await makeJob()
      expect(await hold(some, ['a'])).toBe(1)
      const all = await makeJob()
      expect(await hold(all)).toBe(3)
      expect(await hold(await makeJob())).toBe(0)
      const held = []
      for await (const { id, position } of queue.heldBy(all)) held.push({ id, position })
      expect(held).toEqual([
        { id: 2, position: 0 },
        { id: 3, position: 1 },
        { id: 4, position: 2 },
      ])
      expect((await listed({ ids: [1, 2] })).map(({ heldBy }) => heldBy)).toEqual([some, all])
    })

    test('puts matches back for a job, and leaves those that another job holds since', async () => {
      await add({}, {})
      const [first, second] = [await makeJob(), await makeJob()]
      await hold(first)
      await releaseMatches(state.db, first)
      await hold(second)
      await releaseMatches(state.db, first)
      await finishMatches(state.db, first)
      expect((await listed()).map(({ state, heldBy }) => ({ state, heldBy }))).toEqual([
        { state: 'HELD', heldBy: second },
        { state: 'HELD', heldBy: second },
      ])
      await finishMatches(state.db, second)
      expect((await listed()).map((match) => match.state)).toEqual(['DONE', 'DONE'])
    })

    test('removes and empties matches, but none while a job holds one of them', async () => {
      await add({ reference: 'R' }, { reference: 'R' }, {})
      const job = await makeJob()
      await hold(job)
      await expect(queue.remove({ reference: 'R' })).rejects.toMatchObject({ code: 'in-use', detail: { held: 2 } })
      await releaseMatches(state.db, job)
      expect(await queue.remove({ reference: 'R' })).toBe(2)
      expect(await queue.remove({ reference: 'R' })).toBe(0)
      const [removed, , kept] = await listed()
      expect(removed).toMatchObject({ state: 'REMOVED', finishedAt: expect.any(Date) })
      expect(removed).not.toHaveProperty('sealed')
      expect(kept).toMatchObject({ state: 'QUEUED' })
    })

    test('tells a batch as finished when its last match is final, until its key is gone', async () => {
      const batch = await add({}, {})
      await queue.remove({ ids: [1] })
      expect(await queue.finishedBatches()).toEqual([])
      expect(await queue.openBatches()).toEqual([{ id: batch, keyId: `key-of-${batch}` }])
      const job = await makeJob()
      await hold(job)
      await finishMatches(state.db, job)
      expect(await queue.openBatches()).toEqual([])
      expect(await queue.finishedBatches()).toEqual([{ id: batch, keyId: `key-of-${batch}` }])
      expect((await listed({ ids: [2] }))[0]).toHaveProperty('sealed')
      await queue.markKeyDestroyed(batch)
      await queue.markKeyDestroyed(batch)
      expect(await queue.finishedBatches()).toEqual([])
      expect((await listed({ ids: [2] }))[0]).not.toHaveProperty('sealed')
    })
  })
}

async function* sealedMatches(matches: readonly Partial<SealedMatch>[]): AsyncGenerator<SealedMatch> {
  for (const [ordinal, match] of matches.entries()) {
    yield {
      ordinal,
      sealed: Uint8Array.of(1, 2, 3, ordinal % 256),
      digest: Uint8Array.of(ordinal % 256, 1),
      receivedOn: '2026-03-01',
      dueOn: '2026-04-01',
      deadline: 'gdpr',
      ...match,
    }
  }
}
