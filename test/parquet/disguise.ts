import { bitPackedLevels, hybridLevels, levelEncodings } from './bit-packed-levels.ts'
import { type DecodedPage, decodeChunk, levelBytesV1 } from './decode.ts'
import { codecs } from './decompress.ts'
import { compressPage } from './generate-codecs.ts'
import { ids } from './ids.ts'
import { type Image, type ImageChunk, type ImagePage, isDataPage, readImage, writeImage } from './image.ts'
import { child, copyTree, integer, put, type Tree } from './thrift-tree.ts'

/**
 * What other writers do, and none of those that the tests have: each turns a file into one of the same rows.
 */
export const disguises: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'bytes between structures, and behind the footer': (bytes) => {
    const image = readImage(bytes)
    const stale = Buffer.from(firstCanary(image))
    image.footerTail = Buffer.concat([Buffer.from('stale '), stale])
    return writeImage(image, { gap: () => stale })
  },

  'no offset of the dictionary page': (bytes) => {
    const image = readImage(bytes)
    for (const { meta } of chunksOf(image)) meta.delete(ids.meta.dictionaryPageOffset)
    return writeImage(image)
  },

  'V1 pages that end inside a row': (bytes) => {
    const image = readImage(bytes)
    for (const chunk of chunksOf(image)) if (chunk.leaf.maxRepetition > 0) splitPages(chunk, 7)
    return writeImage(image)
  },

  'V2 pages of which some are not compressed': (bytes) => {
    const image = readImage(bytes)
    for (const chunk of chunksOf(image))
      for (const [index, page] of decodeChunk(chunk).pages.entries()) unpack(page, index)
    return writeImage(image)
  },

  'a data page without values behind the first': (bytes) => {
    const image = readImage(bytes)
    for (const chunk of chunksOf(image)) {
      if (chunk.offsetIndex === undefined)
        chunk.pages.splice(chunk.pages.findIndex(isDataPage) + 1, 0, emptyPage(chunk))
    }
    return writeImage(image)
  },

  'neither indexes nor filters nor statistics': (bytes) => {
    const image = readImage(bytes)
    for (const chunk of chunksOf(image)) {
      chunk.columnIndex = undefined
      chunk.offsetIndex = undefined
      chunk.bloom = undefined
      for (const id of [ids.meta.statistics, ids.meta.encodingStats, ids.meta.sizeStatistics]) chunk.meta.delete(id)
    }
    return writeImage(image)
  },
}

/**
 * Levels of V1 pages in the deprecated encoding BIT_PACKED, as the first writers of the format had them. Not among the
 * disguises: no reader of the tests knows it (DuckDB and hyparquet have none, pyarrow takes the least significant bit
 * first, against the format's words).
 */
export function packLevels(bytes: Uint8Array): { file: Uint8Array; pages: number } {
  const image = readImage(bytes)
  let pages = 0
  for (const chunk of chunksOf(image)) {
    const { maxRepetition, maxDefinition } = chunk.leaf
    for (const { page, repetition, definition, plainBody } of decodeChunk(chunk).pages) {
      if (child(page.header, ids.page.v1) === undefined || maxDefinition === 0) continue
      page.header = copyTree(page.header)
      const v1 = child(page.header, ids.page.v1)!
      const values = plainBody.subarray(levelBytesV1(plainBody, chunk.leaf))
      const body = Buffer.concat([
        maxRepetition === 0 ? new Uint8Array(0) : bitPackedLevels(repetition, maxRepetition),
        bitPackedLevels(definition, maxDefinition),
        values,
      ])
      put(v1, ids.v1.repetitionEncoding, levelEncodings.bitPacked)
      put(v1, ids.v1.definitionEncoding, levelEncodings.bitPacked)
      put(page.header, ids.page.uncompressedSize, body.length)
      page.header.delete(ids.page.crc)
      page.body = compressBody(chunk, body)
      pages += 1
    }
  }
  return { file: writeImage(image), pages }
}

function chunksOf(image: Image): ImageChunk[] {
  return image.groups.flatMap((group) => group.chunks)
}

