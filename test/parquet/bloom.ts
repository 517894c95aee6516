import { sbbfContains, sbbfInsert } from 'hyparquet/src/bloom.js'
import { xxhash64 } from 'hyparquet/src/xxhash.js'

/** A split-block bloom filter over bytes, by hyparquet's primitives. */

export function bloomHas(bits: Uint8Array, value: Uint8Array): boolean {
  return sbbfContains(wordsOf(bits), xxhash64(value))
}

/** The filter of that size which holds exactly these values. */
export function bloomOf(sizeBytes: number, values: Iterable<Uint8Array>): Uint8Array {
  const words = new Uint32Array(sizeBytes / 4)
  for (const value of values) sbbfInsert(words, xxhash64(value))
  return new Uint8Array(words.buffer)
}

/** Whether every bit of `bits` is set in `of` too. */
export function isSubset(bits: Uint8Array, of: Uint8Array): boolean {
  return bits.length === of.length && bits.every((byte, index) => (byte & ~of[index]!) === 0)
}

function wordsOf(bits: Uint8Array): Uint32Array {
  const words = new Uint32Array(bits.length / 4)
  const view = new DataView(bits.buffer, bits.byteOffset, bits.byteLength)
  for (let index = 0; index < words.length; index += 1) words[index] = view.getUint32(4 * index, true)
  return words
}
