import { ByteSet } from '../find/byte-set.ts'
import type { LeafColumn } from '../schema.ts'
import type { ValueWatch } from './statistics-watch.ts'
import { comparableBytes } from './tells-value.ts'
import { isFloating, isNaNValue } from './value-order.ts'
import type { ErasedLevels, ErasedValues } from './value-splice.ts'

/** How much of a page or chunk is gone. */
export class ErasedCounts {
  /** Entries that had a value. */
  values = 0
  /** Values that are NaN. */
  nans = 0
  /** Bytes of BYTE_ARRAY values, as if they stood in no dictionary. */
  bytes = 0
  /** Entries by level. */
  readonly repetitionLevels: Float64Array
  readonly definitionLevels: Float64Array

  constructor({ maxRepetitionLevel, maxDefinitionLevel }: LeafColumn) {
    this.repetitionLevels = new Float64Array(maxRepetitionLevel + 1)
    this.definitionLevels = new Float64Array(maxDefinitionLevel + 1)
  }

  add(other: ErasedCounts): void {
    this.values += other.values
    this.nans += other.nans
    this.bytes += other.bytes
    for (const kind of ['repetitionLevels', 'definitionLevels'] as const) {
      for (const [level, count] of other[kind].entries()) this[kind][level]! += count
    }
  }
}

/** What is gone of a column chunk, gathered page by page. */
export class ErasedFacts implements ErasedLevels, ErasedValues {
  readonly #column: LeafColumn
  readonly #watches: readonly ValueWatch[]
  readonly #comparable: (bytes: Uint8Array) => Uint8Array
  readonly #entryBytes: ((index: number) => Uint8Array) | undefined
  readonly #isFloating: boolean
  readonly total: ErasedCounts
  /** Of the page at hand. */
  page: ErasedCounts
  /** The entries of the dictionary that erased rows used. */
  readonly entries = new Set<number>()
  /** The values that stood outside the dictionary, in comparable form; gathered only where there is a dictionary. */
  readonly plainValues = new ByteSet()

  /** @param entryBytes of the dictionary, where the chunk has one */
  constructor(
    column: LeafColumn,
    {
      watches,
      entryBytes,
    }: { watches: readonly ValueWatch[]; entryBytes: ((index: number) => Uint8Array) | undefined },
  ) {
    this.#column = column
    this.#watches = watches
    this.#comparable = comparableBytes(column)
    this.#entryBytes = entryBytes
    this.#isFloating = isFloating(column)
    this.total = new ErasedCounts(column)
    this.page = new ErasedCounts(column)
  }

  /** Counts anew for the next page. */
  endPage(): void {
    this.total.add(this.page)
    this.page = new ErasedCounts(this.#column)
  }

  value(bytes: Uint8Array, start: number, end: number): void {
    this.#count(bytes, { start, end, times: 1 })
    for (const watch of this.#watches) watch.see(bytes, start, end)
    if (this.#entryBytes !== undefined) this.plainValues.add(this.#comparable(bytes.subarray(start, end)))
  }

  /** Whether statistics tell of it is seen when all pages were: other rows may use the same entry. */
  entry(index: number, times: number): void {
    this.entries.add(index)
    const bytes = this.#entryBytes!(index)
    this.#count(bytes, { start: 0, end: bytes.length, times })
  }

  #count(bytes: Uint8Array, { start, end, times }: { start: number; end: number; times: number }): void {
    this.page.values += times
    this.page.bytes += times * (end - start)
    if (this.#isFloating && isNaNValue(this.#column, bytes, start)) this.page.nans += times
  }

  repetitionLevel(level: number, times: number): void {
    this.page.repetitionLevels[level]! += times
  }

  definitionLevel(level: number, times: number): void {
    this.page.definitionLevels[level]! += times
  }
}
