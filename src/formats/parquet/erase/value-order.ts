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
      return isUnsigned ? byNumber((view) => view.getUint32(0, true)) : byNumber((view) => view.getInt32(0, true))
    case 'INT64':
      return isUnsigned ? byNumber((view) => view.getBigUint64(0, true)) : byNumber((view) => view.getBigInt64(0, true))
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

function byNumber<Value extends number | bigint>(read: (view: DataView) => Value): CompareValues {
  const numberOf = (bytes: Uint8Array): Value => read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
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

/** Whether a value is no number: NaN has no place in any order of values. */
export function isNaNValue(
  { physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>,
  bytes: Uint8Array,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (physicalType === 'FLOAT') return Number.isNaN(view.getFloat32(0, true))
  if (physicalType === 'DOUBLE') return Number.isNaN(view.getFloat64(0, true))
  return type.kind === 'float16' && (view.getUint16(0, true) & 0x7fff) > 0x7c00
}

export function isFloating({ physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>): boolean {
  return physicalType === 'FLOAT' || physicalType === 'DOUBLE' || type.kind === 'float16'
}
