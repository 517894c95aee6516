import { decompress } from './codecs.ts'
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
}

/** Decompresses a data page and tells its parts apart. @throws LetheError `malformed` */
export function splitPage(
  { head, body }: { readonly head: DataPageHead; readonly body: Uint8Array },
  { column, codec }: { readonly column: LeafColumn; readonly codec: CompressionCodec },
): PageSections {
  return head.kind === 'data-v1' ? splitV1(head, body, { column, codec }) : splitV2(head, body, { column, codec })
}

/** The entries of a dictionary page, decompressed, in the page's encoding (PLAIN). */
export function dictionaryBytes(
  { head, body }: Pick<StoredPage, 'head' | 'body'>,
  codec: CompressionCodec,
): Uint8Array {
  return decompress(codec, body, head.uncompressedBytes)
}

interface Layout {
  readonly column: LeafColumn
  readonly codec: CompressionCodec
}

function splitV1(
  head: Extract<DataPageHead, { kind: 'data-v1' }>,
  body: Uint8Array,
  { column, codec }: Layout,
): PageSections {
  const bytes = decompress(codec, body, head.uncompressedBytes)
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
  body: Uint8Array,
  { column, codec }: Layout,
): PageSections {
  const repetitionEnd = head.repetitionLevelBytes
  const levelsEnd = repetitionEnd + head.definitionLevelBytes
  if (levelsEnd > body.length || levelsEnd > head.uncompressedBytes) {
    throw malformed('the levels of a page reach beyond it')
  }
  const section = (maxLevel: number, bytes: Uint8Array): LevelSection | undefined =>
    maxLevel === 0 ? undefined : { encoding: 'RLE', bytes, bitWidth: bitWidthOf(maxLevel) }
  const stored = body.subarray(levelsEnd)
  const valueBytes = head.uncompressedBytes - levelsEnd
  return {
    numValues: head.numValues,
    repetitionLevels: section(column.maxRepetitionLevel, body.subarray(0, repetitionEnd)),
    definitionLevels: section(column.maxDefinitionLevel, body.subarray(repetitionEnd, levelsEnd)),
    encoding: head.encoding,
    values: decompress(head.isCompressed ? codec : 'UNCOMPRESSED', stored, valueBytes),
  }
}

/** Bits that hold every level from 0 to the greatest. */
export function bitWidthOf(maxLevel: number): number {
  return 32 - Math.clz32(maxLevel)
}
