import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { ColumnIndex, OffsetIndex, PageLocation } from '../metadata.ts'
import { boundaryOrders } from '../metadata-enums.ts'
import { valueWidth } from '../plain-values.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, removeField, requireField, setField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import type { ErasedCounts } from './erased-facts.ts'
import type { Bound } from './tells-value.ts'
import type { ValueBounds } from './value-bounds.ts'
import type { CompareValues } from './value-order.ts'

/** A data page that stays, as an index has to describe it. */
export interface IndexPage {
  /** Among the data pages of the source's chunk. */
  readonly ordinal: number
  /** Where the page lay and how long it was. */
  readonly source: { readonly offset: number; readonly end: number }
  /** Ordinals in the row group of the page's first row, before and after. */
  readonly firstRowBefore: number
  readonly firstRow: number
  /** Undefined where the page stays as it was. */
  readonly edit: PageEdit | undefined
}

export interface PageEdit {
  readonly numValues: number
  readonly numPresent: number
  readonly nullsBefore: number
  readonly erased: ErasedCounts
  /**
   * `kept`: no erased value tells on the source's bounds of the page. `unknown`: one may, and the bounds of what stays
   * are not known.
   */
  readonly bounds: ValueBounds | 'kept' | 'unknown'
}

/** The page indexes of a chunk, as the source has them. */
export interface ChunkIndex {
  readonly offsetIndex: ThriftStruct
  readonly columnIndex: ThriftStruct | undefined
}

/** Undefined where the chunk has no offset index. @throws LetheError `malformed` */
export async function readChunkIndex(
  source: RangeSource,
  { offsetIndex, columnIndex }: Pick<ColumnChunkInfo, 'offsetIndex' | 'columnIndex'>,
  options: { readonly signal?: AbortSignal },
): Promise<ChunkIndex | undefined> {
  if (offsetIndex === undefined) return undefined
  const read = async ({ start, end }: { start: number; end: number }): Promise<ThriftStruct> =>
    readThrift(await source.read(start, end, options)).struct
  return {
    offsetIndex: await read(offsetIndex),
    columnIndex: columnIndex === undefined ? undefined : await read(columnIndex),
  }
}

/** The bounds that a column index gives of a page; none where they are no values of the column. */
export function indexBounds({ columnIndex }: ChunkIndex, ordinal: number, column: LeafColumn): Bound[] {
  if (columnIndex === undefined || getField(columnIndex, ColumnIndex.nullPages)?.[ordinal] !== false) return []
  const min = getField(columnIndex, ColumnIndex.minValues)?.[ordinal]
  const max = getField(columnIndex, ColumnIndex.maxValues)?.[ordinal]
  if (min === undefined || max === undefined || !hasWidthOf(column, { min, max })) return []
  return [
    { kind: 'min', bytes: min, isExact: false },
    { kind: 'max', bytes: max, isExact: false },
  ]
}

interface IndexedValues {
  readonly column: Pick<LeafColumn, 'maxRepetitionLevel'>
  /** Entries of the chunk; where the column does not repeat these are its rows. */
  readonly numValues: number
  readonly compare: CompareValues
}

/**
 * The least and the greatest of the bounds that a column index gives; undefined where it gives none, or where a page is
 * marked as all nulls and its counts do not prove it: then it may hold values that no bound tells.
 */
export function boundsOfIndex(
  { offsetIndex, columnIndex }: ChunkIndex,
  { column, numValues, compare }: IndexedValues,
): ValueBounds | undefined {
  if (columnIndex === undefined) return undefined
  const nullPages = requireField(columnIndex, ColumnIndex.nullPages)
  const nullCounts = getField(columnIndex, ColumnIndex.nullCounts)
  const starts = requireField(offsetIndex, OffsetIndex.pageLocations).map((location) =>
    requireField(location, PageLocation.firstRowIndex),
  )
  // arrow-rs marks a page of a nested column whose nulls are as many as its rows, though it has more values than rows.
  const isProven = (page: number): boolean =>
    column.maxRepetitionLevel === 0 && nullCounts?.[page] === (starts[page + 1] ?? numValues) - starts[page]!
  if (!nullPages.every((isNull, page) => !isNull || isProven(page))) return undefined
  const used = (values: readonly Uint8Array[]) => values.filter((_, page) => nullPages[page] === false)
  const [min] = used(requireField(columnIndex, ColumnIndex.minValues)).sort(compare)
  const max = used(requireField(columnIndex, ColumnIndex.maxValues)).sort(compare).at(-1)
  return min === undefined || max === undefined ? undefined : { min, max }
}

