import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { ColumnIndex, OffsetIndex, PageLocation } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { getField, requireField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import type { Bounds } from './value-ranks.ts'

/** A data page as a chunk's indexes describe it. Offsets are of the file; rows count from the row group's first. */
export interface IndexedPage {
  readonly start: number
  /** Behind the page's last byte; its header is included. */
  readonly end: number
  readonly firstRow: number
  readonly endRow: number
  /** `nulls`: it holds nothing else; undefined: unknown. */
  readonly bounds: Bounds | 'nulls' | undefined
}

interface ReadOptions {
  readonly signal?: AbortSignal
}

/**
 * The data pages of a chunk by its OffsetIndex and ColumnIndex. Undefined where it has not both, and where they leave a
 * doubt: pages that do not follow one another to the chunk's end, rows that do not count up.
 *
 * @throws LetheError `malformed`
 */
export async function readPageIndex(
  source: RangeSource,
  { chunk, numRows }: { readonly chunk: ColumnChunkInfo; readonly numRows: number },
  options: ReadOptions = {},
): Promise<IndexedPage[] | undefined> {
  const { offsetIndex, columnIndex } = chunk
  if (offsetIndex === undefined || columnIndex === undefined) return undefined
  const locations = await readStruct(source, offsetIndex, options)
  const bounds = await readStruct(source, columnIndex, options)
  return joinIndexes(chunk, { locations, bounds, numRows })
}

async function readStruct(
  source: RangeSource,
  { start, end }: { readonly start: number; readonly end: number },
  options: ReadOptions,
): Promise<ThriftStruct> {
  return readThrift(await source.read(start, end, options)).struct
}

function joinIndexes(
  chunk: ColumnChunkInfo,
  { locations, bounds, numRows }: { locations: ThriftStruct; bounds: ThriftStruct; numRows: number },
): IndexedPage[] | undefined {
  const structs = requireField(locations, OffsetIndex.pageLocations)
  const boundsOf = pageBounds(bounds, structs.length)
  if (boundsOf === undefined) return undefined
  const starts = structs.map((location) => ({
    start: requireField(location, PageLocation.offset),
    end: requireField(location, PageLocation.offset) + requireField(location, PageLocation.compressedPageSize),
    firstRow: requireField(location, PageLocation.firstRowIndex),
  }))
  const pages = starts.map((page, index) => {
    const endRow = starts[index + 1]?.firstRow ?? numRows
    return { ...page, endRow, bounds: boundsOf(index, endRow - page.firstRow) }
  })
  return coversChunk(pages, chunk) ? pages : undefined
}

function coversChunk(pages: readonly IndexedPage[], chunk: ColumnChunkInfo): boolean {
  let position = chunk.dataPageOffset
  let row = 0
  for (const { start, end, firstRow, endRow } of pages) {
    if (start !== position || end <= start || firstRow !== row || endRow <= firstRow) return false
    position = end
    row = endRow
  }
  return pages.length > 0 && position === chunk.end
}

function pageBounds(
  index: ThriftStruct,
  count: number,
): ((page: number, rows: number) => IndexedPage['bounds']) | undefined {
  const nullPages = requireField(index, ColumnIndex.nullPages)
  const minValues = requireField(index, ColumnIndex.minValues)
  const maxValues = requireField(index, ColumnIndex.maxValues)
  const nullCounts = getField(index, ColumnIndex.nullCounts)
  const lists = [nullPages, minValues, maxValues, ...(nullCounts === undefined ? [] : [nullCounts])]
  if (lists.some((list) => list.length !== count)) return undefined
  return (page, rows) => {
    if (!nullPages[page]) return { min: minValues[page]!, max: maxValues[page]! }
    // A writer that was given no statistics marks every page so, whatever it holds; then the nulls do not add up.
    return nullCounts?.[page] === rows ? 'nulls' : undefined
  }
}
