import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OpenTestState, TestState } from '../state/open-test-state.ts'
import { expectLeft, fillLake, matchStates } from './lake.ts'
import { makeTestWorld, type TestWorld } from './make-test-world.ts'

/** What a job does before anything is erased; the same on both kinds of database. */
export function testFind(open: OpenTestState): void {
  let state: TestState
  let under: TestWorld

  beforeAll(async () => {
    state = await open()
  }, 120_000)
  afterAll(() => state[Symbol.asyncDispose]())
  beforeEach(async () => {
    await state.clear()
    under = await makeTestWorld(state)
    return () => under[Symbol.asyncDispose]()
  })

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
      expect(await under.jobs.requests(id)).toEqual([{ reference: 'R-1', matches: 3, notFound: 1, rows: 16 }])
      expect(await under.jobs.notFound(id, { limit: 10 })).toEqual([2])
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED', 'QUEUED'])
      await expectLeft(under, () => true)
    })

    test('gives equal matches the same findings, of whatever batch', async () => {
      await withLake()
      await under.addMatches(['user-1'], { reference: 'R-1' })
      await under.addMatches(['nobody', 'user-1'], { reference: 'R-2' })
      const { id } = await under.start({ dryRun: true })
      expect((await under.settle(id)).plan!.matches).toEqual({ all: 3, found: 2, notFound: 1 })
      expect(await under.jobs.requests(id)).toEqual([
        { reference: 'R-1', matches: 1, notFound: 0, rows: 8 },
        { reference: 'R-2', matches: 2, notFound: 1, rows: 8 },
      ])
    })
  })

  describe('a find that could not look everywhere', () => {
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
