import { constants, crc32, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressSync as snappyCompress, uncompressSync as snappyUncompress } from 'snappy'
import { LetheError } from '../../domain/error.ts'
import { bzip2 } from '../compression/bzip2.ts'
import type { Codec as Compression, Decoded } from '../compression/codec.ts'
import { xz } from '../compression/xz.ts'
import { bytesSource, chunksOf } from '../range-source.ts'
import { malformed, tooLarge, unsupported } from './refusal.ts'

/** The codec of a file's blocks (Avro 1.12, "Required Codecs" and "Optional Codecs"). */
export interface Codec {
  readonly name: CodecName
  /**
   * The bytes of a block as they were before compression, accounting for every stored byte.
   * @throws LetheError `malformed`, `limit-exceeded` beyond `maxBlockBytes`
   */
  decompress(stored: Uint8Array): Promise<Uint8Array>
  /** @throws LetheError `unsupported` where no library writes the codec; another one never takes its place. */
  compress(bytes: Uint8Array, options: CompressOptions): Promise<Uint8Array>
  /** Levels to choose from, the writers' usual one first; a block does not say which it was written with. */
  readonly levels: readonly number[]
}

interface CompressOptions {
  readonly level: number
  /** The stored block in place of which the new one stands; xz takes its settings. */
  readonly like: Uint8Array
}

type CodecName = 'null' | 'deflate' | 'snappy' | 'zstandard' | 'bzip2' | 'xz'

/** A block is held in memory, so a larger one is refused, stored or not. Writers make blocks of 16 KiB to a few MiB. */
export const maxBlockBytes = 256 * 1024 * 1024

/** @throws LetheError `unsupported` */
export function codecNamed(name: string): Codec {
  const codec = codecs.get(name)
  if (codec === undefined) throw unsupported('an unknown codec')
  return codec
}

/** The level that stores a block most nearly as small as its writer did. */
export async function comparableLevel(codec: Codec, bytes: Uint8Array, stored: Uint8Array): Promise<number> {
  let best = { level: codec.levels[0]!, distance: Number.POSITIVE_INFINITY }
  if (codec.levels.length === 1) return best.level
  for (const level of codec.levels) {
    const distance = Math.abs((await codec.compress(bytes, { level, like: stored })).length - stored.length)
    if (distance < best.distance) best = { level, distance }
  }
  return best.level
}

type Coder = Pick<Codec, 'levels'> & {
  decompress(stored: Uint8Array): Uint8Array | Promise<Uint8Array>
  compress(bytes: Uint8Array, options: CompressOptions): Uint8Array | Promise<Uint8Array>
}

const coders: Readonly<Record<CodecName, Coder>> = {
  null: { decompress: (stored) => stored, compress: (bytes) => bytes, levels: [0] },
  deflate: {
    decompress: inflate,
    compress: (bytes, { level }) => deflateRawSync(bytes, { level }),
    levels: [6, 1, 9],
  },
  snappy: { decompress: decompressSnappy, compress: compressSnappy, levels: [0] },
  zstandard: {
    decompress: decompressZstd,
    compress: (bytes, { level }) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    levels: [3, 1, 9, 19],
  },
  bzip2: coderOf(bzip2),
  xz: coderOf(xz),
}

const codecs = new Map<string, Codec>(
  Object.entries(coders).map(([name, coder]) => [name, guarded(name as CodecName, coder)]),
)

