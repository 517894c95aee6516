import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { compressSync as snappyCompress, uncompressSync as snappyUncompress } from 'snappy'
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
  const { decompress: run, maxRatio } = codecs[codec]
  if (uncompressedBytes > maxPageBytes) throw new LetheError('limit-exceeded', 'a Parquet page of more than 1 GiB')
  if (uncompressedBytes > maxRatio * stored.length && uncompressedBytes > (maxRatio > 1100 ? freeBytes : 0)) {
    throw malformed('a page announces more bytes than its codec can make of it', { codec })
  }
  // Writers store nothing at all for a V2 page without values, which is no valid stream of any codec.
  if (uncompressedBytes === 0 && stored.length === 0) return stored
  const bytes = attempt(codec, () => run(stored, uncompressedBytes))
  if (bytes.length !== uncompressedBytes) throw malformed('a page has another length than its header says', { codec })
  return bytes
}

/** Compresses the bytes of a page. @throws LetheError `unsupported` (LZO) */
export function compress(codec: CompressionCodec, bytes: Uint8Array, options: CompressOptions = {}): Uint8Array {
  return codecs[codec].compress(bytes, options)
}

/** Codec libraries reject with errors of their own, whose texts nobody vouches for. */
function attempt(codec: CompressionCodec, run: () => Uint8Array): Uint8Array {
  try {
    return run()
  } catch (error) {
    if (error instanceof LetheError) throw error
    throw malformed('a page cannot be decompressed', { codec })
  }
}

const lzo = (): never => {
  throw unsupported('the codec LZO')
}

const zlibOptions = (uncompressedBytes: number) => ({
  // One byte beyond, so that a longer stream is an error and not silently cut.
  maxOutputLength: uncompressedBytes + 1,
  chunkSize: Math.min(Math.max(uncompressedBytes + 1, 64), 16 * 1024 * 1024),
})

const codecs: Readonly<Record<CompressionCodec, Codec>> = {
  UNCOMPRESSED: { decompress: (stored) => stored, compress: (bytes) => bytes, maxRatio: 1 },
  SNAPPY: { decompress: decompressSnappy, compress: (bytes) => snappyCompress(bytes), maxRatio: 22 },
  GZIP: {
    decompress: (stored, size) => gunzipSync(stored, zlibOptions(size)),
    compress: (bytes, { level }) => gzipSync(bytes, level === undefined ? {} : { level }),
    maxRatio: 1033,
  },
  LZO: { decompress: lzo, compress: lzo, maxRatio: Number.POSITIVE_INFINITY },
  BROTLI: {
    decompress: (stored, size) => brotliDecompressSync(stored, zlibOptions(size)),
    compress: (bytes, { level = 1 }) =>
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: level } }),
    maxRatio: 2000,
  },
  LZ4: { decompress: decompressLz4Hadoop, compress: compressLz4Hadoop, maxRatio: 256 },
  ZSTD: {
    decompress: (stored, size) => zstdDecompressSync(stored, zlibOptions(size)),
    compress: (bytes, { level }) =>
      zstdCompressSync(bytes, level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    maxRatio: 2000,
  },
  LZ4_RAW: { decompress: decompressLz4, compress: compressLz4, maxRatio: 256 },
}

function decompressSnappy(stored: Uint8Array, uncompressedBytes: number): Uint8Array {
  // The library allocates what the stream's preamble says, so that has to be true first.
  if (snappyPreamble(stored) !== uncompressedBytes) throw malformed('a snappy page contradicts its header')
  return snappyUncompress(stored, { asBuffer: true }) as Buffer
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
