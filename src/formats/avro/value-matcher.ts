import { dateOfText, instantOfText, localDateTimeOfText, timeOfText } from '../../domain/date-time-text.ts'
import { floatOfText } from '../../domain/float-text.ts'
import { unscaledOfText } from '../../domain/number-text.ts'
import { uuidOfText } from '../../domain/uuid-text.ts'
import { TextTable } from '../text-table.ts'
import { exactInteger, longAt } from './byte-cursor.ts'
import { unsupported } from './refusal.ts'
import type { AvroType } from './schema.ts'

/** Which of a column's match texts a value of one type equals. */
export interface ValueMatcher {
  /** The value ids of the texts that the encoded value at `start..end` equals; mostly none. */
  match(bytes: Uint8Array, start: number, end: number): readonly number[]
  /** For each text whether a value of the type can equal it. */
  readonly isPossible: readonly boolean[]
}

/** Compiles the texts for a type. @throws LetheError `unsupported` for a type that `resolveColumns` lets no key be of. */
export function matcherOf(type: AvroType, texts: readonly string[]): ValueMatcher {
  const logical = 'logical' in type ? type.logical : undefined
  switch (logical?.kind) {
    case 'decimal': {
      const { scale } = logical
      const readSigned = signedUpTo(texts.reduce((longest, text) => Math.max(longest, text.length + scale), 0))
      const readUnscaled = type.kind === 'fixed' ? readSigned : afterLength(readSigned)
      return keyMatcher(
        texts,
        (text) => mapDefined(unscaledOfText(text, scale), (unscaled) => exactInteger(unscaled)),
        readUnscaled,
      )
    }
    case 'date':
      return keyMatcher(texts, dateOfText, longAt)
    case 'time':
      return keyMatcher(texts, inUnits(timeOfText, logical.unitNanos, type.kind === 'int' ? 32n : 64n), longAt)
    case 'timestamp': {
      const nanosOf = logical.isAdjustedToUtc ? instantOfText : localDateTimeOfText
      return keyMatcher(texts, inUnits(nanosOf, logical.unitNanos, 64n), longAt)
    }
    case 'uuid':
      return type.kind === 'fixed' ? keyMatcher(texts, uuidKey, latin1At) : uuidStringMatcher(texts)
    default:
      return plainMatcherOf(type, texts)
  }
}

function plainMatcherOf(type: AvroType, texts: readonly string[]): ValueMatcher {
  switch (type.kind) {
    case 'boolean':
      return keyMatcher(texts, booleanOfText, (bytes, start) => bytes[start] === 1)
    case 'int':
      return keyMatcher(texts, integerOfText(32n), longAt)
    case 'long':
      return keyMatcher(texts, integerOfText(64n), longAt)
    case 'float':
      return keyMatcher(texts, (text) => floatOfText(text, 32), float32At)
    case 'double':
      return keyMatcher(texts, (text) => floatOfText(text, 64), float64At)
    case 'fixed':
      return bytesMatcher(texts, (table) => (bytes, start, end) => table.indexOf(bytes, start, end))
    case 'string':
    case 'bytes':
      return bytesMatcher(texts, (table) => afterLength((bytes, start, end) => table.indexOf(bytes, start, end)))
    case 'enum': {
      const { symbols } = type
      return keyMatcher(
        texts,
        (text) => (symbols.includes(text) ? text : undefined),
        (bytes, start, end) => symbols[Number(longAt(bytes, start, end))]!,
      )
    }
    default:
      throw unsupported(`a key of kind ${type.kind}`)
  }
}

type ReadAt<Value> = (bytes: Uint8Array, start: number, end: number) => Value

const none: readonly number[] = []

/** Texts and values have keys, and are equal when these are. */
function keyMatcher<Key>(
  texts: readonly string[],
  keyOf: (text: string) => Key | undefined,
  readKey: ReadAt<Key | undefined>,
): ValueMatcher {
  const ids = new Map<Key | undefined, number[]>()
  const isPossible = texts.map((text, id) => {
    const key = keyOf(text)
    if (key === undefined) return false
    const known = ids.get(key)
    if (known === undefined) ids.set(key, [id])
    else known.push(id)
    return true
  })
  return { match: (bytes, start, end) => ids.get(readKey(bytes, start, end)) ?? none, isPossible }
}

