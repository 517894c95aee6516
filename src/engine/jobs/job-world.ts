import type { DataMapper } from '../../domain/data-mapper.ts'
import type { Match } from '../../domain/match.ts'
import type { Prices } from '../../domain/prices.ts'
import type { JobStore } from '../../ports/job-store.ts'
import type { MapperPlace } from '../mappers/check-mapper.ts'

/** Where a mapper searches. */
export interface MapperScope extends MapperPlace {
  /** Names the store physically, so that two names of it in the configuration are one. */
  readonly place: string
  /** Of a store that is billed. */
  readonly prices?: Prices
  /** Waits until another object of the store may be taken in hand. Left out: always. */
  turn?<Result>(work: () => Promise<Result>): Promise<Result>
}

/** A match of a job's snapshot, opened; its position is that in the job. */
export interface JobMatch {
  readonly match: Match
  /** The same for equal matches alone. */
  readonly text: string
  /** Names of mappers; undefined means all. */
  readonly mappers?: readonly string[]
}

/** What jobs are carried out in. */
export interface JobWorld {
  readonly jobs: JobStore
  openScope(mapper: DataMapper): Promise<MapperScope>
  /** In order of position. */
  matchesOf(jobId: string): AsyncIterable<JobMatch>
  /** Destroys the keys of all matches that are final; may be called any number of times. */
  destroyFinishedKeys(): Promise<unknown>
}
