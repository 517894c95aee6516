import { SchemaElement } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import { getField } from '../thrift-fields.ts'

/**
 * The `n`-th value of an endless or finite row of values that a column's type allows, none of which comes from data;
 * `n` counts from 0. Undefined where the row has ended, and at once for types whose values Lethe does not know.
 *
 * A value has `length` bytes where the type leaves the length open and that many can hold it; else as many as it needs.
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
      return integers(physicalType === 'INT32' ? 4 : 8, integerLimit(column))
    case 'FLOAT':
      return below(2 ** 24, (n) => bytesOf(4, (view) => view.setFloat32(0, n + 1, true)))
    case 'DOUBLE':
      return below(2 ** 52, (n) => bytesOf(8, (view) => view.setFloat64(0, n + 1, true)))
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

const below =
  (limit: number, make: (n: number) => Uint8Array): PlaceholderSeries =>
  (n) =>
    n < limit ? make(n) : undefined

function bytesOf(length: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length)
  fill(new DataView(bytes.buffer))
  return bytes
}

function integers(width: 4 | 8, limit: number): PlaceholderSeries {
  return below(limit, (n) =>
    bytesOf(width, (view) => (width === 4 ? view.setInt32(0, n, true) : view.setBigInt64(0, BigInt(n), true))),
  )
}

const millisADay = 86_400_000
const nanosADay = millisADay * 1e6
const perMilli = { millis: 1, micros: 1e3, nanos: 1e6 }
/** 9999-12-31, beyond which some readers have no date. */
const maxDays = 2_932_896

/** Values from 0 up to here, exclusive, are of the type. */
function integerLimit({ physicalType, type }: LeafColumn): number {
  if (type.kind === 'date') return maxDays
  if (type.kind === 'time') return millisADay * perMilli[type.unit]
  const bits = type.kind === 'integer' ? type.bitWidth : physicalType === 'INT32' ? 32 : 64
  return 2 ** Math.min(52, bits - 1)
}

function decimals({ physicalType, typeLength, element }: LeafColumn): PlaceholderSeries {
  const precision = getField(element, SchemaElement.precision) ?? 1
  const limit = Math.min(2 ** 52, 10 ** Math.max(0, precision))
  if (physicalType === 'INT32') return integers(4, Math.min(limit, 2 ** 31))
  if (physicalType === 'INT64') return integers(8, limit)
  if (physicalType === 'FIXED_LEN_BYTE_ARRAY') {
    return below(Math.min(limit, 2 ** (8 * typeLength - 1)), (n) => bigEndian(n, typeLength))
  }
  // One bit for the sign: 0 to 127 are one byte.
  return (n, length) => {
    if (n >= limit) return undefined
    const needed = Math.floor(Math.log2(Math.max(1, n)) / 8 + 1 / 8) + 1
    return bigEndian(n, Math.max(length, needed))
  }
}

function bigEndian(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let rest = n
  for (let index = length - 1; index >= 0 && rest > 0; index -= 1) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/** Nanoseconds of the day 1970-01-01. */
function int96(n: number): Uint8Array {
  return bytesOf(12, (view) => {
    view.setBigInt64(0, BigInt(n), true)
    view.setInt32(8, 2_440_588, true)
  })
}

function fixedBytes({ type, typeLength }: LeafColumn): PlaceholderSeries {
  // Positive and finite: below the pattern of infinity.
  if (type.kind === 'float16') return below(0x7c00 - 1, (n) => bytesOf(2, (view) => view.setUint16(0, n + 1, true)))
  if (type.kind === 'interval') return below(millisADay, (n) => bytesOf(12, (view) => view.setUint32(8, n, true)))
  if (type.kind === 'none' || type.kind === 'uuid') {
    return below(2 ** Math.min(52, 8 * typeLength), (n) => bigEndian(n, typeLength))
  }
  return below(Math.min(2 ** 52, 36 ** typeLength), (n) => text(digits(n, typeLength)))
}

function byteArrays({ type }: LeafColumn): PlaceholderSeries {
  if (type.kind === 'json') return (n, length) => text(`"${digits(n, length - 2)}"`)
  if (type.kind === 'bson') return below(2 ** 31, bsonDocument)
  if (type.kind === 'geometry' || type.kind === 'geography') return below(2 ** 31, wellKnownPoint)
  return (n, length) => text(digits(n, length))
}

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters)
}

/** Base 36; longer than asked where that length cannot hold the number. */
function digits(n: number, length: number): string {
  return n.toString(36).padStart(length, '0')
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
