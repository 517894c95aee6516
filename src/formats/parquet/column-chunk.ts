import { LetheError } from '../../domain/error.ts'
import { malformed, unsupported } from './malformed.ts'
import { ColumnChunk, ColumnMetaData, RowGroup } from './metadata.ts'
import { type CompressionCodec, compressionCodecs, type Encoding, encodings, physicalTypes } from './metadata-enums.ts'
import type { LeafColumn, Schema } from './schema.ts'
import type { ThriftStruct } from './thrift.ts'
import { type FieldDefinition, getField, hasField, requireCount, requireField } from './thrift-fields.ts'

/** The values of one column in one row group: where its pages and indexes lie. Offsets are of the file, in bytes. */
export interface ColumnChunkInfo {
  /** The ColumnChunk structure, and its ColumnMetaData. */
  readonly struct: ThriftStruct
  readonly metaData: ThriftStruct
  readonly column: LeafColumn
  readonly codec: CompressionCodec
  readonly encodings: readonly Encoding[]
  /** Values including nulls; more or fewer than rows only where the column repeats. */
  readonly numValues: number
  /** The pages: a dictionary page, if there is one, and the data pages, in one run of bytes. */
  readonly start: number
  readonly end: number
  /** As the footer says it. It may point at the dictionary page: see `start`. */
  readonly dataPageOffset: number
  readonly offsetIndex: Extent | undefined
  readonly columnIndex: Extent | undefined
  /** Header and bits; `end` is undefined in files that do not store the length. */
  readonly bloomFilter: { readonly start: number; readonly end: number | undefined } | undefined
}

export interface Extent {
  readonly start: number
  readonly end: number
}

interface Bounds {
  readonly schema: Schema
  readonly numRows: number
  /** Where the footer begins: everything lies before it. */
  readonly dataEnd: number
}

/** The chunks of a row group, one for each leaf. @throws LetheError `malformed`, `unsupported`, `encrypted` */
export function readChunks(rowGroup: ThriftStruct, bounds: Bounds): ColumnChunkInfo[] {
  const structs = requireField(rowGroup, RowGroup.columns)
  if (structs.length !== bounds.schema.leaves.length) throw malformed('a row group has not as many chunks as columns')
  return structs.map((struct, index) => readChunk(struct, bounds.schema.leaves[index]!, bounds))
}

function readChunk(struct: ThriftStruct, column: LeafColumn, { numRows, dataEnd }: Bounds): ColumnChunkInfo {
  if (hasField(struct, ColumnChunk.cryptoMetadata)) {
    throw new LetheError('encrypted', 'Parquet with an encrypted column: Lethe has no keys')
  }
  if ((getField(struct, ColumnChunk.filePath) ?? '') !== '') throw unsupported('column chunks in other files')
  const metaData = requireField(struct, ColumnChunk.metaData)
  checkColumn(metaData, column)
  const numValues = requireCount(metaData, ColumnMetaData.numValues)
  if (column.maxRepetitionLevel === 0 && numValues !== numRows) {
    throw malformed('a column chunk has not as many values as its row group has rows')
  }
  if (numValues < numRows) throw malformed('a column chunk has fewer values than its row group has rows')
  return {
    struct,
    metaData,
    column,
    codec: codecOf(metaData),
    encodings: requireField(metaData, ColumnMetaData.encodings).map((code) => knownEncoding(code)),
    numValues,
    dataPageOffset: requireCount(metaData, ColumnMetaData.dataPageOffset),
    ...pagesExtent(metaData, dataEnd),
    offsetIndex: extent(struct, ColumnChunk.offsetIndexOffset, ColumnChunk.offsetIndexLength, dataEnd),
    columnIndex: extent(struct, ColumnChunk.columnIndexOffset, ColumnChunk.columnIndexLength, dataEnd),
    bloomFilter: bloomExtent(metaData, dataEnd),
  }
}

function checkColumn(metaData: ThriftStruct, column: LeafColumn): void {
  if (physicalTypes[requireField(metaData, ColumnMetaData.type)] !== column.physicalType) {
    throw malformed('a column chunk has another physical type than its column')
  }
  const path = requireField(metaData, ColumnMetaData.pathInSchema)
  if (path.length !== column.path.length || path.some((name, index) => name !== column.path[index])) {
    throw malformed('a column chunk has another path than its column')
  }
}

/**
 * Pages begin at the dictionary page where its offset is given. It may be missing or 0 although there is one: then the
 * data page offset points at it, and the first page's own header tells.
 */
function pagesExtent(metaData: ThriftStruct, dataEnd: number): Extent {
  const dataStart = requireCount(metaData, ColumnMetaData.dataPageOffset)
  const dictionary = getField(metaData, ColumnMetaData.dictionaryPageOffset) ?? 0
  // A chunk without values may have a dictionary page and no data page, at offset 0.
  const start = dictionary > 0 && (dictionary < dataStart || dataStart === 0) ? dictionary : dataStart
  const end = start + requireCount(metaData, ColumnMetaData.totalCompressedSize)
  if (start < 4 || dataStart > end || end > dataEnd) {
    // A chunk without values may point nowhere.
    if (end === start) return { start: 4, end: 4 }
    throw malformed('a column chunk lies outside the file')
  }
  return { start, end }
}

function extent(
  struct: ThriftStruct,
  offset: FieldDefinition<'i64'>,
  length: FieldDefinition<'i32'>,
  dataEnd: number,
): Extent | undefined {
  const bytes = getField(struct, length) ?? 0
  const start = getField(struct, offset) ?? 0
  if (bytes === 0 || start === 0) return undefined
  if (bytes < 0 || start < 4 || start + bytes > dataEnd) throw malformed('a page index lies outside the file')
  return { start, end: start + bytes }
}

function bloomExtent(metaData: ThriftStruct, dataEnd: number): ColumnChunkInfo['bloomFilter'] {
  const start = getField(metaData, ColumnMetaData.bloomFilterOffset) ?? 0
  if (start === 0) return undefined
  const length = getField(metaData, ColumnMetaData.bloomFilterLength)
  const end = length === undefined ? undefined : start + length
  if (start < 4 || start >= dataEnd || (end !== undefined && (end < start || end > dataEnd))) {
    throw malformed('a bloom filter lies outside the file')
  }
  return { start, end }
}

function codecOf(metaData: ThriftStruct): CompressionCodec {
  const codec = compressionCodecs[requireField(metaData, ColumnMetaData.codec)]
  if (codec === undefined) throw unsupported('an unknown codec')
  if (codec === 'LZO') throw unsupported('the codec LZO')
  return codec
}

function knownEncoding(code: number): Encoding {
  const encoding = encodings[code]
  if (encoding === undefined) throw unsupported('an unknown encoding')
  return encoding
}
