import { crc32 } from 'node:zlib'
import { ids, pageTypes } from './ids.ts'
import { type Leaf, readLeaves } from './leaves.ts'
import { child, copyTree, integer, put, readTree, type Tree, trees, writeTree } from './thrift-tree.ts'

/** A Parquet file taken apart into its structures, each with the bytes that it was; `writeImage` puts it together. */
export interface Image {
  readonly bytes: Uint8Array
  readonly footer: Tree
  readonly leaves: readonly Leaf[]
  readonly groups: ImageGroup[]
  /** What lies between the structures, in the source. */
  readonly gaps: readonly Extent[]
  /** Structures that share bytes. */
  readonly overlaps: readonly Extent[]
  /** Bytes behind the footer's structure that its length field counts too. */
  footerTail: Uint8Array
}

export interface ImageGroup {
  readonly tree: Tree
  readonly chunks: ImageChunk[]
}

export interface ImageChunk {
  readonly tree: Tree
  readonly meta: Tree
  readonly leaf: Leaf
  pages: ImagePage[]
  offsetIndex: Tree | undefined
  columnIndex: Tree | undefined
  bloom: { readonly header: Tree; readonly bits: Uint8Array } | undefined
}

export interface ImagePage {
  /** Where its header begins, in the source. */
  readonly start: number
  header: Tree
  body: Uint8Array
  /** Header and body as they stood in the source. */
  readonly stored: Uint8Array
}

export interface Extent {
  readonly what: string
  readonly start: number
  readonly end: number
}

/** @throws RangeError where the file contradicts itself so that it has no structures */
export function readImage(bytes: Uint8Array): Image {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || magicAt(bytes, 0) !== 'PAR1' || magicAt(bytes, bytes.length - 4) !== 'PAR1') {
    throw new RangeError('no Parquet file')
  }
  const footerStart = bytes.length - 8 - view.getUint32(bytes.length - 8, true)
  if (footerStart < 4) throw new RangeError('the footer is longer than the file')
  const { tree: footer, end } = readTree(bytes.subarray(0, bytes.length - 8), footerStart)
  const leaves = readLeaves(trees(footer, ids.file.schema))
  const extents: Extent[] = [
    { what: 'magic', start: 0, end: 4 },
    { what: 'footer', start: footerStart, end },
    { what: 'frame', start: bytes.length - 8, end: bytes.length },
  ]
  const groups = trees(footer, ids.file.rowGroups).map((tree, index) => readGroup(bytes, tree, leaves, index, extents))
  const footerTail = bytes.subarray(end, bytes.length - 8)
  return { bytes, footer, leaves, groups, footerTail, ...between(extents) }
}

function readGroup(bytes: Uint8Array, tree: Tree, leaves: readonly Leaf[], group: number, extents: Extent[]) {
  const chunks = trees(tree, ids.group.columns).map((chunk, index) => {
    const leaf = leaves[index]
    const meta = child(chunk, ids.chunk.meta)
    if (leaf === undefined || meta === undefined) throw new RangeError('a chunk without a column or metadata')
    return readChunk(bytes, chunk, meta, leaf, (what, start, end) =>
      extents.push({ what: `group ${group} ${leaf.path.join('.')} ${what}`, start, end }),
    )
  })
  return { tree, chunks }
}

type Note = (what: string, start: number, end: number) => void

function readChunk(bytes: Uint8Array, tree: Tree, meta: Tree, leaf: Leaf, note: Note): ImageChunk {
  const structure = (offsetId: number, lengthId: number, what: string): Tree | undefined => {
    const start = integer(tree, offsetId)
    const length = integer(tree, lengthId)
    if (start === undefined || length === undefined) return undefined
    const { tree: read, end } = readTree(bytes, start)
    if (end !== start + length) throw new RangeError(`${what} has another length than the footer says`)
    note(what, start, end)
    return read
  }
  const { offsetIndexOffset, offsetIndexLength, columnIndexOffset, columnIndexLength } = ids.chunk
  return {
    tree,
    meta,
    leaf,
    pages: readPages(bytes, meta, note),
    columnIndex: structure(columnIndexOffset, columnIndexLength, 'column index'),
    offsetIndex: structure(offsetIndexOffset, offsetIndexLength, 'offset index'),
    bloom: readBloom(bytes, meta, note),
  }
}

