import { LetheError } from '../../domain/error.ts'
import type { MapperFindings, Plan, SideEffect } from '../../domain/plan.ts'
import type { WarningCode } from '../../domain/warning.ts'
import type { Job, NotFound, RequestFindings } from '../../ports/job-store.ts'
import type { ConfiguredOptions } from '../configured/configured-options.ts'
import { withWorkspace } from '../configured/with-workspace.ts'
import { counted, grouped, printable, sized } from '../printable.ts'
import { sideEffectWords as storeEffectWords } from '../side-effect-words.ts'
import { tableLines } from '../table.ts'
import { warningWords } from '../warning-words.ts'
import { jobOf, requireDetails } from './job-of.ts'
import { foundWords } from './job-text.ts'

/** So many matches that were not found have a line for people; the document has all. */
const maxListed = 1000

/** `lethe jobs plan`: yields the exit status. */
export async function runJobsPlan(start: string, options: ConfiguredOptions): Promise<number> {
  await withWorkspace(options, async ({ jobs }) => {
    const job = await jobOf({ jobs }, start)
    requireDetails(job)
    if (job.plan === null) throw new LetheError('wrong-state', 'the job has no plan yet; see lethe jobs show')
    const requests = await jobs.requests(job.id)
    const limit = options.json === true ? 2 ** 31 - 1 : maxListed
    const notFound = await jobs.notFound(job.id, { limit })
    const about = { job, plan: job.plan, requests, notFound }
    process.stdout.write(options.json === true ? planDocument(about) : planText(about))
  })
  return 0
}

interface About {
  readonly job: Job
  readonly plan: Plan
  readonly requests: readonly RequestFindings[]
  readonly notFound: readonly NotFound[]
}

/** Positions count from 1 for people and programs alike, in the order of the queue. */
function planDocument({ job, plan, requests, notFound }: About): string {
  const { id, state, scopeHash, options } = job
  const lines = notFound.map(({ position, ...match }) => ({ position: position + 1, ...match }))
  const fuses = plan.fuses.map(({ position, ...fuse }) => ({ match: position + 1, ...fuse }))
  const document = {
    job: id,
    state,
    dryRun: options.dryRun,
    scope: scopeHash,
    ...plan,
    fuses,
    requests,
    notFound: lines,
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

export function planText({ job, plan, requests, notFound }: About): string {
  const lines = [
    `plan of job ${job.id}${job.options.dryRun ? ', a dry run' : ''}`,
    foundWords(plan.matches),
    '',
    ...tableLines(mapperHeader, plan.mappers.map(mapperCells)),
    '',
    ...tableLines(requestHeader, requests.flatMap(requestRows)),
    '',
    ...plan.unsearched.map(unsearchedLine),
    ...notFound.map(notFoundLine),
    ...(plan.matches.notFound > notFound.length ? ['... and more; --json has all'] : []),
    ...fuseLines(plan),
    ...Object.entries(plan.warnings).map(
      ([code, count]) => `warning: ${warningWords({ code: code as WarningCode, count })}`,
    ),
    ...plan.drifts.map(
      ({ agreed, more }) =>
        `drift: ${agreed.mapper} was agreed up to ${boundWords(agreed)}; an object would take ${boundWords(more)} more`,
    ),
    ...plan.sideEffects.map((effect) => sideEffectWords[effect]),
    ...plan.storeEffects.map(storeEffectWords),
    ...estimateLines(plan),
    `scope ${job.scopeHash ?? ''}`,
    ...plan.bounds.map((bound) => `  ${bound.mapper}: at most ${boundWords(bound)}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const mapperHeader = [
  'data mapper',
  'objects',
  'rows seen',
  'to change',
  'rows',
  'old versions',
  'to write',
  'refused',
  'failed',
]

function mapperCells({ mapper, objects, rowsSeen, matched, refused, failed }: MapperFindings): string[] {
  return [
    mapper,
    grouped(objects),
    grouped(rowsSeen),
    grouped(matched.objects),
    grouped(matched.rows),
    grouped(matched.oldVersions),
    sized(matched.keptBytes + matched.insertedBytes),
    grouped(refused),
    grouped(failed),
  ]
}

const requestHeader = [
  'request',
  'matches',
  'not found',
  'rows',
  'objects',
  'old versions',
  'read',
  'to write',
  'data mapper',
]

/** A line for a request, and one for each data mapper in which something of it was found. */
function requestRows({ reference, matches, notFound, rows, mappers }: RequestFindings): string[][] {
  const name = printable(reference ?? '(none)')
  return [
    [name, ...[matches, notFound, rows].map(grouped), '', '', '', '', ''],
    ...mappers.map((each) => [
      '',
      '',
      '',
      ...[each.rows, each.objects, each.oldVersions].map(grouped),
      sized(each.bytesRead),
      sized(each.bytesToWrite),
      each.mapper,
    ]),
  ]
}

function notFoundLine({ position, match, reference }: NotFound): string {
  const request = reference === null ? '' : ` of ${printable(reference)}`
  return `match ${grouped(position + 1)}${request} (id ${match} in the queue): not found`
}

function unsearchedLine({ mapper, code, message, objects }: Plan['unsearched'][number]): string {
  const example = objects === 1 ? '' : 'one: '
  return `cannot be erased now: ${counted(objects, 'object')} of ${mapper}: ${code}: ${example}${printable(message)}`
}

function fuseLines({ fuses }: Plan): string[] {
  const lines = fuses.map(
    ({ position, of, hit, seen }) =>
      `warning: match ${grouped(position + 1)} hits ${grouped(hit)} of ${grouped(seen)} ${of}: is that a person?`,
  )
  return lines.length === 0 ? [] : [...lines, 'to approve this takes --accept-fuse']
}

const sideEffectWords: Readonly<Record<SideEffect, string>> = {
  'objects-rewritten': 'objects are written anew: readers that go by their time or version read them again',
  'objects-removed': 'whole objects are removed',
  'old-versions-deleted': 'old versions of changed objects are deleted, where a store keeps them',
  'old-versions-kept': 'old versions of some objects are kept for now: the rows are still in them',
}

function estimateLines({ estimate }: Plan): string[] {
  const { seconds, bytesToRead, bytesToWrite, reads, writes, cost } = estimate
  return [
    `about ${grouped(seconds)} s for one worker; ${sized(bytesToRead)} to read, ${sized(bytesToWrite)} to write; ` +
      `at least ${grouped(reads)} reads and ${grouped(writes)} writes`,
    ...(cost === null ? [] : [`estimated cost: ${cost.amount.toFixed(cost.amount < 1 ? 4 : 2)} ${cost.currency}`]),
  ]
}

function boundWords({ objects, rows }: { readonly objects: number; readonly rows: number }): string {
  return `${grouped(objects)} objects and ${grouped(rows)} rows`
}
