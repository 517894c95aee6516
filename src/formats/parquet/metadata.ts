import type { FieldDefinition, FieldKind } from './thrift-fields.ts'

/**
 * Every structure and field of Parquet's metadata, by the ids of parquet.thrift. With `getField`, `setField` and
 * `removeField` (thrift-fields.ts) a field is read and changed in place; fields that are not in this table survive.
 *
 * Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */

type Definitions<Spec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends readonly [number, infer Kind extends FieldKind]
    ? FieldDefinition<Kind>
    : never
}

function define<const Spec extends { readonly [name: string]: readonly [number, FieldKind] }>(
  structure: string,
  spec: Spec,
): Definitions<Spec> {
  const entries = Object.entries(spec).map(([name, [id, kind]]) => [name, { id, kind, name: `${structure}.${name}` }])
  return Object.fromEntries(entries) as Definitions<Spec>
}

export const FileMetaData = define('FileMetaData', {
  version: [1, 'i32'],
  schema: [2, 'structs'],
  numRows: [3, 'i64'],
  rowGroups: [4, 'structs'],
  keyValueMetadata: [5, 'structs'],
  createdBy: [6, 'text'],
  columnOrders: [7, 'structs'],
  encryptionAlgorithm: [8, 'struct'],
  footerSigningKeyMetadata: [9, 'binary'],
})

export const SchemaElement = define('SchemaElement', {
  type: [1, 'i32'],
  typeLength: [2, 'i32'],
  repetitionType: [3, 'i32'],
  name: [4, 'text'],
  numChildren: [5, 'i32'],
  convertedType: [6, 'i32'],
  scale: [7, 'i32'],
  precision: [8, 'i32'],
  fieldId: [9, 'i32'],
  logicalType: [10, 'struct'],
})

/** A union: exactly one field is set. */
export const LogicalType = define('LogicalType', {
  string: [1, 'struct'],
  map: [2, 'struct'],
  list: [3, 'struct'],
  enum: [4, 'struct'],
  decimal: [5, 'struct'],
  date: [6, 'struct'],
  time: [7, 'struct'],
  timestamp: [8, 'struct'],
  integer: [10, 'struct'],
  unknown: [11, 'struct'],
  json: [12, 'struct'],
  bson: [13, 'struct'],
  uuid: [14, 'struct'],
  float16: [15, 'struct'],
  variant: [16, 'struct'],
  geometry: [17, 'struct'],
  geography: [18, 'struct'],
})

export const DecimalType = define('DecimalType', { scale: [1, 'i32'], precision: [2, 'i32'] })
/** Also of TimestampType. `unit` is the union TimeUnit. */
export const TimeType = define('TimeType', { isAdjustedToUtc: [1, 'bool'], unit: [2, 'struct'] })
export const TimeUnit = define('TimeUnit', { millis: [1, 'struct'], micros: [2, 'struct'], nanos: [3, 'struct'] })
export const IntType = define('IntType', { bitWidth: [1, 'i8'], isSigned: [2, 'bool'] })

/** A union: exactly one field is set. */
export const ColumnOrder = define('ColumnOrder', {
  typeOrder: [1, 'struct'],
  ieee754TotalOrder: [2, 'struct'],
})

export const KeyValue = define('KeyValue', { key: [1, 'text'], value: [2, 'binary'] })

export const RowGroup = define('RowGroup', {
  columns: [1, 'structs'],
  totalByteSize: [2, 'i64'],
  numRows: [3, 'i64'],
  sortingColumns: [4, 'structs'],
  fileOffset: [5, 'i64'],
  totalCompressedSize: [6, 'i64'],
  ordinal: [7, 'i16'],
})

export const SortingColumn = define('SortingColumn', {
  columnIdx: [1, 'i32'],
  descending: [2, 'bool'],
  nullsFirst: [3, 'bool'],
})

export const ColumnChunk = define('ColumnChunk', {
  filePath: [1, 'text'],
  fileOffset: [2, 'i64'],
  metaData: [3, 'struct'],
  offsetIndexOffset: [4, 'i64'],
  offsetIndexLength: [5, 'i32'],
  columnIndexOffset: [6, 'i64'],
  columnIndexLength: [7, 'i32'],
  cryptoMetadata: [8, 'struct'],
  encryptedColumnMetadata: [9, 'binary'],
})

