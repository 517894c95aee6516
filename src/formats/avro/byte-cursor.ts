import { malformed } from './refusal.ts'

/** Reads Avro's binary encoding in order, and never beyond its bytes (Avro 1.12, "Binary Encoding"). */
export class ByteCursor {
  readonly bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  /** A zigzag varint of up to 64 bits: a number where that is exact, else a bigint. */
  readLong(): number | bigint {
    const start = this.position
    while (this.bytes[this.position]! >= 128) this.position += 1
    this.position += 1
    const length = this.position - start
    if (this.position > this.bytes.length) throw malformed('the data ends within a number')
    if (length > 10 || (length === 10 && this.bytes[this.position - 1]! > 1)) throw malformed('a number is too long')
    return longAt(this.bytes, start, this.position)
  }

  /** A length or count: not negative, and not more than the bytes that are left can hold at one byte each. */
  readCount(): number {
    const count = this.readLong()
    if (typeof count === 'bigint' || count < 0 || count > this.remaining) {
      throw malformed('a length or count contradicts the bytes that are there')
    }
    return count
  }

  readBytes(length: number): Uint8Array {
    this.skip(length)
    return this.bytes.subarray(this.position - length, this.position)
  }

  skip(length: number): void {
    if (length > this.remaining) throw malformed('the data ends within a value')
    this.position += length
  }
}

/**
 * The value of the zigzag varint that lies at `start..end`, known to be whole and of at most 64 bits: a number where
 * that is exact, else a bigint.
 */
export function longAt(bytes: Uint8Array, start: number, end: number): number | bigint {
  if (end - start <= 4) {
    let bits = 0
    for (let index = start; index < end; index += 1) bits |= (bytes[index]! & 127) << (7 * (index - start))
    return (bits >>> 1) ^ -(bits & 1)
  }
  if (end - start <= 7) {
    // 49 bits at most: exact in a double.
    let bits = 0
    for (let index = end - 1; index >= start; index -= 1) bits = bits * 128 + (bytes[index]! & 127)
    return bits % 2 === 0 ? bits / 2 : -(bits + 1) / 2
  }
  let bits = 0n
  for (let index = end - 1; index >= start; index -= 1) bits = (bits << 7n) | BigInt(bytes[index]! & 127)
  return exactInteger((bits & 1n) === 0n ? bits >> 1n : -(bits >> 1n) - 1n)
}

/** One key for each integer, to be compared with `===`: a number where that is exact, else a bigint. */
export function exactInteger(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The zigzag varint of a count. */
export function encodeCount(count: number): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt(count) * 2n
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return Uint8Array.from([...bytes, Number(rest)])
}
