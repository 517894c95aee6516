/** A stream cut anew: in blocks of exactly `blockBytes`, the last one shorter. */
export async function* blocksOf(stream: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + blockBytes - length)
      parts.push(part)
      length += part.length
      at += part.length
      if (length < blockBytes) continue
      yield Buffer.concat(parts)
      parts = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(parts)
}
