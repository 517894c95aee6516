import { beforeAll, describe, expect, it } from 'vitest'
import { decodeChunk } from './decode.ts'
import { erasureFaults } from './erasure-check.ts'
import { type FilePlan, generateFile } from './generate.ts'
import { ids } from './ids.ts'
import { type Image, type ImageChunk, isDataPage, readImage, writeImage } from './image.ts'
import { faultsOf } from './physical-check.ts'
import { child, integer, items, put, type Tree, trees } from './thrift-tree.ts'

const plan: FilePlan = {
  seed: 11,
  writer: 'arrow-rs',
  rows: 400,
  rowGroupRows: 200,
  codec: 'SNAPPY',
  version: 2,
  columns: 40,
  pageBytes: 200,
  dictionaryBytes: 4000,
  encoding: 'DELTA',
  statistics: 'page',
  bloom: false,
  checksums: true,
}
const without = [0, 3, 40, 41, 42, 150, 399]

let source: Uint8Array
beforeAll(async () => {
  source = await generateFile(plan)
})

/** The kinds of faults of a file that was changed and written again. */
function kindsAfter(change: (image: Image, chunk: ImageChunk) => void, options: Parameters<typeof writeImage>[1] = {}) {
  const image = readImage(source)
  const chunk = image.groups[0]!.chunks.find(({ leaf }) => leaf.path[0] === 'canary')!
  change(image, chunk)
  return [...new Set(faultsOf(readImage(writeImage(image, options))).map(({ kind }) => kind))]
}

const add = (tree: Tree | undefined, id: number, by: number) => put(tree!, id, (integer(tree, id) ?? 0) + by)
const dataPage = ({ pages }: ImageChunk) => pages.find(isDataPage)!

describe('the physical check', () => {
  const known = ['column index null page', 'column index bounds']

  it.each<[string, (image: Image, chunk: ImageChunk) => void]>([
    ['file rows', ({ footer }) => add(footer, ids.file.numRows, 1)],
    ['chunk rows', ({ groups }) => add(groups[0]!.tree, ids.group.numRows, 1)],
    ['chunk values', (_, { meta }) => add(meta, ids.meta.numValues, 1)],
    ['encoding not listed', (_, { meta }) => items(meta, ids.meta.encodings)!.splice(0)],
    ['encoding statistics', (_, { meta }) => add(trees(meta, ids.meta.encodingStats)[0], ids.encodingStats.count, 1)],
    ['page rows', (_, chunk) => add(child(dataPage(chunk).header, ids.page.v2), ids.v2.numRows, -1)],
    ['null count', (_, { meta }) => add(child(meta, ids.meta.statistics), ids.statistics.nullCount, 1)],
    [
      'bounds',
      (_, { meta }) => put(child(meta, ids.meta.statistics)!, ids.statistics.minValue, Buffer.from('canary-8')),
    ],
    [
      'exact bounds',
      (_, { meta }) => put(child(meta, ids.meta.statistics)!, ids.statistics.minValue, Buffer.from('a')),
    ],
    ['old bounds', (_, { meta }) => put(child(meta, ids.meta.statistics)!, ids.statistics.max, Buffer.from('aa'))],
    ['distinct count', (_, { meta }) => put(child(meta, ids.meta.statistics)!, ids.statistics.distinctCount, 3n)],
    ['unencoded bytes', (_, { meta }) => add(child(meta, ids.meta.sizeStatistics), ids.size.byteArrayBytes, 1)],
    ['offset index row', (_, { offsetIndex }) => add(trees(offsetIndex, 1)[1], ids.location.firstRow, 1)],
    ['offset index entries', (_, { offsetIndex }) => items(offsetIndex, 1)!.pop()],
    ['column index nulls', (_, { columnIndex }) => items(columnIndex, ids.columnIndex.nullCounts)!.splice(0, 1, 5n)],
    ['column index null page', (_, { columnIndex }) => items(columnIndex, ids.columnIndex.nullPages)!.splice(0, 1, 1)],
    ['column index entries', (_, { columnIndex }) => items(columnIndex, ids.columnIndex.nullPages)!.pop()],
    [
      'column index bounds',
      (_, { columnIndex }) => items(columnIndex, ids.columnIndex.minValues)!.splice(0, 1, Buffer.from('canary-z')),
    ],
    ['column index order', (_, { columnIndex }) => put(columnIndex!, ids.columnIndex.order, 1)],
    ['footer tail', (image) => (image.footerTail = Buffer.from('tail'))],
  ])('finds a wrong thing: %s', (kind, change) => {
    const found = kindsAfter(change)
    expect(found).toContain(kind)
  })

  it('finds wrong sizes and offsets, which writing again would put right', () => {
    const image = readImage(source)
    const { meta, offsetIndex } = image.groups[0]!.chunks[0]!
    add(meta, ids.meta.uncompressedSize, 1)
    add(image.groups[0]!.tree, ids.group.byteSize, 5)
    add(image.groups[0]!.tree, ids.group.compressedSize, 5)
    add(trees(offsetIndex, 1)[0], ids.location.size, 1)
    add(trees(offsetIndex, 1)[0], ids.location.offset, 1)
    const kinds = new Set(faultsOf(image).map(({ kind }) => kind))
    for (const kind of ['chunk bytes', 'group bytes', 'group compressed bytes', 'offset index size']) {
      expect(kinds).toContain(kind)
    }
    expect(kinds).toContain('offset index offset')
  })

  it('finds a gap, an overlap and a wrong checksum', () => {
    expect(kindsAfter(() => undefined, { gap: () => Buffer.from('x') })).toContain('gap')
    const overlapping = readImage(source)
    const [first, second] = overlapping.groups
    for (const id of [ids.meta.dataPageOffset, ids.meta.dictionaryPageOffset]) {
      const offset = integer(first!.chunks[0]!.meta, id)
      if (offset !== undefined) put(second!.chunks[0]!.meta, id, BigInt(offset))
    }
    const size = integer(first!.chunks[0]!.meta, ids.meta.compressedSize)!
    put(second!.chunks[0]!.meta, ids.meta.compressedSize, BigInt(size))
    const written = writeImage(overlapping, { raw: true })
    expect(faultsOf(readImage(written)).map(({ kind }) => kind)).toContain('overlap')
    const flipped = Buffer.from(source)
    flipped[dataPage(readImage(source).groups[0]!.chunks[1]!).start + 60]! ^= 1
    expect(kindsOrDamage(flipped)).toMatch(/checksum|damaged/)
  })

  it('finds nothing in a sound file', () => {
    expect(kindsAfter(() => undefined).filter((kind) => !known.includes(kind))).toEqual([])
  })
})

