import type { DataMapper } from '../domain/data-mapper.ts'
import type { JobPhase, JobState } from '../domain/job.ts'
import type { Bound, MapperFindings, Plan } from '../domain/plan.ts'
import type { ChainedReceipt, Receipt } from '../domain/receipt.ts'
import type { Reason } from '../domain/report.ts'
import type { EndState, TaskPhase, TaskState } from '../domain/task.ts'
import type { Transfers } from '../domain/transfers.ts'
import type { Warning } from '../domain/warning.ts'
import type { ObjectVersion } from './object-store.ts'

export interface JobOptions {
  readonly dryRun: boolean
  /** Whether a person has to agree to the plan. A blown fuse needs one in any case. */
  readonly approval: 'required' | 'none'
  /** Whether it may be the one who asked for the job. */
  readonly selfApproval: boolean
  /** Who may; left out: anyone. */
  readonly approvers?: readonly string[]
  /** How long a plan may wait for its approval. */
  readonly approvalHours: number
  /** How much more than was found an approval covers, as a share. */
  readonly slack: number
}

export interface Job {
  readonly id: string
  readonly state: JobState
  readonly phase: JobPhase | null
  /** From 1; each retry is one more. */
  readonly pass: number
  readonly options: JobOptions
  readonly requestedBy: string
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly plan: Plan | null
  readonly scopeHash: string | null
  readonly approvalExpiresAt: Date | null
  readonly cancelRequestedAt: Date | null
  /** From then on there is no task, finding or event of it. */
  readonly detailsRemovedAt: Date | null
  /** How often the present phase could not go on, for a reason that may pass. */
  readonly failures: number
  readonly error: { readonly code: string; readonly message: string } | null
}

export interface JobMapper {
  readonly mapper: DataMapper
  readonly version: number
  readonly listedAt: Date | null
}

/** The right to move a job, or to work on a task, until a moment that the database knows. */
export interface Lease {
  readonly token: number
}

export interface LeasedJob extends Lease {
  readonly job: Job
}

/** What a task is about, enough to open it. `place` names the store physically, so that two names of it are one. */
export interface TaskObject {
  readonly place: string
  readonly key: string
  readonly uri: string
  readonly sizeBytes: number
  readonly linkPath?: string
  readonly versionId?: string
  /** Of a sidecar that is looked at by itself: the key of its object, which goes first. */
  readonly ownerKey?: string
  /** Its object lies outside of what its mapper names. */
  readonly isAloof?: boolean
}

/** What is remembered of a task's object; never a value of a row. */
export interface TaskDetail {
  readonly before?: ObjectVersion
  readonly after?: ObjectVersion
  readonly action?: 'remove'
  /** The object was there, and is not any more. */
  readonly removed?: boolean
  readonly rowsSeen?: number
  readonly rowsErased?: number
  readonly bytes?: { readonly size: number; readonly read: number; readonly kept: number; readonly inserted: number }
  /** What the worker that ended the task asked of a store over a network, old versions included. */
  readonly transfers?: Transfers
  readonly warnings?: readonly Warning[]
  /** Key columns and columns of matches that the object has. */
  readonly columns?: readonly string[]
  /** Of a mapper of whole objects: what has said so far of some object whose it is. */
  readonly heard?: readonly string[]
  /** ISO 8601, when it was read back. */
  readonly erasedAt?: string
  readonly goneAt?: string
  readonly resumed?: boolean
  /** Of a CLEANUP: the old versions that it deletes, of the object and then of its sidecar. */
  readonly versionIds?: readonly string[]
  readonly sidecarVersionIds?: readonly string[]
}

export interface Task extends Lease {
  readonly id: number
  readonly jobId: string
  readonly phase: TaskPhase
  readonly mapper: string
  readonly object: TaskObject
  readonly state: TaskState
  /** From 1: how many workers have taken it. */
  readonly attempts: number
  readonly detail: TaskDetail
}

export interface TaskEnd {
  readonly state: EndState
  readonly reason?: Reason
  readonly detail: TaskDetail
  readonly rowsMatched: number
  /** Rows hit by each match, by its position in the job; 0 where its object's name alone says so. */
  readonly hits?: ReadonlyMap<number, number>
  /** Old versions to delete later. */
  readonly cleanup?: LaterVersions
}

export interface LaterVersions {
  readonly versionIds: readonly string[]
  readonly sidecarVersionIds: readonly string[]
  readonly afterDays: number
}

export type PinAnswer =
  | { readonly kind: 'pinned' }
  /** With this, more than was agreed to; nothing was counted. */
  | { readonly kind: 'exceeds'; readonly more: Bound }
  /** The lease ran out, or the job is not at it any more. */
  | { readonly kind: 'stopped' }

