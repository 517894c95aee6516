import { malformed } from './malformed.ts'
import type { HybridSection } from './rle-hybrid.ts'

const lengthBytes = 4

/** Booleans in the encoding RLE: the length of the runs in 4 bytes, then runs of one bit. @throws LetheError `malformed` */
export function rleBooleans(values: Uint8Array, numValues: number): HybridSection {
  if (values.length < lengthBytes) throw malformed('a page of booleans is too short')
  const length = new DataView(values.buffer, values.byteOffset, values.byteLength).getUint32(0, true)
  if (length !== values.length - lengthBytes) throw malformed('a page has not as many values as it says')
  return { bytes: values.subarray(lengthBytes), bitWidth: 1, numValues }
}
