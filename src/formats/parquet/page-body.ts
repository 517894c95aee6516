import { decompress, decompressAside, release } from './codecs.ts'
import { malformed } from './malformed.ts'
import type { CompressionCodec, Encoding } from './metadata-enums.ts'
import type { DataPageHead } from './page-header.ts'
import type { StoredPage } from './page-reader.ts'
import type { LeafColumn } from './schema.ts'

/** Repetition or definition levels as they are stored, without a length in front. */
export interface LevelSection {
  /** `RLE`: the hybrid of runs and bit-packed groups; `BIT_PACKED`: the deprecated packing, most significant bit first. */
  readonly encoding: 'RLE' | 'BIT_PACKED'
  readonly bytes: Uint8Array
  readonly bitWidth: number
}

/** The parts of a data page, decompressed. A section is undefined where the column has no such levels. */
export interface PageSections {
  readonly numValues: number
  readonly repetitionLevels: LevelSection | undefined
  readonly definitionLevels: LevelSection | undefined
  readonly encoding: Encoding
  /** The values that are not null. */
  readonly values: Uint8Array
  /** What was decompressed, and of what: all of a V1 page, the values of a V2 page. See `releasePage`. */
  readonly memory: { readonly made: Uint8Array; readonly origin: Uint8Array }
}

interface DataPage {
  readonly head: DataPageHead
  readonly body: Uint8Array
}

interface Layout {
  readonly column: LeafColumn
  readonly codec: CompressionCodec
}

/** Decompresses a data page and tells its parts apart. @throws LetheError `malformed` */
export function splitPage(page: DataPage, layout: Layout): PageSections {
  const { codec, stored, uncompressedBytes } = contentOf(page, layout)
  return splitContent(page, layout, { made: decompress(codec, stored, uncompressedBytes), origin: stored })
}

/** The same, decompressing on another thread; the body must stay as it is meanwhile. */
export async function splitPageAside(page: DataPage, layout: Layout): Promise<PageSections> {
  const { codec, stored, uncompressedBytes } = contentOf(page, layout)
  return splitContent(page, layout, { made: await decompressAside(codec, stored, uncompressedBytes), origin: stored })
}

/** What of a page is compressed: all of a V1 page, the values of a V2 page, if anything. */
function contentOf({ head, body }: DataPage, { codec }: Layout) {
  if (head.kind === 'data-v1') return { codec, stored: body, uncompressedBytes: head.uncompressedBytes }
  const levelsEnd = head.repetitionLevelBytes + head.definitionLevelBytes
  if (levelsEnd > body.length || levelsEnd > head.uncompressedBytes) {
    throw malformed('the levels of a page reach beyond it')
  }
  return {
    codec: head.isCompressed ? codec : ('UNCOMPRESSED' as const),
    stored: body.subarray(levelsEnd),
    uncompressedBytes: head.uncompressedBytes - levelsEnd,
  }
}

function splitContent({ head, body }: DataPage, { column }: Layout, memory: PageSections['memory']): PageSections {
  const { made } = memory
  const sections = head.kind === 'data-v1' ? splitV1(head, made, column) : splitV2(head, { body, values: made, column })
  return { ...sections, memory }
}

/** Gives back the memory of a page that was decompressed; its sections and their views may not be used afterwards. */
export function releasePage({ memory }: PageSections): void {
  release(memory.made, memory.origin)
}

/** The entries of a dictionary page, decompressed, in the page's encoding (PLAIN). */
export function dictionaryBytes(
  { head, body }: Pick<StoredPage, 'head' | 'body'>,
  codec: CompressionCodec,
): Uint8Array {
  return decompress(codec, body, head.uncompressedBytes)
}

type Sections = Omit<PageSections, 'memory'>

function splitV1(head: Extract<DataPageHead, { kind: 'data-v1' }>, bytes: Uint8Array, column: LeafColumn): Sections {
  let position = 0
  const section = (maxLevel: number, encoding: Encoding): LevelSection | undefined => {
    if (maxLevel === 0) return undefined
    const bitWidth = bitWidthOf(maxLevel)
    const { start, end } = levelExtent(bytes, { position, encoding, bitWidth, numValues: head.numValues })
    position = end
    return { encoding: encoding === 'RLE' ? 'RLE' : 'BIT_PACKED', bytes: bytes.subarray(start, end), bitWidth }
  }
  const repetitionLevels = section(column.maxRepetitionLevel, head.repetitionLevelEncoding)
  const definitionLevels = section(column.maxDefinitionLevel, head.definitionLevelEncoding)
  const { numValues, encoding } = head
  return { numValues, repetitionLevels, definitionLevels, encoding, values: bytes.subarray(position) }
}

function levelExtent(
  bytes: Uint8Array,
  at: { position: number; encoding: Encoding; bitWidth: number; numValues: number },
): { start: number; end: number } {
  if (at.encoding === 'BIT_PACKED') {
    const end = at.position + Math.ceil((at.numValues * at.bitWidth) / 8)
    if (end > bytes.length) throw malformed('the levels of a page reach beyond it')
    return { start: at.position, end }
  }
  if (at.encoding !== 'RLE') throw malformed('the levels of a page have an encoding that levels cannot have')
  const start = at.position + 4
  if (start > bytes.length) throw malformed('the levels of a page reach beyond it')
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at.position, true)
  if (length > bytes.length - start) throw malformed('the levels of a page reach beyond it')
  return { start, end: start + length }
}

function splitV2(
  head: Extract<DataPageHead, { kind: 'data-v2' }>,
  { body, values, column }: { body: Uint8Array; values: Uint8Array; column: LeafColumn },
): Sections {
  const repetitionEnd = head.repetitionLevelBytes
  const section = (maxLevel: number, bytes: Uint8Array): LevelSection | undefined =>
    maxLevel === 0 ? undefined : { encoding: 'RLE', bytes, bitWidth: bitWidthOf(maxLevel) }
  return {
    numValues: head.numValues,
    repetitionLevels: section(column.maxRepetitionLevel, body.subarray(0, repetitionEnd)),
    definitionLevels: section(
      column.maxDefinitionLevel,
      body.subarray(repetitionEnd, repetitionEnd + head.definitionLevelBytes),
    ),
    encoding: head.encoding,
    values,
  }
}

/** Bits that hold every level from 0 to the greatest. */
function bitWidthOf(maxLevel: number): number {
  return 32 - Math.clz32(maxLevel)
}
