import { setTimeout as delay } from 'node:timers/promises'
import { LetheError } from '../../domain/error.ts'
import type { Transfers } from '../../domain/transfers.ts'
import type { Task, TaskEnd } from '../../ports/job-store.ts'
import type { CallOptions } from '../../ports/object-store.ts'
import { asLetheError } from '../as-lethe-error.ts'
import { cleanUpTask } from './clean-up-task.ts'
import { forgetTask } from './forget-task.ts'
import { type JobSearches, type MapperSearch, makeSearchCache } from './job-searches.ts'
import type { JobWorld } from './job-world.ts'
import { searchTask } from './search-task.ts'
import { askForMore, stepJob } from './step-job.ts'
import { writeReceipts } from './write-receipts.ts'

export interface WorkerOptions extends CallOptions {
  /** Objects in hand at once. Default: 4. */
  readonly concurrency?: number
  /** How long a worker may be silent before others take over what it has in hand. Default: one minute. */
  readonly leaseMs?: number
  /** How long to wait where there is nothing to do. Default: half a second. */
  readonly pollMs?: number
  /** Stops when it yields true, asked whenever there is nothing to do. Default: never. */
  readonly isDone?: () => Promise<boolean>
  readonly onProblem?: (error: LetheError) => void
  /** What is to be done now and then beside jobs; before the first of them, too. */
  readonly housekeeping?: () => Promise<unknown>
  /** How long between two of these. Default: ten seconds. */
  readonly housekeepingMs?: number
}

/**
 * Works on all jobs until it is told to stop. Any number of workers may: what they take from the state is theirs by a lease,
 * and every call that changes something is fenced by it.
 *
 * How it fails: a worker that dies, or hangs for longer than its lease, is one whose tasks others take. A state that does
 * not answer is asked again, later; what was in hand is repeated. An object that ends its worker again and again is
 * `worker-lost`, and the job goes on without it.
 */
