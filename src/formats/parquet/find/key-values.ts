import { dateOfText, instantOfText, localDateTimeOfText, timeOfText } from '../../../domain/date-time-text.ts'
import { floatOfText } from '../../../domain/float-text.ts'
import { unscaledOfText } from '../../../domain/number-text.ts'
import { uuidOfText } from '../../../domain/uuid-text.ts'
import type { TimeUnitName } from '../column-type.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'
import { dayOfEpoch, int96Bytes, nanosPerDay } from './int96.ts'

/** The part of a column that decides what its values mean. */
export type KeyColumn = Pick<LeafColumn, 'physicalType' | 'typeLength' | 'type'>

/** How the values of a key column are compared with a match's text. */
export interface KeyValues {
  /**
   * The values of the column that equal a text, as PLAIN stores them without a length (a boolean as one byte): none
   * where the text cannot be of the type, two for the zeros of floats. Each is in its canonical form: see `canonical`.
   */
  readonly valuesOf: (text: string) => readonly Uint8Array[]
  /** What stored values have to be brought to before they are compared; undefined: equal values are equal bytes. */
  readonly canonical: 'decimal' | 'int96' | undefined
  /** How bounds of values are compared; undefined where no writer's bounds are to be trusted. */
  readonly order: ValueOrder | undefined
}

/** `signed`, `unsigned`: little-endian integers; `float`: IEEE 754; `bytes`: unsigned bytes, lexicographically. */
export type ValueOrder = 'signed' | 'unsigned' | 'float' | 'bytes'

/** Undefined where the column's type is none that can be compared with a text with certainty. */
export function keyValues(column: KeyColumn): KeyValues | undefined {
  const { type, physicalType } = column
  switch (type.kind) {
    case 'none':
      return withoutLogicalType(column)
    case 'string':
    case 'enum':
    case 'json':
      return physicalType === 'BYTE_ARRAY' ? byteStrings(undefined) : undefined
    case 'integer':
      return integers(column, type)
    case 'decimal':
      return isManageable(column, type.scale) ? decimals(column, type.scale) : undefined
    case 'date':
      return physicalType === 'INT32' ? numbers(4, (text) => toBigint(dateOfText(text))) : undefined
    case 'time':
      return physicalType === (type.unit === 'millis' ? 'INT32' : 'INT64')
        ? numbers(type.unit === 'millis' ? 4 : 8, (text) => inUnit(timeOfText(text), type.unit))
        : undefined
    case 'timestamp': {
      const nanosOf = type.isAdjustedToUtc ? instantOfText : localDateTimeOfText
      return physicalType === 'INT64' ? numbers(8, (text) => inUnit(nanosOf(text), type.unit)) : undefined
    }
    case 'uuid':
      return isFixed(column, 16) ? exactBytes((text) => uuidOfText(text)) : undefined
    case 'float16':
      return isFixed(column, 2) ? floats(16) : undefined
    case 'null':
    case 'unrecognised':
    case 'bson':
    case 'interval':
    case 'list':
    case 'map':
    case 'variant':
    case 'geometry':
    case 'geography':
      return undefined
  }
}

function withoutLogicalType(column: KeyColumn): KeyValues | undefined {
  switch (column.physicalType) {
    case 'BOOLEAN':
      return { valuesOf: booleanOf, canonical: undefined, order: undefined }
    case 'INT32':
      return numbers(4, (text) => unscaledOfText(text, 0))
    case 'INT64':
      return numbers(8, (text) => unscaledOfText(text, 0))
    case 'INT96':
      return { valuesOf: int96Of, canonical: 'int96', order: undefined }
    case 'FLOAT':
      return floats(32)
    case 'DOUBLE':
      return floats(64)
    case 'BYTE_ARRAY':
      return byteStrings(undefined)
    case 'FIXED_LEN_BYTE_ARRAY':
      return column.typeLength === 0 ? undefined : byteStrings(column.typeLength)
  }
}

function integers(
  { physicalType }: KeyColumn,
  { bitWidth, isSigned }: { readonly bitWidth: number; readonly isSigned: boolean },
): KeyValues | undefined {
  const isKnown = physicalType === 'INT32' ? [8, 16, 32].includes(bitWidth) : bitWidth === 64
  if (!isKnown || (physicalType !== 'INT32' && physicalType !== 'INT64')) return undefined
  const clamp = isSigned ? BigInt.asIntN : BigInt.asUintN
  return {
    valuesOf(text) {
      const value = unscaledOfText(text, 0)
      if (value === undefined || clamp(bitWidth, value) !== value) return []
      return [littleEndian(value, physicalType === 'INT32' ? 4 : 8)]
    },
    canonical: undefined,
    order: isSigned ? 'signed' : 'unsigned',
  }
}

/** Far beyond any real decimal; a schema that says more only wants numbers of a billion digits to be made. */
const maxDecimalScale = 1000
const maxDecimalBytes = 1000

function isManageable({ typeLength }: KeyColumn, scale: number): boolean {
  return scale >= 0 && scale <= maxDecimalScale && typeLength <= maxDecimalBytes
}