/** Where a job is. */
export interface Place {
  readonly state: JobState
  readonly phase?: JobPhase
}

/** One step of a job, carried out in one transaction. */
export interface JobStep {
  readonly from: Place
  readonly to: Place
  readonly plan?: { readonly plan: Plan; readonly scopeHash: string }
  readonly approvalHours?: number
  readonly error?: { readonly code: string; readonly message: string }
  /** `forget`: a task for everything that was found; `list`: the mappers are to be listed for the next search. */
  readonly make?: 'forget' | 'list'
  /** `release`: back into the queue; `finish`: they are final. */
  readonly matches?: 'release' | 'finish'
  readonly event: Readonly<Record<string, unknown>>
}

export interface MergedMatches {
  /** Of equal matches the later ones, and the first of each. */
  readonly same: ReadonlyMap<number, number>
  /** What `owner` hits in the mapper is found for `position` as well. */
  readonly shares: readonly { readonly mapper: string; readonly position: number; readonly owner: number }[]
}

export interface Progress {
  readonly phase: TaskPhase
  readonly pass: number
  readonly all: number
  readonly ended: number
  readonly refused: number
  readonly failed: number
  readonly rows: number
  readonly bytesRead: number
}

export interface JobEvent {
  readonly id: number
  readonly kind: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly at: Date
}

/** What a find learnt for one request. A row or object that two requests hit is with both. */
export interface RequestFindings {
  readonly reference: string | null
  readonly matches: number
  readonly notFound: number
  readonly rows: number
  /** Where something was found. */
  readonly mappers: readonly RequestMapperFindings[]
}

/** A match that nothing was found of. */
export interface NotFound {
  /** From 0. */
  readonly position: number
  /** Of the match in the queue. */
  readonly match: number
  readonly reference: string | null
}

export interface RequestMapperFindings {
  readonly mapper: string
  readonly objects: number
  readonly oldVersions: number
  readonly rows: number
  /** Of these objects: what the find read, and what their new versions will have. */
  readonly bytesRead: number
  readonly bytesToWrite: number
}

export interface EndedTask extends Pick<Task, 'id' | 'jobId' | 'phase' | 'mapper' | 'object' | 'state' | 'detail'> {
  readonly pass: number
  readonly rowsMatched: number
  readonly reason: { readonly code: string; readonly message: string } | null
  readonly endedAt: Date | null
}

/** What the judge of a find has to know beside its findings, by the names of mappers. */
export interface PhaseNames {
  /** Names of columns that some object of the mapper has. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>
  /** What has said of some object of the mapper whose it is. */
  readonly heard: ReadonlyMap<string, ReadonlySet<string>>
}

export interface LargeHits {
  readonly rows: ReadonlyMap<number, number>
  readonly objects: ReadonlyMap<number, number>
  /** Objects of which something else than their rows has told whose they are. */
  readonly objectsNamed: number
}

/**
 * Where jobs are, and the tasks that workers take from them. The clock is the database's. The contract:
 *
 * - `start` freezes: the job takes every match that is QUEUED and every mapper in one transaction. It rejects with
 *   `no-data` where there are none of either, `locked` where a mapper is under a legal hold.
 * - `leaseJob` yields a job that somebody has to move, and the right to: no other worker gets it before `leaseMs` are
 *   over. `advance` carries out a step if the lease still holds and the job is where the step begins; else it yields
 *   false and changes nothing. A step that the states do not allow is a defect and rejects with `internal`.
 * - `claim` yields up to `limit` tasks of one job that are free or whose worker has not renewed its lease; of an erasure one
 *   alone, and then no other task of whatever job is on the same object until it ended or the lease ran out.
 *   A call with the token of a lease that ran out changes nothing and says so: `renew`, `record` and `mayCommit` yield
 *   false, `end` tells how many it ended.
 * - `pin` counts rows against what was agreed to, once for each task.
 * - `approve`, `reject`, `cancel` and `retry` reject with `wrong-state` where the job is not where they lead from, with
 *   `not-found` where there is none, with `not-permitted` where the job's policy does not let this person decide.
 * - Every call may be repeated: where it was carried out without an answer, the second one yields false or the same.
 */
export interface JobStore {
  start(request: { readonly id: string; readonly requestedBy: string; readonly options: JobOptions }): Promise<Job>
  get(id: string): Promise<Job | undefined>
  list(): Promise<readonly Job[]>
  mappers(id: string): Promise<readonly JobMapper[]>

  leaseJob(options: { readonly leaseMs: number }): Promise<LeasedJob | undefined>
  renewJob(id: string, lease: Lease, options: { readonly leaseMs: number }): Promise<boolean>
  releaseJob(id: string, lease: Lease): Promise<void>
  /** Counts a failure of the job's present phase: nobody moves it before the delay is over. */
  postponeJob(id: string, lease: Lease, options: { readonly delayMs: number }): Promise<void>
  advance(id: string, lease: Lease, step: JobStep): Promise<boolean>

