import { beforeEach, describe, expect, test } from 'vitest'
import { makeTurns } from '../../src/adapters/object-store/limits/turns.ts'
import { LetheError } from '../../src/domain/error.ts'
import type { JobWorld } from '../../src/engine/jobs/job-world.ts'
import type { OpenTestState, TestState } from '../state/open-test-state.ts'
import { expectLeft, fillLake, matchStates } from './lake.ts'
import { makeTestWorld, type TestWorld } from './make-test-world.ts'

/** What a job does before anything is erased; the same on both kinds of database. */
export function testFind(open: OpenTestState): void {
  let state: TestState
  let under: TestWorld

  beforeEach(async () => {
    state = await open()
    await state.clear()
    under = await makeTestWorld(state)
    return () => under[Symbol.asyncDispose]()
  }, 120_000)

  const withLake = async () => {
    await fillLake(under)
    for (const name of ['clicks', 'orders', 'people']) await under.addMapper(name)
  }
  describe('a dry run', () => {
    test('ends PLANNED with a plan of what it found, and nothing is changed or held', async () => {
      await withLake()
      await under.addMatches(['user-1', 'user-2', 'nobody'], { reference: 'R-1' })
      const { id } = await under.start({ dryRun: true })
      expect(await matchStates(under)).toEqual(['HELD', 'HELD', 'HELD'])
      const job = await under.settle(id)
      expect(job).toMatchObject({ state: 'PLANNED', phase: null, error: null })
      expect(job.plan).toMatchObject({
        matches: { all: 3, found: 2, notFound: 1 },
        sideEffects: ['objects-rewritten', 'old-versions-deleted'],
        fuses: [],
      })
      expect(
        job.plan!.mappers.map(({ mapper, objects, rowsSeen, matched }) => [
          mapper,
          objects,
          rowsSeen,
          matched.objects,
          matched.rows,
        ]),
      ).toEqual([
        ['clicks', 2, 400, 2, 8],
        ['orders', 1, 200, 1, 4],
        ['people', 1, 200, 1, 4],
      ])
      expect(await under.jobs.requests(id)).toMatchObject([
        {
          reference: 'R-1',
          matches: 3,
          notFound: 1,
          rows: 16,
          mappers: [
            { mapper: 'clicks', objects: 2, oldVersions: 0, rows: 8 },
            { mapper: 'orders', objects: 1, oldVersions: 0, rows: 4 },
            { mapper: 'people', objects: 1, oldVersions: 0, rows: 4 },
          ],
        },
      ])
      expect(await under.jobs.notFound(id, { limit: 10 })).toEqual([{ position: 2, match: 3, reference: 'R-1' }])
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED', 'QUEUED'])
      await expectLeft(under, () => true)
    })

    test('gives equal matches the same findings, of whatever batch', async () => {
      await withLake()
      await under.addMatches(['user-1'], { reference: 'R-1' })
      await under.addMatches(['nobody', 'user-1'], { reference: 'R-2' })
      const { id } = await under.start({ dryRun: true })
      expect((await under.settle(id)).plan!.matches).toEqual({ all: 3, found: 2, notFound: 1 })
      expect(await under.jobs.requests(id)).toMatchObject([
        { reference: 'R-1', matches: 1, notFound: 0, rows: 8 },
        { reference: 'R-2', matches: 2, notFound: 1, rows: 8 },
      ])
    })
  })

  describe('the lines of a plan', () => {
    test('tell what cannot be erased now, and why', async () => {
      await withLake()
      for (const name of ['x', 'y']) await under.lake.put(`clicks/${name}.ndjson`, '{"user_id":"user-1"\n')
      await under.lake.put('clicks/z.bin', 'something else')
      await under.addMatches(['user-1'])
      const { id } = await under.start({ dryRun: true })
      const { plan } = await under.settle(id)
      expect(plan!.unsearched.map(({ mapper, code, objects }) => [mapper, code, objects])).toEqual([
        ['clicks', 'malformed', 2],
        ['clicks', 'unknown-format', 1],
      ])
    })

    test('tell what it costs by the prices of the stores that are billed', async () => {
      await withLake()
      await under.addMatches(['user-1'])
      const { id } = await under.start({ dryRun: true })
      const prices = {
        currency: 'EUR',
        readsPer1000: 1000,
        writesPer1000: 100_000,
        gigabyteRead: 0,
        gigabyteWritten: 1e12,
      }
      const world: JobWorld = {
        ...under.world,
        async openScope(mapper) {
          const scope = await under.world.openScope(mapper)
          return mapper.name === 'clicks' ? { ...scope, prices } : scope
        },
      }
      const { plan } = await under.settle(id, { world })
      const written = plan!.mappers[0]!.matched.keptBytes + plan!.mappers[0]!.matched.insertedBytes
      // Two objects are searched and rewritten: six reads of 1 EUR, two writes of 100 EUR, and 1000 EUR for each byte.
      expect(plan!.estimate.cost).toEqual({ amount: 206 + written * 1000, currency: 'EUR' })
    })

    const lines = async (id: string) =>
      (await under.jobs.requests(id)).map(({ reference, notFound, rows, mappers }) => [
        reference,
        notFound,
        rows,
        mappers.map(({ mapper, rows: found }) => `${mapper} ${found}`).join(', '),
      ])

    test('tell each request what was found in the mappers that it is for', async () => {
      await withLake()
      await under.addMatches(['user-1'], { reference: 'R-1', mappers: ['clicks'] })
      await under.addMatches(['user-1'], { reference: 'R-2', mappers: ['orders', 'people'] })
      await under.addMatches(['user-1', 'user-1'], { reference: 'R-3' })
      const { id } = await under.start({ dryRun: true })
      expect((await under.settle(id)).plan!.matches).toEqual({ all: 4, found: 4, notFound: 0 })
      expect(await lines(id)).toEqual([
        ['R-1', 0, 4, 'clicks 4'],
        ['R-2', 0, 4, 'orders 2, people 2'],
        ['R-3', 0, 8, 'clicks 4, orders 2, people 2'],
      ])
    })

    test('count for a match of any key what another one hits that names the column', async () => {
      const objects = ['{"user_id":"a","friend":"b"}', '{"user_id":"b","friend":"a"}', '{"user_id":"c","friend":"b"}']
      await under.lake.put('pairs/a.ndjson', `${objects.join('\n')}\n`)
      await under.addMapper('pairs', { keys: ['user_id', 'friend'] })
      await under.addMatches(['b'], { reference: 'any key' })
      await under.addMatches([{ user_id: 'b' }], { reference: 'user_id' })
      await under.addMatches([{ friend: 'b' }], { reference: 'friend' })
      await under.addMatches(['a'], { reference: 'other' })
      const { id } = await under.start({ dryRun: true })
      expect((await under.settle(id)).plan!.matches).toEqual({ all: 4, found: 4, notFound: 0 })
      expect(await lines(id)).toEqual([
        ['any key', 0, 3, 'pairs 3'],
        ['friend', 0, 2, 'pairs 2'],
        ['other', 0, 2, 'pairs 2'],
        ['user_id', 0, 1, 'pairs 1'],
      ])
    })
  })

  test('a store has no more objects in hand than it says, and the job ends the same', async () => {
    await withLake()
    for (let n = 0; n < 40; n += 1) await under.lake.put(`clicks/${n}.ndjson`, '{"user_id":"user-1"}\n')
    await under.addMatches(['user-1'])
    const { id } = await under.start()
    const turn = makeTurns(2)
    const inHand = new Set<string>()
    let most = 0
    const world: JobWorld = {
      ...under.world,
      async openScope(mapper) {
        const scope = await under.world.openScope(mapper)
        const open: typeof scope.store.open = async (key, options) => {
          const opened = await scope.store.open(key, options)
          inHand.add(key)
          most = Math.max(most, inHand.size)
          const close = opened[Symbol.asyncDispose].bind(opened)
          opened[Symbol.asyncDispose] = async () => {
            inHand.delete(key)
            await close()
          }
          return opened
        }
        return { ...scope, store: { ...scope.store, open }, turn }
      },
    }
    expect(await under.settle(id, { world, concurrency: 6 })).toMatchObject({ state: 'COMPLETED' })
    expect([most <= 2, most > 0]).toEqual([true, true])
  })

  describe('a find that could not look everywhere', () => {
    test('fails the job where a listing fails again and again by something that may pass', async () => {
      await withLake()
      await under.addMatches(['user-1'])
      const { id } = await under.start()
      let listings = 0
      const world: JobWorld = {
        ...under.world,
        async openScope(mapper) {
          const scope = await under.world.openScope(mapper)
          const list = () => {
            listings += 1
            throw new LetheError('io', 'the store does not answer', { retryable: true })
          }
          return mapper.name === 'orders' ? { ...scope, store: { ...scope.store, list } } : scope
        },
        // Nobody waits in a test.
        jobs: { ...under.jobs, postponeJob: (job, lease) => under.jobs.postponeJob(job, lease, { delayMs: 0 }) },
      }
      expect(await under.settle(id, { world })).toMatchObject({ state: 'FIND_FAILED', error: { code: 'io' } })
      expect(listings).toBe(8)
      expect(await matchStates(under)).toEqual(['QUEUED'])
    })

    test('tries a listing again, and later each time, as long as it may pass', async () => {
      await withLake()
      await under.addMatches(['user-1'])
      const { id } = await under.start({ dryRun: true })
      const delays: number[] = []
      const world: JobWorld = {
        ...under.world,
        async openScope(mapper) {
          const scope = await under.world.openScope(mapper)
          const list: typeof scope.store.list = (...args) => {
            if (delays.length < 3) throw new LetheError('io', 'the store does not answer', { retryable: true })
            return scope.store.list(...args)
          }
          return { ...scope, store: { ...scope.store, list } }
        },
        jobs: {
          ...under.jobs,
          async postponeJob(job, lease, { delayMs }) {
            delays.push(delayMs)
            await under.jobs.postponeJob(job, lease, { delayMs: 0 })
          },
        },
      }
      expect(await under.settle(id, { world })).toMatchObject({ state: 'PLANNED', failures: 0 })
      expect(delays).toEqual([1000, 2000, 4000])
    })

    test.each([
      ['a mapper without an object', { location: 'nowhere/' }, 'no-data'],
      ['a column that no object has', { keys: ['user_idd'] }, 'column-not-found'],
    ])('fails the job before anything is erased: %s', async (_, rest, code) => {
      await withLake()
      await under.addMapper('wrong', { location: 'orders/', ...rest })
      await under.addMatches(['user-1'])
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'FIND_FAILED', error: { code } })
      expect(await matchStates(under)).toEqual(['QUEUED'])
      await expectLeft(under, () => true)
    })

    test('fails the job where every object of a mapper is refused', async () => {
      await withLake()
      await under.lake.put('odd/a.ndjson', '{"user_id":"user-1"\n')
      await under.addMapper('odd')
      await under.addMatches(['user-1'])
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'FIND_FAILED' })
      await expectLeft(under, () => true)
    })

    test('goes on where the mapper allows to have no object', async () => {
      await withLake()
      await under.addMapper('wrong', { location: 'nowhere/', allowNoObjects: true })
      await under.addMatches(['user-1'])
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
    })

    test('is not begun with an empty queue, without mappers, or under a legal hold', async () => {
      await expect(under.start()).rejects.toMatchObject({ code: 'no-data' })
      await withLake()
      await expect(under.start()).rejects.toMatchObject({ code: 'no-data' })
      await under.addMatches(['user-1'])
      await under.addMapper('held', { location: 'orders/', legalHold: 'case 7' })
      await expect(under.start()).rejects.toMatchObject({ code: 'locked' })
      expect(await under.jobs.list()).toEqual([])
      expect(await matchStates(under)).toEqual(['QUEUED'])
    })
  })
}
