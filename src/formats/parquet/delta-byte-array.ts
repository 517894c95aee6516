import { limitDecoded } from './decoded-limit.ts'
import { DeltaReader } from './delta-binary-packed.ts'
import { malformed } from './malformed.ts'
import type { VariableValues } from './plain-values.ts'

/** The lengths of `count` values, each checked to be no more than what may follow, and where their section ends. */
function readLengths(bytes: Uint8Array, { start, count }: { start: number; count: number }) {
  const reader = new DeltaReader(bytes, { start, width: 4 })
  if (reader.count !== count) throw malformed('a page has not as many values as it says')
  // The lengths, and later on where each value begins.
  limitDecoded(8 * count)
  const lengths = new Int32Array(count)
  reader.read(lengths, count)
  return { lengths, end: reader.end }
}

/**
 * Values in the encoding DELTA_LENGTH_BYTE_ARRAY: views of `bytes`.
 *
 * @throws LetheError `malformed`, `limit-exceeded`
 */
export function decodeDeltaLengths(bytes: Uint8Array, count: number): VariableValues {
  const { starts } = deltaLengthStarts(bytes, { start: 0, count })
  return { kind: 'variable', count, bytes, starts, gap: 0 }
}

function deltaLengthStarts(bytes: Uint8Array, at: { start: number; count: number }): { starts: Uint32Array } {
  const { lengths, end } = readLengths(bytes, at)
  const starts = new Uint32Array(at.count + 1)
  let position = end
  for (let index = 0; index < at.count; index += 1) {
    const length = lengths[index]!
    if (length < 0 || length > bytes.length - position) throw malformed('a value reaches beyond its page')
    starts[index] = position
    position += length
  }
  if (position !== bytes.length) throw malformed('a page has not as many values as it says')
  starts[at.count] = position
  return { starts }
}

/**
 * Walks over values in the encoding DELTA_BYTE_ARRAY, in which each shares a prefix with the one before. Holds one
 * value at a time: a small page can stand for values of terabytes.
 *
 *     for (const values = new DeltaByteArrays(bytes, count); values.next(); ) use(values.buffer, values.length)
 *
 * Source: Encodings.md, "Delta Strings (DELTA_BYTE_ARRAY = 7)"
 */
export class DeltaByteArrays {
  readonly #bytes: Uint8Array
  readonly #prefixLengths: Int32Array
  readonly #suffixStarts: Uint32Array
  #index = -1
  /** The present value is its first `length` bytes; overwritten by the next. */
  buffer = new Uint8Array(64)
  /** Of the same bytes. */
  view = new DataView(this.buffer.buffer)
  length = 0
  /** How many of them are those of the value before. */
  prefixLength = 0

  /** @throws LetheError `malformed`, or `limit-exceeded` for more values than can be held, at 8 bytes each */
  constructor(bytes: Uint8Array, count: number) {
    const { lengths, end } = readLengths(bytes, { start: 0, count })
    this.#bytes = bytes
    this.#prefixLengths = lengths
    this.#suffixStarts = deltaLengthStarts(bytes, { start: end, count }).starts
  }

  /** False when all values were walked over. @throws LetheError `malformed` */
  next(): boolean {
    this.#index += 1
    if (this.#index >= this.#prefixLengths.length) return false
    const prefixLength = this.#prefixLengths[this.#index]!
    if (prefixLength < 0 || prefixLength > this.length) throw malformed('a value shares more bytes than there are')
    const start = this.#suffixStarts[this.#index]!
    const end = this.#suffixStarts[this.#index + 1]!
    this.prefixLength = prefixLength
    this.length = prefixLength + end - start
    this.#grow()
    this.buffer.set(this.#bytes.subarray(start, end), prefixLength)
    return true
  }

  #grow(): void {
    if (this.length <= this.buffer.length) return
    const grown = new Uint8Array(2 * this.length)
    grown.set(this.buffer.subarray(0, this.prefixLength))
    this.buffer = grown
    this.view = new DataView(grown.buffer)
  }
}

/** All values at once. @throws LetheError `malformed`, `limit-exceeded` */
export function decodeDeltaByteArrays(bytes: Uint8Array, count: number): VariableValues {
  const starts = new Uint32Array(count + 1)
  let size = 0
  for (const values = new DeltaByteArrays(bytes, count); values.next(); ) size += values.length
  limitDecoded(size)
  const decoded = new Uint8Array(size)
  let position = 0
  let index = 0
  for (const values = new DeltaByteArrays(bytes, count); values.next(); index += 1) {
    starts[index] = position
    decoded.set(values.buffer.subarray(0, values.length), position)
    position += values.length
  }
  starts[count] = position
  return { kind: 'variable', count, bytes: decoded, starts, gap: 0 }
}
