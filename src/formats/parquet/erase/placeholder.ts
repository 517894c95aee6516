import { SchemaElement } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import { getField } from '../thrift-fields.ts'

/**
 * The `n`-th value of a finite row of values that a column's type allows, none of which comes from data; `n` counts
 * from 0. Undefined where the row has ended, and at once for types whose values Lethe does not know or that have few.
 *
 * The rows begin where real data seldom is, at the ends of a type's range or with control characters: a placeholder
 * that equals some erased value by chance would look like residue. Of a type with few values every one is likely.
 *
 * A value has `length` bytes where the type leaves the length open and that many can hold it; else as many as it needs,
 * and never so few that data would hold it by chance.
 */
export type PlaceholderSeries = (n: number, length: number) => Uint8Array | undefined

/** The series for a column; in the bytes of PLAIN, without a length in front. */
export function placeholderSeries(column: LeafColumn): PlaceholderSeries {
  const { physicalType, type } = column
  if (type.kind === 'unrecognised' || type.kind === 'null') return () => undefined
  if (type.kind === 'decimal') return decimals(column)
  switch (physicalType) {
    case 'INT32':
    case 'INT64':
      return integers(physicalType === 'INT32' ? 4 : 8, integerRange(column))
    case 'FLOAT':
      return below(2 ** 24, (n) => bytesOf(4, (view) => view.setInt32(0, 0x7f00_0000 - n, true)))
    case 'DOUBLE':
      return below(2 ** 32, (n) => bytesOf(8, (view) => view.setBigInt64(0, 0x7fe0_0000_0000_0000n - BigInt(n), true)))
    case 'INT96':
      return below(nanosADay, int96)
    case 'FIXED_LEN_BYTE_ARRAY':
      return fixedBytes(column)
    case 'BYTE_ARRAY':
      return byteArrays(column)
    case 'BOOLEAN':
      return () => undefined
  }
}

const fewValues = 2 ** 16

function below(limit: number, make: PlaceholderSeries): PlaceholderSeries {
  if (limit <= fewValues) return () => undefined
  return (n, length) => (n < limit ? make(n, length) : undefined)
}

function bytesOf(length: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length)
  fill(new DataView(bytes.buffer))
  return bytes
}

interface IntegerRange {
  readonly first: bigint
  readonly step: 1n | -1n
  readonly count: number
}

function integers(width: 4 | 8, { first, step, count }: IntegerRange): PlaceholderSeries {
  return below(count, (n) =>
    bytesOf(width, (view) => {
      const value = first + step * BigInt(n)
      if (width === 4) view.setInt32(0, Number(BigInt.asIntN(32, value)), true)
      else view.setBigInt64(0, value, true)
    }),
  )
}

const millisADay = 86_400_000
const nanosADay = millisADay * 1e6
const perMilli = { millis: 1, micros: 1e3, nanos: 1e6 }
/** Early in the year 1700: nanoseconds reach back to 1677. */
const farDays = -98_600

function integerRange({ physicalType, type }: LeafColumn): IntegerRange {
  const ascending = (first: bigint, count: number): IntegerRange => ({
    first,
    step: 1n,
    count: Math.min(2 ** 32, count),
  })
  switch (type.kind) {
    case 'date':
      return ascending(BigInt(farDays), 2 ** 17)
    case 'timestamp':
      return ascending(BigInt(farDays) * BigInt(millisADay * perMilli[type.unit]), 2 ** 32)
    case 'time': {
      const units = millisADay * perMilli[type.unit]
      return { first: BigInt(units - 1), step: -1n, count: Math.min(2 ** 32, units) }
    }
    case 'integer':
      if (!type.isSigned)
        return { first: 2n ** BigInt(type.bitWidth) - 1n, step: -1n, count: 2 ** Math.min(32, type.bitWidth) }
      return ascending(-(2n ** BigInt(type.bitWidth - 1)), 2 ** type.bitWidth)
    default:
      return ascending(physicalType === 'INT32' ? -(2n ** 31n) : -(2n ** 63n), 2 ** 32)
  }
}

