import type { DataMapper } from '../../domain/data-mapper.ts'
import { LetheError } from '../../domain/error.ts'
import type { Bound } from '../../domain/plan.ts'
import type { ObjectReport } from '../../domain/report.ts'
import type { JobStore, Task, TaskDetail, TaskEnd } from '../../ports/job-store.ts'
import type { CallOptions } from '../../ports/object-store.ts'
import { asLetheError } from '../as-lethe-error.ts'
import { type EraseObjectRequest, type EraseStep, eraseObject } from '../erase-object.ts'
import type { Finding } from '../find-object.ts'
import { eraseOldVersion, reportHeldBack } from '../purge-versions.ts'
import { removeObject } from '../remove-object.ts'
import { reportFinding } from '../report-object.ts'
import { isThere } from '../sidecar.ts'
import { sweepLeftovers } from '../sweep-leftovers.ts'
import type { MapperSearch } from './job-searches.ts'
import { endOfUnsearched, findTaskObject, listedOf } from './search-task.ts'

/**
 * - `ended`: what became of the object.
 * - `exceeds`: it would take more than was agreed to; nothing was changed.
 * - `stopped`: the lease ran out or the job is to stop; the object is at the step that was recorded, or one behind it.
 */
export type Forgotten =
  | { readonly kind: 'ended'; readonly end: TaskEnd }
  | { readonly kind: 'exceeds'; readonly more: Bound }
  | { readonly kind: 'stopped' }

type Journal = Pick<JobStore, 'pin' | 'mayCommit' | 'record' | 'isFirst'>

/**
 * Erases a task's object. It is found anew, whatever was found before: what the object holds now is what counts, and where
 * a worker died after its write there is nothing left to find, which is how "was it me?" is answered.
 *
 * The steps are recorded as they are taken (see `domain/task.ts`), and right before the call that changes the object the
 * lease is looked at once more. Errors of the state end the work and are thrown.
 */
export async function forgetTask(
  jobs: Journal,
  task: Task,
  { search, signal }: CallOptions & { readonly search: MapperSearch },
): Promise<Forgotten> {
  const steps = recordSteps(jobs, task)
  const options = signal === undefined ? {} : { signal }
  try {
    const finding = await findTaskObject(task, search, options)
    // Somebody had it in hand before, and may have died beside it.
    if (task.token > 1) await sweepLeftovers(search.scope.store, { findings: [finding] }, options)
    const end = await eraseFinding({ jobs, task, search, steps }, finding, options)
    return steps.outcome() ?? { kind: 'ended', end }
  } catch (error) {
    const outcome = steps.outcome()
    if (outcome !== undefined) return outcome
    const known = asLetheError(error, signal)
    if (known.code === 'interrupted') return { kind: 'stopped' }
    throw known
  }
}

interface Work {
  readonly jobs: Journal
  readonly task: Task
  readonly search: MapperSearch
  readonly steps: Steps
}

async function eraseFinding(work: Work, finding: Finding, options: CallOptions): Promise<TaskEnd> {
  const { task, search, steps } = work
  const { mapper, scope } = search
  if (finding.kind === 'unsearched') {
    if (finding.error.code === 'interrupted') throw finding.error
    return await endOfMissing(work, finding.error, options)
  }
  if (task.object.versionId !== undefined) return await eraseVersion(work, finding, options)
  // A sidecar may be all that tells whose the rest of its object is.
  if (task.object.ownerKey !== undefined && !(await work.jobs.isFirst(task))) {
    return endOfReport(reportHeldBack(reportFinding(finding)), steps.detail())
  }
  const request = { ...requestOf(mapper), onStep: steps.onStep, ...options }
  const isWhole = finding.kind === 'named' && finding.isWhole
  if (isWhole) return await endOf(work, await removeObject(scope, finding, request), options)
  if (finding.kind === 'searched') return await endOf(work, await eraseObject(scope, finding, request), options)
  return await endOf(work, reportFinding(finding), options)
}