/** Where the pages of a chunk begin: writers point at a dictionary page in two ways, or not at all. */
export function chunkStart(meta: Tree): number {
  const data = integer(meta, ids.meta.dataPageOffset) ?? 0
  const dictionary = integer(meta, ids.meta.dictionaryPageOffset) ?? 0
  return dictionary > 0 && (dictionary < data || data === 0) ? dictionary : data
}

function readPages(bytes: Uint8Array, meta: Tree, note: Note): ImagePage[] {
  const pages: ImagePage[] = []
  let position = chunkStart(meta)
  const end = position + (integer(meta, ids.meta.compressedSize) ?? 0)
  if (end > bytes.length) throw new RangeError('a chunk is longer than the file')
  while (position < end) {
    const { tree: header, end: bodyStart } = readTree(bytes.subarray(0, end), position)
    const bodyEnd = bodyStart + (integer(header, ids.page.compressedSize) ?? 0)
    if (bodyEnd < bodyStart || bodyEnd > end) throw new RangeError('a page is longer than its chunk')
    note(`page ${pages.length}`, position, bodyEnd)
    const body = bytes.subarray(bodyStart, bodyEnd)
    pages.push({ start: position, header, body, stored: bytes.subarray(position, bodyEnd) })
    position = bodyEnd
  }
  return pages
}

function readBloom(bytes: Uint8Array, meta: Tree, note: Note): ImageChunk['bloom'] {
  const start = integer(meta, ids.meta.bloomOffset)
  if (start === undefined) return undefined
  const { tree: header, end: bitsStart } = readTree(bytes, start)
  const end = bitsStart + (integer(header, ids.bloom.numBytes) ?? 0)
  const length = integer(meta, ids.meta.bloomLength)
  if (end < bitsStart || end > bytes.length || (length !== undefined && start + length !== end)) {
    throw new RangeError('a bloom filter has another length than the footer says')
  }
  note('bloom filter', start, end)
  return { header, bits: bytes.slice(bitsStart, end) }
}

function between(extents: Extent[]): { gaps: Extent[]; overlaps: Extent[] } {
  const sorted = extents.toSorted((a, b) => a.start - b.start || a.end - b.end)
  const gaps: Extent[] = []
  const overlaps: Extent[] = []
  let position = 0
  for (const extent of sorted) {
    if (extent.start > position) gaps.push({ what: `before ${extent.what}`, start: position, end: extent.start })
    if (extent.start < position) overlaps.push(extent)
    position = Math.max(position, extent.end)
  }
  return { gaps, overlaps }
}

export interface WriteOptions {
  /** Bytes to put before each page, index, filter or the footer. */
  readonly gap?: (before: 'page' | 'column index' | 'offset index' | 'bloom filter' | 'footer') => Uint8Array
  /** Gives every page a CRC of its body. */
  readonly checksums?: boolean
  /** Leaves wrong what was changed: sizes and offsets of pages are not corrected in headers and footer. */
  readonly raw?: boolean
}

/**
 * Puts a file together: pages in order, then indexes and filters, then the footer. Offsets and sizes are made right;
 * counts, statistics and everything else are written as they stand in the image.
 */
export function writeImage(image: Image, options: WriteOptions = {}): Uint8Array {
  const out = new Output()
  out.add(Buffer.from('PAR1'))
  const gap = (before: Parameters<NonNullable<WriteOptions['gap']>>[0]) => out.add(options.gap?.(before) ?? noBytes)
  for (const group of image.groups) {
    for (const chunk of group.chunks) writePages(chunk, out, options, () => gap('page'))
    setGroup(group, options)
  }
  const { offsetIndexOffset, offsetIndexLength, columnIndexOffset, columnIndexLength } = ids.chunk
  for (const chunk of image.groups.flatMap((group) => group.chunks)) {
    if (chunk.columnIndex !== undefined) {
      gap('column index')
      const { start, end } = out.add(writeTree(chunk.columnIndex))
      set(chunk.tree, columnIndexOffset, BigInt(start))
      set(chunk.tree, columnIndexLength, end - start)
    } else {
      chunk.tree.delete(columnIndexOffset)
      chunk.tree.delete(columnIndexLength)
    }
    if (chunk.offsetIndex !== undefined) {
      gap('offset index')
      const { start, end } = out.add(writeTree(chunk.offsetIndex))
      set(chunk.tree, offsetIndexOffset, BigInt(start))
      set(chunk.tree, offsetIndexLength, end - start)
    } else {
      chunk.tree.delete(offsetIndexOffset)
      chunk.tree.delete(offsetIndexLength)
    }
    writeBloom(chunk, out, () => gap('bloom filter'))
  }
  gap('footer')
  const footer = Buffer.concat([writeTree(image.footer), image.footerTail])
  out.add(footer)
  const frame = Buffer.from('....PAR1')
  frame.writeUInt32LE(footer.length, 0)
  out.add(frame)
  return out.bytes()
}

