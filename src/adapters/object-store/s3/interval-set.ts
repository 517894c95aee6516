import { partitionPoint } from '../../../domain/partition-point.ts'
import type { Range } from '../../../domain/ranges.ts'

/** A set of byte positions as disjoint intervals, which may be added in any order. */
export class IntervalSet {
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  add(start: number, end: number): void {
    if (start >= end) return
    // All that it touches becomes one with it.
    const first = this.#firstEndingAt(start)
    let next = first
    let [from, to] = [start, end]
    for (; next < this.#starts.length && this.#starts[next]! <= end; next += 1) {
      from = Math.min(from, this.#starts[next]!)
      to = Math.max(to, this.#ends[next]!)
    }
    this.#starts.splice(first, next - first, from)
    this.#ends.splice(first, next - first, to)
  }

  /** The interval that a position is in. */
  at(position: number): Range | undefined {
    const index = this.#firstEndingAt(position + 1)
    const start = this.#starts[index]
    return start !== undefined && start <= position ? { start, end: this.#ends[index]! } : undefined
  }

  /** Where the first interval behind a position begins. */
  nextStart(position: number): number {
    const index = this.#firstEndingAt(position + 1)
    const start = this.#starts[index]
    if (start === undefined) return Number.POSITIVE_INFINITY
    return start > position ? start : (this.#starts[index + 1] ?? Number.POSITIVE_INFINITY)
  }

  /** How many positions of `start..end` are in the set. */
  sizeWithin(start: number, end: number): number {
    let size = 0
    for (let index = this.#firstEndingAt(start); index < this.#starts.length; index += 1) {
      if (this.#starts[index]! >= end) break
      size += Math.max(0, Math.min(end, this.#ends[index]!) - Math.max(start, this.#starts[index]!))
    }
    return size
  }

  #firstEndingAt(position: number): number {
    return partitionPoint(this.#ends.length, (index) => this.#ends[index]! < position)
  }
}
