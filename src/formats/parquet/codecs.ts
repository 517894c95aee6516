import { promisify } from 'node:util'
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { compressSync as snappyCompressSync, uncompressSync as snappyUncompressSync } from 'snappy'
import { LetheError } from '../../domain/error.ts'
import { compressLz4, compressLz4Hadoop, decompressLz4, decompressLz4Hadoop } from './lz4.ts'
import { malformed, unsupported } from './malformed.ts'
import type { CompressionCodec } from './metadata-enums.ts'

export interface CompressOptions {
  /** GZIP, BROTLI and ZSTD: the level or quality; the codec's own default without it. */
  readonly level?: number
}

interface Codec {
  /** May yield any length up to `uncompressedBytes`; `decompress` checks it. */
  decompress(stored: Uint8Array, uncompressedBytes: number): Uint8Array
  compress(bytes: Uint8Array, options: CompressOptions): Uint8Array
  /** The same on another thread, where the library can. */
  readonly aside?: {
    decompress(stored: Uint8Array, uncompressedBytes: number): Promise<Uint8Array>
    compress(bytes: Uint8Array, options: CompressOptions): Promise<Uint8Array>
  }
  /** The most output bytes that one stored byte can stand for; a page that announces more is a lie. */
  readonly maxRatio: number
}

/** Page sizes are 32-bit; beyond this a page is refused rather than held in memory. */
const maxPageBytes = 1024 ** 3
/** Codecs without a useful bound of their ratio (brotli, zstd) may always announce this much. */
const freeBytes = 64 * 1024 * 1024

/**
 * The bytes of a page as they were before compression: a view of `stored` or a new buffer, exactly
 * `uncompressedBytes` long. That size is checked against what the codec could possibly reach before it is allocated.
 *
 * @throws LetheError `malformed`, `unsupported` (LZO), `limit-exceeded`
 */
export function decompress(codec: CompressionCodec, stored: Uint8Array, uncompressedBytes: number): Uint8Array {
  const known = checkAnnounced(codec, stored, uncompressedBytes)
  if (known !== undefined) return known
  try {
    return exactly(codecs[codec].decompress(stored, uncompressedBytes), uncompressedBytes, codec)
  } catch (error) {
    throw asMalformed(error, codec)
  }
}

/** Compresses the bytes of a page. @throws LetheError `unsupported` (LZO) */
export function compress(codec: CompressionCodec, bytes: Uint8Array, options: CompressOptions = {}): Uint8Array {
  return codecs[codec].compress(bytes, options)
}

/** Less than this is done before another thread has begun. */
const minAsideBytes = 64 * 1024

/** `decompress` on another thread where that is worth it, so that several pages may be at work; `stored` must stay as it is meanwhile. */
export async function decompressAside(
  codec: CompressionCodec,
  stored: Uint8Array,
  uncompressedBytes: number,
): Promise<Uint8Array> {
  const run = codecs[codec].aside?.decompress
  if (run === undefined || uncompressedBytes < minAsideBytes) return decompress(codec, stored, uncompressedBytes)
  const known = checkAnnounced(codec, stored, uncompressedBytes)
  if (known !== undefined) return known
  try {
    return exactly(await run(stored, uncompressedBytes), uncompressedBytes, codec)
  } catch (error) {
    throw asMalformed(error, codec)
  }
}

/** `compress` on another thread, to the same bytes; those to compress must stay as they are meanwhile. */
export async function compressAside(
  codec: CompressionCodec,
  bytes: Uint8Array,
  options: CompressOptions = {},
): Promise<Uint8Array> {
  const { aside } = codecs[codec]
  return aside === undefined || bytes.length < minAsideBytes
    ? compress(codec, bytes, options)
    : await aside.compress(bytes, options)
}

/** Smaller memory may be shared with others, and is no burden. */
const minReleasedBytes = 128 * 1024

/**
 * Gives back at once the memory of what `decompress` or `compress` made of `origin`; neither that nor a view of it may
 * be used afterwards. Left to the garbage collector, the pages of a chunk cost more to collect than to decompress.
 */
