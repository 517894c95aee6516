import { beforeAll, describe, expect, it } from 'vitest'
import { bloomOf } from './bloom.ts'
import { decodeChunk } from './decode.ts'
import { decompressBody } from './decompress.ts'
import { type FilePlan, generateFile } from './generate.ts'
import { compressPage } from './generate-codecs.ts'
import { ids, pageTypes } from './ids.ts'
import { type Image, type ImageChunk, isDataPage, readImage, writeImage } from './image.ts'
import { type Canary, canariesOf, findResidue } from './residue.ts'
import { child, integer, items, put, type Tree } from './thrift-tree.ts'

const base = {
  seed: 5,
  rows: 300,
  rowGroupRows: 150,
  codec: 'ZSTD',
  pageBytes: 300,
  dictionaryBytes: 1_000_000,
  encoding: 'DELTA',
  statistics: 'page',
  bloom: true,
  checksums: false,
} as const

const plans: FilePlan[] = [
  { ...base, writer: 'arrow-rs', version: 1, columns: 40 },
  { ...base, writer: 'arrow-rs', version: 2, columns: 40, dictionaryBytes: 0 },
  { ...base, writer: 'hyparquet-writer', version: 2, columns: 40 },
  { ...base, writer: 'duckdb', version: 1, columns: 40 },
]
const without = [7, 8, 100, 299]
const isErased = (row: number) => without.includes(row)

describe.each(plans)('the residue prover on a file of $writer, version $version', (plan) => {
  let source: Image
  let clean: Uint8Array
  let canaries: Canary[]
  beforeAll(async () => {
    source = readImage(await generateFile(plan))
    // What an erasure has to come to, made by the writer itself from the other rows.
    clean = await generateFile({ ...plan, without })
    canaries = canariesOf(source, isErased)
  })

  const isNested = plan.writer === 'hyparquet-writer' ? [] : ['person.name', 'orders.list.element.item']

  it('has canaries in flat and nested columns', () => {
    const columns = new Set(canaries.map(({ column }) => column))
    for (const column of ['canary', 'id', ...isNested]) expect(columns).toContain(column)
    expect(canaries.filter(({ column }) => column === 'canary')).toHaveLength(without.length)
  })

  it('finds nothing where nothing is left', () => {
    expect(findResidue(readImage(clean), canaries)).toEqual([])
  })

  it('finds what was never erased', () => {
    const places = new Set(findResidue(source, canaries).map(({ place }) => place))
    expect(places).toContain('data page')
    const columns = new Set(
      findResidue(source, canaries)
        .filter(({ place }) => place === 'data page')
        .map(({ where }) => where.replace(/^group \d+ /, '')),
    )
    expect(columns).toEqual(new Set(canaries.map(({ column }) => column)))
  })

  /** Plants one canary of the column `canary` and yields the places where it is found. */
  function plant(change: (chunk: ImageChunk, value: Buffer, image: Image) => void, options = {}): string[] {
    const image = readImage(clean)
    const chunk = image.groups.at(-1)!.chunks.find(({ leaf }) => leaf.path[0] === 'canary')!
    change(chunk, Buffer.from(canaries.findLast(({ column }) => column === 'canary')!.value), image)
    return findResidue(readImage(writeImage(image, options)), canaries).map(({ place }) => place)
  }

  const setBound = (id: number, shape: (value: Buffer) => Uint8Array) => (chunk: ImageChunk, value: Buffer) => {
    const statistics: Tree = child(chunk.meta, ids.meta.statistics) ?? new Map()
    put(statistics, id, shape(value))
    put(chunk.meta, ids.meta.statistics, statistics)
  }
  const whole = (value: Buffer) => value
  /** Of `canary-` and 32 digits: long enough that no kept value begins so. */
  const lower = (value: Buffer) => value.subarray(0, 16)
  const upper = (value: Buffer) => {
    const bytes = Buffer.from(value.subarray(0, 16))
    bytes[15]! += 1
    return bytes
  }

  it.each<[string, string, (chunk: ImageChunk, value: Buffer, image: Image) => void]>([
    ['statistics', 'the maximum', setBound(ids.statistics.maxValue, whole)],
    ['statistics', 'the minimum', setBound(ids.statistics.minValue, whole)],
    ['statistics', 'a shortened minimum', setBound(ids.statistics.minValue, lower)],
    ['statistics', 'a shortened maximum, its last byte one more', setBound(ids.statistics.maxValue, upper)],
    ['statistics (old fields)', 'the deprecated maximum', setBound(ids.statistics.max, whole)],
    ['statistics (old fields)', 'the deprecated minimum', setBound(ids.statistics.min, lower)],
    ['page statistics', 'statistics of a page header', plantInPageHeader],
    ['dictionary', 'an entry that no index uses', plantInDictionary],
    ['decompressed page', 'bytes behind the values of a page', plantBehindValues],
    ['bloom filter', 'a bit of a bloom filter', plantInBloom],
    ['column index', 'a minimum of the column index', plantInColumnIndex(whole)],
    ['column index', 'a shortened minimum of the column index', plantInColumnIndex(lower)],
    ['column key-value metadata', 'key-value metadata of a column', plantInKeyValues('column')],
    ['key-value metadata', 'key-value metadata of the file', plantInKeyValues('file')],
    ['footer tail', 'bytes behind the footer', (_, value, image) => (image.footerTail = value)],
  ])('finds in %s: %s', (place, _, change) => {
    expect(plant(change)).toContain(place)
  })

  it('finds what stands between two structures, and raw', () => {
    const value = Buffer.from(canaries.findLast(({ column }) => column === 'canary')!.value)
    const places = plant(() => undefined, { gap: () => value })
    expect(places).toContain('gap')
    expect(places).toContain('raw bytes')
  })
})

