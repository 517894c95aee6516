import type { RangeSource } from '../range-source.ts'
import type { Codec, Unit } from './codec.ts'

/** What a unit begins with, compressed and not. */
export interface Sample {
  readonly bytes: Uint8Array
  readonly compressedBytes: number
}

const maxSampleBytes = 512 * 1024
const maxCompressedBytes = 128 * 1024

/** The level of those given by which a sample becomes most nearly as small as it is; the first one of equals. */
export async function nearestLevel(
  { codec, source, unit }: { readonly codec: Pick<Codec, 'peek'>; readonly source: RangeSource; readonly unit: Unit },
  levels: readonly number[],
  compressedSize: (bytes: Uint8Array, level: number) => number,
): Promise<number> {
  const sample = await sampleOf(codec, source, unit)
  let nearest = levels[0]!
  let least = Number.POSITIVE_INFINITY
  for (const level of levels) {
    const difference = Math.abs(compressedSize(sample.bytes, level) - sample.compressedBytes)
    if (difference < least) {
      nearest = level
      least = difference
    }
  }
  return nearest
}

async function sampleOf(codec: Pick<Codec, 'peek'>, source: RangeSource, { start, end }: Unit): Promise<Sample> {
  const compressed = await source.read(start, Math.min(end, start + maxCompressedBytes))
  for (let length = compressed.length; ; length = length >>> 1) {
    const bytes = await codec.peek(compressed.subarray(0, length))
    if (bytes.length <= maxSampleBytes || length < 64) return { bytes, compressedBytes: length }
  }
}
