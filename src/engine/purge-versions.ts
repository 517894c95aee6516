import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { CallOptions, ObjectStore } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'

/**
 * Deals with the old versions of an object whose current version is clean, and says so in its report.
 *
 * `delete`: every version of exactly this key but the current one goes, and its delete markers, by version id; those
 * that an earlier run left behind as well. `keep`: a warning counts them, for the rows are still there.
 *
 * Receipts come before: a crash between leaves old versions, which the next run finds by what they hold.
 */
export async function purgeVersions(
  store: Pick<ObjectStore, 'oldVersions' | 'deleteVersion'>,
  key: string,
  { report, oldVersions, ...options }: CallOptions & { report: ObjectReport; oldVersions: 'delete' | 'keep' },
): Promise<ObjectReport> {
  try {
    let kept = 0
    for await (const { versionId, isMarker } of store.oldVersions(key, options)) {
      if (oldVersions === 'delete') await store.deleteVersion(key, versionId, options)
      else if (!isMarker) kept += 1
    }
    if (kept === 0) return report
    return { ...report, warnings: [...report.warnings, { code: 'old-versions-kept', count: kept }] }
  } catch (error) {
    const known = asLetheError(error, options.signal)
    if (known.code === 'interrupted') throw known
    const message = `the current version is clean, but an old one could not be deleted: ${known.message}`
    return { ...report, status: 'failed', reason: { code: known.code, message } }
  }
}

/** Deletes a version that is not current and holds rows; its report says `erased`. */
export async function eraseOldVersion(
  store: Pick<ObjectStore, 'preflight' | 'deleteVersion'>,
  { key, versionId, report, ...options }: CallOptions & { key: string; versionId: string; report: ObjectReport },
): Promise<ObjectReport> {
  try {
    await store.preflight(key, { before: 'rewrite', versionId, ...options })
    await store.deleteVersion(key, versionId, options)
    const bytes = report.bytes === undefined ? {} : { bytes: { ...report.bytes, kept: 0, inserted: 0 } }
    return { ...report, status: 'erased', ...bytes }
  } catch (error) {
    const known = asLetheError(error, options.signal)
    if (known.code === 'interrupted') throw known
    // Gone since it was found, with its key's other old versions.
    if (known.code === 'object-missing') return { ...report, status: 'erased' }
    const status = known.outcome === 'refused' ? 'refused' : 'failed'
    return { ...report, status, reason: { code: known.code, message: known.message } }
  }
}

/** An old version stays while its object's current version still holds rows: the order is law. */
export function reportHeldBack(report: ObjectReport): ObjectReport {
  const error = new LetheError('not-verified', 'stays until the current version is clean; see there')
  return { ...report, status: 'failed', reason: { code: error.code, message: error.message } }
}
