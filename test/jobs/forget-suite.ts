import { rm } from 'node:fs/promises'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { LetheError } from '../../src/domain/error.ts'
import type { MapperScope } from '../../src/engine/jobs/job-world.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { OpenTestState, TestState } from '../state/open-test-state.ts'
import { expectChain } from './expect-truth.ts'
import { expireLeases } from './expire-leases.ts'
import { expectLeft, fillLake, matchStates } from './lake.ts'
import { makeTestWorld, ndjsonFile, type Row, readRows, type TestWorld } from './make-test-world.ts'

const asked = { approval: 'required' } as const

/** What a job erases, with or without approval, and what it says of it; the same on both kinds of database. */
export function testForget(open: OpenTestState): void {
  let state: TestState
  let under: TestWorld
  /** What a test puts before the store. */
  let intercept: ((store: ObjectStore) => ObjectStore) | undefined

  beforeEach(async () => {
    state = await open()
    await state.clear()
    intercept = undefined
    const scopeOf = (_: unknown, scope: MapperScope) => ({ ...scope, store: intercept?.(scope.store) ?? scope.store })
    under = await makeTestWorld(state, { scopeOf })
    return () => under[Symbol.asyncDispose]()
  }, 120_000)

  const withLake = async () => {
    await fillLake(under)
    for (const name of ['clicks', 'orders', 'people']) await under.addMapper(name)
    await under.addMatches(['user-1', 'user-2'], { reference: 'R-1' })
  }
  const isLeft = ({ user_id }: Row) => user_id !== 'user-1' && user_id !== 'user-2'
  const approve = async (id: string, rest: { by?: string; acceptsFuses?: boolean } = {}) => {
    const { scopeHash } = await under.job(id)
    await under.jobs.approve(id, { by: 'officer', comment: 'yes', scopeHash: scopeHash!, acceptsFuses: false, ...rest })
  }
  const receiptsOf = (id: string) => under.jobs.receipts(id, { after: -1, limit: 1000 })

  describe('a job', () => {
    test('erases every row of the people looked for, keeps all others, and ends COMPLETED', async () => {
      await withLake()
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', phase: null, error: null })
      await expectLeft(under, isLeft)
      expect(await matchStates(under)).toEqual(['DONE', 'DONE'])
      expect((await under.keys.names()).filter((name) => name.startsWith('keys/'))).toEqual(['keys/ring'])
    })

    test('tells what it did in receipts, each with the hash of the one before', async () => {
      await withLake()
      const { id } = await under.start()
      await under.settle(id)
      const receipts = await receiptsOf(id)
      expect(receipts.map(({ position }) => position)).toEqual([0, 1, 2, 3])
      expectChain(receipts)
      for (const { body } of receipts) {
        expect(body).toMatchObject({
          job: id,
          outcome: 'erased',
          action: 'edit',
          reason: null,
          rows: { before: 200, erased: 4, kept: 196 },
          checked: ['edit-verified', 'written-version-read-back', 'scope-searched-again'],
          resumed: false,
          goneAfter: null,
        })
        expect(body.before!.token).not.toBe(body.after!.token)
        expect(Date.parse(body.goneAt!)).toBeGreaterThanOrEqual(Date.parse(body.erasedAt!))
      }
    })

    test('tells each of its moves as an event with its sums', async () => {
      await withLake()
      const { id } = await under.start()
      await under.settle(id)
      const events = await under.jobs.events(id, { after: 0, limit: 100 })
      expect(events.map(({ kind }) => kind)).toEqual([
        'STARTED',
        'FIND',
        'PLAN',
        'FORGET',
        'VERIFY',
        'FORGET_COMPLETED_CLEANUP_IN_PROGRESS',
        'COMPLETED',
      ])
      expect(events[2]!.detail).toMatchObject({ mappers: [{ mapper: 'clicks', objects: 2, rowsSeen: 400 }, {}, {}] })
    })

    test('names no match value in any row of the state', async () => {
      await fillLake(under)
      for (const name of ['clicks', 'orders', 'people']) await under.addMapper(name)
      const secret = 'planted-value-4711'
      await under.lake.put('clicks/c.ndjson', ndjsonFile([{ user_id: secret, n: 1 }]))
      await under.addMapper('clicks', { columns: ['n'] })
      await under.addMatches([secret, { user_id: `${secret}-b`, n: '1' }], { mappers: ['clicks'] })
      const { id } = await under.start()
      await under.settle(id)
      const tables = [
        'mappers',
        'batches',
        'matches',
        'jobs',
        'job_mappers',
        'job_matches',
        'tasks',
        'task_hits',
        'events',
        'receipts',
      ]
      for (const table of tables) {
        const { rows } = await sql<{ text: string }>`SELECT t::text AS text FROM ${sql.table(table)} AS t`.execute(
          state.db,
        )
        expect(
          rows.filter(({ text }) => text.includes(secret)),
          table,
        ).toEqual([])
      }
    })

    test('refuses a damaged object by name, leaves it as it was, and says so', async () => {
      await withLake()
      const broken = '{"user_id":"user-1"\n'
      await under.lake.put('clicks/broken.ndjson', broken)
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED', error: { code: 'left-behind' } })
      await expectLeft(under, isLeft)
      expect(String(await under.lake.get('clicks/broken.ndjson'))).toBe(broken)
      const refused = await under.jobs.tasks(id, { after: 0, limit: 10, phase: 'VERIFY', states: ['refused'] })
      expect(refused.map(({ object, reason }) => [object.uri.slice(under.lake.root.length), reason!.code])).toEqual([
        ['clicks/broken.ndjson', 'malformed'],
      ])
      expect(await matchStates(under)).toEqual(['HELD', 'HELD'])
    })

    test('is done when what was refused is put right and it is tried again', async () => {
      await withLake()
      await under.lake.put('clicks/broken.ndjson', '{"user_id":"user-1"\n')
      const { id } = await under.start()
      await under.settle(id)
      await under.lake.put('clicks/broken.ndjson', ndjsonFile([{ user_id: 'user-9', n: 1 }]))
      await under.jobs.retry(id, { by: 'tester' })
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', pass: 2 })
      expect(await matchStates(under)).toEqual(['DONE', 'DONE'])
    })

    test('asks nobody again for what was agreed to and could not be written the first time', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await approve(id)
      let isFull = true
      intercept = (store) => ({
        ...store,
        async write(key, request, options) {
          if (isFull && key.endsWith('.parquet')) throw new LetheError('no-space', 'the disk is full')
          return await store.write(key, request, options)
        },
      })
      expect(await under.settle(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED' })
      isFull = false
      await under.jobs.retry(id, { by: 'tester' })
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', pass: 2 })
      await expectLeft(under, isLeft)
    })

    test('counts as agreed to what was written all the same before the object failed', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await approve(id)
      let isOdd = true
      intercept = (store) => ({
        ...store,
        async open(key, options) {
          // What was written cannot be read back.
          if (isOdd && key.endsWith('.parquet') && (await readRows(under.lake, 'orders/a.parquet')).length < 200) {
            throw new LetheError('no-space', 'cannot be read')
          }
          return await store.open(key, options)
        },
      })
      expect(await under.settle(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED' })
      isOdd = false
      const { rows } = await sql<{ pinned_rows: number }>`
        SELECT pinned_rows FROM job_mappers WHERE name = 'orders'`.execute(state.db)
      await under.jobs.retry(id, { by: 'tester' })
      const { rows: after } = await sql<{ pinned_rows: number }>`
        SELECT pinned_rows FROM job_mappers WHERE name = 'orders'`.execute(state.db)
      expect([rows, after]).toEqual([[{ pinned_rows: 4 }], [{ pinned_rows: 4 }]])
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
    })

    test('is done by a retry where what vanished before it was erased is still gone', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await rm(`${under.lake.root}clicks/day=2/b.ndjson`)
      await approve(id)
      expect(await under.settle(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED' })
      await under.jobs.retry(id, { by: 'tester' })
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', pass: 2 })
    })

    test('fails truthfully where a row comes back before it looks again', async () => {
      await withLake()
      const { id } = await under.start()
      let isBack = false
      await under.settle(id, {
        world: {
          ...under.world,
          jobs: {
            ...under.jobs,
            async advance(job, lease, step) {
              if (step.to.phase === 'VERIFY' && !isBack) {
                isBack = true
                await under.lake.put('clicks/late.ndjson', ndjsonFile([{ user_id: 'user-1', n: 5 }]))
              }
              return await under.jobs.advance(job, lease, step)
            },
          },
        },
      })
      expect(await under.job(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED', error: { code: 'left-behind' } })
      // Nothing was found there before, so that nothing was agreed to: the retry has to ask.
      await under.jobs.retry(id, { by: 'tester' })
      expect(await under.settle(id)).toMatchObject({ state: 'AWAITING_APPROVAL' })
      await approve(id)
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
      expect(await readRows(under.lake, 'clicks/late.ndjson')).toEqual([])
    })

    test('works beside another one on the same objects, and both end true', async () => {
      await withLake()
      const first = await under.start()
      await under.addMatches(['user-3'])
      const second = await under.start()
      await Promise.all([under.settle(first.id), under.settle(second.id)])
      expect((await under.job(first.id)).state).toBe('COMPLETED')
      expect((await under.job(second.id)).state).toBe('COMPLETED')
      await expectLeft(under, (row) => isLeft(row) && row.user_id !== 'user-3')
    })

    test('two mappers may share a location, with columns of their own', async () => {
      await under.lake.put(
        'shared/a.ndjson',
        '{"user_id":"user-1","friend":"x"}\n{"user_id":"y","friend":"user-1"}\n{"user_id":"z","friend":"z"}\n',
      )
      await under.addMapper('by-user', { location: 'shared/' })
      await under.addMapper('by-friend', { location: 'shared/', keys: ['friend'] })
      await under.addMatches(['user-1'])
      const { id } = await under.start()
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
      expect(String(await under.lake.get('shared/a.ndjson'))).toBe('{"user_id":"z","friend":"z"}\n')
    })
  })

  describe('approval', () => {
    test('is waited for with nothing changed and no object claimed', async () => {
      await withLake()
      const { id } = await under.start(asked)
      expect(await under.settle(id)).toMatchObject({ state: 'AWAITING_APPROVAL', phase: null })
      await expectLeft(under, () => true)
      expect((await sql`SELECT 1 FROM object_claims`.execute(state.db)).rows).toEqual([])
      await approve(id)
      expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
      await expectLeft(under, isLeft)
    })

    test('binds the hash of the scope: another one is refused', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      const wrong = { by: 'officer', comment: 'yes', scopeHash: 'f'.repeat(64), acceptsFuses: false }
      await expect(under.jobs.approve(id, wrong)).rejects.toMatchObject({ code: 'wrong-state' })
      await approve(id)
      await expect(approve(id)).rejects.toMatchObject({ code: 'wrong-state' })
    })

    test('is not given by whoever asked for the job, unless the policy allows it', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await expect(approve(id, { by: 'tester' })).rejects.toMatchObject({ code: 'not-permitted' })
      await approve(id)
      await under.settle(id)
      await under.addMatches(['user-5'])
      const lax = await under.start({ ...asked, selfApproval: true })
      await under.settle(lax.id)
      await approve(lax.id, { by: 'tester' })
      expect((await under.settle(lax.id)).state).toBe('COMPLETED')
    })

    test('that is refused ends the job with everything as it was', async () => {
      await withLake()
      const { id } = await under.start(asked)
      const { scopeHash } = await under.settle(id)
      await under.jobs.reject(id, { by: 'officer', comment: 'no', scopeHash: scopeHash! })
      expect((await under.job(id)).state).toBe('REJECTED')
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED'])
      await expectLeft(under, () => true)
    })

    test('expires', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await sql`UPDATE jobs SET approval_expires_at = now() - interval '1 second'`.execute(state.db)
      await expect(approve(id)).rejects.toMatchObject({ code: 'wrong-state' })
      await under.settle(id, { isDone: async () => (await under.job(id)).state === 'EXPIRED' })
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED'])
    })

    test('has to accept a blown fuse explicitly, also where no approval is required', async () => {
      await under.lake.put(
        'clicks/a.ndjson',
        ndjsonFile(Array.from({ length: 1500 }, (_, n) => ({ user_id: 'unknown', n }))),
      )
      await under.addMapper('clicks')
      await under.addMatches(['unknown'])
      const { id } = await under.start()
      const { state: reached, plan } = await under.settle(id)
      expect([reached, plan!.fuses]).toEqual([
        'AWAITING_APPROVAL',
        [{ position: 0, of: 'rows', hit: 1500, seen: 1500 }],
      ])
      await expect(approve(id)).rejects.toMatchObject({ code: 'not-permitted' })
      await approve(id, { acceptsFuses: true })
      expect((await under.settle(id)).state).toBe('COMPLETED')
    })

    test('covers no more than was planned: what exceeds it waits again, and what the first yes covered is not lost', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      const before = await under.job(id)
      await under.lake.put(
        'clicks/day=1/a.ndjson',
        ndjsonFile(Array.from({ length: 50 }, (_, n) => ({ user_id: 'user-1', n }))),
      )
      await approve(id)
      const again = await under.settle(id)
      expect(again).toMatchObject({ state: 'AWAITING_APPROVAL' })
      expect(again.scopeHash).not.toBe(before.scopeHash)
      expect(again.plan!.drifts).toMatchObject([{ agreed: { mapper: 'clicks', rows: 8 } }])
      expect(await readRows(under.lake, 'clicks/day=1/a.ndjson')).toHaveLength(50)
      await approve(id)
      expect((await under.settle(id)).state).toBe('COMPLETED')
      expect(await readRows(under.lake, 'clicks/day=1/a.ndjson')).toEqual([])
    })

    test('survives a night of compaction: other objects, the same rows', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      const rows = [...(await readRows(under.lake, 'clicks/day=1/a.ndjson'))].reverse()
      await under.lake.put('clicks/day=1/a.ndjson', ndjsonFile(rows))
      await approve(id)
      expect((await under.settle(id)).state).toBe('COMPLETED')
      expect(await readRows(under.lake, 'clicks/day=1/a.ndjson')).toEqual(rows.filter(isLeft))
    })
  })

  describe('cancel', () => {
    test('ends a job that waits, and puts its matches back', async () => {
      await withLake()
      const { id } = await under.start(asked)
      await under.settle(id)
      await under.jobs.cancel(id, { by: 'tester' })
      expect((await under.job(id)).state).toBe('CANCELLED')
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED'])
      await expect(under.jobs.cancel(id, { by: 'tester' })).rejects.toMatchObject({ code: 'wrong-state' })
    })

    test('stops a job that forgets before its next write, and what was done is on record', async () => {
      await withLake()
      const { id } = await under.start()
      let writes = 0
      intercept = (store) => ({
        ...store,
        async write(...args) {
          const written = await store.write(...args)
          writes += 1
          if (writes === 1) await under.jobs.cancel(id, { by: 'tester' })
          return written
        },
      })
      expect((await under.settle(id, { concurrency: 1 })).state).toBe('CANCELLED')
      expect(writes).toBe(1)
      expect((await receiptsOf(id)).map(({ body }) => body.outcome)).toEqual(['erased'])
      expect(await matchStates(under)).toEqual(['QUEUED', 'QUEUED'])
    })
  })

  describe('a worker whose lease ran out', () => {
    const expireAll = () => expireLeases(state.db, ['tasks', 'object_claims'])

    test('writes nothing when it wakes, and who took over does', async () => {
      await withLake()
      const { id } = await under.start()
      let isPaused = false
      const refusals: unknown[] = []
      intercept = (store) => ({
        ...store,
        async write(key, request, options) {
          if (isPaused) return await store.write(key, request, options)
          isPaused = true
          // Paused right before its write, for longer than its lease: another worker takes the task meanwhile.
          await expireAll()
          const error = await store.write(key, request, options).catch((reason: unknown) => reason)
          refusals.push(error)
          throw error
        },
      })
      expect((await under.settle(id, { concurrency: 1 })).state).toBe('COMPLETED')
      expect(refusals).toEqual([expect.any(LetheError)])
      expect(refusals[0]).toMatchObject({ code: 'interrupted' })
      await expectLeft(under, isLeft)
    })

    test('that died after its write left a task whose next worker finds nothing, and says so', async () => {
      await withLake()
      const { id } = await under.start()
      let isDead = false
      const settled = await under.settle(id, {
        concurrency: 1,
        world: {
          ...under.world,
          jobs: {
            ...under.jobs,
            async record(task, step) {
              if (step.state !== 'written' || isDead) return await under.jobs.record(task, step)
              isDead = true
              await expireAll()
              throw new LetheError('interrupted', 'died')
            },
          },
        },
      })
      expect(settled.state).toBe('COMPLETED')
      const resumed = (await receiptsOf(id)).filter(({ body }) => body.resumed)
      expect(resumed.map(({ body }) => [body.outcome, body.rows, body.checked[0]])).toEqual([
        ['erased', { before: 200, erased: 4, kept: 196 }, 'found-nothing-again'],
      ])
      await expectLeft(under, isLeft)
    })

    test('poisons an object that ends its workers again and again; the job goes on without it', async () => {
      await withLake()
      const { id } = await under.start()
      intercept = (store) => ({
        ...store,
        async write(key, request, options) {
          if (!key.endsWith('.parquet')) return await store.write(key, request, options)
          await expireAll()
          throw new LetheError('interrupted', 'died')
        },
      })
      expect(await under.settle(id, { concurrency: 1 })).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED' })
      const failed = await under.jobs.tasks(id, { after: 0, limit: 10, phase: 'FORGET', states: ['failed'] })
      expect(failed.map(({ reason }) => reason!.code)).toEqual(['worker-lost'])
      expect(await readRows(under.lake, 'clicks/day=1/a.ndjson')).toHaveLength(196)
    })
  })
}