/** A compression that makes streams of its own; a block is one or more of them. */
function coderOf({ name, decode, encode }: Compression): Coder {
  return {
    levels: [0],
    async decompress(stored) {
      if (stored.length === 0) throw malformed('a block is too short for its codec')
      return await gather(decode(bytesSource(stored), {}), maxBlockBytes)
    },
    async compress(bytes, { like }) {
      if (encode === undefined) throw unsupported(`blocks of the codec ${name}, which no library writes, to be written`)
      const unit = { start: 0, end: like.length, streamStart: 0, streamEnd: bytes.length }
      const chunks: Uint8Array[] = []
      const options = { source: bytesSource(like), unit, streamBytes: bytes.length }
      for await (const chunk of encode(chunksOf(bytesSource(bytes)), options)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
  }
}

/** What a stream decompresses to. @throws LetheError `limit-exceeded` as soon as it is more than `maxBytes`. */
export async function gather(decoded: AsyncIterable<Decoded>, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of decoded) {
    if (piece.kind !== 'bytes') continue
    size += piece.bytes.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    pieces.push(piece.bytes)
  }
  return Buffer.concat(pieces)
}

/** Codec libraries reject with errors of their own, whose texts nobody vouches for. */
function guarded(name: CodecName, coder: Coder): Codec {
  return {
    name,
    levels: coder.levels,
    compress: async (bytes, options) => await coder.compress(bytes, options),
    async decompress(stored) {
      try {
        return await coder.decompress(stored)
      } catch (error) {
        if (error instanceof LetheError) throw error
        if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
          throw tooLarge(maxBlockBytes)
        throw malformed('a block cannot be decompressed', { codec: name })
      }
    },
  }
}

function zlibOptions(stored: Uint8Array) {
  return {
    maxOutputLength: maxBlockBytes,
    // Mostly one chunk: the default of 16 KiB costs a copy for each.
    chunkSize: Math.min(Math.max(8 * stored.length, 16 * 1024), 8 * 1024 * 1024),
    info: true,
  } as const
}

/** What the zlib functions yield with `info`: the types of Node know the option and not the result. */
interface WithInfo {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

function inflate(stored: Uint8Array): Uint8Array {
  const { buffer, engine } = inflateRawSync(stored, zlibOptions(stored)) as unknown as WithInfo
  // Writers in Python cut a zlib stream down to the deflate stream and leave 3 of the 4 bytes of its checksum.
  const trailing = stored.subarray(engine.bytesWritten)
  if (trailing.length > 0 && !isStartOf(trailing, adler32(buffer))) {
    throw malformed('a block goes on after its compressed data')
  }
  return buffer
}

function isStartOf(bytes: Uint8Array, whole: Uint8Array): boolean {
  return bytes.length <= whole.length && bytes.every((byte, index) => byte === whole[index])
}

/** RFC 1950, section 8.2; big-endian. */
function adler32(bytes: Uint8Array): Uint8Array {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255)
}

function decompressZstd(stored: Uint8Array): Uint8Array {
  const { buffer, engine } = zstdDecompressSync(stored, zlibOptions(stored)) as unknown as WithInfo
  if (engine.bytesWritten !== stored.length) throw malformed('a block goes on after its compressed data')
  return buffer
}

const crcBytes = 4

function decompressSnappy(stored: Uint8Array): Uint8Array {
  const end = stored.length - crcBytes
  if (end < 1) throw malformed('a block is too short for its codec')
  const compressed = stored.subarray(0, end)
  // The library allocates what the stream announces, so that has to be possible first: no copy makes more than 64 bytes of 3.
  const length = snappyLength(compressed)
  if (length > maxBlockBytes) throw tooLarge(maxBlockBytes)
  if (length > 22 * compressed.length) throw malformed('a block announces more bytes than its codec can make of it')
  const bytes = snappyUncompress(compressed, { asBuffer: true }) as Buffer
  if (crc32(bytes) !== new DataView(stored.buffer, stored.byteOffset + end).getUint32(0)) {
    throw malformed('the checksum of a block is wrong')
  }
  return bytes
}

/** The varint of up to 32 bits that a snappy stream begins with. */
function snappyLength(compressed: Uint8Array): number {
  let length = 0
  for (let index = 0; index < Math.min(5, compressed.length); index += 1) {
    length += (compressed[index]! & 127) * 2 ** (7 * index)
    if (compressed[index]! < 128) return length
  }
  throw malformed('a block has no valid length')
}

function compressSnappy(bytes: Uint8Array): Uint8Array {
  const compressed = snappyCompress(bytes)
  const stored = Buffer.alloc(compressed.length + crcBytes)
  stored.set(compressed)
  stored.writeUInt32BE(crc32(bytes), compressed.length)
  return stored
}
