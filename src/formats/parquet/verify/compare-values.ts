import type { Ranges } from '../../../domain/ranges.ts'
import { decodeValues } from '../decode-values.ts'
import { dictionaryIndices } from '../dictionary-indices.ts'
import { malformed } from '../malformed.ts'
import type { Encoding } from '../metadata-enums.ts'
import type { FixedValues, Values, VariableValues } from '../plain-values.ts'
import { HybridRuns } from '../rle-hybrid.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'

export interface ValueComparison {
  readonly encoding: Encoding
  readonly column: Pick<LeafColumn, 'physicalType' | 'typeLength'>
  /** The values section of the source's page, and how many values it holds. */
  readonly before: Uint8Array
  readonly count: number
  /** Ordinals of those that stay. */
  readonly kept: Ranges
  /** The values section of the new page; it holds `kept.size` values. */
  readonly after: Uint8Array
}

/** Whether a new page has exactly the values of the source's that stay. @throws LetheError where one cannot be read */
export function hasKeptValues(comparison: ValueComparison): boolean {
  const { encoding, column, before, count, kept, after } = comparison
  if (encoding === 'PLAIN' && column.physicalType === 'BYTE_ARRAY') return hasKeptByteArrays(comparison)
  const source = decodeValues({ encoding, values: before, count, column })
  const edited = decodeValues({ encoding, values: after, count: kept.size, column })
  if (source.kind === 'fixed') return edited.kind === 'fixed' && sameFixed(source, edited, kept)
  return edited.kind === 'variable' && sameVariable(source, edited, kept)
}

const lengthBytes = 4

/**
 * Byte arrays stand one behind the other, a length before each: what stays is the same bytes, lengths among them. Where
 * each begins only the source's page is asked for.
 */
function hasKeptByteArrays({ before, count, kept, after }: ValueComparison): boolean {
  const view = viewOf(before)
  let value = 0
  let position = 0
  const goTo = (target: number): void => {
    for (; value < target; value += 1) {
      if (lengthBytes > before.length - position) throw beyond()
      position += lengthBytes + view.getUint32(position, true)
      if (position > before.length) throw beyond()
    }
  }
  let at = 0
  for (const { start, end } of kept) {
    goTo(start)
    const from = position
    goTo(end)
    const length = position - from
    if (!sameBytes(before, { start: from, length }, after, at)) return false
    at += length
  }
  goTo(count)
  if (position !== before.length) throw malformed('a page has not as many values as it says')
  return at === after.length
}

function beyond(): Error {
  return malformed('a value reaches beyond its page')
}

function sameFixed(source: FixedValues, edited: FixedValues, kept: Ranges): boolean {
  const { width } = source
  let position = 0
  for (const { start, end } of kept) {
    const length = (end - start) * width
    if (!sameBytes(source.bytes, { start: start * width, length }, edited.bytes, position)) return false
    position += length
  }
  return position === edited.bytes.length
}

function sameVariable(source: VariableValues, edited: VariableValues, kept: Ranges): boolean {
  let index = 0
  for (const { start, end } of kept) {
    for (let value = start; value < end; value += 1, index += 1)
      if (!sameLength(source, value, edited, index)) return false
  }
  if (index !== edited.count) return false
  index = 0
  for (const { start, end } of kept) {
    const from = source.starts[start]!
    const length = source.starts[end]! - source.gap - from
    // With lengths between the values these are equal too; without values there are no bytes.
    if (length > 0 && !sameBytes(source.bytes, { start: from, length }, edited.bytes, edited.starts[index]!))
      return false
    index += end - start
  }
  return true
}

function sameLength(a: Extract<Values, { kind: 'variable' }>, at: number, b: typeof a, index: number): boolean {
  return a.starts[at + 1]! - a.starts[at]! - a.gap === b.starts[index + 1]! - b.starts[index]! - b.gap
}

function sameBytes(
  a: Uint8Array,
  { start, length }: { start: number; length: number },
  b: Uint8Array,
  at: number,
): boolean {
  if (at + length > b.length) return false
  return Buffer.compare(a.subarray(start, start + length), b.subarray(at, at + length)) === 0
}

export interface IndexComparison extends Omit<ValueComparison, 'encoding' | 'column'> {
  /** Of each entry of the source's dictionary the entry that took its place, -1 where none did; undefined: itself. */
  readonly entryMap: Int32Array | undefined
}

const batchSize = 4096
const groupSize = 8

/** The same for pages of dictionary indices: what stays points at the same values. */
export function hasKeptIndices({ before, count, kept, after, entryMap }: IndexComparison): boolean {
  const source = new IndexStream(before, count)
  const edited = new IndexStream(after, kept.size)
  const [a, b] = [new Int32Array(batchSize), new Int32Array(batchSize)]
  for (const { start, end } of kept) {
    source.skipTo(start)
    for (let index = start; index < end; index += batchSize) {
      const inBatch = Math.min(batchSize, end - index)
      source.read(a, inBatch)
      edited.read(b, inBatch)
      for (let at = 0; at < inBatch; at += 1) {
        const expected = entryMap === undefined ? a[at] : entryMap[a[at]!]
        if (b[at] !== expected) return false
      }
    }
  }
  return true
}

/** Calls for every index of a page, in batches. */
export function forEachIndex(values: Uint8Array, count: number, onIndex: (index: number) => void): void {
  const stream = new IndexStream(values, count)
  const batch = new Int32Array(batchSize)
  for (let done = 0; done < count; done += batchSize) {
    const inBatch = Math.min(batchSize, count - done)
    stream.read(batch, inBatch)
    for (let index = 0; index < inBatch; index += 1) onIndex(batch[index]!)
  }
}

/** Reads indices in order, whatever runs they lie in. */
class IndexStream {
  readonly #runs: HybridRuns
  /** Values of the present run that were read. */
  #inRun = 0
  #position = 0
  /** Groups of 8 that were begun before the reader came to them. */
  readonly #group = new Int32Array(groupSize)

  constructor(values: Uint8Array, count: number) {
    this.#runs = new HybridRuns(dictionaryIndices(values, count))
  }

  skipTo(position: number): void {
    while (this.#position < position) this.#step(position - this.#position)
  }

  read(target: Int32Array, count: number): void {
    for (let done = 0; done < count; ) {
      const { inRun, stepped } = this.#step(count - done)
      if (this.#runs.isRepeated) target.fill(this.#runs.value, done, done + stepped)
      else this.#unpack(target, { from: done, inRun, count: stepped })
      done += stepped
    }
  }

  /** Goes at most `most` values on, within one run. */
  #step(most: number): { inRun: number; stepped: number } {
    const runs = this.#runs
    if (this.#inRun === runs.count) {
      this.#inRun = 0
      // There are as many values as were announced, or the runs have said so.
      runs.next()
    }
    const stepped = Math.min(most, runs.count - this.#inRun)
    this.#inRun += stepped
    this.#position += stepped
    return { inRun: this.#inRun - stepped, stepped }
  }

  /** Values `inRun .. inRun + count` of the packed run. */
  #unpack(target: Int32Array, { from, inRun, count }: { from: number; inRun: number; count: number }): void {
    const before = inRun % groupSize
    let begun = 0
    if (before > 0) {
      const skip = inRun - before
      begun = Math.min(count, groupSize - before)
      this.#runs.unpack(this.#group, { skip, count: before + begun })
      for (let index = 0; index < begun; index += 1) target[from + index] = this.#group[before + index]!
    }
    if (count > begun) this.#runs.unpack(target, { from: from + begun, skip: inRun + begun, count: count - begun })
  }
}
