import Table from 'cli-table3'
import { type ObjectReport, type Totals, totalsOf } from '../domain/report.ts'
import { counted, grouped, printable, sized } from './printable.ts'
import type { RunReport } from './report-document.ts'
import { warningWords } from './warning-words.ts'

/** Above so many objects those that are unchanged, and have nothing to say, are only counted. */
const maxUnchangedListed = 40

/** The report for people: an object a line, what has to be said of them, the sums. */
export function reportText(run: RunReport): string {
  const totals = totalsOf(run.reports, run)
  const listed = run.reports.filter((report) => isListed(report, run.reports.length))
  const parts = [
    listed.length === 0 ? '' : `${makeTable(listed)}\n`,
    ...run.reports.flatMap(remarksOf),
    ...sumsOf(totals),
    ...rewriteSums(run.reports),
    run.interrupted ? 'interrupted: the objects above are as they were, or done; run it again to go on\n' : '',
  ]
  return parts.join('')
}

function isListed({ status, warnings }: ObjectReport, objects: number): boolean {
  return objects <= maxUnchangedListed || status !== 'unchanged' || warnings.length > 0
}

/** No lines, which are noise in a log: columns two spaces apart. */
const plainColumns = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'left-mid', 'right-mid']
    .flatMap((edge) => [edge, `${edge}-mid`, `${edge}-left`, `${edge}-right`])
    .map((name): [string, string] => [name, ''])
    .concat([
      ['middle', '  '],
      ['mid-mid', ''],
    ]),
)

function makeTable(reports: readonly ObjectReport[]): string {
  const table = new Table({
    head: ['object', 'status', 'rows seen', 'matched', 'to rewrite'],
    colAligns: ['left', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: plainColumns,
  })
  for (const report of reports) {
    const { uri, status, rows, bytes } = report
    const counts = rows === undefined ? ['', ''] : [grouped(rows.seen), grouped(rows.matched)]
    const { copied, inserted } = rewrittenBytes(report)
    table.push([printable(uri), status, ...counts, bytes === undefined ? '' : sized(copied + inserted)])
  }
  return table.toString()
}

/** A replaced object is written as a whole: what it keeps is copied, the rest is new. */
function rewrittenBytes({ status, bytes }: ObjectReport): { copied: number; inserted: number } {
  if (bytes === undefined || status === 'unchanged') return { copied: 0, inserted: 0 }
  return { copied: bytes.kept, inserted: bytes.inserted }
}

function remarksOf({ uri, reason, warnings }: ObjectReport): string[] {
  const remarks = warnings.map((warning) => `${printable(uri)}: warning: ${warningWords(warning)}\n`)
  if (reason === null) return remarks
  return [`${printable(uri)}: ${reason.code}: ${printable(reason.message)}\n`, ...remarks]
}

function sumsOf(totals: Totals): string[] {
  const { objects, matched, erased, unchanged, refused, failed, skipped, rows } = totals
  const statuses = Object.entries({ matched, erased, unchanged, refused, failed })
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${grouped(count)} ${status}`)
  const names = skipped === 0 ? '' : `; ${counted(skipped, 'name')} that begin with . or _ skipped`
  return [
    `${counted(objects, 'object')}: ${statuses.join(', ')}${names}\n`,
    `${counted(rows.seen, 'row')}: ${grouped(rows.matched)} matched, ${grouped(rows.kept)} kept\n`,
  ]
}

function rewriteSums(reports: readonly ObjectReport[]): string[] {
  let copied = 0
  let inserted = 0
  for (const report of reports) {
    const bytes = rewrittenBytes(report)
    copied += bytes.copied
    inserted += bytes.inserted
  }
  return [`${sized(copied + inserted)} to rewrite: ${sized(copied)} copied as they are, ${sized(inserted)} new\n`]
}
