import { decodeValues } from '../decode-values.ts'
import { dictionaryIndices } from '../dictionary-indices.ts'
import type { Encoding, PhysicalType } from '../metadata-enums.ts'
import { HybridRuns } from '../rle-hybrid.ts'
import type { LeafColumn } from '../schema.ts'
import { type CompareValues, isFloating, isNaNValue } from './value-order.ts'

export interface ValueBounds {
  readonly min: Uint8Array
  readonly max: Uint8Array
}

/** The least and the greatest of values, as metadata stores them; undefined where there is none, or nothing but NaN. */
export function boundsOfValues(
  values: Iterable<Uint8Array>,
  { column, compare }: { column: LeafColumn; compare: CompareValues },
): ValueBounds | undefined {
  let min: Uint8Array | undefined
  let max: Uint8Array | undefined
  for (const value of values) {
    if (isNaNValue(column, value)) continue
    if (min === undefined || compare(value, min) < 0) min = value
    if (max === undefined || compare(value, max) > 0) max = value
  }
  if (min === undefined || max === undefined) return undefined
  // Zero may stand for a minus zero, and the other way round: the bounds hold both.
  if (isFloating(column)) return { min: zeroSigned(min, 0x80), max: zeroSigned(max, 0) }
  return { min: new Uint8Array(min), max: new Uint8Array(max) }
}

function zeroSigned(bytes: Uint8Array, sign: 0 | 0x80): Uint8Array {
  // Not `slice`: of a Buffer that is no copy.
  const copy = new Uint8Array(bytes)
  const last = copy.length - 1
  const isZero = copy.every((byte, index) => (index === last ? byte & 127 : byte) === 0)
  if (isZero) copy[last] = sign
  return copy
}

/** The least and the greatest of a page's values. */
export function boundsOfSection(
  section: ValueSection,
  { compare, ...reading }: SectionReading & { readonly compare: CompareValues },
): ValueBounds | undefined {
  const { column, entry } = reading
  const extremes = entry === undefined ? extremesOfNumbers(section, column) : undefined
  return boundsOfValues(extremes ?? valuesOfSection(section, reading), { column, compare })
}

/**
 * Of many numbers the few among which the least and the greatest are, found in one pass without a view for each;
 * undefined for values that are no such numbers.
 */
function extremesOfNumbers({ encoding, values, count }: ValueSection, column: LeafColumn): Uint8Array[] | undefined {
  const numbers = numbersOf[column.physicalType]
  if (numbers === undefined) return undefined
  const decoded = decodeValues({ encoding, values, count, column })
  if (decoded.kind !== 'fixed') return undefined
  const { bytes, width } = decoded
  const indexes = numbers(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), count, column)
  return indexes.map((index) => bytes.subarray(index * width, (index + 1) * width))
}

/** Indexes of the least and the greatest number of a column; none where there is no number. */
type FindExtremes = (view: DataView, count: number, column: LeafColumn) => number[]

const numbersOf: Readonly<Partial<Record<PhysicalType, FindExtremes>>> = {
  BOOLEAN: (view, count) => extremes(count, (index) => view.getUint8(index)),
  INT32: (view, count, { type }) =>
    isUnsigned(type)
      ? extremes(count, (index) => view.getUint32(4 * index, true))
      : extremes(count, (index) => view.getInt32(4 * index, true)),
  INT64: (view, count, { type }) =>
    isUnsigned(type)
      ? extremes64(view, count, (index) => view.getUint32(8 * index + 4, true))
      : extremes64(view, count, (index) => view.getInt32(8 * index + 4, true)),
  FLOAT: (view, count) => extremes(count, (index) => view.getFloat32(4 * index, true)),
  DOUBLE: (view, count) => extremes(count, (index) => view.getFloat64(8 * index, true)),
}

/** NaN is neither less nor greater than anything, and so is never found. */
function extremes(count: number, numberAt: (index: number) => number): number[] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [min, max] = [-1, -1]
  for (let index = 0; index < count; index += 1) {
    const number = numberAt(index)
    if (number < least || (min === -1 && number === least)) {
      least = number
      min = index
    }
    if (number > greatest || (max === -1 && number === greatest)) {
      greatest = number
      max = index
    }
  }
  return [min, max].filter((index) => index !== -1)
}

/** By the upper 32 bits, and where these are equal by the lower ones. */
function extremes64(view: DataView, count: number, upperAt: (index: number) => number): number[] {
  let [min, max] = [0, 0]
  for (let index = 1; index < count; index += 1) {
    const upper = upperAt(index)
    const [least, greatest] = [upperAt(min), upperAt(max)]
    if (upper < least || (upper === least && lowerAt(view, index) < lowerAt(view, min))) min = index
    if (upper > greatest || (upper === greatest && lowerAt(view, index) > lowerAt(view, max))) max = index
  }
  return count === 0 ? [] : [min, max]
}

function lowerAt(view: DataView, index: number): number {
  return view.getUint32(8 * index, true)
}

function isUnsigned(type: LeafColumn['type']): boolean {
  return type.kind === 'integer' && !type.isSigned
}

interface ValueSection {
  readonly encoding: Encoding
  readonly values: Uint8Array
  readonly count: number
}

export interface SectionReading {
  readonly column: LeafColumn
  /** The entry of the dictionary, for a section of indices. */
  readonly entry: ((index: number) => Uint8Array) | undefined
  /** Entries to leave out. */
  readonly skip?: ReadonlySet<number> | undefined
}

/** The values of a page's section, in any order, equal ones perhaps once. */
export function* valuesOfSection(
  section: ValueSection,
  { column, entry, skip }: SectionReading,
): Generator<Uint8Array> {
  const { count } = section
  if (entry !== undefined) {
    for (const index of distinctIndices(section.values, count)) if (!skip?.has(index)) yield entry(index)
    return
  }
  const decoded = decodeValues({ ...section, column })
  for (let index = 0; index < count; index += 1) {
    if (decoded.kind === 'fixed') yield decoded.bytes.subarray(index * decoded.width, (index + 1) * decoded.width)
    else yield decoded.bytes.subarray(decoded.starts[index]!, decoded.starts[index + 1]! - decoded.gap)
  }
}

const batchSize = 4096
const mostFlaggedBits = 20

/** A set of numbers below a limit, a byte for each. */
class FlaggedNumbers {
  readonly #flags: Uint8Array

  constructor(limit: number) {
    this.#flags = new Uint8Array(limit)
  }

  add(number: number): void {
    this.#flags[number] = 1
  }

  *[Symbol.iterator](): Generator<number> {
    for (let at = this.#flags.indexOf(1); at !== -1; at = this.#flags.indexOf(1, at + 1)) yield at
  }
}

function distinctIndices(values: Uint8Array, count: number): Iterable<number> {
  const section = dictionaryIndices(values, count)
  const distinct = section.bitWidth <= mostFlaggedBits ? new FlaggedNumbers(2 ** section.bitWidth) : new Set<number>()
  const batch = new Uint32Array(batchSize)
  const runs = new HybridRuns(section)
  while (runs.next()) {
    if (runs.isRepeated) distinct.add(runs.value)
    for (let skip = 0; !runs.isRepeated && skip < runs.count; skip += batchSize) {
      const inBatch = Math.min(batchSize, runs.count - skip)
      runs.unpack(batch, { skip, count: inBatch })
      for (let index = 0; index < inBatch; index += 1) distinct.add(batch[index]!)
    }
  }
  return distinct
}
