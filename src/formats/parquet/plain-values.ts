import { malformed } from './malformed.ts'
import type { PhysicalType } from './metadata-enums.ts'
import type { LeafColumn } from './schema.ts'

/**
 * Decoded values without nulls.
 *
 * - `fixed`: `width` bytes each, little-endian, one after another: the PLAIN layout. A boolean is one byte, 0 or 1.
 * - `variable`: value `i` is `bytes[starts[i] .. starts[i + 1] - gap]`; `starts` has one entry more than values.
 */
export type Values = FixedValues | VariableValues

export interface FixedValues {
  readonly kind: 'fixed'
  readonly count: number
  readonly width: number
  readonly bytes: Uint8Array
}

export interface VariableValues {
  readonly kind: 'variable'
  readonly count: number
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  /** Bytes between one value and the next: the length in front of each in PLAIN, else none. */
  readonly gap: number
}

const widths: Readonly<Record<Exclude<PhysicalType, 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY'>, number>> = {
  BOOLEAN: 1,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
}

/** Bytes of a value of a column; a boolean takes one when decoded. Undefined for BYTE_ARRAY. */
export function valueWidth({
  physicalType,
  typeLength,
}: Pick<LeafColumn, 'physicalType' | 'typeLength'>): number | undefined {
  if (physicalType === 'BYTE_ARRAY') return undefined
  return physicalType === 'FIXED_LEN_BYTE_ARRAY' ? typeLength : widths[physicalType]
}

const lengthBytes = 4

/**
 * Values in the encoding PLAIN, as views of `bytes` except for booleans.
 *
 * @throws LetheError `malformed` where the bytes are not exactly those of `count` values
 */
export function decodePlain(
  bytes: Uint8Array,
  { column, count }: { column: Pick<LeafColumn, 'physicalType' | 'typeLength'>; count: number },
): Values {
  if (column.physicalType === 'BOOLEAN') return { kind: 'fixed', count, width: 1, bytes: plainBooleans(bytes, count) }
  const width = valueWidth(column)
  if (width === undefined) return plainByteArrays(bytes, count)
  if (count * width !== bytes.length) throw malformed('a page has not as many values as it says')
  return { kind: 'fixed', count, width, bytes }
}

function plainBooleans(bytes: Uint8Array, count: number): Uint8Array {
  if (Math.ceil(count / 8) !== bytes.length) throw malformed('a page has not as many values as it says')
  const values = new Uint8Array(count)
  for (let index = 0; index < count; index += 1) values[index] = (bytes[index >>> 3]! >>> (index & 7)) & 1
  return values
}

function plainByteArrays(bytes: Uint8Array, count: number): VariableValues {
  if (count * lengthBytes > bytes.length) throw malformed('a page has not as many values as it says')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const starts = new Uint32Array(count + 1)
  let position = 0
  for (let index = 0; index < count; index += 1) {
    if (lengthBytes > bytes.length - position) throw malformed('a value reaches beyond its page')
    const length = view.getUint32(position, true)
    position += lengthBytes
    starts[index] = position
    if (length > bytes.length - position) throw malformed('a value reaches beyond its page')
    position += length
  }
  if (position !== bytes.length) throw malformed('a page has not as many values as it says')
  starts[count] = position + lengthBytes
  return { kind: 'variable', count, bytes, starts, gap: lengthBytes }
}
