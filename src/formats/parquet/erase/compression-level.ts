import { type CompressOptions, compress } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { CompressionCodec } from '../metadata-enums.ts'

/** Levels that writers use, ascending; a trial goes up only while pages come out larger than the source's. */
const trials: Readonly<Partial<Record<CompressionCodec, readonly number[]>>> = {
  GZIP: [1, 4, 6, 9],
  BROTLI: [1, 3, 5, 8, 9, 11],
  ZSTD: [1, 3, 5, 7, 9, 12, 15, 19, 22],
}

/** How much larger than the source's a page may come out at the same level, by another version of the library. */
const tolerance = 1.005

/** Whether pages of a codec are compressed at levels, of which the higher ones are slow. */
export function hasLevels(codec: CompressionCodec): boolean {
  return trials[codec] !== undefined
}

export interface LevelSample {
  readonly bytes: Uint8Array
  /** How many bytes they were compressed to. */
  readonly storedBytes: number
}

/** The levels of a file's columns, each guessed once: a writer has one for a column. */
export class CompressionLevels {
  readonly #byColumn = new Map<number, CompressOptions>()

  /** What was found out, or set, of a column. */
  known({ column }: Pick<ColumnChunkInfo, 'column'>): CompressOptions | undefined {
    return this.#byColumn.get(column.index)
  }

  set({ column }: Pick<ColumnChunkInfo, 'column'>, options: CompressOptions): void {
    this.#byColumn.set(column.index, options)
  }

  of({ column, codec }: Pick<ColumnChunkInfo, 'column' | 'codec'>, sample: () => LevelSample): CompressOptions {
    const known = this.#byColumn.get(column.index)
    if (known !== undefined) return known
    const guessed = guessLevel(codec, sample)
    this.#byColumn.set(column.index, guessed)
    return guessed
  }
}

/**
 * The level that a page was compressed at, which no metadata tells: found by compressing it again. Effort that the
 * writer spent is neither lost nor added to.
 */
function guessLevel(codec: CompressionCodec, sample: () => LevelSample): CompressOptions {
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
