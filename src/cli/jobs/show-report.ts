import type { ChainedReceipt } from '../../domain/receipt.ts'
import type { JobStore } from '../../ports/job-store.ts'
import { withWorkspace } from '../configured/with-workspace.ts'
import { grouped, printable } from '../printable.ts'
import { tableLines } from '../table.ts'
import { jobOf } from './job-of.ts'
import { goneWords, type JobReport } from './job-report.ts'
import { foundWords, jobDocument } from './job-text.ts'
import type { JobsReportOptions } from './jobs-options.ts'
import { reportHtml } from './report-html.ts'

/** `lethe jobs report`: yields the exit status. */
export async function runJobsReport(start: string, options: JobsReportOptions): Promise<number> {
  const report = await withWorkspace(options, async (workspace): Promise<JobReport> => {
    const job = await jobOf(workspace, start)
    const { jobs } = workspace
    return { job, requests: await jobs.requests(job.id), receipts: await allReceipts(jobs, job.id) }
  })
  if (options.json === true) process.stdout.write(`${JSON.stringify(documentOf(report), undefined, 2)}\n`)
  else process.stdout.write(options.html === true ? reportHtml(report) : textOf(report))
  return 0
}

const pageReceipts = 1000

async function allReceipts(jobs: Pick<JobStore, 'receipts'>, id: string): Promise<readonly ChainedReceipt[]> {
  const all: ChainedReceipt[] = []
  for (;;) {
    const page = await jobs.receipts(id, { after: all.at(-1)?.position ?? -1, limit: pageReceipts })
    all.push(...page)
    if (page.length < pageReceipts) return all
  }
}

function documentOf({ job, requests, receipts }: JobReport) {
  return { ...jobDocument(job, []), requests, receipts }
}

function textOf({ job, requests, receipts }: JobReport): string {
  const lines = [
    `job ${job.id}: ${job.state}`,
    ...(job.plan === null ? [] : [foundWords(job.plan.matches)]),
    ...tableLines(
      ['request', 'matches', 'not found', 'rows found'],
      requests.map(({ reference, matches, notFound, rows }) => [
        printable(reference ?? '(none)'),
        ...[matches, notFound, rows].map(grouped),
      ]),
    ),
    '',
    ...tableLines(
      ['outcome', 'rows erased', 'erased', 'physically gone', 'object'],
      receipts.map(({ body }) => [
        body.outcome,
        grouped(body.rows?.erased ?? 0),
        body.erasedAt ?? '',
        goneWords(body),
        printable(body.uri),
      ]),
    ),
    `${grouped(receipts.length)} receipts, the last with hash ${receipts.at(-1)?.hash ?? 'none'}`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}