function plantInPageHeader({ pages }: ImageChunk, value: Buffer): void {
  const { header } = pages.find(isDataPage)!
  const isV2 = header.has(ids.page.v2)
  const statistics: Tree = new Map()
  put(statistics, ids.statistics.maxValue, value)
  put(child(header, isV2 ? ids.page.v2 : ids.page.v1)!, isV2 ? ids.v2.statistics : ids.v1.statistics, statistics)
}

/** Adds an entry to a dictionary page, or a whole dictionary page where there is none. */
function plantInDictionary(chunk: ImageChunk, value: Buffer): void {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value.length)
  const entry = Buffer.concat([length, value])
  const page = chunk.pages.find(({ header }) => integer(header, ids.page.type) === pageTypes.dictionary)
  if (page === undefined) {
    const inner: Tree = new Map()
    put(inner, ids.dictionary.numValues, 1)
    put(inner, ids.dictionary.encoding, 0)
    const header: Tree = new Map()
    put(header, ids.page.type, pageTypes.dictionary)
    put(header, ids.page.uncompressedSize, entry.length)
    put(header, ids.page.compressedSize, 0)
    put(header, ids.page.dictionary, inner)
    chunk.pages.unshift({ start: 0, header, body: compressPage.ZSTD(entry), stored: entry })
    put(chunk.meta, ids.meta.dictionaryPageOffset, 1n)
    return
  }
  const size = integer(page.header, ids.page.uncompressedSize)!
  const bytes = Buffer.concat([decompressBody('ZSTD', page.body, size), entry])
  const inner = child(page.header, ids.page.dictionary)!
  put(inner, ids.dictionary.numValues, integer(inner, ids.dictionary.numValues)! + 1)
  put(page.header, ids.page.uncompressedSize, bytes.length)
  page.body = compressPage.ZSTD(bytes)
}

function plantBehindValues(chunk: ImageChunk, value: Buffer): void {
  const page = chunk.pages.find(isDataPage)!
  const { plainBody } = decodeChunk(chunk).pages[0]!
  const v2 = child(page.header, ids.page.v2)
  const levelBytes = (integer(v2, ids.v2.definitionBytes) ?? 0) + (integer(v2, ids.v2.repetitionBytes) ?? 0)
  const body = compressPage.ZSTD(Buffer.concat([plainBody, value]))
  page.body = Buffer.concat([page.body.subarray(0, levelBytes), body])
  put(page.header, ids.page.uncompressedSize, levelBytes + plainBody.length + value.length)
}

function plantInBloom(chunk: ImageChunk, value: Buffer): void {
  const values = [...decodeChunk(chunk).pages.flatMap((page) => page.values), value]
  const header: Tree = chunk.bloom?.header ?? bloomHeader(4096)
  chunk.bloom = { header, bits: bloomOf(integer(header, ids.bloom.numBytes)!, values) }
}

function bloomHeader(bytes: number): Tree {
  const chosen = (): Tree => new Map([[1, { type: 12, value: new Map() }]])
  const header: Tree = new Map()
  put(header, ids.bloom.numBytes, bytes)
  for (const id of [2, 3, 4]) put(header, id, chosen())
  return header
}

function plantInColumnIndex(shape: (value: Buffer) => Uint8Array) {
  return (chunk: ImageChunk, value: Buffer): void => {
    const pages = chunk.pages.filter(isDataPage)
    const list = (elementType: number, item: () => Uint8Array | number) => ({ elementType, items: pages.map(item) })
    chunk.columnIndex ??= new Map([
      [ids.columnIndex.nullPages, { type: 9, value: list(1, () => 2) }],
      [ids.columnIndex.minValues, { type: 9, value: list(8, () => new Uint8Array(0)) }],
      [ids.columnIndex.maxValues, { type: 9, value: list(8, () => Buffer.from('z')) }],
      [ids.columnIndex.order, { type: 5, value: 0 }],
    ])
    items(chunk.columnIndex, ids.columnIndex.minValues)!.splice(0, 1, shape(value))
  }
}

function plantInKeyValues(whose: 'file' | 'column') {
  return (chunk: ImageChunk, value: Buffer, image: Image): void => {
    const pair: Tree = new Map()
    put(pair, ids.keyValue.key, Buffer.from('note'))
    put(pair, ids.keyValue.value, Buffer.concat([Buffer.from('of '), value]))
    const [tree, id] = whose === 'file' ? [image.footer, ids.file.keyValues] : [chunk.meta, ids.meta.keyValues]
    put(tree, id, { elementType: 12, items: [pair] })
  }
}