/** Where it is gone, and this task or the one before had begun to remove it, that was it; its sidecar may be left. */
async function endOfMissing(work: Work, error: LetheError, options: CallOptions): Promise<TaskEnd> {
  const { task, search } = work
  if (error.code !== 'object-missing') return endOfUnsearched(error, { ignoreNotFound: false })
  const isOurs = task.detail.before !== undefined || task.object.versionId !== undefined
  if (!isOurs) return endOfUnsearched(error, search.mapper)
  const left = task.object.versionId === undefined ? await removeSidecarLeft(work, options) : undefined
  if (left !== undefined && left.state !== 'done') return left
  const rowsMatched = task.detail.rowsErased ?? 0
  const cleanup = await laterVersions(work, options)
  const action = task.object.versionId === undefined ? { action: 'remove' as const } : {}
  return {
    state: 'done',
    detail: { resumed: true, ...action },
    rowsMatched,
    ...(cleanup === undefined ? {} : { cleanup }),
  }
}

/** Whoever removed the object may have died before its sidecar: that is judged by itself, and goes if it is the person's. */
async function removeSidecarLeft(work: Work, options: CallOptions): Promise<TaskEnd | undefined> {
  const { task, search, steps } = work
  const key = search.judge?.sidecarOf(task.object.key)
  if (key === undefined) return undefined
  const { linkPath: _, ...object } = task.object
  const beside = { ...object, key, uri: search.judge!.sidecarOf(object.uri)!, ownerKey: task.object.key }
  const finding = await findTaskObject({ ...task, object: beside }, search, options)
  if (finding.kind === 'unsearched') {
    return finding.error.code === 'object-missing'
      ? undefined
      : endOfUnsearched(finding.error, { ignoreNotFound: false })
  }
  if (finding.kind !== 'named' || !finding.isWhole) return undefined
  const report = await removeObject(search.scope, finding, {
    ...requestOf(search.mapper),
    onStep: async (step) => (step.kind === 'committing' ? await steps.onStep(step) : undefined),
    ...options,
  })
  return endOfReport(report, {})
}

/** Old versions that are kept for some days are for the clean-up. */
function requestOf({ empty, oldVersions }: DataMapper): EraseObjectRequest {
  return { empty, oldVersions: oldVersions === 'delete' ? 'delete' : 'keep', dryRun: false }
}

async function eraseVersion(
  { jobs, task, search, steps }: Work,
  finding: Finding,
  options: CallOptions,
): Promise<TaskEnd> {
  const { versionId } = task.object
  const report = reportFinding(finding)
  if (report.status !== 'matched' || versionId === undefined) return { state: 'done', detail: {}, rowsMatched: 0 }
  if (!(await jobs.isFirst(task))) return endOfReport(reportHeldBack(report), steps.detail())
  await steps.onStep({
    kind: 'pinned',
    version: { token: versionId, versionId },
    rowsErased: report.rows?.matched ?? 0,
  })
  await steps.onStep({ kind: 'committing' })
  const key = listedOf(task.object).key
  const confirm = finding.kind === 'named' ? { confirm: () => finding.confirm() } : {}
  const erased = await eraseOldVersion(search.scope.store, { key, versionId, report, ...confirm, ...options })
  await steps.onStep({ kind: 'verified', report: erased })
  return endOfReport(erased, steps.detail())
}

async function endOf(work: Work, report: ObjectReport, options: CallOptions): Promise<TaskEnd> {
  const { task, steps } = work
  const resumed = report.status === 'unchanged' && task.detail.before !== undefined
  const end = endOfReport(report, { ...steps.detail(), ...(resumed ? { resumed: true } : {}) })
  const cleanup = end.state === 'done' ? await laterVersions(work, options) : undefined
  return {
    ...end,
    rowsMatched: resumed ? (task.detail.rowsErased ?? 0) : end.rowsMatched,
    ...(cleanup === undefined ? {} : { cleanup }),
  }
}

