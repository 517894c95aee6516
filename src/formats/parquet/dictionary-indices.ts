import { malformed } from './malformed.ts'
import type { HybridSection } from './rle-hybrid.ts'

/**
 * The indices into a dictionary that the values section of a page (PLAIN_DICTIONARY, RLE_DICTIONARY) holds: a byte with
 * the bit width, then runs to the section's end. Decode with `HybridRuns` or `decodeHybrid`; each index is still to be
 * checked against the dictionary.
 *
 * @param numValues values that are not null
 * @throws LetheError `malformed`
 */
export function dictionaryIndices(values: Uint8Array, numValues: number): HybridSection {
  if (numValues === 0) return { bytes: values.subarray(values.length), bitWidth: 0, numValues }
  const bitWidth = values[0]
  if (bitWidth === undefined) throw malformed('dictionary indices are missing')
  if (bitWidth > 32) throw malformed('dictionary indices of more than 32 bits')
  return { bytes: values.subarray(1), bitWidth, numValues }
}
