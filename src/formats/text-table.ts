/**
 * From bytes to the position of the equal text in a list, without making a string of the bytes: one multiplication for
 * four bytes and mostly one look into a table, whether there are ten texts or a million.
 *
 * Texts are held as UTF-8, a surrogate that stands alone in the three bytes that it would have (WTF-8), so that equal
 * bytes are equal characters. About 16 bytes a text beside the text itself.
 */
export class TextTable {
  readonly #bytes: Uint8Array
  /** Text `t` lies at `#starts[t]..#starts[t + 1]`. */
  readonly #starts: Float64Array
  /** Position of a text + 1 at its hash or behind it; 0 is free. At most half full. */
  readonly #slots: Uint32Array
  readonly #hashes: Uint32Array

  /** @param texts distinct. */
  constructor(texts: readonly string[]) {
    let slotCount = 16
    while (slotCount < 2 * texts.length) slotCount *= 2
    this.#slots = new Uint32Array(slotCount)
    this.#hashes = new Uint32Array(slotCount)
    this.#starts = new Float64Array(texts.length + 1)
    texts.forEach((text, index) => {
      this.#starts[index + 1] = this.#starts[index]! + encodedLength(text)
    })
    const bytes = Buffer.allocUnsafe(this.#starts[texts.length]!)
    this.#bytes = bytes
    texts.forEach((text, index) => {
      const start = this.#starts[index]!
      if (text.isWellFormed()) bytes.write(text, start)
      else writeIllFormed(text, bytes, start)
      this.#insert(index)
    })
  }

  /** The position of the text that `bytes[start..end)` is; -1 where it is none. */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!
      if (found === 0) return -1
      if (this.#hashes[slot] === hash && this.#isEqual(found - 1, bytes, start, end)) return found - 1
    }
  }

  #insert(index: number): void {
    const hash = hashOf(this.#bytes, this.#starts[index]!, this.#starts[index + 1]!)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = index + 1
    this.#hashes[slot] = hash
  }

  #isEqual(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index]!
    if (this.#starts[index + 1]! - from !== end - start) return false
    for (let at = start; at < end; at += 1) if (this.#bytes[from + at - start] !== bytes[at]) return false
    return true
  }
}

// Drawn for each process, so that ids cannot be chosen to share a slot.
const seed = Math.floor(Math.random() * 2 ** 32)

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = seed ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}

// A surrogate alone is three bytes both in WTF-8 and as the U+FFFD that Buffer makes of it.
function encodedLength(text: string): number {
  return Buffer.byteLength(text)
}

function writeIllFormed(text: string, bytes: Buffer, start: number): void {
  let at = start
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code >= 0xd800 && code <= 0xdfff) {
      bytes[at] = 0xe0 | (code >> 12)
      bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f)
      bytes[at + 2] = 0x80 | (code & 0x3f)
      at += 3
    } else {
      at += bytes.write(character, at)
    }
  }
}
