import { type CompressOptions, compress } from '../codecs.ts'
import type { CompressionCodec } from '../metadata-enums.ts'

/** Levels that writers use, ascending; a trial goes up only while pages come out larger than the source's. */
const trials: Readonly<Partial<Record<CompressionCodec, readonly number[]>>> = {
  GZIP: [1, 4, 6, 9],
  BROTLI: [1, 3, 5, 8, 9, 11],
  ZSTD: [1, 3, 5, 7, 9, 12, 15, 19, 22],
}

/** How much larger than the source's a page may come out at the same level, by another version of the library. */
const tolerance = 1.005

/**
 * The level that a page was compressed at, which no metadata tells: found by compressing it again. Effort that the
 * writer spent is neither lost nor added to.
 */
export function guessLevel(
  codec: CompressionCodec,
  sample: () => { readonly bytes: Uint8Array; readonly storedBytes: number },
): CompressOptions {
  const levels = trials[codec]
  if (levels === undefined) return {}
  const { bytes, storedBytes } = sample()
  let best: { level: number; distance: number } | undefined
  for (const level of levels) {
    const size = compress(codec, bytes, { level }).length
    const distance = Math.abs(size - storedBytes)
    if (best === undefined || distance < best.distance) best = { level, distance }
    if (size <= storedBytes * tolerance) break
  }
  return best === undefined ? {} : { level: best.level }
}
