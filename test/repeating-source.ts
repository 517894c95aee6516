import type { RangeSource } from '../src/formats/range-source.ts'

/** One beginning and then the same bytes again and again: an object of any size that is nowhere stored. */
export function repeatingSource(first: Uint8Array, again: Uint8Array, times: number): RangeSource {
  return {
    size: first.length + times * again.length,
    async read(start, end) {
      const bytes = Buffer.allocUnsafe(end - start)
      let done = Math.min(end, Math.max(start, first.length))
      bytes.set(first.subarray(start, done))
      while (done < end) {
        const from = (done - first.length) % again.length
        const part = again.subarray(from, from + end - done)
        bytes.set(part, done - start)
        done += part.length
      }
      return bytes
    },
  }
}
