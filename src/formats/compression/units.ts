import { partitionPoint } from '../../domain/partition-point.ts'
import type { Ranges } from '../../domain/ranges.ts'
import type { Unit } from './codec.ts'

const maxUnits = 1024 * 1024

/**
 * Where the members of an object lie, in it and in what it decompresses to: 24 bytes each. Of more than a million of
 * them two neighbours become one, again and again: an erasure rewrites a little more then, and memory stays bounded.
 */
export class Units {
  #bounds = new Float64Array(3 * 16)
  #count = 0
  #streamEnd = 0
  readonly #maxUnits: number

  constructor(limit: number = maxUnits) {
    this.#maxUnits = limit
  }

  get count(): number {
    return this.#count
  }

  /** Length of what the object decompresses to. */
  get streamBytes(): number {
    return this.#streamEnd
  }

  add({ start, end, streamEnd }: Omit<Unit, 'streamStart'>): void {
    if (this.#count === this.#maxUnits) this.#joinPairs()
    if (3 * this.#count === this.#bounds.length) {
      const grown = new Float64Array(2 * this.#bounds.length)
      grown.set(this.#bounds)
      this.#bounds = grown
    }
    this.#bounds.set([start, end, this.#streamEnd], 3 * this.#count)
    this.#count += 1
    this.#streamEnd = streamEnd
  }

  at(index: number): Unit {
    return {
      start: this.#bounds[3 * index]!,
      end: this.#bounds[3 * index + 1]!,
      streamStart: this.#bounds[3 * index + 2]!,
      streamEnd: index + 1 < this.#count ? this.#bounds[3 * index + 5]! : this.#streamEnd,
    }
  }

  /** The unit that begins at this offset of the object. */
  startingAt(start: number): Unit | undefined {
    const index = partitionPoint(this.#count, (each) => this.#bounds[3 * each]! < start)
    return index < this.#count && this.#bounds[3 * index] === start ? this.at(index) : undefined
  }

  *[Symbol.iterator](): Generator<Unit> {
    for (let index = 0; index < this.#count; index += 1) yield this.at(index)
  }

  #joinPairs(): void {
    const bounds = this.#bounds
    let count = 0
    for (let index = 0; index < this.#count; index += 2, count += 1) {
      bounds[3 * count] = bounds[3 * index]!
      bounds[3 * count + 1] = bounds[3 * Math.min(index + 1, this.#count - 1) + 1]!
      bounds[3 * count + 2] = bounds[3 * index + 2]!
    }
    this.#count = count
  }
}

/** Whether the unit holds a byte of the ranges. */
export function isTouched({ streamStart, streamEnd }: Unit, ranges: Ranges): boolean {
  const index = ranges.indexAfter(streamStart)
  return index < ranges.count && ranges.startAt(index) < streamEnd
}