/**
 * The indexes of what stays of a chunk; without offsets and sizes, which depend on where it lies. Undefined where the
 * source's do not describe its pages: then nothing can be made of them.
 */
export function eraseChunkIndex(
  index: ChunkIndex,
  { pages, pagesBefore, column, compare }: IndexErasure,
): ChunkIndex | undefined {
  const locations = requireField(index.offsetIndex, OffsetIndex.pageLocations)
  if (locations.length !== pagesBefore || !pages.every((page) => isAt(locations[page.ordinal]!, page))) return undefined
  const offsetIndex = copyStruct(index.offsetIndex)
  const kept = pages.map(({ ordinal, firstRow }) => {
    const location = copyStruct(locations[ordinal]!)
    setField(location, PageLocation.firstRowIndex, firstRow)
    return location
  })
  setField(offsetIndex, OffsetIndex.pageLocations, kept)
  const bytes = getField(offsetIndex, OffsetIndex.unencodedByteArrayDataBytes)
  if (bytes !== undefined) {
    const left = perPage(bytes, { pages, pagesBefore, size: 1, erased: ({ erased }) => [erased.bytes] })
    setOrRemove(offsetIndex, OffsetIndex.unencodedByteArrayDataBytes, left)
  }
  if (index.columnIndex === undefined) return { offsetIndex, columnIndex: undefined }
  return { offsetIndex, columnIndex: eraseColumnIndex(index.columnIndex, { pages, pagesBefore, column, compare }) }
}

export interface IndexErasure {
  readonly pages: readonly IndexPage[]
  /** How many data pages the source's chunk has. */
  readonly pagesBefore: number
  readonly column: LeafColumn
  readonly compare: CompareValues | undefined
}

function isAt(location: ThriftStruct, { source, firstRowBefore }: IndexPage): boolean {
  return (
    getField(location, PageLocation.offset) === source.offset &&
    getField(location, PageLocation.compressedPageSize) === source.end - source.offset &&
    getField(location, PageLocation.firstRowIndex) === firstRowBefore
  )
}

function eraseColumnIndex(source: ThriftStruct, erasure: IndexErasure): ThriftStruct | undefined {
  const { pages, pagesBefore, column } = erasure
  const minValues = requireField(source, ColumnIndex.minValues)
  const maxValues = requireField(source, ColumnIndex.maxValues)
  const nullPages = requireField(source, ColumnIndex.nullPages)
  if ([minValues, maxValues, nullPages].some(({ length }) => length !== pagesBefore)) return undefined
  const described = pages.map((page) => describePage(page, { minValues, maxValues, nullPages }))
  if (described.includes(undefined)) return undefined
  const entries = described as PageDescription[]
  if (!entries.every((entry) => entry.isNull || hasWidthOf(column, entry))) return undefined
  const index = copyStruct(source)
  setField(
    index,
    ColumnIndex.nullPages,
    entries.map(({ isNull }) => isNull),
  )
  setField(
    index,
    ColumnIndex.minValues,
    entries.map(({ min }) => min),
  )
  setField(
    index,
    ColumnIndex.maxValues,
    entries.map(({ max }) => max),
  )
  if (!isOrdered(entries, requireField(index, ColumnIndex.boundaryOrder), erasure.compare)) {
    setField(index, ColumnIndex.boundaryOrder, boundaryOrders.indexOf('UNORDERED'))
  }
  eraseCounts(index, { pages, pagesBefore, column })
  return index
}

/** Numbers have one width; bounds of another are not of the column, and nobody can order them. */
function hasWidthOf(column: LeafColumn, { min, max }: ValueBounds): boolean {
  const width = valueWidth(column)
  const mayBeCut = column.physicalType === 'FIXED_LEN_BYTE_ARRAY' && column.type.kind !== 'float16'
  return width === undefined || mayBeCut || (min.length === width && max.length === width)
}

