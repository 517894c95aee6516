import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { ByteReader, type ByteReaderOptions, damaged } from './byte-reader.ts'
import type { Codec, Decoded, Like, Unit } from './codec.ts'
import { asDamage, engineChunkBytes, through } from './engine-stream.ts'
import { nearestLevel } from './level.ts'
import { maxPeekedBytes, peekSync } from './peek.ts'
import { afterSkippable, skipSkippableFrame } from './skippable-frame.ts'

const magic = 0xfd2fb528
const seekTableMagic = 0x8f92eab1
/** pzstd writes the size of each frame into a skippable frame before it. */
const sizeFrame = { magic: 0x184d2a50, bytes: 12 }
const maxWindowLog = 27

/**
 * Zstandard (RFC 8878): frames one after another, each decompressed by itself, since Node's reader stops silently after
 * the first; skippable frames mean nothing and stay.
 */
export const zstd: Codec = {
  name: 'zstd',
  ending: /\.(zst|zstd)$/i,
  recognise: (head) => (isZstd(afterSkippable(head)) ? 'content' : 'no'),
  peek: (head) =>
    peekSync(() =>
      zstdDecompressSync(afterSkippable(head), {
        finishFlush: constants.ZSTD_e_flush,
        maxOutputLength: maxPeekedBytes,
      }),
    ),
  decode,
  requireReplaceable,
  encode,
}

function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && Buffer.from(head.subarray(0, 4)).readUInt32LE() === magic
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    while (reader.remaining > 0) {
      if (await skipSkippableFrame(reader)) continue
      const start = reader.position
      for await (const bytes of decompressFrame(reader)) yield { kind: 'bytes', bytes }
      yield { kind: 'member', start, end: reader.position, names: [] }
    }
  } finally {
    await reader.close()
  }
}

const smallBytes = 64 * 1024

/** A small frame at once: there may be many of them, and a stream for each is slow. */
async function* decompressFrame(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const frame = frameBytes(reader)
  const parts: Uint8Array[] = []
  let length = 0
  let isWhole = false
  while (!isWhole && length < smallBytes) {
    const { value, done } = await frame.next()
    if (done === true) isWhole = true
    else {
      parts.push(value)
      length += value.length
    }
  }
  const small = isWhole ? peekSync(() => decompressAtOnce(Buffer.concat(parts))) : undefined
  if (small !== undefined && small.length > 0) {
    yield small
    return
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* parts
    yield* frame
  }
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: maxWindowLog }
    yield* through(all(), createZstdDecompress({ chunkSize: engineChunkBytes, params }))
  } catch (error) {
    throw asDamage(error)
  }
}

function decompressAtOnce(frame: Uint8Array): Uint8Array {
  return zstdDecompressSync(frame, { maxOutputLength: 1024 * 1024 })
}

interface FrameHeader {
  readonly bytes: number
  readonly hasChecksum: boolean
  readonly hasContentSize: boolean
  /** Undefined where the frame is one segment, whose window is its content. */
  readonly windowLog: number | undefined
}

/** The bytes of the next frame, told by the sizes of its blocks (RFC 8878, section 3.1.1). */
async function* frameBytes(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const header = await readHeader(reader)
  yield await reader.take(header.bytes)
  for (let isLast = false; !isLast; ) {
    const blockHeader = await reader.take(3)
    yield blockHeader
    const bits = Buffer.from(blockHeader).readUIntLE(0, 3)
    isLast = (bits & 1) === 1
    const type = (bits >>> 1) & 3
    if (type === 3) throw damaged()
    yield* reader.run(type === 1 ? 1 : bits >>> 3)
  }
  if (header.hasChecksum) yield await reader.take(4)
}

/** Looks at the header without taking it. */
async function readHeader(reader: ByteReader): Promise<FrameHeader> {
  const head = Buffer.from(await reader.peek(6))
  if (head.length < 6) throw damaged()
  if (!isZstd(head)) throw new LetheError('malformed', 'after a zstd frame comes something else')
  const descriptor = head[4]!
  if ((descriptor & 8) !== 0) throw damaged()
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  if (dictionaryBytes > 0) throw new LetheError('unsupported', 'is compressed with a dictionary that is elsewhere')
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  return {
    bytes: 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes,
    hasChecksum: (descriptor & 4) !== 0,
    hasContentSize: contentSizeBytes > 0,
    windowLog: isSingleSegment ? undefined : 10 + (head[5]! >>> 3),
  }
}

/** A seek table (zstd's seekable format) or the size frames of pzstd would tell lies. */
async function requireReplaceable(source: RangeSource, unit: Unit): Promise<void> {
  const tail = Buffer.from(await source.read(Math.max(0, source.size - 4), source.size))
  if (tail.length === 4 && tail.readUInt32LE() === seekTableMagic) {
    throw new LetheError('unsupported', 'has a table of its zstd frames at its end, which would change')
  }
  const before = Buffer.from(await source.read(Math.max(0, unit.start - sizeFrame.bytes), unit.start))
  if (before.length < sizeFrame.bytes) return
  if (before.readUInt32LE(0) !== sizeFrame.magic || before.readUInt32LE(4) !== 4) return
  throw new LetheError('unsupported', 'has the size of a zstd frame before it, which would change')
}

async function* encode(
  stream: AsyncIterable<Uint8Array>,
  { source, unit, streamBytes }: Like,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source, { start: unit.start, end: unit.end, chunkBytes: 4096 })
  const { hasChecksum, hasContentSize, windowLog } = await readHeader(reader)
  await reader.close()
  const level = await nearestLevel({ codec: zstd, source, unit }, [3, 1, 2, 4, 5, 6, 7, 9, 12, 15, 19, -3], sizeAtLevel)
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0,
    [constants.ZSTD_c_contentSizeFlag]: hasContentSize ? 1 : 0,
    // No larger than it was: whoever reads it has the memory for that.
    ...(windowLog === undefined ? {} : { [constants.ZSTD_c_windowLog]: Math.min(maxWindowLog, windowLog) }),
  }
  const size = hasContentSize ? { pledgedSrcSize: streamBytes } : {}
  yield* through(stream, createZstdCompress({ chunkSize: engineChunkBytes, params, ...size }))
}

function sizeAtLevel(bytes: Uint8Array, level: number): number {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }).length
}
