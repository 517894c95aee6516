/** A buffer that grows and is used again and again: `clear` forgets the bytes and keeps the memory. */
export class ByteSink {
  #bytes = new Uint8Array(64 * 1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  clear(): void {
    this.#size = 0
  }

  /** Forgets the bytes from `size` on. */
  truncate(size: number): void {
    this.#size = size
  }

  /** The bytes from `start` on: a view that the next call may overwrite. */
  view(start = 0): Uint8Array {
    return this.#bytes.subarray(start, this.#size)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#size] = value
    this.#size += 1
  }

  bytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (start === end) return
    this.#reserve(end - start)
    this.#bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#size)
    this.#size += end - start
  }

  zeros(count: number): void {
    this.#reserve(count)
    this.#bytes.fill(0, this.#size, this.#size + count)
    this.#size += count
  }

  /** The low `byteCount` bytes (1 to 4) of an integer, least significant first. */
  littleEndian(value: number, byteCount: number): void {
    for (let shift = 0; shift < 8 * byteCount; shift += 8) this.byte((value >>> shift) & 255)
  }

  /** An unsigned LEB128 integer below 2^53. */
  varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128)
    this.byte(rest)
  }

  /** Overwrites a byte, or four, that were written before. */
  setByte(at: number, value: number): void {
    this.#bytes[at] = value
  }

  setUint32(at: number, value: number): void {
    for (let index = 0; index < 4; index += 1) this.#bytes[at + index] = (value >>> (8 * index)) & 255
  }

  #reserve(count: number): void {
    const needed = this.#size + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
  }
}
