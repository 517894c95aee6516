import type { Ranges } from '../../../domain/ranges.ts'
import { hasLevels } from '../erase/compression-level.ts'
import type { RowGroupInfo } from '../footer.ts'

/** What a row touches, about: a page. */
const pageBytes = 256 * 1024
/** How much longer compression takes where it has levels. */
const slowness = 8

/** How much there is to do in these row groups, in bytes of pages as they are stored. An estimate. */
export function estimateWork(groups: readonly RowGroupInfo[], rows: Ranges): number {
  let bytes = 0
  for (const { firstRow, numRows, chunks } of groups) {
    const erased = rows.sizeWithin(firstRow, firstRow + numRows)
    for (const { start, end, codec } of chunks) {
      bytes += Math.min(end - start, erased * pageBytes) * (hasLevels(codec) ? slowness : 1)
    }
  }
  return bytes
}