export const ColumnMetaData = define('ColumnMetaData', {
  type: [1, 'i32'],
  encodings: [2, 'i32s'],
  pathInSchema: [3, 'texts'],
  codec: [4, 'i32'],
  numValues: [5, 'i64'],
  totalUncompressedSize: [6, 'i64'],
  totalCompressedSize: [7, 'i64'],
  keyValueMetadata: [8, 'structs'],
  dataPageOffset: [9, 'i64'],
  indexPageOffset: [10, 'i64'],
  dictionaryPageOffset: [11, 'i64'],
  statistics: [12, 'struct'],
  encodingStats: [13, 'structs'],
  bloomFilterOffset: [14, 'i64'],
  bloomFilterLength: [15, 'i32'],
  sizeStatistics: [16, 'struct'],
  geospatialStatistics: [17, 'struct'],
})

/** `max` and `min` are the deprecated pair, whose order is that of signed bytes or integers whatever the type. */
export const Statistics = define('Statistics', {
  max: [1, 'binary'],
  min: [2, 'binary'],
  nullCount: [3, 'i64'],
  distinctCount: [4, 'i64'],
  maxValue: [5, 'binary'],
  minValue: [6, 'binary'],
  isMaxValueExact: [7, 'bool'],
  isMinValueExact: [8, 'bool'],
  nanCount: [9, 'i64'],
})

export const GeospatialStatistics = define('GeospatialStatistics', {
  bbox: [1, 'struct'],
  geospatialTypes: [2, 'i32s'],
})

export const BoundingBox = define('BoundingBox', {
  xmin: [1, 'double'],
  xmax: [2, 'double'],
  ymin: [3, 'double'],
  ymax: [4, 'double'],
  zmin: [5, 'double'],
  zmax: [6, 'double'],
  mmin: [7, 'double'],
  mmax: [8, 'double'],
})

export const SizeStatistics = define('SizeStatistics', {
  unencodedByteArrayDataBytes: [1, 'i64'],
  repetitionLevelHistogram: [2, 'i64s'],
  definitionLevelHistogram: [3, 'i64s'],
})

export const PageEncodingStats = define('PageEncodingStats', {
  pageType: [1, 'i32'],
  encoding: [2, 'i32'],
  count: [3, 'i32'],
})

export const PageHeader = define('PageHeader', {
  type: [1, 'i32'],
  uncompressedPageSize: [2, 'i32'],
  compressedPageSize: [3, 'i32'],
  /** CRC-32 of the page's bytes as stored (compressed), as a signed number. */
  crc: [4, 'i32'],
  dataPageHeader: [5, 'struct'],
  indexPageHeader: [6, 'struct'],
  dictionaryPageHeader: [7, 'struct'],
  dataPageHeaderV2: [8, 'struct'],
})

export const DataPageHeader = define('DataPageHeader', {
  numValues: [1, 'i32'],
  encoding: [2, 'i32'],
  definitionLevelEncoding: [3, 'i32'],
  repetitionLevelEncoding: [4, 'i32'],
  statistics: [5, 'struct'],
})

export const DictionaryPageHeader = define('DictionaryPageHeader', {
  numValues: [1, 'i32'],
  encoding: [2, 'i32'],
  isSorted: [3, 'bool'],
})

export const DataPageHeaderV2 = define('DataPageHeaderV2', {
  numValues: [1, 'i32'],
  numNulls: [2, 'i32'],
  numRows: [3, 'i32'],
  encoding: [4, 'i32'],
  definitionLevelsByteLength: [5, 'i32'],
  repetitionLevelsByteLength: [6, 'i32'],
  isCompressed: [7, 'bool'],
  statistics: [8, 'struct'],
})

export const OffsetIndex = define('OffsetIndex', {
  pageLocations: [1, 'structs'],
  unencodedByteArrayDataBytes: [2, 'i64s'],
})

export const PageLocation = define('PageLocation', {
  offset: [1, 'i64'],
  /** Header included. */
  compressedPageSize: [2, 'i32'],
  firstRowIndex: [3, 'i64'],
})

export const ColumnIndex = define('ColumnIndex', {
  nullPages: [1, 'bools'],
  minValues: [2, 'binaries'],
  maxValues: [3, 'binaries'],
  boundaryOrder: [4, 'i32'],
  nullCounts: [5, 'i64s'],
  repetitionLevelHistograms: [6, 'i64s'],
  definitionLevelHistograms: [7, 'i64s'],
  nanCounts: [8, 'i64s'],
})

export const BloomFilterHeader = define('BloomFilterHeader', {
  numBytes: [1, 'i32'],
  /** Unions, each with one known member at field 1: split block, xxHash64, uncompressed. */
  algorithm: [2, 'struct'],
  hash: [3, 'struct'],
  compression: [4, 'struct'],
})