export async function runWorker(
  world: JobWorld,
  {
    concurrency = 4,
    leaseMs = 60_000,
    pollMs = 500,
    isDone,
    onProblem,
    housekeeping,
    housekeepingMs = 10_000,
    signal,
  }: WorkerOptions = {},
): Promise<void> {
  const worker = makeWorker(world, { leaseMs, ...(signal === undefined ? {} : { signal }) })
  let isEnded = false
  const report = (error: unknown): false => {
    const known = asLetheError(error, signal)
    if (known.code === 'internal') throw known
    if (known.code !== 'interrupted') onProblem?.(known)
    return false
  }
  let keptAt = Number.NEGATIVE_INFINITY
  const keepHouse = async () => {
    if (housekeeping === undefined || performance.now() - keptAt < housekeepingMs) return
    keptAt = performance.now()
    await housekeeping().catch(report)
  }
  const lane = async () => {
    while (!isEnded && signal?.aborted !== true) {
      await keepHouse()
      const didWork = await worker.workOnce().catch(report)
      if (didWork) continue
      if ((await isDone?.().catch(report)) === true) isEnded = true
      else await delay(pollMs, undefined, { ...(signal === undefined ? {} : { signal }) }).catch(() => undefined)
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane))
  const failed = lanes.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** How many workers a task may cost before nobody takes it up any more. */
const maxAttempts = 4
/** What a worker takes at once for a search. */
const batchTasks = 16
/** Above so many bytes what was learnt of an object is kept at once, and not with those that come after it. */
const largeBytes = 8 * 1024 * 1024

export interface Worker {
  /** Moves one job, or deals with some tasks; yields false where there is nothing to do. */
  workOnce(): Promise<boolean>
}

export function makeWorker(world: JobWorld, { leaseMs, signal }: CallOptions & { readonly leaseMs: number }): Worker {
  const searchesOf = makeSearchCache(world)
  return {
    async workOnce() {
      const leased = await world.jobs.leaseJob({ leaseMs })
      if (leased !== undefined) {
        const { id } = leased.job
        const renew = () => world.jobs.renewJob(id, leased, { leaseMs })
        await withHeartbeat({ renew, leaseMs, signal }, (held) =>
          stepJob(world, leased, { searchesOf, signal: held }),
        ).finally(() => world.jobs.releaseJob(id, leased).catch(() => undefined))
        return true
      }
      const tasks = await world.jobs.claim({ leaseMs, limit: batchTasks })
      if (tasks.length === 0) return false
      const renew = () => world.jobs.renew(tasks, { leaseMs })
      await withHeartbeat({ renew, leaseMs, signal }, (held) => workOn(world, tasks, { searchesOf, signal: held }))
      return true
    },
  }
}

interface WorkRequest {
  readonly signal: AbortSignal
  searchesOf(jobId: string): Promise<JobSearches>
}

/** Deals with tasks one after the other. Those that it does not come to are given back, if it can still say so. */
async function workOn(world: JobWorld, tasks: readonly Task[], { searchesOf, signal }: WorkRequest): Promise<void> {
  const { jobId, phase } = tasks[0]!
  // Old versions go by their ids: the match values are long gone by then.
  const mappers = phase === 'CLEANUP' ? undefined : (await searchesOf(jobId)).mappers
  const left = new Set(tasks)
  let ends: { task: Task; end: TaskEnd }[] = []
  const keep = async () => {
    if (ends.length > 0) await world.jobs.end(ends)
    for (const { task } of ends) left.delete(task)
    ends = []
  }
  try {
    for (const task of tasks) {
      signal.throwIfAborted()
      const search = mappers?.get(task.mapper)
      const end = await endOf(world, task, () =>
        search === undefined
          ? cleanUpTask(world, task, { signal })
          : inTurn(search, () => attempt(world, task, { search, signal })),
      )
      if (end === undefined) continue
      ends.push({ task, end })
      if (task.object.sizeBytes > largeBytes) await keep()
    }
    await keep()
  } finally {
    await world.jobs.giveBack([...left])
  }
  if (phase === 'CLEANUP') await writeReceipts(world.jobs, jobId, { isScopeClean: true })
}

/** What became of a task; undefined where it is to be done again, or is not this worker's any more. */
async function endOf(
  world: JobWorld,
  task: Task,
  work: () => Promise<TaskEnd | undefined>,
): Promise<TaskEnd | undefined> {
  if (task.attempts > maxAttempts) return workerLost
  const end = await work()
  if (end?.reason === undefined) return end
  if (end.reason.code === 'interrupted') throw new LetheError('interrupted', 'the lease ran out, or the worker stops')
  const mayHelp = end.state === 'failed' && passing.has(end.reason.code) && task.attempts < maxAttempts
  if (!mayHelp) return end
  await world.jobs.postpone(task, { delayMs: firstDelayMs * 2 ** task.attempts })
  return undefined
}

function inTurn<Result>({ scope }: MapperSearch, work: () => Promise<Result>): Promise<Result> {
  return scope.turn === undefined ? work() : scope.turn(work)
}

async function attempt(
  world: JobWorld,
  task: Task,
  request: { readonly search: MapperSearch; readonly signal: AbortSignal },
): Promise<TaskEnd | undefined> {
  const { search, signal } = request
  if (task.phase !== 'FORGET') return await searchTask(task, search, { signal })
  const { result: forgotten, transfers } = await countedBy(search, () => forgetTask(world.jobs, task, request))
  if (forgotten.kind === 'ended') return withTransfers(forgotten.end, transfers)
  if (forgotten.kind === 'exceeds') await askForMore(world, task.jobId, forgotten.more)
  return undefined
}

async function countedBy<Result>(
  { scope: { store } }: MapperSearch,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly transfers?: Transfers }> {
  return store.transfersDuring === undefined ? { result: await work() } : await store.transfersDuring(work)
}

function withTransfers(end: TaskEnd, transfers: Transfers | undefined): TaskEnd {
  return transfers === undefined ? end : { ...end, detail: { ...end.detail, transfers } }
}

const firstDelayMs = 500
/** Failures that may be over the next time. */
const passing: ReadonlySet<string> = new Set(['io', 'contended', 'outcome-unknown', 'object-changed'])

const workerLost: TaskEnd = {
  state: 'failed',
  reason: { code: 'worker-lost', message: `ended ${maxAttempts} workers that took it up; look at it, then retry` },
  detail: {},
  rowsMatched: 0,
}

/** Renews a lease while the work goes on, and ends the work where it was lost. */
async function withHeartbeat(
  {
    renew,
    leaseMs,
    signal,
  }: { readonly renew: () => Promise<boolean>; readonly leaseMs: number; readonly signal: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController()
  const beat = setInterval(() => {
    // A state that does not answer now may at the next beat; if none comes in time the fence holds.
    renew().then(
      (isHeld) => isHeld || lost.abort(),
      () => undefined,
    )
  }, leaseMs / 3)
  try {
    await work(signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]))
  } finally {
    clearInterval(beat)
  }
}
