import { LetheError } from '../../../domain/error.ts'
import { Ranges } from '../../../domain/ranges.ts'
import type { Warning } from '../../../domain/warning.ts'
import type { Found, Search } from '../../format.ts'
import type { RangeSource } from '../../range-source.ts'
import { type ParquetFile, type RowGroupInfo, readFooter } from '../footer.ts'
import { findInRowGroup } from './find-row-group.ts'
import { HitCounts } from './hit-counts.ts'
import { planSearch } from './plan-search.ts'

/** Rows of a row group are 32-bit numbers here; writers make row groups of a few million. */
const maxRowsOfGroup = 2 ** 32 - 1

/**
 * Finds the matching rows of a Parquet file. Reads the footer, and of the key columns' chunks what statistics, bloom
 * filters, page indexes and dictionaries do not exclude.
 *
 * @throws LetheError of outcome `refused`
 */
export async function find(source: RangeSource, search: Search): Promise<Found> {
  const { signal, onProgress } = search
  const options = signal === undefined ? {} : { signal }
  const file = await readFooter(source, options)
  const plan = planSearch(file, search)
  const rows = new Ranges()
  const hits = new HitCounts(positionsOf(search.predicate))
  const touched: RowGroupInfo[] = []
  for (const rowGroup of file.rowGroups) {
    signal?.throwIfAborted()
    requireManageable(rowGroup)
    const before = rows.size
    await findInRowGroup(source, { file, rowGroup, plan, ...options }, (start, end, positions) => {
      rows.add(rowGroup.firstRow + start, rowGroup.firstRow + end)
      for (const position of positions) hits.add(position, end - start)
    })
    if (rows.size > before) touched.push(rowGroup)
    onProgress?.(bytesOf(rowGroup))
  }
  return {
    rows,
    rowsSeen: file.numRows,
    hits,
    columns: plan.columns,
    warnings: warningsOf(plan.notOfType),
    estimate: estimate(source, file, touched),
  }
}

function positionsOf({ groups }: Search['predicate']): number {
  return groups.reduce((most, { positions }) => positions.reduce((a, b) => Math.max(a, b + 1), most), 0)
}

function requireManageable({ numRows }: RowGroupInfo): void {
  if (numRows > maxRowsOfGroup) throw new LetheError('limit-exceeded', 'a Parquet row group of more than 2^32 rows')
}

function warningsOf(notOfType: number): Warning[] {
  return notOfType === 0 ? [] : [{ code: 'value-not-of-type', count: notOfType }]
}

/** At most all pages of the row groups with a matching row are made new, and the footer. */
function estimate(source: RangeSource, file: ParquetFile, touched: readonly RowGroupInfo[]): Found['estimate'] {
  if (touched.length === 0) return { keptBytes: source.size, insertedBytes: 0 }
  const touchedBytes = touched.reduce((sum, rowGroup) => sum + bytesOf(rowGroup), 0)
  const insertedBytes = touchedBytes + source.size - file.footerStart
  return { keptBytes: source.size - insertedBytes, insertedBytes }
}

function bytesOf({ chunks }: RowGroupInfo): number {
  return chunks.reduce((sum, { start, end }) => sum + end - start, 0)
}
