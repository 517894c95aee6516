/** Enumerations of parquet.thrift: each array maps the code on the wire, which is the index, to its name. */

export const physicalTypes = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const
export type PhysicalType = (typeof physicalTypes)[number]

export const convertedTypes = [
  'UTF8',
  'MAP',
  'MAP_KEY_VALUE',
  'LIST',
  'ENUM',
  'DECIMAL',
  'DATE',
  'TIME_MILLIS',
  'TIME_MICROS',
  'TIMESTAMP_MILLIS',
  'TIMESTAMP_MICROS',
  'UINT_8',
  'UINT_16',
  'UINT_32',
  'UINT_64',
  'INT_8',
  'INT_16',
  'INT_32',
  'INT_64',
  'JSON',
  'BSON',
  'INTERVAL',
] as const
export type ConvertedType = (typeof convertedTypes)[number]

export const repetitionTypes = ['REQUIRED', 'OPTIONAL', 'REPEATED'] as const
export type RepetitionType = (typeof repetitionTypes)[number]

/** Code 1 was never used by a writer. */
export const encodings = [
  'PLAIN',
  'GROUP_VAR_INT',
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
] as const
export type Encoding = (typeof encodings)[number]

export const compressionCodecs = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const
export type CompressionCodec = (typeof compressionCodecs)[number]

export const pageTypes = ['DATA_PAGE', 'INDEX_PAGE', 'DICTIONARY_PAGE', 'DATA_PAGE_V2'] as const
export type PageType = (typeof pageTypes)[number]

export const boundaryOrders = ['UNORDERED', 'ASCENDING', 'DESCENDING'] as const
