import { type ObjectReport, type Totals, totalsOf } from '../domain/report.ts'
import type { Transfers } from '../domain/transfers.ts'
import { counted, grouped, printable, sized } from './printable.ts'
import type { RunReport } from './report-document.ts'
import { warningWords } from './warning-words.ts'

/** Above so many objects those that are unchanged, and have nothing to say, are only counted. */
const maxUnchangedListed = 40

/** The report for people: an object a line, what has to be said of them, the sums. */
export function reportText(run: RunReport): string {
  const listed = run.reports.filter((report) => isListed(report, run.reports.length))
  const parts = [
    ...tableLines(listed),
    ...run.reports.flatMap(remarksOf),
    ...sumsOf(totalsOf(run.reports, run)),
    ...rewriteSums(run.reports),
    ...transferSums(run.transfers),
    ...(run.interrupted ? ['interrupted: each object is as it was, or done; run it again to go on'] : []),
  ]
  return parts.map((line) => `${line}\n`).join('')
}

function isListed({ status, warnings }: ObjectReport, objects: number): boolean {
  return objects <= maxUnchangedListed || status !== 'unchanged' || warnings.length > 0
}

/** Columns aligned to the right, and last the name, whose width is nobody's business, as in `ls -l`. */
function tableLines(reports: readonly ObjectReport[]): string[] {
  if (reports.length === 0) return []
  const rows = [['status', 'rows seen', 'matched', 'to rewrite', 'object'], ...reports.map(cellsOf)]
  const widths = [0, 1, 2, 3].map((column) => rows.reduce((width, row) => Math.max(width, row[column]!.length), 0))
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
}

function cellsOf(report: ObjectReport): string[] {
  const { uri, rows, bytes } = report
  const { copied, inserted } = rewrittenBytes(report)
  return [
    statusWords(report),
    rows === undefined ? '' : grouped(rows.seen),
    rows === undefined ? (report.action === 'remove' ? 'whole' : '') : grouped(rows.matched),
    bytes === undefined ? '' : sized(copied + inserted),
    printable(uri),
  ]
}

/** A name that still tells is not called erased: only its rows are gone. */
function statusWords({ status, warnings }: ObjectReport): string {
  const nameTells = warnings.some(({ code }) => code === 'name-still-tells')
  return status === 'erased' && nameTells ? 'rows gone' : status
}

/** A replaced object is written as a whole: what it keeps is copied, the rest is new. */
function rewrittenBytes({ status, bytes }: ObjectReport): { copied: number; inserted: number } {
  if (bytes === undefined || status === 'unchanged') return { copied: 0, inserted: 0 }
  return { copied: bytes.kept, inserted: bytes.inserted }
}

function remarksOf({ uri, reason, sidecar, warnings }: ObjectReport): string[] {
  const name = printable(uri)
  const remarks = [
    ...(sidecar === undefined ? [] : [`${name}: with its sidecar ${printable(sidecar)}`]),
    ...warnings.map((warning) => `${name}: warning: ${warningWords(warning)}`),
  ]
  return reason === null ? remarks : [`${name}: ${reason.code}: ${printable(reason.message)}`, ...remarks]
}

function sumsOf({ objects, matched, erased, unchanged, refused, failed, skipped, rows }: Totals): string[] {
  const statuses = Object.entries({ matched, erased, unchanged, refused, failed })
    .filter(([, count]) => count > 0)
    .map(([status, count]) => ` ${grouped(count)} ${status}`)
  const names = skipped === 0 ? '' : `; ${counted(skipped, 'name')} beginning with . or _ skipped`
  return [
    `${counted(objects, 'object')}:${statuses.join(',')}${names}`,
    `${counted(rows.seen, 'row')}: ${grouped(rows.matched)} matched, ${grouped(rows.kept)} kept`,
  ]
}

function rewriteSums(reports: readonly ObjectReport[]): string[] {
  const isDone = reports.some(({ status }) => status === 'erased')
  const rewritten = reports.filter(({ status }) => !isDone || status === 'erased').map(rewrittenBytes)
  const copied = rewritten.reduce((sum, bytes) => sum + bytes.copied, 0)
  const inserted = rewritten.reduce((sum, bytes) => sum + bytes.inserted, 0)
  if (copied + inserted === 0) return []
  const sum = `${sized(copied + inserted)} ${isDone ? 'rewritten' : 'to rewrite'}`
  return [`${sum}: ${sized(copied)} copied as they are, ${sized(inserted)} new`]
}

function transferSums(transfers: Transfers | undefined): string[] {
  if (transfers === undefined) return []
  const { requests, downloaded, uploaded, copied } = transfers
  const count = Object.values(requests).reduce((sum, each) => sum + each, 0)
  const moved = `${sized(downloaded)} downloaded, ${sized(uploaded)} uploaded, ${sized(copied)} copied by the store`
  return [`${counted(count, 'request')}: ${moved}`]
}
