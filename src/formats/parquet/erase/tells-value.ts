import { signExtension } from '../find/key-values.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'

/** A minimum or maximum of a column, as metadata stores it. */
export interface Bound {
  readonly kind: 'min' | 'max'
  readonly bytes: Uint8Array
  /** The metadata says that it is a value of the column; else it may be the beginning of one. */
  readonly isExact: boolean
}

/**
 * Whether a bound may have been made of the value `bytes[start..end]`: the bound is that value, or its beginning, or,
 * for a maximum, its beginning with the last character or byte raised by one. In doubt it may.
 */
export function mayTell(
  { kind, bytes: bound, isExact }: Bound,
  column: Pick<LeafColumn, 'physicalType' | 'type'>,
  value: Uint8Array,
): boolean {
  if (hasSignExtension(column)) return Buffer.compare(stripSign(bound), stripSign(value)) === 0
  const isVariable = column.physicalType === 'BYTE_ARRAY' || column.physicalType === 'FIXED_LEN_BYTE_ARRAY'
  if (isZero(column, bound) && isZero(column, value)) return true
  const common = commonPrefix(bound, value)
  // Nobody truncates to nothing: an empty bound is a value.
  if (bound.length === 0) return value.length === 0
  if (common === bound.length) return value.length === bound.length || (isVariable && !isExact)
  return isVariable && !isExact && kind === 'max' && value.length >= bound.length && isRaised(bound, value, common)
}

/**
 * False where a bound does not tell the value for certain, as a look at two bytes shows; `mayTell` has the last word.
 * What a bound of many bytes tells agrees with it in all but the last character.
 */
export function isSuspect(
  { bytes: bound }: Bound,
  column: Pick<LeafColumn, 'physicalType' | 'type'>,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const last = bound.length - maxCharacterBytes - 1
  if (last < 1 || hasSignExtension(column)) return true
  if (end - start <= last) return false
  return bytes[start + last] === bound[last] && bytes[start + last - 1] === bound[last - 1]
}

/** The longest UTF-8 character. */
const maxCharacterBytes = 4

/** `bound` continues the common beginning with the byte or character that comes after the value's own. */
function isRaised(bound: Uint8Array, value: Uint8Array, common: number): boolean {
  if (bound.length - common > maxCharacterBytes) return false
  const [from, to] = [value[common]!, bound[common]!]
  // From the last character of one byte, U+007F, to the first of two.
  return to === from + 1 || (from === 0x7f && to === 0xc2)
}

/** Minus zero and zero are one value; writers store the one for the other in bounds. */
function isZero({ physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>, bytes: Uint8Array): boolean {
  if (physicalType !== 'FLOAT' && physicalType !== 'DOUBLE' && type.kind !== 'float16') return false
  return bytes.every((byte, index) => (index === bytes.length - 1 ? byte & 127 : byte) === 0)
}

/** The bytes of a column's values in a form in which equal values have equal bytes. */
export function comparableBytes(column: Pick<LeafColumn, 'physicalType' | 'type'>): (bytes: Uint8Array) => Uint8Array {
  return hasSignExtension(column) ? stripSign : (bytes) => bytes
}

/** Whether values are big-endian numbers, whose sign can be extended: then equal ones may have different bytes. */
export function hasSignExtension({ physicalType, type }: Pick<LeafColumn, 'physicalType' | 'type'>): boolean {
  return type.kind === 'decimal' && (physicalType === 'BYTE_ARRAY' || physicalType === 'FIXED_LEN_BYTE_ARRAY')
}

function stripSign(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(signExtension(viewOf(bytes), 0, bytes.length))
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length)
  let index = 0
  while (index < end && a[index] === b[index]) index += 1
  return index
}
