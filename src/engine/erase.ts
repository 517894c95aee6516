import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import { type EraseLake, type EraseObjectRequest, eraseObject } from './erase-object.ts'
import type { FindResult } from './find.ts'
import type { Finding, Unsearched } from './find-object.ts'
import { mapConcurrently } from './map-concurrently.ts'
import type { Named } from './named-object.ts'
import { eraseOldVersion, reportHeldBack, reportUnlessGone } from './purge-versions.ts'
import { removeObject } from './remove-object.ts'
import { reportFinding } from './report-object.ts'
import type { Searched } from './search-version.ts'

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
 * Carries out what was found: leaves the matching rows out of every object that has some, removes those that are a
 * person's as a whole, touches no other.
 *
 * Calling it again is safe: an object without matching rows is unchanged.
 */
export async function erase(
  lake: EraseLake,
  { found, concurrency = 2, onReport, ...request }: EraseRequest,
): Promise<EraseResult> {
  let interrupted = found.interrupted
  const reports: ObjectReport[] = []
  const failedKeys = new Set<string>()
  const erasedKeys = new Set<string>()

  const eraseFinding = async (finding: Searched | Named): Promise<ObjectReport> => {
    const { key, versionId } = finding.object
    const owner = finding.kind === 'named' ? finding.owner : undefined
    // A sidecar may be all that tells whose the rest of its object is.
    if (!request.dryRun && owner !== undefined && failedKeys.has(owner)) return reportHeldBack(reportFinding(finding))
    if (versionId === undefined) {
      if (finding.kind === 'named') return await removeObject(lake, finding, request)
      return await eraseObject(lake, finding, request)
    }
    const report = reportFinding(finding)
    if (request.dryRun || request.oldVersions === 'keep') return report
    if (failedKeys.has(key)) return reportHeldBack(report)
    const options = request.signal === undefined ? {} : { signal: request.signal }
    const confirm = finding.kind === 'named' ? { confirm: () => finding.confirm() } : {}
    return await eraseOldVersion(lake.store, { key, versionId, report, ...confirm, ...options })
  }

  const reportUnsearched = async (finding: Unsearched): Promise<ObjectReport> => {
    const { key, versionId } = finding.object
    const report = reportFinding(finding)
    if (versionId === undefined || !erasedKeys.has(key)) return report
    return await reportUnlessGone(lake.store, { key, versionId, report })
  }

  const carryOut = async (finding: Finding): Promise<ObjectReport> => {
    if (!interrupted && finding.kind === 'unsearched') return await reportUnsearched(finding)
    if (interrupted || finding.kind === 'unsearched' || !isMatched(finding)) return reportFinding(finding)
    try {
      return await eraseFinding(finding)
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'interrupted')) throw error
      interrupted = true
      return reportFinding(finding)
    }
  }

  for (const turn of [0, 1, 2]) {
    const indexes = [...found.findings.keys()].filter((index) => turnOf(found.findings[index]!) === turn)
    const done = mapConcurrently(iterate(indexes), concurrency, async (index) => {
      const report = await carryOut(found.findings[index]!)
      return { index, report }
    })
    for await (const { index, report } of done) {
      reports[index] = report
      if (report.reason?.code === 'interrupted') interrupted = true
      if (report.status === 'refused' || report.status === 'failed') failedKeys.add(found.findings[index]!.object.key)
      if (report.status === 'erased') erasedKeys.add(found.findings[index]!.object.key)
      onReport?.(report)
    }
  }
  return { reports, interrupted }
}

function isMatched(finding: Searched | Named): boolean {
  return finding.kind === 'named' ? finding.isWhole : finding.found.rows.size > 0
}

/** Old versions go only where the current version is clean, and a sidecar by itself after all that it may tell of. */
function turnOf(finding: Finding): 0 | 1 | 2 {
  if (finding.kind === 'named' && finding.owner !== undefined) return 2
  return finding.object.versionId === undefined ? 0 : 1
}

async function* iterate<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}
