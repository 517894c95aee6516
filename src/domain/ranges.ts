import { partitionPoint } from './partition-point.ts'

/** A half-open interval of non-negative safe integers: `start <= x < end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * An ordered set of non-negative safe integers, kept as disjoint half-open intervals: row ordinals, or byte offsets.
 *
 * 16 bytes an interval and no object for each, because a find may yield millions of them.
 */
export class Ranges implements Iterable<Range> {
  #bounds = new Float64Array(16)
  #count = 0
  #size = 0

  static of(ranges: Iterable<Range>): Ranges {
    const result = new Ranges()
    for (const { start, end } of ranges) result.add(start, end)
    return result
  }

  /** Number of integers in the set. */
  get size(): number {
    return this.#size
  }

  /** Number of intervals. */
  get count(): number {
    return this.#count
  }

  /** Adds `start <= x < end`. Must not begin before the end of what is there; an adjacent interval is merged. */
  add(start: number, end: number = start + 1): void {
    const last = this.#count === 0 ? -1 : this.#bounds[2 * this.#count - 1]!
    if (start < last || end < start) throw new RangeError(`interval ${start}..${end} is out of order`)
    if (end === start) return
    this.#size += end - start
    if (start === last) {
      this.#bounds[2 * this.#count - 1] = end
      return
    }
    if (2 * this.#count === this.#bounds.length) {
      const grown = new Float64Array(2 * this.#bounds.length)
      grown.set(this.#bounds)
      this.#bounds = grown
    }
    this.#bounds[2 * this.#count] = start
    this.#bounds[2 * this.#count + 1] = end
    this.#count += 1
  }

  /** Start of the interval at `index` (0 <= index < count). */
  startAt(index: number): number {
    return this.#bounds[2 * index]!
  }

  /** End of the interval at `index` (0 <= index < count). */
  endAt(index: number): number {
    return this.#bounds[2 * index + 1]!
  }

  /** Index of the first interval that ends after `x`; `count` where there is none. */
  indexAfter(x: number): number {
    return partitionPoint(this.#count, (index) => this.endAt(index) <= x)
  }

  has(x: number): boolean {
    const index = this.indexAfter(x)
    return index < this.#count && this.startAt(index) <= x
  }

  /** Number of integers of the set in `start <= x < end`. */
  sizeWithin(start: number, end: number): number {
    let size = 0
    for (const range of this.within(start, end)) size += range.end - range.start
    return size
  }

  /** The intervals clipped to `start <= x < end`, in order. */
  *within(start: number, end: number): Generator<Range> {
    for (let index = this.indexAfter(start); index < this.#count && this.startAt(index) < end; index += 1) {
      yield { start: Math.max(start, this.startAt(index)), end: Math.min(end, this.endAt(index)) }
    }
  }

  /** What of `start <= x < end` is not in the set, in order. */
  *gaps(start: number, end: number): Generator<Range> {
    let position = start
    for (const range of this.within(start, end)) {
      if (range.start > position) yield { start: position, end: range.start }
      position = range.end
    }
    if (position < end) yield { start: position, end }
  }

  *[Symbol.iterator](): Generator<Range> {
    for (let index = 0; index < this.#count; index += 1) {
      yield { start: this.startAt(index), end: this.endAt(index) }
    }
  }
}
