import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { uncompressSync as lz4Uncompress } from 'lz4-napi'
import { uncompressSync as snappyUncompress } from 'snappy'

/** Codes of parquet.thrift. */
export const codecs = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const
export type CodecName = (typeof codecs)[number]

const maxBytes = 256 * 1024 * 1024

/** Decompresses a page by libraries alone, for the readers of the tests. @throws Error for what is no such stream */
export function decompressBody(codec: CodecName, stored: Uint8Array, size: number): Uint8Array {
  if (size > maxBytes || size < 0) throw new RangeError('a page is too large for the tests')
  if (stored.length === 0) return stored
  const limit = { maxOutputLength: Math.max(size, 1) }
  switch (codec) {
    case 'UNCOMPRESSED':
      return stored
    case 'SNAPPY':
      if (snappyLength(stored) !== size) throw new RangeError('a snappy page has another length')
      return snappyUncompress(stored, { asBuffer: true }) as Buffer
    case 'GZIP':
      return gunzipSync(stored, limit)
    case 'BROTLI':
      return brotliDecompressSync(stored, limit)
    case 'ZSTD':
      return zstdDecompressSync(stored, limit)
    case 'LZ4_RAW':
      return lz4Block(stored, size)
    case 'LZ4':
      return lz4Hadoop(stored, size)
    case 'LZO':
      throw new RangeError('LZO')
  }
}

function lz4Block(block: Uint8Array, size: number): Uint8Array {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32LE(size)
  return lz4Uncompress(Buffer.concat([prefix, block]))
}

/** Blocks behind two lengths, big-endian; or, by writers that did not know of them, one bare block. */
function lz4Hadoop(stored: Uint8Array, size: number): Uint8Array {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  if (stored.length < 8 || view.getUint32(4) > stored.length - 8 || view.getUint32(0) > size) {
    return lz4Block(stored, size)
  }
  const parts: Uint8Array[] = []
  for (let at = 0; at + 8 <= stored.length; ) {
    const length = view.getUint32(at + 4)
    parts.push(lz4Block(stored.subarray(at + 8, at + 8 + length), view.getUint32(at)))
    at += 8 + length
  }
  return Buffer.concat(parts)
}

function snappyLength(stored: Uint8Array): number {
  let length = 0
  for (let index = 0; index < Math.min(5, stored.length); index += 1) {
    length += (stored[index]! & 127) * 2 ** (7 * index)
    if (stored[index]! < 128) return length
  }
  return -1
}

/** What hyparquet takes as its decompressors. */
export const compressors = Object.fromEntries(
  codecs.map((codec) => [codec, (stored: Uint8Array, size: number) => decompressBody(codec, stored, size)]),
)
