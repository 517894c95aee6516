import type { DataPageHeader, PageHeader } from 'hyparquet'
import { readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { hasBitPackedLevels, withHybridLevels } from './bit-packed-levels.ts'
import { type CodecName, codecs, compressors, decompressBody } from './decompress.ts'
import { decodeDelta } from './delta.ts'
import { ids, pageTypes } from './ids.ts'
import { type ImageChunk, type ImagePage, isDataPage } from './image.ts'
import type { Leaf, PhysicalType } from './leaves.ts'
import { child, flag, integer, type Tree } from './thrift-tree.ts'

/** Names by the codes of parquet.thrift. */
const encodings = [
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

/** A chunk's pages decoded by hyparquet's page readers, down to levels and bytes and no further. */
export interface DecodedChunk {
  readonly dictionary: readonly Uint8Array[] | undefined
  /** Data pages alone, in order. */
  readonly pages: readonly DecodedPage[]
}

export interface DecodedPage {
  readonly page: ImagePage
  readonly encoding: string
  /** One an entry, nulls too; 0 throughout where the column has none. */
  readonly repetition: readonly number[]
  readonly definition: readonly number[]
  /** The entries that are no null: bytes as PLAIN has them, without the length before a byte array. */
  readonly values: readonly Uint8Array[]
  /** Into the dictionary; undefined where the page is encoded otherwise. */
  readonly indices: readonly number[] | undefined
  /** The body, decompressed; of a V2 page without the levels. Levels of the old encoding are in the new one. */
  readonly plainBody: Uint8Array
}

const decodedChunks = new WeakMap<ImageChunk, DecodedChunk>()

/**
 * Decodes a chunk once: one that was changed since is to be written, and decoded as the file then has it.
 *
 * @throws Error of any class where a page is damaged
 */
export function decodeChunk(chunk: ImageChunk): DecodedChunk {
  let decoded = decodedChunks.get(chunk)
  if (decoded === undefined) decodedChunks.set(chunk, (decoded = decodePages(chunk)))
  return decoded
}

function decodePages({ meta, leaf, pages }: ImageChunk): DecodedChunk {
  const codec = codecs[integer(meta, ids.meta.codec) ?? -1]
  if (codec === undefined) throw new RangeError('an unknown codec')
  let dictionary: Uint8Array[] | undefined
  const decoded: DecodedPage[] = []
  for (const page of pages) {
    if (integer(page.header, ids.page.type) === pageTypes.dictionary) dictionary = decodeDictionary(page, leaf, codec)
    else if (isDataPage(page)) decoded.push(decodePage(page, leaf, codec, dictionary))
  }
  return { dictionary, pages: decoded }
}

interface Stored {
  readonly leaf: Leaf
  readonly encoding: string
  readonly bytes: number
}

/** hyparquet reads on behind a page's end into what comes next: a page is damaged whose values do not fit in it. */
function checkLengths(values: readonly Uint8Array[], { leaf, encoding, bytes }: Stored): void {
  if (!['PLAIN', 'DELTA_LENGTH_BYTE_ARRAY', 'BYTE_STREAM_SPLIT'].includes(encoding)) return
  const prefix = encoding === 'PLAIN' && leaf.type === 'BYTE_ARRAY' ? 4 : 0
  const sum = values.reduce((total, value) => total + prefix + value.length, 0)
  const needed = leaf.type === 'BOOLEAN' ? Math.ceil(values.length / 8) : sum
  if (needed > bytes) throw new RangeError('values reach beyond their page')
}

function decodeDictionary({ header, body }: ImagePage, leaf: Leaf, codec: CodecName): Uint8Array[] {
  const bytes = decompressBody(codec, body, integer(header, ids.page.uncompressedSize) ?? 0)
  const count = checkedCount(integer(child(header, ids.page.dictionary), ids.dictionary.numValues))
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
  const values = toBytes(readPlain(reader, leaf.type, count, leaf.typeLength), leaf)
  checkLengths(values, { leaf, encoding: 'PLAIN', bytes: bytes.length })
  return values
}

function decodePage(page: ImagePage, leaf: Leaf, codec: CodecName, dictionary: Uint8Array[] | undefined): DecodedPage {
  const v2 = child(page.header, ids.page.v2)
  const v1 = child(page.header, ids.page.v1)
  const isV2 = integer(page.header, ids.page.type) === pageTypes.dataV2
  const head = isV2 ? v2 : v1
  const encoding = encodings[integer(head, isV2 ? ids.v2.encoding : ids.v1.encoding) ?? -1]
  if (head === undefined || encoding === undefined) throw new RangeError('a data page without its header')
  const count = checkedCount(integer(head, ids.v1.numValues))
  const { read, plainBody } = isV2
    ? readV2(page, head, leaf, codec, encoding)
    : readV1(page, head, leaf, codec, encoding)
  const definition = levels(read.definitionLevels, count, leaf.maxDefinition)
  const present = definition.reduce((sum, level) => sum + (level === leaf.maxDefinition ? 1 : 0), 0)
  const isDelta = encoding === 'DELTA_BINARY_PACKED' && present > 0
  const data = isDelta
    ? decodeDelta(plainBody, isV2 ? 0 : levelBytesV1(plainBody, leaf), leaf.type === 'INT32' ? 32 : 64)
    : read.dataPage
  const isIndexed = encoding.endsWith('_DICTIONARY')
  const indices = isIndexed ? Array.from(read.dataPage as number[]).slice(0, present) : undefined
  const values = indices === undefined ? toBytes(data, leaf) : indices.map((index) => dictionary?.[index])
  if (values.length !== present || values.some((value) => value === undefined)) {
    throw new RangeError('a data page has fewer values than it says')
  }
  if (!isIndexed) {
    const bytes = plainBody.length - (isV2 ? 0 : levelBytesV1(plainBody, leaf))
    checkLengths(values as Uint8Array[], { leaf, encoding, bytes })
  }
  return {
    page,
    encoding,
    repetition: levels(read.repetitionLevels, count, 0),
    definition,
    values: values as Uint8Array[],
    indices,
    plainBody,
  }
}

function readV1(page: ImagePage, head: Tree, leaf: Leaf, codec: CodecName, encoding: (typeof encodings)[number]) {
  const body = decompressBody(codec, page.body, integer(page.header, ids.page.uncompressedSize) ?? 0)
  const plainBody = hasBitPackedLevels(head, leaf) ? withHybridLevels(body, head, leaf) : body
  const header: DataPageHeader = {
    num_values: integer(head, ids.v1.numValues) ?? 0,
    encoding,
    definition_level_encoding: 'RLE',
    repetition_level_encoding: 'RLE',
  }
  // A copy that ends with the page: hyparquet would read on behind it.
  return { read: readDataPage(Uint8Array.from(plainBody), header, decoderOf(leaf, codec)), plainBody }
}

/** V1: each kind of levels that the column has stands behind its length. */
export function levelBytesV1(body: Uint8Array, { maxRepetition, maxDefinition }: Leaf): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  let position = 0
  for (const max of [maxRepetition, maxDefinition]) if (max > 0) position += 4 + view.getUint32(position, true)
  return position
}

function readV2(page: ImagePage, head: Tree, leaf: Leaf, codec: CodecName, encoding: (typeof encodings)[number]) {
  const size = integer(page.header, ids.page.uncompressedSize) ?? 0
  const levelBytes = (integer(head, ids.v2.definitionBytes) ?? 0) + (integer(head, ids.v2.repetitionBytes) ?? 0)
  const isCompressed = flag(head, ids.v2.isCompressed) ?? true
  const header: PageHeader = {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: size,
    compressed_page_size: page.body.length,
    data_page_header_v2: {
      num_values: integer(head, ids.v2.numValues) ?? 0,
      num_nulls: integer(head, ids.v2.numNulls) ?? 0,
      num_rows: integer(head, ids.v2.numRows) ?? 0,
      encoding,
      definition_levels_byte_length: integer(head, ids.v2.definitionBytes) ?? 0,
      repetition_levels_byte_length: integer(head, ids.v2.repetitionBytes) ?? 0,
      is_compressed: isCompressed,
    },
  }
  const stored = page.body.subarray(levelBytes)
  const plainBody = isCompressed ? decompressBody(codec, stored, size - levelBytes) : stored
  return { read: readDataPageV2(Uint8Array.from(page.body), header, decoderOf(leaf, codec)), plainBody }
}

function decoderOf(leaf: Leaf, codec: CodecName): Parameters<typeof readDataPageV2>[2] {
  const schemaPath = leaf.repetitions.map((repetition_type, index) => ({
    element: { name: leaf.path[index - 1] ?? 'root', repetition_type },
    children: [],
    count: 1,
    path: [],
  }))
  const element = { name: leaf.path.at(-1) ?? '', type: leaf.type, type_length: leaf.typeLength }
  const decoder = { pathInSchema: [...leaf.path], type: leaf.type, element, schemaPath, codec, compressors }
  return decoder as unknown as Parameters<typeof readDataPageV2>[2]
}

function levels(read: readonly number[] | undefined, count: number, absent: number): number[] {
  if (read === undefined || read.length === 0) return new Array<number>(count).fill(absent)
  if (read.length !== count) throw new RangeError('a page has another number of levels than of values')
  return [...read]
}

function checkedCount(count: number | undefined): number {
  if (count === undefined || count < 0 || count > 20_000_000) throw new RangeError('an impossible count')
  return count
}

function toBytes(values: ArrayLike<unknown>, { type }: Leaf): Uint8Array[] {
  const encode = encoders[type]
  return Array.from(values, (value) => encode(value))
}

function fixed(fill: (view: DataView) => void, length = 8): Uint8Array {
  const bytes = new Uint8Array(length)
  fill(new DataView(bytes.buffer))
  return bytes
}

const encoders: { readonly [Type in PhysicalType]: (value: unknown) => Uint8Array } = {
  BOOLEAN: (value) => Uint8Array.of(value ? 1 : 0),
  INT32: (value) => fixed((view) => view.setInt32(0, Number(value), true), 4),
  INT64: (value) => fixed((view) => view.setBigInt64(0, BigInt(value as bigint), true)),
  INT96: (value) =>
    fixed((view) => {
      view.setBigUint64(0, BigInt.asUintN(64, value as bigint), true)
      view.setInt32(8, Number(BigInt.asIntN(32, (value as bigint) >> 64n)), true)
    }, 12),
  FLOAT: (value) => fixed((view) => view.setFloat32(0, Number(value), true), 4),
  DOUBLE: (value) => fixed((view) => view.setFloat64(0, Number(value), true)),
  BYTE_ARRAY: (value) => value as Uint8Array,
  FIXED_LEN_BYTE_ARRAY: (value) => value as Uint8Array,
}

/** Every row of a chunk as text: levels and values, equal exactly where rows are equal in this column. */
export function rowTexts({ pages }: DecodedChunk, leaf: Pick<Leaf, 'maxDefinition'>): string[] {
  const rows: string[] = []
  for (const { repetition, definition, values } of pages) {
    let next = 0
    definition.forEach((level, entry) => {
      const value = level === leaf.maxDefinition ? `=${Buffer.from(values[next++]!).toString('hex')}` : ''
      const text = `${repetition[entry]}:${level}${value};`
      if (repetition[entry] === 0) rows.push(text)
      else if (rows.length === 0) throw new RangeError('a chunk begins inside a row')
      else rows[rows.length - 1] += text
    })
  }
  return rows
}
