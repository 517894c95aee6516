import { bzip2 } from './bzip2.ts'
import type { Codec } from './codec.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappyFramed } from './snappy-framed.ts'
import { snappyHadoop } from './snappy-hadoop.ts'
import { xz } from './xz.ts'
import { brotli, zlib } from './zlib-stream.ts'
import { zstd } from './zstd.ts'

/** Every compression around row formats; those that only a name tells come last. */
export const codecs: readonly Codec[] = [gzip, zstd, bzip2, xz, snappyFramed, lz4, zlib, snappyHadoop, brotli]
