import { partitionPoint } from '../../../domain/partition-point.ts'

/**
 * Runs of values, or rows, that equal one entry of a matcher: `starts[i] <= ordinal < ends[i]` equal `entries[i]`.
 * In order and disjoint; 12 bytes a run and no object for each.
 */
export class Hits {
  starts = new Uint32Array(64)
  ends = new Uint32Array(64)
  entries = new Int32Array(64)
  count = 0

  /** Must not begin before the end of what is there; an adjacent run of the same entry is merged. */
  add(start: number, end: number, entry: number): void {
    const last = this.count - 1
    if (last >= 0 && this.ends[last] === start && this.entries[last] === entry) {
      this.ends[last] = end
      return
    }
    if (this.count === this.starts.length) this.#grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.entries[this.count] = entry
    this.count += 1
  }

  clear(): void {
    this.count = 0
  }

  /** Whether any run meets `start <= ordinal < end`. */
  meets(start: number, end: number): boolean {
    const index = partitionPoint(this.count, (each) => this.ends[each]! <= start)
    return start < end && index < this.count && this.starts[index]! < end
  }

  #grow(): void {
    const length = 2 * this.count
    const starts = new Uint32Array(length)
    const ends = new Uint32Array(length)
    const entries = new Int32Array(length)
    starts.set(this.starts)
    ends.set(this.ends)
    entries.set(this.entries)
    this.starts = starts
    this.ends = ends
    this.entries = entries
  }
}
