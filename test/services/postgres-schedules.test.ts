import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { makeAuditStore } from '../../src/adapters/state/postgres/audit-store.ts'
import { makeScheduleStore } from '../../src/adapters/state/postgres/schedule-store.ts'
import { keepHouse } from '../../src/engine/jobs/keep-house.ts'
import { startDueJobs } from '../../src/engine/jobs/start-due-jobs.ts'
import { fillLake } from '../jobs/lake.ts'
import { makeTestWorld } from '../jobs/make-test-world.ts'
import { openServerState } from '../state/open-test-state.ts'

test('schedules, the audit and retention work on a Postgres server, where callers are truly at once', async () => {
  await using state = await openServerState()
  await using under = await makeTestWorld(state)
  await fillLake(under)
  await under.addMapper('clicks')
  await under.addMatches(['user-1'], { reference: 'R-1' })
  const options = { dryRun: false, approval: 'none', selfApproval: false, approvalHours: 1, slack: 0 } as const
  const schedules = [{ name: 'daily', cron: '0 3 * * *', timeZone: 'Europe/Berlin', dryRun: false }]
  const real = makeScheduleStore(state.db)
  const tick = (at: string) =>
    startDueJobs({ ...real, now: () => Promise.resolve(new Date(at)) }, { schedules, optionsOf: () => options })
  expect(await real.now()).toBeInstanceOf(Date)
  expect(await tick('2026-02-10T12:00:00Z')).toEqual([])
  const begun = await Promise.all(Array.from({ length: 6 }, () => tick('2026-02-12T12:00:00Z')))
  expect(begun.flat()).toEqual(['daily'])
  const [job, ...others] = await under.jobs.list()
  expect(others).toEqual([])
  expect(await under.settle(job!.id)).toMatchObject({ state: 'COMPLETED' })
  const before = [await under.jobs.requests(job!.id), await under.jobs.progress(job!.id)]
  await sql`UPDATE jobs SET ended_at = now() - interval '9 days'`.execute(state.db)
  await keepHouse(under.jobs, { keepDetailsDays: 8 })
  expect([await under.jobs.requests(job!.id), await under.jobs.progress(job!.id)]).toEqual(before)
  expect((await under.job(job!.id)).detailsRemovedAt).toBeInstanceOf(Date)
  const kinds = (await makeAuditStore(state.db).list({ after: 0, limit: 10 })).map(({ kind }) => kind)
  expect(kinds).toEqual(['MAPPER_CREATED', 'MATCHES_ADDED', 'STARTED', 'KEY_DESTROYED'])
}, 60_000)
