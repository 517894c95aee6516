import type { ErrorCode } from './error.ts'
import type { Warning } from './warning.ts'

/**
 * - `matched`: has rows of the people looked for (find and dry run); nothing was changed.
 * - `erased`: these rows are gone.
 * - `unchanged`: was searched and has none.
 * - `refused`: damaged, unsupported or unsafe; nothing was touched.
 * - `failed`: could not be read or written.
 */
export type ObjectStatus = 'matched' | 'erased' | 'unchanged' | 'refused' | 'failed'

export interface RowCounts {
  readonly seen: number
  readonly matched: number
  /** `seen - matched` */
  readonly kept: number
}

export interface ByteCounts {
  /** Size of the object before. */
  readonly size: number
  readonly read: number
  readonly kept: number
  /** `kept + inserted` is the size afterwards. */
  readonly inserted: number
}

/** What became of one object in a run. `rows` and `bytes` are absent where it was not read. */
export interface ObjectReport {
  readonly uri: string
  /** Of a version that is not the object's current one. */
  readonly versionId?: string
  readonly status: ObjectStatus
  readonly reason: Reason | null
  /** The object goes as a whole, because of what is said of it. It is not read, so that its rows are not known. */
  readonly action?: 'remove'
  /** The file of metadata beside the object that goes with it. */
  readonly sidecar?: string
  readonly rows?: RowCounts
  readonly bytes?: ByteCounts
  readonly warnings: readonly Warning[]
}

export interface Reason {
  readonly code: ErrorCode
  readonly message: string
}

export interface Totals extends Readonly<Record<ObjectStatus, number>> {
  readonly objects: number
  readonly skipped: number
  readonly rows: RowCounts
  readonly bytes: ByteCounts
}

/** Sums the reports of a run. */
export function totalsOf(reports: readonly ObjectReport[], { skipped }: { readonly skipped: number }): Totals {
  const rows = { seen: 0, matched: 0, kept: 0 }
  const bytes = { size: 0, read: 0, kept: 0, inserted: 0 }
  const statuses = { matched: 0, erased: 0, unchanged: 0, refused: 0, failed: 0 }
  for (const report of reports) {
    statuses[report.status] += 1
    addInto(rows, report.rows)
    addInto(bytes, report.bytes)
  }
  return { objects: reports.length, ...statuses, skipped, rows, bytes }
}

function addInto<Counts extends Record<string, number>>(sums: Counts, counts: Readonly<Counts> | undefined): void {
  for (const name of Object.keys(counts ?? {}) as (keyof Counts)[]) {
    sums[name] = ((sums[name] ?? 0) + counts![name]!) as Counts[keyof Counts]
  }
}