function bytesMatcher(texts: readonly string[], find: (table: TextTable) => ReadAt<number>): ValueMatcher {
  const findAt = find(new TextTable(texts))
  const single = texts.map((_, id) => [id])
  return {
    match: (bytes, start, end) => single[findAt(bytes, start, end)] ?? none,
    isPossible: texts.map(() => true),
  }
}

/** The same characters are the same UUID, and so is the canonical form with digits in the other case. */
function uuidStringMatcher(texts: readonly string[]): ValueMatcher {
  const same = bytesMatcher(texts, (table) => afterLength((bytes, start, end) => table.indexOf(bytes, start, end)))
  const canonical = keyMatcher(
    texts,
    uuidKey,
    afterLength((bytes, start, end) => (end - start === 36 ? uuidKey(latin1At(bytes, start, end)) : undefined)),
  )
  return {
    match(bytes, start, end) {
      const ids = canonical.match(bytes, start, end)
      return ids.length > 0 ? ids : same.match(bytes, start, end)
    },
    isPossible: same.isPossible,
  }
}

/** The 16 bytes as a string, for a string is a key that `===` compares; never empty. */
function uuidKey(text: string): string | undefined {
  return mapDefined(uuidOfText(text), (bytes) => latin1At(bytes, 0, bytes.length))
}

function booleanOfText(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined
}

function integerOfText(bits: bigint): (text: string) => number | bigint | undefined {
  return (text) => mapDefined(unscaledOfText(text, 0), (value) => (fits(value, bits) ? exactInteger(value) : undefined))
}

/** A text of finer precision than the column's unit equals none of its values. */
function inUnits(nanosOf: (text: string) => bigint | undefined, unitNanos: bigint, bits: bigint) {
  return (text: string): number | bigint | undefined =>
    mapDefined(nanosOf(text), (nanos) => {
      const value = nanos / unitNanos
      return nanos % unitNanos === 0n && fits(value, bits) ? exactInteger(value) : undefined
    })
}

function fits(value: bigint, bits: bigint): boolean {
  const limit = 1n << (bits - 1n)
  return value >= -limit && value < limit
}

function mapDefined<In, Out>(value: In | undefined, map: (value: In) => Out | undefined): Out | undefined {
  return value === undefined ? undefined : map(value)
}

/** Reads what follows the length that bytes and strings begin with. */
function afterLength<Value>(read: ReadAt<Value>): ReadAt<Value> {
  return (bytes, start, end) => {
    let content = start
    while (bytes[content]! >= 128) content += 1
    return read(bytes, content + 1, end)
  }
}

/**
 * Reads a big-endian two's complement integer; sign extension does not change it. Undefined where it is longer than
 * `maxBytes` without that, and so larger than any of the texts.
 */
function signedUpTo(maxBytes: number): ReadAt<number | bigint | undefined> {
  return (bytes, start, end) => {
    if (start === end) return 0
    const isNegative = bytes[start]! >= 128
    const fill = isNegative ? 255 : 0
    let first = start
    while (first < end - 1 && bytes[first] === fill) first += 1
    if (end - first > maxBytes) return undefined
    if (end - first <= 6) {
      let value = isNegative ? -1 : 0
      for (let index = first; index < end; index += 1) value = value * 256 + bytes[index]!
      return value
    }
    const magnitude = BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset + first, end - first).toString('hex')}`)
    return exactInteger(isNegative ? magnitude - (1n << BigInt(8 * (end - first))) : magnitude)
  }
}

function latin1At(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

const scratch = new DataView(new ArrayBuffer(8))

function float32At(bytes: Uint8Array, start: number): number {
  for (let index = 0; index < 4; index += 1) scratch.setUint8(index, bytes[start + index]!)
  return scratch.getFloat32(0, true)
}

function float64At(bytes: Uint8Array, start: number): number {
  for (let index = 0; index < 8; index += 1) scratch.setUint8(index, bytes[start + index]!)
  return scratch.getFloat64(0, true)
}
