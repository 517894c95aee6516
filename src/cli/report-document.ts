import { type ObjectReport, totalsOf } from '../domain/report.ts'

/** What a run came to, for its report. */
export interface RunReport {
  readonly reports: readonly ObjectReport[]
  readonly skipped: number
  readonly interrupted: boolean
}

/**
 * The report as one JSON document, in pieces: an object a line, so that a million of them are never one string.
 *
 * Shape: `{ objects: ObjectReport[], totals: Totals, interrupted: boolean }`.
 */
export function* reportDocument({ reports, skipped, interrupted }: RunReport): Generator<string> {
  yield '{"objects":['
  let separator = '\n'
  for (const report of reports) {
    yield `${separator}${JSON.stringify(report)}`
    separator = ',\n'
  }
  yield `\n],\n"totals":${JSON.stringify(totalsOf(reports, { skipped }))},\n"interrupted":${interrupted}}\n`
}
