import { malformed } from './malformed.ts'
import { DataPageHeader, DataPageHeaderV2, DictionaryPageHeader, PageHeader } from './metadata.ts'
import { type Encoding, encodings, pageTypes } from './metadata-enums.ts'
import type { ThriftStruct } from './thrift.ts'
import { getField, requireCount, requireField } from './thrift-fields.ts'

interface PageHeadBase {
  /** The header as it was read, for changing it and writing it again. */
  readonly struct: ThriftStruct
  /** Bytes of the body as stored, without the header. */
  readonly compressedBytes: number
  readonly uncompressedBytes: number
  /** CRC-32 of the stored body, signed; where the writer gave one. */
  readonly crc: number | undefined
}

/** The header of a page, read and checked in itself. Counts of values include nulls. */
export type PageHead =
  | (PageHeadBase & { readonly kind: 'dictionary'; readonly numValues: number; readonly encoding: Encoding })
  | (PageHeadBase & {
      readonly kind: 'data-v1'
      readonly numValues: number
      readonly encoding: Encoding
      readonly definitionLevelEncoding: Encoding
      readonly repetitionLevelEncoding: Encoding
    })
  | (PageHeadBase & {
      readonly kind: 'data-v2'
      readonly numValues: number
      readonly encoding: Encoding
      readonly numNulls: number
      readonly numRows: number
      readonly definitionLevelBytes: number
      readonly repetitionLevelBytes: number
      /** Whether the values are; levels never are. */
      readonly isCompressed: boolean
    })
  | (PageHeadBase & { readonly kind: 'index' })

export type DataPageHead = Extract<PageHead, { kind: 'data-v1' | 'data-v2' }>

/** @throws LetheError `malformed` */
export function readPageHead(struct: ThriftStruct): PageHead {
  const base = {
    struct,
    compressedBytes: requireCount(struct, PageHeader.compressedPageSize),
    uncompressedBytes: requireCount(struct, PageHeader.uncompressedPageSize),
    crc: getField(struct, PageHeader.crc),
  }
  switch (pageTypes[requireField(struct, PageHeader.type)]) {
    case 'DATA_PAGE':
      return { ...base, ...dataHead(requireField(struct, PageHeader.dataPageHeader)) }
    case 'DATA_PAGE_V2':
      return { ...base, ...dataHeadV2(requireField(struct, PageHeader.dataPageHeaderV2)) }
    case 'DICTIONARY_PAGE':
      return { ...base, ...dictionaryHead(requireField(struct, PageHeader.dictionaryPageHeader)) }
    case 'INDEX_PAGE':
      return { ...base, kind: 'index' }
    default:
      throw malformed('a page has an unknown type')
  }
}

function dataHead(header: ThriftStruct) {
  return {
    kind: 'data-v1',
    numValues: requireCount(header, DataPageHeader.numValues),
    encoding: encodingOf(requireField(header, DataPageHeader.encoding)),
    definitionLevelEncoding: encodingOf(requireField(header, DataPageHeader.definitionLevelEncoding)),
    repetitionLevelEncoding: encodingOf(requireField(header, DataPageHeader.repetitionLevelEncoding)),
  } as const
}

function dataHeadV2(header: ThriftStruct) {
  return {
    kind: 'data-v2',
    numValues: requireCount(header, DataPageHeaderV2.numValues),
    encoding: encodingOf(requireField(header, DataPageHeaderV2.encoding)),
    numNulls: requireCount(header, DataPageHeaderV2.numNulls),
    numRows: requireCount(header, DataPageHeaderV2.numRows),
    definitionLevelBytes: requireCount(header, DataPageHeaderV2.definitionLevelsByteLength),
    repetitionLevelBytes: requireCount(header, DataPageHeaderV2.repetitionLevelsByteLength),
    isCompressed: getField(header, DataPageHeaderV2.isCompressed) ?? true,
  } as const
}

function dictionaryHead(header: ThriftStruct) {
  return {
    kind: 'dictionary',
    numValues: requireCount(header, DictionaryPageHeader.numValues),
    encoding: encodingOf(requireField(header, DictionaryPageHeader.encoding)),
  } as const
}

function encodingOf(code: number): Encoding {
  const encoding = encodings[code]
  if (encoding === undefined) throw malformed('a page has an unknown encoding')
  return encoding
}
