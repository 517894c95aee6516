import { randomInt } from 'node:crypto'

/** Parts of a view to look up; at most `maxParts`. */
export interface Parts {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly count: number
  readonly ordinals: Int32Array
}

export const maxParts = 1024

/**
 * A set of byte strings, each with an ordinal, that tells in a few nanoseconds that a value is not in it.
 *
 * Held as one arena and an open-addressing table: a million entries cost no object each. A value first has to have the
 * length of an entry, then to agree with one in a hash of a few of its bytes (a sample), then of all of them, then in
 * all of them. Values are given as parts of a view, because a view reads four bytes at once.
 */
export class ByteSet {
  #arena = new DataView(new ArrayBuffer(1024))
  #arenaEnd = 0
  #count = 0
  /** Four numbers a slot, side by side, so that a look-up meets one cache line of them. At most half are used. */
  #slots: Int32Array
  /** Where in `#slots` the slot of each entry begins. */
  #slotOf: Int32Array
  /** Number `n` is 1: an entry is n bytes long (255: that or more). */
  readonly #lengths = new Uint8Array(256)
  /** Bits of sample hashes of entries; 16 to 32 for each. A larger table would not stay in the cache. */
  #filter: Uint32Array
  #filterShift: number
  readonly #hashes = new Int32Array(maxParts)
  /** Differs from set to set, so that nobody can prepare entries that share a slot. */
  readonly #seed = randomInt(2 ** 31)

  /** @param expected how many entries to make room for at once; more may be added. */
  constructor(expected = 0) {
    const bits = 32 - Math.clz32(Math.max(minCapacity, expected) - 1)
    this.#slotOf = new Int32Array(1 << bits)
    this.#slots = new Int32Array(slotSize << (bits + 1))
    this.#filter = new Uint32Array(1 << (bits - 1))
    this.#filterShift = 32 - 4 - bits
  }

  get count(): number {
    return this.#count
  }

  /** The bytes of an entry: a view. */
  entry(ordinal: number): Uint8Array {
    const slot = this.#slotOf[ordinal]!
    const start = this.#slots[slot + startField]!
    return new Uint8Array(this.#arena.buffer, start, this.#slots[slot + endField]! - start)
  }

  /** The ordinal of an entry, which becomes one if it is not. */
  add(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const known = this.find(view, 0, bytes.length)
    if (known !== -1) return known
    const start = this.#arenaEnd
    const end = start + bytes.length
    this.#reserve(end)
    new Uint8Array(this.#arena.buffer).set(bytes, start)
    this.#arenaEnd = end
    this.#count += 1
    this.#insert(this.#count - 1, start, end)
    return this.#count - 1
  }

  /** The ordinal of the entry that the bytes `start .. end` of a view equal; -1 where there is none. */
  find(view: DataView, start: number, end: number): number {
    return this.mayHold(view, start, end) ? this.#lookUp(this.#hash(view, start, end), view, start, end) : -1
  }

  /** False where the bytes `start .. end` of a view are no entry for certain; true for few others. */
  mayHold(view: DataView, start: number, end: number): boolean {
    if (this.#lengths[Math.min(255, end - start)] === 0) return false
    const sample = this.#sample(view, start, end) >>> this.#filterShift
    return (this.#filter[sample >>> 5]! & (1 << (sample & 31))) !== 0
  }

  /**
   * Looks up many parts of a view; puts into `ordinals` what `find` would yield for each.
   *
   * In passes, of which all but the last do nothing but wait for memory, for many parts at once: with a million entries
   * every look-up misses the caches, and one after another the misses take ten times as long as all else.
   */
  findMany(view: DataView, { starts, ends, count, ordinals }: Parts): void {
    const slots = this.#slots
    const mask = slots.length - 1
    const hashes = this.#hashes
    for (let part = 0; part < count; part += 1) hashes[part] = this.#hash(view, starts[part]!, ends[part]!)
    for (let part = 0; part < count; part += 1)
      ordinals[part] = slots[((hashes[part]! << slotBits) & mask) + startField]!
    for (let part = 0; part < count; part += 1) ordinals[part] = this.#arena.getUint8(ordinals[part]!)
    for (let part = 0; part < count; part += 1) {
      ordinals[part] = this.#lookUp(hashes[part]!, view, starts[part]!, ends[part]!)
    }
  }

  #lookUp(hash: number, view: DataView, start: number, end: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = (hash << slotBits) & mask; ; slot = (slot + slotSize) & mask) {
      const ordinal = slots[slot + ordinalField]! - 1
      if (ordinal === -1) return -1
      if (slots[slot + hashField] !== hash || slots[slot + endField]! - slots[slot + startField]! !== end - start)
        continue
      if (this.#equals(slots[slot + startField]!, view, start, end)) return ordinal
    }
  }

  #equals(arenaStart: number, view: DataView, start: number, end: number): boolean {
    const arena = this.#arena
    let index = start
    let at = arenaStart
    for (; index + 4 <= end; index += 4, at += 4) {
      if (view.getInt32(index, true) !== arena.getInt32(at, true)) return false
    }
    for (; index < end; index += 1, at += 1) if (view.getUint8(index) !== arena.getUint8(at)) return false
    return true
  }

  /** Of the length and up to 12 bytes: the first, the middle and the last four. */
  #sample(view: DataView, start: number, end: number): number {
    const length = end - start
    let hash = Math.imul(length ^ this.#seed, 0x9e3779b1)
    if (length >= 4) {
      const middle = start + ((length - 4) >>> 1)
      hash = Math.imul(hash ^ view.getInt32(start, true), 0x85ebca6b)
      hash = Math.imul((hash ^ (hash >>> 15)) + view.getInt32(middle, true), 0xc2b2ae35)
      hash = Math.imul((hash ^ (hash >>> 13)) + view.getInt32(end - 4, true), 0x27d4eb2f)
    } else {
      for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ view.getUint8(index), 0x85ebca6b)
    }
    return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1)
  }

