import { LetheError } from '../domain/error.ts'
import type { SideEffect } from '../domain/side-effect.ts'
import { erase } from '../engine/erase.ts'
import { reportFinding } from '../engine/report-object.ts'
import type { EraseArguments } from './command-line.ts'
import { exitStatusOfRun } from './exit-status.ts'
import { counted } from './printable.ts'
import { startProgress } from './progress.ts'
import { openQuestion, type Question } from './question.ts'
import { peopleReport, printReport } from './report.ts'
import type { RunReport } from './report-document.ts'
import { type SearchedTargets, searchTargets } from './search-targets.ts'

interface Options {
  readonly signal: AbortSignal
}

/**
 * `lethe erase`: yields the exit status.
 *
 * Whether there is someone to ask is settled first: a run that could not be confirmed must not read a whole lake before
 * it says so.
 */
export async function runErase(request: EraseArguments, options: Options): Promise<number> {
  if (request.dryRun || request.yes) return await eraseFound(request, await searchForPlan(request, options), options)
  const question = openQuestion({ standardInputIsTaken: request.matches.file === '-' })
  try {
    const searched = await searchForPlan(request, options)
    const answer = await confirm(question, searched, options)
    if (answer === 'yes') return await eraseFound(request, searched, options)
    printReport(planOf(searched, { interrupted: answer === 'interrupted' }), searched, request)
    if (answer === 'no') throw new LetheError('declined', 'not confirmed; nothing was changed')
    return exitStatusOfRun(planOf(searched, { interrupted: true }))
  } finally {
    question.close()
  }
}

/** What was found, and what the store will do by itself: a plan tells both. */
interface Planned extends SearchedTargets {
  readonly sideEffects?: readonly SideEffect[]
}

async function searchForPlan(request: EraseArguments, options: Options): Promise<Planned> {
  const searched = await searchTargets(request, options)
  const { found, lake } = searched
  const isNothing = !found.findings.some((finding) => reportFinding(finding).status === 'matched')
  if (found.interrupted || isNothing || lake.store.sideEffects === undefined) return searched
  try {
    return { ...searched, sideEffects: await lake.store.sideEffects(request.targets, options) }
  } catch (error) {
    if (!options.signal.aborted) throw error
    return { ...searched, found: { ...found, interrupted: true } }
  }
}

async function confirm(
  question: Question,
  searched: Planned,
  { signal }: Options,
): Promise<'yes' | 'no' | 'interrupted'> {
  if (searched.found.interrupted) return 'interrupted'
  const plan = planOf(searched, { interrupted: false })
  const objects = plan.reports.filter(({ status }) => status === 'matched')
  // Nothing to erase is nothing to ask: the report says what was searched.
  if (objects.length === 0) return 'yes'
  const rows = objects.reduce((sum, report) => sum + (report.rows?.matched ?? 0), 0)
  question.show(peopleReport(plan, searched))
  const whole = objects.filter(({ action }) => action === 'remove').length
  const removal = `remove ${counted(whole, 'whole object')}`
  const erasure = `erase ${counted(rows, 'row')} from ${counted(objects.length - whole, 'object')}`
  const parts = [...(whole < objects.length ? [erasure] : []), ...(whole > 0 ? [removal] : [])]
  const text = `${parts.join(' and ').replace(/^./, (letter) => letter.toUpperCase())}?`
  const isYes = await question.ask(text, { signal })
  if (signal.aborted) return 'interrupted'
  return isYes ? 'yes' : 'no'
}

function planOf(searched: Planned, { interrupted }: { readonly interrupted: boolean }): RunReport {
  const { found } = searched
  return { reports: found.findings.map(reportFinding), skipped: found.skipped, interrupted, ...effectsOf(searched) }
}

function effectsOf({ sideEffects }: Planned): Pick<RunReport, 'sideEffects'> {
  return sideEffects === undefined ? {} : { sideEffects }
}

async function eraseFound(request: EraseArguments, searched: Planned, { signal }: Options): Promise<number> {
  const { lake, found } = searched
  const { empty, oldVersions, dryRun, concurrency } = request
  const progress = startProgress({ verb: dryRun ? 'verified' : 'erased from', objects: found.findings.length })
  const { reports, interrupted } = await erase(lake, {
    found,
    empty,
    oldVersions,
    dryRun,
    ...(concurrency === undefined ? {} : { concurrency }),
    signal,
    onReport: () => progress.addObject(),
  }).finally(() => progress.end())
  const run = { reports, skipped: found.skipped, interrupted, ...effectsOf(searched) }
  printReport(run, searched, request)
  return exitStatusOfRun(run)
}
