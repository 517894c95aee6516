import type { Schedule } from '../../domain/schedule.ts'
import { nextDue } from '../../engine/jobs/start-due-jobs.ts'
import type { ScheduleRun } from '../../ports/schedule-store.ts'
import type { ConfiguredOptions } from '../configured/configured-options.ts'
import { withWorkspace } from '../configured/with-workspace.ts'
import { counted, printable } from '../printable.ts'
import { tableLines } from '../table.ts'
import { schedulesOf } from './schedules-of.ts'

/** `lethe jobs schedules`: yields the exit status. */
export async function runJobsSchedules(options: ConfiguredOptions): Promise<number> {
  await withWorkspace(options, async (workspace, configuration) => {
    const now = await workspace.schedules.now()
    const last = new Map((await workspace.schedules.lastRuns()).map((run) => [run.schedule, run]))
    const schedules = schedulesOf(configuration)
    const listed = schedules.map((schedule) => describe(schedule, last.get(schedule.name), now))
    if (options.json === true) process.stdout.write(`${JSON.stringify({ schedules: listed }, undefined, 2)}\n`)
    else {
      const header = ['name', 'cron', 'time zone', 'next', 'last', 'job']
      const table = listed.length === 0 ? [] : tableLines(header, listed.map(cellsOf))
      process.stdout.write([...table, counted(listed.length, 'schedule')].map((line) => `${line}\n`).join(''))
    }
  })
  return 0
}

function describe(schedule: Schedule, last: ScheduleRun | undefined, now: Date) {
  return {
    ...schedule,
    next: nextDue(schedule, now) ?? null,
    last: last === undefined ? null : { due: last.dueAt, job: last.jobId, error: last.error },
  }
}

function cellsOf({ name, cron, timeZone, dryRun, next, last }: ReturnType<typeof describe>): string[] {
  const outcome = last === null ? '' : (last.job ?? printable(last.error?.message ?? ''))
  const words = dryRun ? `${name} (dry run)` : name
  return [words, cron, timeZone, next?.toISOString() ?? '', last?.due.toISOString() ?? '', outcome]
}
