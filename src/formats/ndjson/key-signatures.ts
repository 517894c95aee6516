const size = 4096

/**
 * A sieve for keys: tells nearly every key that is not among a few names, at the cost of two bytes looked at. Keys that
 * differ in the case of ASCII letters are the same to it; it is not to be asked about keys with escapes or other bytes.
 */
export class KeySignatures {
  #known: Uint8Array | undefined

  add(name: string): void {
    const quoted = Buffer.from(`"${name.toLowerCase()}"`)
    this.#known ??= new Uint8Array(size)
    this.#known[signature(quoted, 1, quoted.length - 1)] = 1
  }

  /** Whether the key `bytes[start..end)`, which lies between quotes, may be one of the names. */
  mayHave(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#known !== undefined && this.#known[signature(bytes, start, end)] === 1
  }
}

// Length, first and last byte. Of an empty key the quotes around it: they are always there.
function signature(bytes: Uint8Array, start: number, end: number): number {
  return ((end - start) * 97 + (bytes[start]! | 0x20) * 31 + (bytes[end - 1]! | 0x20)) & (size - 1)
}