function endOfReport({ status, reason, rows, bytes, action, warnings }: ObjectReport, detail: TaskDetail): TaskEnd {
  const state = status === 'refused' || status === 'failed' ? status : 'done'
  return {
    state,
    ...(reason === null ? {} : { reason }),
    detail: {
      ...detail,
      ...(rows === undefined ? {} : { rowsSeen: rows.seen }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(action === undefined ? {} : { action }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
    rowsMatched: state === 'done' ? (rows?.matched ?? 0) : 0,
  }
}

/** The old versions as they are now, which go by their ids when the time has come; what comes later is clean. */
async function laterVersions({ task, search }: Work, options: CallOptions): Promise<TaskEnd['cleanup']> {
  const { oldVersions } = search.mapper
  const { store } = search.scope
  if (typeof oldVersions === 'string' || !store.capabilities.versions) return undefined
  const idsOf = async (key: string) => {
    const versionIds: string[] = []
    for await (const { versionId } of store.oldVersions(key, options)) versionIds.push(versionId)
    return versionIds
  }
  const versionIds = await idsOf(task.object.key)
  // A sidecar that is there still is somebody else's.
  const beside = search.judge?.sidecarOf(task.object.key)
  const isGone = beside !== undefined && !(await isThere(store, beside, options))
  const sidecarVersionIds = isGone ? await idsOf(beside) : []
  if (versionIds.length + sidecarVersionIds.length === 0) return undefined
  return { versionIds, sidecarVersionIds, afterDays: oldVersions.deleteAfterDays }
}

interface Steps {
  onStep(step: EraseStep): Promise<void>
  /** What was learnt on the way. */
  detail(): TaskDetail
  /** Why a step was not taken; undefined where all were. */
  outcome(): Forgotten | undefined
}

/** Records each step before the next is taken. A step that may not be taken rejects with `interrupted`. */
function recordSteps(jobs: Journal, task: Task): Steps {
  let detail: TaskDetail = {}
  let outcome: Forgotten | undefined
  let failure: LetheError | undefined
  const stop = (why: Forgotten): never => {
    outcome = why
    throw new LetheError('interrupted', 'the task is not this worker’s any more')
  }
  const require = (isHeld: boolean) => (isHeld ? undefined : stop({ kind: 'stopped' }))
  const take: { readonly [Kind in EraseStep['kind']]: (step: Extract<EraseStep, { kind: Kind }>) => Promise<void> } = {
    async pinned({ version, rowsErased }) {
      const answer = await jobs.pin(task, { version, rows: rowsErased })
      if (answer.kind !== 'pinned') stop(answer)
      detail = { ...detail, before: version }
    },
    async committing() {
      require(await jobs.mayCommit(task))
    },
    async written({ version }) {
      if (version !== undefined) detail = { ...detail, after: version }
      const done = version === undefined ? { removed: true } : { after: version }
      require(await jobs.record(task, { state: 'written', detail: done }))
    },
    async verified({ report }) {
      // An object that has no rows is not erased by looking at it.
      if (report.status === 'unchanged' && task.detail.before === undefined) return
      if (report.status === 'refused' || report.status === 'failed') return
      require(await jobs.record(task, { state: 'verified', detail: {} }))
    },
  }
  return {
    detail: () => detail,
    outcome() {
      if (failure !== undefined) throw failure
      return outcome
    },
    async onStep(step) {
      try {
        await (take[step.kind] as (step: EraseStep) => Promise<void>)(step)
      } catch (error) {
        // The engine ends an object for any other error; that the state does not answer says nothing about the object.
        if (error instanceof LetheError && error.code === 'interrupted') throw error
        failure = asLetheError(error)
        throw new LetheError('interrupted', 'the state does not answer', { cause: error })
      }
    },
  }
}
