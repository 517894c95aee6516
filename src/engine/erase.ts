import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type EraseObjectRequest, eraseObject } from './erase-object.ts'
import type { FindResult } from './find.ts'
import type { Finding } from './find-object.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { reportFinding } from './report-object.ts'

export interface EraseRequest extends EraseObjectRequest {
  /** What was found, and with it the plan that was agreed to. */
  readonly found: FindResult
  /** How many objects are worked on at once. Default: 2. */
  readonly concurrency?: number
  readonly onReport?: (report: ObjectReport) => void
}

export interface EraseResult {
  /** One for each finding, in the same order. After an interrupt objects that were not reached are as they were found. */
  readonly reports: readonly ObjectReport[]
  readonly interrupted: boolean
}

/**
 * Carries out what was found: leaves the matching rows out of every object that has some, touches no other.
 *
 * Calling it again is safe: an object without matching rows is unchanged.
 */
export async function erase(
  store: ObjectStore,
  { found, concurrency = 2, onReport, ...request }: EraseRequest,
): Promise<EraseResult> {
  let interrupted = found.interrupted
  const reports: ObjectReport[] = []
  const carryOut = async (finding: Finding): Promise<ObjectReport> => {
    if (interrupted || finding.kind === 'unsearched' || finding.found.rows.size === 0) return reportFinding(finding)
    try {
      return await eraseObject(store, finding, request)
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'interrupted')) throw error
      interrupted = true
      return reportFinding(finding)
    }
  }
  for await (const report of mapConcurrently(iterate(found.findings), concurrency, carryOut)) {
    reports.push(report)
    onReport?.(report)
  }
  return { reports, interrupted }
}

async function* iterate<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}
