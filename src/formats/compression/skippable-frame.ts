import type { ByteReader } from './byte-reader.ts'

const headerBytes = 8

/** Frames that zstd and LZ4 share, and whose content means nothing to them (RFC 8878, section 3.1.2). */
function isSkippableFrame(head: Uint8Array): boolean {
  return (
    head.length >= headerBytes && (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18
  )
}

/** Length of the frame, its header included. */
function skippableFrameBytes(head: Uint8Array): number {
  return headerBytes + Buffer.from(head.subarray(4, headerBytes)).readUInt32LE()
}

/** Passes over a skippable frame, where the reader is at one. */
export async function skipSkippableFrame(reader: ByteReader): Promise<boolean> {
  const head = await reader.peek(headerBytes)
  if (!isSkippableFrame(head)) return false
  for await (const _ of reader.run(skippableFrameBytes(head))) {
  }
  return true
}

/** What of an object's first bytes is behind the skippable frames that it begins with. */
export function afterSkippable(head: Uint8Array): Uint8Array {
  let rest = head
  while (isSkippableFrame(rest)) rest = rest.subarray(skippableFrameBytes(rest))
  return rest
}
