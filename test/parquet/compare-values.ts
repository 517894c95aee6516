import type { Leaf } from './leaves.ts'

/**
 * Compares two values by the order that statistics of the column have; undefined where they have none (NaN).
 * Floating point: -0 and +0 are equal here, because writers may give either as the bound of the other.
 */
export function compareValues(
  leaf: Pick<Leaf, 'order' | 'isFloat16'>,
  a: Uint8Array,
  b: Uint8Array,
): number | undefined {
  switch (leaf.order) {
    case 'none':
      return undefined
    case 'bytes':
      return Buffer.compare(a, b)
    case 'boolean':
      return (a[0] ?? 0) - (b[0] ?? 0)
    case 'signed':
      return sign(littleEndian(a, true), littleEndian(b, true))
    case 'unsigned':
      return sign(littleEndian(a, false), littleEndian(b, false))
    case 'decimal-bytes':
      return sign(bigEndianSigned(a), bigEndianSigned(b))
    case 'float': {
      const [x, y] = [floatOf(a, leaf.isFloat16), floatOf(b, leaf.isFloat16)]
      if (Number.isNaN(x) || Number.isNaN(y)) return undefined
      return x < y ? -1 : x > y ? 1 : 0
    }
  }
}

export function isNaNValue(leaf: Pick<Leaf, 'order' | 'isFloat16'>, value: Uint8Array): boolean {
  return leaf.order === 'float' && Number.isNaN(floatOf(value, leaf.isFloat16))
}

function sign(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function littleEndian(bytes: Uint8Array, isSigned: boolean): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return isSigned ? BigInt.asIntN(8 * bytes.length, value) : value
}

function bigEndianSigned(bytes: Uint8Array): bigint {
  return BigInt.asIntN(
    8 * bytes.length,
    bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
  )
}

function floatOf(bytes: Uint8Array, isFloat16: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length === 4) return view.getFloat32(0, true)
  if (bytes.length === 8) return view.getFloat64(0, true)
  return isFloat16 && bytes.length === 2 ? float16(view.getUint16(0, true)) : Number.NaN
}

function float16(bits: number): number {
  const fraction = bits & 0x3ff
  const exponent = (bits >> 10) & 0x1f
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -magnitude : magnitude
}
