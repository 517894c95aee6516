import type { ByteSink } from './byte-sink.ts'

export interface DeltaLayout {
  /** Bytes of a value: 4 for INT32, 8 for INT64. */
  readonly width: 4 | 8
  /** Miniblocks in a block, values in a miniblock. */
  readonly miniblocks: number
  readonly perMiniblock: number
  /** Values to come. */
  readonly count: number
}

/**
 * Writes integers in the encoding DELTA_BINARY_PACKED. 64-bit values are pairs of 32-bit halves, and 32-bit values have
 * a high half of 0 that is left alone; differences wrap at the width.
 *
 * Source: Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)"
 */
export class DeltaWriter {
  readonly #sink: ByteSink
  readonly #layout: DeltaLayout
  readonly #isWide: boolean
  /** Differences of the block that is not full yet: low and high halves. */
  readonly #lows: Int32Array
  readonly #highs: Int32Array
  #inBlock = 0
  #isFirst = true
  #low = 0
  #high = 0

  constructor(sink: ByteSink, layout: DeltaLayout) {
    this.#sink = sink
    this.#layout = layout
    this.#isWide = layout.width === 8
    const blockSize = layout.miniblocks * layout.perMiniblock
    this.#lows = new Int32Array(blockSize)
    this.#highs = new Int32Array(blockSize)
    sink.varint(blockSize)
    sink.varint(layout.miniblocks)
    sink.varint(layout.count)
    if (layout.count === 0) this.#zigzag(0, 0)
  }

  /** The next value; `high` counts for 64-bit values only. */
  add(low: number, high = 0): void {
    if (this.#isFirst) {
      this.#isFirst = false
      this.#zigzag(low, this.#isWide ? high : low >> 31)
    } else {
      this.#addDelta(low, high)
    }
    this.#low = low
    this.#high = high
  }

  finish(): void {
    if (this.#inBlock > 0) this.#writeBlock()
  }

  #addDelta(low: number, high: number): void {
    const index = this.#inBlock
    this.#lows[index] = low - this.#low
    if (this.#isWide) {
      const borrow = low >>> 0 < this.#low >>> 0 ? 1 : 0
      this.#highs[index] = high - this.#high - borrow
    } else {
      this.#highs[index] = this.#lows[index]! >> 31
    }
    this.#inBlock += 1
    if (this.#inBlock === this.#lows.length) this.#writeBlock()
  }

  #writeBlock(): void {
    const [minLow, minHigh] = this.#leastDelta()
    this.#zigzag(minLow, minHigh)
    for (let index = 0; index < this.#inBlock; index += 1) this.#subtract(index, minLow, minHigh)
    const { miniblocks, perMiniblock } = this.#layout
    const widths = Array.from({ length: miniblocks }, (_, miniblock) => this.#bitWidth(miniblock * perMiniblock))
    for (const width of widths) this.#sink.byte(width)
    for (const [miniblock, width] of widths.entries()) this.#writeMiniblock(miniblock * perMiniblock, width)
    this.#inBlock = 0
  }

  #leastDelta(): [number, number] {
    let least = 0
    for (let index = 1; index < this.#inBlock; index += 1) {
      const order = this.#highs[index]! - this.#highs[least]!
      if (order < 0 || (order === 0 && this.#lows[index]! >>> 0 < this.#lows[least]! >>> 0)) least = index
    }
    return [this.#lows[least]!, this.#highs[least]!]
  }

  #subtract(index: number, minLow: number, minHigh: number): void {
    const low = this.#lows[index]!
    const borrow = low >>> 0 < minLow >>> 0 ? 1 : 0
    this.#lows[index] = low - minLow
    this.#highs[index] = this.#isWide ? this.#highs[index]! - minHigh - borrow : 0
  }

  /** Bits of the greatest difference of a miniblock; 0 for one behind the last value, which has no bytes. */
  #bitWidth(start: number): number {
    let lows = 0
    let highs = 0
    for (let index = start; index < Math.min(start + this.#layout.perMiniblock, this.#inBlock); index += 1) {
      lows |= this.#lows[index]!
      highs |= this.#highs[index]!
    }
    return highs === 0 ? 32 - Math.clz32(lows) : 64 - Math.clz32(highs)
  }

  #writeMiniblock(start: number, width: number): void {
    // What a full miniblock has beyond the last value is zeros.
    this.#lows.fill(0, this.#inBlock)
    this.#highs.fill(0, this.#inBlock)
    const packer = new BitPacker(this.#sink)
    for (let index = start; width > 0 && index < start + this.#layout.perMiniblock; index += 1) {
      packer.add(this.#lows[index]! >>> 0, Math.min(32, width))
      if (width > 32) packer.add(this.#highs[index]! >>> 0, width - 32)
    }
  }

  #zigzag(low: number, high: number): void {
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0)
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; rest >= 128n; rest >>= 7n) this.#sink.byte(Number(rest & 127n) | 128)
    this.#sink.byte(Number(rest))
  }
}

/** Least significant bit first. A miniblock has a multiple of 8 values, so that it ends with a whole byte. */
class BitPacker {
  readonly #sink: ByteSink
  #bits = 0
  #held = 0

  constructor(sink: ByteSink) {
    this.#sink = sink
  }

  /** Up to 7 bits held and 32 new ones: a float's exact integer. */
  add(value: number, width: number): void {
    this.#bits += value * 2 ** this.#held
    this.#held += width
    for (; this.#held >= 8; this.#held -= 8) {
      this.#sink.byte(this.#bits % 256)
      this.#bits = Math.floor(this.#bits / 256)
    }
  }
}
