import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { makeAuditStore } from '../../src/adapters/state/postgres/audit-store.ts'
import { keepHouse } from '../../src/engine/jobs/keep-house.ts'
import { openEmbeddedState, shareState, type TestState } from '../state/open-test-state.ts'
import { fillLake } from './lake.ts'
import { makeTestWorld, ndjsonFile, type TestWorld } from './make-test-world.ts'

let state: TestState
let under: TestWorld

const open = shareState(openEmbeddedState)
beforeEach(async () => {
  state = await open()
  await state.clear()
  under = await makeTestWorld(state)
  await fillLake(under)
  for (const name of ['clicks', 'orders']) await under.addMapper(name)
  return () => under[Symbol.asyncDispose]()
}, 120_000)

const age = (id: string, days: number) =>
  sql`UPDATE jobs SET ended_at = now() - ${days}::float8 * interval '1 day' WHERE id = ${id}::uuid`.execute(state.db)
const countOf = async (table: string) =>
  (await sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(state.db)).rows[0]!.n
const receiptsOf = (id: string) => under.jobs.receipts(id, { after: -1, limit: 100 })

test('details go when their days are over; receipts, sums and what people did stay as they were', async () => {
  await under.addMatches(['user-1', 'nobody'], { reference: 'R-1' })
  const { id } = await under.start()
  await under.settle(id)
  const before = [await receiptsOf(id), await under.jobs.requests(id), await under.jobs.progress(id)]
  await age(id, 29)
  await keepHouse(under.jobs, { keepDetailsDays: 30 })
  expect(await countOf('tasks')).toBeGreaterThan(0)
  await age(id, 31)
  await keepHouse(under.jobs, { keepDetailsDays: 30 })
  expect([await countOf('tasks'), await countOf('task_hits')]).toEqual([0, 0])
  const after = [await receiptsOf(id), await under.jobs.requests(id), await under.jobs.progress(id)]
  expect(after).toEqual(before)
  expect((await under.jobs.events(id, { after: 0, limit: 100 })).map(({ kind }) => kind)).toEqual(['STARTED'])
  expect((await under.job(id)).detailsRemovedAt).not.toBeNull()
})

test('a job that may be tried again keeps its details', async () => {
  await under.lake.put('clicks/broken.ndjson', '{"user_id":"user-1"\n')
  await under.addMatches(['user-1'])
  const { id } = await under.start()
  await under.settle(id)
  await age(id, 1000)
  await keepHouse(under.jobs, { keepDetailsDays: 30 })
  await under.lake.put('clicks/broken.ndjson', '')
  await under.jobs.retry(id, { by: 'tester' })
  expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED' })
})

test('what was erased before a second question is on record, also where that is answered by no', async () => {
  await under.addMatches(['user-1'])
  const { id } = await under.start({ approval: 'required' })
  const decide = async (say: 'approve' | 'reject') => {
    const { scopeHash } = await under.job(id)
    const decision = { by: 'officer', comment: 'so', scopeHash: scopeHash!, acceptsFuses: false }
    await under.jobs[say](id, decision)
  }
  await under.settle(id)
  const more = Array.from({ length: 50 }, (_, n) => ({ user_id: 'user-1', n }))
  await under.lake.put('orders/a.parquet', ndjsonFile(more))
  await decide('approve')
  expect(await under.settle(id, { concurrency: 1 })).toMatchObject({ state: 'AWAITING_APPROVAL' })
  const { rows } = await sql<{ uri: string }>`
    SELECT uri FROM tasks WHERE phase = 'FORGET' AND ended_at IS NOT NULL AND state = 'done'`.execute(state.db)
  await decide('reject')
  await keepHouse(under.jobs, { keepDetailsDays: 30 })
  const erased = (await receiptsOf(id)).filter(({ body }) => body.outcome === 'erased')
  expect(rows).toHaveLength(2)
  expect(erased.map(({ body }) => body.uri).sort()).toEqual(rows.map(({ uri }) => uri).sort())
})

test('who changed what is on record, and no value', async () => {
  const secret = 'planted-value-4711'
  await under.addMatches([secret], { reference: 'R-1' })
  await under.mappers.change({ delete: ['orders'], by: 'ada' })
  await under.addMapper('clicks', { note: 'changed' })
  await under.queue.remove({ reference: 'R-1' }, { by: 'bob' })
  const { id } = await under.addMatches(['user-1']).then(() => under.start())
  await under.settle(id)
  const events = await makeAuditStore(state.db).list({ after: 0, limit: 100 })
  expect(events.map(({ kind, detail }) => [kind, detail['by']])).toEqual([
    ['MAPPER_CREATED', ''],
    ['MAPPER_CREATED', ''],
    ['MATCHES_ADDED', 'tester'],
    ['MAPPER_DELETED', 'ada'],
    ['MAPPER_CHANGED', ''],
    ['MATCHES_REMOVED', 'bob'],
    ['MATCHES_ADDED', 'tester'],
    ['STARTED', 'tester'],
    ['KEY_DESTROYED', 'lethe'],
    ['KEY_DESTROYED', 'lethe'],
  ])
  expect(events[5]!.detail).toEqual({ by: 'bob', matches: 1, reference: 'R-1', ids: [1] })
  expect(JSON.stringify(events)).not.toContain(secret)
})
