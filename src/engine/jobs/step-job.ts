import { createHash } from 'node:crypto'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { LetheError } from '../../domain/error.ts'
import { blownFuses } from '../../domain/fuse.ts'
import { judgeFind, judgeForget } from '../../domain/judge-job.ts'
import { type Bound, makePlan, type Plan, type PlanInput, withDrift } from '../../domain/plan.ts'
import type { Prices } from '../../domain/prices.ts'
import { scopeOf } from '../../domain/scope.ts'
import type { SideEffect } from '../../domain/side-effect.ts'
import type { JobMapper, JobStep, LeasedJob, Place } from '../../ports/job-store.ts'
import type { CallOptions } from '../../ports/object-store.ts'
import { asLetheError } from '../as-lethe-error.ts'
import type { JobSearches } from './job-searches.ts'
import type { JobWorld } from './job-world.ts'
import { listObjects } from './list-objects.ts'
import { writeReceipts } from './write-receipts.ts'

export interface StepRequest extends CallOptions {
  searchesOf(jobId: string): Promise<JobSearches>
}

/**
 * Moves a leased job one step on. Each step decides from what the state holds, and is one transaction; the work before it
 * (a listing, receipts) can be done twice. A worker that dies leaves the job where it was, and the next one steps again.
 */
export async function stepJob(world: JobWorld, leased: LeasedJob, request: StepRequest): Promise<void> {
  const { state, phase, cancelRequestedAt } = leased.job
  if (state === 'QUEUED') return await begin(world, leased)
  if (state === 'AWAITING_APPROVAL') return await expire(world, leased)
  if (state === 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS') return await cleanUp(world, leased)
  if (cancelRequestedAt !== null) return await cancel(world, leased)
  if (phase === 'FIND' || phase === 'VERIFY') return await listOrJudge(world, leased, { ...request, phase })
  if (phase === 'PLAN') return await plan(world, leased, request)
  await advance(world, leased, { to: running('VERIFY'), make: 'list', event: await sumsOf(world, leased, 'FORGET') })
}

const running = (phase: 'FIND' | 'PLAN' | 'FORGET' | 'VERIFY'): Place => ({ state: 'RUNNING', phase })

async function advance(world: JobWorld, { job, token }: LeasedJob, step: Omit<JobStep, 'from'>): Promise<void> {
  const from: Place = { state: job.state, ...(job.phase === null ? {} : { phase: job.phase }) }
  await world.jobs.advance(job.id, { token }, { from, ...step })
}

async function begin(world: JobWorld, leased: LeasedJob): Promise<void> {
  await advance(world, leased, { to: running('FIND'), event: {} })
}

async function expire(world: JobWorld, leased: LeasedJob): Promise<void> {
  // Where it has waited for a second time, something is erased.
  await writeReceipts(world.jobs, leased.job.id, { isScopeClean: false })
  await advance(world, leased, { to: { state: 'EXPIRED' }, matches: 'release', event: {} })
}

async function cancel(world: JobWorld, leased: LeasedJob): Promise<void> {
  await writeReceipts(world.jobs, leased.job.id, { isScopeClean: false })
  await advance(world, leased, { to: { state: 'CANCELLED' }, matches: 'release', event: {} })
}

/** Everything is erased, looked at again and on record; what is left is to make the match values unreadable. */
async function cleanUp(world: JobWorld, leased: LeasedJob): Promise<void> {
  try {
    await world.destroyFinishedKeys()
  } catch (error) {
    const known = asLetheError(error)
    if (known.code === 'state-unavailable' || known.code === 'state-conflict') throw known
    const failure = { code: known.code, message: known.message }
    await advance(world, leased, { to: { state: 'COMPLETED_CLEANUP_FAILED' }, error: failure, event: failure })
    return
  }
  await advance(world, leased, { to: { state: 'COMPLETED' }, event: {} })
}

async function listOrJudge(
  world: JobWorld,
  leased: LeasedJob,
  { phase, ...request }: StepRequest & { readonly phase: 'FIND' | 'VERIFY' },
): Promise<void> {
  const { id } = leased.job
  const unlisted = (await world.jobs.mappers(id)).filter(({ listedAt }) => listedAt === null)
  if (unlisted.length === 0) return await (phase === 'FIND' ? judgeSearch : judgeErasure)(world, leased, request)
  try {
    const searches = await request.searchesOf(id)
    await world.jobs.mergeMatches(id, leased, searches.merged)
    for (const { mapper } of unlisted) {
      const search = searches.mappers.get(mapper.name)!
      const { signal } = request
      const isOurs = await listObjects(world.jobs, leased, {
        search,
        phase,
        ...(signal === undefined ? {} : { signal }),
      })
      if (!isOurs) return
    }
  } catch (error) {
    const known = asLetheError(error, request.signal)
    if (known.code === 'interrupted' || known.code.startsWith('state-')) throw known
    if (known.retryable && (await triesAgain(world, leased))) throw known
    await fail(world, leased, { phase, error: known })
  }
}

/** How often a listing may fail by something that may pass, each time after twice as long: two minutes in all. */
const maxListings = 8
const firstDelayMs = 1000

/** False where it was tried often enough. */
async function triesAgain({ jobs }: JobWorld, leased: LeasedJob): Promise<boolean> {
  const { failures } = leased.job
  if (failures + 1 >= maxListings) return false
  await jobs.postponeJob(leased.job.id, leased, { delayMs: firstDelayMs * 2 ** failures })
  return true
}

/** A scope that cannot be listed is not known: nothing was erased yet, or nobody can say that nothing is left. */
async function fail(
  world: JobWorld,
  leased: LeasedJob,
  {
    phase,
    error,
  }: { readonly phase: 'FIND' | 'VERIFY'; readonly error: { readonly code: string; readonly message: string } },
): Promise<void> {
  const failure = { code: error.code, message: error.message }
  if (phase === 'FIND') {
    await advance(world, leased, { to: { state: 'FIND_FAILED' }, matches: 'release', error: failure, event: failure })
    return
  }
  await writeReceipts(world.jobs, leased.job.id, { isScopeClean: false })
  await advance(world, leased, { to: { state: 'FORGET_PARTIALLY_FAILED' }, error: failure, event: failure })
}

async function judgeSearch(world: JobWorld, leased: LeasedJob, { searchesOf }: StepRequest): Promise<void> {
  const { id, pass } = leased.job
  const findings = await world.jobs.findings(id, 'FIND', pass)
  const { columns, heard } = await world.jobs.names(id, 'FIND', pass)
  const { mappers } = await searchesOf(id)
  const failure = judgeFind(
    findings.map((each) => {
      const { mapper, predicate } = mappers.get(each.mapper)!
      return {
        mapper,
        findings: each,
        columns: columns.get(each.mapper) ?? new Set(),
        asked: new Set(predicate.columns.keys()),
        heard: heard.get(each.mapper) ?? new Set(),
      }
    }),
  )
  if (failure !== undefined) return await fail(world, leased, { phase: 'FIND', error: failure })
  await advance(world, leased, { to: running('PLAN'), event: await sumsOf(world, leased, 'FIND') })
}

async function plan(world: JobWorld, leased: LeasedJob, { signal }: StepRequest): Promise<void> {
  const { job } = leased
  const { options } = job
  const made = await planOf(world, leased, signal === undefined ? {} : { signal })
  const scopeHash = await hashOf(world, job.id, made)
  const decided = { plan: { plan: made, scopeHash }, event: { scope: scopeHash, matches: made.matches } }
  if (options.dryRun) {
    await advance(world, leased, { to: { state: 'PLANNED' }, matches: 'release', ...decided })
  } else if (isEmpty(made) || (options.approval === 'none' && made.fuses.length === 0)) {
    await advance(world, leased, { to: running('FORGET'), make: 'forget', ...decided })
  } else {
    const { approvalHours } = options
    await advance(world, leased, { to: { state: 'AWAITING_APPROVAL' }, approvalHours, ...decided })
  }
}

function isEmpty({ mappers }: Plan): boolean {
  return mappers.every(({ matched }) => matched.objects + matched.oldVersions === 0)
}

/** What a match has to hit before its share is looked at. */
const minFuseHit = 1000

async function planOf(world: JobWorld, { job }: LeasedJob, options: CallOptions): Promise<Plan> {
  const { jobs } = world
  const findings = await jobs.findings(job.id, 'FIND', job.pass)
  const rowsSeen = findings.reduce((sum, each) => sum + each.rowsSeen, 0)
  const large = await jobs.largeHits(job.id, { minHit: minFuseHit })
  const mappers = await jobs.mappers(job.id)
  const keeping = mappers.filter(({ mapper }) => mapper.oldVersions !== 'delete')
  return makePlan({
    findings,
    unsearched: await jobs.unsearched(job.id, 'FIND', job.pass),
    ...(await askStores(world, { mappers, findings }, options)),
    matches: await jobs.matchCounts(job.id),
    fuses: [...blownFuses(large.rows, rowsSeen, 'rows'), ...blownFuses(large.objects, large.objectsNamed, 'objects')],
    warnings: await jobs.warnings(job.id, 'FIND', job.pass),
    keepingMappers: keeping.map(({ mapper }) => mapper.name),
    slack: job.options.slack,
    seconds: job.startedAt === null ? 0 : (Date.now() - job.startedAt.getTime()) / 1000,
  })
}

/** What the stores take for it, and what they do by themselves where something is changed. */
async function askStores(
  world: JobWorld,
  { mappers, findings }: { readonly mappers: readonly JobMapper[]; readonly findings: Plan['mappers'] },
  options: CallOptions,
): Promise<Pick<PlanInput, 'prices' | 'storeEffects'>> {
  const busy = new Set(findings.filter(({ matched }) => matched.objects > 0).map(({ mapper }) => mapper))
  const prices = new Map<string, Prices>()
  const effects = new Map<string, SideEffect>()
  for (const { mapper } of mappers) {
    const scope = await world.openScope(mapper)
    if (scope.prices !== undefined) prices.set(mapper.name, scope.prices)
    if (!busy.has(mapper.name)) continue
    for (const effect of (await scope.store.sideEffects?.([scope.target], options)) ?? []) {
      effects.set(JSON.stringify(effect), effect)
    }
  }
  return { prices, storeEffects: [...effects.values()] }
}

async function hashOf({ jobs }: JobWorld, jobId: string, { bounds }: Pick<Plan, 'bounds'>): Promise<string> {
  const mappers = (await jobs.mappers(jobId)).map(({ mapper, version }) => ({ mapper, version }))
  const scope = scopeOf({ matches: await jobs.matchesDigest(jobId), mappers, bounds })
  return createHash('sha256').update(canonicalJson(scope)).digest('hex')
}

/** More was met than was agreed to: the job goes back to its approvers, with a plan that has room for it. */
export async function askForMore(world: JobWorld, jobId: string, more: Bound): Promise<void> {
  const job = await world.jobs.get(jobId)
  if (job?.plan == null || job.scopeHash === null) throw new LetheError('internal', 'a job without a plan forgets')
  const wider = withDrift(job.plan, { more, slack: job.options.slack })
  const scopeHash = await hashOf(world, jobId, wider)
  await world.jobs.askAgain(jobId, { fromHash: job.scopeHash, plan: wider, scopeHash })
}

/** Found again over each mapper's whole scope, not only in what was rewritten: anything that is left is told. */
async function judgeErasure(world: JobWorld, leased: LeasedJob, _: StepRequest): Promise<void> {
  const { id, pass } = leased.job
  const forgotten = await world.jobs.findings(id, 'FORGET', pass)
  const verified = await world.jobs.findings(id, 'VERIFY', pass)
  const sum = <Item>(items: readonly Item[], of: (item: Item) => number) =>
    items.reduce((all, item) => all + of(item), 0)
  const progress = (await world.jobs.progress(id)).find((each) => each.phase === 'FORGET' && each.pass === pass)
  const { state, failure } = judgeForget({
    tasks: progress?.all ?? 0,
    refused: sum(forgotten, ({ refused }) => refused),
    failed: sum(forgotten, ({ failed }) => failed),
    left: sum(verified, ({ matched }) => matched.objects + matched.oldVersions),
    unsearched: sum(verified, ({ refused, failed }) => refused + failed),
  })
  const isDone = state === 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS'
  await writeReceipts(world.jobs, id, { isScopeClean: isDone })
  await advance(world, leased, {
    to: { state },
    ...(isDone ? { matches: 'finish' as const } : {}),
    ...(failure === undefined ? {} : { error: failure }),
    event: { ...(await sumsOf(world, leased, 'VERIFY')), ...failure },
  })
}

/** What the events of a job tell of a phase. */
async function sumsOf({ jobs }: JobWorld, { job }: LeasedJob, phase: 'FIND' | 'FORGET' | 'VERIFY') {
  const mappers = await jobs.findings(job.id, phase, job.pass)
  return { pass: job.pass, mappers }
}
