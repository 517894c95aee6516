import type { Schedule } from '../domain/schedule.ts'
import type { JobOptions } from './job-store.ts'

export interface ScheduleRun {
  readonly schedule: string
  readonly dueAt: Date
  readonly handledAt: Date
  readonly jobId: string | null
  /** Why there is no job: the queue was empty, or a mapper is under a legal hold. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/**
 * What has become of schedules.
 *
 * - `now` is the database's clock, the only one that decides.
 * - `register` makes known what is configured, and yields up to which instant each schedule is dealt with: of a new or
 *   changed one that is `now`, so that nothing runs for a time when nobody wanted it.
 * - `begin` starts the job of an instant, at most once whoever calls: it yields false where somebody has dealt with that
 *   instant. That a job cannot be started, because the queue is empty or a mapper is under a legal hold, is kept with it.
 */
export interface ScheduleStore {
  now(): Promise<Date>
  register(schedules: readonly Schedule[], options: { readonly now: Date }): Promise<ReadonlyMap<string, Date>>
  begin(run: {
    readonly schedule: string
    readonly dueAt: Date
    readonly jobId: string
    readonly requestedBy: string
    readonly options: JobOptions
  }): Promise<boolean>
  /** The last of each schedule. */
  lastRuns(): Promise<readonly ScheduleRun[]>
}
