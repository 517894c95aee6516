import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createInflate,
  deflateSync,
  inflateSync,
} from 'node:zlib'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { ByteReader, type ByteReaderOptions } from './byte-reader.ts'
import type { Codec, Decoded } from './codec.ts'
import { asDamage, decompressFrom, type Engine, engineChunkBytes, through } from './engine-stream.ts'
import { nearestLevel } from './level.ts'
import { maxPeekedBytes, peekSync } from './peek.ts'

/** zlib (RFC 1950), which HTTP and Hadoop call deflate: one stream, with a checksum. */
export const zlib: Codec = {
  name: 'zlib',
  ending: /\.(zlib|zz|deflate)$/i,
  recognise: (head) => (isZlib(head) ? (isText(head) ? 'name' : 'content') : 'no'),
  peek: (head) =>
    peekSync(() => inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxPeekedBytes })),
  decode: (source, options) => decodeOne(source, options, () => createInflate({ chunkSize: engineChunkBytes })),
  async *encode(stream, like) {
    const level = await nearestLevel({ codec: zlib, ...like }, [6, 5, 4, 3, 2, 7, 8, 9, 1], (bytes, tried) => {
      return deflateSync(bytes, { level: tried }).length
    })
    yield* through(stream, createDeflate({ level, chunkSize: engineChunkBytes }))
  },
}

const quality = (level: number) => ({ [constants.BROTLI_PARAM_QUALITY]: level })

/** Brotli (RFC 7932): one stream, that nothing but the name tells, without a checksum. */
export const brotli: Codec = {
  name: 'brotli',
  ending: /\.br$/i,
  recognise: () => 'name',
  peek: (head) =>
    peekSync(() =>
      brotliDecompressSync(head, {
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
        maxOutputLength: maxPeekedBytes,
      }),
    ),
  decode: (source, options) =>
    decodeOne(source, options, () => createBrotliDecompress({ chunkSize: engineChunkBytes })),
  async *encode(stream, like) {
    const level = await nearestLevel({ codec: brotli, ...like }, [11, 9, 6, 5, 4, 2, 1], (bytes, tried) => {
      return brotliCompressSync(bytes, { params: quality(tried) }).length
    })
    yield* through(stream, createBrotliCompress({ params: quality(level), chunkSize: engineChunkBytes }))
  },
}

/** Method deflate, no dictionary, a header that is divisible by 31. */
function isZlib(head: Uint8Array): boolean {
  if (head.length < 2) return false
  const [method, flags] = [head[0]!, head[1]!]
  return (method & 0x0f) === 8 && method >>> 4 <= 7 && (flags & 0x20) === 0 && (256 * method + flags) % 31 === 0
}

/** A header such as `x^` may begin a text. */
function isText(head: Uint8Array): boolean {
  return head[0] !== 0x78 || (head[1]! >= 0x20 && head[1]! < 0x7f)
}

async function* decodeOne(
  source: RangeSource,
  options: ByteReaderOptions,
  makeEngine: () => Engine,
): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    const start = reader.position
    for await (const bytes of decompressFrom(reader, makeEngine())) yield { kind: 'bytes', bytes }
    if (reader.remaining > 0) throw new LetheError('malformed', 'after the compressed stream comes something else')
    yield { kind: 'member', start, end: reader.position, names: [] }
  } catch (error) {
    throw asDamage(error)
  } finally {
    await reader.close()
  }
}
