import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { compressSync as lz4Compress } from 'lz4-napi'
import { compressSync as snappyCompress } from 'snappy'

/** Compresses a page by libraries alone, for the writers of the tests; by the codec's name in parquet.thrift. */
export const compressPage = {
  UNCOMPRESSED: (bytes: Uint8Array): Uint8Array => bytes,
  SNAPPY: (bytes: Uint8Array): Uint8Array => snappyCompress(bytes),
  GZIP: (bytes: Uint8Array): Uint8Array => gzipSync(bytes),
  BROTLI: (bytes: Uint8Array): Uint8Array => brotliCompressSync(bytes),
  ZSTD: (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes),
  LZ4_RAW: (bytes: Uint8Array): Uint8Array => lz4Compress(Buffer.from(bytes)).subarray(4),
}
