import type { ColumnChunkInfo } from '../column-chunk.ts'
import { ColumnChunk, ColumnMetaData, PageEncodingStats, SizeStatistics } from '../metadata.ts'
import { encodings, type PageType, pageTypes } from '../metadata-enums.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, removeField, requireField, setField } from '../thrift-fields.ts'
import type { ChunkPage } from './chunk-page.ts'
import type { ErasedChunk } from './erase-chunk.ts'

/**
 * The ColumnChunk of a chunk that rows were left out of: counts, sizes and statistics of what stays. Offsets are still
 * those of the source: `placeChunk` sets them.
 */
export function erasedChunkStruct(chunk: ColumnChunkInfo, erased: ErasedChunk): ThriftStruct {
  const struct = copyStruct(chunk.struct)
  const metaData = requireField(struct, ColumnChunk.metaData)
  const { pages, statistics } = erased
  const numValues = sum(pages, (page) => (page.kind === 'dictionary' ? 0 : page.numValues))
  setField(metaData, ColumnMetaData.numValues, numValues)
  setField(
    metaData,
    ColumnMetaData.totalCompressedSize,
    sum(pages, (page) => page.storedBytes),
  )
  setField(
    metaData,
    ColumnMetaData.totalUncompressedSize,
    sum(pages, (page) => page.uncompressedBytes),
  )
  if (statistics !== undefined) setField(metaData, ColumnMetaData.statistics, statistics)
  const stats = getField(metaData, ColumnMetaData.encodingStats)
  if (stats !== undefined) setField(metaData, ColumnMetaData.encodingStats, encodingStats(stats, pages))
  removeField(metaData, ColumnMetaData.indexPageOffset)
  const sizes = getField(metaData, ColumnMetaData.sizeStatistics)
  if (sizes !== undefined && !eraseSizes(sizes, erased.erased)) removeField(metaData, ColumnMetaData.sizeStatistics)
  if (erased.geospatialStatistics === undefined) removeField(metaData, ColumnMetaData.geospatialStatistics)
  else setField(metaData, ColumnMetaData.geospatialStatistics, erased.geospatialStatistics)
  if (erased.bloomFilter === undefined) {
    for (const field of [ColumnMetaData.bloomFilterOffset, ColumnMetaData.bloomFilterLength])
      removeField(metaData, field)
  }
  if (erased.index === undefined) for (const field of indexFields.offset) removeField(struct, field)
  if (erased.index?.columnIndex === undefined) for (const field of indexFields.column) removeField(struct, field)
  return struct
}

const indexFields = {
  offset: [ColumnChunk.offsetIndexOffset, ColumnChunk.offsetIndexLength],
  column: [ColumnChunk.columnIndexOffset, ColumnChunk.columnIndexLength],
} as const

/** Takes what is gone out of size statistics; false where they say less than that. */
function eraseSizes(
  sizes: ThriftStruct,
  { bytes, repetitionLevels, definitionLevels }: ErasedChunk['erased'],
): boolean {
  const before = getField(sizes, SizeStatistics.unencodedByteArrayDataBytes)
  if (before !== undefined) setField(sizes, SizeStatistics.unencodedByteArrayDataBytes, before - bytes)
  let isPossible = before === undefined || before >= bytes
  for (const [field, erased] of [
    [SizeStatistics.repetitionLevelHistogram, repetitionLevels],
    [SizeStatistics.definitionLevelHistogram, definitionLevels],
  ] as const) {
    const histogram = getField(sizes, field)
    if (histogram === undefined || histogram.length === 0) continue
    const left = histogram.map((count, level) => count - (erased[level] ?? 0))
    isPossible &&= histogram.length === erased.length && left.every((count) => count >= 0)
    setField(sizes, field, left)
  }
  return isPossible
}

function sum(pages: readonly ChunkPage[], sizeOf: (page: ChunkPage) => number): number {
  return pages.reduce((total, page) => total + sizeOf(page), 0)
}

const typeOfPage: Readonly<Record<ChunkPage['kind'], PageType>> = {
  dictionary: 'DICTIONARY_PAGE',
  'data-v1': 'DATA_PAGE',
  'data-v2': 'DATA_PAGE_V2',
}

/** How many pages of each type and encoding there are now, in the order in which the source tells them. */
function encodingStats(source: readonly ThriftStruct[], pages: readonly ChunkPage[]): ThriftStruct[] {
  const counts = new Map<string, number>()
  for (const { kind, encoding } of pages) {
    const key = `${pageTypes.indexOf(typeOfPage[kind])} ${encodings.indexOf(encoding)}`
    counts.set(key, 1 + (counts.get(key) ?? 0))
  }
  const stats: ThriftStruct[] = []
  for (const stat of source) {
    const key = `${getField(stat, PageEncodingStats.pageType)} ${getField(stat, PageEncodingStats.encoding)}`
    const count = counts.get(key)
    counts.delete(key)
    if (count !== undefined) stats.push(encodingStat(copyStruct(stat), key, count))
  }
  for (const [key, count] of counts) stats.push(encodingStat({ fields: [] }, key, count))
  return stats
}

function encodingStat(stat: ThriftStruct, key: string, count: number): ThriftStruct {
  const [pageType, encoding] = key.split(' ').map(Number)
  setField(stat, PageEncodingStats.pageType, pageType!)
  setField(stat, PageEncodingStats.encoding, encoding!)
  setField(stat, PageEncodingStats.count, count)
  return stat
}
