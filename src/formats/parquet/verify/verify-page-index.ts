import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo, Extent } from '../column-chunk.ts'
import { ColumnIndex, OffsetIndex, PageLocation } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { getField, requireField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import { require } from './not-verified.ts'

/** A data page of the new file. */
export interface NewPage {
  readonly offset: number
  readonly end: number
  /** Ordinal in the row group of its first row. */
  readonly firstRow: number
}

/** Proves that the page indexes of an edited chunk, where it has some, describe its pages. */
export async function verifyPageIndex(
  view: RangeSource,
  { offsetIndex, columnIndex }: Pick<ColumnChunkInfo, 'offsetIndex' | 'columnIndex'>,
  pages: readonly NewPage[],
): Promise<void> {
  if (offsetIndex !== undefined) {
    const locations = requireField(await read(view, offsetIndex), OffsetIndex.pageLocations)
    const isRight =
      locations.length === pages.length && locations.every((location, index) => isAt(location, pages[index]!))
    require(isRight, 'an offset index does not point at the pages')
  }
  if (columnIndex === undefined) return
  const struct = await read(view, columnIndex)
  const lists = [ColumnIndex.minValues, ColumnIndex.maxValues].map((field) => requireField(struct, field).length)
  lists.push(requireField(struct, ColumnIndex.nullPages).length)
  const nullCounts = getField(struct, ColumnIndex.nullCounts)
  if (nullCounts !== undefined) lists.push(nullCounts.length)
  require(lists.every((length) => length === pages.length), 'a column index has not as many entries as pages')
}

function isAt(location: ThriftStruct, { offset, end, firstRow }: NewPage): boolean {
  return (
    getField(location, PageLocation.offset) === offset &&
    getField(location, PageLocation.compressedPageSize) === end - offset &&
    getField(location, PageLocation.firstRowIndex) === firstRow
  )
}

async function read(view: RangeSource, { start, end }: Extent): Promise<ThriftStruct> {
  return readThrift(await view.read(start, end)).struct
}