/** From the least number of the precision upwards. */
function decimals({ physicalType, typeLength, element }: LeafColumn): PlaceholderSeries {
  const precision = Math.max(1, getField(element, SchemaElement.precision) ?? 1)
  const bytes = { INT32: 4, INT64: 8, FIXED_LEN_BYTE_ARRAY: typeLength }[physicalType as string] ?? 16
  const least = -min(10n ** BigInt(Math.min(precision, 38)) - 1n, 2n ** BigInt(8 * bytes - 1))
  const count = Number(min(2n ** 32n, -least * 2n))
  if (physicalType === 'INT32') return integers(4, { first: least, step: 1n, count })
  if (physicalType === 'INT64') return integers(8, { first: least, step: 1n, count })
  const isFixed = physicalType === 'FIXED_LEN_BYTE_ARRAY'
  return below(count, (n, length) => {
    const value = least + BigInt(n)
    return bigEndian(value, isFixed ? typeLength : Math.max(length, bytesFor(value)))
  })
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** Bytes that hold a negative number in two's complement. */
function bytesFor(value: bigint): number {
  let bytes = 1
  while (-(2n ** BigInt(8 * bytes - 1)) > value) bytes += 1
  return bytes
}

function bigEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let rest = value
  for (let index = length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 255n)
    rest >>= 8n
  }
  return bytes
}

/** Nanoseconds of a day early in 1700. */
function int96(n: number): Uint8Array {
  return bytesOf(12, (view) => {
    view.setBigInt64(0, BigInt(n), true)
    view.setInt32(8, 2_440_588 + farDays, true)
  })
}

function fixedBytes({ type, typeLength }: LeafColumn): PlaceholderSeries {
  switch (type.kind) {
    case 'float16':
      return () => undefined
    case 'interval':
      return below(millisADay, (n) => bytesOf(12, (view) => view.setUint32(8, millisADay - 1 - n, true)))
    case 'none':
    case 'uuid':
      // All bits set, and down from there.
      return below(2 ** Math.min(32, 8 * typeLength), (n) => bigEndian(-1n - BigInt(n), typeLength))
    default:
      return below(Math.min(2 ** 32, controlDigits ** typeLength), (n) => controls(n, typeLength))
  }
}

function byteArrays({ type }: LeafColumn): PlaceholderSeries {
  if (type.kind === 'json') return below(2 ** 32, jsonString)
  if (type.kind === 'bson') return below(2 ** 31, bsonDocument)
  if (type.kind === 'geometry' || type.kind === 'geography') return below(2 ** 31, wellKnownPoint)
  return below(2 ** 32, (n, length) => controls(n, Math.max(length, leastBytes)))
}

const leastBytes = 6

/** The control characters U+000E to U+001F: no white space among them, one byte each in UTF-8. */
const controlDigits = 18

/** The number in control characters; longer than asked where that length cannot hold it. */
function controls(n: number, length: number): Uint8Array {
  const digits: number[] = []
  for (let rest = n; rest > 0; rest = Math.floor(rest / controlDigits)) digits.unshift(rest % controlDigits)
  const bytes = new Uint8Array(Math.max(length, digits.length)).fill(0x0e)
  bytes.set(
    digits.map((digit) => 0x0e + digit),
    bytes.length - digits.length,
  )
  return bytes
}

function jsonString(n: number, length: number): Uint8Array {
  return new TextEncoder().encode(`"${n.toString(36).padStart(length - 2, '~')}"`)
}

/** `{"": n}` */
function bsonDocument(n: number): Uint8Array {
  return bytesOf(11, (view) => {
    view.setInt32(0, 11, true)
    view.setUint8(4, 0x10)
    view.setInt32(6, n, true)
  })
}

/** `POINT(0 n)`, n in steps too small to leave the globe, little-endian. */
function wellKnownPoint(n: number): Uint8Array {
  return bytesOf(21, (view) => {
    view.setUint8(0, 1)
    view.setUint32(1, 1, true)
    view.setFloat64(13, n / 2 ** 25, true)
  })
}
