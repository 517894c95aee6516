import type { ByteSink } from './byte-sink.ts'

/** So that the header of a packed run is one byte, which can be reserved before the run is written. */
const maxGroups = 63
const groupSize = 8

/**
 * Writes the encoding RLE: runs of one value, and groups of 8 bit-packed values.
 *
 * What is pending are `#count` copies of `#value`, behind up to 7 values that do not fill a group yet. A repetition is
 * written as such only where at least a group of it is left once the group before it is full.
 *
 * Source: Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)"
 */
export class HybridEncoder {
  readonly #sink: ByteSink
  readonly #bitWidth: number
  #value = 0
  #count = 0
  readonly #group = new Uint32Array(groupSize)
  #inGroup = 0
  /** Where the header of the packed run lies that groups are added to; -1 where none is open. */
  #packedHeader = -1
  #packedGroups = 0

  constructor(sink: ByteSink, bitWidth: number) {
    this.#sink = sink
    this.#bitWidth = bitWidth
  }

  add(value: number, times = 1): void {
    if (times === 0) return
    if (value !== this.#value) {
      this.#endRepetition()
      this.#value = value
    }
    this.#count += times
  }

  /** Writes groups as they were packed; values pending before them become short runs, so that no bit has to move. */
  packedGroups(bytes: Uint8Array, { start, groups }: { start: number; groups: number }): void {
    if (groups === 0) return
    this.#endRepetition()
    this.#closePacked()
    this.#writeGroupAsRuns()
    this.#sink.varint(groups * 2 + 1)
    const end = start + groups * this.#bitWidth
    this.#sink.bytes(bytes, start, Math.min(end, bytes.length))
    // The source's last group may be cut behind its last value.
    if (end > bytes.length) this.#sink.zeros(end - bytes.length)
  }

  finish(): void {
    this.#endRepetition()
    if (this.#inGroup > 0) {
      this.#group.fill(0, this.#inGroup)
      this.#writeGroup()
    }
    this.#closePacked()
  }

  #endRepetition(): void {
    let left = this.#count
    this.#count = 0
    const missing = this.#inGroup === 0 ? 0 : groupSize - this.#inGroup
    // Values of no bits always repeat: readers disagree on how groups of them are packed.
    const repeats = this.#bitWidth === 0 ? left > 0 : left - missing >= groupSize
    if (repeats) {
      left -= missing
      this.#toGroup(missing)
      this.#closePacked()
      this.#writeRun(this.#value, left)
    } else {
      this.#toGroup(left)
    }
  }

  #toGroup(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.#group[this.#inGroup] = this.#value
      this.#inGroup += 1
      if (this.#inGroup === groupSize) this.#writeGroup()
    }
  }

  #writeRun(value: number, count: number): void {
    this.#sink.varint(count * 2)
    this.#sink.littleEndian(value, (this.#bitWidth + 7) >>> 3)
  }

  #writeGroupAsRuns(): void {
    for (let start = 0; start < this.#inGroup; ) {
      const value = this.#group[start]!
      let end = start + 1
      while (end < this.#inGroup && this.#group[end] === value) end += 1
      this.#writeRun(value, end - start)
      start = end
    }
    this.#inGroup = 0
  }

  #writeGroup(): void {
    if (this.#packedHeader === -1) {
      this.#packedHeader = this.#sink.size
      this.#sink.byte(0)
    }
    packGroup(this.#group, this.#bitWidth, this.#sink)
    this.#inGroup = 0
    this.#packedGroups += 1
    if (this.#packedGroups === maxGroups) this.#closePacked()
  }

  #closePacked(): void {
    if (this.#packedHeader === -1) return
    this.#sink.setByte(this.#packedHeader, this.#packedGroups * 2 + 1)
    this.#packedHeader = -1
    this.#packedGroups = 0
  }
}

/** Least significant bit first. */
function packGroup(values: Uint32Array, bitWidth: number, sink: ByteSink): void {
  if (bitWidth <= 24) packNarrow(values, bitWidth, sink)
  else packWide(values, bitWidth, sink)
}

/** Up to 7 bits of one value and 24 of the next are fewer than 32. */
function packNarrow(values: Uint32Array, bitWidth: number, sink: ByteSink): void {
  let bits = 0
  let held = 0
  for (let index = 0; index < groupSize; index += 1) {
    bits |= values[index]! << held
    held += bitWidth
    for (; held >= 8; held -= 8) {
      sink.byte(bits & 255)
      bits >>>= 8
    }
  }
}

/** Up to 7 bits of one value and 32 of the next: kept as a float's exact integer. */
function packWide(values: Uint32Array, bitWidth: number, sink: ByteSink): void {
  let bits = 0
  let held = 0
  for (let index = 0; index < groupSize; index += 1) {
    bits += values[index]! * 2 ** held
    held += bitWidth
    for (; held >= 8; held -= 8) {
      sink.byte(bits % 256)
      bits = Math.floor(bits / 256)
    }
  }
}
