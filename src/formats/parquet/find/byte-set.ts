import { randomInt } from 'node:crypto'

/**
 * A set of byte strings, each with an ordinal, that tells in a few nanoseconds that a value is not in it.
 *
 * Held as one arena and an open-addressing table: a million entries cost no object each. A value first has to have the
 * length of an entry, then to agree with one in a hash of a few of its bytes (a sample), then of all of them.
 */
export class ByteSet {
  #arena = new Uint8Array(1024)
  #ends = new Uint32Array(64)
  /** Hashes of entries, so that the table can grow without hashing again. */
  #hashes = new Uint32Array(64)
  /** Ordinal + 1 of the entry in a slot; 0: empty. At most half of the slots are used. */
  #slots = new Int32Array(128)
  #count = 0
  /** Bit n: an entry is n bytes long (255: that or more). */
  readonly #lengths = new Uint8Array(256)
  /** Bits of sample hashes of entries; 8 to 16 for each. */
  #filter = new Uint32Array(32)
  #filterShift = 22
  /** Differs from run to run, so that nobody can prepare entries that share a slot. */
  readonly #seed = randomInt(2 ** 31)

  get count(): number {
    return this.#count
  }

  /** The bytes of an entry: a view. */
  entry(ordinal: number): Uint8Array {
    return this.#arena.subarray(this.#startOf(ordinal), this.#ends[ordinal])
  }

  /** The ordinal of an entry, which becomes one if it is not. */
  add(bytes: Uint8Array): number {
    const known = this.find(bytes, 0, bytes.length)
    if (known !== -1) return known
    const ordinal = this.#count
    const start = this.#startOf(ordinal)
    this.#reserve(start + bytes.length)
    this.#arena.set(bytes, start)
    this.#ends[ordinal] = start + bytes.length
    this.#count += 1
    const hash = this.#hash(bytes, 0, bytes.length)
    this.#hashes[ordinal] = hash
    this.#fill(ordinal)
    this.#lengths[Math.min(255, bytes.length)] = 1
    this.#mark(bytes)
    return ordinal
  }

  /** The ordinal of the entry that `bytes[start .. end]` equal; -1 where there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (this.#lengths[Math.min(length, 255)] === 0) return -1
    const sample = this.#sample(bytes, start, end) >>> this.#filterShift
    if ((this.#filter[sample >>> 5]! & (1 << (sample & 31))) === 0) return -1
    return this.#lookUp(bytes, start, end)
  }

  #lookUp(bytes: Uint8Array, start: number, end: number): number {
    const hash = this.#hash(bytes, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const ordinal = this.#slots[slot]! - 1
      if (ordinal === -1) return -1
      if (this.#hashes[ordinal] === hash && this.#equals(ordinal, bytes, start, end)) return ordinal
    }
  }

  #equals(ordinal: number, bytes: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena
    let at = this.#startOf(ordinal)
    if (this.#ends[ordinal]! - at !== end - start) return false
    for (let index = start; index < end; index += 1, at += 1) if (bytes[index] !== arena[at]) return false
    return true
  }

  /** Of the length and up to 12 bytes: the first, the middle and the last four. */
  #sample(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    let hash = Math.imul(length ^ this.#seed, 0x9e3779b1)
    if (length >= 4) {
      const middle = start + ((length - 4) >>> 1)
      hash = Math.imul(hash ^ word(bytes, start), 0x85ebca6b)
      hash = Math.imul((hash ^ (hash >>> 15)) + word(bytes, middle), 0xc2b2ae35)
      hash = Math.imul((hash ^ (hash >>> 13)) + word(bytes, end - 4), 0x27d4eb2f)
    } else {
      for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x85ebca6b)
    }
    return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1)
  }

  /** Of all bytes, unsigned. */
  #hash(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.#seed ^ (end - start)
    let index = start
    for (; index + 4 <= end; index += 4) {
      hash = Math.imul(hash ^ word(bytes, index), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    for (; index < end; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
    return (hash ^ (hash >>> 13)) >>> 0
  }

  #startOf(ordinal: number): number {
    return ordinal === 0 ? 0 : this.#ends[ordinal - 1]!
  }

  #mark(bytes: Uint8Array): void {
    const sample = this.#sample(bytes, 0, bytes.length) >>> this.#filterShift
    this.#filter[sample >>> 5]! |= 1 << (sample & 31)
  }

  #fill(ordinal: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[ordinal]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = ordinal + 1
  }

  #reserve(arenaBytes: number): void {
    if (arenaBytes > this.#arena.length) {
      const grown = new Uint8Array(Math.max(2 * this.#arena.length, arenaBytes))
      grown.set(this.#arena)
      this.#arena = grown
    }
    if (this.#count === this.#ends.length) this.#growTables()
  }

  #growTables(): void {
    const capacity = 2 * this.#count
    const ends = new Uint32Array(capacity)
    const hashes = new Uint32Array(capacity)
    ends.set(this.#ends)
    hashes.set(this.#hashes)
    this.#ends = ends
    this.#hashes = hashes
    this.#slots = new Int32Array(2 * capacity)
    this.#filterShift = Math.max(0, this.#filterShift - 1)
    this.#filter = new Uint32Array(2 * this.#filter.length)
    for (let ordinal = 0; ordinal < this.#count; ordinal += 1) {
      this.#fill(ordinal)
      this.#mark(this.entry(ordinal))
    }
  }
}

/** Four bytes as a number, little-endian. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