function firstCanary(image: Image): Uint8Array {
  const chunk = chunksOf(image).find(({ leaf }) => leaf.path[0] === 'canary')!
  return decodeChunk(chunk).pages[0]!.values[0]!
}

/** Writes a chunk anew, in PLAIN V1 pages of so many entries wherever rows end. Index entries would have to tell rows. */
function splitPages(chunk: ImageChunk, entriesAPage: number): void {
  const { leaf, meta } = chunk
  const { pages } = decodeChunk(chunk)
  const repetition = pages.flatMap((page) => page.repetition)
  const definition = pages.flatMap((page) => page.definition)
  const values = pages.flatMap((page) => page.values)
  const isPresent = (level: number): boolean => level === leaf.maxDefinition
  const written: ImagePage[] = []
  for (let start = 0, next = 0; start < definition.length; start += entriesAPage) {
    const levels = definition.slice(start, start + entriesAPage)
    const present = levels.filter(isPresent).length
    const body = Buffer.concat([
      hybridLevels(repetition.slice(start, start + entriesAPage), leaf.maxRepetition),
      hybridLevels(levels, leaf.maxDefinition),
      plainValues(values.slice(next, next + present), leaf.type),
    ])
    next += present
    written.push(pageOf(chunk, body, levels.length))
  }
  chunk.pages = written
  chunk.offsetIndex = undefined
  chunk.columnIndex = undefined
  meta.delete(ids.meta.dictionaryPageOffset)
  meta.delete(ids.meta.encodingStats)
  put(meta, ids.meta.encodings, { elementType: 5, items: [0, 3] })
}

function plainValues(values: readonly Uint8Array[], type: string): Uint8Array {
  if (type === 'BOOLEAN') {
    const bits = new Uint8Array(Math.ceil(values.length / 8))
    for (const [index, value] of values.entries()) bits[index >> 3]! |= value[0]! << (index & 7)
    return bits
  }
  if (type !== 'BYTE_ARRAY') return Buffer.concat(values)
  return Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(value.length)
      return [length, value]
    }),
  )
}

function emptyPage(chunk: ImageChunk): ImagePage {
  const { maxRepetition, maxDefinition } = chunk.leaf
  const sections = [maxRepetition, maxDefinition].filter((max) => max > 0).map(() => Buffer.alloc(4))
  const page = pageOf(chunk, Buffer.concat(sections), 0)
  chunk.meta.delete(ids.meta.encodingStats)
  put(chunk.meta, ids.meta.encodings, { elementType: 5, items: [0, 3, 2, 5, 6, 7, 8, 9] })
  return page
}

function pageOf({ meta }: Pick<ImageChunk, 'meta'>, body: Uint8Array, numValues: number): ImagePage {
  const inner: Tree = new Map()
  put(inner, ids.v1.numValues, numValues)
  put(inner, ids.v1.encoding, 0)
  put(inner, ids.v1.definitionEncoding, 3)
  put(inner, ids.v1.repetitionEncoding, 3)
  const header: Tree = new Map()
  put(header, ids.page.type, 0)
  put(header, ids.page.uncompressedSize, body.length)
  put(header, ids.page.compressedSize, 0)
  put(header, ids.page.v1, inner)
  return { start: 0, header, body: compressBody({ meta }, body), stored: body }
}

function compressBody({ meta }: Pick<ImageChunk, 'meta'>, body: Uint8Array): Uint8Array {
  const codec = codecs[integer(meta, ids.meta.codec)!]!
  if (codec === 'LZO' || codec === 'LZ4') throw new RangeError('a codec that no generated file has')
  return compressPage[codec](body)
}

/** Every second V2 page as its writer would have it where compression does not pay. */
function unpack({ page, plainBody }: DecodedPage, index: number): void {
  const v2 = child(page.header, ids.page.v2)
  if (v2 === undefined || index % 2 === 1) return
  const levelBytes = integer(v2, ids.v2.definitionBytes)! + integer(v2, ids.v2.repetitionBytes)!
  page.header = copyTree(page.header)
  put(child(page.header, ids.page.v2)!, ids.v2.isCompressed, false)
  page.header.delete(ids.page.crc)
  page.body = Buffer.concat([page.body.subarray(0, levelBytes), plainBody])
}
