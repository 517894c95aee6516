import { decodeValues } from '../decode-values.ts'
import { dictionaryIndices } from '../dictionary-indices.ts'
import type { Encoding } from '../metadata-enums.ts'
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

export interface SectionReading {
  readonly column: LeafColumn
  /** The entry of the dictionary, for a section of indices. */
  readonly entry: ((index: number) => Uint8Array) | undefined
  /** Entries to leave out. */
  readonly skip?: ReadonlySet<number> | undefined
}

/** The values of a page's section, in any order, equal ones perhaps once. */
export function* valuesOfSection(
  section: { readonly encoding: Encoding; readonly values: Uint8Array; readonly count: number },
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

function distinctIndices(values: Uint8Array, count: number): Set<number> {
  const distinct = new Set<number>()
  const batch = new Uint32Array(batchSize)
  const runs = new HybridRuns(dictionaryIndices(values, count))
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
