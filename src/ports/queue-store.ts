import type { CalendarDate } from '../domain/deadline.ts'

/** QUEUED until a job holds it (HELD); then DONE, or QUEUED again. REMOVED by a person. DONE and REMOVED are final. */
export const matchStates = ['QUEUED', 'HELD', 'DONE', 'REMOVED'] as const
export type MatchState = (typeof matchStates)[number]

export interface Batch {
  /** A UUID. */
  readonly id: string
  /** Of the data key that its matches are sealed with. */
  readonly keyId: string
  readonly addedBy: string
}

/** A match as it is stored: what it says is sealed. */
export interface SealedMatch {
  /** Place in its batch, from 0. */
  readonly ordinal: number
  readonly sealed: Uint8Array
  readonly digest: Uint8Array
  /** Names of mappers; undefined means all. */
  readonly mappers?: readonly string[]
  /** Of the person's request, at whoever received it. */
  readonly reference?: string
  readonly receivedOn: CalendarDate
  readonly dueOn: CalendarDate
  /** `gdpr`, `ccpa`, or a number of days. */
  readonly deadline: string
}

export interface QueuedMatch extends Omit<SealedMatch, 'sealed' | 'digest'> {
  readonly id: number
  readonly batchId: string
  readonly keyId: string
  /** The job that holds it. */
  readonly heldBy?: string
  /** Undefined once it is final. */
  readonly sealed?: Uint8Array
  readonly state: MatchState
  readonly addedAt: Date
  readonly finishedAt?: Date
}

export interface QueueFilter {
  readonly states?: readonly MatchState[]
  readonly reference?: string
  readonly ids?: readonly number[]
  readonly batchId?: string
  readonly digests?: readonly Uint8Array[]
}

/** A match of a job's snapshot. */
export interface HeldMatch extends Pick<QueuedMatch, 'id' | 'batchId' | 'keyId' | 'ordinal' | 'mappers' | 'reference'> {
  /** From 0; what plans, warnings and events call it by. */
  readonly position: number
  readonly sealed: Uint8Array
  readonly digest: Uint8Array
}

/**
 * The deletion queue. Nothing in it tells a value without the key ring.
 *
 * - `addBatch` stores all matches or none. It calls `beforeCommit` when everything is stored but the commit: an error
 *   that comes before that call means that nothing was and will be stored, one that comes after it leaves it open.
 * - `list` yields in order of id, page by page; of what changes meanwhile it shows some state.
 * - `remove` makes QUEUED matches REMOVED and empties them, all that the filter names or none: it rejects with
 *   `in-use` where a job holds one of them. Matches that are final already are left alone. It yields how many
 *   were removed.
 * - `heldBy` yields the matches of a job's snapshot in order of position, until they are final or put back.
 * - `finishedBatches` yields the batches of which every match is final and whose key is not known to be destroyed, or
 *   that are not emptied yet.
 * - `markKeyDestroyed`, to be called after the key is gone, says so and empties the matches of the batch.
 */
export interface QueueStore {
  addBatch(
    batch: Batch,
    matches: AsyncIterable<SealedMatch>,
    options?: { readonly beforeCommit?: () => void },
  ): Promise<{ readonly count: number }>
  list(filter?: QueueFilter): AsyncIterable<QueuedMatch>
  remove(filter: QueueFilter, options?: { readonly by?: string }): Promise<number>
  /** Batches that have matches which are not final, with their keys. */
  openBatches(): Promise<readonly Pick<Batch, 'id' | 'keyId'>[]>
  heldBy(jobId: string): AsyncIterable<HeldMatch>
  finishedBatches(): Promise<readonly Pick<Batch, 'id' | 'keyId'>[]>
  markKeyDestroyed(batchId: string): Promise<void>
}
