import { packedBytes, type UnpackTarget, unpackBits } from './bit-packing.ts'
import { malformed } from './malformed.ts'

/** A section in the encoding RLE: runs of one value, and groups of 8 bit-packed values, in any order. */
export interface HybridSection {
  readonly bytes: Uint8Array
  /** Bits of a value, 0 to 32. */
  readonly bitWidth: number
  /** How many values the section holds; what bit-packed groups hold beyond is padding. */
  readonly numValues: number
}

interface UnpackOptions {
  /** Index in the target of the first value. */
  readonly from?: number
  /** Values of the run to pass over: a multiple of 8. */
  readonly skip?: number
  readonly count?: number
}

/**
 * Walks over the runs of a section. After `next()` yielded true the members describe the present run:
 *
 *     for (const runs = new HybridRuns(section); runs.next(); ) if (runs.isRepeated) ... runs.value, runs.count
 *
 * One object for all runs: a page can have a hundred thousand of them.
 *
 * Source: Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)"
 */
export class HybridRuns {
  readonly #bytes: Uint8Array
  readonly #bitWidth: number
  #left: number

  /** One value, repeated `count` times; else `count` values packed from byte `dataStart` on. */
  isRepeated = false
  /** The repeated value. */
  value = 0
  /** Values in the run, without padding; at least 1. */
  count = 0
  /** Ordinal in the section of the run's first value. */
  firstValue = 0
  /** Where the run's header, its data and what comes after it begin. */
  start = 0
  dataStart = 0
  end = 0

  /** @throws LetheError `malformed` */
  constructor({ bytes, bitWidth, numValues }: HybridSection) {
    if (bitWidth > 32) throw malformed('values of more than 32 bits')
    this.#bytes = bytes
    this.#bitWidth = bitWidth
    this.#left = numValues
  }

  /** False when all values were walked over. @throws LetheError `malformed` where runs end before the values do */
  next(): boolean {
    this.firstValue += this.count
    this.count = 0
    if (this.#left === 0) return false
    this.start = this.end
    // A run of no values has its value all the same, and a packed one of no groups has no bytes.
    do this.#run()
    while (this.count === 0)
    this.#left -= this.count
    return true
  }

  #run(): void {
    const header = this.#varint()
    this.dataStart = this.end
    this.isRepeated = header % 2 === 0
    const announced = Math.floor(header / 2)
    if (this.isRepeated) this.#repeated(announced)
    else this.#packed(announced * 8)
  }

  #repeated(count: number): void {
    // Only packed groups have padding; a longer run belongs to other counts than the page's.
    if (count > this.#left) throw malformed('a run has more values than its page')
    const width = (this.#bitWidth + 7) >>> 3
    if (width > this.#bytes.length - this.end) throw malformed('a run reaches beyond its bytes')
    let value = 0
    for (let index = 0; index < width; index += 1) value += this.#bytes[this.end + index]! * 2 ** (8 * index)
    if (value >= 2 ** this.#bitWidth) throw malformed('a run repeats a value of too many bits')
    this.value = value
    this.count = count
    this.end += width
  }

  #packed(capacity: number): void {
    this.count = Math.min(capacity, this.#left)
    // Some writers cut the last run behind its last value.
    const available = this.#bytes.length - this.end
    if (packedBytes(this.count, this.#bitWidth) > available) throw malformed('a run reaches beyond its bytes')
    this.end += Math.min(available, packedBytes(capacity, this.#bitWidth))
  }

  /** Unpacks `count` values of the present packed run, which is not a repeated one. */
  unpack(target: UnpackTarget, { from = 0, skip = 0, count = this.count }: UnpackOptions = {}): void {
    const start = this.dataStart + (skip / 8) * this.#bitWidth
    unpackBits({ bytes: this.#bytes, start, bitWidth: this.#bitWidth }, { target, from, count })
  }

  #varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      if (this.end >= this.#bytes.length) throw malformed('runs end before the values do')
      const byte = this.#bytes[this.end++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw malformed('the header of a run is too long')
  }
}

/** All values of a section into `target`, which has room for them. @throws LetheError `malformed` */
export function decodeHybrid<Target extends UnpackTarget>(section: HybridSection, target: Target): Target {
  const runs = new HybridRuns(section)
  while (runs.next()) {
    if (runs.isRepeated) target.fill(runs.value, runs.firstValue, runs.firstValue + runs.count)
    else runs.unpack(target, { from: runs.firstValue })
  }
  return target
}
