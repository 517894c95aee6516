import { beforeEach, expect, test } from 'vitest'
import { makeScheduleStore } from '../../src/adapters/state/postgres/schedule-store.ts'
import { runWorker } from '../../src/engine/jobs/run-worker.ts'
import { lastDue, nextDue, startDueJobs } from '../../src/engine/jobs/start-due-jobs.ts'
import type { JobOptions } from '../../src/ports/job-store.ts'
import type { ScheduleStore } from '../../src/ports/schedule-store.ts'
import { openEmbeddedState, shareState, type TestState } from '../state/open-test-state.ts'
import { makeTestWorld, type TestWorld } from './make-test-world.ts'

let state: TestState
let under: TestWorld
let clock: Date
let store: ScheduleStore

const open = shareState(openEmbeddedState)
beforeEach(async () => {
  state = await open()
  await state.clear()
  under = await makeTestWorld(state)
  store = { ...makeScheduleStore(state.db), now: () => Promise.resolve(clock) }
  await under.addMapper('clicks')
  return () => under[Symbol.asyncDispose]()
}, 120_000)

const options: JobOptions = { dryRun: false, approval: 'required', selfApproval: false, approvalHours: 1, slack: 0 }
const nightly = { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin', dryRun: false }
const tick = (at: string, schedules = [nightly]) => {
  clock = new Date(at)
  return startDueJobs(store, { schedules, optionsOf: ({ dryRun }) => ({ ...options, dryRun }) })
}
const jobs = async () => (await under.jobs.list()).map(({ requestedBy, options: { dryRun } }) => [requestedBy, dryRun])

test('a schedule is due by the clock of its time zone, also when that is changed', () => {
  const last = (at: string) => lastDue(nightly, new Date(at))!.toISOString()
  expect(last('2026-02-10T12:00:00Z')).toBe('2026-02-10T01:30:00.000Z')
  expect(last('2026-07-10T12:00:00Z')).toBe('2026-07-10T00:30:00.000Z')
  // 02:30 is left out that night: clocks go from 02:00 to 03:00, which is 01:00 UTC.
  expect(last('2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
  // It comes twice, at 00:30 and 01:30 UTC.
  expect(last('2026-10-25T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
  expect(nextDue(nightly, new Date('2026-10-25T00:45:00Z'))!.toISOString()).toBe('2026-10-26T01:30:00.000Z')
})

test('a job is started once for each instant, and not for those before the schedule was known', async () => {
  await under.addMatches(['a'])
  expect(await tick('2026-02-10T12:00:00Z')).toEqual([])
  expect(await tick('2026-02-11T01:29:59Z')).toEqual([])
  expect(await tick('2026-02-11T01:30:01Z')).toEqual(['nightly'])
  await under.addMatches(['b'])
  expect(await tick('2026-02-11T01:30:02Z')).toEqual([])
  expect(await jobs()).toEqual([['schedule nightly', false]])
})

test('times that nobody was there for are one job, for the last of them', async () => {
  await tick('2026-02-10T12:00:00Z')
  await under.addMatches(['a'])
  expect(await tick('2026-02-20T12:00:00Z')).toEqual(['nightly'])
  await under.addMatches(['b'])
  expect(await tick('2026-02-20T12:00:01Z')).toEqual([])
  expect(await jobs()).toHaveLength(1)
  expect(await store.lastRuns()).toMatchObject([{ dueAt: new Date('2026-02-20T01:30:00Z'), error: null }])
})

test('of two workers at once one starts it', async () => {
  await tick('2026-02-10T12:00:00Z')
  await under.addMatches(['a'])
  await under.addMatches(['b'])
  const handled = await Promise.all(Array.from({ length: 4 }, () => tick('2026-02-11T12:00:00Z')))
  expect(handled.flat()).toEqual(['nightly'])
  expect(await jobs()).toHaveLength(1)
})

test('that the queue is empty is kept with the instant, which is over then', async () => {
  await tick('2026-02-10T12:00:00Z')
  expect(await tick('2026-02-11T12:00:00Z')).toEqual(['nightly'])
  await under.addMatches(['a'])
  expect(await tick('2026-02-11T12:00:01Z')).toEqual([])
  expect(await jobs()).toEqual([])
  expect(await store.lastRuns()).toMatchObject([{ jobId: null, error: { code: 'no-data' } }])
})

test('a schedule that is changed begins anew', async () => {
  await tick('2026-02-10T12:00:00Z')
  await under.addMatches(['a'])
  const changed = [{ ...nightly, cron: '0 11 * * *', dryRun: true }]
  expect(await tick('2026-02-10T12:00:01Z', changed)).toEqual([])
  expect(await tick('2026-02-11T12:00:00Z', changed)).toEqual(['nightly'])
  expect(await jobs()).toEqual([['schedule nightly', true]])
})

test('a worker starts what is due', async () => {
  await tick('2026-02-10T12:00:00Z')
  await under.lake.put('clicks/a.ndjson', '{"user_id":"a"}\n')
  await under.addMatches(['a'])
  await runWorker(under.world, {
    pollMs: 1,
    housekeeping: () => tick('2026-02-11T12:00:00Z', [{ ...nightly, dryRun: true }]),
    isDone: async () => (await under.jobs.list())[0]?.state === 'PLANNED',
  })
  expect(await jobs()).toHaveLength(1)
}, 30_000)