export function release(made: Uint8Array, origin: Uint8Array): void {
  const { buffer } = made
  if (buffer === origin.buffer || buffer.byteLength < minReleasedBytes) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Nothing to be decompressed where nothing is stored; else refuses a size that cannot be true. */
function checkAnnounced(
  codec: CompressionCodec,
  stored: Uint8Array,
  uncompressedBytes: number,
): Uint8Array | undefined {
  const { maxRatio } = codecs[codec]
  if (uncompressedBytes > maxPageBytes) throw new LetheError('limit-exceeded', 'a Parquet page of more than 1 GiB')
  if (uncompressedBytes > maxRatio * stored.length && uncompressedBytes > (maxRatio > 1100 ? freeBytes : 0)) {
    throw malformed('a page announces more bytes than its codec can make of it', { codec })
  }
  // Writers store nothing at all for a V2 page without values, which is no valid stream of any codec.
  return uncompressedBytes === 0 && stored.length === 0 ? stored : undefined
}

function exactly(bytes: Uint8Array, uncompressedBytes: number, codec: CompressionCodec): Uint8Array {
  if (bytes.length !== uncompressedBytes) throw malformed('a page has another length than its header says', { codec })
  // Views of a Buffer are Buffers, which cost several times as much to make.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Codec libraries reject with errors of their own, whose texts nobody vouches for. */
function asMalformed(error: unknown, codec: CompressionCodec): unknown {
  return error instanceof LetheError ? error : malformed('a page cannot be decompressed', { codec })
}

const lzo = (): never => {
  throw unsupported('the codec LZO')
}

/** All output in one piece where that is possible: pieces are a thread's turn each, and are to be put together. */
const pieceOf = (bytes: number): { chunkSize: number } => ({
  chunkSize: Math.min(Math.max(bytes + 1, 64), 16 * 1024 * 1024),
})

const decompressing = (uncompressedBytes: number) => ({
  // One byte beyond, so that a longer stream is an error and not silently cut.
  maxOutputLength: uncompressedBytes + 1,
  ...pieceOf(uncompressedBytes),
})

const gzipOptions = ({ length }: Uint8Array, { level }: CompressOptions) => ({
  ...pieceOf(length),
  ...(level === undefined ? {} : { level }),
})
const brotliOptions = ({ length }: Uint8Array, { level = 1 }: CompressOptions) => ({
  ...pieceOf(length),
  params: { [constants.BROTLI_PARAM_QUALITY]: level },
})
const zstdOptions = ({ length }: Uint8Array, { level }: CompressOptions) => ({
  ...pieceOf(length),
  // The frame then says how long its content is, also where the library is given it as a stream.
  pledgedSrcSize: length,
  ...(level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }),
})

const zlib = {
  gunzip: promisify(gunzip),
  gzip: promisify(gzip),
  brotliDecompress: promisify(brotliDecompress),
  brotliCompress: promisify(brotliCompress),
  zstdDecompress: promisify(zstdDecompress),
  zstdCompress: promisify(zstdCompress),
}

/** Else the output is memory of the library's, which is new for each page and slow to be given back. */
const ownMemory = { copyOutputData: true }

const codecs: Readonly<Record<CompressionCodec, Codec>> = {
  UNCOMPRESSED: { decompress: (stored) => stored, compress: (bytes) => bytes, maxRatio: 1 },
  SNAPPY: {
    decompress: (stored, size) => snappyUncompressSync(checkPreamble(stored, size), decompressedSnappy) as Buffer,
    compress: (bytes) => snappyCompressSync(bytes, ownMemory),
    // Not aside: handing over takes as long, and the library keeps memory for each thread that it works on.
    maxRatio: 22,
  },
  GZIP: {
    decompress: (stored, size) => gunzipSync(stored, decompressing(size)),
    compress: (bytes, options) => gzipSync(bytes, gzipOptions(bytes, options)),
    aside: {
      decompress: (stored, size) => zlib.gunzip(stored, decompressing(size)),
      compress: (bytes, options) => zlib.gzip(bytes, gzipOptions(bytes, options)),
    },
    maxRatio: 1033,
  },
  LZO: { decompress: lzo, compress: lzo, maxRatio: Number.POSITIVE_INFINITY },
  BROTLI: {
    decompress: (stored, size) => brotliDecompressSync(stored, decompressing(size)),
    compress: (bytes, options) => brotliCompressSync(bytes, brotliOptions(bytes, options)),
    aside: {
      decompress: (stored, size) => zlib.brotliDecompress(stored, decompressing(size)),
      compress: (bytes, options) => zlib.brotliCompress(bytes, brotliOptions(bytes, options)),
    },
    maxRatio: 2000,
  },
  LZ4: { decompress: decompressLz4Hadoop, compress: compressLz4Hadoop, maxRatio: 256 },
  ZSTD: {
    decompress: (stored, size) => zstdDecompressSync(stored, decompressing(size)),
    compress: (bytes, options) => zstdCompressSync(bytes, zstdOptions(bytes, options)),
    aside: {
      decompress: (stored, size) => zlib.zstdDecompress(stored, decompressing(size)),
      compress: (bytes, options) => zlib.zstdCompress(bytes, zstdOptions(bytes, options)),
    },
    maxRatio: 2000,
  },
  LZ4_RAW: { decompress: decompressLz4, compress: compressLz4, maxRatio: 256 },
}

const decompressedSnappy = { asBuffer: true, ...ownMemory }

/** The library allocates what the stream's preamble says, so that has to be true first. */
function checkPreamble(stored: Uint8Array, uncompressedBytes: number): Uint8Array {
  if (snappyPreamble(stored) !== uncompressedBytes) throw malformed('a snappy page contradicts its header')
  return stored
}

/** The uncompressed length that a snappy stream begins with, a varint of up to 32 bits; -1 where there is none. */
function snappyPreamble(stored: Uint8Array): number {
  let length = 0
  for (let index = 0; index < Math.min(5, stored.length); index += 1) {
    length += (stored[index]! & 127) * 2 ** (7 * index)
    if (stored[index]! < 128) return length
  }
  return -1
}
