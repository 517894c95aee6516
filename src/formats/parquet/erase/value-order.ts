import { ColumnOrder, FileMetaData } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { getField, hasField } from '../thrift-fields.ts'

/** Compares two values in the bytes of PLAIN, without a length: negative, zero, positive. */
export type CompareValues = (a: Uint8Array, b: Uint8Array) => number

/**
 * The order that a file's bounds of a column are in; undefined where the file does not say that it is that of the type,
 * or the type has none.
 *
 * Source: parquet.thrift, `ColumnOrder`
 */
export function valueOrder(file: ThriftStruct, column: LeafColumn): CompareValues | undefined {
  const order = getField(file, FileMetaData.columnOrders)?.[column.index]
  return order !== undefined && hasField(order, ColumnOrder.typeOrder) ? typeOrder(column) : undefined
}

function typeOrder({ physicalType, type }: LeafColumn): CompareValues | undefined {
  if (isOneOf(type.kind, ['unrecognised', 'null', 'interval', 'variant', 'geometry', 'geography'])) return undefined
  const isUnsigned = type.kind === 'integer' && !type.isSigned
  switch (physicalType) {
    case 'BOOLEAN':
      return (a, b) => a[0]! - b[0]!
    case 'INT32':
    case 'INT64': {
      const width = physicalType === 'INT32' ? 4 : 8
      // Where the topmost bit is a sign, numbers without it come after those with it.
      return isUnsigned ? littleEndians(width, 0) : littleEndians(width, 0x80)
    }
    case 'INT96':
      return undefined
    case 'FLOAT':
      return byNumber((view) => view.getFloat32(0, true))
    case 'DOUBLE':
      return byNumber((view) => view.getFloat64(0, true))
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      if (type.kind === 'decimal') return compareBigEndian
      return type.kind === 'float16' ? byNumber(float16) : Buffer.compare
  }
}

function isOneOf(kind: string, kinds: readonly string[]): boolean {
  return kinds.includes(kind)
}

/** Integers of one width, the least significant byte first; `flipped` are bits of the topmost to be turned round. */
function littleEndians(width: number, flipped: number): CompareValues {
  return (a, b) => {
    let difference = (a[width - 1]! ^ flipped) - (b[width - 1]! ^ flipped)
    for (let index = width - 2; difference === 0 && index >= 0; index -= 1) difference = a[index]! - b[index]!
    return difference
  }
}

function byNumber(read: (view: DataView) => number): CompareValues {
  const numberOf = (bytes: Uint8Array): number => read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  return (a, b) => {
    const [x, y] = [numberOf(a), numberOf(b)]
    if (x < y) return -1
    return x > y ? 1 : 0
  }
}

function float16(view: DataView): number {
  const bits = view.getUint16(0, true)
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return bits >= 0x8000 ? -magnitude : magnitude
}

/** Two's complement of any lengths. */
function compareBigEndian(a: Uint8Array, b: Uint8Array): number {
  const [isNegative, isOtherNegative] = [(a[0] ?? 0) > 127, (b[0] ?? 0) > 127]
  if (isNegative !== isOtherNegative) return isNegative ? -1 : 1
  const padding = isNegative ? 255 : 0
  const length = Math.max(a.length, b.length)
  for (let index = -length; index < 0; index += 1) {
    const difference = (a[a.length + index] ?? padding) - (b[b.length + index] ?? padding)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether the value that begins at `start` is no number: NaN has no place in any order of values. */
export function isNaNValue(
  { physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>,
  bytes: Uint8Array,
  start = 0,
): boolean {
  if (physicalType === 'DOUBLE') return isNaNPattern(bytes, start, 8)
  if (physicalType === 'FLOAT') return isNaNPattern(bytes, start, 4)
  return type.kind === 'float16' && isNaNPattern(bytes, start, 2)
}

/** Bits of the exponent that the byte below the topmost holds. */
const exponentBits = { 2: 0, 4: 0x80, 8: 0xf0 }

/** All bits of the exponent are set, and one behind them. */
function isNaNPattern(bytes: Uint8Array, start: number, width: 2 | 4 | 8): boolean {
  const top = start + width - 1
  const topExponent = width === 2 ? 0x7c : 0x7f
  if ((bytes[top]! & topExponent) !== topExponent) return false
  const next = exponentBits[width]
  if ((bytes[top - 1]! & next) !== next) return false
  let fraction = (bytes[top]! & 127 & ~topExponent) | (bytes[top - 1]! & ~next & 255)
  for (let index = start; index < top - 1; index += 1) fraction |= bytes[index]!
  return fraction !== 0
}

export function isFloating({ physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>): boolean {
  return physicalType === 'FLOAT' || physicalType === 'DOUBLE' || type.kind === 'float16'
}