interface PageDescription {
  readonly isNull: boolean
  readonly min: Uint8Array
  readonly max: Uint8Array
}

const nothing = new Uint8Array(0)

function describePage(
  { ordinal, edit }: IndexPage,
  { minValues, maxValues, nullPages }: { minValues: Uint8Array[]; maxValues: Uint8Array[]; nullPages: boolean[] },
): PageDescription | undefined {
  if (edit?.numPresent === 0) return { isNull: true, min: nothing, max: nothing }
  const isNull = nullPages[ordinal]!
  if (edit === undefined || (edit.bounds === 'kept' && !isNull)) {
    return { isNull, min: minValues[ordinal]!, max: maxValues[ordinal]! }
  }
  // Some writers say of a page that it is all nulls when it is not: it has no bounds to keep.
  if (edit.bounds === 'kept' || edit.bounds === 'unknown') return undefined
  return { isNull: false, ...edit.bounds }
}

function isOrdered(entries: readonly PageDescription[], order: number, compare: CompareValues | undefined): boolean {
  if (boundaryOrders[order] === 'UNORDERED') return true
  if (compare === undefined) return false
  const sign = boundaryOrders[order] === 'ASCENDING' ? 1 : -1
  const used = entries.filter(({ isNull }) => !isNull)
  return used.every(({ min, max }, at) => {
    const before = used[at - 1]
    return before === undefined || (sign * compare(before.min, min) <= 0 && sign * compare(before.max, max) <= 0)
  })
}

/** Counts for each page: without what is gone, or without the field where the source's do not add up. */
function eraseCounts(index: ThriftStruct, { pages, pagesBefore, column }: Omit<IndexErasure, 'compare'>): void {
  const nullCounts = getField(index, ColumnIndex.nullCounts)
  if (nullCounts !== undefined) {
    // Writers disagree on whether an empty list is a null: then nobody knows what the count is of.
    const agrees = pages.every(({ ordinal, edit }) => edit === undefined || nullCounts[ordinal] === edit.nullsBefore)
    const erased = ({ nullsBefore, numValues, numPresent }: PageEdit) => [nullsBefore - (numValues - numPresent)]
    const left = agrees ? perPage(nullCounts, { pages, pagesBefore, size: 1, erased }) : undefined
    setOrRemove(index, ColumnIndex.nullCounts, left)
  }
  const counts = [
    [ColumnIndex.nanCounts, 1, ({ erased }: PageEdit) => [erased.nans]],
    [
      ColumnIndex.repetitionLevelHistograms,
      column.maxRepetitionLevel + 1,
      ({ erased }: PageEdit) => [...erased.repetitionLevels],
    ],
    [
      ColumnIndex.definitionLevelHistograms,
      column.maxDefinitionLevel + 1,
      ({ erased }: PageEdit) => [...erased.definitionLevels],
    ],
  ] as const
  for (const [field, size, erased] of counts) {
    const before = getField(index, field)
    if (before === undefined || before.length === 0) continue
    setOrRemove(index, field, perPage(before, { pages, pagesBefore, size, erased }))
  }
}

interface PerPage {
  readonly pages: readonly IndexPage[]
  readonly pagesBefore: number
  /** Numbers of a page. */
  readonly size: number
  readonly erased: (edit: PageEdit) => readonly number[]
}

/** The numbers of the pages that stay, less what is gone; undefined where that is impossible. */
function perPage(before: readonly number[], { pages, pagesBefore, size, erased }: PerPage): number[] | undefined {
  if (before.length !== pagesBefore * size) return undefined
  const left = pages.flatMap(({ ordinal, edit }) => {
    const numbers = before.slice(ordinal * size, (ordinal + 1) * size)
    if (edit === undefined) return numbers
    const gone = erased(edit)
    return numbers.map((number, index) => number - gone[index]!)
  })
  return left.every((number) => number >= 0) ? left : undefined
}

function setOrRemove(struct: ThriftStruct, field: typeof ColumnIndex.nullCounts, values: number[] | undefined): void {
  if (values === undefined) removeField(struct, field)
  else setField(struct, field, values)
}
