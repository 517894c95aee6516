import type { Fact, Inspection } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import type { ColumnChunkInfo } from './column-chunk.ts'
import type { ColumnType } from './column-type.ts'
import { type RowGroupInfo, readFooter } from './footer.ts'
import {
  ColumnMetaData,
  FileMetaData,
  KeyValue,
  PageEncodingStats,
  RowGroup,
  SortingColumn,
  Statistics,
} from './metadata.ts'
import { encodings, pageTypes } from './metadata-enums.ts'
import type { PageHead } from './page-header.ts'
import { readPages } from './page-reader.ts'
import type { GroupColumn, LeafColumn, Schema } from './schema.ts'
import type { ThriftStruct } from './thrift.ts'
import { getField, hasField, requireField } from './thrift-fields.ts'

interface Options {
  readonly signal?: AbortSignal
}

/**
 * What a Parquet file is made of: schema, row groups, column chunks, pages. Names and counts, never a value: of
 * statistics only which there are.
 *
 * Reads all pages, because their headers lie between them.
 *
 * @throws LetheError of outcome `refused`
 */
export async function inspect(source: RangeSource, options: Options = {}): Promise<Inspection> {
  const file = await readFooter(source, options)
  const rowGroups: Fact[] = []
  for (const rowGroup of file.rowGroups) rowGroups.push(await rowGroupFacts(source, rowGroup, file.schema, options))
  return {
    format: 'parquet',
    facts: {
      sizeBytes: source.size,
      rows: file.numRows,
      version: getField(file.struct, FileMetaData.version) ?? null,
      createdBy: file.createdBy ?? null,
      footerBytes: source.size - file.footerStart,
      keyValueNames: keyNames(getField(file.struct, FileMetaData.keyValueMetadata)),
      hasColumnOrders: hasField(file.struct, FileMetaData.columnOrders),
      columns: file.schema.columns.map(columnFacts),
      rowGroups,
    },
  }
}

function keyNames(entries: readonly ThriftStruct[] = []): Fact {
  return entries.map((entry) => requireField(entry, KeyValue.key))
}

function columnFacts(column: LeafColumn | GroupColumn): Fact {
  const { path, repetition, type } = column
  const facts = { name: path.join('.'), repetition: repetition.toLowerCase(), meaning: meaningOf(type) }
  if (column.kind === 'group') return { ...facts, type: 'group' }
  const length = column.typeLength > 0 ? `(${column.typeLength})` : ''
  return { ...facts, type: `${column.physicalType}${length}` }
}

function meaningOf(type: ColumnType): string {
  switch (type.kind) {
    case 'integer':
      return `${type.isSigned ? '' : 'unsigned '}integer of ${type.bitWidth} bits`
    case 'decimal':
      return `decimal of scale ${type.scale}`
    case 'time':
    case 'timestamp':
      return `${type.isAdjustedToUtc ? '' : 'local '}${type.kind} in ${type.unit}`
    default:
      return type.kind
  }
}

async function rowGroupFacts(
  source: RangeSource,
  { struct, numRows, chunks }: RowGroupInfo,
  schema: Schema,
  options: Options,
): Promise<Fact> {
  const sorting = getField(struct, RowGroup.sortingColumns) ?? []
  const columns: Fact[] = []
  for (const chunk of chunks) columns.push(await chunkFacts(source, chunk, options))
  return {
    rows: numRows,
    sortedBy: sorting.map((entry) => sortingFact(entry, schema)),
    columns,
  }
}

function sortingFact(entry: ThriftStruct, { leaves }: Schema): Fact {
  const name = leaves[requireField(entry, SortingColumn.columnIdx)]?.path.join('.') ?? null
  return { column: name, descending: getField(entry, SortingColumn.descending) ?? false }
}

async function chunkFacts(source: RangeSource, chunk: ColumnChunkInfo, options: Options): Promise<Fact> {
  const { metaData } = chunk
  const pages: Fact[] = []
  for await (const { head, offset } of readPages(source, chunk, options)) pages.push(pageFacts(head, offset))
  return {
    column: chunk.column.path.join('.'),
    codec: chunk.codec,
    encodings: chunk.encodings,
    values: chunk.numValues,
    start: chunk.start,
    compressedBytes: chunk.end - chunk.start,
    uncompressedBytes: requireField(metaData, ColumnMetaData.totalUncompressedSize),
    statistics: statisticsPresent(metaData),
    encodingStatistics: (getField(metaData, ColumnMetaData.encodingStats) ?? []).map(encodingFacts),
    hasSizeStatistics: hasField(metaData, ColumnMetaData.sizeStatistics),
    hasGeospatialStatistics: hasField(metaData, ColumnMetaData.geospatialStatistics),
    hasOffsetIndex: chunk.offsetIndex !== undefined,
    hasColumnIndex: chunk.columnIndex !== undefined,
    hasBloomFilter: chunk.bloomFilter !== undefined,
    keyValueNames: keyNames(getField(metaData, ColumnMetaData.keyValueMetadata)),
    pages,
  }
}

/** Names of the statistics that are there: bounds are values, and stay unsaid. */
function statisticsPresent(metaData: ThriftStruct): Fact {
  const statistics = getField(metaData, ColumnMetaData.statistics)
  if (statistics === undefined) return []
  return Object.entries(Statistics)
    .filter(([, definition]) => hasField(statistics, definition))
    .map(([name]) => name)
}

function encodingFacts(entry: ThriftStruct): Fact {
  return {
    pageType: pageTypes[requireField(entry, PageEncodingStats.pageType)] ?? null,
    encoding: encodings[requireField(entry, PageEncodingStats.encoding)] ?? null,
    pages: requireField(entry, PageEncodingStats.count),
  }
}

function pageFacts(head: PageHead, offset: number): Fact {
  const facts = {
    kind: head.kind,
    offset,
    compressedBytes: head.compressedBytes,
    uncompressedBytes: head.uncompressedBytes,
    hasCrc: head.crc !== undefined,
  }
  return head.kind === 'index' ? facts : { ...facts, encoding: head.encoding, values: head.numValues }
}