function decimals(column: KeyColumn, scale: number): KeyValues | undefined {
  const unscaledOf = (text: string) => unscaledOfText(text, scale)
  switch (column.physicalType) {
    case 'INT32':
      return numbers(4, unscaledOf)
    case 'INT64':
      return numbers(8, unscaledOf)
    case 'FIXED_LEN_BYTE_ARRAY':
      return column.typeLength === 0 ? undefined : exactBytes((text) => bigEndian(unscaledOf(text), column.typeLength))
    case 'BYTE_ARRAY':
      return {
        valuesOf: (text) => listOf(shortestBigEndian(unscaledOf(text))),
        canonical: 'decimal',
        order: undefined,
      }
    default:
      return undefined
  }
}

/** Signed integers of `width` bytes, little-endian. */
function numbers(width: 4 | 8, numberOf: (text: string) => bigint | undefined): KeyValues {
  return {
    valuesOf(text) {
      const value = numberOf(text)
      return value === undefined || BigInt.asIntN(8 * width, value) !== value ? [] : [littleEndian(value, width)]
    },
    canonical: undefined,
    order: 'signed',
  }
}

function floats(width: 16 | 32 | 64): KeyValues {
  return {
    valuesOf(text) {
      const value = floatOfText(text, width)
      if (value === undefined) return []
      return value === 0 ? [floatBytes(0, width), floatBytes(-0, width)] : [floatBytes(value, width)]
    },
    canonical: undefined,
    order: width === 16 ? undefined : 'float',
  }
}

/** The characters' bytes in UTF-8, of that length where one is given. */
function byteStrings(length: number | undefined): KeyValues {
  return {
    valuesOf(text) {
      // A lone surrogate has no bytes in UTF-8; encoding it would make another text of it.
      if (!text.isWellFormed()) return []
      const bytes = Buffer.from(text)
      return length === undefined || bytes.length === length ? [bytes] : []
    },
    canonical: undefined,
    order: 'bytes',
  }
}

function exactBytes(bytesOf: (text: string) => Uint8Array | undefined): KeyValues {
  return { valuesOf: (text) => listOf(bytesOf(text)), canonical: undefined, order: undefined }
}

function isFixed({ physicalType, typeLength }: KeyColumn, length: number): boolean {
  return physicalType === 'FIXED_LEN_BYTE_ARRAY' && typeLength === length
}

function booleanOf(text: string): Uint8Array[] {
  if (text === 'true') return [Uint8Array.of(1)]
  return text === 'false' ? [Uint8Array.of(0)] : []
}

function int96Of(text: string): readonly Uint8Array[] {
  const nanos = instantOfText(text)
  if (nanos === undefined) return []
  const ofDay = ((nanos % nanosPerDay) + nanosPerDay) % nanosPerDay
  return listOf(int96Bytes(dayOfEpoch + (nanos - ofDay) / nanosPerDay, ofDay))
}

const nanosOfUnit: Readonly<Record<TimeUnitName, bigint>> = { millis: 1_000_000n, micros: 1000n, nanos: 1n }

/** Undefined where the time lies between two of the column's. */
function inUnit(nanos: bigint | undefined, unit: TimeUnitName): bigint | undefined {
  const scale = nanosOfUnit[unit]
  return nanos === undefined || nanos % scale !== 0n ? undefined : nanos / scale
}

function toBigint(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value)
}

function listOf<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item]
}

function littleEndian(value: bigint, width: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(width)
  const view = new DataView(bytes.buffer)
  if (width === 4) view.setInt32(0, Number(BigInt.asIntN(32, value)), true)
  else view.setBigInt64(0, BigInt.asIntN(64, value), true)
  return bytes
}

/** Two's complement in exactly `length` bytes, most significant first; undefined where the value needs more. */
function bigEndian(value: bigint | undefined, length: number): Uint8Array | undefined {
  if (value === undefined || BigInt.asIntN(8 * length, value) !== value) return undefined
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0')
  return Buffer.from(hex, 'hex')
}

/** Two's complement in as few bytes as hold it, at least one. */
function shortestBigEndian(value: bigint | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined
  const magnitude = value < 0n ? ~value : value
  // One bit more than the magnitude's, for the sign.
  const length = (magnitude.toString(16).length >> 1) + 1
  return stripSign(bigEndian(value, length)!)
}

function stripSign(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(signExtension(viewOf(bytes), 0, bytes.length))
}

/** How many leading bytes of a two's complement number only repeat its sign. The last byte never does. */
export function signExtension(view: DataView, start: number, end: number): number {
  let index = start
  for (; index + 1 < end; index += 1) {
    // The byte and the sign of the one behind it.
    const byte = view.getInt8(index)
    if (byte !== view.getInt8(index + 1) >> 7) break
  }
  return index - start
}

function floatBytes(value: number, width: 16 | 32 | 64): Uint8Array {
  const view = new DataView(new ArrayBuffer(width / 8))
  if (width === 16) view.setUint16(0, float16Bits(value), true)
  else if (width === 32) view.setFloat32(0, value, true)
  else view.setFloat64(0, value, true)
  return new Uint8Array(view.buffer)
}

/** The bits of a float that half precision holds exactly. (Node 22 has no setFloat16.) */
function float16Bits(value: number): number {
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0
  const magnitude = Math.abs(value)
  // Below 2 ** -14 the exponent field is 0 and the fraction counts units of 2 ** -24.
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24)
  const exponent = Math.floor(Math.log2(magnitude))
  return sign | ((exponent + 15) << 10) | (magnitude * 2 ** (10 - exponent) - 1024)
}
