import { randomUUID } from 'node:crypto'
import { Cron } from 'croner'
import type { Schedule } from '../../domain/schedule.ts'
import type { JobOptions } from '../../ports/job-store.ts'
import type { ScheduleStore } from '../../ports/schedule-store.ts'

/**
 * Starts a job for every schedule that became due since it was looked at. However many times it was due meanwhile (no
 * worker was there), it runs once, for the last of them. Any number of workers may call it at once.
 *
 * @returns names of the schedules that this call has dealt with
 */
export async function startDueJobs(
  store: Pick<ScheduleStore, 'now' | 'register' | 'begin'>,
  {
    schedules,
    optionsOf,
  }: { readonly schedules: readonly Schedule[]; readonly optionsOf: (schedule: Schedule) => JobOptions },
): Promise<readonly string[]> {
  if (schedules.length === 0) return []
  const now = await store.now()
  const handled = await store.register(schedules, { now })
  const begun: string[] = []
  for (const schedule of schedules) {
    const dueAt = lastDue(schedule, now)
    if (dueAt === undefined || dueAt <= handled.get(schedule.name)!) continue
    const { name } = schedule
    const isOurs = await store.begin({
      schedule: name,
      dueAt,
      jobId: randomUUID(),
      requestedBy: `schedule ${name}`,
      options: optionsOf(schedule),
    })
    if (isOurs) begun.push(name)
  }
  return begun
}

/** The last instant before `now` at which it was due. A time that a clock change leaves out is due when clocks go on. */
export function lastDue(schedule: Schedule, now: Date): Date | undefined {
  return cronOf(schedule).previousRuns(1, now)[0]
}

export function nextDue(schedule: Schedule, now: Date): Date | undefined {
  return cronOf(schedule).nextRun(now) ?? undefined
}

function cronOf({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' })
}