function kindsOrDamage(bytes: Uint8Array): string {
  try {
    return faultsOf(readImage(bytes))
      .map(({ kind }) => kind)
      .join()
  } catch {
    return 'damaged'
  }
}

describe('the check of an erasure', () => {
  let source: Uint8Array
  let erased: Uint8Array
  beforeAll(async () => {
    // One row group: the writer would cut the other rows at other places.
    const whole: FilePlan = { ...plan, rowGroupRows: 1000 }
    source = await generateFile(whole)
    erased = await generateFile({ ...whole, without })
  })

  const gone = new Set(without)
  const isErased = (row: number) => gone.has(row)
  const kinds = (output: Uint8Array, erasedRows = isErased) => [
    ...new Set(erasureFaults(readImage(source), readImage(output), erasedRows).map(({ kind }) => kind)),
  ]

  it('misses a row that is there, and one that is not', () => {
    expect(kinds(source)).toContain('wrong number of rows')
    expect(kinds(erased, (row) => gone.has(row) || row === 200)).toContain('wrong number of rows')
    expect(kinds(erased, (row) => (row === 0 ? false : gone.has(row) || row === 1))).toContain('a kept row differs')
  })

  it('finds an untouched page that was written anew, and lets a touched one pass', () => {
    // The writer made other pages of the same rows: only those before the first erased row can be the same.
    expect(kinds(erased)).toEqual(['an untouched page has other bytes'])
    expect(kinds(source, () => false)).toEqual([])
  })

  it.each<[string, (image: Image) => void]>([
    ['changed created_by', ({ footer }) => put(footer, ids.file.createdBy, Buffer.from('other'))],
    ['changed schema', ({ footer }) => put(trees(footer, ids.file.schema)[1]!, 9, 5)],
    ['changed key-value metadata', ({ footer }) => footer.delete(ids.file.keyValues)],
    ['changed column orders', ({ footer }) => items(footer, ids.file.columnOrders)!.pop()],
    ['changed codec', ({ groups }) => put(groups[0]!.chunks[0]!.meta, ids.meta.codec, 0)],
    [
      'changed sorting columns',
      ({ groups }) => put(groups[0]!.tree, ids.group.sorting, { elementType: 12, items: [] }),
    ],
  ])('finds a description that changed: %s', (kind, change) => {
    const image = readImage(source)
    // Decoded by the codec that its pages really have.
    for (const chunk of image.groups.flatMap((group) => group.chunks)) decodeChunk(chunk)
    change(image)
    const faults = erasureFaults(readImage(source), image, () => false)
    expect(faults.map((fault) => fault.kind)).toContain(kind)
  })
})
