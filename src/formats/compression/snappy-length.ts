import { damaged } from './byte-reader.ts'

/** The length that a raw Snappy block says it decompresses to. */
export function snappyLength(block: Uint8Array): number {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index]
    if (byte === undefined) throw damaged()
    length += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) return length
  }
  throw damaged()
}
