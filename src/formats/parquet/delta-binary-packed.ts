import { malformed } from './malformed.ts'

/**
 * Reads integers in the encoding DELTA_BINARY_PACKED in batches, so that a header that announces a billion of them
 * costs no memory. 64-bit values are pairs of 32-bit halves: BigInt would be fifty times slower.
 *
 * Additions wrap, as the format says: `INT32` at 32 bits, `INT64` at 64.
 *
 * Source: Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)"
 */
export class DeltaReader {
  readonly #bytes: Uint8Array
  readonly #isWide: boolean
  /** Miniblocks in a block, values in a miniblock. */
  readonly miniblocks: number
  readonly perMiniblock: number
  /** Values in the section. */
  readonly count: number
  #left: number
  #isFirst = true
  #low = 0
  #high = 0
  #minLow = 0
  #minHigh = 0
  #widths: Uint8Array = new Uint8Array(0)
  #miniblock: number
  #leftInMiniblock = 0
  #byte = 0
  #bit = 0
  #bitWidth = 0
  #position: number

  /**
   * @param width of a value: 4 for INT32, 8 for INT64
   * @throws LetheError `malformed`
   */
  constructor(bytes: Uint8Array, { start = 0, width }: { start?: number; width: 4 | 8 }) {
    this.#bytes = bytes
    this.#isWide = width === 8
    this.#position = start
    const blockSize = this.#varint()
    this.miniblocks = this.#varint()
    this.count = this.#varint()
    this.perMiniblock = blockSize / this.miniblocks
    if (blockSize === 0 || this.miniblocks === 0 || blockSize % 128 !== 0 || this.perMiniblock % 32 !== 0) {
      throw malformed('delta-encoded values in blocks of an impossible size')
    }
    this.#left = this.count
    const first = this.#zigzag()
    this.#low = first.low
    this.#high = first.high
    this.#miniblock = this.miniblocks
  }

  /** Where the section ends, once all values were read: behind the miniblock of the last one. */
  get end(): number {
    return this.#position
  }

  /** The next values, up to `limit`, into `target` (4-byte values: one entry each; 8-byte: low, high); how many. */
  read(target: Int32Array, limit: number): number {
    const count = Math.min(limit, this.#left)
    let done = 0
    if (this.#isFirst && count > 0) {
      this.#isFirst = false
      this.#put(target, 0)
      done = 1
    }
    while (done < count) {
      if (this.#leftInMiniblock === 0) this.#nextMiniblock()
      const end = Math.min(count, done + this.#leftInMiniblock)
      this.#leftInMiniblock -= end - done
      if (this.#isWide) this.#readWide(target, done, end)
      else this.#readNarrow(target, done, end)
      done = end
    }
    this.#left -= count
    return count
  }

  #put(target: Int32Array, index: number): void {
    if (this.#isWide) {
      target[2 * index] = this.#low
      target[2 * index + 1] = this.#high
    } else {
      target[index] = this.#low
    }
  }

  #readNarrow(target: Int32Array, from: number, end: number): void {
    let value = this.#low
    const lowBits = Math.min(32, this.#bitWidth)
    const highBits = this.#bitWidth - lowBits
    for (let index = from; index < end; index += 1) {
      value = (value + this.#minLow + this.#bits(lowBits)) | 0
      if (highBits > 0) this.#bits(highBits)
      target[index] = value
    }
    this.#low = value
  }

  #readWide(target: Int32Array, from: number, end: number): void {
    const lowBits = Math.min(32, this.#bitWidth)
    const highBits = this.#bitWidth - lowBits
    for (let index = from; index < end; index += 1) {
      const deltaLow = this.#bits(lowBits) + (this.#minLow >>> 0)
      const deltaHigh = (highBits === 0 ? 0 : this.#bits(highBits)) + this.#minHigh + (deltaLow > 0xffffffff ? 1 : 0)
      const low = (this.#low >>> 0) + (deltaLow >>> 0)
      this.#high = (this.#high + deltaHigh + (low > 0xffffffff ? 1 : 0)) | 0
      this.#low = low | 0
      target[2 * index] = this.#low
      target[2 * index + 1] = this.#high
    }
  }

  /** The next `width` bits (0 to 32), unsigned. */
  #bits(width: number): number {
    let value = 0
    for (let have = 0; have < width; ) {
      const take = Math.min(width - have, 8 - this.#bit)
      value += ((this.#bytes[this.#byte]! >>> this.#bit) & ((1 << take) - 1)) * 2 ** have
      have += take
      this.#bit += take
      if (this.#bit === 8) {
        this.#bit = 0
        this.#byte += 1
      }
    }
    return value
  }

  #nextMiniblock(): void {
    if (this.#miniblock === this.miniblocks) this.#nextBlock()
    this.#bitWidth = this.#widths[this.#miniblock]!
    this.#miniblock += 1
    // Some writers make deltas of 32-bit values with 64-bit arithmetic: 33 bits, whose last one is of no effect.
    if (this.#bitWidth > 64) throw malformed('delta-encoded values of too many bits')
    const size = (this.perMiniblock / 8) * this.#bitWidth
    if (size > this.#bytes.length - this.#position) throw malformed('delta-encoded values reach beyond their bytes')
    this.#byte = this.#position
    this.#bit = 0
    this.#position += size
    this.#leftInMiniblock = this.perMiniblock
  }

  #nextBlock(): void {
    const min = this.#zigzag()
    this.#minLow = min.low
    this.#minHigh = min.high
    if (this.miniblocks > this.#bytes.length - this.#position) {
      throw malformed('delta-encoded values reach beyond their bytes')
    }
    this.#widths = this.#bytes.subarray(this.#position, this.#position + this.miniblocks)
    this.#position += this.miniblocks
    this.#miniblock = 0
  }

  /** A header field: at most 2^31. */
  #varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.#nextByte()
      value += (byte & 127) * scale
      if (byte < 128 && value < 2 ** 31) return value
    }
    throw malformed('a number in front of delta-encoded values is too large')
  }

  #zigzag(): { low: number; high: number } {
    let bits = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#nextByte()
      bits |= BigInt(byte & 127) << shift
      if (byte < 128) {
        const value = BigInt.asUintN(64, bits)
        const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
        return { low: Number(BigInt.asIntN(32, signed)), high: Number(signed >> 32n) }
      }
    }
    throw malformed('a number in front of delta-encoded values is too large')
  }

  #nextByte(): number {
    if (this.#position >= this.#bytes.length) throw malformed('delta-encoded values reach beyond their bytes')
    return this.#bytes[this.#position++]!
  }
}
