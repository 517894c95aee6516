import { type ObjectReport, totalsOf } from '../domain/report.ts'
import type { SideEffect } from '../domain/side-effect.ts'
import type { Transfers } from '../domain/transfers.ts'

/** What a run came to, for its report. */
export interface RunReport {
  readonly reports: readonly ObjectReport[]
  readonly skipped: number
  readonly interrupted: boolean
  /** What was moved to and from a store over a network. */
  readonly transfers?: Transfers | undefined
  /** What the store does by itself when objects are written. */
  readonly sideEffects?: readonly SideEffect[]
}

/**
 * The report as one JSON document, in pieces: an object a line, so that a million of them are never one string.
 *
 * Shape: `{ objects: ObjectReport[], totals: Totals, s3?: Transfers, sideEffects?: SideEffect[], interrupted: boolean }`.
 */
export function* reportDocument({
  reports,
  skipped,
  interrupted,
  transfers,
  sideEffects,
}: RunReport): Generator<string> {
  yield '{"objects":['
  let separator = '\n'
  for (const report of reports) {
    yield `${separator}${JSON.stringify(report)}`
    separator = ',\n'
  }
  yield `\n],\n"totals":${JSON.stringify(totalsOf(reports, { skipped }))},\n`
  if (transfers !== undefined) yield `"s3":${JSON.stringify(transfers)},\n`
  if (sideEffects !== undefined) yield `"sideEffects":${JSON.stringify(sideEffects)},\n`
  yield `"interrupted":${interrupted}}\n`
}
