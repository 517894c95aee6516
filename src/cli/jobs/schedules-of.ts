import type { Configuration } from '../../config.ts'
import type { Schedule } from '../../domain/schedule.ts'

/** The schedules of the configuration, each with its name. */
export function schedulesOf({ schedules }: Pick<Configuration, 'schedules'>): readonly Schedule[] {
  return Object.entries(schedules).map(([name, schedule]) => ({ name, ...schedule }))
}
