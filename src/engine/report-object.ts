import type { ObjectReport, ObjectStatus } from '../domain/report.ts'
import type { EraseSummary } from '../formats/edit.ts'
import type { Found } from '../formats/format.ts'
import type { Finding, Unsearched } from './find-object.ts'
import type { Named } from './named-object.ts'
import type { Searched } from './search-version.ts'

/** The report of an object that was searched or could not be; nothing was changed. */
export function reportFinding(finding: Finding): ObjectReport {
  if (finding.kind === 'unsearched') return reportUnsearched(finding)
  if (finding.kind === 'named') return reportNamed(finding)
  const { object, found, sizeBytes, readBytes } = finding
  const matched = found.rows.size
  return {
    ...nameOf(object),
    status: matched > 0 ? 'matched' : 'unchanged',
    reason: null,
    rows: { seen: found.rowsSeen, matched, kept: found.rowsSeen - matched },
    bytes: {
      size: sizeBytes,
      read: readBytes,
      kept: matched > 0 ? found.estimate.keptBytes : sizeBytes,
      inserted: matched > 0 ? found.estimate.insertedBytes : 0,
    },
    warnings: found.warnings,
  }
}

/** The report of an object of which enough was told. */
function reportNamed({ object, isWhole, sidecar, warnings }: Named): ObjectReport {
  const bytes = { size: object.size, read: 0, kept: isWhole ? 0 : object.size, inserted: 0 }
  if (!isWhole) return { ...nameOf(object), status: 'unchanged', reason: null, bytes, warnings }
  const beside = sidecar === undefined ? {} : { sidecar: sidecar.uri }
  return { ...nameOf(object), status: 'matched', reason: null, action: 'remove', ...beside, bytes, warnings }
}

/** The report of an object that was refused or failed. */
export function reportUnsearched({ object, error }: Unsearched): ObjectReport {
  return {
    ...nameOf(object),
    status: error.outcome === 'refused' ? 'refused' : 'failed',
    reason: { code: error.code, message: error.message },
    warnings: [],
  }
}

/** The report of an object whose edit was made. */
export function reportErased(
  { object, readBytes }: Searched,
  {
    status,
    found,
    summary,
    source,
  }: {
    readonly status: ObjectStatus
    readonly found: Found
    readonly summary: EraseSummary
    readonly source: { readonly size: number; readonly bytesRead: number }
  },
): ObjectReport {
  return {
    ...nameOf(object),
    status,
    reason: null,
    rows: { seen: summary.rowsBefore, matched: summary.rowsErased, kept: summary.rowsBefore - summary.rowsErased },
    bytes: {
      size: source.size,
      read: readBytes + source.bytesRead,
      kept: summary.keptBytes,
      inserted: summary.insertedBytes,
    },
    warnings: found.warnings,
  }
}

function nameOf({ uri, versionId }: Unsearched['object']): Pick<ObjectReport, 'uri' | 'versionId'> {
  return versionId === undefined ? { uri } : { uri, versionId }
}
