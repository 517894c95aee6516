import {
  constants,
  crc32,
  createDeflateRaw,
  createGunzip,
  createInflateRaw,
  deflateRawSync,
  gunzipSync,
  inflateRawSync,
} from 'node:zlib'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { ByteReader, type ByteReaderOptions, damaged } from './byte-reader.ts'
import type { Codec, Decoded, Like, Unit } from './codec.ts'
import { asDamage, decompressFrom, engineChunkBytes, through } from './engine-stream.ts'
import { type GzipHeader, isGzip, readGzipHeader } from './gzip-header.ts'
import { nearestLevel } from './level.ts'
import { maxPeekedBytes, peekSync } from './peek.ts'

const trailerBytes = 8

/**
 * gzip (RFC 1952): members one after another, zeros between and after them as `gzip` and Python read them. Anything
 * else between members is refused: Node's own reader passes over it, and over the members behind, in silence.
 */
export const gzip: Codec = {
  name: 'gzip',
  ending: /\.(gz|gzip)$/i,
  recognise: (head) => (isGzip(head) ? 'content' : 'no'),
  peek: (head) =>
    peekSync(() => gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxPeekedBytes })),
  decode,
  decodeAgain: (stream) => through(stream, createGunzip({ chunkSize: engineChunkBytes })),
  requireReplaceable,
  encode,
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    // A small member is seldom alone, and for many of them a stream each is slow.
    let isSmall = false
    while (await skipZeros(reader)) {
      const start = reader.position
      const { names } = await readGzipHeader(reader)
      let crc = 0
      let size = 0
      for await (const bytes of isSmall ? inflateSmall(reader) : inflate(reader)) {
        crc = crc32(bytes, crc)
        size = (size + bytes.length) % 2 ** 32
        yield { kind: 'bytes', bytes }
      }
      const trailer = Buffer.from(await reader.take(trailerBytes))
      if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== size) throw damaged()
      isSmall = reader.position - start < smallBytes
      yield { kind: 'member', start, end: reader.position, names }
    }
  } finally {
    await reader.close()
  }
}

/** False at the end. */
async function skipZeros(reader: ByteReader): Promise<boolean> {
  for (;;) {
    const chunk = await reader.chunk()
    if (chunk === undefined) return false
    const at = chunk.findIndex((byte) => byte !== 0)
    if (at === -1) continue
    reader.unread(chunk.subarray(at))
    return true
  }
}

async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array> {
  try {
    yield* decompressFrom(reader, createInflateRaw({ chunkSize: engineChunkBytes }))
  } catch (error) {
    throw asDamage(error)
  }
}

const smallBytes = 64 * 1024

async function* inflateSmall(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const bytes = await reader.peek(smallBytes)
  const inflated = inflateAtOnce(bytes)
  if (inflated === undefined) return yield* inflate(reader)
  await reader.take(inflated.consumedBytes)
  yield inflated.bytes
}

/** Undefined where the member does not end within the bytes, is larger than it looks, or is damaged. */
function inflateAtOnce(bytes: Uint8Array): { bytes: Uint8Array; consumedBytes: number } | undefined {
  try {
    const { buffer, engine } = inflateRawSync(bytes, { info: true, maxOutputLength: 1024 * 1024 }) as unknown as {
      buffer: Uint8Array
      engine: { bytesWritten: number }
    }
    return { bytes: buffer, consumedBytes: engine.bytesWritten }
  } catch {
    // Read again as a stream, which knows why.
    return undefined
  }
}

async function headerOf(source: RangeSource, { start, end }: Unit): Promise<GzipHeader> {
  const reader = new ByteReader(source, { start, end, chunkBytes: 4096 })
  try {
    return await readGzipHeader(reader)
  } finally {
    await reader.close()
  }
}

async function requireReplaceable(source: RangeSource, unit: Unit): Promise<void> {
  const header = await headerOf(source, unit)
  if (header.extra === undefined || isBgzf(header)) return
  throw new LetheError('unsupported', 'a gzip member has an extra field, which may describe what would change')
}

async function* encode(stream: AsyncIterable<Uint8Array>, { source, unit }: Like): AsyncGenerator<Uint8Array> {
  const header = await headerOf(source, unit)
  const level = await levelOf(header, { source, unit })
  let crc = 0
  let size = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of stream) {
      crc = crc32(bytes, crc)
      size = (size + bytes.length) % 2 ** 32
      yield bytes
    }
  }
  const body = through(counted(), createDeflateRaw({ level, chunkSize: engineChunkBytes }))
  const trailer = (): Buffer => {
    const bytes = Buffer.alloc(trailerBytes)
    bytes.writeUInt32LE(crc, 0)
    bytes.writeUInt32LE(size, 4)
    return bytes
  }
  if (isBgzf(header)) return yield await bgzfMember(header, body, trailer)
  yield header.bytes
  yield* body
  yield trailer()
}

/** By the header where it says so; else the level that makes a sample most nearly as small as it is. */
async function levelOf(header: GzipHeader, { source, unit }: { source: RangeSource; unit: Unit }): Promise<number> {
  if (header.extraFlags === 2) return 9
  if (header.extraFlags === 4) return 1
  return await nearestLevel(
    { codec: gzip, source, unit },
    [6, 5, 4, 3, 2, 7, 8, 9, 1],
    (bytes, level) => deflateRawSync(bytes, { level }).length,
  )
}

/** Blocked gzip (SAM specification, section 4.1): the extra field holds the member's size, and nothing else. */
function isBgzf({ extra, bytes }: GzipHeader): boolean {
  return extra?.length === 6 && Buffer.of(0x42, 0x43, 2, 0).equals(extra.subarray(0, 4)) && bytes.length === 18
}

async function bgzfMember(header: GzipHeader, body: AsyncIterable<Uint8Array>, trailer: () => Buffer): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const bytes of body) parts.push(bytes)
  const member = Buffer.concat([header.bytes, ...parts, trailer()])
  if (member.length > 0x10000) throw new LetheError('unsupported', 'a block of blocked gzip would be too large')
  member.writeUInt16LE(member.length - 1, 16)
  return member
}
