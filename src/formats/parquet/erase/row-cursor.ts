import { Ranges } from '../../../domain/ranges.ts'
import { forEachLevelRun } from '../levels.ts'
import { malformed } from '../malformed.ts'
import type { LevelSection } from '../page-body.ts'

/** Which entries of a page belong to erased rows. An entry is a value or what stands for a null or an empty list. */
export interface PageRows {
  readonly drops: Ranges
  /** Ordinal in the row group of the row that the page's first entry belongs to. */
  readonly firstRow: number
  /** The page's first entry begins a row; pages of old writers may split one. */
  readonly startsRow: boolean
  /** How many rows begin in the page. */
  readonly numRows: number
}

/**
 * Follows the rows of a row group through the pages of one column chunk, page by page.
 *
 * Without repetition levels an entry is a row. With them a row begins where the level is 0, and nothing else tells:
 * writers err in `num_rows` and offset indexes.
 */
export class RowCursor {
  readonly #erased: Ranges
  readonly #firstRow: number
  /** Rows begun so far. */
  #rows = 0
  /** The first of the erased intervals that does not end before the present row. */
  #next: number

  /** @param erased rows of the file; `firstRow` is the file's ordinal of the group's first row */
  constructor(erased: Ranges, firstRow: number) {
    this.#erased = erased
    this.#firstRow = firstRow
    this.#next = erased.indexAfter(firstRow)
  }

  get rows(): number {
    return this.#rows
  }

  /** The next page, of a column that does not repeat. */
  flat(numValues: number): PageRows {
    const drops = new Ranges()
    const firstRow = this.#rows
    this.#beginRows(0, numValues, drops)
    return { drops, firstRow, startsRow: true, numRows: numValues }
  }

  /** The next page, by its repetition levels. @throws LetheError `malformed` */
  repeated(section: LevelSection, numValues: number): PageRows {
    const drops = new Ranges()
    let startsRow = true
    const before = this.#rows
    forEachLevelRun(section, numValues, (level, first, count) => {
      if (level === 0) {
        this.#beginRows(first, count, drops)
        return
      }
      if (first === 0) startsRow = false
      if (this.#rows === 0) throw malformed('the first row of a column chunk has no beginning')
      if (this.#isErased(this.#firstRow + this.#rows - 1)) drops.add(first, first + count)
    })
    return { drops, firstRow: startsRow ? before : before - 1, startsRow, numRows: this.#rows - before }
  }

  /** `count` rows of one entry each, so far, from entry `first` on. */
  #beginRows(first: number, count: number, drops: Ranges): void {
    const start = this.#firstRow + this.#rows
    const end = start + count
    this.#rows += count
    const erased = this.#erased
    while (this.#next < erased.count && erased.endAt(this.#next) <= start) this.#next += 1
    for (let index = this.#next; index < erased.count && erased.startAt(index) < end; index += 1) {
      const from = Math.max(start, erased.startAt(index))
      const to = Math.min(end, erased.endAt(index))
      drops.add(first + from - start, first + to - start)
    }
  }

  #isErased(row: number): boolean {
    const erased = this.#erased
    while (this.#next < erased.count && erased.endAt(this.#next) <= row) this.#next += 1
    return this.#next < erased.count && erased.startAt(this.#next) <= row
  }
}
