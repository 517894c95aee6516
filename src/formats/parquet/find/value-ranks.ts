import { viewOf } from '../view-of.ts'
import type { KeyMatcher } from './key-matcher.ts'
import type { ValueOrder } from './key-values.ts'

/** The least and the greatest value of a chunk or page as PLAIN stores them; either may be less exact, never narrower. */
export interface Bounds {
  readonly min: Uint8Array
  readonly max: Uint8Array
}

const maxTried = 64
const nothing: Uint8Array = new Uint8Array(0)

/**
 * Tells whether an entry of a matcher can lie within bounds.
 *
 * Each value has a *rank*, a float that never falls where the value grows; two values may share one, which makes the
 * answer less sharp but never hides a value. So a million entries are one sorted Float64Array.
 */
export class ValueRanks {
  readonly #matcher: KeyMatcher
  readonly #order: ValueOrder
  readonly #width: number
  /** Of all entries, in order; and the bytes that all of them begin with: ranks of byte strings are of what follows. */
  #ranks: { readonly sorted: Float64Array; readonly prefix: Uint8Array } | undefined

  constructor(matcher: KeyMatcher, order: ValueOrder) {
    this.#matcher = matcher
    this.#order = order
    this.#width = matcher.count === 0 ? 0 : matcher.entry(0).length
  }

  /** True where an entry may lie within the bounds, and where the bounds are no bounds. */
  mayHold({ min, max }: Bounds): boolean {
    if (this.#order !== 'bytes' && (min.length !== this.#width || max.length !== this.#width)) return true
    if (this.#anyOfTheFirst({ min, max })) return true
    const { sorted, prefix } = (this.#ranks ??= this.#rankAll())
    const low = this.#rank(min, prefix)
    // A writer that cut the greatest value short may have left it as it was: what it begins may follow.
    const high = this.#rank(max, prefix, 255)
    if (!(low <= high)) return true
    let from = 0
    let to = sorted.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (sorted[middle]! < low) from = middle + 1
      else to = middle
    }
    return from < sorted.length && sorted[from]! <= high
  }

  /** Where many entries are looked for, bounds mostly hold one of the first: then the others need no rank. */
  #anyOfTheFirst({ min, max }: Bounds): boolean {
    for (let ordinal = 0; ordinal < Math.min(maxTried, this.#matcher.count); ordinal += 1) {
      const entry = this.#matcher.entry(ordinal)
      if (this.#isAtMost(min, entry) && this.#isAtMost(entry, max)) return true
    }
    return false
  }

  #isAtMost(a: Uint8Array, b: Uint8Array): boolean {
    return this.#order === 'bytes' ? Buffer.compare(a, b) <= 0 : this.#rank(a) <= this.#rank(b)
  }

  #rankAll() {
    const { count } = this.#matcher
    const prefix = this.#order === 'bytes' ? commonPrefix(this.#matcher) : nothing
    const sorted = new Float64Array(count)
    for (let ordinal = 0; ordinal < count; ordinal += 1)
      sorted[ordinal] = this.#rank(this.#matcher.entry(ordinal), prefix)
    return { sorted: sorted.sort(), prefix }
  }

  #rank(bytes: Uint8Array, prefix = nothing, padding = 0): number {
    return this.#order === 'bytes' ? rankOfBytes(bytes, prefix, padding) : numberReaders[this.#order](viewOf(bytes))
  }
}

const numberReaders: Readonly<Record<Exclude<ValueOrder, 'bytes'>, (view: DataView) => number>> = {
  signed: (view) => (view.byteLength === 4 ? view.getInt32(0, true) : Number(view.getBigInt64(0, true))),
  unsigned: (view) => (view.byteLength === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true))),
  float: (view) => (view.byteLength === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true)),
}

/** Six bytes fit in a float's exact integers. */
const rankBytes = 6

function rankOfBytes(bytes: Uint8Array, prefix: Uint8Array, padding: number): number {
  for (let index = 0; index < prefix.length; index += 1) {
    const difference = (bytes[index] ?? padding) - prefix[index]!
    if (difference !== 0) return difference < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  let rank = 0
  for (let index = 0; index < rankBytes; index += 1) rank = rank * 256 + (bytes[prefix.length + index] ?? padding)
  return rank
}

function commonPrefix(matcher: KeyMatcher): Uint8Array {
  if (matcher.count === 0) return new Uint8Array(0)
  const first = matcher.entry(0)
  let length = first.length
  for (let ordinal = 1; ordinal < matcher.count; ordinal += 1) {
    const entry = matcher.entry(ordinal)
    length = Math.min(length, entry.length)
    let index = 0
    while (index < length && entry[index] === first[index]) index += 1
    length = index
  }
  return first.slice(0, length)
}
