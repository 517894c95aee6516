import type { TupleGroup } from './predicate.ts'

/** From the value ids that a row's columns equal to the tuples that the row matches. */
export interface TupleLookup {
  /** The tuple of one id for each column; -1 where there is none. Makes no object: it is asked for millions of rows. */
  ofOne(ids: ArrayLike<number>): number

  /**
   * The tuples of several ids for each column: `ids[c]` holds those of the group's texts that column `c` equals in the
   * row. Mostly none or one; more where several texts are the same number (`42` and `42.0`), or where a JSON line has
   * the key twice. A line can hold very many: the cost is bounded by the number of tuples.
   */
  ofSeveral(ids: readonly (readonly number[])[]): readonly number[]
}

/** Made once for all objects of a run: there may be a million tuples. */
export function tupleLookupOf(group: TupleGroup): TupleLookup {
  let lookup = lookups.get(group)
  if (lookup === undefined) {
    // With one column, tuple t is text t: see TupleGroup.
    lookup = group.columns.length === 1 ? singleLookup : new HashedTuples(group)
    lookups.set(group, lookup)
  }
  return lookup
}

const lookups = new WeakMap<TupleGroup, TupleLookup>()

const singleLookup: TupleLookup = { ofOne: (ids) => ids[0]!, ofSeveral: (ids) => ids[0]! }

const none: readonly number[] = []

/** An open-addressing table of the tuples by their ids: eight bytes a tuple, and nothing to make for a look-up. */
class HashedTuples implements TupleLookup {
  readonly #group: TupleGroup
  readonly #width: number
  /** A tuple + 1 at the hash of its ids or behind it; 0 is free. At most half full. */
  readonly #slots: Uint32Array
  readonly #chosen: Uint32Array

  constructor(group: TupleGroup) {
    this.#group = group
    this.#width = group.columns.length
    this.#chosen = new Uint32Array(this.#width)
    const count = group.positions.length
    let slotCount = 16
    while (slotCount < 2 * count) slotCount *= 2
    this.#slots = new Uint32Array(slotCount)
    for (let tuple = 0; tuple < count; tuple += 1) this.#insert(tuple)
  }

  ofOne(ids: ArrayLike<number>): number {
    const { tuples } = this.#group
    const width = this.#width
    const mask = this.#slots.length - 1
    for (let slot = hashOf(ids, 0, width) & mask; ; slot = (slot + 1) & mask) {
      const tuple = this.#slots[slot]! - 1
      if (tuple === -1) return -1
      let column = 0
      while (column < width && tuples[tuple * width + column] === ids[column]) column += 1
      if (column === width) return tuple
    }
  }

  ofSeveral(ids: readonly (readonly number[])[]): readonly number[] {
    let mixtures = 1
    for (const choices of ids) mixtures *= choices.length
    if (mixtures === 0) return none
    if (mixtures > this.#group.positions.length) return tuplesAmong(this.#group, ids)
    const found: number[] = []
    this.#mix(ids, 0, found)
    return found
  }

  #mix(ids: readonly (readonly number[])[], column: number, found: number[]): void {
    if (column < this.#width) {
      for (const id of ids[column]!) {
        this.#chosen[column] = id
        this.#mix(ids, column + 1, found)
      }
      return
    }
    const tuple = this.ofOne(this.#chosen)
    if (tuple !== -1) found.push(tuple)
  }

  #insert(tuple: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#group.tuples, tuple * this.#width, this.#width) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = tuple + 1
  }
}

// Drawn for each process, so that tuples cannot be chosen to share a slot.
const seed = Math.floor(Math.random() * 2 ** 32)

function hashOf(ids: ArrayLike<number>, start: number, width: number): number {
  let hash = seed
  for (let at = start; at < start + width; at += 1) {
    hash = Math.imul(hash ^ ids[at]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

function tuplesAmong({ columns, tuples, positions }: TupleGroup, ids: readonly (readonly number[])[]): number[] {
  const choices = ids.map((list) => new Set(list))
  const found: number[] = []
  for (let tuple = 0; tuple < positions.length; tuple += 1) {
    if (columns.every((_, column) => choices[column]!.has(tuples[tuple * columns.length + column]!))) found.push(tuple)
  }
  return found
}
