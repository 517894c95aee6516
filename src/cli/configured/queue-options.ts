import type { CalendarDate, DeadlineProfile } from '../../domain/deadline.ts'
import type { MatchState } from '../../ports/queue-store.ts'
import type { ConfiguredOptions } from './configured-options.ts'

export interface QueueAddOptions extends ConfiguredOptions {
  readonly matches: string
  readonly mapper?: readonly string[]
  readonly reference?: string
  readonly referenceColumn?: string
  readonly received?: CalendarDate
  readonly receivedColumn?: string
  readonly deadline?: DeadlineProfile
  readonly by?: string
}

export interface QueueListOptions extends ConfiguredOptions {
  readonly state?: readonly MatchState[]
  readonly all?: boolean
  readonly reference?: string
  readonly atRisk?: boolean
  readonly matches?: string
}

export interface QueueRemoveOptions extends ConfiguredOptions {
  readonly reference?: string
  readonly matches?: string
}
