import type { MapperFindings } from '../../domain/plan.ts'
import type { JobEvent } from '../../ports/job-store.ts'
import type { ConfiguredOptions } from '../configured/configured-options.ts'
import { withWorkspace } from '../configured/with-workspace.ts'
import { counted, grouped, printable, sized } from '../printable.ts'
import { tableLines } from '../table.ts'
import { jobOf } from './job-of.ts'
import { jobDocument, jobText, placeOf } from './job-text.ts'

/** `lethe jobs list`: yields the exit status. */
export async function runJobsList(options: ConfiguredOptions): Promise<number> {
  const jobs = await withWorkspace(options, (workspace) => workspace.jobs.list())
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ jobs: jobs.map((job) => jobDocument(job, [])) }, undefined, 2)}\n`)
    return 0
  }
  const rows = jobs.map((job) => [
    job.id,
    placeOf(job),
    job.createdAt.toISOString(),
    grouped(job.plan?.matches.all ?? 0),
    printable(job.requestedBy),
  ])
  const table = rows.length === 0 ? [] : tableLines(['id', 'state', 'started', 'matches', 'by'], rows)
  process.stdout.write([...table, counted(jobs.length, 'job')].map((line) => `${line}\n`).join(''))
  return 0
}

/** `lethe jobs show`: yields the exit status. */
export async function runJobsShow(start: string, options: ConfiguredOptions): Promise<number> {
  await withWorkspace(options, async (workspace) => {
    const job = await jobOf(workspace, start)
    const progress = await workspace.jobs.progress(job.id)
    const document = () => `${JSON.stringify(jobDocument(job, progress), undefined, 2)}\n`
    process.stdout.write(options.json === true ? document() : jobText(job, progress))
  })
  return 0
}

const pageEvents = 1000

/** `lethe jobs events`: yields the exit status. */
export async function runJobsEvents(start: string, options: ConfiguredOptions): Promise<number> {
  const events = await withWorkspace(options, async (workspace) => {
    const { id } = await jobOf(workspace, start)
    const all: JobEvent[] = []
    for (;;) {
      const page = await workspace.jobs.events(id, { after: all.at(-1)?.id ?? 0, limit: pageEvents })
      all.push(...page)
      if (page.length < pageEvents) return all
    }
  })
  if (options.json === true) process.stdout.write(`${JSON.stringify({ events }, undefined, 2)}\n`)
  else process.stdout.write(events.map((event) => `${lineOf(event)}\n`).join(''))
  return 0
}

function lineOf({ at, kind, detail: { mappers, ...detail } }: JobEvent): string {
  const facts = Object.entries(detail).map(([name, fact]) =>
    typeof fact === 'object' ? `${name}: ${JSON.stringify(fact)}` : `${name}: ${String(fact)}`,
  )
  const sums = Array.isArray(mappers) ? (mappers as MapperFindings[]).map(sumWords) : []
  const count = typeof mappers === 'number' ? [`mappers: ${mappers}`] : []
  return `${at.toISOString()}  ${kind.padEnd(36)}  ${printable([...facts, ...count, ...sums].join(', '))}`.trimEnd()
}

/** What a phase came to in one data mapper. */
function sumWords({ mapper, objects, matched, refused, failed, bytesRead }: MapperFindings): string {
  const { objects: changed, oldVersions, rows } = matched
  const parts = [
    `${grouped(changed + oldVersions)} of ${counted(objects, 'object')} with ${counted(rows, 'row')}`,
    ...(refused === 0 ? [] : [`${grouped(refused)} refused`]),
    ...(failed === 0 ? [] : [`${grouped(failed)} failed`]),
    `${sized(bytesRead)} read`,
  ]
  return `${mapper}: ${parts.join(' ')}`
}
