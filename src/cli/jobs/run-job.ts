import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { makeJobWorld, type Workspace } from '../../compose.ts'
import type { Configuration } from '../../config.ts'
import { isAtRest, type JobState } from '../../domain/job.ts'
import type { Schedule } from '../../domain/schedule.ts'
import { keepHouse } from '../../engine/jobs/keep-house.ts'
import { type WorkerOptions as EngineOptions, runWorker } from '../../engine/jobs/run-worker.ts'
import { startDueJobs } from '../../engine/jobs/start-due-jobs.ts'
import type { Job, JobOptions } from '../../ports/job-store.ts'
import type { ConfiguredOptions } from '../configured/configured-options.ts'
import { actorOf, withWorkspace } from '../configured/with-workspace.ts'
import type { RunOptions } from '../request-run.ts'
import { say } from '../say.ts'
import { jobOf } from './job-of.ts'
import { jobDocument, jobText } from './job-text.ts'
import type { JobsStartOptions, WorkerOptions } from './jobs-options.ts'
import { schedulesOf } from './schedules-of.ts'
import { showProgress } from './show-progress.ts'

/** `lethe jobs start`: yields the exit status. */
export async function runJobsStart(options: JobsStartOptions, run: RunOptions): Promise<number> {
  return await withWorkspace(options, async (workspace, configuration) => {
    const started = await workspace.jobs.start({
      id: randomUUID(),
      requestedBy: actorOf(options.by),
      options: optionsOf(configuration, { dryRun: options.dryRun === true }),
    })
    if (options.watch !== true) return await print(workspace, started, options)
    return await workOn(workspace, { configuration, id: started.id, json: options.json === true }, run)
  })
}

/** `lethe jobs watch`: yields the exit status. */
export async function runJobsWatch(start: string, options: ConfiguredOptions, run: RunOptions): Promise<number> {
  return await withWorkspace(options, async (workspace, configuration) => {
    const { id } = await jobOf(workspace, start)
    const json = options.json === true
    if ('folder' in configuration.state) return await workOn(workspace, { configuration, id, json }, run)
    return await watch(workspace, { id, json }, run)
  })
}

/** `lethe worker`: yields the exit status. */
export async function runWorkerCommand(options: WorkerOptions, { signal }: RunOptions): Promise<number> {
  return await withWorkspace(options, async (workspace, configuration) => {
    say('working; Ctrl-C stops it')
    const isIdle = async () => (await workspace.jobs.list()).every(({ state }) => isAtRest(state))
    await runWorker(makeJobWorld(workspace, configuration), {
      ...workerOptions(workspace, configuration),
      signal,
      ...(options.untilIdle === true ? { isDone: isIdle } : {}),
    })
    // To be told to stop is how a worker ends.
    return 0
  })
}

/** What every worker does, and how. */
function workerOptions(workspace: Workspace, configuration: Configuration): EngineOptions {
  const schedules = schedulesOf(configuration)
  return {
    concurrency: configuration.jobs.concurrency,
    onProblem: sayNowAndThen(),
    async housekeeping() {
      const policy = ({ dryRun }: Schedule) => optionsOf(configuration, { dryRun })
      await startDueJobs(workspace.schedules, { schedules, optionsOf: policy })
      await keepHouse(workspace.jobs, configuration.jobs)
    },
  }
}

/** A state that does not answer is asked again and again; every few seconds a person is told so. */
function sayNowAndThen(): NonNullable<EngineOptions['onProblem']> {
  const saidAt = new Map<string, number>()
  return ({ code, message }) => {
    const text = `${code}: ${message}`
    const now = performance.now()
    if (now - (saidAt.get(text) ?? Number.NEGATIVE_INFINITY) < sameProblemMs) return
    // What was said long ago is said again in any case: the map stays small.
    if (saidAt.size >= mostProblems) saidAt.clear()
    saidAt.set(text, now)
    say(text)
  }
}

const sameProblemMs = 10_000
const mostProblems = 100

/** The policy as it is now; a job keeps that of its start. */
function optionsOf({ approval }: Configuration, { dryRun }: { readonly dryRun: boolean }): JobOptions {
  return {
    dryRun,
    approval: approval.required ? 'required' : 'none',
    selfApproval: approval.requesterMayApprove,
    ...(approval.approvers === undefined ? {} : { approvers: approval.approvers }),
    approvalHours: approval.expiresAfterDays * 24,
    slack: approval.tolerancePercent / 100,
  }
}

interface Watched {
  readonly id: string
  readonly json: boolean
}

async function workOn(
  workspace: Workspace,
  { configuration, id, json }: Watched & { readonly configuration: Configuration },
  { signal }: RunOptions,
): Promise<number> {
  const progress = showProgress(workspace.jobs, id)
  try {
    await runWorker(makeJobWorld(workspace, configuration), {
      ...workerOptions(workspace, configuration),
      pollMs: 100,
      signal,
      isDone: async () => isAtRest((await workspace.jobs.get(id))!.state),
    })
  } finally {
    await progress.end()
  }
  return await print(workspace, (await workspace.jobs.get(id))!, { json, interrupted: signal.aborted })
}

const pollMs = 500

async function watch(workspace: Workspace, { id, json }: Watched, { signal }: RunOptions): Promise<number> {
  const progress = showProgress(workspace.jobs, id)
  try {
    while (!signal.aborted && !isAtRest((await workspace.jobs.get(id))!.state)) {
      await delay(pollMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await progress.end()
  }
  return await print(workspace, (await workspace.jobs.get(id))!, { json, interrupted: signal.aborted })
}

async function print(
  { jobs }: Workspace,
  job: Job,
  { json = false, interrupted = false }: { readonly json?: boolean; readonly interrupted?: boolean },
): Promise<number> {
  const progress = await jobs.progress(job.id)
  process.stdout.write(json ? `${JSON.stringify(jobDocument(job, progress), undefined, 2)}\n` : jobText(job, progress))
  return interrupted && !isAtRest(job.state) ? 130 : exitStatusOf(job.state)
}

const failedStates: ReadonlySet<JobState> = new Set([
  'FIND_FAILED',
  'FORGET_FAILED',
  'FORGET_PARTIALLY_FAILED',
  'COMPLETED_CLEANUP_FAILED',
  'FAILED',
])

function exitStatusOf(state: JobState): number {
  return failedStates.has(state) ? 3 : 0
}
