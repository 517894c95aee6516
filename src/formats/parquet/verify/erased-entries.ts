import { Ranges } from '../../../domain/ranges.ts'
import { forEachLevelRun } from '../levels.ts'
import type { LevelSection } from '../page-body.ts'

/** Rows of a file, counted through the pages of one column chunk. */
export class EntryRows {
  readonly #erased: Ranges
  /** Ordinal in the file of the row that begins next. */
  #next: number
  #keptRows = 0

  constructor(erased: Ranges, firstRow: number) {
    this.#erased = erased
    this.#next = firstRow
  }

  /** Of the rows begun so far, those that stay. */
  get keptRows(): number {
    return this.#keptRows
  }

  /** The next page's entries that belong to rows that stay; without repetition levels an entry is a row. */
  kept(repetitionLevels: LevelSection | undefined, numValues: number): Ranges {
    return repetitionLevels === undefined ? this.#ofRows(numValues) : this.#ofEntries(repetitionLevels, numValues)
  }

  #ofRows(numValues: number): Ranges {
    const kept = new Ranges()
    const first = this.#next
    this.#next += numValues
    for (const { start, end } of this.#erased.gaps(first, this.#next)) kept.add(start - first, end - first)
    this.#keptRows += kept.size
    return kept
  }

  #ofEntries(repetitionLevels: LevelSection, numValues: number): Ranges {
    const kept = new Ranges()
    forEachLevelRun(repetitionLevels, numValues, (level, first, count) => {
      if (level > 0) {
        if (!this.#erased.has(this.#next - 1)) kept.add(first, first + count)
        return
      }
      for (const { start, end } of this.#erased.gaps(this.#next, this.#next + count)) {
        kept.add(first + start - this.#next, first + end - this.#next)
        this.#keptRows += end - start
      }
      this.#next += count
    })
    return kept
  }
}

/** Of the entries that stay, those with a value, as ordinals among the page's values; and how many values it has. */
export function keptValues(
  definitionLevels: LevelSection | undefined,
  { numValues, maxLevel, kept }: { numValues: number; maxLevel: number; kept: Ranges },
): { readonly count: number; readonly kept: Ranges } {
  if (definitionLevels === undefined) return { count: numValues, kept }
  const values = new Ranges()
  let count = 0
  let from = 0
  forEachLevelRun(definitionLevels, numValues, (level, first, times) => {
    if (level !== maxLevel) return
    while (from < kept.count && kept.endAt(from) <= first) from += 1
    for (let index = from; index < kept.count && kept.startAt(index) < first + times; index += 1) {
      const start = Math.max(first, kept.startAt(index)) - first
      const end = Math.min(first + times, kept.endAt(index)) - first
      values.add(count + start, count + end)
    }
    count += times
  })
  return { count, kept: values }
}

/** A digest of levels in order, of those entries alone that are given: equal runs count as one however they are cut. */
export function levelDigest(
  section: LevelSection | undefined,
  { numValues, entries }: { numValues: number; entries: Ranges },
): string {
  if (section === undefined) return ''
  const digest = new RunDigest()
  let from = 0
  forEachLevelRun(section, numValues, (level, first, count) => {
    while (from < entries.count && entries.endAt(from) <= first) from += 1
    for (let index = from; index < entries.count && entries.startAt(index) < first + count; index += 1) {
      const start = Math.max(first, entries.startAt(index))
      digest.add(level, Math.min(first + count, entries.endAt(index)) - start)
    }
  })
  return digest.text()
}

/** 64 bits: an error that goes unseen is no matter of chance. */
class RunDigest {
  #level = -1
  #count = 0
  #a = 0x811c9dc5
  #b = 0x9e3779b9

  add(level: number, count: number): void {
    if (level !== this.#level) {
      this.#mix()
      this.#level = level
      this.#count = 0
    }
    this.#count += count
  }

  text(): string {
    this.#mix()
    return `${this.#a} ${this.#b}`
  }

  #mix(): void {
    const word = Math.imul(this.#level + 1, 0x85ebca6b) ^ this.#count
    this.#a = Math.imul(this.#a ^ word, 0x01000193) ^ (this.#a >>> 15)
    this.#b = Math.imul(this.#b + word, 0xc2b2ae35) ^ (this.#b >>> 13)
  }
}