  /** Says which matches are found by another one. */
  mergeMatches(id: string, lease: Lease, merged: MergedMatches): Promise<void>
  /** SHA-256 over the digests of a job's matches, in hexadecimal. */
  matchesDigest(id: string): Promise<string>
  addTasks(id: string, lease: Lease, tasks: NewTasks): Promise<boolean>
  markListed(id: string, lease: Lease, mapper: string): Promise<boolean>

  claim(options: { readonly leaseMs: number; readonly limit: number }): Promise<readonly Task[]>
  renew(tasks: readonly Task[], options: { readonly leaseMs: number }): Promise<boolean>
  pin(task: Task, step: { readonly version: ObjectVersion; readonly rows: number }): Promise<PinAnswer>
  mayCommit(task: Task): Promise<boolean>
  record(task: Task, step: { readonly state: TaskState; readonly detail: TaskDetail }): Promise<boolean>
  end(ends: readonly { readonly task: Task; readonly end: TaskEnd }[]): Promise<number>
  /** Lets go of tasks that are still held as if they had never been taken. */
  giveBack(tasks: readonly Task[]): Promise<void>
  /** Lets go of a task that did not work out: somebody may take it after the delay. */
  postpone(task: Task, options: { readonly delayMs: number }): Promise<void>
  /** Takes the job back to its approvers, with a plan that has room for what was met. */
  askAgain(
    id: string,
    request: { readonly fromHash: string; readonly plan: Plan; readonly scopeHash: string },
  ): Promise<boolean>

  findings(id: string, phase: TaskPhase, pass: number): Promise<readonly MapperFindings[]>
  names(id: string, phase: TaskPhase, pass: number): Promise<PhaseNames>
  /** Objects that were refused or failed, by their reasons. */
  unsearched(id: string, phase: TaskPhase, pass: number): Promise<Plan['unsearched']>
  warnings(id: string, phase: TaskPhase, pass: number): Promise<Plan['warnings']>
  /** Of the matches of a find that hit more than so many rows, or objects as a whole. */
  largeHits(id: string, options: { readonly minHit: number }): Promise<LargeHits>
  matchCounts(id: string): Promise<Plan['matches']>
  requests(id: string): Promise<readonly RequestFindings[]>
  /** Matches that were not found, in order of position. */
  notFound(id: string, options: { readonly limit: number }): Promise<readonly NotFound[]>
  progress(id: string): Promise<readonly Progress[]>
  /** Tasks in order of their ids, from `after` on. */
  tasks(
    id: string,
    options: {
      readonly after: number
      readonly limit: number
      readonly phase?: TaskPhase
      readonly states?: readonly TaskState[]
    },
  ): Promise<readonly EndedTask[]>

  approve(id: string, decision: Decision & { readonly acceptsFuses: boolean }): Promise<void>
  reject(id: string, decision: Decision): Promise<void>
  cancel(id: string, request: { readonly by: string }): Promise<void>
  retry(id: string, request: { readonly by: string }): Promise<void>

  events(id: string, options: { readonly after: number; readonly limit: number }): Promise<readonly JobEvent[]>
  receipts(id: string, options: { readonly after: number; readonly limit: number }): Promise<readonly ChainedReceipt[]>
  /** Appends to the chain of a job; a task has one receipt, and a second one for it is left out. */
  addReceipts(id: string, receipts: readonly { readonly taskId: number; readonly body: Receipt }[]): Promise<void>
  /** Ended erasures that have no receipt yet, in order of their ids. */
  withoutReceipt(id: string, options: { readonly limit: number }): Promise<readonly EndedTask[]>
  /** Ids of ended jobs of which something was done that has no receipt yet. */
  owingReceipts(): Promise<readonly string[]>
  /**
   * Removes tasks, findings and events of jobs that ended so long ago; yields of how many jobs. What they came to
   * (`progress`, `requests`), receipts, decisions and what people did stay.
   */
  removeDetails(options: { readonly olderThanDays: number }): Promise<number>
  /**
   * Whether what has to go before was dealt with, and is not left as it was: before an old version the current one of its
   * object, before a sidecar all versions of its object.
   */
  isFirst(task: Task): Promise<boolean>
}

export interface NewTasks {
  readonly phase: TaskPhase
  readonly pass: number
  readonly mapper: string
  readonly objects: readonly TaskObject[]
}

export interface Decision {
  readonly by: string
  readonly comment: string
  /** Of the scope that was looked at. */
  readonly scopeHash: string
}