  /** Of all bytes. */
  #hash(view: DataView, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let index = start
    for (; index + 4 <= end; index += 4) {
      hash = Math.imul(hash ^ view.getInt32(index, true), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    for (; index < end; index += 1) hash = Math.imul(hash ^ view.getUint8(index), 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
    return hash ^ (hash >>> 13)
  }

  /** Makes an entry of bytes of the arena findable. */
  #insert(ordinal: number, start: number, end: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    const hash = this.#hash(this.#arena, start, end)
    let slot = (hash << slotBits) & mask
    while (slots[slot + ordinalField] !== 0) slot = (slot + slotSize) & mask
    slots[slot + hashField] = hash
    slots[slot + ordinalField] = ordinal + 1
    slots[slot + startField] = start
    slots[slot + endField] = end
    this.#slotOf[ordinal] = slot
    this.#lengths[Math.min(255, end - start)] = 1
    const sample = this.#sample(this.#arena, start, end) >>> this.#filterShift
    this.#filter[sample >>> 5]! |= 1 << (sample & 31)
  }

  #reserve(arenaBytes: number): void {
    if (arenaBytes > this.#arena.byteLength) {
      const grown = new Uint8Array(Math.max(2 * this.#arena.byteLength, arenaBytes))
      grown.set(new Uint8Array(this.#arena.buffer))
      this.#arena = new DataView(grown.buffer)
    }
    if (this.#count === this.#slotOf.length) this.#growTables()
  }

  #growTables(): void {
    const slots = this.#slots
    const slotOf = this.#slotOf
    this.#slots = new Int32Array(2 * slots.length)
    this.#slotOf = new Int32Array(2 * slotOf.length)
    this.#filter = new Uint32Array(2 * this.#filter.length)
    this.#filterShift = Math.max(0, this.#filterShift - 1)
    for (let ordinal = 0; ordinal < this.#count; ordinal += 1) {
      const slot = slotOf[ordinal]!
      this.#insert(ordinal, slots[slot + startField]!, slots[slot + endField]!)
    }
  }
}

const minCapacity = 64
const slotBits = 2
const slotSize = 1 << slotBits
const hashField = 0
/** The ordinal + 1; 0: the slot is empty. */
const ordinalField = 1
/** Where the entry lies in the arena. */
const startField = 2
const endField = 3