const noBytes = new Uint8Array(0)
const set = put

function writePages(chunk: ImageChunk, out: Output, { checksums, raw }: WriteOptions, gap: () => unknown): void {
  const { meta, tree } = chunk
  let start = -1
  let dataStart = -1
  let uncompressed = 0
  const locations = trees(chunk.offsetIndex, ids.offsetIndex.locations)
  let data = 0
  for (const page of chunk.pages) {
    if (start === -1) gap()
    const header = copyTree(page.header)
    if (raw !== true) put(header, ids.page.compressedSize, page.body.length)
    if (checksums === true) put(header, ids.page.crc, crc32(page.body) | 0)
    const written = Buffer.concat([writeTree(header), page.body])
    const extent = out.add(written)
    if (start === -1) start = extent.start
    uncompressed += written.length - page.body.length + (integer(header, ids.page.uncompressedSize) ?? 0)
    if (!isDataPage(page)) continue
    if (dataStart === -1) dataStart = extent.start
    const location = locations[data++]
    if (location === undefined) continue
    put(location, ids.location.offset, BigInt(extent.start))
    put(location, ids.location.size, written.length)
  }
  if (start === -1 || raw === true) return
  const hadDictionary = integer(meta, ids.meta.dictionaryPageOffset)
  const differs = dataStart !== -1 && dataStart !== start
  // A file may point at its dictionary page by the offset of its data pages alone: that relation stays.
  if (hadDictionary !== undefined && hadDictionary > 0) put(meta, ids.meta.dictionaryPageOffset, BigInt(start))
  const points = differs && (hadDictionary === undefined || hadDictionary === 0) ? start : dataStart
  put(meta, ids.meta.dataPageOffset, BigInt(points === -1 ? start : points))
  put(meta, ids.meta.compressedSize, BigInt(out.size - start))
  put(meta, ids.meta.uncompressedSize, BigInt(uncompressed))
  if ((integer(tree, ids.chunk.fileOffset) ?? 0) > 0) put(tree, ids.chunk.fileOffset, BigInt(start))
}

function setGroup(group: ImageGroup, { raw }: WriteOptions): void {
  const sum = (id: number) => group.chunks.reduce((total, { meta }) => total + (integer(meta, id) ?? 0), 0)
  if (raw === true) return
  put(group.tree, ids.group.byteSize, BigInt(sum(ids.meta.uncompressedSize)))
  if (group.tree.has(ids.group.compressedSize)) {
    put(group.tree, ids.group.compressedSize, BigInt(sum(ids.meta.compressedSize)))
  }
  const first = group.chunks[0]
  if (first !== undefined && (integer(group.tree, ids.group.fileOffset) ?? 0) > 0) {
    put(group.tree, ids.group.fileOffset, BigInt(chunkStart(first.meta)))
  }
}

function writeBloom({ bloom, meta }: ImageChunk, out: Output, gap: () => unknown): void {
  if (bloom === undefined) {
    meta.delete(ids.meta.bloomOffset)
    meta.delete(ids.meta.bloomLength)
    return
  }
  gap()
  const { start, end } = out.add(Buffer.concat([writeTree(bloom.header), bloom.bits]))
  put(meta, ids.meta.bloomOffset, BigInt(start))
  if (meta.has(ids.meta.bloomLength)) put(meta, ids.meta.bloomLength, end - start)
}

export function isDataPage({ header }: Pick<ImagePage, 'header'>): boolean {
  const type = integer(header, ids.page.type)
  return type === pageTypes.data || type === pageTypes.dataV2
}

function magicAt(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, start + 4)).toString('latin1')
}

class Output {
  readonly #parts: Uint8Array[] = []
  size = 0

  add(bytes: Uint8Array): { start: number; end: number } {
    this.#parts.push(bytes)
    this.size += bytes.length
    return { start: this.size - bytes.length, end: this.size }
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts)
  }
}
