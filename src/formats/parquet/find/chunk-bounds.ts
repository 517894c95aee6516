import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { ParquetFile } from '../footer.ts'
import { ColumnMetaData, ColumnOrder, FileMetaData, Statistics } from '../metadata.ts'
import { getField, hasField } from '../thrift-fields.ts'
import type { ValueOrder } from './key-values.ts'
import type { Bounds } from './value-ranks.ts'

/**
 * Whether a file's bounds of a column, in chunk statistics or a column index, are in the order that we compare in.
 *
 * - Integers with a sign have one sensible order, which every writer used. So have floats, but the first C++ writer took
 *   bounds that NaN among the values had made wrong.
 * - Byte strings and unsigned numbers were compared as signed ones by old writers: they need the file to say that it
 *   keeps to the type's order, or a writer that is known to.
 * - fastparquet takes bounds of a categorical column from the order of its categories.
 */
export function hasOrderedBounds(file: ParquetFile, columnIndex: number, order: ValueOrder): boolean {
  const createdBy = file.createdBy ?? ''
  if (createdBy.startsWith('fastparquet')) return false
  if (order === 'signed') return true
  if (order === 'float') return createdBy !== '' && !createdBy.startsWith('parquet-cpp version')
  const declared = getField(file.struct, FileMetaData.columnOrders)
  if (declared === undefined) return createdBy.startsWith('DuckDB')
  const columnOrder = declared.length === file.schema.leaves.length ? declared[columnIndex] : undefined
  return columnOrder !== undefined && hasField(columnOrder, ColumnOrder.typeOrder)
}

/** The bounds that a chunk's statistics give; undefined where they give none that are to be trusted. */
export function chunkBounds(file: ParquetFile, chunk: ColumnChunkInfo, order: ValueOrder): Bounds | undefined {
  const statistics = getField(chunk.metaData, ColumnMetaData.statistics)
  if (statistics === undefined || !hasOrderedBounds(file, chunk.column.index, order)) return undefined
  const min = getField(statistics, Statistics.minValue)
  const max = getField(statistics, Statistics.maxValue)
  if (min !== undefined && max !== undefined) return { min, max }
  // The deprecated pair was always compared as signed.
  const oldMin = getField(statistics, Statistics.min)
  const oldMax = getField(statistics, Statistics.max)
  const isSigned = order === 'signed' || order === 'float'
  return isSigned && oldMin !== undefined && oldMax !== undefined ? { min: oldMin, max: oldMax } : undefined
}

/** Whether a chunk's statistics say that it holds nothing but nulls. */
export function isAllNull({ metaData, numValues }: ColumnChunkInfo): boolean {
  const statistics = getField(metaData, ColumnMetaData.statistics)
  return statistics !== undefined && getField(statistics, Statistics.nullCount) === numValues
}
