import { malformed } from './malformed.ts'

/**
 * Values in the encoding BYTE_STREAM_SPLIT, put together again to the PLAIN layout: first come the first bytes of all
 * values, then the second bytes, and so on.
 *
 * @throws LetheError `malformed` where the bytes are not those of `count` values of `width` bytes
 */
export function joinByteStreams(bytes: Uint8Array, { count, width }: { count: number; width: number }): Uint8Array {
  if (count * width !== bytes.length) throw malformed('a page has not as many values as it says')
  const joined = new Uint8Array(bytes.length)
  for (let stream = 0; stream < width; stream += 1) {
    const from = stream * count
    for (let index = 0, to = stream; index < count; index += 1, to += width) joined[to] = bytes[from + index]!
  }
  return joined
}
