import { malformed } from './malformed.ts'

/** Values packed with the least significant bit first, as in the RLE hybrid and the delta encodings. */
export interface PackedBits {
  readonly bytes: Uint8Array
  /** Byte at which the first value begins. */
  readonly start: number
  /** Bits of a value, 0 to 32. */
  readonly bitWidth: number
}

/** Where unpacked values go; wide enough for them. */
export type UnpackTarget = Int32Array | Uint32Array | Uint8Array

/** How many bytes `count` values take; the last byte may be used in part. */
export function packedBytes(count: number, bitWidth: number): number {
  return Math.ceil((count * bitWidth) / 8)
}

/**
 * Unpacks `count` values into `target` from index `from` on.
 *
 * @throws LetheError `malformed` where they reach beyond the bytes
 */
export function unpackBits(
  { bytes, start, bitWidth }: PackedBits,
  { target, from = 0, count }: { target: UnpackTarget; from?: number; count: number },
): void {
  if (packedBytes(count, bitWidth) > bytes.length - start) throw malformed('packed values reach beyond their bytes')
  const end = from + count
  if (bitWidth === 0) target.fill(0, from, end)
  else if (bitWidth <= 24) unpackNarrow(bytes, { start, bitWidth, target, from, end })
  else unpackWide(bytes, { start, bitWidth, target, from, end })
}

interface Unpacking {
  readonly start: number
  readonly bitWidth: number
  readonly target: UnpackTarget
  readonly from: number
  readonly end: number
}

/** Up to 24 bits: what is left over of the last byte and the next byte fit in 32 bits. */
function unpackNarrow(bytes: Uint8Array, { start, bitWidth, target, from, end }: Unpacking): void {
  const mask = (1 << bitWidth) - 1
  let position = start
  let bits = 0
  let available = 0
  for (let index = from; index < end; index += 1) {
    while (available < bitWidth) {
      bits |= bytes[position++]! << available
      available += 8
    }
    target[index] = bits & mask
    bits >>>= bitWidth
    available -= bitWidth
  }
}

/** Up to 32 bits: what is left over needs up to 39, so it is kept as a float's exact integer. */
function unpackWide(bytes: Uint8Array, { start, bitWidth, target, from, end }: Unpacking): void {
  const modulus = 2 ** bitWidth
  let position = start
  let bits = 0
  let available = 0
  for (let index = from; index < end; index += 1) {
    while (available < bitWidth) {
      bits += bytes[position++]! * 2 ** available
      available += 8
    }
    target[index] = bits % modulus
    bits = Math.floor(bits / modulus)
    available -= bitWidth
  }
}

/**
 * Unpacks values of the deprecated encoding BIT_PACKED: the most significant bit of each byte first.
 *
 * Source: Encodings.md, "Bit-packed (Deprecated)"
 */
export function unpackBitsBigEndian(
  { bytes, start, bitWidth }: PackedBits,
  { target, from = 0, count }: { target: UnpackTarget; from?: number; count: number },
): void {
  if (packedBytes(count, bitWidth) > bytes.length - start) throw malformed('packed values reach beyond their bytes')
  if (bitWidth > 24) throw malformed('levels of more than 24 bits')
  const mask = (1 << bitWidth) - 1
  let position = start
  let bits = 0
  let available = 0
  for (let index = from; index < from + count; index += 1) {
    while (available < bitWidth) {
      bits = (bits << 8) | bytes[position++]!
      available += 8
    }
    available -= bitWidth
    target[index] = (bits >>> available) & mask
  }
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/** How many of the `count` bits that begin at byte `start` are 1. The caller has checked that they are there. */
export function countOnes(bytes: Uint8Array, start: number, count: number): number {
  const wholeEnd = start + (count >>> 3)
  let ones = 0
  for (let index = start; index < wholeEnd; index += 1) ones += bitCounts[bytes[index]!]!
  const rest = count & 7
  return rest === 0 ? ones : ones + bitCounts[bytes[wholeEnd]! & ((1 << rest) - 1)]!
}
