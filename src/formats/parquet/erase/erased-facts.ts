import { ByteSet } from '../find/byte-set.ts'
import type { LeafColumn } from '../schema.ts'
import type { ErasedLevels } from './erase-page.ts'
import type { StatisticsWatch } from './statistics-watch.ts'
import { comparableBytes } from './tells-value.ts'
import type { ErasedValues } from './value-splice.ts'

/** What is gone of a column chunk, gathered page by page. */
export class ErasedFacts implements ErasedLevels, ErasedValues {
  readonly #watch: StatisticsWatch | undefined
  readonly #comparable: (bytes: Uint8Array) => Uint8Array
  readonly #keepsValues: boolean
  /** Values, those that stood in dictionary entries too. */
  values = 0
  /** The entries of the dictionary that erased rows used, and how often. */
  readonly entries = new Map<number, number>()
  /** The values that stood outside the dictionary, in comparable form; gathered only where there is a dictionary. */
  readonly plainValues = new ByteSet()
  /** Bytes of the values that stood outside the dictionary. */
  plainBytes = 0
  readonly repetitionLevels: Float64Array
  readonly definitionLevels: Float64Array

  constructor(
    column: LeafColumn,
    { watch, hasDictionary }: { watch: StatisticsWatch | undefined; hasDictionary: boolean },
  ) {
    this.#watch = watch
    this.#comparable = comparableBytes(column)
    this.#keepsValues = hasDictionary
    this.repetitionLevels = new Float64Array(column.maxRepetitionLevel + 1)
    this.definitionLevels = new Float64Array(column.maxDefinitionLevel + 1)
  }

  value(bytes: Uint8Array, start: number, end: number): void {
    this.values += 1
    this.plainBytes += end - start
    this.#watch?.see(bytes, start, end)
    if (this.#keepsValues) this.plainValues.add(this.#comparable(bytes.subarray(start, end)))
  }

  entry(index: number, times: number): void {
    this.values += times
    this.entries.set(index, times + (this.entries.get(index) ?? 0))
  }

  repetitionLevel(level: number, times: number): void {
    this.repetitionLevels[level]! += times
  }

  definitionLevel(level: number, times: number): void {
    this.definitionLevels[level]! += times
  }
}
