/** A set of byte strings. */
export class ByteSet {
  readonly #byHash = new Map<number, Uint8Array[]>()

  add(bytes: Uint8Array): void {
    const hash = hashOf(bytes)
    const same = this.#byHash.get(hash)
    if (same === undefined) this.#byHash.set(hash, [bytes])
    else if (!same.some((other) => isEqual(other, bytes))) same.push(bytes)
  }

  has(bytes: Uint8Array): boolean {
    const same = this.#byHash.get(hashOf(bytes))
    return same?.some((other) => isEqual(other, bytes)) ?? false
  }
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < bytes.length; index += 1) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  return hash
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}
