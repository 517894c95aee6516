/** How much of an object is decompressed to tell the format within. */
export const peekBytes = 32 * 1024
/** How much that may become, at most. */
export const maxPeekedBytes = 64 * 1024 * 1024

const none = new Uint8Array(0)

/** What a decompressor says of first bytes; nothing where it cannot: why is told when the object is searched. */
export function peekSync(decompress: () => Uint8Array): Uint8Array {
  try {
    return decompress()
  } catch {
    return none
  }
}
